"""The topics that a service writes, read apart from any group, to compare its store."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.kafka.admin import TopicAdmin
from shared.kafka.cluster import Cluster
from shared.kafka.connect import connect
from shared.kafka.consumer import cluster_of, to_record
from shared.kafka.disconnect import disconnect
from shared.kafka.positions import positions_of
from shared.subjects.adoption import Extent
from shared.subjects.errors import UnavailableError
from shared.subjects.records import Record

RECORDS_MAX: Final = 1_000
POLL_MS: Final = 500
STILL_S_MAX: Final = 60.0
"""How long a broker may give nothing of what lies before the end."""

FIRST_BYTES_MAX: Final = 16 * 1024
"""How much of a partition is fetched for its first record; a longer one comes all the same."""

DIGEST_CHARACTERS: Final = 16


class KafkaOwnTopics:
    """Implements `OwnTopics`; each question has a client of its own, since few are asked."""

    def __init__(self, where: Cluster | Sequence[str], *, client_id: str) -> None:
        self._cluster = Cluster.at(where)
        self._client_id = client_id

    async def cluster_id(self) -> str:
        """Return what the cluster calls itself."""
        async with TopicAdmin(self._cluster) as admin:
            return await admin.cluster_id()

    async def named(self, prefix: str) -> list[str]:
        """Return the topics whose names begin with a prefix."""
        async with TopicAdmin(self._cluster) as admin:
            return sorted(name for name in await admin.names() if name.startswith(prefix))

    async def extents(self, topic: str) -> Mapping[int, Extent]:
        """Return the extent of each partition; nothing where there is no such topic."""
        consumer = self._consumer(FIRST_BYTES_MAX)
        try:
            await connect(consumer)
            numbers = (await cluster_of(consumer)).partitions_for_topic(topic) or set()
            held = [TopicPartition(topic, number) for number in sorted(numbers)]
            if not held:
                return {}
            consumer.assign(held)
            starts = await consumer.beginning_offsets(held)
            ends = await consumer.end_offsets(held)
            firsts = await self._firsts(
                consumer, {tp: start for tp, start in starts.items() if start < ends[tp]}
            )
            return {
                tp.partition: Extent(starts[tp], ends[tp], firsts.get(tp, "")) for tp in held
            }
        except (KafkaError, OSError) as error:
            raise _away(topic, error) from error
        finally:
            await disconnect(consumer)

    async def records(
        self, topic: str, spans: Mapping[int, tuple[int, int]]
    ) -> AsyncIterator[Sequence[Record]]:
        """Yield what lies between two offsets of each partition, each partition in order."""
        left = {
            TopicPartition(topic, partition): end
            for partition, (begin, end) in spans.items()
            if begin < end
        }
        if not left:
            return
        consumer = self._consumer()
        try:
            await connect(consumer)
            consumer.assign(list(left))
            for tp in left:
                consumer.seek(tp, spans[tp.partition][0])
            moved_at = asyncio.get_running_loop().time()
            while left:
                fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=RECORDS_MAX)
                reached = positions_of(consumer)
                records = [
                    to_record(record)
                    for tp, part in fetched.items()
                    for record in part
                    if record.offset < spans[tp.partition][1]
                ]
                if fetched:
                    moved_at = asyncio.get_running_loop().time()
                elif asyncio.get_running_loop().time() - moved_at > STILL_S_MAX:
                    raise _away(topic)
                if records:
                    yield records
                left = {
                    tp: end
                    for tp, end in left.items()
                    if reached.get((tp.topic, tp.partition), 0) < end
                }
        except (KafkaError, OSError) as error:
            raise _away(topic, error) from error
        finally:
            await disconnect(consumer)

    async def _firsts(
        self, consumer: AIOKafkaConsumer, starts: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, str]:
        """Return what the first record of each partition is known by."""
        for tp, start in starts.items():
            consumer.seek(tp, start)
        found: dict[TopicPartition, str] = {}
        until = asyncio.get_running_loop().time() + STILL_S_MAX
        while starts.keys() - found.keys():
            left = sorted(starts.keys() - found.keys())
            fetched = await consumer.getmany(*left, timeout_ms=POLL_MS)
            for tp, records in fetched.items():
                first = records[0]
                digest = hashlib.sha256((first.key or b"") + b"\0" + (first.value or b""))
                named = digest.hexdigest()[:DIGEST_CHARACTERS]
                found.setdefault(tp, f"{first.offset}/{first.timestamp}/{named}")
            if asyncio.get_running_loop().time() > until:
                raise _away(left[0].topic)
        return found

    def _consumer(self, partition_bytes_max: int = 1024 * 1024) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            **self._cluster.reader_options(),
            client_id=f"{self._client_id}-own",
            auto_offset_reset="earliest",
            fetch_max_wait_ms=POLL_MS,
            max_partition_fetch_bytes=partition_bytes_max,
        )


def _away(topic: str, error: Exception | None = None) -> UnavailableError:
    reason = "no answer" if error is None else type(error).__name__
    return UnavailableError(f"{topic} cannot be read ({reason})")
