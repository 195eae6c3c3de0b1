"""Figures and rows as JSON: what the API answers, the command line prints and exports hold."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.reporting.adapters.desk import Desk
from services.reporting.core.dossier_obligations import obligation_figures
from services.reporting.core.fact import Fact, MatterFact
from services.reporting.core.figures import Figures, Period, Ratio
from services.reporting.core.matter_counts import MATTER_FIGURES, added, value_of
from services.reporting.core.outages import delays_among
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
            "requests_on_or_after_last_day": flows["request_on_or_after_last_day"],
            "requests_after_limit": flows["request_after_limit"],
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
        "matters": matters_document(found, found.by_unit),
        "obligations": obligations_document(found, found.by_unit),
        "by_unit": [
            {
                "unit": code,
                "name": desk.unit_name(code),
                **figures_document(mine),
                "matters": matters_document(found, [code]),
                "obligations": obligations_document(found, [code]),
            }
            for code, mine in found.by_unit.items()
        ],
        "by_field": [
            {"field": name, "name": desk.field_name(name), **figures_document(mine)}
            for name, mine in found.by_field.items()
        ],
    }


def matters_document(found: Overview, units: Iterable[str]) -> dict[str, int]:
    """Write the figures of some centres' matters, and of what they delayed; no zeros."""
    chosen = list(units)
    within, through = added(found.atoms, chosen), added(found.levels, chosen)
    numbers = {name: value_of(name, within, through) for name in sorted(MATTER_FIGURES)}
    numbers |= {name: within[name] for name in delays_among(within)}
    return {name: number for name, number in numbers.items() if number}


def obligations_document(found: Overview, units: Iterable[str]) -> dict[str, int]:
    """Write the figures of the obligations beside dossiers' deadlines; no zeros."""
    chosen = list(units)
    return obligation_figures(added(found.atoms, chosen), added(found.levels, chosen))


def period_document(period: Period) -> dict[str, Any]:
    """Write a period's bounds; null is without a bound."""
    return {
        "from": None if period.first is None else period.first.isoformat(),
        "to": None if period.last is None else period.last.isoformat(),
    }


def facts_of(figure: str, rows: Sequence[Listed]) -> list[MatterFact]:
    """Return the matters in a list; one of minutes has of each row what fell on its day."""
    by_day = figure.endswith("_minutes")
    return [
        one.matter.on(one.day) if by_day and one.day is not None else one.matter
        for one in rows
        if one.matter is not None
    ]


def row_documents(desk: Desk, figure: str, rows: Sequence[Listed]) -> list[dict[str, Any]]:
    """Write the rows of a list."""
    matters = [matter_row(desk, one) for one in facts_of(figure, rows)]
    return matters or [row_document(desk, one) for one in rows]


def row_document(desk: Desk, listed: Listed) -> dict[str, Any]:
    """Write the row of a dossier."""
    assert listed.row is not None, "a list is of dossiers or of matters"
    return dossier_row(desk, listed.row)


def matter_row(desk: Desk, fact: MatterFact) -> dict[str, Any]:
    """Write a matter's row; the times for which it was open, the last of them perhaps still."""
    return {
        "subject": fact.subject,
        "unit": fact.unit,
        "unit_name": desk.unit_name(fact.unit),
        "kind": fact.kind,
        "day": (fact.counted_on or fact.day).isoformat(),
        "detail": fact.detail,
        "opened": iso(fact.spans[-1].start) if fact.spans else None,
        "closed": iso(fact.spans[-1].end) if fact.spans else None,
        "minutes": fact.minutes,
        "due": iso(fact.due),
        "session": fact.session,
        "outcome": fact.outcome,
        "reported_up": fact.reported_up,
        "persons": list(fact.persons),
        "good": fact.good,
        "assessed": fact.assessed,
        "lacking": list(fact.lacking),
    }


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
        "limit_missed": iso(fact.deadlines.limit_missed),
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
