"""Composition root of intake: the one place that knows every concrete class."""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from services.intake.adapters.counting import CountEvents
from services.intake.adapters.grants import MongoGrants
from services.intake.adapters.held import MongoHeld
from services.intake.adapters.http.catalogue import catalogue_router
from services.intake.adapters.http.changes import changes_router
from services.intake.adapters.http.contacts import contacts_router
from services.intake.adapters.http.door import Door
from services.intake.adapters.http.dossiers import dossiers_router
from services.intake.adapters.http.events import events_router
from services.intake.adapters.http.grants import grants_router
from services.intake.adapters.http.in_force import in_force_router
from services.intake.adapters.kafka import (
    GROUP,
    INBOUND_PATTERN,
    InboundPositions,
    KafkaDoor,
)
from services.intake.adapters.measuring import Measure
from services.intake.adapters.outboxes import Outboxes
from services.intake.adapters.presences import MongoPresences
from services.intake.adapters.receipts import MongoCodeCounter, MongoReceipts
from services.intake.adapters.recovery import Recovery, Stores
from services.intake.adapters.reference import ArchivedReference
from services.intake.core.contacts import ContactCodec, ContactState
from services.intake.core.fold import LookupKeys
from services.intake.core.state import Subject, SubjectCodec
from services.intake.settings import IntakeSettings
from services.intake.usecases.codes import DrawCodes
from services.intake.usecases.contacts import KeepContacts
from services.intake.usecases.counter import ReceiveDossier
from services.intake.usecases.entries import Settled
from services.intake.usecases.grants import GrantBook
from services.intake.usecases.heartbeats import WatchConnections
from services.intake.usecases.held import ExpireHeld
from services.intake.usecases.late import LateEvents
from services.intake.usecases.progress import HTTP, PublishProgress, http_number
from services.intake.usecases.receive import ReceiveEvents
from services.intake.usecases.references import ReferenceBook
from services.intake.usecases.relaying import RelayOutboxes
from services.intake.usecases.work import InWork
from shared.events.numbering import CodePattern, NumberingRights
from shared.events.progress import ProgressMark
from shared.events.topics import CONTACTS, INBOUND_RECORD_BYTES_MAX, REJECTED
from shared.kafka.broker import ServiceBroker
from shared.kafka.cluster import Cluster
from shared.kafka.consumer import ConsumerOptions, Consumption
from shared.kafka.measure import LagMeter
from shared.kafka.progress import last_mark
from shared.mongo.archive import MongoArchive
from shared.mongo.client import Mongo
from shared.mongo.owners import beat, leave, share_outboxes
from shared.mongo.subjects import MongoSubjects
from shared.ops import log
from shared.ops.clock import Clock, open_clock, wall_now
from shared.ops.health import Health
from shared.ops.metrics import Metrics
from shared.ops.run import run_service
from shared.ops.settings import derive_key
from shared.ops.supervise import Supervisor
from shared.subjects.errors import UnavailableError
from shared.subjects.ownership import BEAT_S
from shared.subjects.relay import Relay
from shared.web.app import build_app
from shared.web.probes import Probes

SWEEP_S: Final = 1.0
MEASURE_S: Final = 5.0
LOOK_S: Final = 0.1
LOOK_SIMULATED_S: Final = 0.02
"""How often the clock is looked at for a leap, which only a simulated one makes."""
STOP_S: Final = 2.0
SILENT_S_MAX: Final = 20.0
SIMULATED_STEP: Final = timedelta(minutes=1)
RECORDS_MAX: Final = 500

_log = log.logger(__name__)


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
        self.broker = ServiceBroker(
            Cluster.of(settings),
            service=settings.service,
            instance=settings.instance,
            registry=self.metrics.registry,
        )
        self.archive = MongoArchive(self.mongo, never=(CONTACTS.name, REJECTED))
        self.subjects = MongoSubjects[Subject](self.mongo, "subjects", SubjectCodec())
        self.contacts = MongoSubjects[ContactState](self.mongo, "contacts", ContactCodec())
        self.presences = MongoPresences(self.mongo)
        self.receipts = MongoReceipts(self.mongo)
        self.held = MongoHeld(self.subjects)
        self.outboxes = Outboxes(self.subjects, self.contacts.collection)
        self.counting = CountEvents(self.metrics)
        self.ownership = share_outboxes(self.mongo, settings.instance)
        self.relay = RelayOutboxes(
            Relay(self.subjects, self.broker.publisher, self.archive, self.ownership),
            Relay(self.contacts, self.broker.publisher, self.archive, self.ownership),
            wall_now,
            work=self.broker.pulse.work,
        )
        self.pattern = CodePattern(settings.dossier_code_pattern)
        self.receive = self._receive()
        self.expire = ExpireHeld(self.subjects, self.held, self.receipts, self.clock, wall_now)
        self.connections = WatchConnections(
            self.presences,
            self.receive,
            self.clock,
            timedelta(seconds=settings.heartbeat_silence_s),
        )
        stores = self.mongo, self.ownership, self.archive, self.subjects, self.contacts
        self.recovery = Recovery.of(
            settings, Stores(*stores, self.presences, self.receipts), self.clock, self.health
        )
        self.door = self._http_door()
        self.consumption = self._kafka_door()
        self.positions = InboundPositions(self.consumption)
        self.progress = PublishProgress(
            self.positions,
            self.broker.publisher,
            self.receive.in_work,
            lambda: self.outboxes.oldest_pending(wall_now()),
            http_number(settings.instance),
            self.receive.late,
        )
        self.measure = Measure(
            self.metrics, self.outboxes, self.receipts, self.presences, self.held
        )
        self.lag = LagMeter(self.metrics, GROUP)
        self.ready = asyncio.Event()
        self.stopping = asyncio.Event()
        self._marked_at = 0.0
        self._marked_now = self.clock.now()
        self._tasks()

    def _kafka_door(self) -> Consumption:
        return self.broker.consume(
            KafkaDoor(
                self.receive,
                self.relay,
                self.broker.publisher,
                self.clock,
                self.counting,
                self.recovery.pass_over,
            ),
            group=GROUP,
            pattern=INBOUND_PATTERN,
            options=ConsumerOptions(
                records_max=RECORDS_MAX, partition_bytes_max=INBOUND_RECORD_BYTES_MAX
            ),
        )

    def _receive(self) -> ReceiveEvents:
        secret = self.settings.secret()
        return ReceiveEvents(
            self.subjects,
            self.receipts,
            KeepContacts(self.contacts, self.relay.contacts, wall_now),
            ReferenceBook(self.subjects, ArchivedReference(self.mongo, self.archive)),
            InWork(self.clock),
            wall_now,
            LookupKeys(derive_key(secret, "lookup-secret"), derive_key(secret, "lookup-hash")),
            derive_key(secret, "receipt-fingerprint"),
            GrantBook(MongoGrants(self.mongo), NumberingRights(self.pattern)),
            LateEvents(self.settings.late_wait),
            timedelta(seconds=self.settings.predecessor_wait_s),
        )

    def _http_door(self) -> Door:
        return Door(
            self.receive,
            ReceiveDossier(
                self.receive,
                DrawCodes(MongoCodeCounter(self.mongo), self.subjects, self.pattern),
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
        self.supervisor.keep("kafka", self._consume)
        self.supervisor.every(BEAT_S, "outbox owner", self._beat)
        self.supervisor.every(SWEEP_S, "outboxes", self._sweep)
        self.supervisor.every(SWEEP_S, "reference", self._refresh)
        self.supervisor.every(SWEEP_S, "waiting", self._expire)
        self.supervisor.every(MEASURE_S, "connections", self._watch)
        self.supervisor.every(MEASURE_S, "measures", self._measure)
        self.supervisor.every(MEASURE_S, "consumer", self._watch_consumer)
        look_s = LOOK_S if self.settings.clock_file is None else LOOK_SIMULATED_S
        self.supervisor.every(look_s, "progress", self._mark)

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
        if not self.ready.is_set() and not await self.recovery.is_level():
            return
        await self.receive.references.refresh()
        await self.receive.grants.refresh()
        self.ready.set()

    async def _beat(self) -> None:
        if self.ownership.has_begun:
            await beat(self.ownership)

    async def _sweep(self) -> None:
        if not self.ready.is_set():
            return
        try:
            waiting = await self.outboxes.count(wall_now())
            if not self.relay.broker_answers:
                await self.broker.publisher.start()
                self.relay.broker_answers = True
            if waiting:
                await self.relay.sweep()
        except UnavailableError:
            return  # Readiness says it; the outboxes keep what is due.

    async def _expire(self) -> None:
        if not self.ready.is_set():
            return
        try:
            expired = await self.expire()
        except UnavailableError:
            return  # Readiness says it; what has waited long enough is found again.
        self.counting.ended("expired", expired.count)
        await self.relay.soon(Settled([], expired.documents))

    async def _measure(self) -> None:
        if not self.ready.is_set():
            return
        try:
            await self.measure(wall_now())
        except UnavailableError:
            return  # The gauges keep what was last known; readiness says what is away.

    async def _watch(self) -> None:
        if self.ready.is_set():
            await self.relay.soon(await self.connections.sweep())

    async def _mark(self) -> None:
        """Publish marks now and then, and at once when simulated time has leapt."""
        due = time.monotonic() - self._marked_at >= self.settings.progress_ms / 1_000
        now = self.clock.now()
        leapt = now - self._marked_now >= SIMULATED_STEP
        if not self.ready.is_set() or not (due or leapt):
            return
        self._marked_at, self._marked_now = time.monotonic(), now
        try:
            await self.progress.remember(self._last_mark)
            if not self.progress.stands_at(now, self.consumption.next_offsets):
                with self.broker.pulse.work():
                    await self.progress()
        except UnavailableError:
            return  # The marks stand still, which is what they say.

    async def _watch_consumer(self) -> None:
        """Measure what waits, and end this process once its client fetches nothing any more."""
        try:
            await self.lag(self.consumption)
        except UnavailableError:
            return  # Nothing is known of what waits; readiness names the broker.
        stuck = self.lag.watchdog.stuck()
        if stuck is not None and self.consumption.failure is None:
            # The supervisor or the orchestrator starts a new process.
            topic, partition = stuck
            _log.error(
                "consumer_stuck",
                group=GROUP,
                topic=topic,
                partition=partition,
                seconds=self.lag.watchdog.limit_s,
            )
            signal.raise_signal(signal.SIGTERM)

    async def _last_mark(self) -> ProgressMark | None:
        """Read the mark that this replica published last, before it was started again."""
        key = f"{HTTP}/{self.progress.http_number}"
        client_id = f"motcua-intake-{self.settings.instance}-marks"
        return await last_mark(Cluster.of(self.settings), key, client_id=client_id)

    async def status(self) -> Mapping[str, Any]:
        """Give the service's own account."""
        outbox = await self.outboxes.count(wall_now())
        expires = await self.held.earliest()
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
            "marks": self.progress.least(),
            "parked": 0,
            "referenceversion": self.receive.references.current().version,
        }

    async def stop(self) -> None:
        """Finish what is on its way, stop consuming, flush, close; well within 12 s."""
        self.stopping.set()
        await self.relay.finish()
        await self.supervisor.stop(STOP_S)
        await self.broker.stop()
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
        routers=[
            events_router(intake.door),
            dossiers_router(intake.door),
            contacts_router(intake.door),
            catalogue_router(intake.door),
            in_force_router(intake.door),
            changes_router(intake.door),
            grants_router(intake.door),
        ],
        lifespan=lifespan,
    )


if __name__ == "__main__":
    sys.exit(run_service(IntakeSettings, build))
