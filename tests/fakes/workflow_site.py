"""Workflow's pages over made-up dossiers in memory, for tests and for looking at them."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from deploy.reference.load import bundled_reference
from services.workflow.adapters.http import Window, obligations_router
from services.workflow.adapters.pages.router import pages_routers
from services.workflow.adapters.pages.site import Site as Pages
from services.workflow.settings import WorkflowSettings
from services.workflow.usecases.asking import AskIntake
from services.workflow.usecases.desk import ReadDesk
from services.workflow.usecases.preview import PreviewChange
from shared.calendar.zone import ICT
from shared.events import dossiers
from shared.events.answers import NoticeProven, ObligationAcknowledged
from shared.events.envelope import Event, from_document
from shared.events.faults import Fault
from shared.events.topics import inbound
from shared.ops.clock import FixedClock
from shared.ops.health import Health
from shared.ops.metrics import Metrics
from shared.reference.view import Reference
from shared.subjects.document import Outgoing
from shared.web.app import build_app
from shared.web.keys import mint
from shared.web.principal import Role
from shared.web.probes import Probes
from tests.fakes.histories import Teller
from tests.fakes.workflow import Durable, Process

NOW = datetime(2026, 11, 23, 9, 12, tzinfo=ICT)
UNIT, OTHER_UNIT = "06112", "06184"
THREE_DAYS, TEN_DAYS, FIVE_DAYS = "1.004873", "1.014027", "1.004884"
OVERDUE, DUE_TODAY, DUE_NEXT, STEP_LATE = (f"H37.117-261110-000{n}" for n in range(1, 5))
GIVEN = "H37.117-261112-0009"
WAITING, UNPROVEN, RETURNED, PROMISED, BROKEN = (f"H37.117-261112-000{n}" for n in range(1, 6))


@dataclass
class Live:
    """The reference data as a test changes them."""

    durable: Durable

    def current(self) -> Reference:
        """Return what holds now."""
        return self.durable.reference

    async def at_least(self, version: int) -> Reference:
        """Return it: a test's data are never behind."""
        assert self.durable.reference.version >= version, "the test decided it"
        return self.durable.reference


@dataclass
class Refused:
    """What intake refused, as a test says."""

    faults: dict[str, Sequence[Fault]] = field(default_factory=dict)

    def of(self, event_id: str) -> Sequence[Fault]:
        """Return why an event was refused."""
        return self.faults.get(event_id, ())


class DeskSite:
    """The pages, the store beneath them, and keys to open them with."""

    def __init__(self, folder: Path, events: Sequence[Event] = ()) -> None:
        (folder / "secret").write_bytes(os.urandom(48))
        self.folder = folder
        self.settings = WorkflowSettings(
            keys_file=folder / "keys.json", secret_file=folder / "secret"
        )
        self.durable = Durable(bundled_reference(), FixedClock(NOW))
        self.process = Process(self.durable)
        self.refusals = Refused()
        self.tellers: dict[str, Teller] = {}
        self.app = self._build()
        self.take(events)

    def take(self, events: Sequence[Event]) -> None:
        """Let events come in, each after what its moment has brought, and sweep up to now."""
        clock, end = self.durable.clock, self.durable.clock.instant
        for event in sorted(events, key=lambda each: each.time):
            clock.instant = event.time
            self.sweep()
            asyncio.run(self.process.applies([event]))
        clock.instant = end
        self.sweep()

    def sweep(self) -> None:
        """Let time do what it does."""
        self.durable.mark.at = self.durable.clock.instant + timedelta(microseconds=1)
        asyncio.run(self.process.sweep())

    def asked(self) -> list[Event]:
        """Return what intake was told, the oldest first."""
        topic = inbound("workflow").name
        return [_event(out) for out in self.durable.publisher.published if out.topic == topic]

    def intake_records(self, events: Sequence[Event], *, after: int) -> None:
        """Bring back what intake makes of events: numbered on, with units."""
        recorded = [
            event.model_copy(
                update={
                    "sequence": after + number,
                    "recordedtime": self.durable.clock.instant,
                    "receivingunit": UNIT,
                    "competentunit": UNIT,
                }
            )
            for number, event in enumerate(events, start=1)
        ]
        asyncio.run(self.process.applies(recorded))

    def key(self, role: Role, *units: str, person: str | None = None) -> str:
        """Make a key."""
        keys = self.folder / "keys.json"
        return mint(keys, role=role, units=units or "*", person=person)

    def _build(self) -> FastAPI:
        async def status() -> Mapping[str, Any]:
            return {"service": "workflow"}

        durable, index = self.durable, self.process.index
        pages = Pages(
            index=index,
            desk=ReadDesk(index, lambda: durable.reference, durable.clock, self.refusals),
            ask=AskIntake(self.process.change, self.refusals),
            preview=PreviewChange(index, Live(durable), durable.clock, lambda: durable.wall),
            publisher=durable.publisher,
            refusals=self.refusals,
            reference=lambda: durable.reference,
            clock=durable.clock,
            figures_url="http://127.0.0.1:8713",
        )
        window = Window(index, lambda: durable.reference, durable.clock)
        return build_app(
            self.settings,
            title="workflow",
            probes=Probes(Health(), Metrics(CollectorRegistry(), process=False), status),
            routers=[obligations_router(window), *pages_routers(pages)],
        )


def _event(out: Outgoing) -> Event:
    assert out.value is not None, "an event, no tombstone"
    return from_document(out.value)


def a_morning() -> list[Event]:
    """Tell what a counter has before it on a Monday morning, one dossier of each sort."""
    found: list[Event] = []
    for tell in (_overdue, _due, _waits, _promises, _elsewhere):
        found.extend(tell())
    return found


def a_wrong_result() -> list[Event]:
    """Tell a dossier that was handed over; an error of the applicant's was found in it."""
    teller = a_result()
    error = dossiers.DossierResultDisputed(reason="wrong_number_or_date", fault="applicant")
    teller.tell(error, at(20, 10))
    return teller.events


def a_result() -> Teller:
    """Tell a dossier whose result was handed over."""
    teller = accepted(GIVEN, at(12))
    teller.tell(dossiers.DossierCompleted(), at(16, 9))
    teller.tell(dossiers.DossierReturned(how="direct"), at(16, 15))
    return teller


def at(day: int, hour: int = 8, minute: int = 30) -> datetime:
    """Return a moment of November 2026."""
    return datetime(2026, 11, day, hour, minute, tzinfo=ICT)


def accepted(
    code: str, when: datetime, procedure: str = THREE_DAYS, unit: str = UNIT
) -> Teller:
    """Tell the acceptance of a dossier and who settles it."""
    teller = Teller(code, unit)
    teller.tell(dossiers.DossierAccepted(procedure=procedure, channel="online"), when)
    handler = f"p-{unit}-handler-{int(code[-1]) % 3 + 1}"
    teller.tell(dossiers.DossierAssigned(handler=handler), when + timedelta(hours=1))
    return teller


def _overdue() -> list[Event]:
    late = accepted(OVERDUE, at(12))
    step = accepted(STEP_LATE, at(16), FIVE_DAYS)
    limit = dossiers.StepLimit(unit="working_days", value=1)
    step.tell(
        dossiers.DossierStepStarted(step="verify", agency="cong-an-xa", limit=limit), at(17)
    )
    return [*late.events, *step.events]


def _due() -> list[Event]:
    found = [
        *accepted(DUE_TODAY, at(18)).events,
        *accepted(DUE_NEXT, at(19)).events,
    ]
    for number in range(5, 9):
        found += accepted(f"H37.117-261119-000{number}", at(19, 9, number)).events
    return found


def _waits() -> list[Event]:
    waiting = accepted(WAITING, at(17), TEN_DAYS)
    asked = dossiers.DossierSupplementRequested(items=("a1",), number=1, in_person=True)
    waiting.tell(asked, at(18, 10))
    unproven = accepted(UNPROVEN, at(19))
    unproven.tell(
        dossiers.DossierSupplementRequested(items=("a1",), number=1, in_person=False),
        at(20, 9),
    )
    back = accepted(RETURNED, at(18))
    request = dossiers.DossierSupplementRequested(items=("a2",), number=1, in_person=False)
    event = back.tell(request, at(19, 9))
    proof = NoticeProven(notice="n-1", about=event.id, about_name=event.name, at=at(19, 9, 5))
    back.tell(proof, at(19, 9, 6))
    back.tell(dossiers.DossierSupplementReceived(items=("a2",)), at(23, 8, 10))
    return [*waiting.events, *unproven.events, *back.events]


def _promises() -> list[Event]:
    kept = accepted(PROMISED, at(16), THREE_DAYS)
    broken = accepted(BROKEN, at(13), THREE_DAYS)
    for teller, when, day in ((kept, at(20, 8), at(25)), (broken, at(19, 8), at(20))):
        teller.tell(
            ObligationAcknowledged(
                obligation="dossier_deadline",
                cycle=1,
                rung="overdue",
                cause="verification_needed",
                promised=day.date(),
                by=f"p-{UNIT}-chairman",
            ),
            when,
        )
    return [*kept.events, *broken.events]


def _elsewhere() -> list[Event]:
    return [
        event
        for number in range(1, 7)
        for event in accepted(
            f"H37.184-261110-000{number}", at(10 + number % 4, 9), unit=OTHER_UNIT
        ).events
    ]
