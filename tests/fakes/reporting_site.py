"""Reporting's pages over made-up data in memory, for tests and for looking at them."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.staticfiles import StaticFiles

from deploy.reference.load import bundled_reference
from services.reporting.adapters.api import api_router
from services.reporting.adapters.desk import Desk
from services.reporting.adapters.pages.downloads import downloads_router
from services.reporting.adapters.pages.public import public_router
from services.reporting.adapters.pages.routes import pages_router
from services.reporting.core.dossier_obligations import KINDS
from services.reporting.main import STATIC
from services.reporting.settings import ReportingSettings
from shared.calendar.zone import ICT
from shared.events import dossiers, obligations
from shared.events.envelope import Event
from shared.events.lookup import lookup_hash
from shared.ops.health import Health
from shared.ops.metrics import Metrics
from shared.ops.settings import derive_key
from shared.web.app import build_app, mount_public
from shared.web.keys import mint
from shared.web.principal import Role
from shared.web.probes import Probes
from tests.fakes.histories import WORKFLOW, Teller, province
from tests.fakes.matters import matters
from tests.fakes.reporting import MemoryReporting

NOW = datetime(2026, 11, 23, 9, 12, tzinfo=ICT)
UNITS = ("06046", "06112", "06115", "06148", "06151", "06184")
SECRET = "ABCDEFGHIJ"
KNOWN = "H37.117-261120-9001"
IMPORTED = "case-10011"


class Site:
    """The pages, the store beneath them, and keys to open them with."""

    def __init__(self, folder: Path, events: Sequence[Event] = ()) -> None:
        (folder / "secret").write_bytes(os.urandom(48))
        self.folder = folder
        self.settings = ReportingSettings(
            keys_file=folder / "keys.json", secret_file=folder / "secret"
        )
        self.lookup_key = derive_key(self.settings.secret(), "lookup-hash")
        self.reporting = MemoryReporting(bundled_reference(), NOW)
        self.take(events)
        self.app = self._build()

    def take(self, events: Sequence[Event]) -> None:
        """Take events in."""

        async def all_of_them() -> None:
            for start in range(0, len(events), 200):
                await self.reporting.take(events[start : start + 200])

        asyncio.run(all_of_them())

    def key(self, role: Role, *units: str) -> str:
        """Make a key."""
        return mint(self.folder / "keys.json", role=role, units=units or "*")

    def _build(self) -> FastAPI:
        async def status() -> Mapping[str, Any]:
            return {"service": "reporting"}

        memory = self.reporting
        desk = Desk(
            facts=memory.facts,
            figures=memory.figures,
            rows=memory.rows,
            source=memory.apply.reference,
            clock=memory.clock,
            lookup_key=self.lookup_key,
        )
        app = build_app(
            self.settings,
            title="reporting",
            probes=Probes(Health(), Metrics(CollectorRegistry(), process=False), status),
            routers=[
                api_router(desk),
                downloads_router(desk),
                pages_router(desk),
                public_router(desk),
            ],
            lifespan=nullcontext,
        )
        mount_public(app, "/static", StaticFiles(directory=STATIC))
        app.state.desk_url = self.settings.desk_url
        return app

    def known(self) -> list[Event]:
        """Tell a dossier whose secret is known, waiting for its applicant."""
        teller = Teller(KNOWN, "06112")
        told = datetime(2026, 11, 20, 8, tzinfo=ICT)
        accepted = dossiers.DossierAccepted(
            procedure="1.004873",
            channel="online",
            lookup_hash=lookup_hash(self.lookup_key, KNOWN, SECRET),
        )
        teller.tell(accepted, told)
        asked = dossiers.DossierSupplementRequested(items=("a1",), number=1, in_person=True)
        teller.tell(asked, told + timedelta(hours=2))
        return teller.events


def a_fortnight(seed: int = 3) -> list[Event]:
    """Tell two weeks of six centres, and one dossier of an import that cannot have been so."""
    events = province(
        seed, bundled_reference(), first=date(2026, 11, 9), now=NOW, per_day=14, units=UNITS
    )
    beside = matters(seed, UNITS, first=datetime(2026, 11, 3, 8, tzinfo=ICT), now=NOW)
    return [*events, *beside, *imported(), *delayed(), *obliged()]


def obliged(kinds: Sequence[str] = KINDS) -> list[Event]:
    """Return dossiers with an obligation of each kind: one met, one missed, one open."""
    found: list[Event] = []
    start = datetime(2026, 11, 17, 9, tzinfo=ICT)
    for number, kind in enumerate(kinds):
        for course, days in enumerate((1, 3, None)):
            teller = Teller(f"H37.117-261117-92{number}{course}", "06112")
            sent = dossiers.DossierSubmitted(procedure="1.004873", channel="online")
            teller.tell(sent, start)
            due = start + timedelta(days=2)
            which = {"obligation": kind, "kind": kind, "unit": "06112"}
            until = due if kind == "supplement_closing" else None
            opened = obligations.ObligationOpened(
                **which, opened_at=start, due=due, limit=due, applicant_until=until
            )
            teller.tell(opened, start, source=WORKFLOW)
            if days is not None:
                end = start + timedelta(days=days)
                done = obligations.ObligationDischarged(**which, at=end, in_time=end <= due)
                teller.tell(done, end, source=WORKFLOW)
            found += teller.events
    return found


def delayed() -> list[Event]:
    """Tell dossiers that outages held up: each of one, one of two links and of its centre."""
    found: list[Event] = []
    of = {
        "H37.117-261112-9101": ("connection/lgsp",),
        "H37.117-261112-9102": ("connection/lgsp", "connection/civil-status-db"),
        "H37.117-261112-9103": ("interruption/i0", "connection/civil-status-db"),
    }
    for code, matters_of in of.items():
        teller = Teller(code, "06112")
        start = datetime(2026, 11, 12, 9, tzinfo=ICT)
        teller.tell(dossiers.DossierAccepted(procedure="1.004873", channel="direct"), start)
        due = start + timedelta(days=1)
        which = {"obligation": "dossier_deadline", "kind": "dossier_deadline", "unit": "06112"}
        opened = obligations.ObligationOpened(**which, opened_at=start, due=due, limit=due)
        teller.tell(opened, start, source=WORKFLOW)
        for days, matter in enumerate(matters_of):
            rung = obligations.ObligationRungReached(
                **which,
                rung=f"overdue_{days}",
                rung_at=due,
                role="chairman",
                incident=f"06112/{matter}~0123456789ab",
            )
            teller.tell(rung, due + timedelta(days=days), source=WORKFLOW)
        teller.tell(dossiers.DossierCompleted(), start + timedelta(days=5))
        found += teller.events
    return found


def imported() -> list[Event]:
    """Tell a dossier of another system's log: it ended before anything happened to it."""
    teller = Teller(IMPORTED, "06112", backfill=True)
    start = datetime(2026, 11, 3, 9, tzinfo=ICT)
    accepted = dossiers.DossierAccepted(
        procedure="1.004873", channel="direct", given=start + timedelta(days=10)
    )
    teller.tell(accepted, start)
    teller.tell(dossiers.DossierCompleted(), start + timedelta(days=2))
    step = {"step": "t02", "agency": "group-1"}
    teller.tell(
        dossiers.DossierStepFinished(**step), start + timedelta(days=3), mark="after-end"
    )
    return teller.events
