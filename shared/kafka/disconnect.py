"""How a consumer of ours ends."""

import asyncio
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

STOP_S_MAX: Final = 10.0


async def disconnect(consumer: AIOKafkaConsumer) -> None:
    """Stop a consumer, whatever state the broker is in.

    aiokafka awaits the fetch that it cancels, so `stop` raises `CancelledError` while a fetch
    waits between two tries at a broker that is away. Nobody has cancelled us then, and passing
    it on would end the caller's task without a word.
    """
    try:
        async with asyncio.timeout(STOP_S_MAX):
            await consumer.stop()
    except (KafkaError, OSError, TimeoutError):
        return
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        await consumer._client.close()  # noqa: SLF001 -- What `stop` did not come to.
