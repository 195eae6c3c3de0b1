"""Forms that units report which are not connected: beside what is counted, never in it."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.reporting.adapters.desk import Desk
from services.reporting.adapters.pages import formats
from services.reporting.adapters.pages.forms import FormFound, column_text, row_name
from services.reporting.adapters.pages.frame import Frame
from services.reporting.core.reported import Reported, Version
from shared.events.forms import FIRST_COLUMN, Form

SHA_SHOWN = 12
VERSIONS_SHOWN = 20


def context(
    frame: Frame, desk: Desk, made: FormFound, reports: Sequence[Reported]
) -> dict[str, Any] | None:
    """Return the section of reported forms; None where there is none."""
    if not reports:
        return None
    return {
        "columns": [
            (column_text(frame, column), number)
            for number, column in enumerate(made.form.columns, start=FIRST_COLUMN)
        ],
        "reports": [_report(frame, desk, made, one) for one in reports],
    }


def _report(frame: Frame, desk: Desk, made: FormFound, one: Reported) -> dict[str, Any]:
    same = frame.chosen.period.first == one.first and frame.chosen.period.last == one.last
    period = {"from": one.first.isoformat(), "to": one.last.isoformat(), "period": None}
    return {
        "unit": desk.unit_name(one.unit),
        "href": frame.link(frame.path, unit=one.unit, **period),
        "period": frame.say(
            "from_to", first=formats.day(one.first), last=formats.day(one.last)
        ),
        "same": same,
        "rows": _rows(frame, desk, made, one, compared=same),
        "versions": [_version(frame, version) for version in one.versions[:VERSIONS_SHOWN]],
    }


def _rows(
    frame: Frame, desk: Desk, made: FormFound, one: Reported, *, compared: bool
) -> list[dict[str, Any]]:
    """Return the rows of a report, and under its total what is counted here for the same."""
    form = made.form
    newest = one.newest
    rows: list[dict[str, Any]] = []
    if frame.unit == one.unit:
        rows = [
            _row(frame, row_name(frame, desk, "field", field), form, numbers)
            for field, numbers in newest.rows.items()
        ]
    rows.append(_row(frame, frame.say("reported_total"), form, newest.total(form.code)))
    counted = _counted(frame, made, one.unit)
    if compared and counted is not None:
        rows.append(_row(frame, frame.say("reported_counted"), form, counted))
    return rows


def _counted(frame: Frame, made: FormFound, unit: str) -> Mapping[str, int] | None:
    if frame.unit == unit:
        return made.total.numbers
    return next((row.numbers for row in made.rows if row.key == unit), None)


def _row(frame: Frame, name: str, form: Form, numbers: Mapping[str, int]) -> dict[str, Any]:
    return {"name": name, "cells": [frame.number(numbers[code]) for code in form.codes]}


def _version(frame: Frame, version: Version) -> str:
    return frame.say(
        "reported_by",
        by=version.by,
        moment=frame.moment(version.at),
        hash=version.file_sha256[:SHA_SHOWN],
    )
