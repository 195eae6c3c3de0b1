"""Intake in this process on real engines, and plain clients beside it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from services.intake.main import Intake, build_around
from services.intake.settings import IntakeSettings
from shared.events.topics import Topic
from tests.fakes.intake import reference
from tests.fakes.level import begin_at_the_ends

READY_S = 60.0


class Running:
    """Intake in this process, on the session's engines."""

    def __init__(self, intake: Intake, client: httpx2.AsyncClient) -> None:
        self.intake = intake
        self.client = client


@asynccontextmanager
async def running(settings: IntakeSettings, key: str) -> AsyncIterator[Running]:
    """Start intake, wait until it is ready, and stop it in order."""
    url = settings.mongo_url.get_secret_value()
    await begin_at_the_ends(settings.kafka_bootstrap[0], url, settings.mongo_database)
    intake = Intake(settings)
    app = build_around(intake)
    transport = httpx2.ASGITransport(app=app)
    headers = {"authorization": f"Bearer {key}"}
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(
            transport=transport, base_url="http://intake", headers=headers
        ) as client,
    ):
        async with asyncio.timeout(READY_S):
            while (await client.get("/readyz")).status_code != 200:  # noqa: ASYNC110 -- HTTP.
                await asyncio.sleep(0.1)
        yield Running(intake, client)


@asynccontextmanager
async def producer(bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    """A plain producer, such as a publisher would have."""
    made = AIOKafkaProducer(
        bootstrap_servers=bootstrap, max_request_size=7 * 1024 * 1024, acks="all"
    )
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def read(
    bootstrap: str, topic: Topic, since: dict[TopicPartition, int]
) -> list[ConsumerRecord]:
    """Read what a topic has got since some offsets, to its end."""
    found: list[ConsumerRecord] = []
    async with consumer(bootstrap) as reading:
        ends = await reading.end_offsets(partitions_of(topic))
        reading.assign(list(ends))
        for tp in ends:
            reading.seek(tp, since.get(tp, 0))
        while [tp for tp, end in ends.items() if await reading.position(tp) < end]:
            for records in (await reading.getmany(timeout_ms=200)).values():
                found += records
    return found


async def ends(bootstrap: str, *topics: Topic) -> dict[TopicPartition, int]:
    """Remember where topics end now."""
    async with consumer(bootstrap) as asking:
        partitions = [tp for topic in topics for tp in partitions_of(topic)]
        found: dict[TopicPartition, int] = await asking.end_offsets(partitions)
    return found


def partitions_of(topic: Topic) -> list[TopicPartition]:
    """Name the partitions of a topic."""
    return [TopicPartition(topic.name, number) for number in range(topic.partitions)]


@asynccontextmanager
async def consumer(bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A plain consumer without a group."""
    made = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        isolation_level="read_committed",
    )
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def worked_off(intake: Intake) -> None:
    """Wait until nothing waits at the Kafka door or in an outbox."""
    async with asyncio.timeout(READY_S):
        while True:
            status = await intake.status()
            ends = await intake.consumption.end_offsets()
            if status["outbox"] == 0 and ends and ends == intake.consumption.next_offsets:
                return
            await asyncio.sleep(0.1)


def with_reference(intake: Intake) -> None:
    """Give intake the bundled reference data without loading it over HTTP."""
    intake.receive.references.view = reference()
