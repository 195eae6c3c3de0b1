"""How long a publication waits for a broker that is slow, and for one that is silent."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaTimeoutError
from aiokafka.structs import RecordMetadata, TopicPartition
from typing_extensions import override

from shared.events.partitioner import partition_of
from shared.kafka.publisher import PUBLISH_S_MAX, KafkaPublisher
from shared.subjects.errors import UnavailableError
from tests.fakes.leaping import run_leaping

TOPIC = "motcua.notices.v1"
BATCH_MAX = 3


class Client:
    """A connection that closes."""

    async def close(self) -> None:
        """Close it."""


@dataclass
class SlowProducer:
    """Acknowledges one record after another, `pause_s` apart; hands over only with room."""

    pause_s: float
    full_times: int = 0
    client: Client = field(default_factory=Client)
    taken: list[bytes] = field(default_factory=list)
    first_offset: int = 0
    _free_at: float = 0.0

    async def partitions_for(self, topic: str) -> set[int]:
        """Return the partitions of the topic."""
        assert topic == TOPIC
        return {0, 1, 2}

    async def send(
        self, topic: str, value: bytes, key: bytes, partition: int, *, headers: list[Any]
    ) -> asyncio.Future[RecordMetadata]:
        """Take a record; its future ends when the broker would acknowledge it."""
        assert (topic, key, headers) == (TOPIC, value, []), partition
        if self.full_times:
            self.full_times -= 1
            await asyncio.sleep(PUBLISH_S_MAX / 4)
            raise KafkaTimeoutError
        self.taken.append(value)
        return self._acknowledged_later(partition, self.first_offset + len(self.taken) - 1)

    def create_batch(self) -> "Batch":
        """Return a batch with room for a few."""
        return Batch()

    async def send_batch(
        self, batch: "Batch", topic: str, *, partition: int
    ) -> asyncio.Future[RecordMetadata]:
        """Take a batch; others' records join it at once, as aiokafka allows."""
        assert topic == TOPIC
        base = self.first_offset + len(self.taken)
        self.taken += batch.values
        batch.values += [b"another's"] * 2
        return self._acknowledged_later(partition, base)

    def _acknowledged_later(
        self, partition: int, offset: int
    ) -> asyncio.Future[RecordMetadata]:
        loop = asyncio.get_running_loop()
        acknowledged: asyncio.Future[RecordMetadata] = loop.create_future()
        self._free_at = max(self._free_at, loop.time()) + self.pause_s
        place = TopicPartition(TOPIC, partition)
        known = offset if self.first_offset >= 0 else -1
        written = RecordMetadata(TOPIC, partition, place, known, None, 0, None)
        loop.call_at(self._free_at, _acknowledge, acknowledged, written)
        return acknowledged


@dataclass
class Batch:
    """Holds up to three records."""

    values: list[bytes] = field(default_factory=list)

    def append(self, *, value: bytes, **_rest: object) -> object | None:
        """Take a record, or return None when there is no room."""
        if len(self.values) >= BATCH_MAX:
            return None
        self.values.append(value)
        return value

    def record_count(self) -> int:
        """Return how many records it holds."""
        return len(self.values)


def _acknowledge(record: asyncio.Future[RecordMetadata], written: RecordMetadata) -> None:
    if not record.done():
        record.set_result(written)


class Publisher(KafkaPublisher):
    """The publisher on that producer."""

    def __init__(self, producer: SlowProducer) -> None:
        super().__init__(["127.0.0.1:9"], client_id="test")
        self.producer = producer

    @override
    async def _ready(self) -> AIOKafkaProducer:
        return cast("AIOKafkaProducer", self.producer)


async def publish(publisher: Publisher, count: int) -> list[BaseException | None]:
    """Publish so many records at once, each by itself."""
    values = [f"{number}".encode() for number in range(count)]
    return await asyncio.gather(
        *(publisher.publish_raw([(TOPIC, value, value, ())]) for value in values),
        return_exceptions=True,
    )


def test_a_slow_broker_has_all_its_time() -> None:
    """The last is acknowledged long after the limit, and is not given up."""
    producer = SlowProducer(PUBLISH_S_MAX * 0.8)
    assert run_leaping(publish(Publisher(producer), 10)) == [None] * 10
    assert len(producer.taken) == 10


def test_a_silent_broker_is_given_up() -> None:
    """No acknowledgement within the limit."""
    results = run_leaping(publish(Publisher(SlowProducer(PUBLISH_S_MAX * 1.1)), 3))
    assert [type(result) for result in results] == [UnavailableError] * 3


def test_a_full_client_is_waited_for() -> None:
    """Its own time-out hands nothing over, so the record is offered again and taken once."""
    producer = SlowProducer(1.0, full_times=2)
    assert run_leaping(publish(Publisher(producer), 1)) == [None]
    assert producer.taken == [b"0"]


def test_a_client_that_stays_full_is_given_up() -> None:
    """Nobody is acknowledged meanwhile: the limit holds for the handing over, too."""
    producer = SlowProducer(1.0, full_times=40)
    (result,) = run_leaping(publish(Publisher(producer), 1))
    assert isinstance(result, UnavailableError)
    assert producer.taken == []


def acknowledged(producer: SlowProducer, count: int) -> list[tuple[str, int, int]]:
    """Publish so many records of one subject in one call; return what the hook was given."""
    seen: list[tuple[str, int, int]] = []
    publisher = Publisher(producer)
    publisher.on_acknowledged = lambda *written: seen.append(written)
    run_leaping(publisher.publish_raw([(TOPIC, b"one", b"one", ())] * count))
    return seen


def test_the_last_offset_of_each_batch_is_reported() -> None:
    """Three to a batch, and one alone; what others put into a batch of ours is theirs."""
    partition = partition_of(b"one", 3)
    seen = acknowledged(SlowProducer(1.0, first_offset=40), 7)
    assert seen == [(TOPIC, partition, last) for last in (42, 45, 46)]
    assert acknowledged(SlowProducer(1.0, first_offset=7), 1) == [(TOPIC, partition, 7)]


def test_an_unknown_offset_is_not_reported() -> None:
    """The broker has the batch, but no longer knows where."""
    producer = SlowProducer(1.0, first_offset=-1)
    assert acknowledged(producer, 2) == []
    assert len(producer.taken) == 2
