"""What the consumer wiring does on a real broker; each case is a default that loses records."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from prometheus_client import CollectorRegistry

from shared.kafka.admin import TopicAdmin, TopicSpec
from shared.kafka.broker import NOT_ASKED, ServiceBroker
from shared.kafka.consumer import ConsumerOptions, Consumption, Handle
from shared.kafka.members import GroupMembers
from shared.kafka.publisher import KafkaPublisher
from shared.subjects.errors import StopServiceError, UnavailableError
from shared.subjects.read_positions import ReadPositions
from shared.subjects.records import Record
from tests.fakes.read_positions import MemoryReadPositions

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
    stored: ReadPositions | None = None,
) -> AsyncIterator[tuple[ServiceBroker, Consumption]]:
    """Run one subscription until the block ends."""
    broker = ServiceBroker(
        [bootstrap], service="test", instance="0", registry=CollectorRegistry()
    )
    consumption = broker.consume(
        handle,
        group=group or f"g-{topic}",
        stored=MemoryReadPositions() if stored is None else stored,
        topics=[topic],
        options=options,
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


async def produce_to(bootstrap: str, topic: str, values: Mapping[int, Sequence[bytes]]) -> None:
    """Write values to partitions by their numbers."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        for number, of_it in values.items():
            for value in of_it:
                await producer.send_and_wait(topic, value, partition=number)
    finally:
        await producer.stop()


async def move_to_the_end(bootstrap: str, group: str, topic: str) -> None:
    """Commit the end of partition 0 for a group, as a tool does."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False
    )
    await consumer.start()
    try:
        tp = TopicPartition(topic, 0)
        consumer.assign([tp])
        await consumer.commit(await consumer.end_offsets([tp]))
    finally:
        await consumer.stop()


async def replace_topic(bootstrap: str, topic: str) -> None:
    """Delete a topic of one partition and make it again, empty."""
    async with TopicAdmin([bootstrap]) as admin:
        await admin.delete([topic])
        async with asyncio.timeout(30):
            while topic in await admin.names():  # noqa: ASYNC110 - only the broker knows.
                await asyncio.sleep(0.1)
        await admin.create([TopicSpec(topic, 1, {})])


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

    stored = MemoryReadPositions()
    async with consuming(kafka_bootstrap, unique, remember, stored=stored) as (_, consumption):
        await until(lambda: len(seen) >= len(values))
        await until(lambda: sum(consumption.next_offsets.values()) == len(values))
        assert await consumption.end_offsets() == consumption.next_offsets
    assert sorted(filter(None, seen)) == sorted(values)

    await produce(kafka_bootstrap, unique, [b"later"])
    seen.clear()
    async with consuming(kafka_bootstrap, unique, remember, stored=stored):
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

    stored = MemoryReadPositions()
    async with consuming(kafka_bootstrap, unique, slowly, stored=stored) as (_, first):
        await until(lambda: len(first.next_offsets) == 12)
        await produce(kafka_bootstrap, unique, values[:200])
        async with consuming(kafka_bootstrap, unique, slowly, stored=stored) as (_, second):
            await until(lambda: len(second.next_offsets) == 6)
            await produce(kafka_bootstrap, unique, values[200:])
            await until(lambda: len(handled) >= len(values))
            assert len(first.next_offsets) == 6
    assert sorted(filter(None, handled)) == sorted(values)


async def test_a_trimmed_partition_halts_alone_and_goes_on_when_it_is_passed_over(
    kafka_bootstrap: str, unique: str
) -> None:
    """Going on behind the gap in silence would lose what it held."""
    await make_topic(kafka_bootstrap, unique, 2)
    await produce_to(kafka_bootstrap, unique, {0: [b"a"], 1: [b"m"]})
    seen: list[bytes | None] = []
    stored = MemoryReadPositions()

    async def remember(records: Sequence[Record]) -> None:
        seen.extend(record.value for record in records)

    async with consuming(kafka_bootstrap, unique, remember, stored=stored):
        await until(lambda: sorted(filter(None, seen)) == [b"a", b"m"])
    await produce_to(kafka_bootstrap, unique, {0: [b"b", b"c", b"d"], 1: [b"n"]})
    await trim(kafka_bootstrap, unique, before=3)

    async with consuming(kafka_bootstrap, unique, remember, stored=stored) as (broker, held):
        await until(lambda: b"n" in seen)
        (sentence,) = broker.impaired()
        assert f"{unique}/0 is halted: the broker deleted offsets 1 to 2, written" in sentence
        assert broker.missing() == []
        assert held.next_offsets == {(unique, 0): 1, (unique, 1): 2}
        assert b"d" not in seen
        (loss,) = await stored.halted()
        assert loss.since_ms is not None
        assert loss.since_ms <= loss.until_ms
        assert await stored.pass_over(loss)
        await until(lambda: b"d" in seen)
        await until(lambda: broker.impaired() == [])
    assert sorted(filter(None, seen)) == [b"a", b"d", b"m", b"n"]


async def test_a_log_trimmed_while_we_read_halts_before_anything_is_handed_over(
    kafka_bootstrap: str, unique: str
) -> None:
    """The client would begin where the log begins, without a word."""
    await make_topic(kafka_bootstrap, unique, 1)
    seen: list[bytes | None] = []
    held_up = asyncio.Event()

    async def remember(records: Sequence[Record]) -> None:
        seen.extend(record.value for record in records)
        if records[-1].value == b"b":
            await held_up.wait()

    one = ConsumerOptions(records_max=1, session_ms=6_000, partition_bytes_max=100)
    async with consuming(kafka_bootstrap, unique, remember, options=one) as (broker, _):
        for value in (b"a", b"b"):
            await produce(kafka_bootstrap, unique, [value])
        await until(lambda: b"b" in seen)
        for value in (b"c", b"d", b"e"):
            await produce(kafka_bootstrap, unique, [value * 90])
        await asyncio.sleep(1)  # What was fetched ahead before the log was trimmed is ours.
        await trim(kafka_bootstrap, unique, before=4)
        held_up.set()
        await until(lambda: broker.impaired() != [])
        assert "to 3, written" in broker.impaired()[0]
        assert b"e" * 90 not in seen


async def test_a_committed_offset_that_was_moved_ahead_is_not_believed(
    kafka_bootstrap: str, unique: str
) -> None:
    """As kafka-consumer-groups.sh --reset-offsets --to-latest does."""
    await make_topic(kafka_bootstrap, unique, 1)
    await produce(kafka_bootstrap, unique, [b"a"])
    seen: list[bytes | None] = []
    stored = MemoryReadPositions()

    async def remember(records: Sequence[Record]) -> None:
        seen.extend(record.value for record in records)

    async with consuming(kafka_bootstrap, unique, remember, stored=stored):
        await until(lambda: seen == [b"a"])
    await produce(kafka_bootstrap, unique, [b"b", b"c"])
    await move_to_the_end(kafka_bootstrap, f"g-{unique}", unique)

    async with consuming(kafka_bootstrap, unique, remember, stored=stored):
        await until(lambda: len(seen) == 3)
    assert seen == [b"a", b"b", b"c"]


async def test_a_log_that_was_replaced_is_read_from_its_beginning(
    kafka_bootstrap: str, unique: str
) -> None:
    """Stopped and running; the new one may be as long as the old one."""
    await make_topic(kafka_bootstrap, unique, 1)
    await produce(kafka_bootstrap, unique, [b"a", b"b"])
    seen: list[bytes | None] = []
    stored = MemoryReadPositions()

    async def remember(records: Sequence[Record]) -> None:
        seen.extend(record.value for record in records)

    async with consuming(kafka_bootstrap, unique, remember, stored=stored):
        await until(lambda: seen == [b"a", b"b"])
    await replace_topic(kafka_bootstrap, unique)
    await produce(kafka_bootstrap, unique, [b"c", b"d", b"e"])

    async with consuming(kafka_bootstrap, unique, remember, stored=stored):
        await until(lambda: seen[2:] == [b"c", b"d", b"e"])
        await replace_topic(kafka_bootstrap, unique)
        await produce(kafka_bootstrap, unique, [b"f"])
        await until(lambda: seen[5:] == [b"f"], seconds=60)


async def test_names_a_member_that_is_none_of_ours(kafka_bootstrap: str, unique: str) -> None:
    """A program in our group reads what we then never see."""
    await make_topic(kafka_bootstrap, unique, 2)
    group = f"g-{unique}"
    members = GroupMembers([kafka_bootstrap], group, prefix="motcua-test-", client_id="look")

    async def ignore(_records: Sequence[Record]) -> None:
        return

    async with consuming(kafka_bootstrap, unique, ignore) as (_, held):
        await until(lambda: len(held.next_offsets) == 2)
        assert list(await members.look()) == []
        assert members.sentence() is None
        stranger = AIOKafkaConsumer(
            unique,
            bootstrap_servers=kafka_bootstrap,
            group_id=group,
            client_id="statistics",
            partition_assignment_strategy=(RangePartitionAssignor,),
        )
        await stranger.start()
        try:
            await until(lambda: len(held.next_offsets) == 1)
            (member,) = await members.look()
            assert member.client_id == "statistics"
            assert member.host == "127.0.0.1"
            assert "client id 'statistics' at 127.0.0.1" in str(members.sentence())
        finally:
            await stranger.stop()
        await until(lambda: len(held.next_offsets) == 2)
        assert list(await members.look()) == []
    await members.stop()


async def test_starts_without_a_broker_and_says_what_is_missing(unused_port: int) -> None:
    """Nothing fails at the start; readiness names Kafka until it answers."""

    async def never(_records: Sequence[Record]) -> None:
        raise AssertionError("nothing to handle")

    async with consuming(f"127.0.0.1:{unused_port}", "nowhere", never) as (broker, _):
        await until(lambda: broker.missing() != [NOT_ASKED])
        (missing,) = broker.missing()
        assert missing == "no Kafka broker answers (KafkaConnectionError)"


@pytest.fixture
def unused_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
