"""Composition root of workflow: the one place that knows every concrete class."""

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from datetime import time as time_of_day
from typing import Any

from fastapi import FastAPI

from services.workflow.adapters.holding import TOPICS, ConsumedShards
from services.workflow.adapters.http import Window, obligations_router, reachability_router
from services.workflow.adapters.index import (
    INDEXES,
    MongoCalendarMarks,
    MongoIncidents,
    MongoObligationIndex,
)
from services.workflow.adapters.pages.router import pages_routers
from services.workflow.adapters.pages.site import Site
from services.workflow.adapters.preview import Previews, preview_router
from services.workflow.adapters.rebuild import ArchivedObligations
from services.workflow.adapters.telling import Telling, iso
from services.workflow.core.asking import PUBLISHER
from services.workflow.core.codec import SubjectCodec, shard_of
from services.workflow.core.fold import fold
from services.workflow.core.model import Subject
from services.workflow.core.reach import coverage_subject
from services.workflow.settings import WorkflowSettings
from services.workflow.usecases.asking import AskIntake
from services.workflow.usecases.calendar import OpenByCalendar
from services.workflow.usecases.desk import ReadDesk
from services.workflow.usecases.freshness import Freshness, ReadTogether
from services.workflow.usecases.incidents import GatherOnIncidents
from services.workflow.usecases.passes import Passes
from services.workflow.usecases.preview import PreviewChange
from services.workflow.usecases.reachability import CheckReachability
from services.workflow.usecases.rebuild import AdoptPublished
from services.workflow.usecases.sweep import SweepObligations
from shared.calendar.zone import ONE_DAY, at, legal_day
from shared.events.topics import OBLIGATIONS
from shared.kafka.progress import ProgressReader
from shared.kafka.rejected import RejectionReader
from shared.mongo.begin_again import MongoForgetting
from shared.ops.law_watch import bundled_law_watch
from shared.ops.run import run_service
from shared.service.read_again import ReadAgain
from shared.service.runtime import Runtime
from shared.subjects.begin_again import BeginAgain
from shared.subjects.own_events import OwnEvents
from shared.web.app import build_app
from shared.web.parked import parked_router
from shared.web.refused import refused_router

LOOK_S = 0.05
GAUGES_S = 30.0


class Workflow:
    """What workflow adds to a consumer: intake's progress, the sweep, the calendar."""

    def __init__(self, settings: WorkflowSettings) -> None:
        codec = SubjectCodec(settings.late_wait, lambda: self.reference.current().units)
        self.runtime = Runtime[Subject](settings, codec=codec, indexes=INDEXES)
        self.clock = self.runtime.clock
        self.reference = self.runtime.reference
        self.law_watch = bundled_law_watch()
        self.supervisor = self.runtime.supervisor
        self.index = MongoObligationIndex(self.runtime.subjects)
        self.telling = Telling(self.runtime.metrics)
        self.consumption = self.runtime.consume(fold, TOPICS)
        self.holding = ConsumedShards(self.consumption)
        self.marked = asyncio.Event()
        self.progress = ProgressReader(
            self.runtime.cluster,
            client_id=self.runtime.client_id,
            on_change=self.marked.set,
        )
        self.rejections = RejectionReader(
            self.runtime.cluster, PUBLISHER, client_id=self.runtime.client_id
        )
        self.passes = self._passes(settings)
        self._begin_with()
        self.runtime.supervise()
        self.read_again.watch(self.supervisor, self.runtime.health)
        self.supervisor.keep("progress", lambda: self.progress.run(self.runtime.stopping))
        self.supervisor.keep("rejections", lambda: self.rejections.run(self.runtime.stopping))
        self.supervisor.every(LOOK_S, "sweep", self._look, wake=self.marked)
        self.supervisor.every(GAUGES_S, "gauges", self._gauge)

    def _begin_with(self) -> None:
        """Tie what comes before anything is consumed: the store compared, or begun again."""
        runtime = self.runtime
        published = ArchivedObligations(runtime.mongo, runtime.archive, runtime.subjects)
        adopt = AdoptPublished(published, runtime.subjects, runtime.clock, OBLIGATIONS.name)
        forgetting = MongoForgetting(
            runtime.mongo, subjects=["subjects"], marks=["calendar_marks", "coverage_marks"]
        )
        self.read_again = ReadAgain(forgetting, lambda: self.consumption)
        runtime.compare(
            BeginAgain(
                OwnEvents(runtime.subjects, runtime.archive),
                runtime.archive,
                runtime.store_level.topics,
                runtime.broker.publisher,
                forgetting,
                topics=[OBLIGATIONS.name],
                reads=TOPICS,
                first=published.begin,
                last=adopt,
            )
        )
        runtime.beginning += [adopt, self.read_again.begin]

    def _passes(self, settings: WorkflowSettings) -> Passes:
        change = self.runtime.changing()
        holding = self.holding
        still_seconds_max = settings.still_minutes_max * 60
        freshness = Freshness(
            self.progress, time.monotonic, still_seconds_max=still_seconds_max
        )
        return Passes(
            open_by_calendar=OpenByCalendar(
                change=change,
                marks=MongoCalendarMarks(self.runtime.mongo),
                holding=holding,
                reference=self.reference,
                clock=self.clock,
            ),
            check_reachability=CheckReachability(
                change=change,
                marks=MongoCalendarMarks(self.runtime.mongo, "coverage_marks"),
                holding=holding,
                reference=self.reference,
                clock=self.clock,
            ),
            sweep=SweepObligations(
                index=self.index,
                change=change,
                freshness=freshness,
                reading=ReadTogether(holding, time.monotonic, still_seconds_max),
                reference=self.reference,
                clock=self.clock,
                incidents=GatherOnIncidents(MongoIncidents(self.runtime.subjects), change),
                late_wait=settings.late_wait,
            ),
            freshness=freshness,
            holding=holding,
            reference=self.reference,
            clock=self.clock,
            wall=time.monotonic,
            pause_seconds=settings.sweep_ms / 1_000,
            handled=lambda: self.consumption.handled,
            work=self.runtime.broker.pulse.work,
        )

    @property
    def _may_act(self) -> bool:
        return (
            self.runtime.ready.is_set()
            and self.reference.caught_up.is_set()
            and self.progress.caught_up.is_set()
            and self.read_again.done.is_set()
        )

    async def _look(self) -> None:
        """Sweep if it is time, unless we do not know yet where we stand."""
        if not self._may_act:
            return
        made = await self.passes()
        if made is not None:
            opened, swept = made
            self.telling.opened(opened)
            self.telling.swept(swept, self.clock.now())

    async def _gauge(self) -> None:
        """Measure what is too dear to measure at every scrape."""
        if not self._may_act:
            return
        metrics, now = self.runtime.metrics, self.clock.now()
        for kind, count in (await self.index.open_by_kind()).items():
            metrics.obligations_open.labels(kind).set(count)
        metrics.undated.set(await self.index.undated())
        self.telling.covered(await self.index.read_all(self._our_ladders()))
        least, earliest = self.progress.least(), await self.index.earliest(now=now)
        if least is not None:
            metrics.progress_mark_age.set(_seconds(least, now))
        metrics.timer_oldest_unfired_age.set(
            0.0 if earliest is None else _seconds(earliest, now)
        )
        horizon = self.reference.current().horizon
        if horizon is not None:
            metrics.calendar_horizon.set((horizon - legal_day(now)).days)
        for text in self.law_watch:
            metrics.law_watch_due.labels(text.watch).set(text.is_due(legal_day(now)))

    def _our_ladders(self) -> Sequence[str]:
        """Return the matters of our shards on which units' coverage gaps stand."""
        ours = self.holding.shards()
        units = self.reference.current().units
        ladders = [coverage_subject(unit, units) for unit in units]
        return [ladder for ladder in ladders if shard_of(ladder) in ours]

    async def status(self) -> Mapping[str, Any]:
        """Give what workflow adds to the account of a consumer."""
        account = await self.runtime.account()
        swept, now = self.telling.last_swept, self.clock.now()
        counters = {**account["at_rest_counters"], **self.telling.account()}
        return {
            **account,
            "at_rest_counters": counters,
            "next_at": iso(self._next(now, await self.index.earliest(now=now))),
            "swept_to": iso(self.telling.swept_to),
            "marks": {
                "progress": iso(self.progress.least()),
                "swept_to": iso(self.telling.swept_to),
            },
            "data_incomplete_since": iso(swept.incomplete_since),
        }

    def _next(self, now: datetime, earliest: datetime | None) -> datetime | None:
        """Return when time alone will next bring something about, a new day included."""
        units = self.reference.current().units.values()
        if not any(unit.obligations_from for unit in units):
            return earliest
        tomorrow = at(legal_day(now) + ONE_DAY, time_of_day())
        return tomorrow if earliest is None else min(earliest, tomorrow)


def build(settings: WorkflowSettings) -> FastAPI:
    """Wire the service; nothing connects until the server starts it."""
    workflow = Workflow(settings)
    runtime = workflow.runtime
    window = Window(workflow.index, workflow.reference.current, workflow.clock)
    preview = PreviewChange(workflow.index, workflow.reference, workflow.clock, time.monotonic)
    previews = Previews(preview, workflow.index, workflow.reference.current)
    site = Site(
        index=workflow.index,
        desk=ReadDesk(
            workflow.index, workflow.reference.current, workflow.clock, workflow.rejections
        ),
        ask=AskIntake(runtime.changing(), workflow.rejections),
        preview=preview,
        publisher=runtime.broker.publisher,
        refusals=workflow.rejections,
        reference=workflow.reference.current,
        clock=workflow.clock,
        figures_url=settings.figures_url,
    )
    app = build_app(
        settings,
        title="motcua workflow",
        probes=runtime.probes(workflow.status),
        routers=[
            obligations_router(window),
            reachability_router(window),
            *pages_routers(site),
            preview_router(previews),
            parked_router(runtime.deciding(), runtime.parking),
            refused_router(runtime.refused),
        ],
        lifespan=runtime.lifespan,
        current_unit=lambda code: workflow.reference.current().current(code),
    )
    app.state.workflow = workflow
    return app


def _seconds(since: datetime, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds())


if __name__ == "__main__":
    sys.exit(run_service(WorkflowSettings, build))
