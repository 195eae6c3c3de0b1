"""Brokers and replicas die under the services: nothing lost, nothing alerted twice."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import pytest
import pytest_asyncio
from confluent_kafka import KafkaError, Message, Producer

from shared.events.topics import DOSSIERS, OBLIGATIONS, PARTITIONS
from shared.kafka.admin import TopicAdmin, TopicSpec
from tests.simulation.cluster.brokers import WANTED, Brokers
from tests.simulation.cluster.province import (
    Province,
    dossiers_of,
    province,
    until_sent,
    until_written,
    written,
)

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.timeout(1_800),
    pytest.mark.asyncio(loop_scope="module"),
]

DOSSIERS_BEFORE: Final = 10
DOSSIERS_DURING: Final = 10
ALERTS_BEFORE: Final = 3
SERVICES_OF_TWO: Final = ("workflow", "notifications")
DELIVERY_S_MAX: Final = 240
REFUSED_S: Final = 20
"""How long a record is tried that nobody is to acknowledge."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(
    three: Brokers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Province]:
    """Start the services once for the module."""
    three.restore()
    await three.until_in_step()
    async with province(tmp_path_factory.mktemp("province"), three) as made:
        yield made


async def test_the_leader_is_killed(here: Province, brokers: Brokers) -> None:
    """Publishers and services go on with the two that are left, and so do the alerts."""
    async with here.load() as load:
        await until_sent(load, DOSSIERS_BEFORE)
        leader = (await brokers.replicas(DOSSIERS.name))[0].leader
        assert leader is not None
        await asyncio.to_thread(brokers.kill, leader)
        await until_sent(load, dossiers_of(load) + DOSSIERS_DURING)
    here.leap()
    await here.rest()
    await here.count()

    await asyncio.to_thread(brokers.bring_back, leader)
    await brokers.until_in_step()
    await here.rest()
    await here.count()


async def test_the_quorum_is_killed(here: Province, brokers: Brokers, unique: str) -> None:
    """With two of three away no record is acknowledged; then everything goes on."""
    await _make(brokers, unique)
    async with here.load() as load:
        await until_sent(load, DOSSIERS_BEFORE)
        assert await _acknowledged(brokers, unique, DELIVERY_S_MAX) == PARTITIONS
        leaders = [one.leader for one in await brokers.replicas(OBLIGATIONS.name)]
        left = max({1, 2, 3}, key=leaders.count)
        first, second = sorted({1, 2, 3} - {left})
        await asyncio.to_thread(brokers.kill, first, second)

        assert await _acknowledged(brokers, unique, REFUSED_S) == 0, "one broker acknowledged"
        load.stopping.set()  # What it has begun it tries until it is acknowledged.
        here.leap()  # Alerts are due now, and cannot be published.
        await asyncio.to_thread(brokers.bring_back, first)
    await here.rest()  # By now what was recorded after the leap has waited long enough.
    async with here.load() as load:
        await until_sent(load, DOSSIERS_DURING)
    here.leap()
    await asyncio.to_thread(brokers.bring_back, second)
    await brokers.until_in_step()
    await here.rest()
    await here.count()


async def test_a_replica_of_workflow_and_of_notifications_are_killed(
    here: Province, brokers: Brokers
) -> None:
    """In the middle of raising and sending alerts; the other replicas do the rest."""
    for name in SERVICES_OF_TWO:
        here.begin_replica(name)
    await here.rest()
    async with here.load() as load:
        await until_sent(load, 2 * DOSSIERS_BEFORE)
    await here.rest()

    before = len(here.playing.mailbox.mails)
    alerts = await written(brokers, OBLIGATIONS.name)
    here.leap()
    await until_written(brokers, OBLIGATIONS.name, alerts + ALERTS_BEFORE)
    for name in SERVICES_OF_TWO:
        here.kill_replica(name)
    await here.rest()
    account = await here.count()
    assert account.mails > before
    assert all(one.process.alive for one in brokers.by_number.values())


async def _make(brokers: Brokers, name: str) -> None:
    """Create a topic that no service reads, kept as the others are."""
    async with TopicAdmin(brokers.bootstrap) as admin:
        spec = TopicSpec(name, PARTITIONS, WANTED.config(), WANTED.replication)
        await admin.create([spec])
    await brokers.until_in_step()


async def _acknowledged(brokers: Brokers, topic: str, try_s: int) -> int:
    """Try one record on every partition, by librdkafka; count what was acknowledged."""
    return await asyncio.to_thread(_try, brokers.bootstrap, topic, try_s)


def _try(bootstrap: tuple[str, ...], topic: str, try_s: int) -> int:
    done: list[KafkaError | None] = []

    def note(error: KafkaError | None, _message: Message) -> None:
        done.append(error)

    producer = Producer(
        {
            "bootstrap.servers": ",".join(bootstrap),
            "acks": "all",
            "message.timeout.ms": try_s * 1000,
            "log_level": 0,
        }
    )
    for partition in range(PARTITIONS):
        producer.produce(topic, b"{}", partition=partition, on_delivery=note)
    producer.flush(try_s * 2)
    assert len(done) == PARTITIONS, "not every record had its answer"
    return sum(1 for error in done if error is None)
