"""Topics that every replica reads whole, from their beginning: reference and progress."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, Self

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from shared.kafka.cluster import Cluster
from shared.kafka.connect import connect
from shared.kafka.consumer import cluster_of, to_record
from shared.kafka.disconnect import disconnect
from shared.kafka.ends import PartitionEnds
from shared.kafka.positions import positions_of
from shared.ops.log import logger
from shared.subjects.errors import UnavailableError
from shared.subjects.records import Record

RETRY_S = 1.0
READ_S_MAX = 120.0
COMPARE_S: Final = 5.0
"""How often it is asked whether a topic ends before the position that we have read to."""

ANSWER_S_MAX: Final = 5.0

LOG = logger(__name__)


class WholeTopic:
    """Reads one topic from its first record on, for ever, without a group.

    `apply` is called with each batch in order; `caught_up` is set once everything that stood in
    the topic when reading began has been applied. What belongs to an open transaction did not
    stand there yet. `absent` is whether the broker answered without the topic.

    A topic that was made anew has another log under the same name. Its length proves nothing,
    so the last record that was read is fetched again every `COMPARE_S`: a log that ends before
    it, or has another record there, is read from its beginning. So `apply` must take repeats.
    """

    def __init__(
        self,
        where: Cluster | Sequence[str],
        topic: str,
        apply: Callable[[Sequence[Record]], Awaitable[None]],
        *,
        client_id: str,
    ) -> None:
        self._cluster = Cluster.at(where)
        self._topic = topic
        self._apply = apply
        self._client_id = client_id
        self._next: dict[int, int] = {}
        self._last: dict[int, LastRead] = {}
        self._again = False
        self.absent = False
        self.caught_up = asyncio.Event()

    def read_again(self) -> None:
        """Read the topic from its beginning once more, as soon as the batch in hand is done."""
        self._again = True

    async def run(self, stopping: asyncio.Event) -> None:
        """Read until `stopping` is set; a broker that is away is tried again."""
        while not stopping.is_set():
            with contextlib.suppress(KafkaError, OSError, TimeoutError):
                await self._read(stopping)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RETRY_S):
                    await stopping.wait()

    async def _read(self, stopping: asyncio.Event) -> None:
        consumer = AIOKafkaConsumer(
            **self._cluster.reader_options(),
            client_id=self._client_id,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=500,
        )
        try:
            await connect(consumer)
            held = await self._assign(consumer)
            if held:
                await self._follow(consumer, held, stopping)
        finally:
            await disconnect(consumer)

    async def _assign(self, consumer: AIOKafkaConsumer) -> list[TopicPartition]:
        numbers = (await cluster_of(consumer)).partitions_for_topic(self._topic) or set()
        held = [TopicPartition(self._topic, number) for number in sorted(numbers)]
        self.absent = not held
        if held:
            consumer.assign(held)
        return held

    async def _follow(
        self,
        consumer: AIOKafkaConsumer,
        held: Sequence[TopicPartition],
        stopping: asyncio.Event,
    ) -> None:
        compared_at: float | None = None
        ends: dict[TopicPartition, int] = {}
        while not stopping.is_set():
            now = time.monotonic()
            if compared_at is None or now - compared_at >= COMPARE_S:
                ends = await self._compare(consumer, held)
                compared_at = now
            if self._again:
                self._rewind(consumer, held)
            fetched = await consumer.getmany(timeout_ms=500, max_records=1_000)
            noted = positions_of(consumer)
            parts = [self._fresh(part) for part in fetched.values()]
            if self._again:
                continue
            records = [record for part in parts for record in part]
            if records:
                await self._apply(records)
                self._last |= {
                    part[-1].partition: LastRead.of(part[-1]) for part in parts if part
                }
            for (_, partition), position in noted.items():
                self._next[partition] = max(self._next.get(partition, 0), position)
            if not self.caught_up.is_set() and all(
                self._next.get(tp.partition, 0) >= end for tp, end in ends.items()
            ):
                self.caught_up.set()

    async def _compare(
        self, consumer: AIOKafkaConsumer, held: Sequence[TopicPartition]
    ) -> dict[TopicPartition, int]:
        """Return where the partitions end, and have each one's last record fetched again."""
        async with asyncio.timeout(ANSWER_S_MAX):
            ends: dict[TopicPartition, int] = await consumer.end_offsets(list(held))
            starts: dict[TopicPartition, int] = await consumer.beginning_offsets(list(held))
        for tp, end in ends.items():
            last = self._last.get(tp.partition)
            if end < self._next.get(tp.partition, 0):
                self._replaced(tp.partition)
            consumer.seek(tp, max(starts[tp], self._next.get(tp.partition, 0)))
            if last is not None and last.offset >= starts[tp]:
                consumer.seek(tp, last.offset)
        return ends

    def _fresh(self, part: Sequence[ConsumerRecord]) -> list[Record]:
        """Return what is new of one partition's records, after comparing what is not."""
        records = [to_record(one) for one in part]
        last = self._last.get(records[0].partition) if records else None
        if last is not None:
            for record in records:
                if record.offset == last.offset and LastRead.of(record) != last:
                    self._replaced(record.partition)
                    return []
            records = [record for record in records if record.offset > last.offset]
        return records

    def _replaced(self, partition: int) -> None:
        LOG.warning("topic_has_another_log", topic=self._topic, partition=partition)
        self.read_again()

    def _rewind(self, consumer: AIOKafkaConsumer, held: Sequence[TopicPartition]) -> None:
        self._again = False
        self._last = {}
        for tp in held:
            self._next[tp.partition] = 0
            consumer.seek(tp, 0)  # Below the first record, the client goes to the first.


@dataclass(frozen=True, slots=True)
class LastRead:
    """The last record that was read of a partition, so that it is known again."""

    offset: int
    digest: bytes

    @classmethod
    def of(cls, record: Record) -> Self:
        """Return what a record is known by."""
        content = (record.timestamp_ms, record.key, record.value)
        return cls(record.offset, blake2b(repr(content).encode(), digest_size=16).digest())


@dataclass(frozen=True, slots=True)
class Span:
    """Offsets of one partition.

    Attributes:
        start: The first that is kept.
        stable: Up to where it may be read; no open transaction begins before it.
        written: The next to be written.
    """

    start: int
    stable: int
    written: int


class TopicEnds:
    """Asks where topics end, many at once; for checks, not for services.

    Use it as an asynchronous context manager.
    """

    def __init__(
        self, where: Cluster | Sequence[str], *, client_id: str = "motcua-ends"
    ) -> None:
        self._consumer = AIOKafkaConsumer(
            **Cluster.at(where).reader_options(), client_id=client_id
        )
        self._ends = PartitionEnds(where, client_id=client_id)
        self._partitions: dict[str, list[TopicPartition]] = {}

    async def __aenter__(self) -> Self:
        """Connect."""
        await connect(self._consumer)
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Disconnect."""
        await self._ends.stop()
        await disconnect(self._consumer)

    async def spans(self, topic: str) -> dict[int, Span]:
        """Return where each partition begins and ends.

        Raises:
            UnavailableError: the broker did not answer.
        """
        numbers = sorted((await cluster_of(self._consumer)).partitions_for_topic(topic) or ())
        held = [TopicPartition(topic, number) for number in numbers]
        starts = await self._consumer.beginning_offsets(held) if held else {}
        written = await self._ends.high_watermarks(held)
        stable = await self._ends.last_stable(held)
        return {tp.partition: Span(starts[tp], stable[tp], written[tp]) for tp in held}

    async def sums(self, topics: Collection[str]) -> dict[str, int]:
        """Return the sum of the last stable offsets of each topic's partitions."""
        unknown = set(topics) - self._partitions.keys()
        if unknown:
            cluster = await cluster_of(self._consumer)
            for topic in unknown:
                numbers = sorted(cluster.partitions_for_topic(topic) or ())
                self._partitions[topic] = [TopicPartition(topic, one) for one in numbers]
        held = [tp for topic in topics for tp in self._partitions[topic]]
        ends = await self._consumer.end_offsets(held) if held else {}
        sums = dict.fromkeys(topics, 0)
        for tp, end in ends.items():
            sums[tp.topic] += end
        return sums


async def read_to_end(
    where: Cluster | Sequence[str], topic: str, *, client_id: str = "motcua-reader"
) -> list[Record]:
    """Return everything that stands in a topic now; for checks, not for services.

    Raises:
        UnavailableError: the broker went away.
    """
    found: list[Record] = []
    reached = asyncio.Event()

    async def keep(records: Sequence[Record]) -> None:
        found.extend(records)

    reader = WholeTopic(where, topic, keep, client_id=client_id)
    reading = asyncio.create_task(reader.run(reached))
    try:
        async with asyncio.timeout(READ_S_MAX):
            await reader.caught_up.wait()
    except TimeoutError:
        raise UnavailableError(f"{topic} could not be read within {READ_S_MAX:.0f} s") from None
    finally:
        reached.set()
        await reading
    return found
