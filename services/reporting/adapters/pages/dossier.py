"""One dossier: its story, its promise, who used the time, why that date."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from services.reporting.adapters.desk import Desk
from services.reporting.adapters.pages import drawing, formats
from services.reporting.adapters.pages.frame import Frame
from services.reporting.adapters.pages.lists import stands
from services.reporting.adapters.pages.sentences import (
    CHANNELS,
    chosen,
    details,
    headline,
    named,
)
from services.reporting.adapters.pages.words import words
from services.reporting.core.account import Used, days_used, ledger_of
from services.reporting.core.clocks import FAR, local_day
from services.reporting.core.derive import MOMENT
from services.reporting.core.fact import Fact
from services.reporting.core.rows import row_of
from services.reporting.core.standing import working_days_apart
from services.reporting.core.state import FactState
from services.reporting.core.timeline import Entry, timeline
from shared.calendar.ledger import LedgerEntry, explain
from shared.calendar.zone import ICT

RECORDED_LATE: Final = timedelta(minutes=10)
"""A recording later than this after the occurrence is said."""

HOLDER_STYLES: Final = {
    "desk": "plain",
    "specialist": "second",
    "agency": "today",
    "applicant": "muted",
    "over_part": "attention",
}
SHOWN_DAYS: Final = 0.05
"""A holder with less than a tenth of a day, rounded, is not drawn."""

MIDNIGHT: Final = time()
AGENCIES: Final = frozenset({"agency", "from_unit", "to_unit"})
"""Parameters of a story's lines that are codes of somebody with a name."""


def context(frame: Frame, desk: Desk, state: FactState, fact: Fact) -> dict[str, Any]:
    """Return what the dossier's template shows."""
    entries = timeline(state)
    ledger = ledger_of(state)
    used = [
        one for one in days_used(fact, frame.now, desk.calendar()) if one.days >= SHOWN_DAYS
    ]
    row = row_of(fact)
    return {
        "code": fact.code,
        "slip_href": _slip(frame, fact),
        "unit": desk.unit_name(fact.unit),
        "unit_href": frame.link(f"/units/{fact.unit}"),
        "field": desk.field_name(fact.field) or "",
        "procedure": desk.procedure_name(fact.procedure),
        "procedure_code": fact.procedure or "",
        "channel": named(CHANNELS, fact.channel, frame.language) if fact.channel else "",
        "status": chosen(words().status[int(fact.status)], frame.language),
        "stands": stands(frame, desk, row) or _ended_late(frame, desk, fact),
        "late": (fact.overdue_at or FAR) < frame.now or fact.law == "late",
        "verdict": fact.law,
        "entries": [_entry(frame, desk, one) for one in entries],
        "promise": promise(frame, fact),
        "split": _split(frame, desk, used),
        "used": [
            f"{_holder(frame, desk, one)}: {formats.decimal(one.days, frame.language)}"
            for one in used
        ],
        "ledger": _ledger_lines(frame, ledger),
        "backfill": fact.backfill,
    }


def _ended_late(frame: Frame, desk: Desk, fact: Fact) -> str:
    """Say by how much a dossier was late when it ended."""
    limit = fact.deadlines.limit_missed or fact.deadlines.limit
    if fact.law != "late" or fact.ended is None or limit is None:
        return ""
    days = working_days_apart(desk.calendar(), local_day(limit - MOMENT), local_day(fact.ended))
    return frame.say("days_over", days=days) if days else frame.say("overdue_short").lower()


def _entry(frame: Frame, desk: Desk, entry: Entry) -> dict[str, Any]:
    entry = _with_names(desk, entry)
    notes = details(entry, frame.language)
    recorded = entry.recorded
    if recorded is not None and recorded - entry.at > RECORDED_LATE:
        notes.append(frame.say("recorded_late", moment=frame.moment(recorded)))
    year = formats.year_of(entry.at) != formats.year_of(frame.now)
    return {
        "at": formats.moment_short(entry.at, frame.language),
        "year": formats.year_of(entry.at) if year else None,
        "datetime": entry.at.astimezone(ICT).isoformat(),
        "headline": headline(entry, frame.language),
        "notes": notes,
        "tone": entry.tone,
    }


def promise(frame: Frame, fact: Fact) -> dict[str, Any]:
    """Return the box with the dates."""
    dates = fact.deadlines
    beside = []
    if dates.first_due is not None and dates.first_due != dates.due:
        beside.append(frame.say("first_promise", moment=frame.moment(dates.first_due)))
    if dates.given:
        beside.append(frame.say("given_deadline"))
    else:
        if dates.limit is not None:
            beside.append(frame.say("legal_limit", moment=limit_text(frame, dates.limit)))
        if dates.limit_missed is not None and dates.limit_missed != dates.limit:
            missed = limit_text(frame, dates.limit_missed)
            beside.append(frame.say("limit_missed", moment=missed))
        if dates.index_due is not None and dates.index_due != dates.due:
            beside.append(frame.say("index_promise", moment=frame.moment(dates.index_due)))
    beside += [
        frame.say("applicant_until", day=limit_text(frame, one.applicant_until))
        for one in fact.obligations
        if one.outcome in {"open", "missed"} and one.closed is None and one.applicant_until
    ]
    if dates.due is not None:
        text = frame.moment(dates.due)
    elif fact.waiting_since is not None:
        text = frame.say("promise_suspended")
    else:
        text = frame.say("no_promise")
    return {"text": text, "beside": beside, "dated": dates.due is not None}


def limit_text(frame: Frame, limit: datetime) -> str:
    """Say a limit; midnight is said as 24:00 of the day that it ends."""
    local = limit.astimezone(ICT)
    if local.time() != MIDNIGHT:
        return frame.moment(limit)
    before = local - timedelta(days=1)
    weekday = formats.WEEKDAYS[frame.language][before.weekday()]
    return f"24:00 {weekday} {formats.day(before.date())}"


def _with_names(desk: Desk, entry: Entry) -> Entry:
    """Put the names of agencies and units where an event has their codes."""
    named = {
        name: desk.agency_name(str(code))
        for name, code in entry.params.items()
        if name in AGENCIES and code is not None
    }
    return replace(entry, params={**entry.params, **named}) if named else entry


def _holder(frame: Frame, desk: Desk, used: Used) -> str:
    if used.name and used.holder == "agency":
        return desk.agency_name(used.name)
    return frame.say(used.holder)


def _split(frame: Frame, desk: Desk, used: Sequence[Used]) -> Any:  # noqa: ANN401 - markup.
    return drawing.split(
        [
            (
                f"{_holder(frame, desk, one)} {formats.decimal(one.days, frame.language)}",
                HOLDER_STYLES[one.holder],
                one.days,
            )
            for one in used
            if one.days > 0
        ]
    )


def _ledger_lines(frame: Frame, ledger: Sequence[LedgerEntry]) -> list[dict[str, Any]]:
    lines = explain(ledger, frame.language)
    shown: list[dict[str, Any]] = []
    previous: date | None = None
    for line in lines:
        shown.append(
            {
                "day": "" if line.day == previous else formats.day(line.day, year=False),
                "text": line.text,
                "count": line.count,
                "index": line.clock == "index",
            }
        )
        previous = line.day
    return shown


def _slip(frame: Frame, fact: Fact) -> str | None:
    """Return where the slip of apology of an open dossier is drafted."""
    if not fact.is_open:
        return None
    return f"{frame.desk_url}/slips/{fact.code}{'?lang=en' if frame.language == 'en' else ''}"
