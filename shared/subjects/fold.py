"""Folding events into one subject's document: in order, once each, nothing skipped.

Pure: the same document, events and context give the same result.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Generic, TypeAlias, TypeVar

from shared.events.envelope import Event, opening_of, topic_of
from shared.events.model import instant_text
from shared.events.units import event_under
from shared.reference.view import Reference
from shared.subjects.document import Document, Outgoing
from shared.subjects.errors import StopServiceError, UnfoldableError
from shared.subjects.parking import Parked, park_event

HELD_MAX: Final = 1_000
"""How many events of one subject may wait behind a gap before the service stops."""

StateT = TypeVar("StateT")


@dataclass(frozen=True, slots=True)
class Context:
    """What a fold may look at besides state and event."""

    now: datetime
    reference: Reference


@dataclass(frozen=True, slots=True)
class Emission:
    """An event that a fold decided on; the machinery numbers and stamps it.

    `data` is what the type's model writes, as JSON has it. `key` is the partition key where it
    is not the subject; the id is derived from the cause.
    """

    id: str
    name: str
    data: Mapping[str, Any]
    time: datetime
    key: str | None = None
    receivingunit: str | None = None
    competentunit: str | None = None
    traceparent: str | None = None
    backfill: bool = False


@dataclass(frozen=True, slots=True)
class Folded(Generic[StateT]):
    """The subject's next state and what follows from it.

    `outgoing` is for what is no event of ours, such as plans that the service keeps to itself.
    """

    state: StateT
    emissions: Sequence[Emission] = ()
    outgoing: Sequence[Outgoing] = ()


Fold: TypeAlias = Callable[[StateT | None, Event, Context], Folded[StateT]]
"""A service's core, one event at a time; raises `UnfoldableError` if it cannot be applied."""


def event_subject(event: Event) -> str:
    """Return the subject: the document that an event belongs to, unless a service differs."""
    return event.subject


def event_topic(event: Event) -> str:
    """Return the topic: the stream within which a subject's events are numbered."""
    return event.topic.name


@dataclass(slots=True)
class Outcome:
    """What happened to one subject's share of a batch."""

    changed: bool = False
    applied: list[Event] = field(default_factory=list)
    duplicates: int = 0
    parked: list[Parked] = field(default_factory=list)


def fold_events(
    document: Document[StateT],
    events: Iterable[Event],
    fold: Fold[StateT],
    context: Context,
    *,
    service: str,
    stream_of: Callable[[Event], str] = event_topic,
) -> Outcome:
    """Fold `events` into `document` in place and say what happened.

    An event is applied when its sequence is the next one of its topic; an older one is a
    repeat and is dropped; one that is ahead is held until the gap closes. An event that cannot
    be folded is parked and stays the gap, so the subject's later events wait behind it.

    Raises:
        StopServiceError: more than `HELD_MAX` events wait behind a gap.
    """
    outcome = Outcome()
    for event in events:
        stream = stream_of(event)
        assert event.sequence is not None, "canonical events are numbered"
        waiting = document.held.setdefault(stream, {})
        if event.sequence <= document.sequences.get(stream, 0) or event.sequence in waiting:
            outcome.duplicates += 1
            continue
        waiting[event.sequence] = event
        outcome.changed = True
        _advance(document, stream, fold, context, outcome, service)
    document.held = {stream: waiting for stream, waiting in document.held.items() if waiting}
    if document.held_count() > HELD_MAX:
        raise StopServiceError(
            f"{document.id}: {document.held_count()} events wait behind a gap "
            f"(limit {HELD_MAX}); see `motcua parked list`"
        )
    return outcome


def release(
    document: Document[StateT],
    stream: str,
    fold: Fold[StateT],
    context: Context,
    *,
    service: str,
) -> Outcome:
    """Apply what waited on `stream` and is next in line now that a gap was passed over."""
    outcome = Outcome(changed=True)
    document.held.setdefault(stream, {})
    _advance(document, stream, fold, context, outcome, service)
    if not document.held[stream]:
        del document.held[stream]
    return outcome


def _advance(
    document: Document[StateT],
    stream: str,
    fold: Fold[StateT],
    context: Context,
    outcome: Outcome,
    service: str,
) -> None:
    """Apply everything that is next in line on `stream`, with units under current codes."""
    waiting = document.held[stream]
    while (event := waiting.get(document.sequences.get(stream, 0) + 1)) is not None:
        assert event.sequence is not None, "held events are numbered"
        del waiting[event.sequence]
        known = event
        if context.reference.units.aliases:
            known = event_under(event, context.reference.current)
        try:
            folded = fold(document.state, known, context)
        except UnfoldableError as error:
            outcome.parked.append(park_event(event, error.reason, now=context.now))
            return
        document.state = folded.state
        document.sequences[stream] = event.sequence
        outcome.applied.append(known)
        emit(document, folded.emissions, context, service=service)
        document.added.extend(folded.outgoing)


def emit(
    document: Document[StateT],
    emissions: Iterable[Emission],
    context: Context,
    *,
    service: str,
) -> None:
    """Number and stamp `emissions` and add them to the document's outbox."""
    source = f"urn:motcua:service:{service}"
    recorded = instant_text(context.now)
    for emission in emissions:
        topic = topic_of(emission.name, document.id).name
        number = document.emitted.get(topic, 0) + 1
        document.emitted[topic] = number
        value = {
            **opening_of(emission.id, source, emission.name, document.id, emission.time),
            "sequence": number,
            "recordedtime": recorded,
            "referenceversion": context.reference.version,
        }
        for name in ("receivingunit", "competentunit", "traceparent"):
            attribute = getattr(emission, name)
            if attribute is not None:
                value[name] = attribute
        if emission.backfill:
            value["backfill"] = True
        value["data"] = emission.data
        document.added.append(Outgoing(emission.id, topic, emission.key or document.id, value))
