"""No connection stays open, whatever is cancelled while a broker does not answer."""

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError, NodeNotReadyError
from aiokafka.protocol.metadata import MetadataRequest
from prometheus_client import CollectorRegistry

from shared.kafka import producers
from shared.kafka.admin import TopicAdmin
from shared.kafka.broker import ServiceBroker
from shared.kafka.cluster import Cluster
from shared.kafka.connect import connect
from shared.kafka.connections import stop_clients
from shared.kafka.disconnect import Client, client_inside, disconnect
from shared.kafka.ends import PartitionEnds
from shared.kafka.logs import PartitionLogs
from shared.kafka.members import GroupMembers
from shared.kafka.own_topics import KafkaOwnTopics
from shared.kafka.replay import drain_replay
from shared.kafka.topic_reading import TopicReading
from shared.kafka.whole import TopicEnds, WholeTopic
from shared.subjects.records import Record
from tests.fakes.kafka_socket import (
    FETCH,
    METADATA,
    PRODUCE,
    TOPIC,
    VERSIONS,
    SocketBroker,
    socket_broker,
)
from tests.fakes.read_positions import MemoryReadPositions

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(30)]

NODE = 0
CONNECTED = (VERSIONS, METADATA)
"""What a broker must answer so that clients start."""

LIMIT_S = 600.0
LONG_MS = 600_000


@asynccontextmanager
async def broker(
    *answered: int, hung_up_on: tuple[int, ...] = ()
) -> AsyncIterator[SocketBroker]:
    """Run a broker; fail if the block leaves a connection or a task behind."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        async with socket_broker(answered, hung_up_on) as running:
            before = asyncio.all_tasks()
            yield running
            # By `type`: `isinstance` asks a weak proxy's object, which may be gone.
            objects = gc.get_objects()
            found = (one for one in objects if issubclass(type(one), AIOKafkaConnection))
            assert [one for one in found if one.connected()] == []
            gc.collect()
            unclosed = [str(one.message) for one in caught if one.category is ResourceWarning]
            assert unclosed == []
            await running.left()  # The other side has closed each connection.
            assert asyncio.all_tasks() - before == set()


def consumer(at: SocketBroker) -> AIOKafkaConsumer:
    """Return a consumer without a group."""
    return AIOKafkaConsumer(**Cluster.at([at.address]).reader_options(), client_id="test")


def producer(at: SocketBroker) -> AIOKafkaProducer:
    """Return a producer."""
    return AIOKafkaProducer(bootstrap_servers=at.address)


def admin(at: SocketBroker) -> AIOKafkaAdminClient:
    """Return an admin client."""
    return AIOKafkaAdminClient(bootstrap_servers=at.address)


async def ignore(_records: Sequence[Record]) -> None:
    """Handle a batch by doing nothing."""


async def cancelled(call: Coroutine[Any, Any, object], when: Awaitable[object]) -> None:
    """Cancel a call once a condition is met."""
    task, met = asyncio.create_task(call), asyncio.ensure_future(when)
    await asyncio.wait([task, met], return_when=asyncio.FIRST_COMPLETED)
    assert met.done(), task.exception()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("make", [consumer, producer, admin])
@pytest.mark.parametrize(("answered", "waits_at"), [((), VERSIONS), ((VERSIONS,), METADATA)])
async def test_a_start_that_is_cancelled_leaves_no_connection(
    make: Callable[[SocketBroker], Client], answered: tuple[int, ...], waits_at: int
) -> None:
    """Also where the first connection waits for the metadata, which aiokafka forgets."""
    async with broker(*answered) as silent:
        await cancelled(connect(make(silent)), silent.asked(waits_at))


async def test_a_start_that_fails_is_the_callers() -> None:
    """The error is passed on, and the client can be stopped."""
    async with broker(hung_up_on=(VERSIONS,)) as silent:
        client = consumer(silent)
        with pytest.raises(KafkaConnectionError):
            await connect(client)
        await disconnect(client)


async def test_a_start_in_time_is_left_alone() -> None:
    """It has connections then, which the stop closes."""
    async with broker(*CONNECTED) as silent:
        client = consumer(silent)
        await connect(client)
        assert await client_inside(client).ready(NODE)
        assert silent.open == 1
        await disconnect(client)


def _ends(
    where: list[str],
) -> tuple[Coroutine[Any, Any, object], Callable[[], Awaitable[None]]]:
    ends = PartitionEnds(where, client_id="test")
    return ends.last_stable([(TOPIC, 0)]), ends.stop


def _members(
    where: list[str],
) -> tuple[Coroutine[Any, Any, object], Callable[[], Awaitable[None]]]:
    members = GroupMembers(where, "g", prefix="p", client_id="test")
    return members.look(), members.stop


def _logs(where: list[str]) -> tuple[Coroutine[Any, Any, object], None]:
    return PartitionLogs(where, client_id="test").look({(TOPIC, 0): None}), None


def _own_topics(where: list[str]) -> tuple[Coroutine[Any, Any, object], None]:
    return KafkaOwnTopics(where, client_id="test").extents(TOPIC), None


def _replay(where: list[str]) -> tuple[Coroutine[Any, Any, object], None]:
    return drain_replay(where, "workflow", ignore, client_id="test"), None


def _whole(where: list[str]) -> tuple[Coroutine[Any, Any, object], None]:
    return WholeTopic(where, TOPIC, ignore, client_id="test").run(asyncio.Event()), None


def _admin(where: list[str]) -> tuple[Coroutine[Any, Any, object], None]:
    async def ask() -> None:
        async with TopicAdmin(where) as topics:
            await topics.committed("g")

    return ask(), None


def _topic_ends(where: list[str]) -> tuple[Coroutine[Any, Any, object], None]:
    async def ask() -> None:
        async with TopicEnds(where) as ends:
            await ends.spans(TOPIC)

    return ask(), None


def _reading(where: list[str]) -> tuple[Coroutine[Any, Any, object], None]:
    async def read() -> None:
        async with TopicReading(where, TOPIC, ignore, client_id="test") as reading:
            await reading.catch_up()

    return read(), None


def _producers(
    where: list[str],
) -> tuple[Coroutine[Any, Any, object], Callable[[], Awaitable[None]]]:
    made = producers.Producers(Cluster.at(where), "test")
    return made.shared(), made.stop


def _service(
    where: list[str],
) -> tuple[Coroutine[Any, Any, object], Callable[[], Awaitable[None]]]:
    service = ServiceBroker(where, service="test", instance="0", registry=CollectorRegistry())
    service.consume(ignore, group="g", stored=MemoryReadPositions(), topics=[TOPIC])
    return service.run(asyncio.Event()), service.stop


ASKED_AFTER_CONNECTING = {
    _ends: 2,
    _members: 10,
    _logs: 2,
    _own_topics: 2,
    _admin: 10,
    _topic_ends: 2,
    _reading: 2,
}
CALLS = [*ASKED_AFTER_CONNECTING, _replay, _whole, _producers, _service]

Call = Callable[
    [list[str]], tuple[Coroutine[Any, Any, object], Callable[[], Awaitable[None]] | None]
]


@pytest.mark.parametrize("call", CALLS)
async def test_a_call_that_is_cancelled_while_it_connects_leaves_no_connection(
    call: Call,
) -> None:
    """Of each of our uses of aiokafka, FastStream's included."""
    async with broker(VERSIONS) as silent:
        asking, stop = call([silent.address])
        await cancelled(asking, silent.asked(METADATA))
        if stop is not None:
            await stop()


@pytest.mark.parametrize(("call", "request_kind"), ASKED_AFTER_CONNECTING.items())
async def test_a_call_that_is_cancelled_while_it_asks_leaves_no_connection(
    call: Call, request_kind: int
) -> None:
    """The broker answered before, and does not any more."""
    async with broker(*CONNECTED) as silent:
        asking, stop = call([silent.address])
        await cancelled(asking, silent.asked(request_kind))
        if stop is not None:
            await stop()


async def test_a_stop_that_waits_for_an_answer_is_cut_off() -> None:
    """The request fails, and the stop goes on to its end by itself."""
    async with broker(*CONNECTED) as silent:
        client = consumer(silent)
        await connect(client)
        asking = await asked_in_vain(client, silent)

        async def leave_and_stop() -> None:
            with pytest.raises(KafkaConnectionError):
                await asking
            await client.stop()

        await stop_clients(leave_and_stop, [client_inside(client)], 0.0)
        assert asking.done()


async def test_a_stop_that_is_cancelled_goes_on_without_its_connections() -> None:
    """All is closed before the cancellation is passed on."""
    async with broker(*CONNECTED) as silent:
        client = consumer(silent)
        await connect(client)
        asking = await asked_in_vain(client, silent)
        begun = asyncio.Event()

        async def leave_and_stop() -> None:
            begun.set()
            with pytest.raises(KafkaConnectionError):
                await asking
            await client.stop()

        stopping = stop_clients(leave_and_stop, [client_inside(client)], LIMIT_S)
        await cancelled(stopping, begun.wait())
        assert asking.done()


async def test_an_error_of_a_stop_that_is_not_kafkas_is_passed_on() -> None:
    """All is closed before."""
    async with broker(*CONNECTED) as silent:
        client = consumer(silent)
        await connect(client)

        async def stop() -> None:
            await client.stop()
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await stop_clients(stop, [client_inside(client)], LIMIT_S)


async def test_a_stop_while_a_fetch_waits_for_its_next_attempt_closes_all() -> None:
    """The consumer's own raises `CancelledError` then, before it closes its connections."""
    async with broker(*CONNECTED, hung_up_on=(FETCH,)) as silent:
        options = Cluster.at([silent.address]).reader_options()
        client = AIOKafkaConsumer(**options, retry_backoff_ms=LONG_MS)
        await connect(client)
        inside = client_inside(client)
        assert await inside.ready(NODE)
        (connection,) = inside._conns.values()  # noqa: SLF001 -- There is no public way.
        partition = TopicPartition(TOPIC, 0)
        client.assign([partition])
        client.seek(partition, 0)
        await connection._closed_fut  # noqa: SLF001 -- Set after the fetch has got its error.
        await inside.force_metadata_update()  # It was asked by that connection: now by another.
        assert await inside.ready(NODE)
        await disconnect(client)
        assert not await inside.ready(NODE)


async def test_a_connection_that_opens_after_its_client_ended_is_closed() -> None:
    """A request in another task still connects while the client stops."""
    async with broker(*CONNECTED) as silent:
        client = consumer(silent)
        await connect(client)
        silent.answered.discard(VERSIONS)
        inside = client_inside(client)
        asking = asyncio.create_task(inside.send(NODE, MetadataRequest([])))
        await silent.asked(VERSIONS, 2)
        await disconnect(client)
        silent.answer(VERSIONS)
        with pytest.raises(NodeNotReadyError):
            await asking
        with pytest.raises(NodeNotReadyError):  # Nor does it connect later.
            await inside.send(NODE, MetadataRequest([]))
        assert silent.requests[VERSIONS] == 2


async def test_a_producer_whose_stop_is_cancelled_leaves_no_connection() -> None:
    """It waits for the broker to take a record."""
    async with broker(*CONNECTED) as silent:
        client = producer(silent)
        await connect(client)
        await client.send(TOPIC, b"value", partition=0)
        begun = asyncio.Event()

        async def stop() -> None:
            begun.set()
            await producers.stop(client)

        await silent.asked(PRODUCE)
        await cancelled(stop(), begun.wait())


async def asked_in_vain(client: Client, silent: SocketBroker) -> asyncio.Task[object]:
    """Send a request that the broker does not answer."""
    silent.answered.discard(METADATA)
    times = silent.requests[METADATA]
    asking = asyncio.create_task(client_inside(client).send(NODE, MetadataRequest([])))
    await silent.asked(METADATA, times + 1)
    return asking
