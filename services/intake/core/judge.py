"""What makes an event impossible for its subject and its sender, beyond what the contract says.

The contract's own judgement (moments, reference data, transition table, corrections) is
`shared.events.judge`, which `motcua check` runs too.
"""

from datetime import datetime

from services.intake.core.arrivals import Arrival
from services.intake.core.state import FACTS_MAX, Subject
from shared.events import judge as contract
from shared.events.answers import Corrected
from shared.events.checks import missing_unit
from shared.events.faults import Fault, fault, foreign_unit, not_allowed
from shared.events.inbound import InboundEvent
from shared.events.topics import REFERENCE
from shared.reference.view import Reference


def judge(
    subject: Subject, arrival: Arrival, *, now: datetime, reference: Reference
) -> list[Fault]:
    """Return everything that is wrong with an event for this subject; empty when it may be."""
    event = arrival.event
    faults = contract.judge(event, _standing(subject, event), reference, now)
    if len(subject.facts) >= FACTS_MAX:
        faults.append(fault("too-many-events", "/subject", limit=FACTS_MAX))
    if event.topic is not REFERENCE:
        faults += _sender_faults(subject, arrival)
    return faults


def _standing(subject: Subject, event: InboundEvent) -> contract.Standing:
    return contract.Standing(
        status=subject.status,
        was_accepted=subject.was_accepted,
        receivingunit=subject.receiving,
        competentunit=subject.competent,
        procedure=subject.procedure,
        # A correction alone asks which events there are.
        names=_names(subject) if isinstance(event.data, Corrected) else {},
    )


def _names(subject: Subject) -> dict[str, str]:
    return {fact.id: fact.name for fact in subject.facts}


def _sender_faults(subject: Subject, arrival: Arrival) -> list[Fault]:
    event, sender = arrival.event, arrival.sender
    if event.matter is not None:
        mine = sender.may_speak_for(event.matter.unit)
        return [] if mine else [not_allowed("/subject")]
    if subject.facts:
        return [] if sender.may_speak_for(*subject.units) else [foreign_unit()]
    if event.receivingunit is None:
        # Only a dossier's first event can say where it was received.
        return [missing_unit()]
    mine = sender.may_speak_for(event.receivingunit, event.competentunit)
    return [] if mine else [not_allowed("/receivingunit")]
