"""A limit that passed before a wait opened stays missed, whatever follows (decision 0043)."""

import random
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.calendar.late_waits import late_case
from tests.property.calendar.oracle import solve
from tests.property.calendar.test_against_oracle import CALENDAR, ask_engine
from tests.property.calendar.worlds import OPENINGS
from tests.receipt_log import MISSING, WHY_MISSING, traces

SHARDS: Final = 4
CASES_EACH: Final = 500
RARE_MIN: Final = 10
LOG_SHIFT: Final = timedelta(weeks=52 * 15)
"""From the years of the real log to those of the calendar, weekday by weekday."""
seeds = st.integers(0, 10**9)


def drawn(seed: object) -> tuple[dict[str, Any], str]:
    """Draw a case and the office where it is asked."""
    rng = random.Random(f"late/{seed}")
    opening = rng.choice(list(OPENINGS))
    return late_case(rng, CALENDAR, opening, last_year=2029), opening


@pytest.mark.parametrize("shard", range(SHARDS))
def test_engine_and_oracle_agree_on_waits_around_the_limit(shard: int) -> None:
    """Every date, and whether a limit was missed, as counting day by day has it."""
    met: Counter[str] = Counter()
    for number in range(CASES_EACH):
        case, opening = drawn(f"{shard}/{number}")
        expected = solve(case, CALENDAR, OPENINGS[opening])
        answered = ask_engine(case, opening)
        assert {name: answered.get(name) for name in expected} == expected, (opening, case)
        missed = expected.get("limit_missed") is not None
        flagged = "request_after_limit" in answered.get("flags", ())
        assert flagged == missed, (opening, case)
        met["missed" if missed else "kept"] += 1
        met["missed and open"] += missed and case["waits"][-1]["received"] is None
        met["missed and brought"] += missed and case["waits"][-1]["received"] is not None
        met[case["limit"]["unit"]] += missed
        met[case.get("after_supplement", "restart")] += missed
    assert {name: count for name, count in met.items() if count < RARE_MIN} == {}


@given(seeds, st.integers(0, 20_000))
@settings(max_examples=150)
def test_no_later_wait_cures_a_missed_limit(seed: int, later_min: int) -> None:
    """Another supplement after it moves dates, and the same limit stays missed."""
    case, opening = drawn(seed)
    found = ask_engine(case, opening)
    last = case["waits"][-1] if case["waits"] else None
    if found.get("limit_missed") is None or last is None or last["received"] is None:
        return
    asked = datetime.fromisoformat(last["received"]) + timedelta(minutes=later_min)
    again = {"requested": asked.isoformat(), "proven": asked.isoformat(), "received": None}
    more = ask_engine({**case, "waits": [*case["waits"], again]}, opening)
    if "error" not in more:
        assert more["limit_missed"] == found["limit_missed"]


@given(seeds)
@settings(max_examples=150)
def test_the_index_does_not_ask_when_the_notice_was_proven(seed: int) -> None:
    """The clock of the index has its own waits: what holds here moves none of its dates."""
    case, opening = drawn(seed)
    at_once = [{**wait, "proven": wait["requested"]} for wait in case["waits"]]
    by_proof, by_request = (
        ask_engine(case, opening),
        ask_engine({**case, "waits": at_once}, opening),
    )
    if "error" not in by_proof and "error" not in by_request:
        assert by_proof["index_due"] == by_request["index_due"]
        assert by_proof["index_late"] == by_request["index_late"]


@given(seeds)
@settings(max_examples=150)
def test_a_wait_after_the_limit_suspends_nothing(seed: int) -> None:
    """While it is open, promise and limit stay what they were: both have passed."""
    case, opening = drawn(seed)
    found = ask_engine(case, opening)
    last = case["waits"][-1] if case["waits"] else None
    if "error" in found or last is None or last["received"] is not None:
        return
    before = ask_engine({**case, "waits": case["waits"][:-1]}, opening)
    opened = last["proven"] and datetime.fromisoformat(last["proven"])
    if opened and opened > datetime.fromisoformat(before["limit"]):
        assert not found["suspended"]
        assert (found["due"], found["limit"]) == (before["due"], before["limit"])


def waited(own: dict[str, str], moments: list[datetime]) -> dict[str, Any] | None:
    """Return a case of the real log, its longest gap taken for the wait; None without one."""
    start, end = (datetime.fromisoformat(own[name]) for name in ("startdate", "enddate"))
    within = sorted({one for one in moments if start <= one <= end})
    gaps = [(later - earlier, earlier, later) for earlier, later in pairwise(within)]
    if not gaps:
        return None
    _, asked, brought = max(gaps)
    days = (datetime.fromisoformat(own["deadline"]).date() - start.date()).days
    requested = (asked + LOG_SHIFT).isoformat()
    wait = {
        "requested": requested,
        "proven": requested,
        "received": (brought + LOG_SHIFT).isoformat(),
    }
    return {
        "from": (start + LOG_SHIFT).isoformat(),
        "limit": {"unit": "calendar_days", "value": max(days, 1)},
        "waits": [wait],
    }


@pytest.mark.skipif(MISSING, reason=WHY_MISSING)
def test_so_many_of_the_real_log_were_on_time_by_their_last_cycle_alone() -> None:
    """The log has moments and limits, and no supplement requests: a gap is taken for one."""
    counted: Counter[str] = Counter()
    for own, moments in traces():
        case = waited(own, moments) if "enddate" in own else None
        if case is None:
            continue
        found = ask_engine(case, "default")
        ended = datetime.fromisoformat(own["enddate"]) + LOG_SHIFT
        assert (
            found["limit_missed"] == solve(case, CALENDAR, OPENINGS["default"])["limit_missed"]
        )
        kept = ended <= datetime.fromisoformat(found["limit"])
        counted["with a wait"] += 1
        counted["cured before"] += kept and found["limit_missed"] is not None
    assert counted == {"with a wait": 1_205, "cured before": 28}
