"""Recipients of an escalation level: it only moves on, and each role passed over is named."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.workflow.core.emissions import Emitter
from services.workflow.core.ladder import LAST_ROLE, Role
from services.workflow.core.model import (
    UNREACHABLE,
    Cycle,
    Gap,
    Obligation,
    RungState,
    Subject,
)
from shared.events.answers import NoticeUndeliverable
from shared.events.codes import PROVINCE
from shared.reference.view import Reference

VACANT: Final = "vacant"
"""Why a role is passed over: nobody holds it today, and nobody stands in."""


@dataclass(frozen=True, slots=True)
class Hearers:
    """Who is to hear a rung.

    Attributes:
        role: The role that hears it, which may be a later one than the ladder names.
        persons: Who fills it today: holders, or those who stand in for them.
        passed_over: The roles before it that get no alert, and why: `vacant`, or `unreachable`
            where no channel reached any of the persons who hold the role.
    """

    role: str
    persons: tuple[str, ...]
    passed_over: Mapping[str, str]


def find_hearers(
    obligation: Obligation,
    chain: Sequence[Role],
    reference: Reference,
    now: datetime,
    unreached: Collection[str] = (),
) -> Hearers:
    """Return the first role of a chain that somebody holds whom a channel may reach.

    The provincial centre ends every chain. If nobody is found even there, the role alone is
    the recipient, and its gap stays open for all to see.

    Args:
        obligation: The obligation, which may name persons of its own for a role.
        chain: The roles, in the order in which they are asked.
        reference: Who holds which role.
        now: The time by which the law runs.
        unreached: Persons whom no channel reached with this level: they get it no more.
    """
    passed_over: dict[str, str] = {}
    for role in dict.fromkeys([*chain, LAST_ROLE]):
        held_by = holders(obligation, role, reference, now)
        persons = tuple(person for person in held_by if person not in unreached)
        if persons:
            return Hearers(role, persons, passed_over)
        passed_over[role] = UNREACHABLE if held_by else VACANT
    return Hearers(LAST_ROLE, (), passed_over)


def unreached_persons(
    subject: Subject, obligation: Obligation, cycle: Cycle, rung: RungState
) -> frozenset[str]:
    """Return the persons whom no channel reached with a level of a cycle, or its reminders."""
    numbers = {cycle.number, rung.told_in}
    return frozenset(
        failed.person
        for failed in (event.data for event in subject.history)
        if isinstance(failed, NoticeUndeliverable)
        and failed.person is not None
        and (failed.obligation, failed.rung) == (obligation.id, rung.rung)
        and failed.cycle in numbers
    )


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
    passed_over: Mapping[str, str],
    now: datetime,
    emit: Emitter,
) -> None:
    """Open a coverage gap for each role that was passed over, once."""
    for role, why in passed_over.items():
        open_gap(subject, obligation, role, why=why, now=now, emit=emit)


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
