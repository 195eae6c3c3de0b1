"""Writes the published vectors: `python -m tests.property.calendar.generate_vectors`.

The expectations of the random cases are the oracle's, never the engine's.
"""

import json
import random
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any, Final

from tests.property.calendar.handwritten import HANDWRITTEN, Vector
from tests.property.calendar.handwritten_breach import HANDWRITTEN_BREACH
from tests.property.calendar.handwritten_calendar import HANDWRITTEN_CALENDAR
from tests.property.calendar.handwritten_clock import HANDWRITTEN_CLOCK
from tests.property.calendar.late_waits import late_case
from tests.property.calendar.oracle import solve
from tests.property.calendar.worlds import (
    CLOCK_LIMITS,
    OPENINGS,
    ROOT,
    dated_case,
    fixture,
    official,
    random_case,
)

VECTORS = ROOT / "shared" / "calendar" / "vectors" / "deadlines.json"
PLAIN_CASES = 1_200
RANDOM_CASES = 1_500
"""Those after the plain ones have new dates, or begin at another commune."""
CASES_2027 = 120
"""Of 2027 by the official calendar; every third has new dates or another commune."""
CLOCK_CASES = 150
"""Random ones of limits that run day and night; every third has new dates."""
BREACH_CASES = 100
"""Those whose waits open around the end of the limit."""
BY_HAND: Final[tuple[Vector, ...]] = (
    *HANDWRITTEN,
    *HANDWRITTEN_CALENDAR,
    *HANDWRITTEN_CLOCK,
    *HANDWRITTEN_BREACH,
)


@cache
def calendars() -> dict[str, Any]:
    """Return the calendars that the vectors are asked by."""
    return {"official": official(), "fixture": fixture()}


def vectors() -> dict[str, Any]:
    """Return the whole document."""
    cases: list[dict[str, Any]] = [
        {
            "name": name,
            "calendar": "official",
            "opening": "default",
            "case": case,
            "expect": expect,
        }
        for name, case, expect in BY_HAND
    ]
    cases += _of_2027()
    for number in range(RANDOM_CASES):
        rng = random.Random(f"vectors/{number}")
        calendar = rng.choice(["official", "fixture", "fixture"])
        opening = rng.choice(list(OPENINGS))
        draw = random_case if number < PLAIN_CASES else dated_case
        case = draw(rng, last_year=2026 if calendar == "official" else 2030)
        cases.append(_random(f"random/{number:04d}", calendar, opening, case))
    cases += [_by_clock(number) for number in range(CLOCK_CASES)]
    cases += [_late(number) for number in range(BREACH_CASES)]
    return {
        "format": "motcua-deadlines/1",
        "about": "README.md beside this file; the fixture is made up from November 2027 on.",
        "calendars": calendars(),
        "openings": OPENINGS,
        "cases": cases,
    }


def _of_2027() -> Iterator[dict[str, Any]]:
    """Yield random cases from December 2026 on, of which the calendar knows most dates."""
    for number in range(CASES_2027):
        rng = random.Random(f"vectors/2027/{number}")
        opening = rng.choice(list(OPENINGS))
        draw = random_case if number % 3 else dated_case
        case = draw(rng, first=date(2026, 12, 1), last_year=2027)
        yield _random(f"random/2027/{number:04d}", "official", opening, case)


def _random(name: str, calendar: str, opening: str, case: dict[str, Any]) -> dict[str, Any]:
    """Return a vector whose expectation is the oracle's."""
    expect = solve(case, calendars()[calendar], OPENINGS[opening])
    return {
        "name": name,
        "calendar": calendar,
        "opening": opening,
        "case": case,
        "expect": expect,
    }


def _by_clock(number: int) -> dict[str, Any]:
    rng = random.Random(f"vectors/clock/{number}")
    draw = dated_case if number % 3 == 0 else random_case
    case = draw(rng, last_year=2030, limits=CLOCK_LIMITS)
    opening = rng.choice(list(OPENINGS))
    return _random(f"random-clock/{number:04d}", "fixture", opening, case)


def _late(number: int) -> dict[str, Any]:
    """Return a random vector of waits around the limit."""
    rng = random.Random(f"vectors/breach/{number}")
    name, opening = rng.choice(["official", "fixture"]), rng.choice(list(OPENINGS))
    year = 2026 if name == "official" else 2030
    case = late_case(rng, calendars()[name], opening, last_year=year)
    return _random(f"breach/{number:03d}", name, opening, case)


def render() -> str:
    """Return the file: one case to a line, so that a change can be read."""
    document = vectors()
    cases = document.pop("cases")
    head = json.dumps(document, ensure_ascii=False, indent=1).removesuffix("\n}")
    lines = ",\n".join("  " + json.dumps(case, ensure_ascii=False) for case in cases)
    return f'{head},\n "cases": [\n{lines}\n ]\n}}\n'


if __name__ == "__main__":
    VECTORS.write_text(render(), encoding="utf-8")
