"""What a subject owes, brought on by one fact or by one decision on the law."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from services.workflow.core.assessment import Assessment
from services.workflow.core.climb import Sweep, lapse, lapsing
from services.workflow.core.cycles import Occasion
from services.workflow.core.emissions import Emitter
from services.workflow.core.facts import CORRECTED, Begun, Facts, Printed, gather, is_late
from services.workflow.core.kinds.kind import Kind
from services.workflow.core.kinds.registry import KINDS, PERSONS, kinds_of, watching
from services.workflow.core.ladder import Ladder
from services.workflow.core.law import changes_since, law_of
from services.workflow.core.model import Obligation, Subject
from services.workflow.core.reconcile import reconcile
from shared.calendar.errors import InvalidHistoryError
from shared.events.codes import PROVINCE, is_matter
from shared.events.dossiers import DossierMoved
from shared.events.envelope import Event
from shared.events.progress import LATE_WAIT_MAX
from shared.reference.proposals import LawChange
from shared.reference.view import Reference
from shared.subjects.errors import UnfoldableError
from shared.subjects.fold import Context, Emission


def begin(event: Event, law: Reference) -> Subject:
    """Return the subject that its first fact begins."""
    if is_matter(event.subject):
        unit = law.current(event.subject.split("/", 1)[0])
    else:
        unit = event.competentunit or event.receivingunit or ""
    return Subject(event.subject, unit, law=law_of(law))


def happen(
    subject: Subject, event: Event, law: Reference, context: Context, emit: Emitter
) -> None:
    """Let one fact happen in a subject, under the law that it was recorded under.

    What ends by itself has ended first, if it was to end before the fact was recorded: however
    late we look, an ended session keeps what it ended under. A dossier's event that is recorded
    after what happened later puts the history right, as a correction does.

    Raises:
        UnfoldableError: the facts contradict each other; nothing has changed then.
    """
    recorded = event.recordedtime or context.now
    correction = event.name.endswith(CORRECTED)
    kinds = kinds_of(event.subject) if correction else _concerned(subject, event)
    puts_right = correction or (bool(kinds) and is_late(event, subject.history))
    unit = subject.unit if is_matter(event.subject) else event.competentunit or subject.unit
    printed = {} if puts_right else printed_in(subject)
    past = [*subject.history, event]
    assessments: Sequence[Assessment] = ()
    if kinds:  # Before anything is changed, since it may refuse.
        facts = gather(event.subject, unit, past, printed, _running(subject, recorded))
        assessments = _assess(facts, kinds, law)
    _end_lapsed(subject, recorded, context, emit)
    subject.history.append(event)
    subject.unit = unit
    if kinds:
        occasion = Occasion(
            now=context.now,
            at=event.time,
            recorded=recorded,
            reason="correction" if puts_right else "event",
            quiet=event.backfill,
        )
        reconcile(subject, assessments, occasion, emit, kinds={kind.id for kind in kinds})
    settle_unit(subject)
    if event.name in PERSONS:
        _name_persons(subject, PERSONS[event.name](subject.history), recorded)


def settle_unit(subject: Subject) -> None:
    """Let a dossier belong to the unit that owes its deadline: it knows where it was moved."""
    if subject.obligations and not is_matter(subject.id):
        subject.unit = next(iter(subject.obligations.values())).unit  # The deadline is first.


def recount(subject: Subject, context: Context) -> Sequence[Emission]:
    """Count a subject's open obligations anew under the law as it is now.

    One decision after the other, each by its own moment, however late we look: what had begun
    by then stays, and what was due before stays due. A session that began between a decision
    and this look was voided before it began, and a rung of that time is told, late.
    """
    reference = context.reference
    changes: Sequence[LawChange] = ()
    if subject.law:
        changes = changes_since(
            reference, subject.law, units=_units_of(subject), procedure=_procedure(subject)
        )
    emissions: list[Emission] = []
    for number, change in enumerate(changes, start=1):
        # The last one stands for those after it too, which are none of this subject's.
        law = reference if number == len(changes) else reference.then(change.version)
        emit = Emitter(subject, cause=change.event)
        _count_under(subject, law, context, emit, reason=change.reason, at=change.at)
        emissions.extend(emit.emissions)
    if not changes:
        emit = Emitter(subject, cause=f"reference:{law_of(reference)}")
        _count_under(subject, reference, context, emit, reason="calendar", at=context.now)
        emissions.extend(emit.emissions)
    subject.law = law_of(reference)
    return emissions


def _count_under(
    subject: Subject,
    law: Reference,
    context: Context,
    emit: Emitter,
    *,
    reason: str,
    at: datetime,
) -> None:
    _end_lapsed(subject, at, context, emit)
    kinds = [
        kind
        for kind in kinds_of(subject.id)
        if not kind.begun_stay or not has_begun(subject, kind, at)
    ]
    running = _running(subject, at)
    facts = gather(subject.id, subject.unit, subject.history, printed_in(subject), running)
    assessments = _assess(facts, kinds, law)
    occasion = Occasion(context.now, at, at, reason=reason)
    reconcile(subject, assessments, occasion, emit, kinds={kind.id for kind in kinds})


def _end_lapsed(subject: Subject, moment: datetime, context: Context, emit: Emitter) -> None:
    """End the obligations that had ended by themselves before a moment.

    Whatever may wait is left to the next sweep, which knows whether it still has to.
    """
    ended = lapsing(subject, moment)
    if ended:
        look = Sweep(context.now, moment, context.reference, ladder_of, late_wait=LATE_WAIT_MAX)
        lapse(subject, ended, look, emit)


def ladder_of(obligation: Obligation) -> Ladder:
    """Return the ladder of an obligation: its field's own, or else its kind's."""
    return KINDS[obligation.kind].ladder_for(obligation.about.get("field"))


def has_begun(subject: Subject, kind: Kind, at: datetime) -> bool:
    """Say whether an obligation of a kind had begun by a moment."""
    return any(
        obligation.kind == kind.id and obligation.opened_at <= at
        for obligation in subject.obligations.values()
    )


def printed_in(subject: Subject) -> Printed:
    """Return the promises that run now; what facts move may move, the calendar may not."""
    running = ((ob.id, ob.cycle) for ob in subject.obligations.values() if ob.open)
    return {
        obligation: (cycle.key, cycle.due)
        for obligation, cycle in running
        if cycle is not None and cycle.due is not None
    }


def _concerned(subject: Subject, event: Event) -> Sequence[Kind]:
    """Return the kinds of which an event can change what is owed."""
    return [kind for kind in watching(subject.id, event.name) if _is_news(kind, subject, event)]


def _is_news(kind: Kind, subject: Subject, event: Event) -> bool:
    if kind.begins_with and event.name not in kind.begins_with:
        owed = any(each.kind == kind.id for each in subject.obligations.values())
        if not owed and not any(map(subject.history.knows, kind.begins_with)):
            return False
    known = kind.idle_after.get(event.name)
    return known is None or not subject.history.knows(known)


def _name_persons(
    subject: Subject, persons: Mapping[str, tuple[str, ...]], recorded: datetime
) -> None:
    """Say who holds a role here; it moves no date, so nothing is counted.

    What ended by itself after that was recorded was still owed: a sweep looked ahead.
    """
    for obligation in subject.obligations.values():
        lapse = obligation.lapse
        ahead = lapse is not None and obligation.discharged_at == lapse.at >= recorded
        if obligation.open or ahead:
            obligation.persons = {**obligation.persons, **persons}


def _assess(facts: Facts, kinds: Sequence[Kind], reference: Reference) -> list[Assessment]:
    try:
        return [found for kind in kinds for found in kind.assess(facts, reference)]
    except InvalidHistoryError as error:
        raise UnfoldableError(f"{error.rule} at {error.path}") from error


def _running(subject: Subject, at: datetime) -> Begun:
    """Return the sessions that have begun; they keep their hours."""
    return {
        ob.id: (ob.opened_at, ob.lapse.at)
        for ob in subject.obligations.values()
        if KINDS[ob.kind].begun_stay
        and ob.lapse is not None
        and not ob.void
        and ob.opened_at <= at
    }


def _procedure(subject: Subject) -> str | None:
    about = (ob.about.get("procedure") for ob in subject.obligations.values())
    return next((procedure for procedure in about if procedure is not None), None)


def _units_of(subject: Subject) -> Collection[str]:
    """Return the units whose hours or rules can count here."""
    return {subject.unit, PROVINCE, *_named_units(subject.history)}


def _named_units(history: Iterable[Event]) -> Iterator[str]:
    for event in history:
        for unit in (event.receivingunit, event.competentunit):
            if unit is not None:
                yield unit
        if isinstance(event.data, DossierMoved):
            yield event.data.to_unit
