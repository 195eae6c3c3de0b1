"""From one event to the notices that it calls for; the same event always calls for the same."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from pydantic import BaseModel

from services.notifications.core.cause import DEADLINE_KINDS, Cause, Reached
from services.notifications.core.ids import escalation_key, event_key, notice_id
from services.notifications.core.notice import (
    APPLICANT,
    ENDPOINT_PREFIX,
    Channel,
    Plan,
    Urgency,
)
from services.notifications.core.policy import (
    CITIZENS,
    CORRECTION,
    DATE_MOVED,
    DATE_MOVED_REASONS,
    REMINDED_ROLES,
    STAFF_CHANNELS,
    CitizenRow,
    Rules,
)
from shared.events.envelope import Event
from shared.events.obligations import (
    CoverageGapOpened,
    IncidentClosed,
    IncidentOpened,
    ObligationAcknowledgementRefused,
    ObligationDueChanged,
    ObligationRungReached,
    ObligationRungWithdrawn,
)
from shared.events.transitions import Status

FACTS: Final = (
    "channel",
    "fee_due",
    "reason",
    "items",
    "number",
    "amount",
    "agency",
    "new_date",
    "from_unit",
    "to_unit",
    "result",
    "how",
)
"""Fields of a dossier's event that a wording may use; all of them are codes or numbers."""


def citizen_plans(event: Event, before: Cause | None, after: Cause, rules: Rules) -> list[Plan]:
    """Return what the applicant is to hear of a dossier's event."""
    row = CITIZENS.get(event.name)
    if row is None or event.backfill or not _is_news(event, before):
        return []
    return applicant_plan(event, after, row, rules, facts=facts_of(event.data))


def _is_news(event: Event, before: Cause | None) -> bool:
    """Whether an event changes something for the applicant at all."""
    if event.name == "dossier.assigned":
        # A second handler of a dossier in hand is nothing that the applicant need hear of.
        return before is not None and before.status is Status.ACCEPTED
    if event.name == "dossier.extended":
        return before is None or before.extended is None
    return True


def facts_of(data: BaseModel) -> dict[str, str]:
    """Return the codes of an event's data that a wording may use."""
    facts: dict[str, str] = {}
    for name in FACTS:
        value = getattr(data, name, None)
        if isinstance(value, tuple):
            facts[name] = ", ".join(str(part) for part in value)
        elif value is not None:
            facts[name] = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return facts


def applicant_plan(
    event: Event, cause: Cause, row: CitizenRow, rules: Rules, *, facts: Mapping[str, str]
) -> list[Plan]:
    """Return the notice of one row to the applicant, and to the endpoints that want it."""
    proves = row.proves and not getattr(event.data, "in_person", False)
    plan = _plan(
        event,
        cause,
        recipient=APPLICANT,
        contact=event.subject,
        template=row.template,
        urgency=row.urgency,
        channels=rules.usable(row.channels),
        key=event_key(event.id, row.template, APPLICANT),
        facts=facts,
        proves=proves,
        contactversion=cause.contactversion,
    )
    return [*plan, *endpoint_plans(event, cause, rules, row.template, None, facts)]


def correction_plans(event: Event, name: str, cause: Cause, rules: Rules) -> list[Plan]:
    """Return the word to the applicant that an event they heard of did not happen."""
    row = CITIZENS.get(name)
    if row is None or event.backfill:
        return []
    replaces = str(getattr(event.data, "replaces", ""))
    return _plan(
        event,
        cause,
        recipient=APPLICANT,
        contact=event.subject,
        template=CORRECTION.template,
        urgency=CORRECTION.urgency,
        channels=rules.usable(row.channels),
        key=event_key(event.id, CORRECTION.template, APPLICANT),
        facts={"told": row.template},
        contactversion=cause.contactversion,
        follows=event_key(replaces, row.template, APPLICANT),
    )


def staff_plans(  # noqa: PLR0911 -- One way out for each type.
    event: Event, cause: Cause, rules: Rules, province: Iterable[str]
) -> list[Plan]:
    """Return what people of the organisation are to hear of an event of obligations."""
    data = event.data
    if isinstance(data, ObligationRungReached):
        return _rung(event, data, cause, rules)
    if isinstance(data, ObligationRungWithdrawn):
        return _withdrawn(event, data, cause, rules)
    if isinstance(data, ObligationAcknowledgementRefused):
        facts = {"kind": data.kind, "rung": data.rung, "why": data.why}
        return _people(event, cause, rules, "acknowledgement_refused", [data.by], facts)
    if isinstance(data, CoverageGapOpened):
        facts = {"unit": data.unit, "role": data.role, "why": data.why}
        return _people(
            event, cause, rules, "coverage_gap", province, facts, urgency=Urgency.ROUTINE
        )
    if isinstance(data, IncidentOpened | IncidentClosed):
        return _incident(event, data, cause, rules, province)
    if isinstance(data, ObligationDueChanged):
        return _date_moved(event, data, cause, rules)
    return []


def _rung(event: Event, data: ObligationRungReached, cause: Cause, rules: Rules) -> list[Plan]:
    facts = {
        "kind": data.kind,
        "rung": data.rung,
        "role": data.role,
        "rung_at": data.rung_at.isoformat(),
        **_moment("due", data.due),
        **_moment("limit", data.limit),
        **_moment("data_incomplete_since", data.data_incomplete_since),
    }
    if data.late_by_outage_hours:
        facts["late_by_outage_hours"] = str(data.late_by_outage_hours)
    if data.vacant_roles:
        facts["vacant_roles"] = ", ".join(data.vacant_roles)
    if data.repeat:
        facts["repeat"] = str(data.repeat)
    if data.promise_broken:
        facts["broken_by"] = data.promise_broken.by
        facts["broken_cause"] = data.promise_broken.cause
        facts["broken_promised"] = data.promise_broken.promised.isoformat()
    early = data.due is not None and data.rung_at < data.due
    reminder = early and data.role in REMINDED_ROLES and not data.statutory
    plans: list[Plan] = []
    for person in sorted(set(data.persons)):
        plans += _plan(
            event,
            cause,
            recipient=person,
            contact=person,
            template="rung",
            urgency=Urgency.ROUTINE if reminder else Urgency.ESCALATION,
            channels=rules.usable(STAFF_CHANNELS[data.role]),
            key=_rung_key(event.subject, data.obligation, reached_of(event, data), person),
            facts=facts,
            proves=True,
            rung=(data.obligation, data.cycle, data.rung),
        )
    return [*plans, *endpoint_plans(event, cause, rules, "rung", data.role, facts)]


def reached_of(event: Event, data: ObligationRungReached) -> Reached:
    """Return a rung as it is remembered."""
    return Reached(
        event=event.id,
        rung=data.rung,
        cycle=data.cycle,
        repeat=data.repeat,
        at=data.rung_at,
        role=data.role,
        persons=tuple(sorted(set(data.persons))),
    )


def _rung_key(subject: str, obligation: str, reached: Reached, person: str) -> str:
    return escalation_key(
        subject, obligation, reached.cycle, reached.rung, reached.repeat, person
    )


def _withdrawn(
    event: Event, data: ObligationRungWithdrawn, cause: Cause, rules: Rules
) -> list[Plan]:
    owed = cause.owed.get(data.obligation)
    raised = [
        one
        for one in (owed.reached if owed else ())
        if one.cycle == data.cycle and one.rung == data.rung
    ]
    plans: list[Plan] = []
    for reached in raised:
        for person in reached.persons:
            key = _rung_key(event.subject, data.obligation, reached, person)
            plans += _plan(
                event,
                cause,
                recipient=person,
                contact=person,
                template="rung_withdrawn",
                urgency=Urgency.STATUTORY,
                channels=rules.usable(STAFF_CHANNELS[reached.role]),
                key=f"{event.id}|{key}",
                facts={"kind": data.kind, "rung": data.rung, "why": data.why},
                rung=(data.obligation, data.cycle, data.rung),
                follows=key,
            )
    return plans


def _incident(
    event: Event,
    data: IncidentOpened | IncidentClosed,
    cause: Cause,
    rules: Rules,
    province: Iterable[str],
) -> list[Plan]:
    opened = isinstance(data, IncidentOpened)
    facts = {
        "incident": data.incident,
        "unit": data.unit,
        "why": data.cause,
        "since": data.since.isoformat(),
        "count": str(data.obligations_count or len(data.subjects)),
    }
    if data.system:
        facts["system"] = data.system
    if isinstance(data, IncidentClosed):
        facts["until"] = data.until.isoformat()
        if data.reversed:
            facts["reversed"] = "1"
    persons = cause.incident_persons.get(data.incident) or tuple(province)
    return _people(
        event,
        cause,
        rules,
        "incident" if opened else "incident_closed",
        persons,
        facts,
        urgency=Urgency.ESCALATION if opened else Urgency.ROUTINE,
    )


def _date_moved(
    event: Event, data: ObligationDueChanged, cause: Cause, rules: Rules
) -> list[Plan]:
    if data.kind not in DEADLINE_KINDS or data.reason not in DATE_MOVED_REASONS:
        return []
    if event.backfill or data.new_due is None or data.new_due == data.old_due:
        return []
    facts = {"reason": data.reason, **_moment("due", data.new_due)}
    return applicant_plan(event, cause, DATE_MOVED, rules, facts=facts)


def _people(
    event: Event,
    cause: Cause,
    rules: Rules,
    template: str,
    persons: Iterable[str],
    facts: Mapping[str, str],
    *,
    urgency: Urgency = Urgency.STATUTORY,
) -> list[Plan]:
    plans: list[Plan] = []
    for person in sorted(set(persons)):
        plans += _plan(
            event,
            cause,
            recipient=person,
            contact=person,
            template=template,
            urgency=urgency,
            channels=rules.usable(STAFF_CHANNELS["province"]),
            key=event_key(event.id, template, person),
            facts=facts,
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
            plans += _plan(
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


def _plan(  # noqa: PLR0913 -- Everything that a plan is made of, named.
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


def _moment(name: str, moment: datetime | None) -> dict[str, str]:
    return {} if moment is None else {name: moment.isoformat()}
