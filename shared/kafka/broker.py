"""A service's connection to Kafka: its subscriptions and its publisher, started together."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from aiokafka.errors import KafkaConnectionError, KafkaError
from faststream.exceptions import FastStreamException
from faststream.kafka import KafkaBroker
from faststream.kafka.prometheus import KafkaPrometheusMiddleware
from prometheus_client import CollectorRegistry

from shared.kafka.beginnings import Beginnings
from shared.kafka.cluster import Cluster
from shared.kafka.connections import stop_clients
from shared.kafka.consumer import ConsumerOptions, Consumption, Handle
from shared.kafka.disconnect import client_inside, disconnect
from shared.kafka.ends import PartitionEnds
from shared.kafka.logs import PartitionLogs
from shared.kafka.publisher import KafkaPublisher
from shared.kafka.replay import HandlerUnavailableError, drain_replay
from shared.kafka.subscribe import subscribe
from shared.ops.log import logger
from shared.ops.pulse import Pulse
from shared.subjects.errors import UnavailableError
from shared.subjects.read_positions import ReadPositions

CONNECT_RETRY_S = 2.0
SUBSCRIPTIONS_STOP_S_MAX: Final = 6.0
"""How long the batches in hand and the leaving of the groups may take at a stop."""

NO_ANSWER: Final = "no Kafka broker answers"
NOT_ASKED: Final = "the service has not connected to Kafka yet"
CONNECT_ERRORS: Final = (
    KafkaError,
    OSError,
    FastStreamException,
    TimeoutError,
    UnavailableError,
)

LOG = logger(__name__)


class ServiceBroker:
    """Everything that one service process has to do with Kafka.

    The service starts without a broker: `run` keeps trying, readiness says what is missing.
    """

    def __init__(
        self,
        where: Cluster | Sequence[str],
        *,
        service: str,
        instance: str,
        registry: CollectorRegistry,
        ignored: Callable[[str, str], None] = lambda _group, _topic: None,
    ) -> None:
        """Make the clients; nothing connects before `run`.

        Args:
            where: The brokers.
            service: Names our clients, together with `instance`.
            instance: The replica.
            registry: Where the metrics of FastStream go.
            ignored: Called with group and topic for each committed offset not believed.
        """
        self._cluster = Cluster.at(where)
        self._client_id = f"motcua-{service}-{instance}"
        self._broker = KafkaBroker(
            list(self._cluster.bootstrap),
            security=self._cluster.faststream_security(),
            client_id=self._client_id,
            middlewares=[KafkaPrometheusMiddleware(registry=registry, app_name=service)],
            allow_auto_create_topics=False,  # deploy/ owns topics and their partition counts.
            logger=None,  # Our own log says what was applied; this one would print values.
            graceful_timeout=15.0,
            metadata_max_age_ms=5_000,  # A new publisher's topic is read soon after it is made.
            apply_types=False,
            consumer_only=True,  # We publish by our own producer, which can be made anew.
        )
        self.publisher = KafkaPublisher(self._cluster, client_id=self._client_id)
        self.ends = PartitionEnds(self._cluster, client_id=f"{self._client_id}-ends")
        self.pulse = Pulse()
        self._ignored = ignored
        self.consumptions: list[Consumption] = []
        self._replaying: list[Consumption] = []
        self._unconnected = NOT_ASKED
        self._replay_waits: str | None = None
        self.on_published: Callable[[], Awaitable[None]] | None = None
        """Called at the stop, when nothing more will be published."""
        self.connected = False
        self.failure: str | None = None

    def consume(
        self,
        handle: Handle,
        *,
        group: str,
        stored: ReadPositions,
        topics: Sequence[str] = (),
        pattern: str | None = None,
        options: ConsumerOptions | None = None,
        replay: bool = False,
    ) -> Consumption:
        """Declare a subscription; nothing connects before `run`.

        `stored` keeps how far the group has read. With `replay` the group's replay topic is
        read to its end first, at every start.
        """
        logs = PartitionLogs(self._cluster, client_id=f"{self._client_id}-logs")
        consumption = Consumption(
            group=group,
            handle=handle,
            fail=self._fail,
            ends=self.ends,
            beginnings=Beginnings(
                group, stored, logs, lambda topic: self._ignored(group, topic)
            ),
            pulse=self.pulse,
        )
        subscribe(
            self._broker,
            consumption,
            options or ConsumerOptions(),
            topics=topics,
            pattern=pattern,
        )
        self.consumptions.append(consumption)
        if replay:
            self._replaying.append(consumption)
        return consumption

    async def run(self, stopping: asyncio.Event) -> None:
        """Connect, keep trying until it succeeds, then consume until `stopping` is set."""
        while not stopping.is_set():
            try:
                await self._replay()
                await self._broker.start()
                await self.publisher.start()
            except CONNECT_ERRORS as error:
                self._note_unconnected(error)
                with contextlib.suppress(Exception):
                    await self._stop_subscriptions()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(CONNECT_RETRY_S):
                        await stopping.wait()
                continue
            self.connected = True
            await self._replay_what_waits(stopping)
            await stopping.wait()

    async def _replay(self) -> None:
        """Read the replay topics to their ends, unless what their events need is not there yet.

        Then the live topics are read meanwhile, and the replay goes on beside them: each event
        is applied by its sequence, whichever topic brings it.
        """
        waits: str | None = None
        for consumption in self._replaying:
            try:
                await drain_replay(
                    self._cluster,
                    consumption.group,
                    consumption.handle,
                    client_id=self._client_id,
                )
            except HandlerUnavailableError as error:
                waits = f"the replay of {consumption.group} waits: {error}"
                LOG.warning("replay_waits", group=consumption.group, reason=str(error))
                continue
        self._replay_waits = waits

    async def _replay_what_waits(self, stopping: asyncio.Event) -> None:
        while self._replay_waits is not None and not stopping.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CONNECT_RETRY_S):
                    await stopping.wait()
            with contextlib.suppress(UnavailableError):
                await self._replay()

    def _note_unconnected(self, error: BaseException) -> None:
        """Keep why there is no connection, for readiness; log it when it is another reason."""
        reason = str(error) if isinstance(error, UnavailableError) else _named(error)
        if reason != self._unconnected:
            LOG.warning("kafka_not_connected", reason=reason)
        self._unconnected = reason

    async def stop(self) -> None:
        """Stop fetching, finish the batches in hand, flush, disconnect."""
        for consumption in self.consumptions:
            consumption.stopping = True
        self.connected = False
        await self._stop_subscriptions()
        await self.store_positions()
        await self.publisher.stop()
        if self.on_published is not None:
            await self.on_published()
        await self.ends.stop()

    async def _stop_subscriptions(self) -> None:
        """Stop what FastStream started; it sets no limit for a broker that does not answer."""
        consumers = [one.consumer for one in self.consumptions if one.consumer is not None]
        await stop_clients(
            self._broker.stop,
            [client_inside(one) for one in consumers],
            SUBSCRIPTIONS_STOP_S_MAX,
        )
        for consumer in consumers:
            await disconnect(consumer)  # One that FastStream did not get to.

    async def store_positions(self) -> None:
        """Keep in the store how far each subscription has read; call it every second."""
        for consumption in self.consumptions:
            await consumption.store_positions()

    def impaired(self) -> list[str]:
        """Say which partitions are not read, why, and what an operator does about it."""
        return [
            sentence
            for consumption in self.consumptions
            for sentence in consumption.beginnings.sentences()
        ]

    def missing(self) -> list[str]:
        """Name what readiness lacks of Kafka; empty when all is well."""
        if self.failure is not None:
            return [self.failure]
        if not self.connected:
            return [self._unconnected]
        lacking = [
            f"group {consumption.group} does not answer, or does not know us yet"
            for consumption in self.consumptions
            if not consumption.is_live()
        ]
        waiting = [consumption.beginnings.waiting() for consumption in self.consumptions]
        lacking += [sentence for sentence in waiting if sentence is not None]
        if not self.publisher.alive:
            lacking.append("the producer is not connected")
        if self._replay_waits is not None:
            lacking.append(self._replay_waits)
        return lacking

    def _fail(self, reason: str) -> None:
        self.failure = reason


def _named(error: BaseException) -> str:
    """Say what a client's error means, with its own name."""
    if isinstance(error, KafkaConnectionError | OSError | TimeoutError):
        return f"{NO_ANSWER} ({type(error).__name__})"
    return f"Kafka refuses the connection: {type(error).__name__}: {error}"
