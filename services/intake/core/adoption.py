"""Canonical events taken back into the documents of their subjects, from the topics.

What a topic has was applied once, by this service, whatever the store says by now. So nothing
is judged again: an event becomes the fact that it was, under the number that it has.
"""

from dataclasses import replace
from datetime import datetime

from services.intake.core.arrivals import COUNTER
from services.intake.core.contacts import ContactState
from services.intake.core.fold import Applied, applied_before, known_fact
from services.intake.core.receipts import ReceiptKey, recorded_fingerprint
from services.intake.core.standing import after
from services.intake.core.state import Fact, Subject
from shared.events.centres import ConnectionLost, ConnectionRestored
from shared.events.codes import publisher_of
from shared.events.envelope import Event
from shared.events.inbound import InboundEvent
from shared.events.topics import REFERENCE
from shared.subjects.document import Document


def adopt_event(document: Document[Subject], event: Event) -> Applied | None:
    """Make a canonical event a fact of its subject, in place; return what it was answered.

    None where the document gave the event's number to another event: the store went on without
    what the topic has. The fact is then left out, since readers keep the one that came first.
    """
    assert event.sequence is not None, "canonical events are numbered"
    subject = document.state or Subject()
    topic = event.topic.name
    if event.topic is REFERENCE:
        document.state = subject
        document.emitted[topic] = max(event.sequence, document.emitted.get(topic, 0))
        return Applied(topic, event.sequence, None, event.recordedtime)
    fact = known_fact(subject, publisher_of(event.source) or "", event.id)
    if fact is not None:
        return applied_before(subject, topic, fact)
    if event.sequence <= document.emitted.get(topic, 0):
        return None
    state = after(subject, as_sent(event), _fact(event), event.contactversion)
    held = tuple(
        one
        for one in state.held
        if (one.event.source, one.event.id) != (event.source, event.id)
    )
    document.state = state if len(held) == len(state.held) else replace(state, held=held)
    document.emitted[topic] = event.sequence
    return Applied(
        topic=topic,
        sequence=event.sequence,
        status=state.status,
        recorded_at=event.recordedtime,
        inconsistency=event.inconsistency,
        first=event.sequence == 1,
    )


def as_sent(event: Event) -> InboundEvent:
    """Return a canonical event as its publisher sent it, as far as the topic keeps that."""
    data = event.data
    if getattr(data, "lookup_hash", None) is not None:
        data = data.model_copy(update={"lookup_hash": None})
    return InboundEvent(
        id=event.id,
        source=event.source,
        name=event.name,
        major=event.major,
        subject=event.subject,
        time=event.time,
        data=data,
        publisher=publisher_of(event.source) or "",
        fingerprint="",
        receivingunit=event.receivingunit,
        competentunit=event.competentunit,
        traceparent=event.traceparent,
        backfill=event.backfill,
    )


def receipt_key_of(event: Event) -> ReceiptKey:
    """Return the key of an event's receipt.

    A counter's own key is known to nobody any more; its event's id follows from it, so that
    the same request finds the receipt under this one.
    """
    return ReceiptKey(publisher_of(event.source) or "", event.id)


def is_of_counter(event: Event) -> bool:
    """Return whether a counter's request made an event."""
    return publisher_of(event.source) == COUNTER


def lost_since(event: Event) -> tuple[bool, datetime | None] | None:
    """Return whether a connection is lost after an event, and since when it is silent.

    None for an event that says nothing of that.
    """
    match event.data:
        case ConnectionLost(last_seen=last_seen):
            return True, last_seen or event.time
        case ConnectionRestored():
            return False, None
        case _:
            return None


def adopt_contact(state: ContactState | None, version: int | None) -> ContactState:
    """Return what remains of a contact by its record; a `version` of None is a tombstone."""
    known = state or ContactState()
    if known.erased or version is None:
        return erased_contact(known)
    if version <= known.version:
        return known
    return replace(known, version=version)


def erased_contact(known: ContactState, version: int = 0) -> ContactState:
    """Return the marker of a contact that is erased; `version` is one that events name."""
    if known.erased:
        return known
    return ContactState(version=max(known.version, version) + 1, erased=True)


def _fact(event: Event) -> Fact:
    assert event.sequence is not None, "canonical events are numbered"
    assert event.recordedtime is not None, "canonical events are recorded"
    return Fact(
        source=event.source,
        id=event.id,
        fingerprint=recorded_fingerprint(event),
        name=event.name,
        time=event.time,
        sequence=event.sequence,
        recorded_at=event.recordedtime,
        data=as_sent(event).data.document(),
        backfill=event.backfill,
        inconsistency=event.inconsistency,
    )
