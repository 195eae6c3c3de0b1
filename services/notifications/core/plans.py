"""How a plan is put together, for one recipient, for people, for endpoints."""

from collections.abc import Iterable, Mapping
from typing import Final

from services.notifications.core.cause import Cause
from services.notifications.core.ids import event_key, notice_id
from services.notifications.core.notice import ENDPOINT_PREFIX, Channel, Plan, Urgency
from services.notifications.core.policy import STAFF_CHANNELS, Rules
from shared.events.envelope import Event

NOTHING: Final[Mapping[str, str]] = {}


def people_plans(  # noqa: PLR0913 -- What a message to several people is made of, named.
    event: Event,
    cause: Cause,
    rules: Rules,
    template: str,
    persons: Iterable[str],
    facts: Mapping[str, str],
    *,
    urgency: Urgency = Urgency.STATUTORY,
    follows: Mapping[str, str] = NOTHING,
    role: str = "province",
) -> list[Plan]:
    """Return one notice for each person, and those to the endpoints that want the event.

    `follows` names, by person, the notice without which this one says nothing; `role` is the
    one that they hold, which says by which channels they are told.
    """
    plans: list[Plan] = []
    for person in sorted(set(persons)):
        plans += plan_of(
            event,
            cause,
            recipient=person,
            contact=person,
            template=template,
            urgency=urgency,
            channels=rules.usable(STAFF_CHANNELS[role]),
            key=event_key(event.id, template, person),
            facts=facts,
            follows=follows.get(person),
        )
    return [*plans, *endpoint_plans(event, cause, rules, template, None, facts)]


def endpoint_plans(
    event: Event,
    cause: Cause,
    rules: Rules,
    template: str,
    role: str | None,
    facts: Mapping[str, str],
) -> list[Plan]:
    """Return the notices to the webhook endpoints that want this event."""
    plans: list[Plan] = []
    for endpoint in rules.endpoints:
        if endpoint.wants(event.name, cause.unit, role):
            recipient = f"{ENDPOINT_PREFIX}{endpoint.id}"
            plans += plan_of(
                event,
                cause,
                recipient=recipient,
                contact=recipient,
                template=template,
                urgency=Urgency.STATUTORY,
                channels=(Channel.WEBHOOK,),
                key=event_key(event.id, template, recipient),
                facts=facts,
            )
    return plans


def plan_of(  # noqa: PLR0913 -- Everything that a plan is made of, named.
    event: Event,
    cause: Cause,
    *,
    recipient: str,
    contact: str,
    template: str,
    urgency: Urgency,
    channels: tuple[Channel, ...],
    key: str,
    facts: Mapping[str, str],
    proves: bool = False,
    contactversion: int | None = None,
    rung: tuple[str, int, str] | None = None,
    follows: str | None = None,
) -> list[Plan]:
    """Return the plan, or none where no channel of it is switched on."""
    if not channels:
        return []
    obligation, cycle, step = rung or (None, None, None)
    return [
        Plan(
            id=notice_id(key, channels[0]),
            key=key,
            subject=event.subject,
            unit=getattr(event.data, "unit", None) or cause.unit,
            event=event.id,
            event_name=event.name,
            recipient=recipient,
            contact=contact,
            channel=channels[0],
            channels_left=channels[1:],
            template=template,
            urgency=urgency,
            proves=proves,
            facts=dict(facts),
            planned_at=event.recordedtime or event.time,
            contactversion=contactversion,
            obligation=obligation,
            cycle=cycle,
            rung=step,
            follows=follows,
        )
    ]
