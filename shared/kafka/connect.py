"""How a client of ours begins."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from aiokafka.errors import KafkaError

CLOSE_S_MAX: Final = 2.0
"""How long a cancelled start may take to come to its end, before it is cut off."""


async def connect(
    start: Callable[[], Coroutine[Any, Any, None]], stop: Callable[[], Awaitable[None]]
) -> None:
    """Start a client; one that is cancelled meanwhile is stopped, with all its connections.

    aiokafka 0.14 forgets its first connection if `start` is cancelled while it waits for the
    cluster's metadata: nothing closes the socket then. So `start` runs in a task of its own,
    which ends first, and the client is stopped after it.

    Raises:
        KafkaError, OSError: as `start` raises them; then it is the caller who stops the client.
    """
    starting = asyncio.create_task(start())
    try:
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        with contextlib.suppress(KafkaError, OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_S_MAX):
                await starting
        with contextlib.suppress(KafkaError, OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_S_MAX):
                await stop()
        raise
