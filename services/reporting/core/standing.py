"""How an open dossier stands today, in working days before or after its promise."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

from services.reporting.core.clocks import local_day
from services.reporting.core.counts import OpenEntry
from services.reporting.core.figures import STANDINGS, Standing
from shared.calendar.days import SATURDAY, DeadlineCalendar
from shared.calendar.errors import DateOutsideCalendarError

SOON_WORKING_DAYS: Final = 2
WEEK_WORKING_DAYS: Final = 5


def working_days_apart(calendar: DeadlineCalendar | None, start: date, end: date) -> int:
    """Count the working days after `start` up to and including `end`.

    Days that no calendar covers, as in imported history, are taken by the rule of the week:
    this only sorts dossiers into bands, it sets no date.
    """
    if calendar is not None:
        try:
            return calendar.count_between(start, end)
        except DateOutsideCalendarError:
            pass
    days = (end - start).days
    weeks, rest = divmod(max(days, 0), 7)
    tail = (start + timedelta(days=weeks * 7 + index) for index in range(1, rest + 1))
    return weeks * 5 + sum(day.weekday() < SATURDAY for day in tail)


def standing(entry: OpenEntry, now: datetime, calendar: DeadlineCalendar | None) -> Standing:
    """Say in which band an open dossier is; exactly at its moment it is due today."""
    if not entry.dated:
        return "undated"
    if entry.overdue_at is None:
        return "waiting_undue"
    today, last = local_day(now), local_day(entry.overdue_at)
    if entry.overdue_at < now:
        over = working_days_apart(calendar, last, today)
        return "overdue_1_5" if over <= WEEK_WORKING_DAYS else "overdue_over_5"
    if last == today:
        return "due_today"
    left = working_days_apart(calendar, today, last)
    if left <= SOON_WORKING_DAYS:
        return "left_1_2"
    return "left_3_5" if left <= WEEK_WORKING_DAYS else "left_over_5"


def standings(
    entries: Iterable[tuple[OpenEntry, int]], now: datetime, calendar: DeadlineCalendar | None
) -> dict[Standing, int]:
    """Count open dossiers by band; every band is there, if only with 0."""
    found: dict[Standing, int] = dict.fromkeys(STANDINGS, 0)
    for entry, number in entries:
        found[standing(entry, now, calendar)] += number
    return found
