"""Adding working days: at most 1 µs, and flat in how many."""

import timeit
from collections.abc import Callable
from datetime import date
from typing import Final

from shared.calendar.vectors.engine import calendar_of
from tests.bench.measuring import Rounds, Say, table
from tests.property.calendar.worlds import fixture

Call = Callable[[date, int], object]

CALLS: Final = 100_000
ROUNDS: Final = 5
COUNTS: Final = (1, 10, 100, 1_000)
BAR_US: Final = 1.0
FIRST: Final = date(2024, 3, 1)
"""A thousand working days from here are four years, within the years of the test calendar."""


def measure(say: Say) -> None:
    """Time the shipped call with one day and with a thousand, beside one that does nothing."""
    calendar = calendar_of(fixture())
    calls: dict[str, tuple[Call, int]] = {
        f"{count:,} days": (calendar.add_working_days, count) for count in COUNTS
    }
    calls["an empty call"] = (_nothing, 1)
    rounds = {name: Rounds() for name in calls}
    for _ in range(ROUNDS):
        for name, (call, count) in calls.items():
            known = {"call": call, "day": FIRST, "count": count}
            seconds = timeit.timeit("call(day, count)", globals=known, number=CALLS)
            rounds[name].add(seconds / CALLS * 1e6)
    few, many = (rounds[f"{count:,} days"].median for count in (COUNTS[0], COUNTS[-1]))
    rows = [(name, f"{found.text(3)} µs") for name, found in rounds.items()]
    rows.append(
        (f"{COUNTS[-1]:,} days / 1 day", f"{many / few:.2f}   (bar: flat; ≤ {BAR_US} µs)")
    )
    table("Adding working days", rows, say)


def _nothing(_day: date, _count: int) -> None:
    return None
