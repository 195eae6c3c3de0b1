"""Composition root of reporting: the one place that knows every concrete class."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.staticfiles import StaticFiles

from services.reporting.adapters.api import api_router
from services.reporting.adapters.counting import Counting
from services.reporting.adapters.desk import Desk
from services.reporting.adapters.facts import MongoFacts
from services.reporting.adapters.hearing import MongoHearing
from services.reporting.adapters.pages.downloads import downloads_router
from services.reporting.adapters.pages.public import public_router
from services.reporting.adapters.pages.routes import pages_router
from services.reporting.adapters.rolls import MongoRolls
from services.reporting.core.state import FactState, stream_of, subject_of
from services.reporting.settings import ReportingSettings
from services.reporting.usecases.listing import ListRows
from services.reporting.usecases.reading import Gate, ReadFigures
from services.reporting.usecases.refresh import RefreshRolls
from services.reporting.usecases.taking import MarkCells, fold, note_heard
from shared.events.topics import CENTRES, DOSSIERS, NOTICES, OBLIGATIONS
from shared.kafka.broker import ServiceBroker
from shared.kafka.reference import ReferenceReader
from shared.mongo.archive import MongoArchive
from shared.mongo.client import Mongo
from shared.mongo.parking import MongoParking
from shared.ops.clock import Clock, open_clock, wall_now
from shared.ops.health import Health
from shared.ops.metrics import Metrics
from shared.ops.run import run_service
from shared.ops.settings import derive_key
from shared.ops.supervise import Supervisor
from shared.subjects.apply import ApplyBatch
from shared.subjects.errors import UnavailableError
from shared.subjects.records import Record
from shared.subjects.relay import Relay
from shared.web.app import build_app, mount_public
from shared.web.probes import Probes

GROUP: Final = "reporting"
TOPICS: Final = (DOSSIERS.name, CENTRES.name, OBLIGATIONS.name, NOTICES.name)
GENERATION: Final = 1
"""Which set of collections serves; a change of their shape raises it and reads all anew."""

PREPARE_S: Final = 1.0
GAUGES_S: Final = 5.0
STATIC: Final = Path(__file__).resolve().parents[2] / "shared" / "web" / "static"


class Reporting:
    """The parts of the running service and the work that goes on in the background."""

    def __init__(self, settings: ReportingSettings) -> None:
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
        self.facts = MongoFacts(self.mongo, generation=GENERATION)
        token = f"{settings.instance}-{wall_now():%Y%m%d%H%M%S%f}"
        self.rolls = MongoRolls(self.mongo, generation=GENERATION, token=token)
        self.hearing = MongoHearing(self.mongo, generation=GENERATION)
        self.parking = MongoParking(self.mongo)
        self.gate = Gate(RefreshRolls(self.facts, self.rolls))
        self.counting = Counting(self.metrics)
        self.desk = Desk(
            facts=self.facts,
            figures=ReadFigures(self.rolls, self.hearing, self.gate),
            rows=ListRows(self.facts, self.rolls, self.gate),
            source=self.reference,
            clock=self.clock,
            lookup_key=derive_key(settings.secret(), "lookup-hash"),
        )
        self.apply = ApplyBatch[FactState](
            service=settings.service,
            store=self.facts.subjects,
            fold=fold,
            # Reporting emits nothing; the relay has nothing to do and nothing to archive.
            relay=Relay(self.facts.subjects, self.broker.publisher, MongoArchive(self.mongo)),
            parking=self.parking,
            reference=self.reference,
            clock=self.clock,
            wall_now=wall_now,
            subject_of=subject_of,
            stream_of=stream_of,
            after=MarkCells(self.rolls),
        )
        self.ready = asyncio.Event()
        self.stopping = asyncio.Event()
        self.consumption = self.broker.consume(self._take, group=GROUP, topics=TOPICS)
        self._tasks()

    def _tasks(self) -> None:
        self.health.add("store", self._store)
        self.health.add("kafka", self._kafka)
        self.health.add("reference", self._reference)
        self.supervisor.every(PREPARE_S, "prepare", self._prepare)
        self.supervisor.keep("reference", lambda: self.reference.run(self.stopping))
        self.supervisor.keep("kafka", self._consume)
        self.supervisor.every(self.settings.refresh_seconds, "roll-ups", self._refresh)
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
            await self.facts.prepare()
            await self.rolls.prepare()
            await self.parking.prepare()
            # Nothing reads what is written before this, so the embedded engine has its indexes
            # before it has data.
            self.ready.set()

    async def _consume(self) -> None:
        """Consume once the store is there: before that every batch would fail."""
        await self.ready.wait()
        await self.reference.caught_up.wait()
        await self.broker.run(self.stopping)

    async def _take(self, records: Sequence[Record]) -> None:
        async with self.gate.lock:
            applied = await self.apply(records)
        await note_heard(self.hearing, applied.events)
        self.counting.applied(applied)

    async def _refresh(self) -> None:
        if self.ready.is_set():
            async with self.gate.lock:
                await self.gate.settle()

    async def _gauge(self) -> None:
        """Measure what is too dear to measure at every scrape."""
        if self.ready.is_set() and self.reference.caught_up.is_set():
            await self.counting.measure(self.desk, self.consumption, GROUP)

    async def status(self) -> Mapping[str, Any]:
        """Give the service's own account."""
        lag: dict[str, int] = {}
        for (topic, _), count in (await self.consumption.lag()).items():
            lag[topic] = lag.get(topic, 0) + count
        marked = len(await self.rolls.marks(1)) if self.ready.is_set() else 0
        return {
            "service": self.settings.service,
            "now": self.clock.now().isoformat(),
            "at_rest_counters": {
                **self.counting.account(),
                "handled": self.consumption.handled,
                "marked": marked,
            },
            "lag": lag,
            "outbox": 0,
            "next_at": None,
            "marks": {"roll_ups": marked},
            "parked": await self.parking.count(),
            "referenceversion": self.reference.current().version,
        }

    async def stop(self) -> None:
        """Stop consuming, finish what is on its way, close."""
        self.stopping.set()
        await self.broker.stop()
        await self.supervisor.stop()
        await self.mongo.close()


def build(settings: ReportingSettings) -> FastAPI:
    """Wire the service; nothing connects until the server starts it."""
    reporting = Reporting(settings)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        await reporting.supervisor.start()
        try:
            yield
        finally:
            await reporting.stop()

    app = build_app(
        settings,
        title="motcua reporting",
        probes=Probes(reporting.health, reporting.metrics, reporting.status),
        routers=[
            api_router(reporting.desk),
            downloads_router(reporting.desk),
            pages_router(reporting.desk),
            public_router(reporting.desk),
        ],
        lifespan=lifespan,
    )
    mount_public(app, "/static", StaticFiles(directory=STATIC))
    app.state.reporting = reporting
    return app


if __name__ == "__main__":
    sys.exit(run_service(ReportingSettings, build))
