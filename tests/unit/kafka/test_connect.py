"""A client whose start is cancelled leaves no connection behind."""

import asyncio
from dataclasses import dataclass, field

import pytest
from aiokafka.errors import KafkaConnectionError

from shared.kafka.connect import connect


@dataclass
class Client:
    """A client that holds a connection of its own while it waits for the cluster."""

    error: Exception | None = None
    waits: asyncio.Event = field(default_factory=asyncio.Event)
    answers: asyncio.Event = field(default_factory=asyncio.Event)
    seen: list[str] = field(default_factory=list)

    async def start(self) -> None:
        """Connect, wait for an answer, and close the first connection."""
        self.waits.set()
        await self.answers.wait()
        if self.error is not None:
            raise self.error
        self.seen.append("first connection closed")

    async def stop(self) -> None:
        """Stop."""
        self.seen.append("stopped")


@pytest.mark.asyncio
async def test_a_cancelled_start_ends_before_its_client_is_stopped() -> None:
    """The cancellation is passed on, after both."""
    client = Client()
    connecting = asyncio.create_task(connect(client.start, client.stop))
    await client.waits.wait()
    connecting.cancel()
    await asyncio.sleep(0)
    client.answers.set()
    with pytest.raises(asyncio.CancelledError):
        await connecting
    assert client.seen == ["first connection closed", "stopped"]


@pytest.mark.asyncio
async def test_a_cancelled_start_that_fails_is_stopped_all_the_same() -> None:
    """What it failed with matters to nobody any more."""
    client = Client(KafkaConnectionError())
    connecting = asyncio.create_task(connect(client.start, client.stop))
    await client.waits.wait()
    connecting.cancel()
    await asyncio.sleep(0)
    client.answers.set()
    with pytest.raises(asyncio.CancelledError):
        await connecting
    assert client.seen == ["stopped"]


@pytest.mark.asyncio
async def test_an_error_of_the_start_is_the_callers() -> None:
    """Nothing is stopped: the caller does."""
    client = Client(KafkaConnectionError())
    client.answers.set()
    with pytest.raises(KafkaConnectionError):
        await connect(client.start, client.stop)
    assert client.seen == []


@pytest.mark.asyncio
async def test_a_start_in_time_is_left_alone() -> None:
    """It began, and nothing else happened."""
    client = Client()
    client.answers.set()
    await connect(client.start, client.stop)
    assert client.seen == ["first connection closed"]
