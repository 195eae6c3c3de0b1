"""Positions of one subscription: what is durable, what is committed, what a poll has in hand.

An offset is not always a record: the markers that end a transaction, and records of an aborted
one, take offsets that no application is ever given. So a position is never computed from a
record. It is noted from the client when a poll returns, and taken over once that poll's effect
is durable (decision 0027).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

Place = tuple[str, int]
"""A topic and the number of a partition."""

Offsets = dict[Place, int]


@dataclass(slots=True)
class Batch:
    """What one poll returned and what is not durable yet.

    Attributes:
        starts: The first offset handed over of each partition.
        positions: Where the client stood after the poll, of each partition assigned.
        oldest_ms: The least time of a record since 1970, by topic, as its producer or the
            broker has set it.
    """

    starts: Offsets
    positions: Offsets
    oldest_ms: dict[str, int]


@dataclass(slots=True)
class Positions:
    """Where one subscription is in each partition that it holds.

    Attributes:
        durable: For each partition held, the offset before which every effect is durable.
        committed: What the group has committed, as far as we know.
        in_hand: What the last poll returned, until it is durable or refused.
    """

    durable: Offsets = field(default_factory=dict)
    committed: Offsets = field(default_factory=dict)
    in_hand: Batch | None = None

    def polled(self, positions: Mapping[Place, int], batch: Sequence[ConsumerRecord]) -> None:
        """Note where the client is after a poll; an empty one is durable at once."""
        starts: Offsets = {}
        oldest_ms: dict[str, int] = {}
        for record in batch:
            starts.setdefault((record.topic, record.partition), record.offset)
            known = oldest_ms.get(record.topic, record.timestamp)
            oldest_ms[record.topic] = min(known, record.timestamp)
        self.in_hand = Batch(starts, dict(positions), oldest_ms)
        if not batch:
            self.applied()

    def applied(self) -> None:
        """Take over the positions of the poll in hand, whose effect is durable now.

        A partition that was assigned but not announced yet is left out, unless the poll has
        records of it: whoever asks what is held must not be answered too early.
        """
        batch, self.in_hand = self.in_hand, None
        if batch is None:
            return
        for place, position in batch.positions.items():
            if place in self.durable or place in batch.starts:
                self.durable[place] = position

    def refused(self) -> Offsets:
        """Give up the poll in hand; return where each of its partitions is to be read again."""
        batch, self.in_hand = self.in_hand, None
        return {} if batch is None else batch.starts

    def assigned(self, place: Place, start: int, committed: int | None) -> None:
        """Begin with a partition, unless a poll that was quicker has passed this point."""
        at = start if committed is None else committed
        self.committed[place] = at
        self.durable[place] = max(at, self.durable.get(place, at))

    def revoked(self, places: Collection[Place]) -> None:
        """Forget partitions; what is still in hand of them no longer counts."""
        for place in places:
            self.durable.pop(place, None)
            self.committed.pop(place, None)
            if self.in_hand is not None:
                self.in_hand.positions.pop(place, None)
                self.in_hand.starts.pop(place, None)

    def uncommitted(self) -> Offsets:
        """Return what is durable and not committed yet."""
        return {
            place: position
            for place, position in self.durable.items()
            if self.committed.get(place) != position
        }

    def commit(self, positions: Mapping[Place, int]) -> None:
        """Note what was committed, as far as we still hold it."""
        self.committed.update(
            {place: at for place, at in positions.items() if place in self.durable}
        )


def positions_of(consumer: AIOKafkaConsumer) -> Offsets:
    """Return the position of each partition assigned; one not known yet is left out.

    `consumer.position` would wait for it, and another poll could return meanwhile.
    """
    subscription = consumer._subscription.subscription  # noqa: SLF001 - there is no public way.
    assignment = getattr(subscription, "assignment", None)
    if assignment is None:
        return {}
    return {
        (tp.topic, tp.partition): int(consumed.offset)
        for tp, consumed in assignment.all_consumed_offsets().items()
    }


def fetched_at(consumer: AIOKafkaConsumer, places: Collection[Place]) -> dict[Place, int]:
    """Return when the last fetch of each partition ended, in ms; without those never fetched.

    An empty fetch counts. The values serve to be compared with each other, not with a clock.
    """
    assigned = consumer.assignment()
    found = {
        place: consumer.last_poll_timestamp(TopicPartition(*place))
        for place in places
        if TopicPartition(*place) in assigned
    }
    return {place: int(moment) for place, moment in found.items() if moment is not None}


def stable_end_seen(consumer: AIOKafkaConsumer, place: Place) -> int | None:
    """Return the last stable offset that the last fetch saw; None before the first."""
    tp = TopicPartition(*place)
    if tp not in consumer.assignment():
        return None  # Revoked a moment ago.
    end: int | None = consumer.last_stable_offset(tp)
    return end
