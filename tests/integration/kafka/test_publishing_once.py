"""Two replicas on the real broker and store, both slow: one record for each event.

What lies between a replica and the store passes bytes on with a delay; the broker's answers
come later than the age from which a sweep takes what waits. An independent client counts.
"""

import asyncio
import secrets
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Self
from urllib.parse import urlsplit

import pytest
from confluent_kafka import Consumer, TopicPartition

from shared.kafka.admin import TopicAdmin, TopicSpec
from shared.kafka.publisher import KafkaPublisher
from shared.mongo.archive import MongoArchive
from shared.mongo.client import Mongo
from shared.mongo.owners import beat, leave, share_outboxes
from shared.mongo.subjects import MongoSubjects
from shared.ops.clock import wall_now
from shared.subjects.document import Document, Outgoing
from shared.subjects.ownership import BEAT_S
from shared.subjects.refused import RefusedRecord
from shared.subjects.relay import LEFT_BEHIND_AFTER, Relay
from tests.fakes.counting import NamesCodec

pytestmark = [pytest.mark.connected, pytest.mark.asyncio, pytest.mark.timeout(900)]

STORE_DELAY_S = 0.15
BROKER_DELAY_S = LEFT_BEHIND_AFTER.total_seconds() * 0.7
SWEEP_S = 0.5
SUBJECTS = 60
ROUNDS = 3
PARTITIONS = 3
CHUNK_BYTES = 64 * 1024
READ_S_MAX = 60.0


@asynccontextmanager
async def slow_way(url: str) -> AsyncIterator[str]:
    """Pass bytes on to the store and back, each way with a delay; give the address."""
    target = urlsplit(url)
    ways: list[asyncio.Task[None]] = []
    writers: list[asyncio.StreamWriter] = []

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(CHUNK_BYTES):
            await asyncio.sleep(STORE_DELAY_S)
            writer.write(chunk)
            await writer.drain()
        writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection(target.hostname, target.port)
        writers.extend((writer, forth))
        for one, other in ((reader, forth), (back, writer)):
            ways.append(asyncio.create_task(pass_on(one, other)))

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"mongodb://127.0.0.1:{port}/?directConnection=true"
    finally:
        server.close()
        for task in ways:
            task.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for writer in writers:
            writer.close()
        await asyncio.gather(*(one.wait_closed() for one in writers), return_exceptions=True)


class SlowBroker:
    """The real publisher, whose answers come late."""

    def __init__(self, publisher: KafkaPublisher) -> None:
        self._publisher = publisher

    async def publish(self, outgoing: Sequence[Outgoing]) -> Sequence[RefusedRecord]:
        """Wait, publish, wait."""
        await asyncio.sleep(BROKER_DELAY_S)
        refused = await self._publisher.publish(outgoing)
        await asyncio.sleep(BROKER_DELAY_S)
        return refused


class Replica:
    """One process's relay, row and background work."""

    def __init__(self, url: str, database: str, bootstrap: str, topic: str) -> None:
        self.topic = topic
        self.mongo = Mongo(url, database)
        self.store = MongoSubjects(self.mongo, "subjects", NamesCodec())
        self.archive = MongoArchive(self.mongo)
        self.ownership = share_outboxes(self.mongo, "0")
        self.kafka = KafkaPublisher([bootstrap], client_id=secrets.token_hex(4))
        self.relay = Relay(
            self.store,
            SlowBroker(self.kafka),
            self.archive,
            self.ownership,
            wall_now=wall_now,
        )
        self.tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self.ownership.begin()
        await self.store.prepare()
        self.tasks = [asyncio.create_task(self._beat()), asyncio.create_task(self._sweep())]
        return self

    async def __aexit__(self, *_error: object) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await leave(self.ownership)
        await self.kafka.stop()
        await self.mongo.close()

    async def _beat(self) -> None:
        while True:
            await beat(self.ownership)
            await asyncio.sleep(BEAT_S)

    async def _sweep(self) -> None:
        while True:
            await self.relay.sweep_left_behind(wall_now=wall_now())
            await asyncio.sleep(SWEEP_S)

    async def decide(self, subjects: Sequence[str]) -> list[Document[list[str]]]:
        """Decide one more event of each subject; return the copies that won."""
        found = await self.store.load(subjects)
        documents = [found.get(one) or Document(one, state=[]) for one in subjects]
        for document in documents:
            last = document.emitted.get(self.topic, 0) + 1
            document.emitted[self.topic] = last
            entry = Outgoing(
                f"{document.id}#{last}", self.topic, document.id, {"sequence": last}
            )
            document.added.append(entry)
        losers = await self.store.save(documents, pending_at=wall_now())
        return [document for document in documents if document.id not in losers]

    async def work(self, subjects: Sequence[str]) -> None:
        """Decide again and again; publish each batch while the next is decided."""
        publishing = []
        for _ in range(ROUNDS):
            documents = await self.decide(subjects)
            publishing.append(asyncio.create_task(self.relay.publish(documents)))
        await asyncio.gather(*publishing)


def read_all(bootstrap: str, topic: str) -> list[tuple[str, str]]:
    """Return (key, value) of every record, by a client that shares no code with ours."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"{topic}-count",
            "enable.auto.commit": "false",
        }
    )
    places = [TopicPartition(topic, partition, 0) for partition in range(PARTITIONS)]
    count = sum(consumer.get_watermark_offsets(place)[1] for place in places)
    consumer.assign(places)
    records: list[tuple[str, str]] = []
    until = time.monotonic() + READ_S_MAX
    while len(records) < count:
        assert time.monotonic() < until, f"{len(records)} of {count} came"
        message = consumer.poll(1.0)
        if message is not None and message.error() is None:
            records.append(((message.key() or b"").decode(), (message.value() or b"").decode()))
    consumer.close()
    return records


async def test_two_slow_replicas_publish_each_event_once(
    kafka_bootstrap: str, mongo_url: str, unique: str
) -> None:
    """Some subjects are one replica's, some are both's; sweeps run all the while."""
    async with TopicAdmin([kafka_bootstrap]) as admin:
        await admin.create([TopicSpec(unique, PARTITIONS, {})])
    own = [[f"{name}-{number}" for number in range(SUBJECTS)] for name in ("a", "b")]
    both = [f"both-{number}" for number in range(SUBJECTS)]
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(slow_way(mongo_url))
        replicas = [
            await stack.enter_async_context(Replica(url, unique, kafka_bootstrap, unique))
            for _ in own
        ]
        await asyncio.gather(
            *(one.work([*mine, *both]) for one, mine in zip(replicas, own, strict=True))
        )
        direct = Mongo(mongo_url, unique)
        collection = direct.collection("subjects")
        # What lost a compare-and-set was never decided: the store says what is to be there.
        rows = await collection.find({})
        assert [row["_id"] for row in rows if row["outbox"]] == []
        owners = await direct.collection("outbox_owners").find({})
        assert [row["heir"] for row in owners] == [None, None]
        await direct.drop()
        await direct.close()
    wanted = {
        (str(row["_id"]), f'{{"sequence":{number}}}')
        for row in rows
        for number in range(1, row["version"] + 1)
    }
    records = await asyncio.to_thread(read_all, kafka_bootstrap, unique)
    repeats = len(records) - len(set(records))
    counted = f"{len(wanted)} events, {len(records)} records, {repeats} repeats"
    sys.stdout.write(f"{counted}\n")
    assert set(records) == wanted
    assert len(wanted) >= ROUNDS * 2 * SUBJECTS
    assert repeats == 0, Counter(records).most_common(3)
    for subject in {key for key, _ in records}:
        values = [value for key, value in records if key == subject]
        assert values == sorted(values, key=lambda value: int(value[12:-1])), subject
