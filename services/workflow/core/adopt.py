"""A rebuild: what was published before is taken over, so that nobody hears it twice.

The facts are folded again from the first, and give the same obligations. What they cannot give
is when we looked: which rungs were told, and which were recorded as skipped. That stands in
what we published.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from services.workflow.core.incident import GATHERED, Told
from services.workflow.core.ladder import BREACH
from services.workflow.core.model import UNREACHABLE, Gap, RungState, RungStatus, Subject
from shared.events.codes import parse_matter
from shared.events.envelope import Event
from shared.events.obligations import (
    CoverageGapClosed,
    CoverageGapOpened,
    IncidentClosed,
    IncidentData,
    ObligationBreached,
    ObligationRungReached,
    ObligationRungSkipped,
)

PUBLISHED: Final = "published"
ADOPTED: Final = "adopted"
RAISED: Final = "raised|"
HUNG: Final = "grouped|"
"""After these stands the cycle under which it was told: a rebuild may number otherwise.

Where somebody was alerted the role follows, and how often the level had been raised before: a
level whose notice then fails goes on from there.
"""


def adopt(subject_id: str, published: Iterable[Event]) -> Subject:
    """Return a subject that knows nothing but what was published of it."""
    subject = Subject(subject_id, "")
    for event in published:
        data = event.data
        subject.unit = getattr(data, "unit", subject.unit)
        subject.adopted[event.id] = PUBLISHED
        match data:
            case ObligationRungReached():
                key = rung_key(data.obligation, data.rung, data.repeat, data.rung_at)
                subject.adopted[key] = _how(data, subject.adopted.get(key, ""))
            case ObligationRungSkipped():
                key = rung_key(data.obligation, data.rung, 0, data.rung_at)
                subject.adopted.setdefault(key, "skipped")
            case IncidentData():
                subject.incidents[data.incident] = _told(
                    data, event, subject.incidents.get(data.incident)
                )
            case CoverageGapOpened(why=why) if _is_of_the_unit(subject_id, why):
                found = Gap(data.unit, data.role, data.why, event.time)
                subject.gaps[found.id] = found
            case CoverageGapClosed():
                subject.gaps.pop(data.gap, None)
            case ObligationBreached():
                key = rung_key(data.obligation, BREACH, 0, data.at)
                subject.adopted[key] = f"{RAISED}{data.cycle}"
    return subject


def _is_of_the_unit(subject_id: str, why: str) -> bool:
    """Say whether a gap stands by itself: an empty seat, which the walk of a night found.

    A dossier's are found again with its rungs, and roles that no message reaches with what
    notifications said of them.
    """
    matter = parse_matter(subject_id)
    return matter is not None and matter.kind == "coverage" and why != UNREACHABLE


def rung_key(obligation: str, rung: str, repeat: int, at: datetime) -> str:
    """Name a rung by its moment: a rebuild may number cycles otherwise than they came."""
    return f"{obligation}|{rung}|{repeat}|{at.timestamp():.6f}"


def take_over(subject: Subject, obligation: str, rung: RungState, now: datetime) -> bool:
    """Settle a rung as it was settled before the rebuild; say whether it was."""
    how = subject.adopted.get(rung_key(obligation, rung.rung, rung.repeat, rung.at))
    if how is None:
        return False
    status: RungStatus = "skipped"
    if how.startswith(RAISED):
        status = "raised"
        _, cycle, *alerted = how.split("|")
        rung.told_in = int(cycle)
        if alerted:
            rung.role, rung.times = alerted[0], int(alerted[1])
    elif how.startswith(HUNG):
        status = "grouped"
        _, rung.role, rung.incident, cycle = how.split("|")
        rung.told_in = int(cycle)
    rung.status, rung.settled_at, rung.why = status, now, ADOPTED
    return True


def _how(data: ObligationRungReached, before: str) -> str:
    if data.incident is None:
        times = int(before.rpartition("|")[2]) + 1 if before.startswith(RAISED) else 0
        return f"{RAISED}{data.cycle}|{data.role}|{times}"
    return f"{HUNG}{data.role}|{data.incident}|{data.cycle}"


def _told(data: IncidentData, event: Event, before: Told | None) -> Told:
    return Told(
        incident=data.incident,
        cause=data.cause,
        system=data.system,
        since=data.since,
        at=event.time,
        times=1 if before is None else before.times + 1,
        # Which role heard of which dossier is not published: nobody hears of one twice.
        heard=tuple((role, one) for role in sorted(GATHERED) for one in data.subjects),
        count=data.obligations_count,
        over=isinstance(data, IncidentClosed),
        units=data.units or (),
    )
