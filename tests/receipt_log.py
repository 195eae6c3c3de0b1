"""The receipt log of a real desk, counted by hand.

It reads the raw file and shares no code with importer, services or contract: the standard
library alone. `python -m tests.receipt_log` prints what it counts.
"""

import gzip
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

ROOT: Final = Path(__file__).resolve().parents[1]
LOG: Final = Path(os.environ.get("MOTCUA_REAL_LOG", ROOT / "../shared/data/receipt.xes.gz"))
MISSING: Final = not LOG.exists() and "CI" not in os.environ
"""Whether to skip what needs the log. Never in CI, where a log that is missing is a failure."""

WHY_MISSING: Final = f"there is no {LOG}: set MOTCUA_REAL_LOG"
_XES: Final = "{http://www.xes-standard.org/}"


@dataclass
class Counted:
    """What the raw file says.

    Attributes:
        events: The events of the log itself, without those that columns of a dossier become.
        after_end: Dossiers with an event later than their end.
        end_before_first: Dossiers whose end is before their first event.
        per_dossier: How many events each dossier becomes: its acceptance, its events, its end.
    """

    dossiers: int = 0
    events: int = 0
    ended: int = 0
    on_time: int = 0
    late: int = 0
    after_end: set[str] = field(default_factory=set)
    end_before_first: set[str] = field(default_factory=set)
    per_dossier: Counter[str] = field(default_factory=Counter)


def traces() -> Iterator[tuple[dict[str, str], list[datetime]]]:
    """Read the log: each dossier's own fields, and the moments of its events."""
    with gzip.open(LOG) as file:
        root = ET.parse(file).getroot()  # noqa: S314 -- Our own file.
    for trace in root.findall(f"{_XES}trace"):
        own = {
            str(one.get("key")): str(one.get("value"))
            for one in trace
            if one.tag != f"{_XES}event"
        }
        moments = [
            datetime.fromisoformat(str(one.get("value")))
            for event in trace.findall(f"{_XES}event")
            for one in event
            if one.get("key") == "time:timestamp"
        ]
        yield own, moments


def count_by_hand() -> Counted:
    """Read the log once, plainly, and count."""
    counted = Counted()
    for own, moments in traces():
        name = own["concept:name"]
        counted.dossiers += 1
        counted.events += len(moments)
        counted.per_dossier[name] = len(moments) + 1
        if "enddate" not in own:
            continue
        end = datetime.fromisoformat(own["enddate"])
        counted.per_dossier[name] += 1
        counted.ended += 1
        if end <= datetime.fromisoformat(own["deadline"]):
            counted.on_time += 1
        else:
            counted.late += 1
        if any(moment > end for moment in moments):
            counted.after_end.add(name)
        if all(moment > end for moment in moments):
            counted.end_before_first.add(name)
    return counted


def _main() -> None:
    counted = count_by_hand()
    shown = {
        "dossiers": counted.dossiers,
        "events": counted.events,
        "ended": counted.ended,
        "on_time": counted.on_time,
        "late": counted.late,
        "with_events_after_their_end": len(counted.after_end),
        "ended_before_their_first_event": len(counted.end_before_first),
    }
    sys.stdout.write(json.dumps(shown, indent=1) + "\n")


if __name__ == "__main__":
    _main()
