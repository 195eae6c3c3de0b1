"""What the consumer wiring does on a real broker; each case is a default that loses records."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from prometheus_client import CollectorRegistry

from shared.kafka.admin import TopicAdmin, TopicSpec
from shared.kafka.broker import ServiceBroker
from shared.kafka.consumer import ConsumerOptions, Consumption, Handle
from shared.kafka.publisher import KafkaPublisher
from shared.subjects.errors import StopServiceError, UnavailableError
from shared.subjects.records import Record

pytestmark = [pytest.mark.connected, pytest.mark.asyncio]

OPTIONS = ConsumerOptions(records_max=10, session_ms=6_000)


@asynccontextmanager
async def consuming(
    bootstrap: str,
    topic: str,
    handle: Handle,
    *,
    group: str | None = None,
    options: ConsumerOptions = OPTIONS,
) -> AsyncIterator[tuple[ServiceBroker, Consumption]]:
    """Run one subscription until the block ends."""
    broker = ServiceBroker(
        [bootstrap], service="test", instance="0", registry=CollectorRegistry()
    )
    consumption = broker.consume(
        handle, group=group or f"g-{topic}", topics=[topic], options=options
    )
    stopping = asyncio.Event()
    running = asyncio.create_task(broker.run(stopping))
    try:
        yield broker, consumption
    finally:
        stopping.set()
        await running
        await broker.stop()


async def make_topic(bootstrap: str, name: str, partitions: int = 3) -> None:
    """Create a topic of the test's own."""
    async with TopicAdmin([bootstrap]) as admin:
        await admin.create([TopicSpec(name, partitions, {})])


async def produce(
    bootstrap: str,
    topic: str,
    values: Sequence[bytes],
    headers: Sequence[tuple[str, bytes]] = (),
) -> None:
    """Write values, each its own key."""
    publisher = KafkaPublisher([bootstrap], client_id="test")
    await publisher.publish_raw([(topic, value, value, headers) for value in values])
    await publisher.stop()


async def trim(bootstrap: str, topic: str, *, before: int) -> None:
    """Delete the records of partition 0 before an offset, as retention would."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(before)})
    finally:
        await admin.close()


async def until(condition: Callable[[], bool], *, seconds: float = 30) -> None:
    """Wait for a condition; fail when it does not come."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the condition is anything that the test sees.
            await asyncio.sleep(0.02)


async def test_hands_every_record_over_and_commits_after(
    kafka_bootstrap: str, unique: str
) -> None:
    """A second start of the group gets nothing of what the first one handled."""
    await make_topic(kafka_bootstrap, unique)
    values = [f"v{n}".encode() for n in range(50)]
    await produce(kafka_bootstrap, unique, values)
    seen: list[bytes | None] = []

    async def remember(records: Sequence[Record]) -> None:
        seen.extend(record.value for record in records)

    async with consuming(kafka_bootstrap, unique, remember) as (_, consumption):
        await until(lambda: len(seen) >= len(values))
        await until(lambda: sum(consumption.next_offsets.values()) == len(values))
        assert await consumption.end_offsets() == consumption.next_offsets
    assert sorted(filter(None, seen)) == sorted(values)

    await produce(kafka_bootstrap, unique, [b"later"])
    seen.clear()
    async with consuming(kafka_bootstrap, unique, remember):
        await until(lambda: bool(seen))
        await asyncio.sleep(0.3)
    assert seen == [b"later"]


async def test_says_where_topics_end_while_a_fetch_is_open(
    kafka_bootstrap: str, unique: str
) -> None:
    """The broker answers one connection's questions in turn, and an empty fetch takes long."""
    await make_topic(kafka_bootstrap, unique)
    values = [b"v0", b"v1"]
    await produce(kafka_bootstrap, unique, values)
    seen: list[Record] = []

    async def remember(records: Sequence[Record]) -> None:
        seen.extend(records)

    patient = ConsumerOptions(fetch_wait_ms=30_000)  # Far longer than a question may take.
    async with consuming(kafka_bootstrap, unique, remember, options=patient) as (
        _,
        consumption,
    ):
        await until(lambda: len(seen) == len(values))
        assert sum((await consumption.end_offsets()).values()) == len(values)


async def test_a_header_that_is_no_text_does_not_lose_its_record(
    kafka_bootstrap: str, unique: str
) -> None:
    """FastStream's own parser would skip the whole batch; ours hands the bytes over."""
    await make_topic(kafka_bootstrap, unique)
    await produce(kafka_bootstrap, unique, [b"odd"], headers=[("ce_id", b"\xff\xfe")])
    seen: list[Record] = []

    async def remember(records: Sequence[Record]) -> None:
        seen.extend(records)

    async with consuming(kafka_bootstrap, unique, remember):
        await until(lambda: bool(seen))
    assert seen[0].value == b"odd"
    assert ("ce_id", b"\xff\xfe") in seen[0].headers


async def test_a_batch_that_fails_comes_again_whole(kafka_bootstrap: str, unique: str) -> None:
    """Records of every partition in a failed batch are handled in the end."""
    await make_topic(kafka_bootstrap, unique)
    values = [f"v{n}".encode() for n in range(30)]
    await produce(kafka_bootstrap, unique, values)
    handled: list[bytes | None] = []
    failures = iter(range(3))

    async def fail_at_first(records: Sequence[Record]) -> None:
        if next(failures, None) is not None:
            raise RuntimeError("a bug")
        handled.extend(record.value for record in records)

    async with consuming(kafka_bootstrap, unique, fail_at_first):
        await until(lambda: len(handled) >= len(values))
    assert sorted(filter(None, handled)) == sorted(values)


async def test_waits_inside_while_the_store_is_away(kafka_bootstrap: str, unique: str) -> None:
    """What is away for a moment costs a wait, not a rewind: each record is seen in order."""
    await make_topic(kafka_bootstrap, unique, 1)
    await produce(kafka_bootstrap, unique, [b"a", b"b"])
    calls = 0
    handled: list[bytes | None] = []

    async def away_at_first(records: Sequence[Record]) -> None:
        nonlocal calls
        calls += 1
        if calls < 3:
            raise UnavailableError("the store does not answer")
        handled.extend(record.value for record in records)

    async with consuming(kafka_bootstrap, unique, away_at_first) as (_, consumption):
        await until(lambda: handled == [b"a", b"b"])
        assert consumption.handled == 2
    assert calls == 3


async def test_stops_and_says_so(kafka_bootstrap: str, unique: str) -> None:
    """After a stop the position stays, and readiness carries the sentence."""
    await make_topic(kafka_bootstrap, unique, 1)
    await produce(kafka_bootstrap, unique, [b"a"])

    async def refuse(_records: Sequence[Record]) -> None:
        raise StopServiceError("1,001 records are parked")

    async with consuming(kafka_bootstrap, unique, refuse) as (broker, consumption):
        await until(lambda: consumption.failure is not None)
        assert broker.missing() == ["1,001 records are parked"]

    seen: list[bytes | None] = []

    async def remember(records: Sequence[Record]) -> None:
        seen.extend(record.value for record in records)

    async with consuming(kafka_bootstrap, unique, remember):
        await until(lambda: seen == [b"a"])


async def test_a_second_member_takes_its_share_and_nothing_is_handled_twice(
    kafka_bootstrap: str, unique: str
) -> None:
    """A rebalance waits for the batch in hand, so its position is committed by its owner."""
    await make_topic(kafka_bootstrap, unique, 12)
    values = [f"v{n}".encode() for n in range(400)]
    handled: list[bytes | None] = []

    async def slowly(records: Sequence[Record]) -> None:
        await asyncio.sleep(0.05)
        handled.extend(record.value for record in records)

    group = f"g-{unique}"
    async with consuming(kafka_bootstrap, unique, slowly, group=group) as (_, first):
        await until(lambda: len(first.next_offsets) == 12)
        await produce(kafka_bootstrap, unique, values[:200])
        async with consuming(kafka_bootstrap, unique, slowly, group=group) as (_, second):
            await until(lambda: len(second.next_offsets) == 6)
            await produce(kafka_bootstrap, unique, values[200:])
            await until(lambda: len(handled) >= len(values))
            assert len(first.next_offsets) == 6
    assert sorted(filter(None, handled)) == sorted(values)


async def test_refuses_a_log_that_was_trimmed_under_its_position(
    kafka_bootstrap: str, unique: str
) -> None:
    """Silently going on behind the gap would lose what it held."""
    await make_topic(kafka_bootstrap, unique, 1)
    await produce(kafka_bootstrap, unique, [b"a"])
    seen: list[bytes | None] = []

    async def remember(records: Sequence[Record]) -> None:
        seen.extend(record.value for record in records)

    async with consuming(kafka_bootstrap, unique, remember):
        await until(lambda: seen == [b"a"])
    await produce(kafka_bootstrap, unique, [b"b", b"c", b"d"])
    await trim(kafka_bootstrap, unique, before=3)

    async with consuming(kafka_bootstrap, unique, remember) as (broker, consumption):
        await until(lambda: consumption.failure is not None)
        assert "was trimmed: it begins at 3, and" in broker.missing()[0]
        await asyncio.sleep(0.5)
    assert seen == [b"a"]


async def test_starts_without_a_broker_and_says_what_is_missing(unused_port: int) -> None:
    """Nothing fails at the start; readiness names Kafka until it answers."""

    async def never(_records: Sequence[Record]) -> None:
        raise AssertionError("nothing to handle")

    async with consuming(f"127.0.0.1:{unused_port}", "nowhere", never) as (broker, _):
        await until(lambda: broker.missing() != ["no Kafka broker answers"])
        (missing,) = broker.missing()
        assert missing == "no Kafka broker answers (KafkaConnectionError)"


@pytest.fixture
def unused_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
