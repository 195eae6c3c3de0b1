"""What the routes answer, and to whom."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from services.workflow.adapters.http import Window, obligations_router, reachability_router
from services.workflow.adapters.preview import Previews, preview_router
from services.workflow.usecases.preview import PreviewChange
from shared.events.reference import CalendarProposed
from shared.ops.clock import FixedClock
from shared.ops.health import Health
from shared.ops.metrics import Metrics
from shared.web.app import build_app
from shared.web.keys import mint
from shared.web.probes import Probes
from tests.fakes.subjects import FixedReference
from tests.fakes.workflow import Durable, MemoryIndex, Process
from tests.integration.workflow.running import settings_of
from tests.unit.workflow.province import OTHER_UNIT, UNIT, day_off, decide, province
from tests.unit.workflow.scenario import moment
from tests.unit.workflow.test_sweep import accepted

CODE = "H37.100-260105-0001"


async def no_status() -> dict[str, Any]:
    """Return nothing: these tests do not ask."""
    return {}


class Office:
    """An application over one dossier that is overdue, and keys to ask with."""

    def __init__(self, folder: Path) -> None:
        self.durable = durable = Durable(province(), FixedClock(moment("2026-01-05 09:00")))
        asyncio.run(Process(durable).applies([accepted(1)]))
        durable.clock.instant = durable.mark.at = moment("2026-01-08 18:00")
        asyncio.run(Process(durable).sweep())
        proposal = CalendarProposed.model_validate(
            {**day_off(date(2026, 1, 7)).model_dump(), "by": "p-20-province"}
        )
        durable.reference = decide(durable.reference, proposal)
        previews = Previews(
            PreviewChange(
                MemoryIndex(durable.subjects),
                FixedReference(durable.reference),
                durable.clock,
                lambda: 0.0,
            ),
            MemoryIndex(durable.subjects),
            lambda: durable.reference,
        )
        window = Window(MemoryIndex(durable.subjects), lambda: durable.reference, durable.clock)
        keys = folder / "keys.json"
        self.keys = {
            "province": mint(keys, role="province", days=1),
            "director": mint(keys, role="director", units=[UNIT], days=1),
            "elsewhere": mint(keys, role="director", units=[OTHER_UNIT], days=1),
            "publisher": mint(keys, role="publisher", publisher="kiosk", days=1),
        }
        settings = settings_of(folder, "127.0.0.1:1", "mongodb://127.0.0.1:1")
        probes = Probes(Health(), Metrics(CollectorRegistry()), no_status)
        self.app: FastAPI = build_app(
            settings,
            title="test",
            probes=probes,
            routers=[
                obligations_router(window),
                reachability_router(window),
                preview_router(previews),
            ],
        )

    def get(self, path: str, key: str | None = "province") -> httpx2.Response:
        """Ask with a key."""

        async def ask() -> httpx2.Response:
            transport = httpx2.ASGITransport(app=self.app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://t") as client:
                headers = {"authorization": f"Bearer {self.keys[key]}"} if key else {}
                return await client.get(path, headers=headers)

        return asyncio.run(ask())


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """One office for all questions: they change nothing."""
    return Office(tmp_path_factory.mktemp("office"))


def test_everything_that_is_owed_in_a_dossier(office: Office) -> None:
    """State, cycles, rungs, each with its moment."""
    body = office.get(f"/v1/obligations/{CODE}").json()
    owed = {one["obligation"]: one for one in body["obligations"]}
    assert owed["dossier_deadline"]["due"] == "2026-01-08T17:00:00+07:00"
    rungs = {rung["rung"]: rung for rung in owed["dossier_deadline"]["cycles"][0]["rungs"]}
    assert rungs["overdue"]["status"] == "raised"
    assert rungs["overdue"]["role"] == "chairman"


@pytest.mark.parametrize(
    ("language", "name"),
    [("vi", "Thời hạn giải quyết hồ sơ"), ("en", "Legal deadline of a dossier")],
)
def test_why_a_date_is_that_date(office: Office, language: str, name: str) -> None:
    """Every counted day, in both languages, with the article behind it."""
    body = office.get(f"/v1/explain/{CODE}?lang={language}").json()
    deadline = body["obligations"][0]
    assert deadline["name"] == name
    counts = [row["count"] for row in deadline["ledger"]]
    assert [count for count in counts if count != "–"][-1] == "3"
    assert any(row["law"] for row in deadline["ledger"])


def test_what_is_open_comes_most_pressing_first(office: Office) -> None:
    """Overdue things first, the oldest of them on top."""
    rows = office.get("/v1/open").json()["open"]
    assert [row["obligation"] for row in rows] == ["apology_slip", "dossier_deadline"]
    assert all(row["overdue"] for row in rows)


def test_what_a_proposal_would_move(office: Office) -> None:
    """Who proposed what, the counts in all and by unit, and each date before and after."""
    (listed,) = office.get("/v1/preview").json()["proposals"]
    assert listed["proposed_by"] == "p-20-province"
    body = office.get(f"/v1/preview/{listed['proposal']}?limit=1").json()
    assert body["seen"] == listed["seen"]
    assert (body["counts"]["later"], body["counts"]["stop_overdue"]) == (2, 1)
    assert body["units"][UNIT]["alerts_void"] == 1
    assert [one["obligation"] for one in body["listed"]] == ["dossier_deadline"]
    assert body["more"]


def test_what_has_no_date_is_listed_and_says_how_far_the_calendar_goes(
    tmp_path: Path,
) -> None:
    """A dossier whose limit reaches past the published days; others are not in the list."""
    office = Office(tmp_path)
    late = accepted(7, "2026-12-31 09:00")
    asyncio.run(Process(office.durable).applies([late]))
    body = office.get("/v1/undated").json()
    assert (body["published_through"], body["count"], body["more"]) == ("2026-12-31", 1, False)
    (row,) = body["undated"]
    assert (row["subject"], row["obligation"]) == (late.subject, "dossier_deadline")
    assert office.get("/v1/undated", "director").json()["undated"] == body["undated"]
    assert office.get("/v1/undated", "elsewhere").json()["undated"] == []


def test_a_director_sees_the_ladder_of_their_own_unit(office: Office) -> None:
    """The province sees all of them."""
    own = office.get("/v1/reachability", "director").json()["units"]
    assert [one["unit"] for one in own] == [UNIT]
    assert [seat["role"] for seat in own[0]["seats"] if seat["why"]] == []
    assert len(office.get("/v1/reachability").json()["units"]) == 3


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("role=chairman", 2),
        ("role=handler", 0),
        (f"person=p-{UNIT}-chairman", 2),
        ("person=p-nobody", 0),
        (f"unit={OTHER_UNIT}", 0),
        ("limit=1", 2),
        ("limit=1&page=2", 0),
    ],
)
def test_what_is_open_can_be_narrowed(office: Office, query: str, found: int) -> None:
    """To a role, a person, a unit, a number of dossiers."""
    assert len(office.get(f"/v1/open?{query}").json()["open"]) == found


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        (f"/v1/obligations/{CODE}", None, 401),
        (f"/v1/obligations/{CODE}", "publisher", 403),
        (f"/v1/obligations/{CODE}", "director", 200),
        (f"/v1/obligations/{CODE}", "elsewhere", 404),
        ("/v1/obligations/H37.100-260105-9999", "province", 404),
        (f"/v1/obligations/{'x' * 200}", "province", 404),
        (f"/v1/explain/{CODE}", "elsewhere", 404),
        ("/v1/preview", "province", 200),
        ("/v1/preview", "director", 403),
        ("/v1/undated", "director", 200),
        (f"/v1/undated?unit={UNIT}", "elsewhere", 403),
        ("/v1/undated", "publisher", 403),
        ("/v1/preview/calendar:VN/2026-01-07", "province", 200),
        ("/v1/preview/calendar:VN/2026-01-07?limit=501", "province", 422),
        ("/v1/preview/calendar:VN/2026-01-08", "province", 404),
        ("/v1/preview/calendar:VN/2026-01-07", "director", 403),
        ("/v1/preview/calendar:VN/2026-01-07", None, 401),
        (f"/v1/explain/{CODE}?lang=fr", "province", 422),
        (f"/v1/open?unit={UNIT}", "elsewhere", 403),
        ("/v1/open?unit=xyz", "province", 422),
        ("/v1/open?limit=0", "province", 422),
        ("/v1/open", "elsewhere", 200),
        ("/v1/kinds", "publisher", 200),
        ("/v1/reachability", "director", 200),
        ("/v1/reachability", "publisher", 403),
        ("/v1/reachability", None, 401),
        (f"/v1/reachability?unit={UNIT}", "elsewhere", 403),
        ("/v1/kinds", None, 401),
    ],
)
def test_who_may_ask_what(office: Office, path: str, key: str | None, status: int) -> None:
    """Default deny; what lies outside a scope is as if it were not there."""
    assert office.get(path, key).status_code == status
