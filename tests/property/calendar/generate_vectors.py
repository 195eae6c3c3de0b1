"""Writes the published vectors: `python -m tests.property.calendar.generate_vectors`.

The expectations of the random cases are the oracle's, never the engine's.
"""

import json
import random
from typing import Any

from tests.property.calendar.handwritten import HANDWRITTEN
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
        for name, case, expect in HANDWRITTEN
    ]
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
        "about": "README.md beside this file; the fixture's years from 2027 on are made up.",
        "calendars": calendars,
        "openings": OPENINGS,
        "cases": cases,
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
