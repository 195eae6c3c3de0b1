"""Transactions of other publishers: committed once, aborted never, and none holds us up."""

import asyncio
import random
from collections.abc import Sequence

import confluent_kafka
import pytest
from aiokafka import TopicPartition
from prometheus_client import CollectorRegistry

from shared.events.topics import replay
from shared.kafka.admin import TopicAdmin
from shared.kafka.consumer import ConsumerOptions
from shared.kafka.measure import LagMeter
from shared.kafka.replay import drain_replay
from shared.kafka.whole import TopicEnds, read_to_end
from shared.ops.metrics import Metrics
from shared.subjects.records import Record
from tests.integration.kafka.publishing import CLIENTS, Client, Publisher, publishing
from tests.integration.kafka.test_consumer import (
    consuming,
    make_topic,
    trim,
    until,
)

pytestmark = [pytest.mark.connected, pytest.mark.asyncio, pytest.mark.timeout(240)]

OPEN_AGE = "motcua_open_transaction_age_seconds"
COMMITTED, ABORTED, LEFT_OPEN, MIXED = range(4)
TIMED_OUT_S_MAX = 60.0
"""The broker looks for transactions to abort every ten seconds."""


class Seen:
    """What a handler was given, by partition."""

    def __init__(self) -> None:
        self.values: dict[int, list[str]] = {}

    async def __call__(self, records: Sequence[Record]) -> None:
        """Remember a batch."""
        for record in records:
            self.values.setdefault(record.partition, []).append((record.value or b"").decode())


@pytest.mark.parametrize("client", CLIENTS)
async def test_committed_are_handled_once_aborted_never_and_nothing_waits(
    client: Client, kafka_bootstrap: str, unique: str
) -> None:
    """Each kind on a partition of its own, and all of them between plain records."""
    await make_topic(kafka_bootstrap, unique, 5)
    seen = Seen()
    meter = LagMeter(Metrics(registry := CollectorRegistry(), process=False), unique)
    async with (
        consuming(kafka_bootstrap, unique, seen) as (broker, consumption),
        publishing(client, kafka_bootstrap) as publisher,
    ):
        await all_kinds(publisher, unique)
        await until(lambda: seen.values.get(MIXED) == list("acdefg"))
        held = consumption.next_offsets
        await until(lambda: held.get((unique, ABORTED)) == 2)

        # One is still open: nothing waits, nobody is stuck, and it has a name.
        assert await consumption.end_offsets() == held
        written = await consumption.high_watermarks()
        assert {place for place in held if written[place] > held[place]} == {
            (unique, LEFT_OPEN)
        }
        assert consumption.lag_seen() == {unique: 0}
        assert broker.missing() == []
        await meter(consumption)
        labels = {"group": unique, "topic": unique, "partition": str(LEFT_OPEN)}
        assert registry.get_sample_value(OPEN_AGE, labels) is not None
        assert not meter.watchdog.waits

        await publisher.die()
        everything = {(unique, number): end for number, end in enumerate((2, 2, 2, 9, 0))}
        async with asyncio.timeout(TIMED_OUT_S_MAX):
            while held != everything:  # noqa: ASYNC110 -- The broker decides when.
                await asyncio.sleep(0.1)
        assert await consumption.high_watermarks() == await consumption.end_offsets() == held
        await meter(consumption)
        assert registry.get_sample_value(OPEN_AGE, labels) is None
    assert seen.values == {COMMITTED: ["x"], MIXED: list("acdefg")}
    async with TopicAdmin([kafka_bootstrap]) as admin:
        committed = await admin.committed(f"g-{unique}")
    assert committed == {
        TopicPartition(*place): end for place, end in everything.items() if end
    }


async def all_kinds(publisher: Publisher, topic: str) -> None:
    """One transaction of each kind, then several between plain records."""
    await publisher.begin(f"{topic}-committed")
    await publisher.send(topic, COMMITTED, "x", name=f"{topic}-committed")
    await publisher.commit(f"{topic}-committed")
    await publisher.begin(f"{topic}-aborted")
    await publisher.send(topic, ABORTED, "never", name=f"{topic}-aborted")
    await publisher.abort(f"{topic}-aborted")
    await publisher.begin(f"{topic}-open", timeout_ms=4_000)
    await publisher.send(topic, LEFT_OPEN, "never", name=f"{topic}-open")
    await publisher.send(topic, MIXED, "a")
    await publisher.begin(f"{topic}-aborted")
    await publisher.send(topic, MIXED, "never", name=f"{topic}-aborted")
    await publisher.send(topic, MIXED, "c")
    await publisher.abort(f"{topic}-aborted")
    await publisher.send(topic, MIXED, "d")
    await publisher.begin(f"{topic}-committed")
    await publisher.send(topic, MIXED, "e", name=f"{topic}-committed")
    await publisher.send(topic, MIXED, "f")
    await publisher.commit(f"{topic}-committed")
    await publisher.send(topic, MIXED, "g")


@pytest.mark.parametrize("client", CLIENTS)
async def test_what_is_read_is_what_librdkafka_reads(
    client: Client, kafka_bootstrap: str, unique: str
) -> None:
    """Three transactional producers and a plain one at random on one partition.

    Batches and fetches are small, so that transactions lie across them, and some fail once.
    """
    await make_topic(kafka_bootstrap, unique, 1)
    chance = random.Random(unique)  # The topic's name is the seed.
    async with publishing(client, kafka_bootstrap) as publisher:
        await at_random(publisher, unique, chance)
    wanted = await asyncio.to_thread(read_by_librdkafka, kafka_bootstrap, unique)
    seen = Seen()

    async def sometimes(records: Sequence[Record]) -> None:
        if chance.random() < 0.2:
            raise RuntimeError("a bug")
        await seen(records)

    small = ConsumerOptions(records_max=3, partition_bytes_max=600, session_ms=6_000)
    async with consuming(kafka_bootstrap, unique, sometimes, options=small) as (_, consumption):
        async with TopicEnds([kafka_bootstrap]) as ends:
            end = (await ends.spans(unique))[0].written
        await until(lambda: consumption.next_offsets == {(unique, 0): end}, seconds=60)
    assert seen.values[0] == wanted
    read = await read_to_end([kafka_bootstrap], unique)
    assert [(record.value or b"").decode() for record in read] == wanted


async def at_random(publisher: Publisher, topic: str, chance: random.Random) -> None:
    """Send records of transactions that overlap, and end each, last with one aborted."""
    names = [f"{topic}-{number}" for number in range(3)]
    begun: set[str] = set()
    for number in range(120):
        name = chance.choice(names)
        match chance.random():
            case one if one < 0.25:
                await publisher.send(topic, 0, f"plain {number}")
            case one if one < 0.75 or name not in begun:
                if name not in begun:
                    await publisher.begin(name)
                    begun.add(name)
                await publisher.send(topic, 0, f"of {name} {number}" + "." * 40, name=name)
            case one if one < 0.87:
                await publisher.commit(name)
                begun.discard(name)
            case _:
                await publisher.abort(name)
                begun.discard(name)
    for name in sorted(begun):
        await publisher.abort(name)


def read_by_librdkafka(bootstrap: str, topic: str) -> list[str]:
    """Read a topic's only partition to its end, committed records only."""
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"oracle-{topic}",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }
    )
    consumer.assign([confluent_kafka.TopicPartition(topic, 0, 0)])
    found: list[str] = []
    try:
        while True:
            message = consumer.poll(30)
            assert message is not None, "the broker does not answer"
            error = message.error()
            if error is not None:
                assert error.code() == confluent_kafka.KafkaError._PARTITION_EOF, error  # noqa: SLF001 -- Its public name.
                return found
            found.append((message.value() or b"").decode())
    finally:
        consumer.close()


async def test_a_log_trimmed_up_to_what_only_markers_passed_is_no_gap(
    kafka_bootstrap: str, unique: str
) -> None:
    """Retention deletes an aborted transaction; the group's position is behind it already."""
    await make_topic(kafka_bootstrap, unique, 1)
    async with (
        consuming(kafka_bootstrap, unique, Seen()) as (_, first),
        publishing("librdkafka", kafka_bootstrap) as publisher,
    ):
        await publisher.begin(unique)
        await publisher.send(unique, 0, "never", name=unique)
        await publisher.abort(unique)
        await until(lambda: first.next_offsets == {(unique, 0): 2})
        await until(lambda: not first.positions.uncommitted())
        await trim(kafka_bootstrap, unique, before=2)
        seen = Seen()
    async with consuming(kafka_bootstrap, unique, seen) as (broker, second):
        await until(lambda: second.next_offsets == {(unique, 0): 2})
        await until(lambda: broker.missing() == [])
        assert second.failure is None


async def test_topics_read_whole_end_at_markers_and_at_open_transactions(
    kafka_bootstrap: str, unique: str
) -> None:
    """Nobody waits for a record that never comes."""
    await make_topic(kafka_bootstrap, unique, 3)
    async with publishing("librdkafka", kafka_bootstrap) as publisher:
        await some_of_each(publisher, unique, unique)
        read = await read_to_end([kafka_bootstrap], unique)
        assert [record.value for record in read] == [f"{unique} a".encode()]
        async with TopicEnds([kafka_bootstrap]) as ends:
            spans = await ends.spans(unique)
            assert await ends.sums([unique]) == {unique: 5}
        assert [(span.stable, span.written) for span in spans.values()] == [
            (3, 3),
            (2, 2),
            (0, 1),
        ]


async def test_a_replay_ends_at_markers_and_at_open_transactions(
    kafka_bootstrap: str, unique: str
) -> None:
    """What is committed later is in the next one; what was passed is committed."""
    topic, group = replay("reporting").name, "reporting.replay"
    handled: list[str] = []

    async def ours(records: Sequence[Record]) -> None:
        values = [(record.value or b"").decode() for record in records]
        handled.extend(value for value in values if value.startswith(unique))

    async with publishing("librdkafka", kafka_bootstrap) as publisher:
        await some_of_each(publisher, topic, unique)
        await drain_replay([kafka_bootstrap], "reporting", ours, client_id="test")
        assert handled == [f"{unique} a"]
        await publisher.commit(unique)
        await drain_replay([kafka_bootstrap], "reporting", ours, client_id="test")
        assert handled == [f"{unique} a", f"{unique} later"]
    async with TopicAdmin([kafka_bootstrap]) as admin, TopicEnds([kafka_bootstrap]) as ends:
        committed = await admin.committed(group)
        spans = await ends.spans(topic)
    assert {place.partition: at for place, at in committed.items()} == {
        number: span.written for number, span in spans.items()
    }


async def some_of_each(publisher: Publisher, topic: str, unique: str) -> None:
    """One plain record, an aborted transaction on two partitions, and one left open."""
    await publisher.send(topic, 0, f"{unique} a")
    await publisher.begin(unique)
    for partition in range(2):
        await publisher.send(topic, partition, f"{unique} never", name=unique)
    await publisher.abort(unique)
    await publisher.begin(unique)
    await publisher.send(topic, 2, f"{unique} later", name=unique)
