"""A fact's document: its histories as state, and beside it the fields that queries go by.

Indexed: `cells` (every cell it is counted in), `open_unit` and `open` with `overdue_at` (only
while it is open), `awaited_unit` (only while nobody answered whether it is received),
`reported` with `reported_to` (form, unit by the code in the subject, last day; reports alone).
`counts` holds what it gives to each cell, `row` what a list shows.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from datetime import date, datetime
from typing import Any, Final

from typing_extensions import override

from services.reporting.adapters.events import (
    KeptEvents,
    moment_from_text,
    moment_to_text,
)
from services.reporting.core.clocks import Span
from services.reporting.core.counts import (
    Count,
    OpenEntry,
    checksums,
    counts,
    open_entry,
)
from services.reporting.core.derive import derive
from services.reporting.core.fact import MatterFact
from services.reporting.core.matter_counts import matter_checksums, matter_counts
from services.reporting.core.matters import derive_matter
from services.reporting.core.reported import derive_reported
from services.reporting.core.rows import Row, row_of
from services.reporting.core.state import FactState, Settled
from shared.events.codes import is_matter
from shared.events.envelope import Event
from shared.events.units import event_under
from shared.reference.units import Units
from shared.subjects.ports import StateCodec

NEVER: Final = "9999-12-31T23:59:59.999999Z"
"""Stands for no moment where an index must still put the document last."""

OPEN_FIELDS: Final = ("open", "open_unit", "overdue_at", "standing", "awaited_unit")


class FactCodec(StateCodec[FactState]):
    """The named pair for facts of dossiers and of matters.

    Histories are read with the units' codes of now, and facts are worked out of them.
    """

    def __init__(self, units: Callable[[], Units] = Units) -> None:
        self._kept = KeptEvents()
        self._units = units

    @override
    def to_document(self, state: FactState) -> dict[str, Any]:
        self._settle(state)  # First, so that the cells it is counted in now are kept with it.
        return {
            "subject": state.subject,
            "own": [self._kept.document(one) for one in state.own],
            "dues": [self._kept.document(one) for one in state.dues],
            "notices": [
                {"id": name, "events": [self._kept.document(one) for one in events]}
                for name, events in state.notices.items()
            ],
            "fields": [[code, name] for code, name in state.fields.items()],
            "levels": [[code, level] for code, level in state.levels.items()],
            "touched": [[cell, checksum] for cell, checksum in state.touched.items()],
        }

    @override
    def from_document(self, document: Mapping[str, Any]) -> FactState:
        subject = document["subject"]
        return FactState(
            subject=subject,
            own=[self._event(subject, one) for one in document["own"]],
            dues=[self._event(subject, one) for one in document["dues"]],
            notices={
                one["id"]: [self._event(one["id"], event) for event in one["events"]]
                for one in document["notices"]
            },
            fields=dict(document["fields"]),
            levels=dict(document.get("levels", ())),
            touched=dict(document["touched"]),
        )

    @override
    def index(self, state: FactState) -> dict[str, Any]:
        settled = self._settle(state)
        fact = settled.fact
        if settled.matter is not None:
            found = matter_counts(settled.matter)
            return {**_counted(found), "matter": matter_to_document(settled.matter)}
        if settled.reported is not None:
            one = settled.reported
            return {"reported": f"{one.form}|{one.unit}", "reported_to": one.last.isoformat()}
        if fact is None:
            return {"reported": None, "reported_to": None}
        index: dict[str, Any] = {
            **_counted(counts(fact)),
            "row": row_to_document(row_of(fact)),
            "lookup": fact.lookup_hash,
            **dict.fromkeys(OPEN_FIELDS),
        }
        if fact.is_open:
            entry = open_entry(fact)
            overdue_at = entry.overdue_at
            index |= {
                "open": True,
                "open_unit": fact.unit,
                "overdue_at": NEVER if overdue_at is None else moment_to_text(overdue_at),
                "standing": entry_to_document(entry),
            }
        elif fact.is_awaited and fact.submission is not None:
            index["awaited_unit"] = fact.submission.unit
        return index

    def _event(self, subject: str, document: Mapping[str, Any]) -> Event:
        event, units = self._kept.event(subject, document), self._units()
        return event_under(event, units.current) if units.aliases else event

    def _settle(self, state: FactState) -> Settled:
        """Work out the fact, once for each state, and note the cells that it is counted in."""
        if state.settled is None:
            if is_matter(state.subject):
                matter = derive_matter(state, self._units().current)
                reported = derive_reported(state.subject, state.own)
                settled = Settled(matter=matter, reported=reported)
                state.settle(settled, matter_checksums(matter))
            else:
                fact = derive(state, state.fields.get)
                state.settle(Settled(fact=fact), checksums(fact))
        assert state.settled is not None, "settled above"
        return state.settled


def _counted(found: list[Count]) -> dict[str, Any]:
    return {
        "cells": [one.cell.name for one in found],
        "counts": [{"c": one.cell.name, "f": one.field, "a": one.atoms} for one in found],
    }


def entry_to_document(entry: OpenEntry) -> dict[str, Any]:
    """Write how an open dossier stands."""
    return {
        "f": entry.field,
        "d": entry.dated,
        "w": entry.waiting,
        "o": _text(entry.overdue_at),
        "l": _text(entry.late_at),
        "x": _text(entry.index_late_at),
    }


def entry_from_document(document: Mapping[str, Any]) -> OpenEntry:
    """Read how an open dossier stands."""
    return OpenEntry(
        field=document["f"],
        dated=document["d"],
        waiting=document["w"],
        overdue_at=_moment(document["o"]),
        late_at=_moment(document["l"]),
        index_late_at=_moment(document["x"]),
    )


_ROW_FIELDS: Final = tuple(one.name for one in fields(Row))
_ROW_MOMENTS: Final = frozenset(
    {"received", "due", "limit", "index_due", "ended", "overdue_at", "waiting_since"}
)


def row_to_document(row: Row) -> dict[str, Any]:
    """Write a list's row."""
    document = {name: getattr(row, name) for name in _ROW_FIELDS}
    for name in _ROW_MOMENTS:
        document[name] = _text(document[name])
    document["promised"] = None if row.promised is None else row.promised.isoformat()
    document["marks"] = list(row.marks)
    return document


def row_from_document(document: Mapping[str, Any]) -> Row:
    """Read a list's row."""
    values: dict[str, Any] = {name: document.get(name) for name in _ROW_FIELDS}
    for name in _ROW_MOMENTS:
        values[name] = _moment(values[name])
    promised = values["promised"]
    values["promised"] = None if promised is None else date.fromisoformat(promised)
    values["marks"] = tuple(values["marks"] or ())
    return Row(**values)


def matter_to_document(fact: MatterFact) -> dict[str, Any]:
    """Write a matter's fact."""
    document = asdict(fact)
    return document | {
        "day": fact.day.isoformat(),
        "spans": [[moment_to_text(one.start), _text(one.end)] for one in fact.spans],
        "due": _text(fact.due),
        "persons": list(fact.persons),
        "lacking": list(fact.lacking),
    }


def matter_from_document(document: Mapping[str, Any]) -> MatterFact:
    """Read a matter's fact."""
    values: dict[str, Any] = {one.name: document.get(one.name) for one in fields(MatterFact)}
    return MatterFact(
        **values
        | {
            "day": date.fromisoformat(document["day"]),
            "spans": tuple(
                Span(moment_from_text(start), _moment(end)) for start, end in document["spans"]
            ),
            "due": _moment(document["due"]),
            "persons": tuple(document["persons"]),
            "lacking": tuple(document["lacking"]),
        }
    )


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment_to_text(moment)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else moment_from_text(text)
