"""The producers of one process: made when needed, ended without sending what they hold."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import BrokerResponseError, KafkaError, KafkaTimeoutError

from shared.kafka.cluster import Cluster
from shared.kafka.connect import connect
from shared.kafka.connections import cut_off
from shared.subjects.errors import UnavailableError

STOP_S_MAX: Final = 5.0
CONNECT_S_MAX: Final = 10.0

MAX_REQUEST_BYTES: Final = 7 * 1024 * 1024


class Producers:
    """An idempotent producer that everybody shares, and one for single records.

    aiokafka's sender task can end for good; every later send then raises until there is another
    producer. After a refusal its sequence numbers of that partition are spent, and the broker
    takes nothing more from it there. In both cases a new one is made.

    The single producer is not idempotent: it has no sequence numbers, so a refusal spoils
    nothing. It sends one record at a time. A repeat of its own is a repeat for every reader.

    Attributes:
        alive: Whether the shared producer is connected.
    """

    def __init__(self, cluster: Cluster, client_id: str) -> None:
        self._cluster = cluster
        self._client_id = client_id
        self._shared: AIOKafkaProducer | None = None
        self._single: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self._retired: dict[asyncio.Task[None], AIOKafkaProducer] = {}
        self._stopped = False
        self.alive = False

    def open(self) -> None:
        """Allow producers to be made, also after `stop`."""
        self._stopped = False

    def knows(self, topic: str) -> bool:
        """Return False if the shared producer asks for a topic that the brokers do not have."""
        if self._shared is None:
            return True
        client = self._shared.client
        asked = topic in client._topics  # noqa: SLF001 -- The client does not say it otherwise.
        return not asked or client.cluster.partitions_for_topic(topic) is not None

    async def shared(self) -> AIOKafkaProducer:
        """Return the shared producer, connected.

        Raises:
            UnavailableError: no broker answers, or we are stopping.
        """
        async with self._starting:
            if self._shared is not None and is_dead(self._shared):
                await self.abandon(self._shared)
            if self._shared is None:
                self._shared = await self._made(enable_idempotence=True, linger_ms=2)
                self.alive = True
            return self._shared

    async def single(self) -> AIOKafkaProducer:
        """Return the producer for single records, connected.

        Raises:
            UnavailableError: no broker answers, or we are stopping.
        """
        async with self._starting:
            if self._single is not None and is_dead(self._single):
                await self.abandon(self._single)
            if self._single is None:
                self._single = await self._made()
            return self._single

    def retire(self, producer: AIOKafkaProducer) -> None:
        """Use it no more, but let it finish what others have given it."""
        if self._shared is not producer:
            return
        self._shared = None
        task = asyncio.create_task(self._replace(producer))
        self._retired[task] = producer
        task.add_done_callback(self._retired.pop)

    async def abandon(self, producer: AIOKafkaProducer) -> None:
        """End one; it sends nothing more."""
        if self._shared is producer:
            self._shared, self.alive = None, False
        if self._single is producer:
            self._single = None
        await end(producer)

    async def abandon_all(self) -> None:
        """End all of them, the retired ones too."""
        kept = (self._shared, self._single, *self._retired.values())
        await asyncio.gather(*(self.abandon(one) for one in kept if one is not None))

    async def abandon_single(self) -> None:
        """End the producer for single records."""
        if self._single is not None:
            await self.abandon(self._single)

    async def stop(self) -> None:
        """Flush and disconnect."""
        self._stopped = True
        kept = (self._shared, self._single)
        self._shared, self._single, self.alive = None, None, False
        await asyncio.gather(*(stop(one) for one in kept if one is not None))
        await asyncio.gather(*self._retired, return_exceptions=True)

    async def _replace(self, producer: AIOKafkaProducer) -> None:
        """Connect a successor, so that readiness stays true; then stop the retired one."""
        try:
            await self.shared()
        except UnavailableError:
            self.alive = False
        await stop(producer)

    async def _made(self, **options: Any) -> AIOKafkaProducer:  # noqa: ANN401 - of the client.
        if self._stopped:
            raise UnavailableError("the publisher is stopped")
        producer = AIOKafkaProducer(
            **self._cluster.options(),
            client_id=self._client_id,
            acks="all",
            max_batch_size=256 * 1024,
            max_request_size=MAX_REQUEST_BYTES,
            compression_type="lz4",
            **options,
        )
        try:
            async with asyncio.timeout(CONNECT_S_MAX):
                await connect(producer)
        except (KafkaError, TimeoutError, OSError) as error:
            await stop(producer)
            if isinstance(error, BrokerResponseError):  # It answers, and says why it does not.
                raise UnavailableError(
                    f"the brokers refuse our producer: {type(error).__name__}"
                ) from error
            raise UnavailableError("no Kafka broker answers") from error
        return producer


async def handed(
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


async def stop(producer: AIOKafkaProducer) -> None:
    """Flush and stop a producer; one that cannot flush is ended."""
    with contextlib.suppress(KafkaError, TimeoutError, OSError):
        try:
            async with asyncio.timeout(STOP_S_MAX):
                await producer.flush()
                await producer.stop()
        finally:
            await end(producer)


async def end(producer: AIOKafkaProducer) -> None:
    """End a producer without letting it send what it still holds."""
    sending = sender_task(producer)
    with contextlib.suppress(KafkaError, TimeoutError, OSError):
        async with asyncio.timeout(STOP_S_MAX):
            if sending is not None:
                sending.cancel()
            cut_off(producer.client)  # Fails the requests for whose answer it waits.
            if sending is not None:
                await asyncio.wait([sending], timeout=STOP_S_MAX / 2)
                sending.cancel()  # Now it leaves them too; nothing is cancelled that is done.
                await asyncio.wait([sending])
            await producer.client.close()
    producer._closed = True  # noqa: SLF001 -- `stop` would flush first, without an end.


def is_dead(producer: AIOKafkaProducer) -> bool:
    """Return whether the sender task has ended (aiokafka #1017); its ping stays green."""
    task = sender_task(producer)
    return task is not None and task.done()


def sender_task(producer: AIOKafkaProducer) -> "asyncio.Task[None] | None":
    """Return the task that sends what the producer holds."""
    return getattr(getattr(producer, "_sender", None), "_sender_task", None)
