"""What our producer does when its broker goes away and comes back."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.engines.embedded import kafka_at, start_engines, wait_ready
from deploy.engines.kafka import Kafka
from shared.events.partitioner import partition_of
from shared.kafka import delivery, producers
from shared.kafka.admin import TopicAdmin, TopicSpec
from shared.kafka.publisher import KafkaPublisher
from shared.kafka.whole import read_to_end
from shared.subjects.errors import UnavailableError

pytestmark = [pytest.mark.connected, pytest.mark.asyncio]

TOPIC = "publisher.under.test"
PATIENCE_S = 1.0
RETURN_S = 3.0
"""What a producer that was not ended needs, and more, to find a broker that is back."""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Kafka]:
    """A broker that the test may kill."""
    kafka = kafka_at(tmp_path)
    start_engines([kafka])
    yield kafka
    kafka.stop()


@contextmanager
def impatience() -> Iterator[None]:
    """Give up soon, while the broker is away; it has all its time when it is there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery, "PUBLISH_S_MAX", PATIENCE_S)
        patch.setattr(producers, "STOP_S_MAX", PATIENCE_S)
        yield


@pytest_asyncio.fixture
async def publisher(broker: Kafka) -> AsyncIterator[KafkaPublisher]:
    """A publisher that has published once."""
    async with TopicAdmin([broker.bootstrap]) as admin:
        await admin.create([TopicSpec(TOPIC, 1, {})])
    publisher = KafkaPublisher([broker.bootstrap], client_id="test")
    await publish(publisher, b"before")
    yield publisher
    await publisher.stop()


async def publish(publisher: KafkaPublisher, value: bytes) -> None:
    """Publish one record, of the one subject."""
    await publisher.publish_raw([(TOPIC, b"subject", value, ())])


async def come_back(broker: Kafka) -> None:
    """Start the broker again and wait until it answers."""
    await asyncio.to_thread(broker.start)
    await asyncio.to_thread(wait_ready, broker)


async def test_what_was_given_up_is_not_sent_behind_our_back(
    broker: Kafka, publisher: KafkaPublisher
) -> None:
    """Its outbox sends it again; a forgotten producer would send it at any time."""
    await asyncio.to_thread(broker.process.kill)
    with impatience(), pytest.raises(UnavailableError):
        await publish(publisher, b"given up")

    await come_back(broker)
    await publish(publisher, b"after")
    await asyncio.sleep(RETURN_S)

    records = await read_to_end([broker.bootstrap], TOPIC)
    assert [record.value for record in records] == [b"before", b"after"]


async def test_others_who_share_the_producer_hear_that_it_failed(
    broker: Kafka, publisher: KafkaPublisher
) -> None:
    """Nobody waits for a producer that is gone; each tries again with the next one."""
    await asyncio.to_thread(broker.process.kill)
    attempts = [publish(publisher, f"{number}".encode()) for number in range(3)]
    with impatience():
        results = await asyncio.gather(*attempts, return_exceptions=True)
    assert [type(result) for result in results] == [UnavailableError] * 3

    await come_back(broker)
    await asyncio.gather(*(publish(publisher, f"{number}".encode()) for number in range(3)))
    records = await read_to_end([broker.bootstrap], TOPIC)
    assert sorted(record.value or b"" for record in records) == [b"0", b"1", b"2", b"before"]


async def test_nothing_runs_on_after_a_stop_without_a_broker(
    broker: Kafka, publisher: KafkaPublisher
) -> None:
    """Stopping ends what cannot be flushed, in the middle of a publication too."""
    others = asyncio.all_tasks()
    await asyncio.to_thread(broker.process.kill)
    hanging = asyncio.create_task(publish(publisher, b"never sent"))
    await asyncio.sleep(PATIENCE_S / 4)
    with impatience():
        await publisher.stop()

    with pytest.raises(UnavailableError):
        await hanging
    assert asyncio.all_tasks() <= others


async def test_many_records_go_in_their_order_to_the_partition_of_their_key(
    kafka_bootstrap: str, unique: str
) -> None:
    """More than one batch holds, single ones and those without a key among them."""
    topic, partitions = f"{unique}.many", 3
    keys = [f"subject-{number}".encode() for number in range(7)]
    kept = [
        (key, f"{number:03d}".encode() + b"." * 3_000) for number in range(60) for key in keys
    ]
    async with TopicAdmin([kafka_bootstrap]) as admin:
        await admin.create([TopicSpec(topic, partitions, {})])
    publisher = KafkaPublisher([kafka_bootstrap], client_id="test")
    await publisher.publish_raw([(topic, *one, ()) for one in [*kept, (b"alone", b"one")]])
    await publisher.publish_raw(
        [(topic, keys[0], b"last", [("h", b"1")]), (topic, None, b"", ())]
    )
    await publisher.stop()

    records = await read_to_end([kafka_bootstrap], topic)
    keyed = [record for record in records if record.key is not None]
    assert len(records) == len(keyed) + 1 == len(kept) + 3
    assert all(one.partition == partition_of(one.key or b"", partitions) for one in keyed)
    for key in keys[1:]:
        assert [one.value for one in keyed if one.key == key] == [
            value for other, value in kept if other == key
        ]
    assert [one.headers for one in keyed if one.value == b"last"] == [(("h", b"1"),)]
