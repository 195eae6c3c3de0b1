"""What the socket of a service gives to everybody who connects."""

import asyncio
import socket

import pytest

from shared.ops.run import listen


@pytest.mark.asyncio
async def test_an_answer_does_not_wait_for_the_clients_acknowledgement() -> None:
    """The head and the body of an answer leave at once, each in its own segment."""
    found: list[int] = []
    served = asyncio.Event()

    async def look(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        found.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        served.set()
        writer.close()

    listener = listen("127.0.0.1", 0)
    server = await asyncio.start_server(look, sock=listener)
    async with server:
        _, writer = await asyncio.open_connection(*listener.getsockname())
        await served.wait()
        writer.close()
    assert found[0] != 0
