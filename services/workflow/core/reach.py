"""Whether every rung of every ladder has somebody to hear it: the whole of it, for one unit.

A handler is named by each dossier; this is about the seats that the organisation chart has.
Whether a message reaches whoever sits there only notifications know, and say.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from services.workflow.core.emissions import Emitter
from services.workflow.core.kinds.registry import KINDS
from services.workflow.core.ladder import LAST_ROLE, UPWARD, Ladder, Role
from services.workflow.core.model import UNREACHABLE, Gap, Subject
from services.workflow.core.roles import unit_of_role
from shared.events.centres import CoverageReachChecked
from shared.events.codes import PROVINCE, matter_subject, parse_matter
from shared.events.history import effective
from shared.reference.units import Units
from shared.reference.view import Reference

COVERAGE: Final = "coverage"
"""The kind of matter on which it stands whether a unit's ladder is heard."""

VACANT: Final = "vacant"
"""Why a seat is empty: nobody holds it."""

ON_LEAVE: Final = "on_leave"
"""Why a seat is empty: its holders are away, and nobody who is there stands in."""

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


def coverage_subject(unit: str, units: Units) -> str:
    """Name the matter on which the gaps of a unit's seats stand; it keeps its first name."""
    return matter_subject(units.first_name(unit), COVERAGE, "ladder")


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
    """Open and close the gaps of a unit's empty seats; say whether anything changed."""
    before = {(gap.unit, gap.role): gap for gap in subject.gaps.values() if not gap.unreached}
    changed = False
    found = {
        (seat.unit, seat.role): seat
        for seat in seats(subject.unit, reference, now)
        if seat.why is not None
    }
    for name, seat in found.items():
        if name not in before:
            gap = Gap(seat.unit, seat.role, seat.why or "", now)
            subject.gaps[gap.id], changed = gap, True
            emit.gap_opened(None, gap)
    for name, gap in before.items():
        if name not in found:
            del subject.gaps[gap.id]
            changed = True
            emit.gap_closed(gap, why="filled", at=now)
    return changed


def is_coverage(subject_id: str) -> bool:
    """Say whether a subject is the matter of a unit's ladder."""
    matter = parse_matter(subject_id)
    return matter is not None and matter.kind == COVERAGE


def note_unreached(
    subject: Subject, at: datetime, reference: Reference, now: datetime, emit: Emitter
) -> None:
    """Open and close the gaps of roles that no channel reaches, by what was said of them last.

    Who can be reached notifications alone know; they say it of the whole unit at once, so the
    last word replaces all before it. Empty seats are not its business, nor it theirs.

    Args:
        subject: The matter of a unit's ladder, with everything that was said in it.
        at: When it was said.
        reference: Who holds which role.
        now: The time by which the law runs.
        emit: Takes what follows.
    """
    found = _last_word(subject)
    for gap in [gap for gap in subject.gaps.values() if gap.unreached]:
        if gap.role not in found:
            del subject.gaps[gap.id]
            held = reference.roles(gap.unit, gap.role, now)
            emit.gap_closed(gap, why="reached" if held else VACANT, at=at)
    for role, reasons in found.items():
        known = subject.gap(subject.unit, role, unreached=True)
        if known is not None:
            subject.gaps[known.id] = replace(known, reasons=reasons)
            continue
        gap = Gap(subject.unit, role, UNREACHABLE, at, reasons)
        subject.gaps[gap.id] = gap
        heard_by, persons = _next_reached(subject.unit, role, found, reference, now)
        emit.gap_opened(None, gap, heard_by=heard_by, persons=persons)


def _last_word(subject: Subject) -> Mapping[str, tuple[str, ...]]:
    """Return the roles that no channel reaches, and why, as it holds after corrections."""
    said = [
        event.data
        for event in effective([*subject.history])
        if isinstance(event.data, CoverageReachChecked)
    ]
    return {one.role: one.reasons for one in said[-1].unreached} if said else {}


def _next_reached(
    unit: str,
    role: str,
    unreached: Collection[str],
    reference: Reference,
    now: datetime,
) -> tuple[Role, tuple[str, ...]]:
    """Return the next role upward that a channel reaches, and who that is.

    The provincial centre ends every chain: if nothing reaches even it, the inbox keeps
    the message, and the gap stands open where operators look.
    """
    for above in UPWARD[UPWARD.index(role) + 1 :] if role in UPWARD else ():
        persons = reference.roles(unit_of_role(unit, above), above, now)
        if persons and above not in unreached:
            return above, persons
    return LAST_ROLE, reference.roles(PROVINCE, LAST_ROLE, now)


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
    return Seat(unit, role, (), ON_LEAVE if named else VACANT)
