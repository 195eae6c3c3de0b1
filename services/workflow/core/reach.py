"""Whether every rung of every ladder has somebody to hear it: the whole of it, for one unit.

A handler is named by each dossier, and whether a message reaches a person only notifications
know; this is about the seats that the organisation chart has.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.workflow.core.emissions import Emitter
from services.workflow.core.kinds.registry import KINDS
from services.workflow.core.ladder import LAST_ROLE, Ladder, Role
from services.workflow.core.model import Gap, Subject
from services.workflow.core.roles import unit_of_role
from shared.events.codes import PROVINCE, matter_subject
from shared.reference.view import Reference

NAMED_ELSEWHERE: Final = frozenset({"handler"})
"""Roles that each dossier or matter names for itself."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A role of a unit, and who fills it today.

    Attributes:
        unit: The unit in whose organisation chart it stands.
        role: The role.
        persons: Its holders, or those who stand in for them.
        why: Why nobody does: `vacant`, or `on_leave` without a deputy who is there.
    """

    unit: str
    role: str
    persons: tuple[str, ...]
    why: str | None


@dataclass(frozen=True, slots=True)
class Walked:
    """A rung, and who would hear it today.

    Attributes:
        kind: The kind of obligation.
        rung: The rung.
        role: Whose it is.
        heard_by: The role that would hear it; None: nobody at all.
        persons: Who that is.
    """

    kind: str
    rung: str
    role: str
    heard_by: str | None
    persons: tuple[str, ...]


def coverage_subject(unit: str) -> str:
    """Name the matter on which the gaps of a unit's seats stand."""
    return matter_subject(unit, "coverage", "ladder")


def seats(unit: str, reference: Reference, now: datetime) -> tuple[Seat, ...]:
    """Return every seat that a ladder asks for in a unit."""
    asked = dict.fromkeys(
        rung.role for ladder in _ladders() for rung in ladder.rungs if _is_of(unit, rung.role)
    )
    if unit == PROVINCE:
        asked[LAST_ROLE] = None
    return tuple(_seat(unit, role, reference, now) for role in asked)


def walk(unit: str, reference: Reference, now: datetime) -> Iterator[Walked]:
    """Yield each rung of each kind, and who would hear it in a unit today."""
    for kind in KINDS.values():
        for rung in kind.ladder.rungs:
            chain = [
                role for role in kind.ladder.roles_from(rung.id) if role not in NAMED_ELSEWHERE
            ]
            heard = (_seat(unit_of_role(unit, role), role, reference, now) for role in chain)
            found = next((seat for seat in heard if seat.persons), None)
            yield Walked(
                kind.id,
                rung.id,
                rung.role,
                None if found is None else found.role,
                () if found is None else found.persons,
            )


def check(subject: Subject, reference: Reference, now: datetime, emit: Emitter) -> bool:
    """Open and close the gaps of a unit's seats; say whether anything changed."""
    before = dict(subject.gaps)
    found = {
        f"{seat.unit}:{seat.role}": seat
        for seat in seats(subject.unit, reference, now)
        if seat.why is not None
    }
    for name, seat in found.items():
        if name not in before:
            gap = Gap(seat.unit, seat.role, seat.why or "", now)
            subject.gaps[name] = gap
            emit.gap_opened(None, gap)
    for name, gap in before.items():
        if name not in found:
            del subject.gaps[name]
            emit.gap_closed(gap, why="filled", at=now)
    return subject.gaps != before


def _ladders() -> Iterator[Ladder]:
    for kind in KINDS.values():
        yield kind.ladder
        yield from kind.ladders.values()


def _is_of(unit: str, role: Role) -> bool:
    return role not in NAMED_ELSEWHERE and (role == LAST_ROLE) == (unit == PROVINCE)


def _seat(unit: str, role: str, reference: Reference, now: datetime) -> Seat:
    persons = reference.roles(unit, role, now)
    if persons:
        return Seat(unit, role, persons, None)
    named = reference.named(unit, role, now)
    return Seat(unit, role, (), "on_leave" if named else "vacant")
