"""Who hears a rung: no dead ends, and every vacancy is said aloud."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.workflow.core.emissions import Emitter
from services.workflow.core.ladder import LAST_ROLE, Role
from services.workflow.core.model import Gap, Obligation, Subject
from shared.events.codes import PROVINCE
from shared.reference.view import Reference


@dataclass(frozen=True, slots=True)
class Hearers:
    """Who is to hear a rung.

    Attributes:
        role: The role that hears it, which may be a later one than the ladder names.
        persons: Who fills it today: holders, or those who stand in for them.
        vacant: The roles that were passed over because nobody fills them.
    """

    role: str
    persons: tuple[str, ...]
    vacant: tuple[str, ...]


def find_hearers(
    obligation: Obligation, chain: Sequence[Role], reference: Reference, now: datetime
) -> Hearers:
    """Walk the chain of roles until somebody hears.

    The provincial centre ends every chain. If even there nobody is named, the role alone is
    told, and the gap stands open for all to see.
    """
    vacant: list[str] = []
    for role in dict.fromkeys([*chain, LAST_ROLE]):
        persons = holders(obligation, role, reference, now)
        if persons:
            return Hearers(role, persons, tuple(vacant))
        vacant.append(role)
    return Hearers(LAST_ROLE, (), tuple(vacant))


def holders(
    obligation: Obligation, role: str, reference: Reference, now: datetime
) -> tuple[str, ...]:
    """Return who answers for a role today, as far as this obligation is concerned."""
    named = obligation.persons.get(role, ())
    if named:
        present = [stand_in for one in named for stand_in in reference.present(one, now)]
        return tuple(dict.fromkeys(present))
    return reference.roles(unit_of_role(obligation.unit, role), role, now)


def unit_of_role(unit: str, role: str) -> str:
    """Return the unit in whose organisation chart a role stands."""
    return PROVINCE if role == LAST_ROLE else unit


def note_gaps(
    subject: Subject,
    obligation: Obligation,
    vacant: Sequence[str],
    now: datetime,
    emit: Emitter,
) -> None:
    """Open a coverage gap for each role that nobody answers for, once."""
    for role in vacant:
        open_gap(subject, obligation, role, why="vacant", now=now, emit=emit)


def open_gap(
    subject: Subject,
    obligation: Obligation,
    role: str,
    *,
    why: str,
    now: datetime,
    emit: Emitter,
) -> None:
    """Open the gap of a role, unless it is open here already."""
    gap = Gap(unit_of_role(obligation.unit, role), role, why, now)
    if subject.gap(gap.unit, role, unreached=gap.unreached) is None:
        subject.gaps[gap.id] = gap
        emit.gap_opened(obligation, gap)


def close_gaps(subject: Subject, reference: Reference, now: datetime, emit: Emitter) -> None:
    """Close the gaps that somebody fills again, and those that nothing hangs on any more.

    Whether somebody who could not be reached can be reached again only a message shows; their
    gap stays open as long as something is owed here.
    """
    owed = [obligation for obligation in subject.obligations.values() if obligation.open]
    for gap in list(subject.gaps.values()):
        filled = not gap.unreached and any(
            holders(obligation, gap.role, reference, now) for obligation in owed
        )
        if filled or not owed:
            del subject.gaps[gap.id]
            emit.gap_closed(gap, why="filled" if filled else "discharged", at=now)
