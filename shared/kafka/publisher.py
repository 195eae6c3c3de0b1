"""Kafka out: records acknowledged by all replicas, in order within each key."""

import asyncio
import contextlib
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterator,
    Sequence,
)
from functools import partial
from typing import Any, Final

import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError, ProducerClosed

from shared.events.partitioner import partition_of
from shared.kafka.cluster import Cluster
from shared.subjects.document import Outgoing
from shared.subjects.errors import UnavailableError

PUBLISH_S_MAX: Final = 30.0
"""An idempotent producer never gives a batch up, so we stop waiting after this long without any
acknowledgement. A broker that is slow but acknowledges has all its time: what is given up is
published once more, which would load it exactly when it has too much to do."""

STOP_S_MAX: Final = 5.0

CONTENT_TYPE: Final = (("content-type", b"application/cloudevents+json"),)

MAX_REQUEST_BYTES: Final = 7 * 1024 * 1024

RawRecord = tuple[str, bytes | None, bytes | None, Sequence[tuple[str, bytes]]]


OnAcknowledged = Callable[[str, int, int], None]
"""Called with topic, partition and offset of the last record of what was acknowledged."""


class KafkaPublisher:
    """An idempotent producer that is made anew when it died.

    `on_acknowledged` is called for each batch that the broker acknowledges, but not where the
    broker no longer knows the offset of a batch that it has. It must not raise or block.

    aiokafka's sender task can end for good (`OutOfOrderSequenceNumber`); every later send then
    raises until there is another producer. One that failed sends nothing more: what it still
    holds would come behind the back of its successor, whenever the broker is there again.
    """

    def __init__(
        self,
        where: Cluster | Sequence[str],
        *,
        client_id: str,
        encode: Callable[[dict[str, Any]], bytes] = orjson.dumps,
    ) -> None:
        self._cluster = Cluster.at(where)
        self._client_id = client_id
        self._encode = encode
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self.alive = False
        self._acknowledged_at = 0.0
        self.on_acknowledged: OnAcknowledged = _ignore

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
        records: Sequence[RawRecord],
    ) -> None:
        """Publish (topic, key, value, headers) and return when all are acknowledged.

        Raises:
            UnavailableError: nothing was acknowledged for `PUBLISH_S_MAX`; some of these may
                have been written.
        """
        if not records:
            return
        producer = await self._ready()
        try:
            await self._patiently(_send(producer, records, self._note))
        except (KafkaError, TimeoutError) as error:
            await self._abandon(producer)
            raise UnavailableError(
                f"the broker did not acknowledge: {type(error).__name__}"
            ) from error

    async def stop(self) -> None:
        """Flush and disconnect."""
        producer, self._producer, self.alive = self._producer, None, False
        if producer is not None:
            await _stop(producer)

    async def _patiently(self, sending: Coroutine[Any, Any, None]) -> None:
        """Await `sending` for as long as the broker acknowledges anything of ours.

        Raises:
            TimeoutError: it has not for `PUBLISH_S_MAX`.
        """
        started = asyncio.get_running_loop().time()
        task = asyncio.create_task(sending)
        try:
            while not task.done():
                moved_at = max(started, self._acknowledged_at)
                left = PUBLISH_S_MAX - (asyncio.get_running_loop().time() - moved_at)
                if left <= 0:
                    raise TimeoutError
                await asyncio.wait({task}, timeout=left)
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
        await task

    def _note(self, further: int, sent: asyncio.Future[Any]) -> None:
        """Note that a batch is acknowledged: its first record and `further` ones."""
        if sent.cancelled() or sent.exception() is not None:
            return
        self._acknowledged_at = asyncio.get_running_loop().time()
        written = sent.result()
        if written.offset >= 0:
            self.on_acknowledged(written.topic, written.partition, written.offset + further)

    async def _ready(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is not None and not _is_dead(self._producer):
                return self._producer
            if self._producer is not None:
                await self._abandon(self._producer)
            producer = AIOKafkaProducer(
                **self._cluster.options(),
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

    async def _abandon(self, producer: AIOKafkaProducer) -> None:
        if self._producer is producer:
            self._producer, self.alive = None, False
        await _end(producer)


def _ignore(_topic: str, _partition: int, _offset: int) -> None:
    """Do nothing with an acknowledgement."""


async def _send(
    producer: AIOKafkaProducer,
    records: Sequence[RawRecord],
    note: Callable[[int, asyncio.Future[Any]], None],
) -> None:
    """Return when all are acknowledged; raise when the producer was ended meanwhile.

    `note` is called with each part that ends, and with how many records follow its first.
    """
    waiting: list[asyncio.Future[Any]] = []
    try:
        async for further, sent in _submitted(producer, records):
            waiting.append(sent)  # What was sent is known when a later one fails.
            sent.add_done_callback(partial(note, further))
        acknowledged = asyncio.gather(*waiting)
        sending = _sender_task(producer)
        ends: set[asyncio.Future[Any]] = {acknowledged} | ({sending} if sending else set())
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if not acknowledged.done():
            raise ProducerClosed
        await acknowledged
    finally:
        for one in waiting:
            one.cancel()  # Nobody asks any more; what is done stays done.


async def _submitted(
    producer: AIOKafkaProducer, records: Sequence[RawRecord]
) -> AsyncIterator[tuple[int, asyncio.Future[Any]]]:
    """Hand records over in order within each partition; each future ends with its part.

    The number beside a future counts the records of its part that follow the first.

    Several records of one partition go as batches of our own making: one by one, each would
    cost a future and a look at the metadata, three times as much as all the rest. A single one
    joins what others have waiting.
    """
    shares: dict[tuple[str, int], list[RawRecord]] = {}
    for record in records:
        topic, key, value, headers = record
        if key is None:
            yield 0, await _handed(producer.send, topic, value=value, headers=list(headers))
            continue
        partitions = await producer.partitions_for(topic)
        shares.setdefault((topic, partition_of(key, len(partitions))), []).append(record)
    for (topic, partition), share in shares.items():
        if len(share) == 1:
            _, key, value, headers = share[0]
            single = _handed(producer.send, topic, value, key, partition, headers=list(headers))
            yield 0, await single
            continue
        for batch in _batches(producer, share):
            further = batch.record_count() - 1  # Before others' single records join it.
            sent = await _handed(producer.send_batch, batch, topic, partition=partition)
            yield further, sent


async def _handed(
    send: Callable[..., Awaitable[asyncio.Future[Any]]],
    *arguments: Any,  # noqa: ANN401 - of two methods of the client.
    **named: Any,  # noqa: ANN401 - as above.
) -> asyncio.Future[Any]:
    """Hand over to the producer, waiting for room while it is full.

    The client gives up after its own time-out, though the broker goes on taking what others
    have waiting. Nothing was handed over then, and whoever called ends the waiting.
    """
    while True:
        try:
            return await send(*arguments, **named)
        except KafkaTimeoutError:
            continue


def _batches(producer: AIOKafkaProducer, share: Sequence[RawRecord]) -> Iterator[Any]:
    """Fill batches with the records of one partition; each takes one record at least."""
    batch = producer.create_batch()
    for _, key, value, headers in share:
        fields = {"timestamp": None, "key": key, "value": value, "headers": list(headers)}
        if batch.append(**fields) is None:
            yield batch
            batch = producer.create_batch()
            batch.append(**fields)
    yield batch


async def _stop(producer: AIOKafkaProducer) -> None:
    """Flush and stop a producer; one that cannot flush is ended."""
    try:
        async with asyncio.timeout(STOP_S_MAX):
            await producer.flush()
            await producer.stop()
    except (KafkaError, TimeoutError, OSError):
        await _end(producer)


async def _end(producer: AIOKafkaProducer) -> None:
    """End a producer without letting it send what it still holds."""
    sending = _sender_task(producer)
    with contextlib.suppress(KafkaError, TimeoutError, OSError):
        async with asyncio.timeout(STOP_S_MAX):
            if sending is not None:
                sending.cancel()
            await producer.client.close()  # Fails the requests for whose answer it waits.
            if sending is not None:
                await asyncio.wait([sending], timeout=STOP_S_MAX / 2)
                sending.cancel()  # Now it leaves them too; nothing is cancelled that is done.
                await asyncio.wait([sending])
    producer._closed = True  # noqa: SLF001 -- `stop` would flush first, without an end.


def _is_dead(producer: AIOKafkaProducer) -> bool:
    """Return whether the sender task has ended (aiokafka #1017); its ping stays green."""
    task = _sender_task(producer)
    return task is not None and task.done()


def _sender_task(producer: AIOKafkaProducer) -> "asyncio.Task[None] | None":
    return getattr(getattr(producer, "_sender", None), "_sender_task", None)
