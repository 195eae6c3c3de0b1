"""The deadline calendar: look-ups, its ends, and that it never guesses."""

from collections.abc import Callable
from datetime import date

import pytest

from shared.calendar.days import DeadlineCalendar
from shared.calendar.errors import DateOutsideCalendarError
from tests.unit.calendar.calendars import CALENDAR

NEW_YEAR = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 1, 2), False),  # Off in exchange for the Saturday.
        (date(2026, 1, 10), True),  # The Saturday.
        (date(2026, 1, 11), False),
        (date(2026, 1, 12), True),
        (date(2026, 2, 18), False),
    ],
)
def test_knows_which_days_work(day: date, works: bool) -> None:  # noqa: FBT001 - a table.
    """Holidays and swaps go before the rule of the week."""
    assert CALENDAR.is_working(day) is works


def test_counts_in_between() -> None:
    """The first day is not counted, the last one is."""
    assert CALENDAR.count_between(date(2026, 1, 5), date(2026, 1, 12)) == 6
    assert CALENDAR.count_between(date(2026, 1, 10), date(2026, 1, 11)) == 0


def test_goes_back_as_it_goes_forth() -> None:
    """Shifting by n and by -n from a working day ends where it began."""
    day = date(2026, 3, 3)
    for count in (1, 5, 30):
        assert CALENDAR.shift(CALENDAR.shift(day, count), -count) == day
    assert CALENDAR.shift(date(2026, 3, 7), 0) == date(2026, 3, 7)


def test_rolls_only_from_a_day_off() -> None:
    """A last day that works stays; one that does not moves to the next that does."""
    assert CALENDAR.roll(date(2026, 1, 10)) == date(2026, 1, 10)
    assert CALENDAR.roll(date(2026, 1, 1)) == date(2026, 1, 5)


@pytest.mark.parametrize(
    "ask",
    [
        lambda c: c.is_working(date(2027, 1, 1)),
        lambda c: c.is_working(date(2025, 11, 30)),
        lambda c: c.add_working_days(date(2026, 12, 30), 2),
        lambda c: c.add_working_days(date(2025, 11, 30), 1),
        lambda c: c.subtract_working_days(date(2025, 12, 2), 2),
        lambda c: c.count_between(NEW_YEAR, date(2027, 1, 1)),
        lambda c: c.roll(date(2027, 1, 1)),
        lambda c: c.shift(date(2027, 1, 1), 0),
    ],
)
def test_refuses_what_it_does_not_cover(ask: Callable[[DeadlineCalendar], object]) -> None:
    """Beyond its two ends there is an error that names them, never an estimate."""
    with pytest.raises(DateOutsideCalendarError, match="from 2025-12-01 through 2026-12-31"):
        ask(CALENDAR)


@pytest.mark.parametrize("count", [0, -1])
def test_refuses_to_add_nothing(count: int) -> None:
    """Adding no days, or going back by adding, is a programmer's slip."""
    with pytest.raises(ValueError, match="at least 1 working day"):
        CALENDAR.add_working_days(NEW_YEAR, count)
    with pytest.raises(ValueError, match="at least 1 working day"):
        CALENDAR.subtract_working_days(NEW_YEAR, count)


def test_refuses_to_end_before_it_begins() -> None:
    """A calendar has at least one day."""
    with pytest.raises(ValueError, match="before its first day"):
        DeadlineCalendar(first_day=NEW_YEAR, last_day=date(2025, 1, 1), notes={})
