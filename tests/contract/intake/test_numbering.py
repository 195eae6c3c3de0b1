"""Numbering rights over HTTP and Kafka: who registers them, and what they change at once."""

import json
from itertools import count
from typing import Any

import httpx2
import pytest

from services.intake.usecases import grants
from tests.contract.intake.doors import HttpDoor, kafka_door, record, rejections
from tests.fakes.intake import (
    LOOKUP,
    OTHER_UNIT,
    PROCEDURE,
    UNIT,
    World,
    event,
    reference,
)

KEYS = count()
LINKED = "3.000722"
JSON = {"content-type": "application/cloudevents+json"}
ROUTE = "/v1/numbering"


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> HttpDoor:
    """One application for all tests of this module."""
    return HttpDoor(World(), tmp_path_factory.mktemp("door"))


@pytest.fixture
def world() -> World:
    """A fresh intake in which no publisher is registered."""
    made = World()
    made.grants.kept.clear()
    return made


@pytest.fixture
def http(standing: HttpDoor, world: World) -> HttpDoor:
    """The application before the fresh intake."""
    standing.use(world)
    return standing


async def walk_in(http: HttpDoor, **fields: str) -> httpx2.Response:
    """Receive one citizen at the counter."""
    async with http.client(http.keys.clerk) as client:
        return await client.post(
            "/v1/dossiers",
            json={"unit": UNIT, "procedure": PROCEDURE} | fields,
            headers={"idempotency-key": f"walk-in-{next(KEYS)}"},
        )


async def submit(http: HttpDoor, code: str) -> httpx2.Response:
    """Let the portal, a publisher that calls itself `counter`, submit under a code."""
    made = event("dossier.submitted", code, {"channel": "online"}, publisher="counter")
    async with http.client(http.keys.portal) as client:
        return await client.post("/v1/events", content=json.dumps(made), headers=JSON)


async def operator(http: HttpDoor, method: str, path: str = "") -> httpx2.Response:
    """Ask as the operator."""
    async with http.client(http.keys.operator) as client:
        return await client.request(method, ROUTE + path)


def after(answer: httpx2.Response) -> str:
    """Return the code that a counter gives next."""
    stem, number = answer.json()["code"].rsplit("-", 1)
    return f"{stem}-{int(number) + 1:04d}"


@pytest.mark.asyncio
async def test_a_portal_cannot_take_the_counters_next_code(http: HttpDoor) -> None:
    """403, with the option that would allow it; both citizens have a dossier of their own."""
    first = await walk_in(http)
    refused = await submit(http, after(first))
    second = await walk_in(http)
    assert (first.status_code, refused.status_code, second.status_code) == (201, 403, 201)
    (fault,) = refused.json()["faults"]
    assert (fault["rule"], fault["path"]) == ("may-not-number", "/subject")
    assert "motcua topics add-publisher counter --numbers-for" in fault["remedy"]
    assert second.json()["code"] == after(first)


@pytest.mark.asyncio
async def test_a_registered_portal_numbers_and_the_counter_goes_on(http: HttpDoor) -> None:
    """Registered without a restart: 201 for all three, and three codes, three secrets."""
    first = await walk_in(http)
    added = await operator(http, "PUT", f"/counter/{UNIT}")
    taken = await submit(http, after(first))
    second = await walk_in(http)
    assert added.json()["added"] is True
    assert [one.status_code for one in (first, taken, second)] == [201, 201, 201]
    codes = [first.json()["code"], taken.json()["subject"], second.json()["code"]]
    assert len(set(codes)) == 3
    assert second.json()["lookup_secret"] == LOOKUP.secret_of(codes[2])


@pytest.mark.asyncio
async def test_the_code_says_which_agency_is_competent(http: HttpDoor) -> None:
    """For a group of linked procedures it says who received it; online the portal numbers."""
    elsewhere = await walk_in(http, competent_unit=OTHER_UNIT)
    group = await walk_in(http, competent_unit=OTHER_UNIT, procedure=LINKED)
    online = await walk_in(http, procedure=LINKED, channel="online")
    unknown = await walk_in(http, competent_unit="99999")
    prefix = reference().unit(OTHER_UNIT).electronic_id
    assert elsewhere.json()["code"] == f"{prefix}-261123-0001"
    assert group.json()["code"] == "H37.117-261123-0001"
    assert (online.status_code, unknown.status_code) == (422, 422)
    (fault,) = online.json()["faults"]
    assert (fault["rule"], fault["path"]) == ("portal-numbers-it", "/channel")
    (fault,) = unknown.json()["faults"]
    assert (fault["rule"], fault["path"]) == ("unknown-unit", "/competent_unit")
    async with http.client(http.keys.clerk) as client:
        made = event(
            "dossier.submitted",
            "G09.20-20261123-0000001",
            {"procedure": LINKED, "channel": "online"},
            publisher="counter",
        )
        passed_on = await client.post("/v1/events", content=json.dumps(made), headers=JSON)
    assert passed_on.status_code == 201


@pytest.mark.asyncio
async def test_rights_are_listed_and_removed(http: HttpDoor) -> None:
    """Adding twice changes nothing; removing one leaves the others; all go together."""
    for one in (UNIT, "H37.*", "G15"):
        assert (await operator(http, "PUT", f"/counter/{one}")).json()["added"] is True
    assert (await operator(http, "PUT", "/counter/G15")).json()["added"] is False
    listed = (await operator(http, "GET")).json()
    assert listed["pattern"] == "{electronic_id}-{yyMMdd}-{seq:04d}"
    assert [(row["publisher"], row["numbers_for"]) for row in listed["grants"]] == [
        ("counter", UNIT),
        ("counter", "G15"),
        ("counter", "H37.*"),
    ]
    assert (await submit(http, "H37.117-261123-0500")).status_code == 201
    removed = [
        (await operator(http, "DELETE", path)).json()["removed"]
        for path in ("/counter/H37.*", "/counter/H37.*", "/nobody", "/counter")
    ]
    assert removed == [1, 0, 0, 2]
    assert (await submit(http, "H37.117-261123-0501")).status_code == 403
    assert (await operator(http, "GET")).json()["grants"] == []


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/counter/99999", 422),  # No such unit.
        ("/counter/*", 422),
        ("/counter/H37*", 422),
        ("/Counter!/06112", 422),
        ("/counter/" + "H" * 41, 422),
    ],
)
async def test_what_is_no_unit_and_no_prefix_is_refused(
    http: HttpDoor, path: str, status: int
) -> None:
    """Nothing is registered that could give more than it says, or nothing."""
    assert (await operator(http, "PUT", path)).status_code == status
    assert (await operator(http, "GET")).json()["grants"] == []


@pytest.mark.asyncio
async def test_a_full_register_is_a_conflict(
    http: HttpDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of rights is bounded; the answer says what to do instead."""
    monkeypatch.setattr(grants, "GRANTS_MAX", 1)
    assert (await operator(http, "PUT", f"/counter/{UNIT}")).status_code == 200
    full = await operator(http, "PUT", "/counter/G15")
    assert full.status_code == 409
    assert "H37.*" in full.json()["detail"]


@pytest.mark.asyncio
async def test_only_an_operator_changes_them(http: HttpDoor) -> None:
    """Province and auditor read; nobody else does either."""
    asked: dict[str, list[int]] = {}
    for role in ("operator", "province", "clerk", "director", "publisher"):
        async with http.client(getattr(http.keys, role)) as client:
            asked[role] = [
                (await client.get(ROUTE)).status_code,
                (await client.put(f"{ROUTE}/counter/{UNIT}")).status_code,
                (await client.delete(f"{ROUTE}/counter/{UNIT}")).status_code,
                (await client.delete(f"{ROUTE}/counter")).status_code,
            ]
    async with http.client() as client:
        assert (await client.get(ROUTE)).status_code == 401
    closed = [403] * 3
    assert asked == {
        "operator": [200] * 4,
        "province": [200, *closed],
        "clerk": [403, *closed],
        "director": [403, *closed],
        "publisher": [403, *closed],
    }


@pytest.mark.asyncio
async def test_a_clerk_opens_nothing_at_another_unit(http: HttpDoor) -> None:
    """Neither with its own unit as the competent one, nor under the other's prefix."""
    told: list[tuple[int, str]] = []
    async with http.client(http.keys.elsewhere) as client:
        changes: tuple[dict[str, Any], ...] = (
            {"receivingunit": UNIT, "competentunit": "06001"},
            {"receivingunit": "06001"},
        )
        for number, change in enumerate(changes, start=1):
            code = f"H37.117-261123-000{number}"
            made = event("dossier.accepted", code, publisher="counter", **change)
            answer = await client.post("/v1/events", content=json.dumps(made), headers=JSON)
            told.append((answer.status_code, answer.json()["faults"][0]["rule"]))
    assert told == [(403, "not-allowed"), (403, "may-not-number")]
    assert (await walk_in(http)).json()["code"] == "H37.117-261123-0001"


@pytest.mark.asyncio
async def test_the_kafka_door_refuses_with_the_same_words(world: World) -> None:
    """The reason stands on the publisher's topic of rejections."""
    made = event("dossier.submitted", "H37.117-261123-0002")
    await kafka_door(world)([record(json.dumps(made).encode(), 0)])
    (rejection,) = rejections(world)
    (fault,) = rejection["faults"]
    assert fault["rule"] == "may-not-number"
    assert "motcua topics add-publisher demo --numbers-for" in fault["remedy_vi"]
