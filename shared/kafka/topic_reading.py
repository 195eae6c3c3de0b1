"""A topic read from its first record to its end, and again to its end whenever it is asked."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.kafka.cluster import Cluster
from shared.kafka.connect import connect
from shared.kafka.consumer import cluster_of, to_record
from shared.kafka.disconnect import disconnect
from shared.kafka.positions import positions_of
from shared.subjects.errors import UnavailableError
from shared.subjects.records import Record

SILENT_S_MAX: Final = 60.0
"""How long a read to the end may go on without any progress."""

BATCH_MAX: Final = 1_000

Take = Callable[[Sequence[Record]], Awaitable[None]]


class TopicReading:
    """Hands every record of a topic to `take`, in order within each partition.

    For commands that compare a topic with an archive. Use it as an asynchronous context
    manager; its memory does not grow with the topic.
    """

    def __init__(
        self, where: Cluster | Sequence[str], topic: str, take: Take, *, client_id: str
    ) -> None:
        self._consumer = AIOKafkaConsumer(
            **Cluster.at(where).reader_options(),
            client_id=client_id,
            auto_offset_reset="earliest",
        )
        self._topic = topic
        self._take = take
        self._held: list[TopicPartition] = []
        self._passed: dict[TopicPartition, int] = {}

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            UnavailableError: no broker answers.
        """
        try:
            await connect(self._consumer)
            numbers = (await cluster_of(self._consumer)).partitions_for_topic(self._topic)
            self._held = [TopicPartition(self._topic, one) for one in sorted(numbers or ())]
            if self._held:
                self._consumer.assign(self._held)
                await self._consumer.seek_to_beginning(*self._held)
        except asyncio.CancelledError:
            await disconnect(self._consumer)
            raise
        except (KafkaError, OSError) as error:
            await disconnect(self._consumer)
            raise UnavailableError(f"{self._topic} cannot be read: {error}") from error
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Disconnect."""
        await disconnect(self._consumer)

    async def catch_up(self) -> dict[int, int]:
        """Read everything that is on the topic now; return where each partition ends.

        Raises:
            UnavailableError: the broker does not answer, or gives nothing for too long.
        """
        if not self._held:
            return {}
        try:
            async with asyncio.timeout(SILENT_S_MAX):
                ends = await self._consumer.end_offsets(self._held)
                for tp in self._held:
                    if tp not in self._passed:
                        self._passed[tp] = await self._consumer.position(tp)
            while any(self._passed[tp] < end for tp, end in ends.items()):
                async with asyncio.timeout(SILENT_S_MAX):
                    await self._poll()
        except (KafkaError, OSError, TimeoutError) as error:
            raise UnavailableError(f"{self._topic} cannot be read to its end") from error
        return {tp.partition: int(end) for tp, end in ends.items()}

    async def _poll(self) -> None:
        """Take one batch; return once any position has moved."""
        before = dict(self._passed)
        while self._passed == before:
            fetched = await self._consumer.getmany(timeout_ms=500, max_records=BATCH_MAX)
            noted = positions_of(self._consumer)
            records = [to_record(record) for part in fetched.values() for record in part]
            if records:
                await self._take(records)
            for topic, partition in noted:
                self._passed[TopicPartition(topic, partition)] = noted[topic, partition]
