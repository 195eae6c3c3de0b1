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
STRUCK: Final = "struck"
BY_LAW: Final = frozenset({"calendar", "rule"})
"""Reasons that lie in no fact of the subject."""

TOLD: Final = frozenset({"raised", "grouped"})
"""What a rung is that somebody was told of, by itself or with an incident."""

OVERTAKEN: Final = frozenset({"overtaken", CARRIED})
"""Why a reminder was passed over in silence: a later one was due, in this cycle or before."""

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
        retold: Whether the whole story was told again, the law's decisions in their places.
    """

    now: datetime
    at: datetime
    recorded: datetime
    reason: str = "event"
    quiet: bool = False
    retold: bool = False


def take_cycles(
    obligation: Obligation, assessment: Assessment, occasion: Occasion, emit: Emitter
) -> None:
    """Match stored cycles with assessed ones by their key; number the new ones."""
    keys = {cycle.key for cycle in assessment.cycles}
    for stored in obligation.cycles:
        if not stored.replaced and stored.key not in keys:
            stored.ended_at, stored.ended_why = stored.opened, STRUCK
    for cycle in assessment.cycles:
        known = next((c for c in obligation.cycles if c.key == cycle.key), None)
        if known is None:
            _begin(obligation, cycle, occasion, emit)
        elif _runs_or_is_put_right(known, cycle, occasion) and _moved(known, cycle):
            _move(obligation, known, cycle, occasion, emit)
        else:
            _go_on(known, cycle, occasion)


def _go_on(known: Cycle, cycle: AssessedCycle, occasion: Occasion) -> None:
    """Let a cycle go on with the moments that it has; what has ended keeps its dates."""
    if known.ended_at is not None and cycle.ended_at is None:
        known.known_at = occasion.recorded  # That it runs on is news.
    if _runs_or_is_put_right(known, cycle, occasion):
        known.opened = cycle.opened
    known.ended_at, known.ended_why = cycle.ended_at, cycle.ended_why
    if occasion.retold:
        _keep(known, cycle)


def stand_alike(obligation: Obligation, assessment: Assessment, *, lapsed_at: datetime) -> bool:
    """Say whether all cycles are as the facts have them, the last one until it lapsed."""
    stored = {
        cycle.key: cycle
        for cycle in obligation.cycles
        if not cycle.replaced and not _is_struck(cycle)
    }
    return stored.keys() == {cycle.key for cycle in assessment.cycles} and all(
        stored[cycle.key].ended_at == (cycle.ended_at or lapsed_at)
        and stored[cycle.key].opened == cycle.opened
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

    A rung that was told stays told if it is due by its new moment too, and that had passed when
    the law changed, or now that facts are put right; else it was told too early, or in vain: it
    is withdrawn, and comes again if it is still to come. What was due when the law changed, by
    the old dates and by the new, stays due, told or not. How late we look changes none of it.
    """
    by_law = occasion.reason in BY_LAW and known.due is not None
    begun = _begin(obligation, cycle, occasion, emit)
    if by_law:
        begun.moved_at = occasion.at
        for rung in begun.rungs:
            rung.kept = _was_due(known, rung, occasion.at)
    passed = occasion.at if by_law else occasion.now
    for old in known.rungs:
        new = begun.find(old.rung, old.repeat)
        if old.status == "planned":
            old.status, old.settled_at = "moot", occasion.now
        elif _stays(old) and new is not None and new.at <= passed and applies(begun, new):
            new.status, new.settled_at, new.why = old.status, old.settled_at, CARRIED
            new.role, new.times, new.incident = old.role, old.times, old.incident
            new.told_in = old.told_in or known.number
        elif old.status in TOLD and old.rung != BROKEN:
            old.status, old.settled_at, old.why = "withdrawn", occasion.now, occasion.reason
            emit.withdrawn(obligation, known, old, why=occasion.reason, now=occasion.now)
    known.ended_at, known.ended_why = known.ended_at or occasion.at, occasion.reason
    # The stretch lives on in the new cycle, under its key.
    known.key = f"{known.key}#{known.number}"


def _stays(old: RungState) -> bool:
    """Return whether a level stays as it was: raised, skipped, or a reminder passed over."""
    overtaken = old.status == "moot" and old.repeat > 0 and old.why in OVERTAKEN
    return old.status in CARRIES or overtaken


def _was_due(known: Cycle, rung: RungState, at: datetime) -> bool:
    """Say whether a rung was due at a moment, by the moment that it had and the one it has."""
    before = known.find(rung.rung, rung.repeat)
    return before is not None and max(before.at, rung.at) <= at and counts(known, before)


def _begin(
    obligation: Obligation,
    cycle: AssessedCycle,
    occasion: Occasion,
    emit: Emitter,
) -> Cycle:
    begun = Cycle(
        number=max((c.number for c in obligation.cycles), default=0) + 1,
        key=cycle.key,
        opened=cycle.opened,
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
    _keep(begun, cycle)
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


def _keep(known: Cycle, cycle: AssessedCycle) -> None:
    """Take over what the law's decisions have left due, as the story was told again."""
    known.moved_at = cycle.moved_at
    for rung in known.rungs:
        rung.kept = (rung.rung, rung.repeat) in cycle.kept


def applies(cycle: Cycle, rung: RungState) -> bool:
    """Say whether a rung is due at all: its moment is after its cycle's beginning.

    Nor is it due for a moment before the law gave it that moment, unless it was due before.
    """
    if rung.rung in MOMENTS:
        return True
    since = cycle.opened if cycle.moved_at is None else max(cycle.opened, cycle.moved_at)
    return rung.at > since or (rung.kept and rung.at > cycle.opened)


def is_over(cycle: Cycle, rung: RungState) -> bool:
    """Say whether a cycle ended before a rung's moment, or is no more."""
    if cycle.ended_at is None:
        return False
    return rung.at >= cycle.ended_at or _is_struck(cycle)


def counts(cycle: Cycle, rung: RungState) -> bool:
    """Say whether a rung is due by what is known, told already, still to come or passed over.

    It follows from the facts and the law alone: not from when anybody looked.
    """
    return applies(cycle, rung) and not is_over(cycle, rung)


def _is_struck(cycle: Cycle) -> bool:
    return cycle.ended_at == cycle.opened and cycle.ended_why in BY_LAW | {STRUCK}
