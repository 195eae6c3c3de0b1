"""How long a publication waits for a broker that is slow, and for one that is silent."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaTimeoutError
from typing_extensions import override

from shared.kafka.publisher import PUBLISH_S_MAX, KafkaPublisher
from shared.subjects.errors import UnavailableError
from tests.fakes.leaping import run_leaping

TOPIC = "motcua.notices.v1"


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
    _free_at: float = 0.0

    async def partitions_for(self, topic: str) -> set[int]:
        """Return the partitions of the topic."""
        assert topic == TOPIC
        return {0, 1, 2}

    async def send(
        self, topic: str, value: bytes, key: bytes, partition: int, *, headers: list[Any]
    ) -> asyncio.Future[None]:
        """Take a record; its future ends when the broker would acknowledge it."""
        assert (topic, key, headers) == (TOPIC, value, []), partition
        if self.full_times:
            self.full_times -= 1
            await asyncio.sleep(PUBLISH_S_MAX / 4)
            raise KafkaTimeoutError
        loop = asyncio.get_running_loop()
        self.taken.append(value)
        acknowledged: asyncio.Future[None] = loop.create_future()
        self._free_at = max(self._free_at, loop.time()) + self.pause_s
        loop.call_at(self._free_at, _acknowledge, acknowledged)
        return acknowledged


def _acknowledge(record: asyncio.Future[None]) -> None:
    if not record.done():
        record.set_result(None)


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
