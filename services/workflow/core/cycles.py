"""Cycles as they are stored against cycles as the facts have them: which begin, end and move.

A cycle is known by the key of what began it. When its moments change it is replaced by another
one under the same key, and what still holds of it is carried over.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.workflow.core.adopt import take_over
from services.workflow.core.assessment import AssessedCycle, Assessment
from services.workflow.core.emissions import Emitter
from services.workflow.core.ladder import BREACH, BROKEN, MOMENTS
from services.workflow.core.model import Cycle, Obligation, RungState

CARRIED: Final = "carried"
BY_LAW: Final = frozenset({"calendar", "rule"})
"""Reasons that lie in no fact of the subject."""

TOLD: Final = frozenset({"raised", "grouped"})
"""What a rung is that somebody was told of, by itself or with an incident."""

CARRIES: Final = TOLD | {"skipped"}
"""What stays as it was when its stretch goes on with other moments that have passed."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why the facts are looked at again.

    Attributes:
        now: The time by which the law runs.
        at: When what caused this happened.
        recorded: When it was recorded; lateness before that is not ours.
        reason: `event`, `correction`, `calendar`, `rule`: the word for a date that moves.
        quiet: Whether it is imported history, which alarms nobody about what is past.
    """

    now: datetime
    at: datetime
    recorded: datetime
    reason: str = "event"
    quiet: bool = False


def take_cycles(
    obligation: Obligation, assessment: Assessment, occasion: Occasion, emit: Emitter
) -> None:
    """Match stored cycles with assessed ones by their key; number the new ones."""
    keys = {cycle.key for cycle in assessment.cycles}
    for stored in obligation.cycles:
        if not stored.replaced and stored.key not in keys:
            stored.ended_at, stored.ended_why = stored.opened, "struck"
    for cycle in assessment.cycles:
        known = next((c for c in obligation.cycles if c.key == cycle.key), None)
        if known is None:
            _begin(obligation, cycle, occasion, emit, opened=cycle.opened)
        elif _runs_or_is_put_right(known, cycle, occasion) and _moved(known, cycle):
            _move(obligation, known, cycle, occasion, emit)
        else:
            # What has ended keeps the dates it ended under.
            if known.ended_at is not None and cycle.ended_at is None:
                known.known_at = occasion.recorded  # That it runs on is news.
            known.ended_at, known.ended_why = cycle.ended_at, cycle.ended_why


def stand_alike(obligation: Obligation, assessment: Assessment, *, lapsed_at: datetime) -> bool:
    """Say whether all cycles are as the facts have them, the last one until it lapsed."""
    stored = {cycle.key: cycle for cycle in obligation.cycles if not cycle.replaced}
    return stored.keys() == {cycle.key for cycle in assessment.cycles} and all(
        stored[cycle.key].ended_at == (cycle.ended_at or lapsed_at)
        and not _moved(stored[cycle.key], cycle)
        for cycle in assessment.cycles
    )


def _runs_or_is_put_right(known: Cycle, cycle: AssessedCycle, occasion: Occasion) -> bool:
    """Say whether a cycle's dates may still move: it ran until now, or facts are put right."""
    ran = known.ended_at is None or cycle.ended_at is None
    return ran or occasion.reason == "correction"


def _moved(known: Cycle, cycle: AssessedCycle) -> bool:
    if (known.due, known.limit) != (cycle.due, cycle.limit):
        return True
    if (known.find(BREACH) is None) != (_breach_of(cycle) is None):
        return True
    planned = [(r.rung, r.repeat, r.at) for r in known.rungs if r.rung not in MOMENTS]
    return planned != [(r.rung, r.repeat, r.at) for r in cycle.rungs]


def _move(
    obligation: Obligation,
    known: Cycle,
    cycle: AssessedCycle,
    occasion: Occasion,
    emit: Emitter,
) -> None:
    """Replace a cycle by one with other moments, and carry over what still holds of it.

    A rung that was raised stays raised if its new moment had passed too, when the law changed
    or now that facts are put right; if it was still to come, it was raised too early: it is
    withdrawn, and will come again. How late we look at a decision changes none of it.
    """
    by_law = occasion.reason in BY_LAW and known.due is not None
    moved_at = occasion.at if by_law else occasion.now
    opened = max(cycle.opened, occasion.at) if by_law else cycle.opened
    begun = _begin(obligation, cycle, occasion, emit, opened=opened)
    for old in known.rungs:
        new = begun.find(old.rung, old.repeat)
        if old.status == "planned":
            old.status, old.settled_at = "moot", occasion.now
            if new is not None and max(old.at, new.at) <= occasion.at:
                new.why = CARRIED  # It was due already, and nobody had looked yet.
        elif old.status in CARRIES and new is not None and new.at <= moved_at:
            new.status, new.settled_at, new.why = old.status, old.settled_at, CARRIED
            new.role, new.times, new.incident = old.role, old.times, old.incident
        elif old.status in TOLD and old.rung != BROKEN:
            old.status, old.settled_at, old.why = "withdrawn", occasion.now, occasion.reason
            emit.withdrawn(obligation, known, old, why=occasion.reason, now=occasion.now)
    known.ended_at, known.ended_why = known.ended_at or occasion.at, occasion.reason
    # The stretch lives on in the new cycle, under its key.
    known.key = f"{known.key}#{known.number}"


def _begin(
    obligation: Obligation,
    cycle: AssessedCycle,
    occasion: Occasion,
    emit: Emitter,
    *,
    opened: datetime,
) -> Cycle:
    begun = Cycle(
        number=max((c.number for c in obligation.cycles), default=0) + 1,
        key=cycle.key,
        opened=opened,
        due=cycle.due,
        limit=cycle.limit,
        known_at=occasion.recorded,
        ended_at=cycle.ended_at,
        ended_why=cycle.ended_why,
        rungs=[RungState(r.rung, r.at, r.repeat) for r in cycle.rungs],
    )
    breach_at = _breach_of(cycle)
    if breach_at is not None:
        begun.rungs.append(RungState(BREACH, breach_at))
    if emit.subject.adopted:
        for rung in begun.rungs:
            take_over(emit.subject, obligation.id, rung, occasion.now)
            if rung.status == "grouped":
                obligation.relook_at = occasion.now
    obligation.cycles.append(begun)
    return begun


def _breach_of(cycle: AssessedCycle) -> datetime | None:
    """Return the moment at which a cycle is breached; None if it cannot be."""
    return cycle.limit or cycle.due if cycle.can_breach else None


def applies(cycle: Cycle, rung: RungState) -> bool:
    """Say whether a rung is to be raised at all: its moment is after its cycle's beginning.

    One that was due before the cycle's dates moved stays due.
    """
    return rung.at > cycle.opened or rung.why == CARRIED or rung.rung in MOMENTS
