"""One subject, one document: state, positions and outbox that change together."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from shared.events.envelope import Event

StateT = TypeVar("StateT")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Something decided and not yet published.

    `value` is an event in its stored form, or None for a tombstone. The id is the event's,
    so that a repeat repeats it. `owner` names the process that saved it, once it is read from
    the store (`shared/subjects/ownership.py`).
    """

    id: str
    topic: str
    key: str
    value: dict[str, Any] | None
    owner: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a subject's outbox waits: the broker refused its first entry.

    Attributes:
        id: The entry's id.
        topic: Where it goes.
        error: The error's name as the Kafka client spells it.
        scope: `record` if this entry alone is refused, `topic` if its topic takes nothing.
        sentence: What is wrong and what to do about it, for an operator.
        at: When it was refused last, in wall time.
        until: From when on it is tried again, in wall time.
    """

    id: str
    topic: str
    error: str
    scope: str
    sentence: str
    at: datetime
    until: datetime


@dataclass(slots=True)
class Document(Generic[StateT]):
    """A working copy of one subject's document.

    Attributes:
        id: The subject.
        version: How often it was changed; 0 means that the store does not have it yet.
        sequences: Stream (a topic, mostly) to the last sequence applied from it.
        held: Stream to the events that are ahead of a gap, by sequence.
        emitted: Topic to the last sequence that we gave to an event of ours.
        outbox: What the store knew as decided and unpublished when this copy was read.
        added: What has been decided since; the store appends it, so that entries cleared
            meanwhile do not come back.
        state: What the service knows of the subject; None before its first event.
        refused: Why the outbox waits, if the broker refused its first entry.
        saved_at: The `pending_at` of the save that this copy won; None before.
    """

    id: str
    version: int = 0
    sequences: dict[str, int] = field(default_factory=dict)
    held: dict[str, dict[int, Event]] = field(default_factory=dict)
    emitted: dict[str, int] = field(default_factory=dict)
    outbox: list[Outgoing] = field(default_factory=list)
    added: list[Outgoing] = field(default_factory=list)
    state: StateT | None = None
    refused: Refusal | None = None
    saved_at: datetime | None = field(default=None, compare=False)

    def unpublished(self) -> list[Outgoing]:
        """Return everything still to be published, in the order in which it was decided."""
        return [*self.outbox, *self.added]

    def held_count(self) -> int:
        """Return how many events wait behind a gap."""
        return sum(len(waiting) for waiting in self.held.values())
