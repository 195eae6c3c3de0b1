"""A broker that accepts connections and answers only what a test allows."""

import asyncio
import struct
from collections import deque
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

PRODUCE: Final = 0
FETCH: Final = 1
LIST_OFFSETS: Final = 2
METADATA: Final = 3
VERSIONS: Final = 18

GROUPS: Final = range(8, 17)
HIGHEST: Final = {
    PRODUCE: 3,
    FETCH: 4,
    LIST_OFFSETS: 2,
    METADATA: 0,
    VERSIONS: 0,
} | dict.fromkeys(GROUPS, 1)
"""The highest version that is understood of each kind of request."""

TOPIC: Final = "motcua.topic"


@dataclass
class SocketBroker:
    """One node with one topic of one partition.

    Attributes:
        answered: The kinds of requests that are answered; others wait for ever.
        hung_up_on: The kinds of requests at which the connection is closed.
        requests: How many of each kind arrived.
        open: How many connections are open, as the broker sees it.
    """

    answered: set[int]
    hung_up_on: set[int] = field(default_factory=set)
    port: int = 0
    requests: dict[int, int] = field(default_factory=dict)
    open: int = 0
    _waiting: list[deque[tuple[int, int, asyncio.StreamWriter]]] = field(default_factory=list)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def address(self) -> str:
        """Return where it listens."""
        return f"127.0.0.1:{self.port}"

    async def asked(self, kind: int, times: int = 1) -> None:
        """Wait until so many requests of a kind have arrived."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.requests.get(kind, 0) >= times)

    async def left(self) -> None:
        """Wait until no connection is open."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.open == 0)

    def answer(self, kind: int) -> None:
        """Answer what waits, and from now on all requests of a kind."""
        self.answered.add(kind)
        for waiting in self._waiting:
            self._reply(waiting)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until it ends."""
        await self._note(opened=1)
        waiting: deque[tuple[int, int, asyncio.StreamWriter]] = deque()
        self._waiting.append(waiting)
        try:
            while True:
                (size,) = struct.unpack(">i", await reader.readexactly(4))
                frame = await reader.readexactly(size)
                kind, _version, correlation = struct.unpack(">hhi", frame[:8])
                if kind in self.hung_up_on:
                    break
                waiting.append((kind, correlation, writer))
                self._reply(waiting)
                self.requests[kind] = self.requests.get(kind, 0) + 1
                await self._note()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            await self._note(opened=-1)

    async def _note(self, *, opened: int = 0) -> None:
        async with self._changed:
            self.open += opened
            self._changed.notify_all()

    def _reply(self, waiting: deque[tuple[int, int, asyncio.StreamWriter]]) -> None:
        """Answer one connection's requests in their order, up to the first that must wait."""
        while waiting and waiting[0][0] in self.answered:
            kind, correlation, writer = waiting.popleft()
            content = _versions() if kind == VERSIONS else self._metadata()
            body = struct.pack(">i", correlation) + content
            writer.write(struct.pack(">i", len(body)) + body)

    def _metadata(self) -> bytes:
        broker = struct.pack(">ii", 1, 0) + _text("127.0.0.1") + struct.pack(">i", self.port)
        # No error; one partition 0 whose leader, replica and in-sync replica is node 0.
        partition = struct.pack(">hii", 0, 0, 0) + struct.pack(">iiii", 1, 0, 1, 0)
        topic = struct.pack(">h", 0) + _text(TOPIC) + struct.pack(">i", 1) + partition
        return broker + struct.pack(">i", 1) + topic


@asynccontextmanager
async def socket_broker(
    answered: Collection[int], hung_up_on: Collection[int] = ()
) -> AsyncIterator[SocketBroker]:
    """Listen until the block ends."""
    broker = SocketBroker(set(answered), set(hung_up_on))
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    broker.port = server.sockets[0].getsockname()[1]
    try:
        yield broker
    finally:
        server.close()
        await server.wait_closed()


def _versions() -> bytes:
    kinds = b"".join(struct.pack(">hhh", kind, 0, highest) for kind, highest in HIGHEST.items())
    return struct.pack(">hi", 0, len(HIGHEST)) + kinds


def _text(text: str) -> bytes:
    return struct.pack(">h", len(text)) + text.encode()
