"""Brokers and a client's producers in memory, with what a refusal does to their numbers.

As aiokafka does: an idempotent producer counts a batch when it sends it, and the broker takes
only the number that follows. So after a refusal it takes nothing more of that producer there.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidTimestampError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    OutOfOrderSequenceNumber,
    ProducerClosed,
    TopicAuthorizationFailedError,
)
from aiokafka.structs import RecordMetadata, TopicPartition
from typing_extensions import override

from shared.kafka.cluster import Cluster
from shared.kafka.delivery import PUBLISH_S_MAX
from shared.kafka.producers import Producers
from shared.kafka.publisher import KafkaPublisher

BATCH_MAX = 3
BAD_TIME = b"bad time"
Place = tuple[str, int]


@dataclass
class FakeKafka:
    """What the brokers have and allow.

    Attributes:
        partitions: How many each topic has; others are missing.
        bytes_max: The largest batch of a topic, where it has a limit.
        forbidden: Topics to which we may not write.
        leaderless: Partitions that have no leader.
        silent: Topics that acknowledge nothing.
        pause_s: How long after one acknowledgement the next one comes.
        full_times: How often a client finds no room before it hands over.
        known_offsets: Whether acknowledgements say where the batch is.
        log: What is written, by topic and partition: keys and values.
    """

    partitions: dict[str, int] = field(default_factory=dict)
    bytes_max: dict[str, int] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)
    leaderless: set[Place] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    pause_s: float = 0.01
    full_times: int = 0
    known_offsets: bool = True
    away: bool = False
    log: dict[Place, list[tuple[bytes | None, bytes | None]]] = field(default_factory=dict)
    producers: list["FakeProducer"] = field(default_factory=list)
    attempts: Counter[str] = field(default_factory=Counter)
    free_at: float = 0.0

    def values(self, topic: str) -> list[bytes]:
        """Return the values of a topic, partition by partition."""
        places = sorted(place for place in self.log if place[0] == topic)
        return [value or b"" for place in places for _, value in self.log[place]]

    def refuse(self, place: Place, records: list["Fields"]) -> KafkaError | None:
        """Return the error for a batch, or None."""
        if place[0] in self.forbidden:
            return TopicAuthorizationFailedError()
        size = sum(len(value or b"") for _, value in records)
        if size > self.bytes_max.get(place[0], size):
            return MessageSizeTooLargeError()
        if any(value == BAD_TIME for _, value in records):
            return InvalidTimestampError()
        return None


Fields = tuple[bytes | None, bytes | None]


@dataclass(eq=False)
class FakeClient:
    """A client's connection, with its metadata."""

    kafka: FakeKafka
    closed: bool = False
    known: dict[str, int] = field(default_factory=dict)
    _topics: set[str] = field(default_factory=set)
    unauthorized_topics: set[str] = field(default_factory=set)
    _conns: dict[object, Any] = field(default_factory=dict)

    @property
    def cluster(self) -> "FakeClient":
        """Return the metadata."""
        return self

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        """Return the partitions by the last answer."""
        return set(range(self.known[topic])) if topic in self.known else None

    def leader_for_partition(self, place: TopicPartition) -> int | None:
        """Return the leader by the last answer."""
        if place.topic not in self.known:
            return None
        return -1 if tuple(place) in self.kafka.leaderless else 1

    def add_topic(self, topic: str) -> None:
        """Ask for a topic from now on."""
        self._topics.add(topic)

    async def force_metadata_update(self) -> bool:
        """Ask the brokers."""
        await asyncio.sleep(0.01)
        if self.kafka.away:
            return False
        known = self.kafka.partitions
        self.known = {topic: known[topic] for topic in self._topics if topic in known}
        return True

    async def close(self) -> None:
        """Close it."""
        self.closed = True


@dataclass
class Batch:
    """Holds up to three records."""

    records: list[Fields] = field(default_factory=list)

    def append(
        self, *, key: bytes | None, value: bytes | None, **_rest: object
    ) -> object | None:
        """Take a record, or return None when there is no room."""
        if len(self.records) >= BATCH_MAX:
            return None
        self.records.append((key, value))
        return self


class FakeProducer:
    """A producer; numbered ones are spoiled for a partition by a refusal there."""

    def __init__(self, kafka: FakeKafka, *, numbered: bool) -> None:
        self.kafka = kafka
        self.client = FakeClient(kafka)
        self.numbered = numbered
        self.spoiled: set[Place] = set()
        self.waiting: set[asyncio.Future[RecordMetadata]] = set()
        kafka.producers.append(self)

    def create_batch(self) -> Batch:
        """Return an empty batch."""
        return Batch()

    async def send(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None,
        partition: int,
        *,
        headers: list[Any],
    ) -> asyncio.Future[RecordMetadata]:
        """Take a record."""
        assert isinstance(headers, list)
        if self.kafka.full_times:
            self.kafka.full_times -= 1
            await asyncio.sleep(PUBLISH_S_MAX / 4)
            raise KafkaTimeoutError
        return self._handed((topic, partition), [(key, value)])

    async def send_batch(
        self, batch: Batch, topic: str, *, partition: int
    ) -> asyncio.Future[RecordMetadata]:
        """Take a batch."""
        return self._handed((topic, partition), batch.records)

    def _handed(self, place: Place, records: list[Fields]) -> asyncio.Future[RecordMetadata]:
        loop = asyncio.get_running_loop()
        sent: asyncio.Future[RecordMetadata] = loop.create_future()
        self.waiting.add(sent)
        sent.add_done_callback(self.waiting.discard)
        self.kafka.attempts[place[0]] += 1
        if place[0] not in self.kafka.silent:
            self.kafka.free_at = max(self.kafka.free_at, loop.time()) + self.kafka.pause_s
            loop.call_at(self.kafka.free_at, self._answer, sent, place, records)
        return sent

    def _answer(
        self, sent: asyncio.Future[RecordMetadata], place: Place, records: list[Fields]
    ) -> None:
        if sent.done():
            return
        if self.client.closed:
            sent.set_exception(ProducerClosed())
            return
        error = self.kafka.refuse(place, records)
        if place in self.spoiled:
            error = OutOfOrderSequenceNumber()
        if error is not None:
            if self.numbered:
                self.spoiled.add(place)
            sent.set_exception(error)
            return
        log = self.kafka.log.setdefault(place, [])
        offset = len(log) if self.kafka.known_offsets else -1
        log += records
        sent.set_result(RecordMetadata(*place, TopicPartition(*place), offset, None, 0, None))

    async def flush(self) -> None:
        """Wait for what is on its way."""
        if self.waiting:
            await asyncio.wait(self.waiting)

    async def stop(self) -> None:
        """Disconnect."""
        await self.client.close()


class FakeProducers(Producers):
    """Producers on those brokers."""

    def __init__(self, kafka: FakeKafka) -> None:
        super().__init__(Cluster.at(["127.0.0.1:9"]), "test")
        self.kafka = kafka

    @override
    async def _made(self, **options: Any) -> AIOKafkaProducer:
        made = FakeProducer(self.kafka, numbered="enable_idempotence" in options)
        return cast("AIOKafkaProducer", made)


def publisher_on(kafka: FakeKafka, encode: Callable[[dict[str, Any]], bytes]) -> KafkaPublisher:
    """Return a publisher on those brokers."""
    return KafkaPublisher(
        ["127.0.0.1:9"], client_id="test", encode=encode, producers=FakeProducers(kafka)
    )
