"""Workflow's consume → decide → store → publish beside raw `getmany` + decode, one topic.

Both start their clocks when their partitions are assigned, so that the first fetch counts for
both; both decode with the same function and take batches of one size.
"""

import asyncio
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from prometheus_client import CollectorRegistry

from deploy.reference.load import bundled_reference
from services.workflow.adapters.index import INDEXES
from services.workflow.core.codec import SubjectCodec
from services.workflow.core.fold import fold
from services.workflow.core.model import Subject
from shared.events.envelope import decode, encode
from shared.events.topics import DOSSIERS
from shared.kafka.broker import ServiceBroker
from shared.kafka.consumer import ConsumerOptions
from shared.kafka.publisher import KafkaPublisher
from shared.mongo.archive import MongoArchive
from shared.mongo.client import Mongo
from shared.mongo.subjects import MongoSubjects
from shared.ops.clock import wall_now
from shared.ops.run import collect_rarely
from shared.reference.view import Reference
from shared.subjects.apply import ApplyBatch
from shared.subjects.records import Record
from shared.subjects.relay import Relay
from tests.bench.events import canonical, chunks
from tests.bench.measuring import Budget, Rounds, Say, table
from tests.bench.memory import BsonSubjects
from tests.fakes.read_positions import MemoryReadPositions
from tests.fakes.subjects import FixedReference, MemoryArchive, MemoryParking

ROUNDS: Final = 3
BAR: Final = 0.25
LOOK_S: Final = 0.001
BATCH: Final = ConsumerOptions().records_max
LATER: Final = datetime(2026, 12, 1, tzinfo=UTC)


class StandingClock:
    def now(self) -> datetime:
        return LATER


@dataclass
class Round:
    """One pass over the topic."""

    rate: float
    cpu_us: float


@dataclass
class Stopwatch(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types.
    """Runs from the moment at which partitions are assigned."""

    wall: float = 0.0
    cpu: float = 0.0

    async def on_partitions_revoked(self, revoked: object) -> None:
        """Go on."""

    async def on_partitions_assigned(self, assigned: object) -> None:
        """Start, once."""
        if assigned and not self.wall:
            self.wall, self.cpu = time.perf_counter(), time.process_time()

    def round(self, count: int) -> Round:
        """Say what so many events have cost up to now."""
        wall, cpu = time.perf_counter() - self.wall, time.process_time() - self.cpu
        return Round(count / wall, cpu / count * 1e6)


async def measure(
    bootstrap: str, mongo_url: str, say: Say, *, events: int, seconds: float
) -> None:
    """Fill the topic once, then read it in turn by each way."""
    collect_rarely()  # As every service does at its start.
    sent = await _fill(bootstrap, events)
    # One for all rounds: a service builds its calendars once in its life.
    reference = bundled_reference()
    ways: dict[str, list[Round]] = {"raw": [], "memory": [], "store": []}
    budget = Budget(seconds)
    for _ in range(ROUNDS):
        ways["raw"].append(await _raw(bootstrap, sent))
        ways["memory"].append(await _workflow(bootstrap, sent, None, reference))
        ways["store"].append(await _workflow(bootstrap, sent, mongo_url, reference))
        if not budget.left:
            break
    rates = {name: Rounds([one.rate for one in rounds]) for name, rounds in ways.items()}
    work = {name: Rounds([one.cpu_us for one in rounds]) for name, rounds in ways.items()}
    names = {
        "raw": "aiokafka getmany + decode",
        "memory": "workflow, store in memory",
        "store": "workflow, embedded store",
    }
    rows = [
        (names[name], f"{rates[name].text()} events/s, {work[name].text()} µs of CPU each")
        for name in ways
    ]
    for name in ("memory", "store"):
        wall = rates[name].median / rates["raw"].median
        cpu = work["raw"].median / work[name].median
        bar = f"   (bar: ≥ {BAR:.0%})" if name == "memory" else ""
        rows.append((f"{names[name]} / raw", f"{wall:.1%}, by CPU {cpu:.1%}{bar}"))
    table(f"Workflow: consume → decide → store → publish, {sent:,} events", rows, say)


async def _fill(bootstrap: str, count: int) -> int:
    events = canonical(count)
    publisher = KafkaPublisher([bootstrap], client_id="bench")
    for chunk in chunks(events, 1_000):
        await publisher.publish_raw(
            [(DOSSIERS.name, one.subject.encode(), encode(one), ()) for one in chunk]
        )
    await publisher.stop()
    return len(events)


async def _raw(bootstrap: str, count: int) -> Round:
    watch, seen = Stopwatch(), 0
    decode.cache_clear()  # It remembers the round before.
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=f"raw-{secrets.token_hex(4)}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        isolation_level="read_committed",
    )
    consumer.subscribe([DOSSIERS.name], listener=watch)
    await consumer.start()
    try:
        while seen < count:
            fetched = await consumer.getmany(timeout_ms=1_000, max_records=BATCH)
            for records in fetched.values():
                for record in records:
                    decode(record.value)
                seen += len(records)
        return watch.round(count)
    finally:
        await consumer.stop()


async def _workflow(
    bootstrap: str, count: int, mongo_url: str | None, reference: Reference
) -> Round:
    broker = ServiceBroker(
        [bootstrap], service="bench", instance="0", registry=CollectorRegistry()
    )
    mongo = None if mongo_url is None else Mongo(mongo_url, f"bench_{secrets.token_hex(4)}")
    subjects: Any = BsonSubjects[Subject](SubjectCodec())
    archive: Any = MemoryArchive()
    if mongo is not None:
        subjects = MongoSubjects[Subject](mongo, "subjects", SubjectCodec(), indexes=INDEXES)
        archive = MongoArchive(mongo)
        await subjects.prepare()
        await archive.prepare()
    apply = ApplyBatch[Subject](
        service="workflow",
        store=subjects,
        fold=fold,
        relay=Relay(subjects, broker.publisher, archive, wall_now=wall_now),
        parking=MemoryParking(),
        reference=FixedReference(reference),
        clock=StandingClock(),
        wall_now=wall_now,
    )
    done, watch = asyncio.Event(), Stopwatch()
    decode.cache_clear()

    async def handle(records: Sequence[Record]) -> None:
        await apply(records)
        if consumption.handled + len(records) >= count:
            done.set()

    consumption = broker.consume(
        handle,
        group=f"bench-{secrets.token_hex(4)}",
        stored=MemoryReadPositions(),
        topics=[DOSSIERS.name],
    )
    stopping = asyncio.Event()
    running = asyncio.create_task(broker.run(stopping))
    while not consumption.next_offsets:  # noqa: ASYNC110 - nobody is called for it.
        await asyncio.sleep(LOOK_S)
    await watch.on_partitions_assigned(consumption.next_offsets)
    await done.wait()
    measured = watch.round(count)
    stopping.set()
    await broker.stop()
    await running
    if mongo is not None:
        await mongo.close()
    return measured
