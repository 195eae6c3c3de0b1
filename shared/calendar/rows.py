"""The ledger's rows of counted (and uncounted) days, sessions and hours."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from shared.calendar.counting import Moments, Terms
from shared.calendar.days import SATURDAY, DeadlineCalendar
from shared.calendar.ledger import Count, LedgerEntry
from shared.calendar.limits import LimitUnit
from shared.calendar.opening import Session
from shared.calendar.zone import ICT, ONE_DAY, at, ending_day, legal_day, midnight_after

DAYS_KEPT: Final = 8_192
"""How many entries of counted days are kept at hand; the ledgers of one month share theirs."""


@dataclass(slots=True)
class Counter:
    """Counts on from where it stands, row by row, up to the value of the limit."""

    terms: Terms
    counted: int = 0
    opened: timedelta = timedelta()

    def rows(
        self, after: datetime, through: datetime, barred: date | None = None
    ) -> Iterator[LedgerEntry]:
        """Yield the rows later than `after`, up to and including `through`.

        Args:
            after: The start, or the receipt from which the count goes on.
            through: Where the count ends or stops.
            barred: From this day on nothing is counted (the day of a restart).
        """
        match self.terms.limit.unit:
            case LimitUnit.WORKING_DAYS | LimitUnit.CALENDAR_DAYS:
                yield from self._days(legal_day(after), legal_day(through), barred)
            case LimitUnit.HALF_DAYS:
                yield from self._sessions(after, through)
            case LimitUnit.HOURS:
                yield from self._hours(after, through)
            case LimitUnit.CLOCK_HOURS:
                yield from self._clock_hours(after, through)
            case LimitUnit.SAME_DAY | LimitUnit.GIVEN:
                return

    def _days(self, after: date, through: date, barred: date | None) -> Iterator[LedgerEntry]:
        limit = self.terms.limit
        by_calendar = limit.unit is LimitUnit.CALENDAR_DAYS
        last = through if barred is None else min(through, barred - ONE_DAY)
        calendar, counted = self.terms.calendar, self.counted
        rows, self.counted = _day_rows(calendar, after, last, counted, limit.value, by_calendar)
        yield from rows

    def _sessions(self, after: datetime, through: datetime) -> Iterator[LedgerEntry]:
        limit = self.terms.limit
        for session in _sessions(self.terms, after, through):
            if after < session.opens <= through and self.counted < limit.value:
                self.counted += 1
                yield LedgerEntry(session.opens, f"session_{session.name}", self.counted)

    def _hours(self, after: datetime, through: datetime) -> Iterator[LedgerEntry]:
        for session in _sessions(self.terms, after, through):
            begins, ends = max(after, session.opens), min(through, session.closes)
            if begins < ends:
                self.opened += ends - begins
                hours = round(self.opened / timedelta(hours=1), 4)
                yield LedgerEntry(begins, f"opening_{session.name}", hours)

    def _clock_hours(self, after: datetime, through: datetime) -> Iterator[LedgerEntry]:
        """Yield a row for each day with the hours used by its end, then the days moved over."""
        whole = timedelta(hours=self.terms.limit.value)
        used_up = after + (whole - self.opened)
        begins, ends = after, min(used_up, through)
        while begins < ends:
            until = min(midnight_after(legal_day(begins)), ends)
            self.opened += until - begins
            hours = round(self.opened / timedelta(hours=1), 4)
            yield LedgerEntry(begins, "clock_hours", hours)
            begins = until
        day = ending_day(used_up) + ONE_DAY
        while day <= ending_day(through):
            works = self.terms.calendar.is_working(day)
            yield _rolled(day, self.terms.limit.value, works=works)
            day += ONE_DAY


def close_row(
    rows: list[LedgerEntry], last: Moments, began: datetime, counted: int | None
) -> None:
    """Write the hour of the end into the row of the last day, or add one for it."""
    whole_day = last.end == midnight_after(last.last_day)
    until = {"until": "24:00" if whole_day else f"{last.end.astimezone(ICT):%H:%M}"}
    for index in range(len(rows) - 1, -1, -1):
        row = rows[index]
        if row.count is not None and row.day == last.last_day:
            rows[index] = replace(row, params={**row.params, **until})
            return
    same = legal_day(began) == last.last_day
    moment = began if same else at(last.last_day, time())
    rows.append(LedgerEntry(moment, "last_day", counted, params=until))


def _sessions(terms: Terms, after: datetime, through: datetime) -> Iterator[Session]:
    day = legal_day(after)
    while day <= legal_day(through):
        yield from terms.opening.sessions(day)
        day += ONE_DAY


@lru_cache(maxsize=DAYS_KEPT)
def _day_rows(
    calendar: DeadlineCalendar,
    after: date,
    last: date,
    counted: int,
    value: int,
    by_calendar: bool,  # noqa: FBT001 - a cache is asked by position.
) -> tuple[tuple[LedgerEntry, ...], int]:
    """Return the rows of the days after one up to another, and how many are counted then."""
    rows: list[LedgerEntry] = []
    day = after + ONE_DAY
    while day <= last:
        works = calendar.is_working(day)
        if counted >= value:
            if by_calendar:
                rows.append(_rolled(day, value, works=works))
        elif works or by_calendar:
            counted += 1
            rows.append(_day_row(calendar, day, counted, works, by_calendar))
        else:
            rows.append(_day_row(calendar, day, None, works, by_calendar))
        day += ONE_DAY
    return tuple(rows), counted


@lru_cache(maxsize=DAYS_KEPT)
def _day_row(
    calendar: DeadlineCalendar,
    day: date,
    count: Count,
    works: bool,  # noqa: FBT001 - a cache is asked by position.
    by_calendar: bool,  # noqa: FBT001
) -> LedgerEntry:
    note = calendar.notes.get(day)
    weekday = {"weekday": str(day.weekday())}
    moment = at(day, time())
    if works:
        if note is None:
            return LedgerEntry(moment, "calendar_day" if by_calendar else "working_day", count)
        if note.counterpart is not None:
            weekday["counterpart"] = note.counterpart.isoformat()
        return LedgerEntry(moment, "makeup_day", count, params=weekday)
    if note is not None and note.counterpart is not None:
        params = {"counterpart": note.counterpart.isoformat()}
        return LedgerEntry(moment, "day_off_swapped", count, params=params)
    if note is not None:
        return LedgerEntry(moment, "day_off", count, params={"reason": note.reason})
    assert day.weekday() >= SATURDAY, "a weekday that is off has a note"
    return LedgerEntry(moment, "weekend", count, params=weekday)


def _rolled(day: date, count: int, *, works: bool) -> LedgerEntry:
    if works:
        return LedgerEntry(at(day, time()), "rolled", count)
    weekday = {"weekday": str(day.weekday())}
    return LedgerEntry(at(day, time()), "rolled_over", None, params=weekday)
