"""How a client of ours begins."""

import asyncio
from typing import Final

from shared.kafka.disconnect import Client, disconnect

CLOSE_S_MAX: Final = 2.0
"""How long a client whose start was cancelled may take to leave its group."""


async def connect(client: Client) -> None:
    """Start a client; one that is cancelled meanwhile is stopped, with all its connections.

    Raises:
        KafkaError, OSError: as `start` raises them; then it is the caller who stops the client.
    """
    try:
        await client.start()
    except asyncio.CancelledError:
        await disconnect(client, stop_s_max=CLOSE_S_MAX)
        raise
