"""Partitions' logs as they are now: where they begin and end, and which record is at an offset.

Asked when a subscription is given partitions, by a client that lives as long as the question.
A partition without a leader, or one that we may not read, hinders none of the others.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError

from shared.events.topics import TOPICS
from shared.kafka.cluster import Cluster
from shared.kafka.connect import connect
from shared.kafka.disconnect import disconnect
from shared.kafka.positions import positions_of
from shared.subjects.errors import UnavailableError
from shared.subjects.read_positions import LastRecord, Log, Place, StoredPosition

ANSWER_S_MAX: Final = 10.0
POLL_MS: Final = 200
PARTITION_BYTES_MAX: Final = 256 * 1024
"""How much of each partition is fetched to look at one record; a larger one comes alone."""

NO_LEADER: Final = (None, -1)
DIGEST_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at some partitions found.

    Attributes:
        logs: Each that answered.
        first_ms: When the first record of each log was written, where there is one to read.
        hindered: Each that did not answer, and why.
    """

    logs: dict[Place, Log] = field(default_factory=dict)
    first_ms: dict[Place, int] = field(default_factory=dict)
    hindered: dict[Place, str] = field(default_factory=dict)


def last_record(record: ConsumerRecord) -> LastRecord:
    """Return what is kept of a record, to know it again."""
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for part in (record.key, record.value, str(record.timestamp).encode()):
        digest.update(b"-" if part is None else str(len(part)).encode())
        digest.update(b":" + (part or b""))
    return LastRecord(record.offset, record.timestamp, digest.hexdigest())


class PartitionLogs:
    """Looks at partitions' logs; connects for each look anew."""

    def __init__(self, where: Cluster | Sequence[str], *, client_id: str) -> None:
        self._cluster = Cluster.at(where)
        self._client_id = client_id

    async def look(self, places: Mapping[Place, StoredPosition | None]) -> Looked:
        """Return the logs, and whether each confirms the last record that was handled.

        Raises:
            UnavailableError: no broker answered in time.
        """
        looked = Looked()
        try:
            async with asyncio.timeout(ANSWER_S_MAX), self._client() as client:
                held = await self._with_leaders(client, places, looked)
                await self._spans(client, held, looked)
                await self._compare(client, places, looked)
        except (KafkaError, OSError, TimeoutError) as error:
            raise UnavailableError(
                f"the brokers do not say where partitions begin ({type(error).__name__})"
            ) from error
        return looked

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[AIOKafkaConsumer]:
        client = AIOKafkaConsumer(
            **self._cluster.reader_options(),
            client_id=self._client_id,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=PARTITION_BYTES_MAX,
        )
        try:
            await connect(client)
            yield client
        finally:
            await disconnect(client)

    async def _with_leaders(
        self,
        client: AIOKafkaConsumer,
        places: Mapping[Place, StoredPosition | None],
        looked: Looked,
    ) -> list[TopicPartition]:
        metadata = await client._client.fetch_all_metadata()  # noqa: SLF001 -- There is no public way.
        asked = [TopicPartition(*place) for place in sorted(places)]
        held = [tp for tp in asked if metadata.leader_for_partition(tp) not in NO_LEADER]
        for tp in asked:
            if tp not in held:
                looked.hindered[tp.topic, tp.partition] = "has no leader"
        if held:
            client.assign(held)
            client.pause(*held)
        return held

    async def _spans(
        self, client: AIOKafkaConsumer, held: Sequence[TopicPartition], looked: Looked
    ) -> None:
        """Ask topic by topic, so that one that we may not read hinders itself alone."""
        topics: dict[str, list[TopicPartition]] = {}
        for tp in held:
            topics.setdefault(tp.topic, []).append(tp)

        async def ask(tps: list[TopicPartition]) -> None:
            try:
                starts = await client.beginning_offsets(tps)
                ends = await client.end_offsets(tps)
            except TopicAuthorizationFailedError:
                for tp in tps:
                    looked.hindered[tp.topic, tp.partition] = "may not be read by us"
                return
            for tp in tps:
                looked.logs[tp.topic, tp.partition] = Log(int(starts[tp]), int(ends[tp]))

        await asyncio.gather(*(ask(tps) for tps in topics.values()))

    async def _compare(
        self,
        client: AIOKafkaConsumer,
        places: Mapping[Place, StoredPosition | None],
        looked: Looked,
    ) -> None:
        """Read the last record that was handled; of a log that begins later, its first one."""
        offsets: dict[Place, int] = {}
        for place, log in looked.logs.items():
            stored = places[place]
            if stored is None:
                continue
            last = stored.last
            if stored.next_offset < log.start < log.end:
                offsets[place] = log.start
            elif last is not None and log.start <= last.offset < log.end:
                offsets[place] = last.offset
        records = await self._read(client, offsets, looked)
        for place, record in records.items():
            stored, log = places[place], looked.logs[place]
            assert stored is not None, "only what was read before is compared"
            if stored.next_offset < log.start:
                looked.first_ms[place] = record.timestamp
                continue
            assert stored.last is not None, "only with a record is compared"
            looked.logs[place] = replace(log, confirms=_confirms(record, stored.last))

    async def _read(
        self, client: AIOKafkaConsumer, offsets: Mapping[Place, int], looked: Looked
    ) -> dict[Place, ConsumerRecord]:
        """Read the first record at or after each offset, where there is one."""
        found: dict[Place, ConsumerRecord] = {}
        waiting = {TopicPartition(*place) for place in offsets}
        for tp in waiting:
            client.seek(tp, offsets[tp.topic, tp.partition])
        if waiting:
            client.resume(*waiting)
        while waiting:
            try:
                fetched = await client.getmany(*waiting, timeout_ms=POLL_MS)
            except TopicAuthorizationFailedError as error:
                refused = {tp for tp in waiting if tp.topic in str(error)}
                for tp in refused or waiting:
                    looked.logs.pop((tp.topic, tp.partition), None)
                    looked.hindered[tp.topic, tp.partition] = "may not be read by us"
                waiting -= refused or set(waiting)
                continue
            at = positions_of(client)
            for tp in list(waiting):
                place = (tp.topic, tp.partition)
                records = fetched.get(tp)
                if records:
                    found[place] = records[0]
                if records or at.get(place, 0) >= looked.logs[place].end:
                    waiting.remove(tp)
                    client.pause(tp)
        return found


def _confirms(record: ConsumerRecord, last: LastRecord) -> bool | None:
    """Return whether a record is the one that was handled; None where it may be compacted."""
    if record.offset == last.offset:
        return last_record(record) == last
    topic = TOPICS.get(record.topic)
    return None if topic is not None and topic.cleanup == "compact" else False
