"""A subject's story told again, where a fact comes to us after a decision that it was before.

Facts and decisions have one order: intake numbers a subject's facts, and stamps each with the
law that it had applied. A fact that reaches us late, when a later decision has been counted
already, has its place before it. So the story is told from its beginning, and what is stored is
brought to what it comes to. What was told to people stays told, or is withdrawn.
"""

from collections.abc import Sequence

from services.workflow.core.assessment import (
    AssessedCycle,
    Assessment,
    Discharge,
    Retold,
    Suspension,
)
from services.workflow.core.counting import begin, happen, recount, settle_unit
from services.workflow.core.cycles import Occasion
from services.workflow.core.emissions import Emitter
from services.workflow.core.kinds.registry import kinds_of
from services.workflow.core.ladder import BREACH, MOMENTS, PlannedRung
from services.workflow.core.law import law_of, law_when_recorded
from services.workflow.core.model import Cycle, Obligation, Opening, Subject
from services.workflow.core.reconcile import reconcile
from shared.events.envelope import Event
from shared.reference.view import Reference
from shared.subjects.fold import Context


def happen_late(subject: Subject, event: Event, context: Context, emit: Emitter) -> None:
    """Let a fact happen that was recorded before a decision which was counted here already.

    Raises:
        UnfoldableError: the facts contradict each other; nothing has changed then.
    """
    story = tell_again(subject, [*subject.history, event], context.reference)
    occasion = Occasion(
        now=context.now,
        at=event.time,
        recorded=event.recordedtime or context.now,
        reason="correction",
        retold=True,
    )
    subject.history.append(event)
    subject.unit = story.unit
    assessments = [_assessed(one) for one in story.obligations.values()]
    reconcile(
        subject, assessments, occasion, emit, kinds={kind.id for kind in kinds_of(subject.id)}
    )
    settle_unit(subject)


def tell_again(subject: Subject, facts: Sequence[Event], reference: Reference) -> Subject:
    """Return what a subject comes to by its facts and the law alone, as if nobody had looked.

    Raises:
        UnfoldableError: the facts contradict each other.
    """
    story: Subject | None = None
    opening = subject.opening
    for fact in facts:
        law = law_when_recorded(fact, reference)
        if opening is not None and opening.law <= law_of(law):
            story, opening = _opened(subject, opening, story, reference), None
        if story is None:
            story = begin(fact, law)
        elif story.law > law_of(law):
            law = reference.then(story.law)  # Another door of intake was ahead of this one.
        then = Context(fact.recordedtime or fact.time, law)
        if story.law != law_of(law):
            recount(story, then)
        happen(story, fact, law, then, Emitter(story, cause=fact.id, backfill=fact.backfill))
    if opening is not None:
        story = _opened(subject, opening, story, reference)
    assert story is not None, "a story has a fact"
    if story.law < subject.law:
        last = facts[-1]
        then = Context(last.recordedtime or last.time, reference.then(subject.law))
        recount(story, then)
    return story


def _opened(
    subject: Subject, opening: Opening, story: Subject | None, reference: Reference
) -> Subject:
    """Let the calendar bring the subject about, where it did."""
    story = story or Subject(subject.id, subject.unit)
    recount(story, Context(opening.at, reference.then(opening.law)))
    return story


def _assessed(told: Obligation) -> Assessment:
    """Return an obligation of the story as kinds would have said it."""
    lapse = told.lapse
    lapsed = lapse is not None and (told.discharged_at, told.why) == (lapse.at, lapse.why)
    cycles = [cycle for cycle in told.cycles if not cycle.replaced]
    return Assessment(
        id=told.id,
        kind=told.kind,
        unit=told.unit,
        opened_at=told.opened_at,
        cause=told.cause,
        cycles=tuple(_cycle(cycle, lapsed=lapsed and cycle is cycles[-1]) for cycle in cycles),
        due=told.due,
        limit=told.limit,
        index_due=told.index_due,
        limit_missed=told.limit_missed,
        suspended=None
        if told.suspended_since is None
        else Suspension(told.suspended_since, told.cause),
        discharge=None if lapsed else _discharge(told),
        lapse=None if lapse is None else Discharge(lapse.at, "", lapse.why, lapse.in_time),
        no_deadline=told.no_deadline,
        rule=told.rule,
        persons=told.persons,
        about=told.about,
        flags=told.flags,
        ledger=lambda: tuple(told.ledger),
        retold=Retold(told.first_due, told.quiet_until),
    )


def _cycle(told: Cycle, *, lapsed: bool) -> AssessedCycle:
    return AssessedCycle(
        key=told.key,
        opened=told.opened,
        due=told.due,
        limit=told.limit,
        rungs=tuple(
            PlannedRung(rung.rung, rung.at, rung.repeat)
            for rung in told.rungs
            if rung.rung not in MOMENTS
        ),
        ended_at=None if lapsed else told.ended_at,
        ended_why=None if lapsed else told.ended_why,
        can_breach=told.find(BREACH) is not None,
        moved_at=told.moved_at,
        kept=frozenset((rung.rung, rung.repeat) for rung in told.rungs if rung.kept),
    )


def _discharge(told: Obligation) -> Discharge | None:
    if told.discharged_at is None:
        return None
    return Discharge(
        at=told.discharged_at,
        cause=told.cause,
        why=told.why or "",
        in_time=told.in_time,
        by_limit=told.by_limit,
        by_index=told.by_index,
        void=told.void,
    )
