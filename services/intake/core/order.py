"""Whether an event that came out of order is recorded at its place, waits, or is rejected."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from services.intake.core.arrivals import Arrival
from services.intake.core.held import Held
from services.intake.core.rejection import rejection
from services.intake.core.standing import steps
from services.intake.core.state import FACTS_MAX, Subject
from shared.events.faults import Fault, fault
from shared.events.place import ORDER_RULES, Step, fitting, is_of_order, missing_for
from shared.events.topics import DOSSIERS
from shared.subjects.document import Document

_KEY_MATTERS: Final = frozenset({"unknown-dossier", *ORDER_RULES})


def is_out_of_order(subject: Subject, arrival: Arrival, faults: Sequence[Fault]) -> bool:
    """Return whether nothing but its order is wrong with an event that may come in any order.

    Its dossier is known: what a code that nobody opened would wait for may never come.
    """
    event = arrival.event
    return (
        arrival.in_any_order
        and bool(subject.facts)
        and event.topic is DOSSIERS
        and event.matter is None
        and not event.backfill
        and is_of_order(faults)
    )


def joining(subject: Subject, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Return those that fit into the history together, in the order of occurrence."""
    if not arrivals or len(subject.facts) + len(arrivals) > FACTS_MAX:
        return []
    numbered = _as_steps(subject, arrivals)
    by_number = {step.sequence: arrival for step, arrival in numbered}
    history = steps(subject, arrivals[0].event.subject)
    return [by_number[one.sequence] for one in fitting(history, [step for step, _ in numbered])]


def missing(subject: Subject, arrival: Arrival) -> tuple[str, ...] | None:
    """Return the events, by name, that would make one fit; None if none can."""
    ((step, _),) = _as_steps(subject, [arrival])
    return missing_for(steps(subject, arrival.event.subject), step)


def hold(
    arrival: Arrival, faults: Sequence[Fault], waits_for: tuple[str, ...], *, until: datetime
) -> Held:
    """Return an event as it waits; its contact part has been taken out and numbered."""
    return Held(
        event=replace(arrival.event, contact=None),
        fingerprint=arrival.fingerprint,
        until=until,
        waits_for=waits_for,
        faults=tuple(with_key_fault(arrival, faults)),
        contact_version=arrival.contact_version,
        record=None if arrival.origin is None else arrival.origin.place,
    )


def with_key_fault(arrival: Arrival, faults: Sequence[Fault]) -> list[Fault]:
    """Put first that a record's key is not its subject, where that can be the cause."""
    origin = arrival.origin
    if origin is None or origin.is_keyed_by(arrival.as_sent.subject):
        return list(faults)
    if not any(one.rule in _KEY_MATTERS for one in faults):
        return list(faults)
    return [fault("key-not-subject", "/partitionkey"), *faults]


def expire(document: Document[Subject], now: datetime) -> list[Held]:
    """Take out what has waited long enough; what came by Kafka is rejected on its topic."""
    subject = document.state
    if subject is None:
        return []
    over = [one for one in subject.held if one.until <= now]
    if over:
        document.state = replace(
            subject, held=tuple(one for one in subject.held if one.until > now)
        )
    document.added += [
        rejection(one.event.publisher, one.event.id, one.record, one.faults, now)
        for one in over
        if one.record is not None
    ]
    return over


def _as_steps(subject: Subject, arrivals: Sequence[Arrival]) -> list[tuple[Step, Arrival]]:
    """Number what is not recorded yet behind what is, in the order of arrival."""
    last = max((fact.sequence for fact in subject.facts), default=0)
    return [
        (Step(one.event.name, one.event.time, last + number), one)
        for number, one in enumerate(arrivals, start=1)
    ]
