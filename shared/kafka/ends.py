"""Where partitions end, asked by a client of its own.

The client that consumes keeps a fetch open at the broker, which answers one connection's
questions in turn: asked there, this one would wait for as long as nothing comes in. And a
question that is given up in the middle must not disturb the client that consumes.
"""

import asyncio
import time
from collections.abc import Collection, Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.kafka.cluster import Cluster
from shared.subjects.errors import UnavailableError

ANSWER_S_MAX: Final = 5.0


class PartitionEnds:
    """Asks the broker; a client that does not answer is thrown away and made anew."""

    def __init__(self, where: Cluster | Sequence[str], *, client_id: str) -> None:
        self._cluster = Cluster.at(where)
        self._client_id = client_id
        self._client: AIOKafkaConsumer | None = None
        self._asking = asyncio.Lock()
        self._stopped = False
        self.answered_at = time.monotonic()

    async def of(self, partitions: Collection[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """Return the end of each partition.

        Raises:
            UnavailableError: the broker did not answer, or we have stopped.
        """
        if not partitions:
            self.answered_at = time.monotonic()
            return {}
        async with self._asking:
            if self._stopped:
                raise UnavailableError("the service stops")
            try:
                async with asyncio.timeout(ANSWER_S_MAX):
                    client = await self._connected()
                    asked = [TopicPartition(*place) for place in partitions]
                    ends = await client.end_offsets(asked)
            except (KafkaError, OSError, TimeoutError) as error:
                await self._discard()
                raise UnavailableError("the broker does not say where topics end") from error
        self.answered_at = time.monotonic()
        return {(tp.topic, tp.partition): int(end) for tp, end in ends.items()}

    async def stop(self) -> None:
        """Disconnect for good."""
        self._stopped = True
        await self._discard()

    async def _discard(self) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        try:
            async with asyncio.timeout(ANSWER_S_MAX):
                await client.stop()
        except (KafkaError, OSError, TimeoutError):
            return

    async def _connected(self) -> AIOKafkaConsumer:
        if self._client is None:
            self._client = AIOKafkaConsumer(
                **self._cluster.options(),
                client_id=self._client_id,
                enable_auto_commit=False,
            )
            await self._client.start()
        return self._client
