"""Where partitions end, asked by clients of its own.

The client that consumes keeps a fetch open at the broker, which answers one connection's
questions in turn: asked there, this one would wait for as long as nothing comes in. And a
question that is given up in the middle must not disturb the client that consumes.

There are two ends. The last stable offset is as far as anything may be read: no open
transaction begins before it. The high watermark is as far as anything has been written.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final, Literal, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.cluster import ClusterMetadata
from aiokafka.errors import KafkaError

from shared.kafka.cluster import Cluster
from shared.kafka.connect import connect
from shared.kafka.disconnect import disconnect
from shared.subjects.errors import UnavailableError

ANSWER_S_MAX: Final = 5.0

Answer = TypeVar("Answer")

Isolation = Literal["read_committed", "read_uncommitted"]


class PartitionEnds:
    """Asks the broker; a client that does not answer is thrown away and made anew."""

    def __init__(self, where: Cluster | Sequence[str], *, client_id: str) -> None:
        cluster = Cluster.at(where)
        self._stable = _Asking(cluster, client_id, "read_committed", self._answered)
        self._written = _Asking(
            cluster, f"{client_id}-written", "read_uncommitted", self._answered
        )
        self.answered_at = time.monotonic()

    async def last_stable(
        self, partitions: Collection[tuple[str, int]]
    ) -> dict[tuple[str, int], int]:
        """Return the last stable offset of each partition.

        Raises:
            UnavailableError: the broker did not answer, or we have stopped.
        """
        return await self._stable.of(partitions)

    async def high_watermarks(
        self, partitions: Collection[tuple[str, int]]
    ) -> dict[tuple[str, int], int]:
        """Return the high watermark of each partition, open transactions included.

        Raises:
            UnavailableError: the broker did not answer, or we have stopped.
        """
        return await self._written.of(partitions)

    async def partitions(self, topics: Collection[str]) -> frozenset[tuple[str, int]]:
        """Return every partition of those of the topics that are there.

        Asking where a partition ends that is not there would wait until the time is over.

        Raises:
            UnavailableError: the broker did not answer, or we have stopped.
        """
        return await self._written.partitions(topics)

    async def stop(self) -> None:
        """Disconnect for good."""
        await self._stable.stop()
        await self._written.stop()

    def _answered(self) -> None:
        self.answered_at = time.monotonic()


class _Asking:
    """One client, which asks with one isolation level: that decides which end is answered."""

    def __init__(
        self,
        cluster: Cluster,
        client_id: str,
        isolation: Isolation,
        answered: Callable[[], None],
    ) -> None:
        self._cluster = cluster
        self._client_id = client_id
        self._isolation = isolation
        self._answered = answered
        self._client: AIOKafkaConsumer | None = None
        self._asking = asyncio.Lock()
        self._stopped = False

    async def of(self, partitions: Collection[tuple[str, int]]) -> dict[tuple[str, int], int]:
        if not partitions:
            self._answered()
            return {}
        asked = [TopicPartition(*place) for place in partitions]
        ends = await self._ask(lambda client: client.end_offsets(asked))
        return {(tp.topic, tp.partition): int(end) for tp, end in ends.items()}

    async def partitions(self, topics: Collection[str]) -> frozenset[tuple[str, int]]:
        cluster = await self._ask(_metadata)
        return frozenset(
            (topic, number)
            for topic in topics
            for number in cluster.partitions_for_topic(topic) or ()
        )

    async def _ask(self, question: Callable[[AIOKafkaConsumer], Awaitable[Answer]]) -> Answer:
        async with self._asking:
            if self._stopped:
                raise UnavailableError("the service stops")
            try:
                async with asyncio.timeout(ANSWER_S_MAX):
                    answer = await question(await self._connected())
            except (KafkaError, OSError, TimeoutError) as error:
                await self._discard()
                raise UnavailableError("the broker does not answer where topics end") from error
        self._answered()
        return answer

    async def stop(self) -> None:
        self._stopped = True
        await self._discard()

    async def _discard(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await disconnect(client)

    async def _connected(self) -> AIOKafkaConsumer:
        if self._client is None:
            self._client = AIOKafkaConsumer(
                **self._cluster.reader_options() | {"isolation_level": self._isolation},
                client_id=self._client_id,
            )
            await connect(self._client)
        return self._client


async def _metadata(client: AIOKafkaConsumer) -> ClusterMetadata:
    return await client._client.fetch_all_metadata()  # noqa: SLF001 - there is no public way.
