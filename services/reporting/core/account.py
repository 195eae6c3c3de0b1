"""Accounts of one dossier: the ledger of its deadline, and who used the time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from services.reporting.core.dates import DEADLINE_KIND
from services.reporting.core.fact import Fact
from services.reporting.core.state import FactState
from shared.calendar.days import SATURDAY, DeadlineCalendar
from shared.calendar.errors import DateOutsideCalendarError
from shared.calendar.ledger import LedgerEntry, entry_from_document
from shared.calendar.zone import ICT, at, legal_day

ONE_DAY: Final = timedelta(days=1)
OPENS: Final = time(7, 30)
CLOSES: Final = time(17, 0)
"""The office day by which used time is measured: it compares holders, it sets no date."""

DAYS_MAX: Final = 5_000
"""How many days an account goes through; imported history may lie open for years."""


@dataclass(frozen=True, slots=True)
class Used:
    """How many working days one holder used; `over_part` is what lay after the promise."""

    holder: str
    name: str | None
    days: float


def ledger_of(state: FactState) -> list[LedgerEntry]:
    """Return the ledger that workflow gave last for the dossier's own deadline."""
    for event in reversed(state.dues):
        data = event.data
        rows = getattr(data, "ledger", ())
        if rows and getattr(data, "kind", None) == DEADLINE_KIND:
            return [entry_from_document(row.model_dump(mode="json")) for row in rows]
    return []


def days_used(fact: Fact, now: datetime, calendar: DeadlineCalendar | None) -> list[Used]:
    """Return who used how many working days, what came after the promise apart."""
    over = fact.late_promise[-1] if fact.late_promise else None
    found: dict[tuple[str, str | None], float] = {}
    for hold in fact.holds:
        end = hold.end or now
        parts: list[tuple[datetime, datetime, str, str | None]] = [
            (hold.start, end, hold.holder, hold.name)
        ]
        if (
            over is not None
            and over.start < end
            and (over.end is None or over.end > hold.start)
        ):
            parts = [
                (hold.start, max(over.start, hold.start), hold.holder, hold.name),
                (max(over.start, hold.start), end, "over_part", None),
            ]
        for start, stop, holder, name in parts:
            days = sum(_shares(start, stop, calendar))
            if days > 0:
                found[holder, name] = found.get((holder, name), 0.0) + days
    return [Used(holder, name, days) for (holder, name), days in found.items()]


def _shares(
    start: datetime, end: datetime, calendar: DeadlineCalendar | None
) -> Iterator[float]:
    """Yield, for each working day between two moments, the share of its office hours."""
    day, last = legal_day(start), legal_day(end)
    for _ in range(DAYS_MAX):
        if day > last:
            return
        if _works(day, calendar):
            opens, closes = at(day, OPENS), at(day, CLOSES)
            used = min(end, closes) - max(start.astimezone(ICT), opens)
            if used > timedelta():
                yield used / (closes - opens)
        day += ONE_DAY


def _works(day: date, calendar: DeadlineCalendar | None) -> bool:
    if calendar is not None:
        try:
            return calendar.is_working(day)
        except DateOutsideCalendarError:
            pass
    return day.weekday() < SATURDAY
