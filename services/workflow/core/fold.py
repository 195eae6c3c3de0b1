"""One event into one subject: facts, then what they say, then the difference."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from services.workflow.core.acknowledge import acknowledge, reroute
from services.workflow.core.assessment import Assessment
from services.workflow.core.climb import Sweep, climb
from services.workflow.core.cycles import Occasion
from services.workflow.core.emissions import Emitter
from services.workflow.core.facts import CORRECTED, Begun, Facts, Printed, gather
from services.workflow.core.gathering import close_incidents, tell
from services.workflow.core.incident import Hanging, Incidents
from services.workflow.core.kinds.kind import Kind
from services.workflow.core.kinds.registry import KINDS, PERSONS, kinds_of, watching
from services.workflow.core.ladder import Ladder
from services.workflow.core.law import changes_since, law_of
from services.workflow.core.model import Obligation, Subject
from services.workflow.core.reach import is_coverage, note_unreached
from services.workflow.core.reconcile import reconcile
from services.workflow.core.roles import close_gaps
from shared.calendar.errors import InvalidHistoryError
from shared.events.answers import NoticeUndeliverable, ObligationAcknowledged
from shared.events.codes import is_matter
from shared.events.envelope import Event
from shared.reference.view import Reference
from shared.subjects.errors import UnfoldableError
from shared.subjects.fold import Context, Emission, Folded

NONE: Final = Incidents()


def fold(state: Subject | None, event: Event, context: Context) -> Folded[Subject]:
    """Fold one event into its subject.

    Raises:
        UnfoldableError: the facts contradict each other, so no date can be given.
    """
    subject = state or Subject(event.subject, _unit(event), law=law_of(context.reference))
    emissions: list[Emission] = []
    if subject.law != law_of(context.reference):
        # The calendar moved before this event was applied: it is judged by what then held.
        emissions.extend(recount(subject, context))
    correction = event.name.endswith(CORRECTED)
    kinds = kinds_of(event.subject) if correction else _concerned(subject, event)
    unit = subject.unit if is_matter(event.subject) else event.competentunit or subject.unit
    emit = Emitter(subject, cause=event.id, backfill=event.backfill)
    assessments: Sequence[Assessment] = ()
    if kinds:  # Before anything is changed, since it may refuse.
        printed = {} if correction else _printed(subject)
        past, running = [*subject.history, event], _running(subject, context.now)
        facts = gather(event.subject, unit, past, printed, running)
        assessments = _assess(facts, kinds, context.reference)
    subject.history.append(event)
    subject.asked.pop(event.id, None)
    subject.unit = unit
    if kinds:
        occasion = Occasion(
            now=context.now,
            at=event.time,
            recorded=event.recordedtime or context.now,
            reason="correction" if correction else "event",
            quiet=event.backfill,
        )
        reconcile(subject, assessments, occasion, emit, kinds={kind.id for kind in kinds})
    if subject.obligations and not is_matter(subject.id):
        # The deadline comes first, and knows where a dossier was moved to.
        subject.unit = next(iter(subject.obligations.values())).unit
    if event.name in PERSONS:
        _name_persons(subject, PERSONS[event.name](subject.history))
    _answer(subject, event, context, emit)
    if subject.incidents:
        close_incidents(subject, event.time, emit)
    if is_coverage(subject.id):
        note_unreached(subject, event.time, context.reference, context.now, emit)
    elif subject.gaps:
        close_gaps(subject, context.reference, context.now, emit)
    return Folded(subject, [*emissions, *emit.emissions])


def recount(subject: Subject, context: Context) -> Sequence[Emission]:
    """Count a subject's open obligations anew under the law as it is now.

    What has begun and stays, and what was due before, is judged by the moment of the first
    decision that is new here, however late we look: a session that began between the decision
    and this look was voided before it began, and a rung of that time is told, late.
    """
    reference = context.reference
    changes = changes_since(
        reference, subject.law, unit=subject.unit, procedure=_procedure(subject)
    )
    decided = min([context.now, *(change.at for change in changes)])
    kinds = [
        kind
        for kind in kinds_of(subject.id)
        if not kind.begun_stay or not _begun(subject, kind, decided)
    ]
    facts = gather(
        subject.id,
        subject.unit,
        subject.history,
        _printed(subject),
        _running(subject, decided),
    )
    counted_before = bool(subject.law and changes)
    cause = changes[-1].event if counted_before else f"reference:{law_of(reference)}"
    reason = changes[-1].reason if counted_before else "calendar"
    emit = Emitter(subject, cause=cause)
    since = decided if counted_before else context.now
    occasion = Occasion(context.now, since, since, reason=reason)
    assessments = _assess(facts, kinds, reference)
    reconcile(subject, assessments, occasion, emit, kinds={kind.id for kind in kinds})
    subject.law = law_of(reference)
    return emit.emissions


def sweep(
    subject: Subject,
    context: Context,
    *,
    upto: datetime,
    incomplete_since: datetime | None = None,
    incidents: Incidents = NONE,
) -> Sequence[Emission] | None:
    """Do what time alone has brought about; None if there is nothing."""
    emissions: list[Emission] = []
    if subject.law != law_of(context.reference):
        emissions.extend(recount(subject, context))
    emit = Emitter(subject, cause=f"sweep:{subject.id}")
    look = Sweep(context.now, upto, context.reference, ladder_of, incomplete_since, incidents)
    changed = climb(subject, look, emit)
    if changed:
        subject.adopted.clear()  # The rebuild is over: sweeps begin after it.
    emissions.extend(emit.emissions)
    return emissions if changed or emissions else None


def tell_incidents(
    subject: Subject,
    hanging: Mapping[str, Sequence[Hanging]],
    common: Collection[str],
    context: Context,
) -> Sequence[Emission] | None:
    """Tell what hangs on the incidents of a matter; None if there is nothing new to tell."""
    emit = Emitter(subject, cause=f"sweep:{subject.id}")
    tell(subject, hanging, common, context.reference, context.now, emit)
    return emit.emissions or None


def open_by_calendar(
    subject_id: str, unit: str, context: Context
) -> tuple[Subject, Sequence[Emission]]:
    """Begin a subject that the calendar brings about, before anything happened in it."""
    subject = Subject(subject_id, unit)
    return subject, recount(subject, context)


def has_begun(subject: Subject, now: datetime) -> bool:
    """Say whether something of it has begun that no change of the calendar touches any more."""
    kinds = (kind for kind in kinds_of(subject.id) if kind.begun_stay)
    return any(_begun(subject, kind, now) for kind in kinds)


def ladder_of(obligation: Obligation) -> Ladder:
    """Return the ladder of an obligation: its field's own, or else its kind's."""
    return KINDS[obligation.kind].ladder_for(obligation.about.get("field"))


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


def _name_persons(subject: Subject, persons: Mapping[str, tuple[str, ...]]) -> None:
    """Say who holds a role here; it moves no date, so nothing is counted."""
    for obligation in subject.obligations.values():
        if obligation.open:
            obligation.persons = {**obligation.persons, **persons}


def _assess(facts: Facts, kinds: Sequence[Kind], reference: Reference) -> list[Assessment]:
    try:
        return [found for kind in kinds for found in kind.assess(facts, reference)]
    except InvalidHistoryError as error:
        raise UnfoldableError(f"{error.rule} at {error.path}") from error


def _answer(subject: Subject, event: Event, context: Context, emit: Emitter) -> None:
    """Take what people and messages answer."""
    match event.data:
        case ObligationAcknowledged(obligation=name):
            known = subject.obligations.get(name)
            ladder = None if known is None else ladder_of(known)
            acknowledge(subject, event, ladder, context.reference, emit)
        case NoticeUndeliverable(obligation=str(name)):
            known = subject.obligations.get(name)
            ladder = None if known is None else ladder_of(known)
            reroute(subject, event, ladder, context.reference, context.now, emit)


def _begun(subject: Subject, kind: Kind, now: datetime) -> bool:
    return any(
        obligation.kind == kind.id and obligation.opened_at <= now
        for obligation in subject.obligations.values()
    )


def _running(subject: Subject, now: datetime) -> Begun:
    """Return the sessions that have begun; they keep their hours."""
    return {
        ob.id: (ob.opened_at, ob.lapse.at)
        for ob in subject.obligations.values()
        if KINDS[ob.kind].begun_stay
        and ob.lapse is not None
        and not ob.void
        and ob.opened_at <= now
    }


def _procedure(subject: Subject) -> str | None:
    about = (ob.about.get("procedure") for ob in subject.obligations.values())
    return next((procedure for procedure in about if procedure is not None), None)


def _printed(subject: Subject) -> Printed:
    """Return the promises that run now; what facts move may move, the calendar may not."""
    running = ((ob.id, ob.cycle) for ob in subject.obligations.values() if ob.open)
    return {
        obligation: (cycle.key, cycle.due)
        for obligation, cycle in running
        if cycle is not None and cycle.due is not None
    }


def _unit(event: Event) -> str:
    if is_matter(event.subject):
        return event.subject.split("/", 1)[0]
    return event.competentunit or event.receivingunit or ""
