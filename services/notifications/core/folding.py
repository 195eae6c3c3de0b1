"""One event into what is known of its subject, and the notices that follow.

Dossiers and obligations are two streams of one subject. They may be interleaved in any way;
the notices that come out are the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from services.notifications.core.cause import Cause, Gathering, Owed, Promise, Reached
from services.notifications.core.incidents import hearers_of
from services.notifications.core.notice import Plan
from services.notifications.core.planning import (
    citizen_plans,
    correction_plans,
    reached_of,
    staff_plans,
)
from services.notifications.core.policy import CITIZENS, Rules
from services.notifications.core.stored import plan_to_document
from shared.events.answers import Corrected, ObligationAcknowledged
from shared.events.codes import PROVINCE, is_matter
from shared.events.dossiers import DossierAccepted, DossierExtended, DossierSubmitted
from shared.events.envelope import Event, from_document, to_document
from shared.events.history import effective
from shared.events.obligations import (
    CoverageGapClosed,
    CoverageGapOpened,
    IncidentClosed,
    IncidentData,
    IncidentOpened,
    ObligationAcknowledgementRefused,
    ObligationData,
    ObligationDischarged,
    ObligationDueChanged,
    ObligationOpened,
    ObligationResumed,
    ObligationRungReached,
    ObligationRungWithdrawn,
    ObligationSuspended,
)
from shared.events.topics import OBLIGATIONS
from shared.events.transitions import recorded_status
from shared.subjects.document import Outgoing
from shared.subjects.fold import Context, Folded

PLANS_TOPIC: Final = "local.notices"
"""Not a topic of the broker: where the outbox of a cause hands its plans to the service."""

TOLD_TO_PROVINCE: Final = frozenset(
    {"coverage.gap_opened", "incident.opened", "incident.updated", "incident.closed"}
)
"""What the provincial centre hears by role, where the event names nobody."""


@dataclass(frozen=True, slots=True)
class FoldCause:
    """The fold of notifications, with what this installation has switched on."""

    rules: Rules

    def __call__(self, state: Cause | None, event: Event, context: Context) -> Folded[Cause]:
        """Return the cause after `event`, and its plans as what goes out."""
        before = state or Cause(subject=event.subject, unit=_unit_of(event))
        if event.topic.name == OBLIGATIONS.name:
            province: Iterable[str] = ()
            if event.name in TOLD_TO_PROVINCE:
                province = context.reference.roles(PROVINCE, "province", context.now)
            after = _fold_obligation(before, event, province)
            plans = staff_plans(event, after, self.rules, province)
        elif isinstance(event.data, Corrected):
            after, plans = self._corrected(before, event)
        else:
            after = _fold_dossier(before, event)
            plans = citizen_plans(event, state, after, self.rules)
        return Folded(after, outgoing=[outgoing_of(plan) for plan in plans])

    def _corrected(self, before: Cause, event: Event) -> tuple[Cause, list[Plan]]:
        """Take a wrong event out, put the right one in its place, and say so."""
        data = event.data
        assert isinstance(data, Corrected), "the caller asked"
        history = (*before.history, to_document(event))
        after = _refolded(replace(before, history=history, corrected=True))
        wrong = next((one for one in before.history if one["id"] == data.replaces), None)
        if wrong is None:
            return after, []
        original = from_document(wrong)
        if data.right is None:
            return after, correction_plans(event, original.name, after, self.rules)
        held = {one.id: one for one in effective([from_document(one) for one in history])}
        right = held.get(original.id)
        if right is None or original.name not in CITIZENS or right.data == original.data:
            return after, []
        # The right facts are told under the correction's id: the wrong ones may have gone out.
        told = event.model_copy(update={"name": right.name, "data": right.data})
        return after, citizen_plans(told, None, after, self.rules)


def outgoing_of(plan: Plan) -> Outgoing:
    """Return a plan as an entry of an outbox, for this service itself."""
    return Outgoing(
        id=plan.id, topic=PLANS_TOPIC, key=plan.subject, value=plan_to_document(plan)
    )


def _unit_of(event: Event) -> str:
    if is_matter(event.subject):
        return event.subject.partition("/")[0]
    named: str | None = getattr(event.data, "unit", None)
    return named or event.competentunit or event.receivingunit or ""


def _fold_dossier(before: Cause, event: Event) -> Cause:
    history = (*before.history, to_document(event))
    after = replace(
        before,
        unit=event.competentunit or event.receivingunit or before.unit,
        contactversion=max(
            filter(None, (before.contactversion, event.contactversion)), default=None
        ),
    )
    if isinstance(event.data, ObligationAcknowledged):
        return _promised(after, event, event.data)
    if event.name.startswith("notice."):
        return after
    after = replace(after, history=history)
    out_of_order = before.latest is not None and event.time <= before.latest
    if before.corrected or out_of_order:
        return _refolded(after)
    return _step(after, event)


def _step(before: Cause, event: Event) -> Cause:
    """Apply one effective event to what depends on the order of occurrence."""
    status, _ = recorded_status(before.status, event.name, was_accepted=before.accepted)
    after = replace(before, status=status, latest=max(before.latest or event.time, event.time))
    data = event.data
    if isinstance(data, DossierSubmitted | DossierAccepted):
        after = replace(after, procedure=data.procedure)
    if isinstance(data, DossierAccepted):
        after = replace(after, accepted=True)
    if isinstance(data, DossierExtended) and after.extended is None:
        after = replace(after, extended=data.new_date)
    return after


def _refolded(cause: Cause) -> Cause:
    """Work status and dates out anew, corrections applied, in order of occurrence."""
    recorded = [from_document(one) for one in cause.history]
    held = effective(recorded)
    after = replace(
        cause,
        status=None,
        accepted=False,
        latest=None,
        extended=None,
        dead=_dead(recorded, held),
    )
    for event in held:
        after = _step(after, event)
    return after


def _dead(recorded: Sequence[Event], held: Sequence[Event]) -> frozenset[str]:
    """Return the ids under which something was told that does not hold as it was told."""
    now = {event.id: event for event in held}
    dead: set[str] = set()
    latest: dict[str, str] = {}
    for event in recorded:
        if not isinstance(event.data, Corrected):
            if now.get(event.id) != event:
                dead.add(event.id)
            continue
        target = event.data.replaces
        if target in latest:
            dead.add(latest[target])  # Only the last correction of an event holds.
        latest[target] = event.id
    return frozenset(dead | (latest.keys() & set(latest.values())))


def _promised(cause: Cause, event: Event, data: ObligationAcknowledged) -> Cause:
    owed = cause.owed.get(data.obligation)
    if owed is None:
        # The answer can only be to a rung; its obligation is on the other topic, behind us.
        owed = Owed(obligation=data.obligation, kind="", unit=cause.unit, cycle=data.cycle)
    promise = Promise(
        event.id, data.rung, data.cycle, data.by, data.cause, data.promised, event.time
    )
    return _with(cause, replace(owed, promises=(*owed.promises, promise)))


def _with(cause: Cause, owed: Owed) -> Cause:
    return replace(cause, owed={**cause.owed, owed.obligation: owed})


def _gathered(
    known: Gathering, event: Event, data: IncidentData, province: Iterable[str]
) -> Gathering:
    """Return an incident after one more word about it; each opening begins it anew."""
    if isinstance(data, IncidentClosed):
        return replace(known, over=True)
    if isinstance(data, IncidentOpened):
        known = Gathering()
    persons = hearers_of(data, province)
    return Gathering({**dict.fromkeys(persons, event.id), **known.first}, event.id)


def _fold_obligation(before: Cause, event: Event, province: Iterable[str]) -> Cause:
    data = event.data
    if isinstance(data, IncidentData):
        gathered = before.incidents.get(data.incident, Gathering())
        gathered = _gathered(gathered, event, data, province)
        return replace(before, incidents={**before.incidents, data.incident: gathered})
    if isinstance(data, CoverageGapOpened):
        return replace(before, gaps={**before.gaps, data.gap: event.id})
    if isinstance(data, CoverageGapClosed):
        left = {gap: told for gap, told in before.gaps.items() if gap != data.gap}
        return replace(before, gaps=left)
    if not isinstance(data, ObligationData):
        return before
    known = before.owed.get(data.obligation)
    owed = known or Owed(obligation=data.obligation, kind=data.kind, unit=data.unit)
    owed = replace(owed, kind=data.kind, unit=data.unit, cycle=max(owed.cycle, data.cycle))
    procedure = before.procedure or data.procedure
    return _with(replace(before, procedure=procedure), _owed_after(owed, event))


def _owed_after(owed: Owed, event: Event) -> Owed:  # noqa: PLR0911 -- One way out for each type.
    data = event.data
    if isinstance(data, ObligationOpened):
        return replace(
            owed, due=data.due, limit=data.limit, dated=True, ended=False, suspended=False
        )
    if isinstance(data, ObligationDueChanged):
        former = owed.former if data.old_due in {None, data.new_due} else data.old_due
        return replace(owed, due=data.new_due, limit=data.new_limit, former=former, dated=True)
    if isinstance(data, ObligationSuspended):
        return replace(owed, suspended=True)
    if isinstance(data, ObligationResumed):
        return replace(owed, suspended=False, due=data.due, limit=data.limit)
    if isinstance(data, ObligationDischarged):
        return replace(owed, ended=True, ended_at=data.at)
    if isinstance(data, ObligationRungReached):
        reached = (*owed.reached, reached_of(event, data))
        return replace(owed, reached=reached, due=owed.due or data.due)
    if isinstance(data, ObligationRungWithdrawn):
        return replace(owed, reached=_taken_back(owed.reached, data.cycle, data.rung))
    if isinstance(data, ObligationAcknowledgementRefused):
        return replace(owed, refusals={**owed.refusals, data.cause: data.why})
    return owed


def _taken_back(reached: Iterable[Reached], cycle: int, rung: str) -> tuple[Reached, ...]:
    return tuple(
        replace(one, withdrawn=True) if (one.cycle, one.rung) == (cycle, rung) else one
        for one in reached
    )
