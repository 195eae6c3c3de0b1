"""Composition root of reporting: the one place that knows every concrete class."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from services.reporting.adapters.api import api_router
from services.reporting.adapters.codec import FactCodec
from services.reporting.adapters.desk import Desk
from services.reporting.adapters.facts import INDEXES, MongoFacts, facts_name
from services.reporting.adapters.gauges import measure
from services.reporting.adapters.generations import Generations, generation_of
from services.reporting.adapters.pages.downloads import downloads_router
from services.reporting.adapters.pages.public import public_router
from services.reporting.adapters.pages.routes import pages_router
from services.reporting.core.state import FactState, stream_of, subject_of
from services.reporting.settings import ReportingSettings
from services.reporting.usecases.listing import ListRows
from services.reporting.usecases.moving import MoveUnits
from services.reporting.usecases.reading import ReadFigures
from services.reporting.usecases.taking import MarkCells, fold, note_heard
from shared.events.topics import CENTRES, DOSSIERS, NOTICES, OBLIGATIONS
from shared.kafka.measure import BatchMeter
from shared.ops.clock import wall_now
from shared.ops.run import run_service
from shared.ops.settings import derive_key
from shared.reference.units import Units
from shared.service.runtime import Runtime
from shared.subjects.apply import Applied
from shared.subjects.records import Record
from shared.web.app import build_app, mount_public
from shared.web.parked import parked_router

TOPICS: Final = (DOSSIERS.name, CENTRES.name, OBLIGATIONS.name, NOTICES.name)
GAUGES_S: Final = 30.0
LOOK_S: Final = 1.0
STATIC: Final = Path(__file__).resolve().parents[2] / "shared" / "web" / "static"


class Reporting(Runtime[FactState]):
    """The running service: facts in the common machinery, roll-ups and pages beside them."""

    def __init__(self, settings: ReportingSettings) -> None:
        super().__init__(
            settings,
            codec=FactCodec(self._units),
            indexes=INDEXES,
            collection=facts_name(settings.generation),
        )
        self.own = settings
        maker = f"{settings.instance}-{wall_now():%Y%m%d%H%M%S%f}"
        facts = MongoFacts(self.subjects, self._units)
        self.filling = generation_of(
            self.mongo,
            settings.generation,
            maker=maker,
            facts=facts,
            current=lambda code: self._units().current(code),
        )
        self.preparing.append(self.filling.rolls.prepare)
        self.desk = Desk(
            facts=facts,
            figures=ReadFigures(self.filling.rolls, self.filling.hearing, self.filling.gate),
            rows=ListRows(facts, self.filling.rolls, self.filling.gate),
            source=self.reference,
            clock=self.clock,
            lookup_key=derive_key(settings.secret(), "lookup-hash"),
        )
        self.generations = Generations(
            self.mongo, self.filling, self.desk, self._caught_up, self._units
        )
        self.preparing.append(self.generations.begin)
        self.consume(
            fold,
            TOPICS,
            subject_of=subject_of,
            stream_of=stream_of,
            after=(mark := MarkCells(self.filling.rolls)),
        )
        gate = self.filling.gate
        gate.move = MoveUnits(
            facts, self.filling.rolls, self.changing(), mark, gate.refresh, self.reference
        )
        self.meter = BatchMeter(self.metrics, self.service, self._take)
        self.supervise()
        self.supervisor.every(settings.refresh_seconds, "roll-ups", self._refresh)
        self.supervisor.every(LOOK_S, "generation", self._look)
        self.supervisor.every(GAUGES_S, "gauges", self._gauge)

    def _units(self) -> Units:
        return self.reference.current().units

    async def _take(self, records: Sequence[Record]) -> Applied:
        """Take a batch in; nobody counts or reads meanwhile, so what they see adds up."""
        async with self.filling.gate.lock:
            applied = await self.apply(records)
        await note_heard(self.filling.hearing, applied.events)
        return applied

    async def _refresh(self) -> None:
        if self.ready.is_set():
            async with self.filling.gate.lock:
                await self.filling.gate.settle()

    async def _look(self) -> None:
        if self.ready.is_set():
            await self.generations.look()

    async def _caught_up(self) -> bool:
        """Say whether the live topics have been read to their end, the replay before them."""
        ends = await self.consumption.end_offsets()
        read = self.consumption.next_offsets
        return bool(ends) and all(read.get(place, -1) >= end for place, end in ends.items())

    async def _gauge(self) -> None:
        """Measure what is too dear to measure at every scrape."""
        if self.ready.is_set() and self.reference.caught_up.is_set():
            await measure(self.desk, self.metrics)

    async def status(self) -> Mapping[str, Any]:
        """Give what reporting adds to the account of a consumer."""
        marked = len(await self.filling.rolls.marks(1)) if self.ready.is_set() else 0
        # Marked cells are no work left undone: whoever asks has them counted first.
        return {"marked_roll_ups": marked, "generation": self.generations.serving}


def build(settings: ReportingSettings) -> FastAPI:
    """Wire the service; nothing connects until the server starts it."""
    reporting = Reporting(settings)
    app = build_app(
        settings,
        title="motcua reporting",
        probes=reporting.probes(reporting.status),
        routers=[
            api_router(reporting.desk),
            downloads_router(reporting.desk),
            pages_router(reporting.desk),
            public_router(reporting.desk),
            # A retry folds beside the gate; a reader that it surprises counts anew.
            parked_router(reporting.deciding(), reporting.parking),
        ],
        lifespan=reporting.lifespan,
        current_unit=lambda code: reporting.reference.current().current(code),
    )
    mount_public(app, "/static", StaticFiles(directory=STATIC))
    app.state.reporting = reporting
    app.state.desk_url = settings.desk_url
    return app


if __name__ == "__main__":
    sys.exit(run_service(ReportingSettings, build))
