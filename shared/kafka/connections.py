"""Connections of aiokafka's clients: each is closed, however its client ends.

aiokafka 0.14 leaves a connection open in three cases:

* `AIOKafkaClient.bootstrap` is cancelled while it waits for the metadata. Only that call knows
  its connection.
* `stop` of a consumer or producer is cancelled or raises before it closes the client inside. A
  consumer's `stop` does so when it cancels a fetch that waits for its next attempt.
* A task that outlives its client, such as one of several requests sent together, opens a
  connection after the client was closed.

So aiokafka makes its connections by `open_connection` here, for every client of the process,
FastStream's too; and clients are stopped by `stop_clients`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from weakref import WeakSet

import aiokafka.client
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError, KafkaError
from typing_extensions import override

CUT_OFF_S_MAX: Final = 2.0
"""How long a stop may go on after its connections were cut, before it is cancelled."""

_CUT_OFF: WeakSet[AIOKafkaClient] = WeakSet()


class Connection(AIOKafkaConnection):  # type: ignore[misc]  # aiokafka ships no types.
    """A connection that can be closed at once, and that closes if nobody else could close it.

    A connection without `on_close` is known to `bootstrap` alone.
    """

    _transport: asyncio.Transport | None = None

    @override
    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect, and keep the transport: the base class forgets it while it flushes."""
        reader, writer = await super().connect()
        self._transport = writer.transport
        return reader, writer

    @override
    def send(self, request: Any, expect_response: bool = True) -> Awaitable[Any]:
        """Send a request; return its answer."""
        answer = super().send(request, expect_response)
        return self._or_close(answer) if self._on_close_cb is None else answer

    async def _or_close(self, answer: Awaitable[Any]) -> Any:  # noqa: ANN401 - of any request.
        try:
            return await answer
        except asyncio.CancelledError:
            self.close()
            raise

    def abort(self) -> None:
        """Close without flushing: a broker that does not answer does not read either."""
        if self._transport is not None:
            self._transport.abort()
        self.close()


async def open_connection(host: str, port: int, **options: Any) -> Connection:  # noqa: ANN401 - of aiokafka.
    """Connect to a broker, in place of aiokafka's `create_conn`.

    Raises:
        KafkaError, OSError, TimeoutError: the broker cannot be reached, or the client ended.
    """
    client = getattr(options.get("on_close"), "__self__", None)
    connection = Connection(host, port, **options)
    if client not in _CUT_OFF:
        await connection.connect()
    if client in _CUT_OFF:
        connection.close()
        raise KafkaConnectionError("the client has ended")
    return connection


aiokafka.client.create_conn = open_connection


def cut_off(client: AIOKafkaClient) -> None:
    """Close all connections of a client, without flushing; it can open none afterwards.

    Whoever waits for an answer gets `KafkaConnectionError`.
    """
    _CUT_OFF.add(client)
    for connection in client._conns.values():  # noqa: SLF001 -- There is no public way.
        connection.abort()


async def stop_clients(
    stop: Callable[[], Awaitable[None]], clients: Sequence[AIOKafkaClient], stop_s_max: float
) -> None:
    """Stop clients; afterwards none has a connection, or can open one.

    `stop` has `stop_s_max`. Then the connections are cut, so that no request keeps it waiting;
    after `CUT_OFF_S_MAX` more it is cancelled. Kafka's errors are of no interest then.
    """
    stopping = asyncio.create_task(_run(stop))
    try:
        await asyncio.wait([stopping], timeout=stop_s_max)
    finally:
        for client in clients:
            cut_off(client)
        try:
            await asyncio.wait([stopping], timeout=CUT_OFF_S_MAX)
        finally:
            stopping.cancel()
            await asyncio.wait([stopping])
            for client in clients:
                cut_off(client)
                await client.close()
    # `stop` of a consumer may end as cancelled though nobody has cancelled it.
    error = None if stopping.cancelled() else stopping.exception()
    if error is not None and not isinstance(error, KafkaError | OSError | TimeoutError):
        raise error


async def _run(stop: Callable[[], Awaitable[None]]) -> None:
    await stop()
