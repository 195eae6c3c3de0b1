"""Form II.06a: received, resolved and pending by field, every number with its rows."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup

from services.reporting.adapters.desk import Desk
from services.reporting.adapters.pages.frame import Frame, linked, sentence
from services.reporting.core.figures import Figures

FIGURES: Final = (
    "handled",
    "received_online",
    "received_offline",
    None,
    "ended",
    "ended_before_last_day",
    "ended_on_day",
    "ended_late",
    "pending",
    "in_time_open",
    "late_open",
)
"""The list behind each of the columns 3 to 13; column 6 is a balance, not a sum."""


def note_of(frame: Frame, total: Figures) -> Markup:
    """Say what the form's columns hold beside what they are called."""
    parts = {
        "undated": ("ended_without_deadline", total.flows["ended_without_deadline"]),
        "open_undated": (
            "pending_without_deadline",
            total.open.pending_without_deadline,
        ),
        "moved_in": ("moved_in", total.flows["moved_in"]),
        "moved_out": ("moved_out", total.flows["moved_out"]),
    }
    shown = {
        name: linked(frame.number(count), frame.rows_link(figure)) if count else "0"
        for name, (figure, count) in parts.items()
    }
    return sentence(frame, "form_note", **shown)


def rows_of(frame: Frame, desk: Desk, by_field: Mapping[str, Figures]) -> list[dict[str, Any]]:
    """Return form II.06a: received, resolved and pending by field, with the total."""
    rows = [
        (desk.field_name(name) or frame.say("no_field"), name, columns_of(mine), [mine])
        for name, mine in by_field.items()
    ]
    if len(rows) > 1:
        total = [sum(column) for column in zip(*(row[2] for row in rows), strict=True)]
        rows.append((frame.say("total"), "", total, list(by_field.values())))
    return [
        {
            "name": name,
            "field": field,
            "cells": [
                _cell(frame, figure, number, field, parts)
                for figure, number in zip(FIGURES, columns, strict=True)
            ],
        }
        for name, field, columns, parts in rows
    ]


def _cell(
    frame: Frame, figure: str | None, number: int, field: str, parts: Sequence[Figures]
) -> Markup | str:
    """Write one number of the form as a link; a balance with each of its parts as one."""
    text = frame.number(number)
    if figure is not None:
        return linked(text, frame.rows_link(figure, field=field or None)) if number else text
    moved = {name: sum(one.flows[name] for one in parts) for name in ("moved_in", "moved_out")}
    carried = sum(one.carried for one in parts)

    def part(name: str, count: int) -> Markup:
        return linked(frame.number(count), frame.rows_link(name, field=field or None))

    if not any(moved.values()):
        return part("carried", carried) if carried else text
    signed = (
        ("", "carried", carried),
        ("+", "moved_in", moved["moved_in"]),
        ("−", "moved_out", moved["moved_out"]),
    )
    written = Markup("").join(
        Markup("{}{}").format(sign, part(name, count)) for sign, name, count in signed if count
    )
    return Markup('<span class="balance">{} = </span>{}').format(written, text)


def columns_of(mine: Figures) -> list[int]:
    """Return columns 3 to 13 of form II.06a; column 6 nets the moves."""
    moved = mine.flows["moved_in"] - mine.flows["moved_out"]
    return [
        mine.received + mine.carried + moved,
        mine.flows["received_online"],
        mine.flows["received_offline"],
        mine.carried + moved,
        mine.ended,
        mine.flows["ended_before_last_day"],
        mine.flows["ended_on_day"],
        mine.flows["ended_late"],
        mine.pending,
        mine.open.in_time_open,
        mine.open.late_open,
    ]
