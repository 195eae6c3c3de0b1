"""One event into one subject: facts, then what they say, then the difference."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from services.workflow.core.acknowledge import acknowledge, reroute
from services.workflow.core.climb import Sweep, cause_of_sweep, climb
from services.workflow.core.counting import begin, happen, has_begun, ladder_of, recount
from services.workflow.core.emissions import Emitter
from services.workflow.core.gathering import close_incidents, tell
from services.workflow.core.incident import Hanging, Incidents
from services.workflow.core.kinds.registry import kinds_of
from services.workflow.core.late import with_event
from services.workflow.core.law import law_of, law_when_recorded
from services.workflow.core.model import Opening, Subject
from services.workflow.core.reach import is_coverage, note_unreached
from services.workflow.core.retell import happen_late
from services.workflow.core.roles import close_gaps
from shared.events.answers import NoticeUndeliverable, ObligationAcknowledged
from shared.events.envelope import Event
from shared.events.progress import LATE_WAIT
from shared.subjects.fold import Context, Emission, Folded

NONE: Final = Incidents()
NEVER: Final[Mapping[str, datetime]] = MappingProxyType({})


def fold(state: Subject | None, event: Event, context: Context) -> Folded[Subject]:
    """Fold one event into its subject.

    It is judged by the law that it was recorded under. Where that has changed since the last
    event the change comes first; where a later change was counted here before the event came,
    the story is told again.

    Raises:
        UnfoldableError: the facts contradict each other, so no date can be given.
    """
    law = law_when_recorded(event, context.reference)
    subject = begin(event, law) if state is None else state
    emissions: list[Emission] = []
    emit = Emitter(subject, cause=event.id, backfill=event.backfill)
    if law_of(law) < subject.law:
        happen_late(subject, event, context, emit)
    else:
        if subject.law != law_of(law):
            emissions.extend(recount(subject, Context(context.now, law)))
        happen(subject, event, law, context, emit)
    subject.recordings = with_event(subject.recordings, event, context.now)
    subject.asked.pop(event.id, None)
    _answer(subject, event, context, emit)
    if subject.incidents:
        close_incidents(subject, event.time, emit)
    if is_coverage(subject.id):
        note_unreached(subject, event.time, context.reference, context.now, emit)
    elif subject.gaps:
        close_gaps(subject, context.reference, context.now, emit)
    return Folded(subject, [*emissions, *emit.emissions])


def sweep(
    subject: Subject,
    context: Context,
    *,
    upto: datetime,
    incomplete_since: datetime | None = None,
    incidents: Incidents = NONE,
    late: Mapping[str, datetime] = NEVER,
    late_wait: timedelta = LATE_WAIT,
) -> Sequence[Emission] | None:
    """Do what time alone has brought about; None if there is nothing."""
    emissions: list[Emission] = []
    if subject.law != law_of(context.reference):
        emissions.extend(recount(subject, context))
    emit = Emitter(subject, cause=cause_of_sweep(subject))
    look = Sweep(
        now=context.now,
        upto=upto,
        reference=context.reference,
        ladder_of=ladder_of,
        incomplete_since=incomplete_since,
        incidents=incidents,
        late=late,
        late_wait=late_wait,
    )
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
    emit = Emitter(subject, cause=cause_of_sweep(subject))
    tell(subject, hanging, common, context.reference, context.now, emit)
    return emit.emissions or None


def open_by_calendar(
    subject_id: str, unit: str, context: Context
) -> tuple[Subject, Sequence[Emission]]:
    """Begin a subject that the calendar brings about, before anything happened in it."""
    opening = Opening(context.now, law_of(context.reference))
    subject = Subject(subject_id, unit, opening=opening)
    return subject, recount(subject, context)


def is_under_way(subject: Subject, now: datetime) -> bool:
    """Say whether something of it has begun that no change of the calendar touches any more."""
    kinds = (kind for kind in kinds_of(subject.id) if kind.begun_stay)
    return any(has_begun(subject, kind, now) for kind in kinds)


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
