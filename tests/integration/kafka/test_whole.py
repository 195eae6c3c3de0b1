"""A topic read whole: from its beginning, to its end, and again when it has another log."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from shared.kafka.admin import TopicAdmin, TopicSpec
from shared.kafka.publisher import KafkaPublisher
from shared.kafka.topic_reading import TopicReading
from shared.kafka.whole import WholeTopic
from shared.subjects.records import Record
from tests.integration.kafka.test_consumer import until

pytestmark = [pytest.mark.connected, pytest.mark.asyncio]

COUNT = 5


@asynccontextmanager
async def reading(kafka: str, topic: str, seen: list[bytes]) -> AsyncIterator[WholeTopic]:
    """Read a topic as long as the context lasts."""

    async def keep(records: Sequence[Record]) -> None:
        seen.extend(record.value or b"" for record in records)

    whole = WholeTopic([kafka], topic, keep, client_id=topic)
    stopping = asyncio.Event()
    running = asyncio.create_task(whole.run(stopping))
    try:
        yield whole
    finally:
        stopping.set()
        await running


async def write(kafka: str, topic: str, values: Sequence[bytes]) -> None:
    """Write records of one key."""
    publisher = KafkaPublisher([kafka], client_id=topic)
    await publisher.publish_raw([(topic, b"k", value, ()) for value in values])
    await publisher.stop()


async def deleted(admin: TopicAdmin, name: str) -> None:
    """Wait until the broker lists the topic no more."""
    while True:
        if name not in await admin.names():
            return
        await asyncio.sleep(0.1)


async def test_a_topic_made_anew_with_as_many_records_is_read_again(
    kafka_bootstrap: str, unique: str
) -> None:
    """Neither its end nor our position shows it; the last record that we read does."""
    old, new = ([b"%s-%d" % (name, one) for one in range(COUNT)] for name in (b"old", b"new"))
    seen: list[bytes] = []
    async with TopicAdmin([kafka_bootstrap]) as admin:
        await admin.create([TopicSpec(unique, 1, {})])
        await write(kafka_bootstrap, unique, old)
        async with reading(kafka_bootstrap, unique, seen) as whole:
            await until(lambda: seen == old)
            assert whole.caught_up.is_set()
            await admin.delete([unique])
            await deleted(admin, unique)
            await admin.create([TopicSpec(unique, 1, {})])
            await write(kafka_bootstrap, unique, new)
            await until(lambda: seen == [*old, *new])


async def test_a_topic_that_stays_is_read_once(kafka_bootstrap: str, unique: str) -> None:
    """Though its last record is fetched again to compare it."""
    seen: list[bytes] = []
    async with TopicAdmin([kafka_bootstrap]) as admin:
        await admin.create([TopicSpec(unique, 1, {})])
    await write(kafka_bootstrap, unique, [b"a", b"b"])
    async with reading(kafka_bootstrap, unique, seen) as whole:
        await until(lambda: seen == [b"a", b"b"])
        compared = 0
        compare = whole._compare  # noqa: SLF001 -- To see that it was compared.

        async def counted(*arguments: object) -> object:
            nonlocal compared
            compared += 1
            return await compare(*arguments)  # type: ignore[arg-type]  # As they came.

        whole._compare = counted  # type: ignore[assignment,method-assign]  # noqa: SLF001 -- As above.
        await until(lambda: compared > 1)
        await write(kafka_bootstrap, unique, [b"c"])
        await until(lambda: seen[-1] == b"c")
    assert seen == [b"a", b"b", b"c"]


async def test_a_reading_goes_on_where_it_stopped(kafka_bootstrap: str, unique: str) -> None:
    """Each call reads what has come since, over all partitions."""
    seen: list[bytes] = []

    async def keep(records: Sequence[Record]) -> None:
        seen.extend(record.value or b"" for record in records)

    async with TopicAdmin([kafka_bootstrap]) as admin:
        await admin.create([TopicSpec(unique, 3, {})])
    async with TopicReading([kafka_bootstrap], unique, keep, client_id=unique) as topic:
        assert sum((await topic.catch_up()).values()) == 0
        await write(kafka_bootstrap, unique, [b"a", b"b"])
        assert sum((await topic.catch_up()).values()) == 2
        await write(kafka_bootstrap, unique, [b"c"])
        assert sum((await topic.catch_up()).values()) == 3
    assert seen == [b"a", b"b", b"c"]
