"""The engine against the oracle: thousands of procedures and instants over 2024 to 2030."""

import os
import random
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from shared.calendar.cases import outcome, parse_case
from shared.calendar.days import DeadlineCalendar
from shared.calendar.deadline import compute
from shared.calendar.errors import DateOutsideCalendarError, RefusedInputError
from shared.calendar.opening import OpeningHours
from shared.calendar.shares import moment_at_share
from shared.calendar.vectors.engine import calendar_of, opening_of
from tests.property.calendar.oracle import moment_of_share, solve
from tests.property.calendar.worlds import OPENINGS, fixture, random_case

# 5,000 in every run; the nightly tier asks for 100,000.
PAIRS = int(os.environ.get("MOTCUA_ORACLE_PAIRS", "6000"))
SHARDS = 8
CALENDAR = fixture()


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


@pytest.mark.parametrize("shard", range(SHARDS))
def test_engine_and_oracle_agree(shard: int) -> None:
    """Every date that the engine gives is the one that counting day by day gives."""
    for number in range(PAIRS // SHARDS):
        seed = f"deadlines/{shard}/{number}"
        rng = random.Random(seed)
        case, opening = random_case(rng), rng.choice(list(OPENINGS))
        expected = solve(case, CALENDAR, OPENINGS[opening])
        answered = ask_engine(case, opening)
        got = {name: answered.get(name) for name in expected}
        assert got == expected, f"{seed} {opening}: {case}"


def test_shares_agree_with_watching_the_count_grow() -> None:
    """The moment at which a share is used is where the oracle's count first reaches it."""
    rng = random.Random("shares")
    for _ in range(1000):
        case, opening = random_case(rng, last_year=2029), rng.choice(list(OPENINGS))
        case.pop("waits", None)
        share = rng.choice([Fraction(1, 2), Fraction(4, 5), Fraction(1, 3), Fraction(1)])
        parsed = parse_case(case)
        deadline = compute(parsed.limit, parsed.history, *engine_calendars(opening))
        moment = moment_at_share(deadline, share)
        assert moment is not None
        expected = moment_of_share(case, CALENDAR, OPENINGS[opening], share)
        assert moment.isoformat() == expected, f"{opening} {share}: {case}"
