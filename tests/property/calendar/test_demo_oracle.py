"""The demo's oracle against the engine, on limits that run day and night."""

import random
from datetime import datetime, timedelta
from typing import Final

from deploy.demo.oracle import Limit, dates_of
from deploy.demo.slow_calendar import HANOI, SlowCalendar
from deploy.reference.load import bundled_reference
from shared.calendar.deadline import compute
from shared.calendar.history import History
from shared.calendar.limits import Limit as EngineLimit
from shared.calendar.limits import LimitUnit

CASES: Final = 1_000
FIRST: Final = datetime(2026, 1, 1, tzinfo=HANOI)


def test_both_end_clock_hours_at_the_same_moment() -> None:
    """Over all days of 2026, at midnight too; the two share no code."""
    view, calendar, rng = bundled_reference(), SlowCalendar(), random.Random("demo/clock")
    for _ in range(CASES):
        start = FIRST + timedelta(minutes=rng.randrange(60 * 24 * 360))
        if rng.random() < 0.2:
            start = start.replace(hour=0, minute=0)
        value = rng.choice([1, 8, 24, 36, 72])
        found = compute(
            EngineLimit(LimitUnit.CLOCK_HOURS, value),
            History(start),
            view.calendar,
            view.opening("06112"),
        )
        expected = dates_of(start, Limit("clock_hours", value), calendar)
        assert (found.last_day, found.due, found.limit) == expected, f"{start} {value}"
