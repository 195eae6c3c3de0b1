"""What should have come of the simulated outages: rungs of links, what hangs, what is told.

It shares no code with the services: whether something was lost at a moment is looked up in the
list of outages, and whether several communes had lost it is walked in steps of the clock.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from deploy.demo.oracle import ExpectedRung, Stretch, due_of, step_of, told_at
from deploy.demo.province import Outage
from deploy.demo.slow_calendar import CLOSE, HANOI, REFERENCE, SlowCalendar, at

RECONNECT_MINUTES: Final = 4 * 60
SETTLES: Final = timedelta(minutes=15)
UNITS_MIN: Final = 2
"""So many communes must have lost one system, each for so long, for it to be the province's."""

QUARTER: Final = timedelta(minutes=15)
Ladders = Mapping[str, Sequence[Mapping[str, Any]]]
Rung = tuple[str, str, str, datetime]


def systems_of(folder: Path = REFERENCE) -> dict[str, frozenset[str]]:
    """Return what each procedure cannot be settled without, by the catalogue."""
    with (folder / "procedures.csv").open(encoding="utf-8", newline="") as rows:
        return {
            row["procedure"]: frozenset(row["systems"].split()) for row in csv.DictReader(rows)
        }


def link_rungs(
    outages: Iterable[Outage], ladders: Ladders, calendar: SlowCalendar, end: datetime
) -> Iterator[ExpectedRung]:
    """Yield the rungs of the links themselves that fell due before `end`."""
    for one in outages:
        if one.lost > end:
            continue
        due = calendar.after_minutes(one.lost, RECONNECT_MINUTES)
        moments = []
        for rung in ladders["connection"]:
            when = rung["when"]
            from_start = when.get("minutes_from_start")
            minutes = timedelta(minutes=from_start or when.get("minutes_from_due", 0))
            moments.append(((due if from_start is None else one.lost) + minutes, rung["id"]))
        stretch = Stretch(one.lost, one.lost, due.date(), due, None, "opened")
        yield from due_of(one.matter, "connection", stretch, sorted(moments), one.back, end)


@dataclass(frozen=True)
class Hung:
    """A rung that hung on an outage instead of being told by itself."""

    rung: Rung
    outage: Outage
    role: str


def hung_of(
    expected: Iterable[ExpectedRung],
    outages: Sequence[Outage],
    needs: Mapping[str, tuple[str, frozenset[str]]],
    ladders: Ladders,
    calendar: SlowCalendar,
) -> Iterator[Hung]:
    """Yield what hangs: what falls due, and is looked at, while its link is lost.

    Args:
        expected: Every rung that was raised.
        outages: What was lost when.
        needs: By dossier, the unit that owes it, and the systems that it needs.
        ladders: Who hears which rung.
        calendar: The working days.
    """
    by_unit: dict[str, list[Outage]] = {}
    for one in outages:
        by_unit.setdefault(one.unit, []).append(one)
    roles = {
        (kind, rung["id"]): str(rung["role"]) for kind in ladders for rung in ladders[kind]
    }
    for rung in expected:
        role = roles[rung.kind, rung.rung]
        if not rung.raised or role == "handler":
            continue
        look = told_at(rung.at, rung.opened)
        link = rung.obligation == "connection"
        if link and role != "province":
            continue
        unit, systems = needs.get(rung.subject, (rung.subject[:5], frozenset()))
        for one in by_unit.get(unit, ()):
            lasts = one.lost <= rung.at and look <= one.back
            covers = look < at(calendar.step(one.lost.astimezone(HANOI).date(), 1), CLOSE)
            own = rung.subject == one.matter and shared(one.system, outages, look)
            if lasts and covers and (own if link else one.system in systems):
                key = (rung.subject, rung.obligation, rung.rung, rung.at)
                yield Hung(key, one, role)
                break


def lost_at(system: str, outages: Iterable[Outage], moment: datetime) -> list[Outage]:
    """Return who had lost a system at a step; what comes back then is back after it."""
    return [one for one in outages if one.system == system and one.lost < moment <= one.back]


def shared(system: str, outages: Sequence[Outage], moment: datetime) -> bool:
    """Say whether a system is the province's at a step: it became so, and is not over."""
    step = moment
    while lost := lost_at(system, outages, step):
        if len({one.unit for one in lost if one.lost + SETTLES <= step}) >= UNITS_MIN:
            return True
        step -= QUARTER
    return False


def told_of(
    hung: Iterable[Hung], outages: Sequence[Outage], end: datetime
) -> Counter[tuple[str, ...]]:
    """Return what was said of incidents: that each is there, that it is over, of which units.

    A commune's is told if something hangs on it that its own people would have heard; the
    province's, once several have lost the system.
    """
    told: Counter[tuple[str, ...]] = Counter()
    for one in {
        each.outage
        for each in hung
        if each.role != "province"
        or not shared(each.outage.system, outages, step_of(each.rung[3]))
    }:
        told["opened", one.matter] += 1
        told["closed", one.matter] += one.back <= end
    for system in sorted({one.system for one in outages}):
        for began, over in _stretches(system, outages):
            if began > end:
                continue
            units = {
                one.unit
                for one in outages
                if one.system == system and one.lost < over and one.back >= began
            }
            told["opened", f"20/connection/{system}"] += 1
            told["closed", f"20/connection/{system}", *sorted(units)] += over <= end
    return +told


def _stretches(system: str, outages: Sequence[Outage]) -> Iterator[tuple[datetime, datetime]]:
    """Yield when a system became the province's, and when everybody had it again."""
    own = [one for one in outages if one.system == system]
    if not own:
        return
    step = step_of(min(one.lost for one in own).astimezone(UTC))
    last = max(one.back for one in own)
    began: datetime | None = None
    while step <= last + QUARTER:
        if began is None and shared(system, own, step):
            began = step
        if began is not None and not lost_at(system, own, step):
            yield began, max(one.back for one in own if one.back < step)
            began = None
        step += QUARTER
