"""Composition root of workflow: the one place that knows every concrete class."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from datetime import time as clock_time
from typing import Any, Final

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from services.workflow.adapters.holding import TOPICS, ConsumedShards
from services.workflow.adapters.http import Window, obligations_router
from services.workflow.adapters.index import (
    INDEXES,
    MongoCalendarMarks,
    MongoObligationIndex,
)
from services.workflow.adapters.outboxes import Outboxes
from services.workflow.adapters.telling import Telling, iso
from services.workflow.core.codec import SubjectCodec
from services.workflow.core.fold import fold
from services.workflow.core.model import Subject
from services.workflow.settings import WorkflowSettings
from services.workflow.usecases.calendar import OpenByCalendar
from services.workflow.usecases.freshness import Freshness
from services.workflow.usecases.passes import Passes
from services.workflow.usecases.sweep import SweepObligations
from shared.calendar.zone import ONE_DAY, at, legal_day
from shared.kafka.broker import ServiceBroker
from shared.kafka.progress import ProgressReader
from shared.kafka.reference import ReferenceReader
from shared.mongo.archive import MongoArchive
from shared.mongo.client import Mongo
from shared.mongo.parking import MongoParking
from shared.mongo.subjects import MongoSubjects
from shared.ops.clock import Clock, open_clock, wall_now
from shared.ops.health import Health
from shared.ops.metrics import Metrics
from shared.ops.run import run_service
from shared.ops.supervise import Supervisor
from shared.subjects.apply import ApplyBatch
from shared.subjects.change import ChangeSubjects
from shared.subjects.errors import UnavailableError
from shared.subjects.records import Record
from shared.subjects.relay import Relay
from shared.web.app import build_app
from shared.web.probes import Probes

GROUP: Final = "workflow"
PREPARE_S: Final = 1.0
LEFT_BEHIND_S: Final = 2.0
GAUGES_S: Final = 30.0
LOOK_S: Final = 0.05


class Workflow:
    """The parts of the running service and the work that goes on in the background."""

    def __init__(self, settings: WorkflowSettings) -> None:
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
            settings.kafka_bootstrap,
            service=settings.service,
            instance=settings.instance,
            registry=self.metrics.registry,
        )
        client_id = f"motcua-{settings.service}-{settings.instance}"
        self.reference = ReferenceReader(settings.kafka_bootstrap, client_id=client_id)
        self.progress = ProgressReader(settings.kafka_bootstrap, client_id=client_id)
        self.subjects = MongoSubjects[Subject](
            self.mongo, "subjects", SubjectCodec(), indexes=INDEXES
        )
        self.archive = MongoArchive(self.mongo)
        self.parking = MongoParking(self.mongo)
        self.index = MongoObligationIndex(self.subjects)
        self.relay = Relay(self.subjects, self.broker.publisher, self.archive)
        self.outboxes = Outboxes(self.subjects, self.metrics)
        self.telling = Telling(self.metrics)
        self.ready = asyncio.Event()
        self.stopping = asyncio.Event()
        self.consumption = self.broker.consume(self._apply, group=GROUP, topics=TOPICS)
        self._wire()
        self._tasks()

    def _wire(self) -> None:
        self.apply = ApplyBatch[Subject](
            service=self.settings.service,
            store=self.subjects,
            fold=fold,
            relay=self.relay,
            parking=self.parking,
            reference=self.reference,
            clock=self.clock,
            wall_now=wall_now,
        )
        change = ChangeSubjects[Subject](
            service=self.settings.service,
            store=self.subjects,
            relay=self.relay,
            reference=self.reference,
            clock=self.clock,
            wall_now=wall_now,
        )
        holding = ConsumedShards(self.consumption)
        freshness = Freshness(
            self.progress,
            time.monotonic,
            still_seconds_max=self.settings.still_minutes_max * 60,
        )
        sweep = SweepObligations(
            index=self.index,
            change=change,
            freshness=freshness,
            holding=holding,
            reference=self.reference,
            clock=self.clock,
        )
        open_by_calendar = OpenByCalendar(
            change=change,
            marks=MongoCalendarMarks(self.mongo),
            holding=holding,
            reference=self.reference,
            clock=self.clock,
        )
        self.passes = Passes(
            open_by_calendar=open_by_calendar,
            sweep=sweep,
            freshness=freshness,
            holding=holding,
            reference=self.reference,
            clock=self.clock,
            wall=time.monotonic,
            pause_seconds=self.settings.sweep_ms / 1_000,
            handled=lambda: self.consumption.handled,
        )

    def _tasks(self) -> None:
        self.health.add("store", self._store)
        self.health.add("kafka", self._kafka)
        self.health.add("reference", self._reference)
        self.supervisor.every(PREPARE_S, "prepare", self._prepare)
        self.supervisor.keep("reference", lambda: self.reference.run(self.stopping))
        self.supervisor.keep("progress", lambda: self.progress.run(self.stopping))
        self.supervisor.keep("kafka", self._consume)
        self.supervisor.every(LEFT_BEHIND_S, "outboxes", self._publish_left_behind)
        self.supervisor.every(LOOK_S, "sweep", self._sweep)
        self.supervisor.every(GAUGES_S, "gauges", self._gauge)

    async def _store(self) -> str | None:
        try:
            await self.mongo.ping()
        except UnavailableError:
            return "the store does not answer"
        return None

    async def _kafka(self) -> str | None:
        return "; ".join(self.broker.missing()) or None

    async def _reference(self) -> str | None:
        if self.reference.failure is not None:
            return self.reference.failure
        return None if self.reference.caught_up.is_set() else "the reference data is not read"

    async def _prepare(self) -> None:
        if not self.ready.is_set():
            await self.subjects.prepare()
            await self.archive.prepare()
            await self.parking.prepare()
            self.ready.set()

    async def _consume(self) -> None:
        """Consume once the store is there: before that every batch would fail."""
        await self.ready.wait()
        await self.broker.run(self.stopping)

    async def _apply(self, records: Sequence[Record]) -> None:
        self.telling.applied(await self.apply(records))

    @property
    def _may_act(self) -> bool:
        return self.ready.is_set() and self.reference.caught_up.is_set()

    async def _publish_left_behind(self) -> None:
        if self.ready.is_set():
            await self.relay.sweep_left_behind(wall_now=wall_now())

    async def _sweep(self) -> None:
        if self._may_act and self.progress.caught_up.is_set():
            made = await self.passes()
            if made is not None:
                self.telling.opened(made[0])
                self.telling.swept(made[1], self.clock.now())

    async def _gauge(self) -> None:
        """Measure what is too dear to measure at every scrape."""
        if not self._may_act:
            return
        for kind, count in (await self.index.open_by_kind()).items():
            self.metrics.obligations_open.labels(kind).set(count)
        await self.outboxes.measure(wall_now())
        self.metrics.undated.set(await self.index.undated())
        now = self.clock.now()
        least, earliest = self.progress.least(), await self.index.earliest()
        if least is not None:
            self.metrics.progress_mark_age.set(max(0.0, (now - least).total_seconds()))
        waits = 0.0 if earliest is None else max(0.0, (now - earliest).total_seconds())
        self.metrics.timer_oldest_unfired_age.set(waits)
        horizon = self.reference.current().horizon
        if horizon is not None:
            self.metrics.calendar_horizon.set((horizon - legal_day(now)).days)
        for (topic, partition), behind in (await self.consumption.lag()).items():
            self.metrics.consumer_lag.labels(GROUP, topic, str(partition)).set(behind)

    async def status(self) -> Mapping[str, Any]:
        """Give the service's own account."""
        now = self.clock.now()
        lag: dict[str, int] = {}
        for (topic, _), count in (await self.consumption.lag()).items():
            lag[topic] = lag.get(topic, 0) + count
        least = self.progress.least()
        return {
            "service": self.settings.service,
            "now": now.isoformat(),
            "at_rest_counters": {
                **self.telling.account(),
                "handled": self.consumption.handled,
            },
            "lag": lag,
            "outbox": await self.outboxes.count(wall_now()),
            "next_at": iso(self._next(now, await self.index.earliest())),
            "marks": {"progress": iso(least), "swept_to": iso(self.telling.swept_to)},
            "parked": await self.parking.count(),
            "referenceversion": self.reference.current().version,
            "data_incomplete_since": iso(self.telling.last_swept.incomplete_since),
        }

    def _next(self, now: datetime, earliest: datetime | None) -> datetime | None:
        """Return when time alone will next bring something about, a new day included."""
        units = self.reference.current().units.values()
        if not any(unit.obligations_from for unit in units):
            return earliest
        tomorrow = at(legal_day(now) + ONE_DAY, clock_time())
        return tomorrow if earliest is None else min(earliest, tomorrow)

    async def stop(self) -> None:
        """Stop consuming, finish what is on its way, flush, close."""
        self.stopping.set()
        await self.broker.stop()
        await self.supervisor.stop()
        await self.mongo.close()


def build(settings: WorkflowSettings) -> FastAPI:
    """Wire the service; nothing connects until the server starts it."""
    workflow = Workflow(settings)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        await workflow.supervisor.start()
        try:
            yield
        finally:
            await workflow.stop()

    window = Window(workflow.index, workflow.reference.current, workflow.clock)
    app = build_app(
        settings,
        title="motcua workflow",
        probes=Probes(workflow.health, workflow.metrics, workflow.status),
        routers=[obligations_router(window)],
        lifespan=lifespan,
    )
    app.state.workflow = workflow
    return app


if __name__ == "__main__":
    sys.exit(run_service(WorkflowSettings, build))
