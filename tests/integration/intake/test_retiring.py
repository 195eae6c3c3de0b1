"""A publisher that is gone for good must not hold the ladder back; one that is not, stays."""

import asyncio

import pytest

from deploy.errors import CommandError
from deploy.marks import (
    MarkMovesError,
    UnreadError,
    read_marks,
    retire_mark,
    retire_publisher,
)
from deploy.topics import known_publishers, provision
from services.intake.settings import IntakeSettings
from shared.events.progress import ProgressMark, progress_document
from shared.events.topics import PROGRESS, inbound, rejected
from shared.kafka.progress import ProgressReader
from shared.kafka.publisher import KafkaPublisher
from shared.ops.clock import wall_now
from shared.subjects.document import Outgoing
from shared.web.keys import mint
from tests.integration.intake.running import producer, running, with_reference, worked_off
from tests.integration.intake.test_doors import accepted

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]


@pytest.mark.asyncio
async def test_a_publisher_goes_with_its_marks_once_all_is_read(
    settings: IntakeSettings, kafka_bootstrap: str, unique: str
) -> None:
    """While intake runs: unread records forbid it; then topic and marks go, and stay away."""
    publisher = f"p-{unique}"[:31]
    topic = inbound(publisher).name
    await provision([kafka_bootstrap], [inbound(publisher), rejected(publisher)])
    async with producer(kafka_bootstrap) as sending:
        await sending.send_and_wait(topic, accepted(f"{unique}-1", publisher), partition=3)

    with pytest.raises(UnreadError, match=f"1 records on {topic}"):
        await retire_publisher([kafka_bootstrap], publisher)

    key = mint(settings.keys_file, role="operator")
    async with running(settings, key) as one:
        with_reference(one.intake)
        await _marked(kafka_bootstrap, topic)
        await worked_off(one.intake)
        await _committed(kafka_bootstrap, publisher)
        keys = await retire_publisher([kafka_bootstrap], publisher)
        assert keys == sorted(f"{topic}/{number}" for number in range(12))
        assert publisher not in await known_publishers([kafka_bootstrap])
        await asyncio.sleep(6)  # Longer than a client's picture of the topics is kept.
        left = await read_marks([kafka_bootstrap])
        assert not [mark for mark in left if mark.startswith(topic)]
        answer = await one.client.get("/readyz")
        assert answer.status_code == 200, answer.text  # Intake goes on without it.
        before = left["http/0"].through
        async with asyncio.timeout(20):
            while (await read_marks([kafka_bootstrap]))["http/0"].through == before:  # noqa: ASYNC110 -- Kafka.
                await asyncio.sleep(0.2)


@pytest.mark.asyncio
async def test_a_mark_that_moves_stays_and_one_that_stands_still_goes(
    kafka_bootstrap: str, unique: str
) -> None:
    """A replica that was scaled away leaves a mark; workflow forgets it with its tombstone."""
    number = int(unique[1:7], 16) + 100
    mark = ProgressMark(input="http", partition=number, through=wall_now())
    publisher = KafkaPublisher([kafka_bootstrap], client_id=unique)

    async def publish(one: ProgressMark) -> None:
        await publisher.publish(
            [Outgoing("any", PROGRESS.name, one.key, progress_document(one))]
        )

    async def move() -> None:
        while True:
            await publish(mark.model_copy(update={"through": wall_now()}))
            await asyncio.sleep(0.1)

    try:
        await publish(mark)
        moving = asyncio.create_task(move())
        with pytest.raises(MarkMovesError, match="still moves"):
            await retire_mark([kafka_bootstrap], mark.key, still_s=1.0)
        moving.cancel()
        assert mark.key in await read_marks([kafka_bootstrap])
        await asyncio.sleep(0.5)
        await retire_mark([kafka_bootstrap], mark.key, still_s=1.0)
    finally:
        await publisher.stop()

    assert mark.key not in await read_marks([kafka_bootstrap])
    reader = ProgressReader([kafka_bootstrap], client_id=unique)
    stopping = asyncio.Event()
    reading = asyncio.create_task(reader.run(stopping))
    await reader.caught_up.wait()
    stopping.set()
    await reading
    assert mark.key not in reader.marks
    with pytest.raises(CommandError, match="there is no mark"):
        await retire_mark([kafka_bootstrap], mark.key, still_s=0.1)


async def _marked(bootstrap: str, topic: str) -> None:
    async with asyncio.timeout(60):
        while sum(one.startswith(topic) for one in await read_marks([bootstrap])) < 12:  # noqa: ASYNC110 -- Kafka.
            await asyncio.sleep(0.2)


async def _committed(bootstrap: str, publisher: str) -> None:
    """Wait until a dry run no longer finds anything unread: positions are committed late."""
    async with asyncio.timeout(60):
        while True:
            try:
                await retire_publisher([bootstrap], publisher, do=False)
            except UnreadError:
                await asyncio.sleep(0.2)
            else:
                return
