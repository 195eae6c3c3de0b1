"""What the hearers of an incident are told: one message for all that hangs on it."""

from collections.abc import Iterable
from typing import Final

from services.notifications.core.cause import Cause
from services.notifications.core.ids import event_key
from services.notifications.core.notice import Plan, Urgency
from services.notifications.core.plans import people_plans
from services.notifications.core.policy import Rules
from shared.events.envelope import Event
from shared.events.obligations import (
    IncidentClosed,
    IncidentData,
    IncidentOpened,
    IncidentUpdated,
)

INCIDENT: Final = "incident"
"""The wording of an incident's message, the first and those that follow it."""

NAMED_MAX: Final = 20
"""How many dossiers a message names; the inbox has them all."""


def incident_plans(
    event: Event, data: IncidentData, cause: Cause, rules: Rules, province: Iterable[str]
) -> list[Plan]:
    """Return one message for each hearer of an incident, and one to each when it is over."""
    facts = _incident_facts(data)
    if not isinstance(data, IncidentClosed):
        persons = hearers_of(data, province)
        return people_plans(
            event, cause, rules, INCIDENT, persons, facts, urgency=Urgency.ESCALATION
        )
    known = cause.incidents.get(data.incident)
    first = {} if known is None else known.first
    return people_plans(
        event,
        cause,
        rules,
        "incident_closed",
        first or province,
        facts,
        urgency=Urgency.ROUTINE,
        follows={person: event_key(told, INCIDENT, person) for person, told in first.items()},
    )


def hearers_of(data: IncidentData, province: Iterable[str]) -> tuple[str, ...]:
    """Return who hears of an incident: who is named, or else the provincial centre."""
    named = data.persons if isinstance(data, IncidentOpened | IncidentUpdated) else ()
    return tuple(sorted(set(named) or set(province)))


def _incident_facts(data: IncidentData) -> dict[str, str]:
    facts = {
        "incident": data.incident,
        "unit": data.unit,
        "why": data.cause,
        "since": data.since.isoformat(),
        "count": str(data.obligations_count or len(data.subjects)),
        "dossiers": ", ".join(data.subjects[:NAMED_MAX]),
    }
    if len(data.subjects) > NAMED_MAX:
        facts["more"] = str(len(data.subjects) - NAMED_MAX)
    if data.system:
        facts["system"] = data.system
    if data.units:
        facts["units"] = ",".join(data.units)
        facts["units_count"] = str(len(data.units))
    if isinstance(data, IncidentUpdated):
        facts["updated"] = "1"
    if isinstance(data, IncidentClosed):
        facts["until"] = data.until.isoformat()
        if data.reversed:
            facts["reversed"] = "1"
    return facts
