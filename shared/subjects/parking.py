"""A record that could not be applied, and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.events.envelope import Event, to_document
from shared.subjects.records import Record

VALUE_BYTES_MAX = 65_536
"""How much of an undecodable value is kept; canonical records carry no personal data."""


@dataclass(frozen=True, slots=True)
class Parked:
    """One parked record.

    Attributes:
        id: Derived from what it is, so that parking it again changes nothing.
        subject: The subject whose later events wait behind it; empty if it has no key.
        topic: The canonical topic that it came on.
        sequence: Its place in the subject's order; None if it could not be read.
        reason: What is wrong, for an operator.
        event: The event in its stored form; None if it could not be decoded.
        value: The raw record, if it could not be decoded.
        place: Where the record stands, `topic/partition/offset`; empty if unknown.
        parked_at: When it was parked, by the service's clock.
    """

    id: str
    subject: str
    topic: str
    sequence: int | None
    reason: str
    event: dict[str, Any] | None
    value: bytes | None
    place: str
    parked_at: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """What somebody decided about a parked record.

    Attributes:
        parked: The parked record's id.
        subject: The subject that waited behind it.
        reason: Why it had been parked.
        decision: `retry` or `discard`.
        who: The id of the key by which it was decided.
        why: The reason that was given.
        at: When, by the service's clock.
    """

    parked: str
    subject: str
    reason: str
    decision: str
    who: str
    why: str
    at: datetime


def park_event(event: Event, reason: str, *, now: datetime) -> Parked:
    """Return the entry for an event that was read and cannot be folded."""
    return Parked(
        id=f"{event.topic.name}|{event.subject}|{event.sequence}",
        subject=event.subject,
        topic=event.topic.name,
        sequence=event.sequence,
        reason=reason,
        event=to_document(event),
        value=None,
        place="",
        parked_at=now,
    )


def park_record(record: Record, reason: str, *, now: datetime) -> Parked:
    """Return the entry for a record that cannot even be read."""
    return Parked(
        id=record.place,
        subject=(record.key or b"").decode("utf-8", "replace"),
        topic=record.topic,
        sequence=None,
        reason=reason,
        event=None,
        value=None if record.value is None else record.value[:VALUE_BYTES_MAX],
        place=record.place,
        parked_at=now,
    )
