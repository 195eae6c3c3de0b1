"""A replay whose events need what is not there holds nothing up, and goes on by itself."""

import asyncio
from collections.abc import Sequence

import pytest
from prometheus_client import CollectorRegistry

from shared.events.topics import replay
from shared.kafka.admin import TopicAdmin, TopicSpec
from shared.kafka.broker import ServiceBroker
from shared.kafka.publisher import KafkaPublisher
from shared.subjects.errors import UnavailableError
from shared.subjects.records import Record
from tests.fakes.read_positions import MemoryReadPositions
from tests.integration.kafka.test_consumer import until

pytestmark = [pytest.mark.connected, pytest.mark.asyncio]

GROUP = "reporting"
LACKS = "motcua.reference.v1 has the reference data up to version 0"


async def test_live_events_are_read_while_a_replay_waits(
    kafka_bootstrap: str, unique: str
) -> None:
    """Readiness says what the replay waits for; once that is there, the replay is read."""
    key = unique.encode()
    seen: list[tuple[str, bytes]] = []
    there = asyncio.Event()

    async def handle(records: Sequence[Record]) -> None:
        for record in records:
            if record.topic == replay(GROUP).name and not there.is_set():
                raise UnavailableError(LACKS)
            if record.key == key:
                seen.append((record.topic, record.value or b""))

    async with TopicAdmin([kafka_bootstrap]) as admin:
        await admin.create([TopicSpec(unique, 1, {})])
    publisher = KafkaPublisher([kafka_bootstrap], client_id=unique)
    await publisher.publish_raw([(replay(GROUP).name, key, b"old", ())])
    broker = ServiceBroker(
        [kafka_bootstrap], service="test", instance="0", registry=CollectorRegistry()
    )
    broker.consume(
        handle, group=GROUP, stored=MemoryReadPositions(), topics=[unique], replay=True
    )
    stopping = asyncio.Event()
    running = asyncio.create_task(broker.run(stopping))
    try:
        await publisher.publish_raw([(unique, key, b"live", ())])
        await until(lambda: seen == [(unique, b"live")], seconds=90)
        assert f"the replay of {GROUP} waits: {LACKS}" in broker.missing()
        there.set()
        await until(lambda: seen[1:] == [(replay(GROUP).name, b"old")], seconds=90)
        await until(lambda: not broker.missing())
    finally:
        stopping.set()
        await running
        await broker.stop()
        await publisher.stop()
