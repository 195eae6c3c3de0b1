"""From one event to the notices that it calls for; the same event always calls for the same."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from pydantic import BaseModel

from services.notifications.core.cause import DEADLINE_KINDS, Cause, Reached
from services.notifications.core.gaps import gap_plans
from services.notifications.core.ids import escalation_key, event_key
from services.notifications.core.incidents import incident_plans
from services.notifications.core.notice import (
    APPLICANT,
    Plan,
    Urgency,
)
from services.notifications.core.plans import endpoint_plans, people_plans, plan_of
from services.notifications.core.policy import (
    CITIZEN_LEVELS,
    CITIZENS,
    CORRECTION,
    DATE_MOVED,
    DATE_MOVED_REASONS,
    REMINDED_ROLES,
    STAFF_CHANNELS,
    CitizenRow,
    Rules,
)
from shared.calendar.zone import legal_day
from shared.events.dossiers import DossierSupplementRequested
from shared.events.envelope import Event
from shared.events.obligations import (
    CoverageGapOpened,
    IncidentData,
    ObligationAcknowledgementRefused,
    ObligationDueChanged,
    ObligationRungReached,
    ObligationRungWithdrawn,
)
from shared.events.transitions import Status

APPLICANT_DAYS: Final = 15
"""How many days the applicant of an accepted dossier has for a supplement."""

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
    "fault",
)
"""Fields of a dossier's event that a wording may use; all of them are codes or numbers."""


def citizen_plans(event: Event, before: Cause | None, after: Cause, rules: Rules) -> list[Plan]:
    """Return what the applicant is to hear of a dossier's event."""
    row = CITIZENS.get(event.name)
    if row is None or event.backfill or not _is_news(event, before):
        return []
    facts = facts_of(event.data)
    if event.name == DossierSupplementRequested.NAME and after.accepted:
        facts["days"] = str(APPLICANT_DAYS)
    return applicant_plan(event, after, row, rules, facts=facts)


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
    plan = plan_of(
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
    return plan_of(
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
        return people_plans(event, cause, rules, "acknowledgement_refused", [data.by], facts)
    if isinstance(data, CoverageGapOpened):
        return gap_plans(event, data, cause, rules, province)
    if isinstance(data, IncidentData):
        return incident_plans(event, data, cause, rules, province)
    if isinstance(data, ObligationDueChanged):
        return _date_moved(event, data, cause, rules)
    return []


def _rung(event: Event, data: ObligationRungReached, cause: Cause, rules: Rules) -> list[Plan]:
    if data.incident is not None:
        return []  # The incident's own message names it.
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
        plans += plan_of(
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
    plans += endpoint_plans(event, cause, rules, "rung", data.role, facts)
    return [*plans, *_applicant_level(event, data, cause, rules)]


def _applicant_level(
    event: Event, data: ObligationRungReached, cause: Cause, rules: Rules
) -> list[Plan]:
    """Return the notice to the applicant of a level that concerns them, with their last day."""
    row = CITIZEN_LEVELS.get((data.kind, data.rung))
    if row is None or data.applicant_until is None or event.backfill:
        return []
    last_day = legal_day(data.applicant_until - timedelta(microseconds=1))
    facts = {"last_day": last_day.isoformat()}
    return applicant_plan(event, cause, row, rules, facts=facts)


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
        incident=data.incident,
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
        if (one.cycle, one.rung, one.incident) == (data.cycle, data.rung, None)
    ]
    facts = {
        "kind": data.kind,
        "rung": data.rung,
        "why": data.why,
        # A date that moves is told after what its move takes back: this is the one they knew.
        **_moment("former", owed.due if owed else None),
    }
    plans: list[Plan] = []
    for reached in raised:
        for person in reached.persons:
            key = _rung_key(event.subject, data.obligation, reached, person)
            plans += plan_of(
                event,
                cause,
                recipient=person,
                contact=person,
                template="rung_withdrawn",
                urgency=Urgency.STATUTORY,
                channels=rules.usable(STAFF_CHANNELS[reached.role]),
                key=f"{event.id}|{key}",
                facts=facts,
                rung=(data.obligation, data.cycle, data.rung),
                follows=key,
            )
    return plans


def _date_moved(
    event: Event, data: ObligationDueChanged, cause: Cause, rules: Rules
) -> list[Plan]:
    if data.kind not in DEADLINE_KINDS or data.reason not in DATE_MOVED_REASONS:
        return []
    if event.backfill or data.new_due is None or data.new_due == data.old_due:
        return []
    facts = {
        "reason": data.reason,
        **_moment("due", data.new_due),
        **_moment("former", data.old_due),
    }
    return applicant_plan(event, cause, DATE_MOVED, rules, facts=facts)


def _moment(name: str, moment: datetime | None) -> dict[str, str]:
    return {} if moment is None else {name: moment.isoformat()}
