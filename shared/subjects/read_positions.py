"""Stored positions: a service's own record of how far its group has read each partition.

Kafka keeps a committed offset for each group, and anybody who may join the group can move it.
So the service keeps a position of its own, in the store that has the effects (decision 0035).
Here is what is kept, the port, and the one decision: where does a partition begin to be read?
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol

from shared.events.model import in_authority_zone, instant_text

Place = tuple[str, int]
"""A topic and the number of a partition."""

Why = Literal["first", "committed", "stored", "committed_ahead", "other_log"]


@dataclass(frozen=True, slots=True)
class LastRecord:
    """The last record of a partition whose effect is durable.

    Attributes:
        offset: Its own.
        timestamp_ms: Its time since 1970, as its producer or the broker has set it.
        digest: Of key, value and time, in hexadecimal digits.
    """

    offset: int
    timestamp_ms: int
    digest: str


@dataclass(frozen=True, slots=True)
class StoredPosition:
    """How far a partition was read: every effect before `next_offset` is in the store.

    Attributes:
        next_offset: Where reading goes on.
        last: The last record before it; None while none was handled.
    """

    next_offset: int
    last: LastRecord | None = None


@dataclass(frozen=True, slots=True)
class Loss:
    """Records that a broker deleted before a group had read them.

    Attributes:
        topic: Their topic.
        partition: The number of their partition.
        first_offset: The first of them.
        end_offset: The first offset after them.
        since_ms: When the last record before them was written; None if none is known.
        until_ms: When the first record after them was written. If there is none, when the loss
            was seen.
    """

    topic: str
    partition: int
    first_offset: int
    end_offset: int
    since_ms: int | None
    until_ms: int

    @property
    def place(self) -> Place:
        """Return the partition."""
        return self.topic, self.partition

    @property
    def offsets(self) -> int:
        """Return how many offsets are gone: an upper bound of the records."""
        return self.end_offset - self.first_offset

    @property
    def times(self) -> str:
        """Say when they were written, as far as it is known."""
        until = _moment(self.until_ms)
        return (
            f"before {until}"
            if self.since_ms is None
            else (f"between {_moment(self.since_ms)} and {until}")
        )


@dataclass(frozen=True, slots=True)
class Log:
    """One partition's log as it is now.

    Attributes:
        start: Its first offset.
        end: Up to where it may be read.
        confirms: Whether the last record that we handled is there. None where nobody can
            know: no record is kept, or the broker has deleted it as its topic provides.
    """

    start: int
    end: int
    confirms: bool | None = None


@dataclass(frozen=True, slots=True)
class Begin:
    """Read from here on.

    Attributes:
        at: The first offset to read.
        why: What decided: `first` nothing was ever read; `committed` the group's offset, of a
            store from before stored positions; `stored` our own record, or an offset before
            it; `committed_ahead` our own record, against a later committed offset;
            `other_log` the log does not confirm our record, so it is another one.
    """

    at: int
    why: Why


@dataclass(frozen=True, slots=True)
class Halt:
    """Do not read: the log begins after what comes next.

    Attributes:
        at: The first offset that is gone.
        until: The first that is there.
    """

    at: int
    until: int


def where_to_begin(
    log: Log,
    *,
    committed: int | None,
    stored: StoredPosition | None,
    believes_committed: bool,
) -> Begin | Halt:
    """Return where a group begins to read a partition.

    The stored position and the committed offset each promise that all before them is durable.
    The lesser of both is read from, for reading twice has no effect. A later committed offset
    may have been moved by hand, so it is never believed.

    Args:
        log: The partition's log.
        committed: The group's offset in Kafka; None if it has none.
        stored: Our own record; None if this store has read nothing of the partition.
        believes_committed: Whether the store is older than stored positions.
    """
    if stored is None:
        return _without_record(log, committed if believes_committed else None)
    if stored.next_offset > log.end or log.confirms is False:
        return Begin(log.start, "other_log")
    if committed is not None and committed > stored.next_offset:
        return _unless_deleted(log, stored.next_offset, "committed_ahead")
    if committed is None or stored.next_offset < log.start:
        return _unless_deleted(log, stored.next_offset, "stored")
    # What was deleted between both is in our store: nothing is lost.
    return Begin(max(log.start, committed), "stored")


def _without_record(log: Log, committed: int | None) -> Begin | Halt:
    if committed is None:
        return Begin(log.start, "first")
    if committed > log.end:
        return Begin(log.start, "other_log")
    return _unless_deleted(log, committed, "committed")


def _unless_deleted(log: Log, at: int, why: Why) -> Begin | Halt:
    return Halt(at, log.start) if at < log.start else Begin(at, why)


def moment_of(milliseconds: int) -> datetime | None:
    """Return a record's time; None where its producer wrote one that is no moment."""
    try:
        return in_authority_zone(datetime.fromtimestamp(milliseconds / 1_000, UTC))
    except (OverflowError, ValueError, OSError):
        return None


def _moment(milliseconds: int) -> str:
    moment = moment_of(milliseconds)
    return "an unknown time" if moment is None else instant_text(moment.replace(microsecond=0))


class ReadPositions(Protocol):
    """The stored positions of one service's group, and what is halted.

    A partition has one holder, the member that claimed it last. What an earlier one saves
    afterwards is dropped. Every method raises `UnavailableError` if the store does not answer.
    """

    async def prepare(self) -> None:
        """Note once whether this store is older than stored positions."""
        ...

    async def claim(
        self, places: Collection[Place], *, holder: str
    ) -> Mapping[Place, StoredPosition]:
        """Become the holder of partitions; return the positions of those that have one."""
        ...

    async def believes_committed(self) -> bool:
        """Return whether the store had subjects, and no positions, when it was prepared."""
        ...

    async def save(self, positions: Mapping[Place, StoredPosition], *, holder: str) -> None:
        """Keep positions of partitions that are still the holder's; nothing is halted there."""
        ...

    async def halt(self, losses: Sequence[Loss], *, holder: str) -> None:
        """Keep what was lost, and the position before it, until `pass_over`."""
        ...

    async def halted(self) -> Sequence[Loss]:
        """Return what is halted, of every member of the group."""
        ...

    async def pass_over(self, loss: Loss) -> bool:
        """Set the position behind a loss that is still as given; return whether it was."""
        ...
