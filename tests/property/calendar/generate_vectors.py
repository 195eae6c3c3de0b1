"""Writes the published vectors: `python -m tests.property.calendar.generate_vectors`.

The expectations of the random cases are the oracle's, never the engine's.
"""

import json
import random
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from tests.property.calendar.handwritten import HANDWRITTEN, Vector
from tests.property.calendar.handwritten_calendar import HANDWRITTEN_CALENDAR
from tests.property.calendar.oracle import solve
from tests.property.calendar.worlds import (
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
BY_HAND: Final[tuple[Vector, ...]] = (*HANDWRITTEN, *HANDWRITTEN_CALENDAR)


def vectors() -> dict[str, Any]:
    """Return the whole document."""
    calendars = {"official": official(), "fixture": fixture()}
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
    cases += _of_2027(calendars["official"])
    for number in range(RANDOM_CASES):
        rng = random.Random(f"vectors/{number}")
        calendar = rng.choice(["official", "fixture", "fixture"])
        opening = rng.choice(list(OPENINGS))
        draw = random_case if number < PLAIN_CASES else dated_case
        case = draw(rng, last_year=2026 if calendar == "official" else 2030)
        expect = solve(case, calendars[calendar], OPENINGS[opening])
        cases.append(
            {
                "name": f"random/{number:04d}",
                "calendar": calendar,
                "opening": opening,
                "case": case,
                "expect": expect,
            }
        )
    return {
        "format": "motcua-deadlines/1",
        "about": "README.md beside this file; the fixture is made up from November 2027 on.",
        "calendars": calendars,
        "openings": OPENINGS,
        "cases": cases,
    }


def _of_2027(calendar: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield random cases from December 2026 on, of which the calendar knows most dates."""
    for number in range(CASES_2027):
        rng = random.Random(f"vectors/2027/{number}")
        opening = rng.choice(list(OPENINGS))
        draw = random_case if number % 3 else dated_case
        case = draw(rng, first=date(2026, 12, 1), last_year=2027)
        yield {
            "name": f"random/2027/{number:04d}",
            "calendar": "official",
            "opening": opening,
            "case": case,
            "expect": solve(case, calendar, OPENINGS[opening]),
        }


def render() -> str:
    """Return the file: one case to a line, so that a change can be read."""
    document = vectors()
    cases = document.pop("cases")
    head = json.dumps(document, ensure_ascii=False, indent=1).removesuffix("\n}")
    lines = ",\n".join("  " + json.dumps(case, ensure_ascii=False) for case in cases)
    return f'{head},\n "cases": [\n{lines}\n ]\n}}\n'


if __name__ == "__main__":
    VECTORS.write_text(render(), encoding="utf-8")
