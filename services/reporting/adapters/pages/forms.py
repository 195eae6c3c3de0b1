"""The forms II.06a and 07a/BTP: their table, notes and checks, every number with its rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, Literal

from markupsafe import Markup

from services.reporting.adapters.desk import Desk
from services.reporting.adapters.pages.frame import Frame, linked, sentence
from services.reporting.adapters.pages.overview import subtitle
from services.reporting.core.counts import NO_FIELD
from services.reporting.core.form_figures import SUBMISSIONS, Checked, FormRow, checks, form_row
from services.reporting.usecases.reading import Overview
from shared.events.forms import FIRST_COLUMN, FORM_CODES, FORMS, GROUPS, Column, Form, FormCode

By = Literal["unit", "field"]
SIGNS: Final = (("", "carried"), ("+", "moved_in"), ("−", "moved_out"))
"""The parts of a balance, each with its sign."""


@dataclass(frozen=True, slots=True)
class FormFound:
    """A form of one scope and period; the total is last and has no key."""

    form: Form
    by: By
    rows: Sequence[FormRow]

    @property
    def total(self) -> FormRow:
        """Return the row of the whole scope."""
        return self.rows[-1]


def form_of(code: FormCode, found: Overview, by: By) -> FormFound:
    """Return a form from the figures that were read.

    Raises:
        NotReconciledError: Its sums do not agree.
    """
    if by == "unit":
        rows = [
            form_row(code, unit, mine, found.atoms.get(unit, {}), found.levels.get(unit, {}))
            for unit, mine in found.by_unit.items()
            if unit in found.heard.of or mine.received or mine.pending or mine.ended
        ]
    else:
        rows = [
            form_row(code, name, found.by_field[name], sums.within, sums.through())
            for name, sums in found.field_sums.items()
        ]
    whole = found.total_sums
    total = form_row(code, "", found.total, whole.within, whole.through())
    return FormFound(FORMS[code], by, [*rows, total])


def row_name(frame: Frame, desk: Desk, by: By, key: str) -> str:
    """Name a row of a form; the total has no key."""
    if not key:
        return frame.say("total")
    if by == "unit":
        return desk.unit_name(key)
    return frame.say("no_field") if key == NO_FIELD else desk.field_name(key) or key


def text_of(frame: Frame, pair: tuple[str, str]) -> str:
    """Return the text in the page's language of a pair (vi, en)."""
    return pair[0] if frame.language == "vi" else pair[1]


def column_text(frame: Frame, column: Column) -> str:
    """Name a column by itself."""
    return text_of(frame, (column.vi, column.en))


def full_text(frame: Frame, column: Column) -> str:
    """Name a column with its group, for a list or a file."""
    return f"{text_of(frame, GROUPS[column.group])}: {column_text(frame, column).lower()}"


def table(frame: Frame, desk: Desk, found: FormFound) -> dict[str, Any]:
    """Return what the form's table shows."""
    form = found.form
    rows = found.rows if len(found.rows) != 2 else found.rows[:1]  # noqa: PLR2004 -- One row is its own total.
    return {
        "form": form,
        "head": frame.say("centre" if found.by == "unit" else "field"),
        "groups": [
            (text_of(frame, GROUPS[group]), len(list(columns)))
            for group, columns in groupby(form.columns, key=lambda one: one.group)
        ],
        "columns": [
            (column_text(frame, column), number)
            for number, column in enumerate(form.columns, start=FIRST_COLUMN)
        ],
        "rows": [
            {
                "name": row_name(frame, desk, found.by, row.key),
                "href": frame.link(frame.path, unit=row.key)
                if found.by == "unit" and row.key
                else None,
                "sum": not row.key,
                "cells": [
                    _cell(frame, found.by, row, column) if row.has_numbers else ""
                    for column in form.columns
                ],
            }
            for row in rows
        ],
    }


def _link_of(frame: Frame, by: By, row: FormRow, figure: str) -> str:
    if not row.key:
        return frame.rows_link(figure)
    return frame.rows_link(figure, **{by: row.key})


def _cell(frame: Frame, by: By, row: FormRow, column: Column) -> Markup | str:
    """Write one number of the form as a link; a balance with each of its parts as one."""
    number = row.numbers[column.code]
    text = frame.number(number)
    if not column.balance:
        return linked(text, _link_of(frame, by, row, column.code)) if number else text
    parts = {
        "carried": row.figures.carried,
        "moved_in": row.figures.flows["moved_in"],
        "moved_out": row.figures.flows["moved_out"],
    }
    if not parts["moved_in"] and not parts["moved_out"]:
        return linked(text, _link_of(frame, by, row, "carried")) if number else text
    written = Markup("").join(
        Markup("{}{}").format(sign, linked(frame.number(count), _link_of(frame, by, row, name)))
        for sign, name in SIGNS
        if (count := parts[name])
    )
    return Markup('<span class="balance">{} = </span>{}').format(written, text)


def note_of(frame: Frame, found: FormFound) -> Markup:
    """Say what the form's columns hold beside what they are called."""
    row = found.total
    flows, still = row.figures.flows, row.figures.open
    parts: dict[str, tuple[str, int]] = {
        "undated": ("ended_without_deadline", flows["ended_without_deadline"]),
        "open_undated": ("pending_without_deadline", still.pending_without_deadline),
        "moved_in": ("moved_in", flows["moved_in"]),
        "moved_out": ("moved_out", flows["moved_out"]),
    }
    if found.form.code == "07a":
        parts |= {
            name: (name, row.flow(name))
            for name in ("received_level_unknown", "withdrawn_unreceived", "paid_unstated")
        }
    shown = {
        name: linked(frame.number(count), frame.rows_link(figure)) if count else "0"
        for name, (figure, count) in parts.items()
    }
    return sentence(frame, f"form_note_{found.form.code}", **shown)


def check_rows(frame: Frame, found: FormFound) -> list[dict[str, Any]]:
    """Return the checks of the form's total, each with both of its sums."""
    return [
        {
            "text": _check_text(frame, found, one),
            "left": frame.number(one.left),
            "right": frame.number(one.right),
            "sign": one.sign,
            "holds": one.holds,
        }
        for one in checks(found.form.code, found.total)
    ]


def rows_by(scope: frozenset[str] | None) -> By:
    """Return what the rows of a scope are of: of one unit its fields, of more the units."""
    return "field" if scope is not None and len(scope) == 1 else "unit"


def context(frame: Frame, desk: Desk, found: Overview, made: FormFound) -> dict[str, Any]:
    """Return what the form's template shows."""
    form = made.form
    source = form.source
    name = frame.say("form_title", name=form.name)
    return {
        "title": f"{name}: {text_of(frame, (form.vi, form.en))}",
        "crumb": {
            "name": desk.unit_name(frame.unit),
            "href": frame.link(f"/units/{frame.unit}"),
        }
        if frame.unit
        else None,
        "subtitle": subtitle(frame, found)[:2],
        "source": frame.say("form_source", source=source),
        "views": [
            {
                "name": frame.say("form_title", name=FORMS[code].name),
                "href": frame.link(f"/forms/{code}", unit=frame.unit),
                "here": code == form.code,
            }
            for code in FORM_CODES
        ],
        "unverified": ""
        if form.layout_verified
        else frame.say("form_unverified", source=source),
        "table": table(frame, desk, made),
        "note": note_of(frame, made),
        "checks": check_rows(frame, made),
        "export_path": f"/export/forms/{form.code}",
    }


def check_line(frame: Frame, found: FormFound, one: Checked) -> str:
    """Write a check with both of its sums, for a file."""
    text = one.text
    if text == SUBMISSIONS:
        text = frame.say("check_submissions", **_submission_parts(found.total))
    return f"{text}: {one.left} {one.sign} {one.right}"


def _check_text(frame: Frame, found: FormFound, one: Checked) -> Markup | str:
    """Name a check by its columns; that of submissions has no columns but figures."""
    if one.text != SUBMISSIONS:
        return one.text
    shown = {
        name: linked(frame.number(count), frame.rows_link(name)) if count else "0"
        for name, count in _submission_parts(found.total).items()
    }
    return sentence(frame, "check_submissions", **shown)


def _submission_parts(row: FormRow) -> dict[str, int]:
    """Return the figures of the submissions' check that are no columns."""
    return {
        "awaiting_carried": row.awaiting_carried,
        "submitted": row.flow("submitted"),
        "submitted_accepted": row.flow("submitted_accepted"),
    }
