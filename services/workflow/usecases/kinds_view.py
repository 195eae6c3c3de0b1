"""The kinds of obligation as data, for programs that share no code with the engine.

`services/workflow/kinds.json` is the same, committed; the auditor reads that file.
"""

import json
from typing import Any

from services.workflow.core.kinds.kind import Kind, Words
from services.workflow.core.kinds.registry import KINDS
from services.workflow.core.ladder import (
    ClockMinutes,
    FromDue,
    MinutesFromDue,
    MinutesFromStart,
    Rung,
    Share,
    Timing,
)


def kinds_view() -> list[dict[str, Any]]:
    """Return every kind, in the order in which they are listed everywhere."""
    return [_kind(kind) for kind in KINDS.values()]


def kinds_file() -> str:
    """Return the data file of every kind."""
    return json.dumps({"kinds": kinds_view()}, ensure_ascii=False, indent=1) + "\n"


def _kind(kind: Kind) -> dict[str, Any]:
    return {
        "kind": kind.id,
        "names": _words(kind.name),
        "of": kind.of,
        "opened_by": "event" if kind.opens_on is None else "calendar",
        "opens": _words(kind.opens),
        "due": _words(kind.due),
        "pauses": _words(kind.pauses),
        "discharged": _words(kind.discharged),
        "rules": [rule.value for rule in kind.rules],
        "source": {"vi": kind.source.vi, "en": kind.source.en},
        "verified": kind.source.verified,
        "watches": sorted(kind.watches),
        "ladder": [_rung(rung) for rung in kind.ladder.rungs],
        "ladders": {
            field: [_rung(rung) for rung in ladder.rungs]
            for field, ladder in kind.ladders.items()
        },
    }


def _rung(rung: Rung) -> dict[str, Any]:
    return {
        "id": rung.id,
        "when": _when(rung.when),
        "role": rung.role,
        "texts": {"vi": rung.vi, "en": rung.en},
        "statutory": rung.statutory,
        "repeat": None
        if rung.repeat is None
        else {
            "every_working_days": rung.repeat.every_working_days,
            "times_max": rung.repeat.times_max,
        },
    }


def _when(when: Timing) -> dict[str, int]:
    match when:
        case Share(percent):
            return {"share_percent": percent}
        case FromDue(working_days):
            return {"working_days_from_due": working_days}
        case MinutesFromStart(minutes):
            return {"minutes_from_start": minutes}
        case ClockMinutes(minutes):
            return {"clock_minutes": minutes}
        case MinutesFromDue(minutes):
            return {"minutes_from_due": minutes}


def _words(words: Words) -> dict[str, str]:
    return {"vi": words.vi, "en": words.en}


if __name__ == "__main__":
    print(kinds_file(), end="")  # noqa: T201 - this is how the file is written.
