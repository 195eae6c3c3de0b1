"""Figures and rows as JSON: what the API answers, the command line prints and exports hold."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.reporting.adapters.desk import Desk
from services.reporting.core.fact import Fact
from services.reporting.core.figures import Figures, Period, Ratio
from services.reporting.core.rows import Row
from services.reporting.core.timeline import Entry
from services.reporting.ports import Listed
from services.reporting.usecases.reading import Overview
from shared.calendar.zone import ICT


def iso(moment: datetime | None) -> str | None:
    """Write a moment with the authority's offset."""
    return None if moment is None else moment.astimezone(ICT).isoformat()


def ratio(one: Ratio) -> dict[str, Any]:
    """Write a rate with what it is made of; null where nothing was counted."""
    return {"num": one.num, "den": one.den, "rate": one.share}


def figures_document(found: Figures) -> dict[str, Any]:
    """Write a set of figures."""
    flows = found.flows
    return {
        "received": found.received,
        "received_online": flows["received_online"],
        "carried": found.carried,
        "moved_in": flows["moved_in"],
        "moved_out": flows["moved_out"],
        "ended": found.ended,
        "pending": found.pending,
        "on_time_law": ratio(found.on_time_law),
        "on_time_index": ratio(found.on_time_index),
        "late_law": flows["ended_late"],
        "late_index": flows["ended_late_index"] + found.open.late_open_index,
        "ended_before_last_day": flows["ended_before_last_day"],
        "ended_without_result": flows["ended_without_result"],
        "without_deadline": found.without_deadline,
        "overdue_open": found.open.overdue,
        "late_open": found.open.late_open,
        "waiting": found.open.waiting,
        "at_risk": found.at_risk if found.standing else None,
        "standing": dict(found.standing) or None,
        "new_date": {"kept": flows["new_date_kept"], "broken": flows["new_date_broken"]},
        "repeated_requests": flows["repeated_request"],
        "pauses": {
            "last_day_requests": flows["last_day_request"],
            "unproven_waits": flows["unproven_wait"],
            "undeliverable_notices": flows["undeliverable_notice"],
            "dossiers": flows["pause_breach"],
        },
        "not_received": flows["unreceived"],
        "inconsistent": {
            "events_after_end": flows["events_after_end"],
            "end_before_first": flows["end_before_first"],
        },
        "imported": {"dossiers": flows["imported"], "events": flows["imported_events"]},
        "duty": ratio(found.duty),
        "reconciles": True,  # What does not add up never gets here.
    }


def overview_document(desk: Desk, found: Overview, unit: str | None) -> dict[str, Any]:
    """Write the figures of a scope and a period, with each unit's."""
    heard = found.heard
    return {
        **period_document(found.period),
        "unit": unit,
        "as_of": iso(found.as_of),
        **figures_document(found.total),
        "heard": {"day": heard.day.isoformat(), "count": heard.count, "of": len(heard.of)},
        "by_unit": [
            {"unit": code, "name": desk.unit_name(code), **figures_document(mine)}
            for code, mine in found.by_unit.items()
        ],
        "by_field": [
            {"field": name, "name": desk.field_name(name), **figures_document(mine)}
            for name, mine in found.by_field.items()
        ],
    }


def period_document(period: Period) -> dict[str, Any]:
    """Write a period's bounds; null is without a bound."""
    return {
        "from": None if period.first is None else period.first.isoformat(),
        "to": None if period.last is None else period.last.isoformat(),
    }


def row_document(desk: Desk, listed: Listed) -> dict[str, Any]:
    """Write one row of a list."""
    if listed.matter is not None:
        fact = listed.matter
        return {
            "subject": fact.subject,
            "unit": fact.unit,
            "unit_name": desk.unit_name(fact.unit),
            "day": fact.day.isoformat(),
            "session": fact.session,
            "outcome": fact.outcome,
            "reported_up": fact.reported_up,
            "persons": list(fact.persons),
        }
    assert listed.row is not None, "a subject is a dossier or a matter"
    return dossier_row(desk, listed.row)


def dossier_row(desk: Desk, row: Row) -> dict[str, Any]:
    """Write a dossier's row."""
    return {
        "code": row.code,
        "unit": row.unit,
        "unit_name": desk.unit_name(row.unit),
        "field": row.field,
        "procedure": row.procedure,
        "procedure_name": desk.procedure_name(row.procedure),
        "channel": row.channel,
        "status": row.status,
        "received": iso(row.received),
        "due": iso(row.due),
        "limit": iso(row.limit),
        "index_due": iso(row.index_due),
        "ended": iso(row.ended),
        "law": row.law,
        "index": row.index,
        "waiting_since": iso(row.waiting_since),
        "handler": row.handler,
        "promised": None if row.promised is None else row.promised.isoformat(),
        "promise_cause": row.promise_cause,
        "apology": row.apology,
        "supplement_requests": row.requests,
        "events_after_end": row.after_end,
        "end_before_first": row.end_before_first,
        "marks": list(row.marks),
        "backfill": row.backfill,
    }


def dossier_document(desk: Desk, fact: Fact, row: Row, story: list[Entry]) -> dict[str, Any]:
    """Write one dossier with its story."""
    return {
        **dossier_row(desk, row),
        "receiving_unit": fact.receiving_unit,
        "first_due": iso(fact.deadlines.first_due),
        "new_date": None
        if fact.deadlines.new_date is None
        else fact.deadlines.new_date.isoformat(),
        "units": [
            {"unit": one.unit, "from": iso(one.start), "to": iso(one.end)}
            for one in fact.stints
        ],
        "waits": [
            {"requested": iso(one.requested), "received": iso(one.received)}
            for one in fact.waits
        ],
        "events": [
            {
                "at": iso(one.at),
                "recorded": iso(one.recorded),
                "name": one.key,
                "id": one.event,
                "mark": one.mark,
                "detail": _plain(one.params),
                "notes": [{"what": note.key, **_plain(note.params)} for note in one.notes],
            }
            for one in story
        ],
    }


def _plain(params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: iso(value) if isinstance(value, datetime) else value
        for name, value in params.items()
    }
