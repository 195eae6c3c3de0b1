"""What makes an event impossible for its subject and its sender, beyond what the contract says.

The contract's own judgement (moments, reference data, transition table, corrections) is
`shared.events.judge`, which `motcua check` runs too.
"""

from datetime import datetime
from typing import Final

from services.intake.core.arrivals import Arrival
from services.intake.core.opening import TAKEN, opening_faults
from services.intake.core.state import FACTS_MAX, Subject
from shared.events import judge as contract
from shared.events.answers import Corrected
from shared.events.dossiers import DossierSupplementReceived, DossierSupplementRequested
from shared.events.faults import Fault, fault, foreign_unit, not_allowed
from shared.events.history import effective
from shared.events.inbound import InboundEvent
from shared.events.numbering import NumberingRights
from shared.events.topics import REFERENCE
from shared.reference.view import Reference

_OF_WAITS: Final = frozenset(
    {
        DossierSupplementRequested.NAME,
        DossierSupplementReceived.NAME,
        "dossier.corrected",
    }
)


def judge(
    subject: Subject,
    arrival: Arrival,
    *,
    now: datetime,
    reference: Reference,
    rights: NumberingRights,
) -> list[Fault]:
    """Return everything that is wrong with an event for this subject; empty when it may be."""
    event = arrival.event
    if arrival.opens and subject.facts:
        # Nothing else matters: the counter asks again under another code.
        return [fault(TAKEN, "/subject")]
    faults = contract.judge(event, _standing(subject, event), reference, now)
    if len(subject.facts) >= FACTS_MAX:
        faults.append(fault("too-many-events", "/subject", limit=FACTS_MAX))
    if event.topic is not REFERENCE:
        faults += _sender_faults(subject, arrival, reference, rights)
    return faults


def _standing(subject: Subject, event: InboundEvent) -> contract.Standing:
    return contract.Standing(
        status=subject.status,
        was_accepted=subject.was_accepted,
        receivingunit=subject.receiving,
        competentunit=subject.competent,
        procedure=subject.procedure,
        **_waits(subject, event),
        # A correction alone asks which events there are.
        names=_names(subject) if isinstance(event.data, Corrected) else {},
    )


def _waits(subject: Subject, event: InboundEvent) -> dict[str, datetime | None]:
    """Return when a supplement was asked and brought last; only another one asks that."""
    if not isinstance(event.data, DossierSupplementRequested | DossierSupplementReceived):
        return {}
    held = [fact for fact in subject.facts if fact.name in _OF_WAITS]
    if any(fact.name == "dossier.corrected" for fact in held):
        told = effective([fact.as_event(event.subject) for fact in subject.facts])
        moments = [(one.name, one.time) for one in told]
    else:
        moments = [(fact.name, fact.time) for fact in held]
    asked = [at for name, at in moments if name == DossierSupplementRequested.NAME]
    brought = [at for name, at in moments if name == DossierSupplementReceived.NAME]
    waits = len(asked) > len(brought)
    return {
        "asked_at": max(asked, default=None) if waits else None,
        "brought_at": max(brought, default=None),
    }


def _names(subject: Subject) -> dict[str, str]:
    return {fact.id: fact.name for fact in subject.facts}


def _sender_faults(
    subject: Subject, arrival: Arrival, reference: Reference, rights: NumberingRights
) -> list[Fault]:
    event, sender = arrival.event, arrival.sender
    if event.matter is not None:
        mine = sender.may_speak_for(reference.current(event.matter.unit))
        return [] if mine else [not_allowed("/subject")]
    if subject.facts:
        return [] if sender.may_speak_for(*subject.units) else [foreign_unit()]
    return opening_faults(arrival, rights, reference)
