"""What people and programs see of obligations: state, ledger with reasons, what is open."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from services.workflow.core.kinds.registry import KINDS
from services.workflow.core.ladder import MOMENTS
from services.workflow.core.model import Cycle, Obligation, RungState, Subject
from services.workflow.core.open import Row, rows_of
from services.workflow.core.wording import (
    DISCHARGE_WORDS,
    FLAG_WORDS,
    RUNG_STATUS_WORDS,
    STATUS_WORDS,
    word,
)
from shared.calendar.ledger import entry_from_document, explain
from shared.calendar.zone import ICT, legal_day
from shared.reference.view import Reference

Language = Literal["vi", "en"]


def obligations_view(subject: Subject) -> dict[str, Any]:
    """Return everything that is owed in a subject, and how far each has climbed."""
    return {
        "subject": subject.id,
        "unit": subject.unit,
        "law": subject.law,
        "obligations": [_obligation(each) for each in subject.obligations.values()],
        "coverage_gaps": [
            {"gap": gap.id, "why": gap.why, "since": _iso(gap.since)}
            for gap in subject.gaps.values()
        ],
        "incidents": [
            {
                "incident": told.incident,
                "cause": told.cause,
                "system": told.system,
                "since": _iso(told.since),
                "told_at": _iso(told.at),
                "over": told.over,
                "obligations_count": told.count,
                "subjects": list(told.subjects),
                "units": list(told.units),
            }
            for told in subject.incidents.values()
        ],
    }


def explanation(subject: Subject, language: Language) -> dict[str, Any]:
    """Return why each date is that date, in words, and what was told to whom."""
    return {
        "subject": subject.id,
        "unit": subject.unit,
        "language": language,
        "obligations": [_explained(each, language) for each in subject.obligations.values()],
    }


def open_view(
    subjects: Sequence[Subject],
    reference: Reference,
    now: datetime,
    *,
    role: str | None,
    person: str | None,
) -> list[dict[str, Any]]:
    """Return what is still owed of subjects, narrowed to a role's turn or to a person's."""
    return [
        _open_row(row, now)
        for subject in subjects
        for row in rows_of(subject, None, reference, now)
        if role in {None, row.role} and (person is None or person in row.persons)
    ]


def undated_view(subjects: Sequence[Subject]) -> list[dict[str, Any]]:
    """Return what is owed and has no date because the published calendar ends too early."""
    return [
        {
            "subject": subject.id,
            "obligation": obligation.id,
            "unit": obligation.unit,
            "opened_at": _iso(obligation.opened_at),
            **{name: obligation.about.get(name) for name in ("procedure", "field")},
        }
        for subject in subjects
        for obligation in subject.obligations.values()
        if obligation.open and obligation.no_deadline == "beyond_horizon"
    ]


def _open_row(row: Row, now: datetime) -> dict[str, Any]:
    obligation = row.obligation
    return {
        "subject": row.subject.id,
        "obligation": obligation.id,
        "kind": obligation.kind,
        "unit": obligation.unit,
        "cycle": obligation.cycle_number,
        "status": obligation.status,
        "due": _iso(obligation.due),
        "limit": _iso(obligation.limit),
        "overdue": row.overdue(now),
        "rung": None if row.rung is None else row.rung.rung,
        "rung_at": None if row.rung is None else _iso(row.rung.at),
        "role": row.role,
        "persons": list(row.persons),
        "promise": _promise(obligation),
        "incident": hanging[-1].incident if (hanging := obligation.hanging()) else None,
        "flags": list(obligation.flags),
        **{name: obligation.about.get(name) for name in ("procedure", "field")},
    }


def _obligation(ob: Obligation) -> dict[str, Any]:
    return {
        "obligation": ob.id,
        "kind": ob.kind,
        "unit": ob.unit,
        "status": ob.status,
        "opened_at": _iso(ob.opened_at),
        "cause": ob.cause,
        "due": _iso(ob.due),
        "limit": _iso(ob.limit),
        "index_due": _iso(ob.index_due),
        "first_due": _iso(ob.first_due),
        "no_deadline": ob.no_deadline,
        "rule": ob.rule,
        "suspended_since": _iso(ob.suspended_since),
        "discharged_at": _iso(ob.discharged_at),
        "in_time": ob.in_time,
        "by_limit": ob.by_limit,
        "by_index": ob.by_index,
        "why": ob.why,
        "flags": list(ob.flags),
        "promise": _promise(ob),
        "cycles": [_cycle(cycle) for cycle in ob.cycles],
        **ob.about,
    }


def _cycle(cycle: Cycle) -> dict[str, Any]:
    return {
        "cycle": cycle.number,
        "opened": _iso(cycle.opened),
        "due": _iso(cycle.due),
        "limit": _iso(cycle.limit),
        "ended_at": _iso(cycle.ended_at),
        "ended_why": cycle.ended_why,
        "rungs": [_rung(rung) for rung in cycle.rungs],
    }


def _rung(rung: RungState) -> dict[str, Any]:
    return {
        "rung": rung.rung,
        "repeat": rung.repeat,
        "at": _iso(rung.at),
        "status": rung.status,
        "settled_at": _iso(rung.settled_at),
        "why": rung.why,
        "role": rung.role,
        "incident": rung.incident,
    }


def _promise(ob: Obligation) -> dict[str, Any] | None:
    promise = ob.promise
    if promise is None:
        return None
    return {
        "cycle": promise.cycle,
        "rung": promise.rung,
        "by": promise.by,
        "cause": promise.cause,
        "promised": promise.promised.isoformat(),
        "until": _iso(promise.expires_at),
        "broken_at": _iso(promise.broken_at),
    }


def _explained(ob: Obligation, language: Language) -> dict[str, Any]:
    kind = KINDS[ob.kind]
    lines = explain([entry_from_document(row) for row in ob.ledger], language)
    citation = kind.source_on(legal_day(ob.opened_at))
    return {
        "obligation": ob.id,
        "name": getattr(kind.name, language),
        "status": word(STATUS_WORDS, ob.status, language),
        "due": _iso(ob.due),
        "limit": _iso(ob.limit),
        "index_due": _iso(ob.index_due),
        "first_due": _iso(ob.first_due),
        "discharged": None
        if ob.discharged_at is None
        else {
            "at": _iso(ob.discharged_at),
            "why": word(DISCHARGE_WORDS, ob.why or "", language),
            "in_time": ob.in_time,
        },
        "rule": ob.rule,
        "source": None if citation is None else getattr(citation, language),
        "flags": [
            {"flag": flag, "text": word(FLAG_WORDS, flag, language)} for flag in ob.flags
        ],
        "ledger": [
            {
                "day": line.day.isoformat(),
                "text": line.text,
                "count": line.count,
                "law": line.law,
                "clock": line.clock,
            }
            for line in lines
        ],
        "ladder": [
            line
            for cycle in ob.cycles
            for rung in cycle.rungs
            if (line := _ladder_line(ob, cycle, rung, language)) is not None
        ],
    }


def _ladder_line(
    ob: Obligation, cycle: Cycle, rung: RungState, language: Language
) -> dict[str, Any] | None:
    """Return one rung in words; moments that never came are left out."""
    if rung.status == "moot" or (rung.rung in MOMENTS and rung.status == "planned"):
        return None
    step = KINDS[ob.kind].ladder.rung(rung.rung)
    text = word(STATUS_WORDS, rung.rung, language)
    if step is not None:
        text = step.vi if language == "vi" else step.en
    return {
        "cycle": cycle.number,
        "rung": rung.rung,
        "at": _iso(rung.at),
        "text": text,
        "status": word(RUNG_STATUS_WORDS, rung.status, language),
        "role": rung.role,
        "why": rung.why,
        "incident": rung.incident,
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(ICT).isoformat()
