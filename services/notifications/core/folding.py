"""One event into what is known of its subject, and the notices that follow.

Dossiers and obligations are two streams of one subject. They may be interleaved in any way;
the notices that come out are the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import ValidationError

from services.notifications.core.cause import Cause, Owed, Promise, Reached
from services.notifications.core.notice import Plan
from services.notifications.core.planning import citizen_plans, correction_plans, staff_plans
from services.notifications.core.policy import CITIZENS, Rules
from services.notifications.core.stored import plan_to_document
from shared.events.answers import Corrected, ObligationAcknowledged
from shared.events.codes import PROVINCE, is_matter
from shared.events.dossiers import DossierAccepted, DossierExtended, DossierSubmitted
from shared.events.envelope import Event, from_document, to_document
from shared.events.obligations import (
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
from shared.events.registry import REGISTRY
from shared.events.topics import OBLIGATIONS
from shared.events.transitions import recorded_status
from shared.subjects.document import Outgoing
from shared.subjects.errors import UnfoldableError
from shared.subjects.fold import Context, Folded

PLANS_TOPIC: Final = "local.notices"
"""Not a topic of the broker: where the outbox of a cause hands its plans to the service."""

TOLD_TO_PROVINCE: Final = frozenset(
    {"coverage.gap_opened", "incident.opened", "incident.closed"}
)
"""What the provincial centre hears by role, where the event names nobody."""


@dataclass(frozen=True, slots=True)
class FoldCause:
    """The fold of notifications, with what this installation has switched on."""

    rules: Rules

    def __call__(self, state: Cause | None, event: Event, context: Context) -> Folded[Cause]:
        """Return the cause after `event`, and its plans as what goes out.

        Raises:
            UnfoldableError: a correction cannot be read.
        """
        before = state or Cause(subject=event.subject, unit=_unit_of(event))
        if event.topic.name == OBLIGATIONS.name:
            after = _fold_obligation(before, event)
            province: Iterable[str] = ()
            if event.name in TOLD_TO_PROVINCE:
                province = context.reference.roles(PROVINCE, "province", context.now)
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
        wrong = next((one for one in before.history if one["id"] == data.replaces), None)
        history = (*before.history, to_document(event))
        after = replace(
            before, history=history, corrected=True, dead=before.dead | {data.replaces}
        )
        after = _refolded(after)
        if wrong is None:
            return after, []
        name = from_document(wrong).name
        if data.right is None or name not in CITIZENS:
            return after, correction_plans(event, name, after, self.rules)
        right = _righted(wrong, event, data)
        return after, citizen_plans(right, None, after, self.rules)


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
    out_of_order = before.latest is not None and event.time < before.latest
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
    events = effective_events(cause.history)
    after = replace(cause, status=None, accepted=False, latest=None, extended=None)
    for event in events:
        after = _step(after, event)
    return after


def effective_events(history: Iterable[Mapping[str, Any]]) -> list[Event]:
    """Return the events that hold, by occurrence and then by the order of recording.

    Raises:
        UnfoldableError: a correction's data do not fit the event that it replaces.
    """
    stored = {str(one["id"]): one for one in history}
    events = {key: from_document(one) for key, one in stored.items()}
    for event in list(events.values()):
        data = event.data
        if not isinstance(data, Corrected):
            continue
        del events[event.id]
        wrong = stored.get(data.replaces)
        if wrong is None:
            continue
        events.pop(data.replaces, None)
        if data.right is not None and not isinstance(from_document(wrong).data, Corrected):
            events[event.id] = _righted(wrong, event, data)
    return sorted(events.values(), key=lambda one: (one.time, one.sequence or 0))


def _righted(wrong: Mapping[str, Any], event: Event, data: Corrected) -> Event:
    """Return the wrong event as it should have been, under the correction's id."""
    assert data.right is not None, "the caller asked"
    original = from_document(wrong)
    model = REGISTRY[original.name].model
    try:
        right = model.model_validate(data.right.data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise UnfoldableError(
            f"the right data do not fit {original.name}: {first['loc']}, {first['type']}"
        ) from None
    return event.model_copy(
        update={"name": original.name, "time": data.right.time, "data": right}
    )


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


def _fold_obligation(before: Cause, event: Event) -> Cause:
    data = event.data
    if isinstance(data, IncidentOpened):
        told = {**before.incident_persons, data.incident: tuple(sorted(set(data.persons)))}
        return replace(before, incident_persons=told)
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
        return replace(owed, due=data.new_due, limit=data.new_limit, dated=True)
    if isinstance(data, ObligationSuspended):
        return replace(owed, suspended=True)
    if isinstance(data, ObligationResumed):
        return replace(owed, suspended=False, due=data.due, limit=data.limit)
    if isinstance(data, ObligationDischarged):
        return replace(owed, ended=True)
    if isinstance(data, ObligationRungReached):
        reached = (*owed.reached, _reached(event, data))
        return replace(owed, reached=reached, due=owed.due or data.due)
    if isinstance(data, ObligationRungWithdrawn):
        return replace(owed, reached=_taken_back(owed.reached, data.cycle, data.rung))
    if isinstance(data, ObligationAcknowledgementRefused):
        return replace(owed, refusals={**owed.refusals, data.cause: data.why})
    return owed


def _reached(event: Event, data: ObligationRungReached) -> Reached:
    return Reached(
        event=event.id,
        rung=data.rung,
        cycle=data.cycle,
        repeat=data.repeat,
        at=data.rung_at,
        role=data.role,
        persons=tuple(sorted(set(data.persons))),
    )


def _taken_back(reached: Iterable[Reached], cycle: int, rung: str) -> tuple[Reached, ...]:
    return tuple(
        replace(one, withdrawn=True) if (one.cycle, one.rung) == (cycle, rung) else one
        for one in reached
    )
