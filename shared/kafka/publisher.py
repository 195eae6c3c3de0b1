"""Kafka out: records acknowledged by all replicas, in order within each key."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.subjects.document import Outgoing
from shared.subjects.errors import UnavailableError

PUBLISH_S_MAX: Final = 30.0
"""An idempotent producer never gives a batch up, so we stop waiting after this."""

CONTENT_TYPE: Final = (("content-type", b"application/cloudevents+json"),)

MAX_REQUEST_BYTES: Final = 7 * 1024 * 1024


class KafkaPublisher:
    """An idempotent producer that is made anew when it died.

    aiokafka's sender task can end for good (`OutOfOrderSequenceNumber`); every later send then
    raises until there is another producer.
    """

    def __init__(
        self,
        bootstrap: Sequence[str],
        *,
        client_id: str,
        encode: Callable[[dict[str, Any]], bytes] = orjson.dumps,
    ) -> None:
        self._bootstrap = list(bootstrap)
        self._client_id = client_id
        self._encode = encode
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self.alive = False

    async def start(self) -> None:
        """Connect.

        Raises:
            UnavailableError: no broker answers.
        """
        await self._ready()

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        """Return when every record is acknowledged."""
        records = [
            (
                out.topic,
                out.key.encode(),
                None if out.value is None else self._encode(out.value),
                list(CONTENT_TYPE) if out.value is not None else [],
            )
            for out in outgoing
        ]
        await self.publish_raw(records)

    async def publish_raw(
        self,
        records: Sequence[tuple[str, bytes | None, bytes | None, Sequence[tuple[str, bytes]]]],
    ) -> None:
        """Publish (topic, key, value, headers) and return when all are acknowledged.

        Raises:
            UnavailableError: some were not acknowledged in time; some may have been written.
        """
        if not records:
            return
        producer = await self._ready()
        try:
            async with asyncio.timeout(PUBLISH_S_MAX):
                waiting = [
                    await producer.send(topic, value=value, key=key, headers=list(headers))
                    for topic, key, value, headers in records
                ]
                await asyncio.gather(*waiting)
        except (KafkaError, TimeoutError) as error:
            await self._discard(producer)
            raise UnavailableError(
                f"the broker did not acknowledge: {type(error).__name__}"
            ) from error

    async def stop(self) -> None:
        """Flush and disconnect."""
        producer, self._producer, self.alive = self._producer, None, False
        if producer is not None:
            await _stop(producer)

    async def _ready(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is not None and not _is_dead(self._producer):
                return self._producer
            if self._producer is not None:
                await self._discard(self._producer)
            producer = AIOKafkaProducer(
                bootstrap_servers=self._bootstrap,
                client_id=self._client_id,
                acks="all",
                enable_idempotence=True,
                linger_ms=2,
                max_batch_size=256 * 1024,
                max_request_size=MAX_REQUEST_BYTES,
                compression_type="lz4",
            )
            try:
                async with asyncio.timeout(10):
                    await producer.start()
            except (KafkaError, TimeoutError, OSError) as error:
                await _stop(producer)
                raise UnavailableError("no Kafka broker answers") from error
            self._producer, self.alive = producer, True
            return producer

    async def _discard(self, producer: AIOKafkaProducer) -> None:
        if self._producer is producer:
            self._producer, self.alive = None, False
        await _stop(producer)


async def _stop(producer: AIOKafkaProducer) -> None:
    """Stop a producer that may be unable to flush."""
    try:
        async with asyncio.timeout(5):
            await producer.stop()
    except (KafkaError, TimeoutError, OSError):
        return


def _is_dead(producer: AIOKafkaProducer) -> bool:
    """Return whether the sender task has ended (aiokafka #1017); its ping stays green."""
    task = getattr(getattr(producer, "_sender", None), "_sender_task", None)
    return task is not None and task.done()
