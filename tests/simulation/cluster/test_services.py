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
    province,
    until_sent,
    until_written,
    written,
)

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.timeout(900),
    pytest.mark.asyncio(loop_scope="module"),
]

DOSSIERS_BEFORE: Final = 10
DOSSIERS_DURING: Final = 10
ALERTS_BEFORE: Final = 3
DELIVERY_S: Final = 8


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
    load = here.load()
    loading = asyncio.create_task(load.run())
    await until_sent(load, DOSSIERS_BEFORE)
    leader = (await brokers.replicas(DOSSIERS.name))[0].leader
    assert leader is not None
    await asyncio.to_thread(brokers.kill, leader)
    before = len(set(load.sent.values()))
    await until_sent(load, before + DOSSIERS_DURING)
    await here.ended_load(load, loading)
    here.leap()
    await here.rest()
    await here.count()

    await asyncio.to_thread(brokers.bring_back, leader)
    await brokers.until_in_step()
    await here.rest()
    await here.count()


async def test_the_quorum_is_killed(here: Province, brokers: Brokers, unique: str) -> None:
    """Two of three are away: nobody is told that a record is kept; then everything goes on."""
    load = here.load()
    loading = asyncio.create_task(load.run())
    await until_sent(load, DOSSIERS_BEFORE)
    await _make(brokers, unique)
    assert await asyncio.to_thread(_acknowledged, brokers.bootstrap, unique) == PARTITIONS
    leaders = [one.leader for one in await brokers.replicas(OBLIGATIONS.name)]
    left = max({1, 2, 3}, key=leaders.count)
    first, second = sorted({1, 2, 3} - {left})
    await asyncio.to_thread(brokers.kill, first, second)

    acknowledged = await asyncio.to_thread(_acknowledged, brokers.bootstrap, unique)
    assert acknowledged == 0, "one broker of three acknowledged a record"
    load.stopping.set()  # What it has begun it tries until it is acknowledged.
    here.leap()  # Alerts are due now, and cannot be published.

    await asyncio.to_thread(brokers.bring_back, first)
    await here.ended_load(load, loading)
    more = here.load()
    loading = asyncio.create_task(more.run())
    await until_sent(more, DOSSIERS_DURING)
    await here.ended_load(more, loading)
    here.leap()
    await asyncio.to_thread(brokers.bring_back, second)
    await brokers.until_in_step()
    await here.rest()
    await here.count()


async def test_a_replica_of_workflow_and_of_notifications_are_killed(
    here: Province, brokers: Brokers
) -> None:
    """In the middle of raising and sending alerts; the other replicas do the rest."""
    for name in ("workflow", "notifications"):
        here.begin_replica(name)
    await here.rest()
    load = here.load()
    loading = asyncio.create_task(load.run())
    await until_sent(load, 2 * DOSSIERS_BEFORE)
    await here.ended_load(load, loading)
    await here.rest()

    before = len(here.playing.mailbox.mails)
    alerts = await written(brokers, OBLIGATIONS.name)
    here.leap()
    await until_written(brokers, OBLIGATIONS.name, alerts + ALERTS_BEFORE)
    for name in ("workflow", "notifications"):
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


def _acknowledged(bootstrap: tuple[str, ...], topic: str) -> int:
    """Try one record on every partition, by librdkafka; count what was acknowledged."""
    done: list[KafkaError | None] = []

    def note(error: KafkaError | None, _message: Message) -> None:
        done.append(error)

    producer = Producer(
        {
            "bootstrap.servers": ",".join(bootstrap),
            "acks": "all",
            "message.timeout.ms": DELIVERY_S * 1000,
            "log_level": 0,
        }
    )
    for partition in range(PARTITIONS):
        producer.produce(topic, b"{}", partition=partition, on_delivery=note)
    producer.flush(DELIVERY_S * 4)
    assert len(done) == PARTITIONS, "not every record had its answer"
    return sum(1 for error in done if error is None)
