"""Adding working days: at most 1 µs, and flat in how many."""

import timeit
from collections.abc import Callable
from datetime import date
from typing import Final

from deploy.reference.load import bundled_reference
from tests.bench.measuring import Rounds, Say, table

Call = Callable[[date, int], object]

CALLS: Final = 100_000
ROUNDS: Final = 5
COUNTS: Final = (5, 200)
BAR_US: Final = 1.0


def measure(say: Say) -> None:
    """Time the shipped call with a few days and with many, beside a call that does nothing."""
    calendar = bundled_reference().calendar
    day = date(2026, 1, 5)
    calls: dict[str, tuple[Call, int]] = {
        f"{count} days": (calendar.add_working_days, count) for count in COUNTS
    }
    calls["an empty call"] = (_nothing, 5)
    rounds = {name: Rounds() for name in calls}
    for _ in range(ROUNDS):
        for name, (call, count) in calls.items():
            known = {"call": call, "day": day, "count": count}
            seconds = timeit.timeit("call(day, count)", globals=known, number=CALLS)
            rounds[name].add(seconds / CALLS * 1e6)
    few, many = (rounds[f"{count} days"].median for count in COUNTS)
    rows = [(name, f"{found.text(3)} µs") for name, found in rounds.items()]
    rows.append(("200 days / 5 days", f"{many / few:.2f}   (bar: flat; ≤ {BAR_US} µs)"))
    table("Adding working days", rows, say)


def _nothing(_day: date, _count: int) -> None:
    return None
