"""Positions of one subscription: what is durable, what is committed, what a poll has in hand.

An offset is not always a record: the markers that end a transaction, and records of an aborted
one, take offsets that no application is ever given. So a position is never computed from a
record. It is noted from the client when a poll returns, and taken over once that poll's effect
is durable (decision 0027).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from shared.subjects.read_positions import LastRecord, Place, StoredPosition

Offsets = dict[Place, int]


@dataclass(slots=True)
class Batch:
    """What one poll returned and what is not durable yet.

    Attributes:
        starts: The first offset handed over of each partition.
        positions: Where the client stood after the poll, of each partition assigned.
        oldest_ms: The least time of a record since 1970, by topic, as its producer or the
            broker has set it.
        lasts: The last record handed over of each partition.
    """

    starts: Offsets
    positions: Offsets
    oldest_ms: dict[str, int]
    lasts: dict[Place, ConsumerRecord] = field(default_factory=dict)


@dataclass(slots=True)
class Positions:
    """Where one subscription is in each partition that it holds.

    Attributes:
        durable: For each partition held, the offset before which every effect is durable.
        committed: What the group has committed, as far as we know.
        stored: What our own record has; -1 where it has nothing that holds.
        lasts: The last record before the durable position, or what is kept of it.
        in_hand: What the last poll returned, until it is durable or refused.
    """

    durable: Offsets = field(default_factory=dict)
    committed: Offsets = field(default_factory=dict)
    stored: Offsets = field(default_factory=dict)
    lasts: dict[Place, ConsumerRecord | LastRecord] = field(default_factory=dict)
    in_hand: Batch | None = None

    def polled(self, positions: Mapping[Place, int], batch: Sequence[ConsumerRecord]) -> None:
        """Note where the client is after a poll; an empty one is durable at once."""
        starts: Offsets = {}
        oldest_ms: dict[str, int] = {}
        lasts: dict[Place, ConsumerRecord] = {}
        for record in batch:
            place = (record.topic, record.partition)
            starts.setdefault(place, record.offset)
            lasts[place] = record
            known = oldest_ms.get(record.topic, record.timestamp)
            oldest_ms[record.topic] = min(known, record.timestamp)
        self.in_hand = Batch(starts, dict(positions), oldest_ms, lasts)
        if not batch:
            self.applied()

    def applied(self) -> None:
        """Take over the positions of the poll in hand, whose effect is durable now.

        A partition that nobody has decided about yet is left out: it is not read.
        """
        batch, self.in_hand = self.in_hand, None
        if batch is None:
            return
        for place, position in batch.positions.items():
            if place in self.durable:
                self.durable[place] = position
                if place in batch.lasts:
                    self.lasts[place] = batch.lasts[place]

    def refused(self) -> Offsets:
        """Give up the poll in hand; return where each of its partitions is to be read again."""
        batch, self.in_hand = self.in_hand, None
        return {} if batch is None else batch.starts

    def begin(
        self, place: Place, at: int, *, committed: int, stored: StoredPosition | None = None
    ) -> None:
        """Begin with a partition at an offset, or begin anew.

        What our own record has beyond it stays there: it is durable.
        """
        self.durable[place] = at
        self.committed[place] = committed
        self.stored[place] = -1 if stored is None else stored.next_offset
        self.lasts.pop(place, None)
        if stored is not None and stored.last is not None:
            self.lasts[place] = stored.last

    def halt(self, place: Place, at: int) -> None:
        """Hold a partition at an offset, without anything to commit or to store."""
        self.begin(place, at, committed=at, stored=StoredPosition(at))

    def revoked(self, places: Collection[Place]) -> None:
        """Forget partitions; what is still in hand of them no longer counts."""
        for place in places:
            self.durable.pop(place, None)
            self.committed.pop(place, None)
            self.stored.pop(place, None)
            self.lasts.pop(place, None)
            if self.in_hand is not None:
                self.in_hand.positions.pop(place, None)
                self.in_hand.starts.pop(place, None)
                self.in_hand.lasts.pop(place, None)

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

    def unstored(self) -> Offsets:
        """Return what is durable and beyond our own record."""
        return {
            place: position
            for place, position in self.durable.items()
            if position > self.stored.get(place, position)
        }

    def store(self, positions: Mapping[Place, int]) -> None:
        """Note what our own record has now, as far as we still hold it."""
        self.stored.update(
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
