"""Random cases whose waits open around the end of the limit, by either clock."""

import random
from datetime import date, datetime, timedelta
from typing import Any, Final

from tests.property.calendar.oracle import solve
from tests.property.calendar.worlds import CLOCK_LIMITS, LIMITS, OPENINGS, random_instant

Json = dict[str, Any]
AROUND_MIN: Final = (-600, -90, -1, 0, 1, 30, 400, 1_500, 6_000)
"""Minutes from the limit to the moment at which a wait opens."""

UNTIL_PROVEN_MIN: Final = (0, 0, 30, 600, 3_000)
UNTIL_BROUGHT_MIN: Final = (0, 1, 240, 1_440, 9_000)


def late_case(rng: random.Random, calendar: Json, opening: str, *, last_year: int) -> Json:
    """Draw a case with one to three waits, each placed around the limit that then holds."""
    counted = [one for one in (*LIMITS, *CLOCK_LIMITS) if one["unit"] != "given"]
    limit = dict(rng.choice(counted))
    start = random_instant(rng, date(2024, 1, 1), date(last_year, 8, 31))
    case: Json = {"from": start.isoformat(), "limit": limit, "waits": []}
    if rng.random() < 0.3:
        case["after_supplement"] = rng.choice(["restart", "subtract"])
    for _ in range(rng.choice([1, 1, 2, 3])):
        ends = solve(case, calendar, OPENINGS[opening]).get("limit")
        if ends is None or any(each["received"] is None for each in case["waits"]):
            break  # Past the calendar, or in a wait that is still open.
        case["waits"].append(_wait(rng, case, datetime.fromisoformat(ends)))
    return case


def _wait(rng: random.Random, case: Json, ends: datetime) -> Json:
    """Draw a wait: requested, proven and brought at moments around the end of the limit."""
    earlier = [each["received"] for each in case["waits"]] or [case["from"]]
    first = max(datetime.fromisoformat(text) for text in earlier)
    opens = max(ends + timedelta(minutes=rng.choice(AROUND_MIN)), first)
    requested = max(opens - timedelta(minutes=rng.choice(UNTIL_PROVEN_MIN)), first)
    brought = opens + timedelta(minutes=rng.choice(UNTIL_BROUGHT_MIN))
    open_still = rng.random() < 0.2
    return {
        "requested": requested.isoformat(),
        "proven": None if rng.random() < 0.15 else opens.isoformat(),
        "received": None if open_still else brought.isoformat(),
    }
