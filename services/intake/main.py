"""Composition root of intake: the one place that knows every concrete class."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, Final, TypeVar

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from services.intake.adapters.consumer_watch import WatchConsumer
from services.intake.adapters.counting import CountEvents
from services.intake.adapters.grants import MongoGrants
from services.intake.adapters.http.door import Door
from services.intake.adapters.http.routers import intake_routers
from services.intake.adapters.kafka import (
    GROUP,
    INBOUND_PATTERN,
    InboundPositions,
    KafkaDoor,
)
from services.intake.adapters.losses import MongoLosses
from services.intake.adapters.marking import MarkProgress
from services.intake.adapters.measuring import Measure
from services.intake.adapters.outboxes import Outboxes
from services.intake.adapters.receipts import MongoCodeCounter
from services.intake.adapters.recovery import Recovery
from services.intake.adapters.reference import ArchivedReference
from services.intake.adapters.refusing import refusals_of
from services.intake.adapters.stores import Stores
from services.intake.core.fold import LookupKeys
from services.intake.settings import IntakeSettings
from services.intake.usecases.codes import DrawCodes
from services.intake.usecases.contacts import KeepContacts
from services.intake.usecases.counter import ReceiveDossier
from services.intake.usecases.entries import Settled
from services.intake.usecases.grants import GrantBook
from services.intake.usecases.heartbeats import WatchConnections
from services.intake.usecases.held import ExpireHeld
from services.intake.usecases.late import LateEvents
from services.intake.usecases.losses import AcceptLosses
from services.intake.usecases.progress import PublishProgress, http_number
from services.intake.usecases.receive import ReceiveEvents
from services.intake.usecases.references import ReferenceBook
from services.intake.usecases.rejections import PublishRejections
from services.intake.usecases.relaying import RelayOutboxes
from services.intake.usecases.work import InWork
from shared.events.numbering import CodePattern, NumberingRights
from shared.events.topics import INBOUND_RECORD_BYTES_MAX
from shared.kafka.broker import ServiceBroker
from shared.kafka.cluster import Cluster
from shared.kafka.consumer import ConsumerOptions, Consumption
from shared.kafka.measure import LagMeter
from shared.kafka.members import GroupMembers
from shared.mongo.client import Mongo
from shared.mongo.owners import beat, leave, share_outboxes
from shared.ops.clock import Clock, open_clock, wall_now
from shared.ops.health import Health
from shared.ops.metrics import Metrics
from shared.ops.run import run_service
from shared.ops.settings import derive_key
from shared.ops.supervise import Supervisor, Work
from shared.service.group import GroupWatch
from shared.service.written_ends import watch_written_ends
from shared.subjects.errors import UnavailableError
from shared.subjects.ownership import BEAT_S
from shared.subjects.ports import SubjectStore
from shared.subjects.relay import Relay
from shared.web.app import build_app
from shared.web.probes import Probes

SWEEP_S: Final = 1.0
REJECTIONS_S: Final = 2.0
MEASURE_S: Final = 5.0
LOOK_S: Final = 0.1
LOOK_SIMULATED_S: Final = 0.02
"""How often the clock is looked at for a leap, which only a simulated one makes."""
STOP_S: Final = 2.0
SILENT_S_MAX: Final = 20.0
RECORDS_MAX: Final = 500

StateT = TypeVar("StateT")


class Intake:
    """The parts of the running service and the work that goes on in the background."""

    def __init__(self, settings: IntakeSettings) -> None:
        self.settings = settings
        self.clock: Clock = open_clock(settings.clock_file)
        self.health = Health()
        self.metrics = Metrics(CollectorRegistry())
        self.supervisor = Supervisor(self.health, self.metrics)
        self.mongo = Mongo(
            settings.mongo_url.get_secret_value(),
            settings.mongo_database,
            driver=settings.mongo_driver,
        )
        self.cluster = Cluster.of(settings)
        self.client_id = f"motcua-{settings.service}-{settings.instance}"
        self.broker = ServiceBroker(
            self.cluster,
            service=settings.service,
            instance=settings.instance,
            registry=self.metrics.registry,
            ignored=self.metrics.ignore_committed,
        )
        members = GroupMembers.of_service(self.cluster, settings.service, self.client_id)
        self.group = GroupWatch(self.broker, members, self.metrics)
        self.ownership = share_outboxes(self.mongo, settings.instance)
        stores = self.stores = Stores.of(self.mongo, self.ownership)
        self.outboxes = Outboxes(stores.subjects, stores.contacts.collection)
        self.counting = CountEvents(self.metrics)
        self.publisher = PublishRejections(self.broker.publisher, stores.rejections, wall_now)
        self.relay = RelayOutboxes(
            self._relay(stores.subjects),
            self._relay(stores.contacts),
            wall_now,
            work=self.broker.pulse.work,
        )
        self.pattern = CodePattern(settings.dossier_code_pattern)
        self.receive = self._receive()
        self.expire = ExpireHeld(
            stores.subjects, stores.held, stores.receipts, self.clock, wall_now
        )
        self.connections = WatchConnections(
            stores.presences,
            self.receive,
            self.clock,
            timedelta(seconds=settings.heartbeat_silence_s),
        )
        self.recovery = Recovery.of(settings, stores, self.clock, self.health)
        self.door = self._http_door()
        self.consumption = self._kafka_door()
        self.positions = InboundPositions(self.consumption)
        self.accepting = self._accepting()
        self.measure = Measure(
            self.metrics,
            self.outboxes,
            stores.receipts,
            stores.presences,
            stores.held,
            self.publisher,
        )
        self.lag = LagMeter(self.metrics, GROUP)
        self.ready = asyncio.Event()
        self.refusals = refusals_of(
            self.relay, self.broker.publisher, self.metrics, self.ready.is_set
        )
        self.stopping = asyncio.Event()
        self.written_ends = watch_written_ends(
            settings.service, self.mongo, self.broker, self.supervisor, self.health, self.ready
        )
        self.mark = self._marking()
        self._tasks()

    def _relay(self, store: SubjectStore[StateT]) -> Relay[StateT]:
        return Relay(
            store, self.publisher, self.stores.archive, self.ownership, wall_now=wall_now
        )

    def _kafka_door(self) -> Consumption:
        return self.broker.consume(
            KafkaDoor(
                self.receive,
                self.relay,
                self.publisher,
                self.clock,
                self.counting,
                self.recovery.pass_over,
            ),
            group=GROUP,
            stored=self.stores.read_positions,
            pattern=INBOUND_PATTERN,
            options=ConsumerOptions(
                records_max=RECORDS_MAX, partition_bytes_max=INBOUND_RECORD_BYTES_MAX
            ),
        )

    def _receive(self) -> ReceiveEvents:
        secret = self.settings.secret()
        return ReceiveEvents(
            self.stores.subjects,
            self.stores.receipts,
            KeepContacts(self.stores.contacts, self.relay.contacts, wall_now),
            ReferenceBook(
                self.stores.subjects, ArchivedReference(self.mongo, self.stores.archive)
            ),
            InWork(self.clock),
            wall_now,
            LookupKeys(derive_key(secret, "lookup-secret"), derive_key(secret, "lookup-hash")),
            derive_key(secret, "receipt-fingerprint"),
            GrantBook(MongoGrants(self.mongo), NumberingRights(self.pattern)),
            LateEvents(self.settings.late_wait),
            timedelta(seconds=self.settings.predecessor_wait_s),
        )

    def _accepting(self) -> AcceptLosses:
        return AcceptLosses(
            self.stores.read_positions,
            MongoLosses(self.mongo),
            self.receive,
            self.relay,
            self.publisher,
            self.clock,
        )

    def _marking(self) -> MarkProgress:
        progress = PublishProgress(
            self.positions,
            self.broker.publisher,
            self.receive.in_work,
            lambda: self.outboxes.oldest_pending(wall_now()),
            http_number(self.settings.instance),
            self.receive.late,
            self.outboxes.wait_for_topic,
        )
        return MarkProgress(
            progress,
            self.consumption,
            self.clock,
            self.broker.pulse,
            self.cluster,
            self.client_id,
            self.settings.progress_ms / 1_000,
        )

    def _http_door(self) -> Door:
        return Door(
            self.receive,
            ReceiveDossier(
                self.receive,
                DrawCodes(MongoCodeCounter(self.mongo), self.stores.subjects, self.pattern),
                self.counting.code_taken,
            ),
            self.receive.contacts,
            self.connections,
            self.relay,
            self.outboxes,
            self.counting,
            self.settings.outbox_documents_max,
        )

    def _tasks(self) -> None:
        self.health.add("store", self._store)
        self.health.add("kafka", self._kafka)
        self.health.add("reference", self._reference)
        self.refusals.watch(self.health)
        self.health.watch("rejections", self.publisher.impaired)
        self.supervisor.keep("kafka", self._consume)
        self.supervisor.every(BEAT_S, "outbox owner", self._beat)
        self.supervisor.every(SWEEP_S, "outboxes", self._when_possible(self._sweep))
        self.supervisor.every(
            REJECTIONS_S, "rejections", self._when_possible(self.publisher.publish_waiting)
        )
        self.supervisor.every(SWEEP_S, "reference", self._refresh)
        self.supervisor.every(SWEEP_S, "waiting", self._when_possible(self._expire))
        self.supervisor.every(MEASURE_S, "connections", self._watch)
        self.supervisor.every(MEASURE_S, "measures", self._when_possible(self._measure))
        self.supervisor.every(MEASURE_S, "consumer", WatchConsumer(self.lag, self.consumption))
        look_s = LOOK_S if self.settings.clock_file is None else LOOK_SIMULATED_S
        self.supervisor.every(look_s, "progress", self._when_possible(self.mark))
        self.group.add_to(self.supervisor, self.health)

    async def _store(self) -> str | None:
        try:
            await self.mongo.ping()
        except UnavailableError:
            return "the store does not answer"
        return None

    async def _kafka(self) -> str | None:
        missing = self.broker.missing()
        silent_s = time.monotonic() - self.broker.ends.answered_at
        if not missing and silent_s > SILENT_S_MAX:
            missing = [f"the broker has not answered for {silent_s:.0f} s"]
        return "; ".join(missing) or None

    async def _reference(self) -> str | None:
        return None if self.receive.references.loaded else "the reference data is not loaded"

    async def _consume(self) -> None:
        """Consume once the store is there: before that every batch would fail."""
        await self.ready.wait()
        await self.broker.run(self.stopping)

    async def _refresh(self) -> None:
        if not self.ready.is_set():
            if not await self.recovery.is_level():
                return
            await self.written_ends.begin()
        await self.receive.references.refresh()
        await self.receive.grants.refresh()
        self.ready.set()

    async def _beat(self) -> None:
        if self.ownership.has_begun:
            await beat(self.ownership)

    def _when_possible(self, work: Callable[[], Awaitable[object]]) -> Work:
        """Return work that is passed over before the store is prepared, and while it is away.

        Readiness says so; what is due then waits in the store and is found again.
        """

        async def one_pass() -> None:
            if self.ready.is_set():
                with suppress(UnavailableError):
                    await work()

        return one_pass

    async def _sweep(self) -> None:
        waiting = await self.outboxes.count(wall_now())
        if not self.relay.broker_answers:
            await self.broker.publisher.start()
            self.relay.broker_answers = True
        if waiting:
            await self.relay.sweep()

    async def _expire(self) -> None:
        expired = await self.expire()
        self.counting.ended("expired", expired.count)
        await self.relay.soon(Settled([], expired.documents))

    async def _measure(self) -> None:
        await self.measure(wall_now())
        await self.refusals.measure()

    async def _watch(self) -> None:
        if self.ready.is_set():
            await self.relay.soon(await self.connections.sweep())

    async def status(self) -> Mapping[str, Any]:
        """Give the service's own account."""
        outbox = await self.outboxes.count(wall_now())
        expires = await self.stores.held.earliest()
        return {
            "service": self.settings.service,
            "now": self.clock.now().isoformat(),
            "at_rest_counters": {
                **self.counting.totals,
                "handled": self.consumption.handled,
                "published": self.relay.published,
            },
            "lag": self.consumption.lag_seen(),
            "positions": self.consumption.position_sums(),
            "outbox": outbox,
            "next_at": None if expires is None else expires.isoformat(),
            "marks": self.mark.progress.least(),
            "parked": 0,
            "referenceversion": self.receive.references.current().version,
        }

    async def stop(self) -> None:
        """Finish what is on its way, stop consuming, flush, close; well within 12 s."""
        self.stopping.set()
        await self.relay.finish()
        await self.supervisor.stop(STOP_S)
        await self.broker.stop()
        await self.group.stop()
        await leave(self.ownership)
        await self.mongo.close()


def build(settings: IntakeSettings) -> FastAPI:
    """Wire the service; nothing connects until the server starts it."""
    return build_around(Intake(settings))


def build_around(intake: Intake) -> FastAPI:
    """Give the parts their HTTP side, which starts and stops them."""

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        await intake.supervisor.start()
        try:
            yield
        finally:
            await intake.stop()

    return build_app(
        intake.settings,
        title="motcua intake",
        probes=Probes(intake.health, intake.metrics, intake.status, intake.broker.pulse),
        routers=intake_routers(intake.door, intake.refusals.decider, intake.accepting),
        lifespan=lifespan,
        current_unit=lambda code: intake.receive.references.current().current(code),
    )


if __name__ == "__main__":
    sys.exit(run_service(IntakeSettings, build))
