"""The engine against the oracle: thousands of procedures and instants over 2024 to 2030.

The 6,000 pairs of every run are the first of the 100,000 of the nightly tier.
"""

import random
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any, Final

import pytest

from shared.calendar.cases import outcome, parse_case
from shared.calendar.days import DeadlineCalendar
from shared.calendar.deadline import compute
from shared.calendar.errors import DateOutsideCalendarError, RefusedInputError
from shared.calendar.opening import OpeningHours
from shared.calendar.shares import moment_at_share
from shared.calendar.vectors.engine import calendar_of, opening_of
from tests.property.calendar.oracle import moment_of_share, solve
from tests.property.calendar.worlds import (
    CLOCK_LIMITS,
    LIMITS,
    OPENINGS,
    dated_case,
    fixture,
    random_case,
)

PAIRS_EACH: Final = 500
SHARDS: Final = 12
CLOCK_SHARDS: Final = 4
NIGHTLY_SHARDS: Final = 200
CHOICES: Final = ("cutoff", "roll", "promise_at", "after_hours", "outside_opening")
CALENDAR = fixture()
Pair = tuple[dict[str, Any], str]
"""A case, and the office where it is asked."""


@cache
def engine_calendars(opening: str) -> tuple[DeadlineCalendar, OpeningHours]:
    """Build the engine's tables once for each office."""
    calendar = calendar_of(CALENDAR)
    return calendar, opening_of(OPENINGS[opening], calendar)


def ask_engine(case: dict[str, Any], opening: str) -> dict[str, Any]:
    """Answer a case as the vectors have it."""
    try:
        parsed = parse_case(case)
        return outcome(compute(parsed.limit, parsed.history, *engine_calendars(opening)))
    except RefusedInputError as refused:
        return {"error": refused.rule}
    except DateOutsideCalendarError:
        return {"error": "outside-calendar"}


def drawn(seed: str) -> Pair:
    """Draw a pair, and the office where it is asked."""
    rng = random.Random(seed)
    draw = dated_case if rng.random() < 0.4 else random_case
    return draw(rng), rng.choice(list(OPENINGS))


def drawn_by_clock(seed: str) -> Pair:
    """Draw a pair of a limit that runs day and night."""
    rng = random.Random(seed)
    draw = dated_case if rng.random() < 0.4 else random_case
    return draw(rng, limits=CLOCK_LIMITS), rng.choice(list(OPENINGS))


def compare(
    shard: int,
    name: str = "deadlines",
    draw: Callable[[str], Pair] = drawn,
) -> Counter[str]:
    """Compare one shard's pairs; return how many were of which class."""
    met: Counter[str] = Counter()
    for number in range(PAIRS_EACH):
        seed = f"{name}/{shard}/{number}"
        case, opening = draw(seed)
        expected = solve(case, CALENDAR, OPENINGS[opening])
        answered = ask_engine(case, opening)
        got = {name: answered.get(name) for name in expected}
        assert got == expected, f"{seed} {opening}: {case}"
        met.update(classes(case, opening, expected))
    return met


def classes(case: dict[str, Any], opening: str, answer: dict[str, Any]) -> list[str]:
    """Say what a pair is an example of."""
    waits, limit = case.get("waits") or [], case["limit"]
    return [
        limit["unit"],
        f"{limit['unit']} with {min(len(waits), 3)} waits",
        f"{limit['unit']} {case.get('after_supplement', 'restart')}",
        f"{limit['unit']} at {opening}",
        f"year {case['from'][:4]}",
        *(name for name in ("accepted", "extensions") if name in case),
        *(name for name in ("error", "suspended", "index_late") if answer.get(name)),
        *(f"{name} {limit[name]}" for name in CHOICES if name in limit),
        *(["both clocks differ"] if answer.get("due") != answer.get("index_due") else []),
        *(["promise moved"] if _moved(case, answer) else []),
    ]


def _moved(case: dict[str, Any], answer: dict[str, Any]) -> bool:
    without = {name: value for name, value in case.items() if name != "extensions"}
    if without == case or answer.get("due") is None:
        return False
    return bool(ask_engine(without, "default").get("due") != ask_engine(case, "default")["due"])


@pytest.mark.parametrize("shard", range(SHARDS))
def test_engine_and_oracle_agree(shard: int) -> None:
    """Every date that the engine gives is the one that counting day by day gives."""
    assert compare(shard).total() >= PAIRS_EACH


@pytest.mark.parametrize("shard", range(CLOCK_SHARDS))
def test_engine_and_oracle_agree_by_the_clock(shard: int) -> None:
    """A limit that runs day and night ends where the oracle's clock shows it."""
    met = compare(shard, "clock", drawn_by_clock)
    rare = (
        *(f"clock_hours with {number} waits" for number in range(4)),
        *(f"clock_hours {after}" for after in ("restart", "subtract")),
        *(f"clock_hours at {opening}" for opening in OPENINGS),
        *("roll none", "outside_opening next_opening", "after_hours next_session"),
        *("accepted", "extensions", "suspended", "both clocks differ", "promise moved"),
    )
    assert [name for name in rare if not met[name]] == []


@pytest.mark.nightly
@pytest.mark.timeout(3_600)
def test_engine_and_oracle_agree_a_hundred_thousand_times() -> None:
    """Units, clocks, waits, new dates, seasons, Saturdays and cut-offs are all met often."""
    met = sum((compare(shard) for shard in range(NIGHTLY_SHARDS)), Counter[str]())
    units = ("same_day", "hours", "half_days", "working_days", "calendar_days")
    assert sum(met[unit] for unit in (*units, "given")) == PAIRS_EACH * NIGHTLY_SHARDS
    rare = {
        name: met[name]
        for name in (
            *(f"{unit} with {number} waits" for unit in units for number in range(4)),
            *(f"{unit} {after}" for unit in units for after in ("restart", "subtract")),
            *(f"{unit} at {opening}" for unit in units for opening in OPENINGS),
            *(f"year {year}" for year in range(2024, 2031)),
            *("accepted", "extensions", "error", "suspended", "index_late"),
            *("cutoff 14:00", "roll none", "promise_at same_clock_hour"),
            *("both clocks differ", "promise moved"),
        )
        if met[name] < PAIRS_EACH
    }
    assert rare == {}


def test_shares_agree_with_watching_the_count_grow() -> None:
    """The moment at which a share is used is where the oracle's count first reaches it."""
    rng = random.Random("shares")
    for _ in range(1000):
        limits = (*LIMITS, *CLOCK_LIMITS)
        case = random_case(rng, last_year=2029, limits=limits)
        opening = rng.choice(list(OPENINGS))
        case.pop("waits", None)
        share = rng.choice([Fraction(1, 2), Fraction(4, 5), Fraction(1, 3), Fraction(1)])
        parsed = parse_case(case)
        deadline = compute(parsed.limit, parsed.history, *engine_calendars(opening))
        moment = moment_at_share(deadline, share)
        assert moment is not None
        expected = moment_of_share(case, CALENDAR, OPENINGS[opening], share)
        assert moment.isoformat() == expected, f"{opening} {share}: {case}"
