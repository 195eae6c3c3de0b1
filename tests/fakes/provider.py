"""A provider of messages on this machine: keeps what is posted, answers as it is told to."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Posted:
    """One request as it came."""

    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 -- Whatever was posted.
        """The body, read."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What to answer: a status, a body, more headers; or nothing at all."""

    status: int = 200
    body: bytes = b"{}"
    headers: tuple[tuple[str, str], ...] = ()
    hang_up: bool = False
    slow_s: float = 0.0


@dataclass
class Provider:
    """The server and what it got."""

    port: int = 0
    posted: list[Posted] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    connections: int = 0
    answer: Callable[[Posted], Reply] = field(default=lambda _posted: Reply())

    @property
    def url(self) -> str:
        """Where to post."""
        return f"http://127.0.0.1:{self.port}/hook"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        self.connections += 1
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = [line.split(": ", 1) for line in lines if ": " in line]
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        posted = Posted(first.split(" ")[1], headers, body)
        self.posted.append(posted)
        reply = self.replies.pop(0) if self.replies else self.answer(posted)
        await asyncio.sleep(reply.slow_s)
        if reply.hang_up:
            return False
        extra = "".join(f"{name}: {value}\r\n" for name, value in reply.headers)
        length = f"content-length: {len(reply.body)}\r\n"
        writer.write(f"HTTP/1.1 {reply.status} X\r\n{length}{extra}\r\n".encode() + reply.body)
        await writer.drain()
        return True


@asynccontextmanager
async def provider(
    *replies: Reply, answer: Callable[[Posted], Reply] | None = None
) -> AsyncIterator[Provider]:
    """Run a provider on a free port; when it has no reply left, `answer` decides."""
    stub = Provider(replies=list(replies))
    if answer is not None:
        stub.answer = answer
    server = await asyncio.start_server(stub.handle, "127.0.0.1", 0)
    stub.port = server.sockets[0].getsockname()[1]
    try:
        yield stub
    finally:
        server.close()
        await server.wait_closed()
