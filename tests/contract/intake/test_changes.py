"""Two persons change the calendar or a rule: over HTTP, over events, and never one alone."""

import asyncio
import json
from typing import Any

import pytest

from services.intake.core.state import REFERENCE_SUBJECT, Subject
from services.workflow.core.proposing import Draft, draft
from shared.events.topics import REFERENCE
from shared.reference.proposals import Kind
from shared.subjects.document import Document
from tests.contract.intake.doors import HttpDoor, kafka_door, record, rejections
from tests.fakes.intake import UNIT, World, event

DAY = {"day": "2027-01-04", "kind": "off", "reason": "swap", "source": "CV 1/2026"}
SUBJECT = "calendar:VN-2027-01-04"
LIMIT = {
    "procedure": "1.004873",
    "channel": "online",
    "limit": {"unit": "working_days", "value": 2},
    "valid_from": "2026-12-01",
    "source": "NĐ 1/2026",
}
HORIZON = {"day": "2026-12-31", "kind": "published_through"}
EXPIRED = {"procedure": "1.004873", "expired_on": "2026-11-01"}
Body = dict[str, Any]


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> HttpDoor:
    """One application for all tests of this module."""
    return HttpDoor(World(), tmp_path_factory.mktemp("door"))


@pytest.fixture
def world() -> World:
    """An intake that has numbered the bundled reference data."""
    world = World()
    document = Document[Subject](REFERENCE_SUBJECT, state=Subject())
    document.emitted[REFERENCE.name] = world.view.version
    asyncio.run(world.subjects.save([document], pending_at=world.wall))
    return world


@pytest.fixture
def http(standing: HttpDoor, world: World) -> HttpDoor:
    """The application before the fresh intake."""
    standing.use(world)
    return standing


class Person:
    """Somebody at the HTTP door; each request is new unless its key is given."""

    def __init__(self, http: HttpDoor, key: str) -> None:
        self.http, self.key, self.asked = http, key, 0

    async def post(self, path: str, body: Body, key: str | None = None) -> tuple[int, Any]:
        """Ask for something and return status and answer."""
        self.asked += 1
        headers = {"idempotency-key": key or f"{self.key[3:13]}-{self.asked}"}
        async with self.http.client(self.key) as client:
            response = await client.post(path, json=body, headers=headers)
        return response.status_code, response.json()

    async def proposals(self) -> list[Body]:
        """Return what waits for a second person."""
        async with self.http.client(self.key) as client:
            found: list[Body] = (await client.get("/v1/proposals")).json()["proposals"]
        return found


def rules_of(answer: Body) -> list[tuple[str, str]]:
    """Return what is wrong, and where."""
    return [(one["rule"], one["path"]) for one in answer["faults"]]


def published(world: World) -> list[tuple[str, str | None]]:
    """Return what was decided, and by whom."""
    return [
        (one["type"].removeprefix("vn.motcua."), one["data"].get("by"))
        for one in world.stream(REFERENCE.name)
    ]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("kind", "row", "subject"),
    [
        ("calendar", DAY, SUBJECT),
        ("calendar", DAY | {"unit": UNIT}, f"calendar:{UNIT}-2027-01-04"),
        ("rule", LIMIT, "rule:1.004873-online-2026-12-01"),
    ],
)
async def test_one_proposes_and_another_approves(
    http: HttpDoor, world: World, kind: str, row: Body, subject: str
) -> None:
    """The row holds from the approval on; the events say who did what."""
    first, second = Person(http, http.keys.first), Person(http, http.keys.second)
    status, told = await first.post(f"/v1/proposals/{kind}", row)
    assert (status, told["subject"]) == (201, subject), told
    (waiting,) = await second.proposals()
    assert (waiting["proposal"], waiting["proposed_by"]) == (subject, "p-20-officer-1")
    assert waiting["row"]["source"] == row["source"]
    seen = {"seen": waiting["seen"]}
    status, refused = await first.post(f"/v1/proposals/{subject}/approve", seen)
    assert (status, rules_of(refused)) == (403, [("approval-by-proposer", "/by")])
    status, told = await second.post(f"/v1/proposals/{subject}/approve", seen)
    assert status == 201, told
    assert await second.proposals() == []
    await world.relay.finish()
    assert published(world) == [
        (f"{kind}.proposed.v1", "p-20-officer-1"),
        (f"{kind}.approved.v1", "p-20-officer-2"),
    ]


@pytest.mark.asyncio
async def test_the_same_request_has_its_effect_once(http: HttpDoor, world: World) -> None:
    """A repeat, also a later one, gets the first answer; other requests are their own."""
    first, second = Person(http, http.keys.first), Person(http, http.keys.second)
    made = await first.post("/v1/proposals/calendar", DAY, "once")
    world.later(minutes=5)
    again = await first.post("/v1/proposals/calendar", DAY, "once")
    assert (made[0], again[0], again[1]["repeated"]) == (201, 200, True)
    assert made[1] | {"repeated": True} == again[1]
    twice = await first.post("/v1/proposals/calendar", DAY, "another")
    assert rules_of(twice[1]) == [("proposal-repeated", "")]
    (waiting,) = await second.proposals()
    seen = {"seen": waiting["seen"]}
    approved = await second.post(f"/v1/proposals/{SUBJECT}/approve", seen, "yes")
    world.later(minutes=5)
    repeated = await second.post(f"/v1/proposals/{SUBJECT}/approve", seen, "yes")
    assert (approved[0], repeated[0]) == (201, 200)
    await world.relay.finish()
    assert len(published(world)) == 2


@pytest.mark.asyncio
async def test_what_was_withdrawn_or_changed_meanwhile_cannot_be_approved(
    http: HttpDoor, world: World
) -> None:
    """Who approves says what they saw; a withdrawn proposal is none."""
    first, second = Person(http, http.keys.first), Person(http, http.keys.second)
    await first.post("/v1/proposals/calendar", DAY)
    (before,) = await second.proposals()
    await first.post("/v1/proposals/calendar", DAY | {"source": "CV 2/2026"})
    path, seen = f"/v1/proposals/{SUBJECT}/approve", {"seen": before["seen"]}
    assert rules_of((await second.post(path, seen))[1]) == [("approval-differs", "/seen")]
    (now,) = await second.proposals()
    seen = {"seen": now["seen"]}
    assert (await second.post(f"/v1/proposals/{SUBJECT}/withdraw", seen))[0] == 201
    assert rules_of((await second.post(path, seen))[1]) == [
        ("approval-without-proposal", "/subject")
    ]
    assert rules_of((await first.post(f"/v1/proposals/{SUBJECT}/withdraw", seen))[1]) == [
        ("withdrawal-without-proposal", "/subject")
    ]
    await world.relay.finish()
    assert [name for name, _ in published(world)] == [
        "calendar.proposed.v1",
        "calendar.proposed.v1",
        "calendar.withdrawn.v1",
    ]


_KINDS: dict[str, Kind] = {"calendar": "calendar", "rule": "rule"}
BAD: list[tuple[str, Body, str, str]] = [
    ("calendar", DAY | {"day": "2026-11-28"}, "day-already-so", "/day"),
    ("calendar", DAY | {"kind": "closed"}, "not-in-list", "/kind"),
    ("calendar", DAY | {"unit": "99999"}, "unknown-unit", "/unit"),
    ("calendar", {**DAY, "source": None}, "missing-field", "/source"),
    ("calendar", DAY | {"day": "4/1/2027"}, "wrong-shape", "/day"),
    ("calendar", DAY | HORIZON, "published-already", "/day"),
    ("calendar", DAY | {"by": "p-20-officer-2"}, "by-other-person", "/by"),
    ("rule", LIMIT | {"procedure": "9.999999"}, "unknown-procedure", "/procedure"),
    ("rule", LIMIT | {"limit": {"unit": "weeks", "value": 1}}, "not-in-list", "/limit/unit"),
    ("rule", LIMIT | {"limit": {"unit": "hours"}}, "limit-not-allowed", "/limit/value"),
    ("rule", {**LIMIT, "channel": None}, "rule-overlaps", "/valid_from"),
    ("rule", LIMIT | {"valid_to": "2026-11-01"}, "wrong-order", "/valid_to"),
]


@pytest.mark.asyncio
@pytest.mark.parametrize(("kind", "row", "rule", "path"), BAD)
async def test_a_bad_row_is_refused_alike_at_both_doors_and_on_the_page(
    http: HttpDoor, world: World, kind: str, row: Body, rule: str, path: str
) -> None:
    """What, where and how to mend it; nothing is recorded."""
    row = {name: item for name, item in row.items() if item is not None}
    before = json.dumps(world.subjects.rows, default=str)
    status, refused = await Person(http, http.keys.first).post(f"/v1/proposals/{kind}", row)
    assert (status, rules_of(refused)) == (
        403 if rule == "by-other-person" else 422,
        [(rule, path)],
    )
    assert json.dumps(world.subjects.rows, default=str) == before
    if rule == "by-other-person":
        return  # Over Kafka the publisher vouches for the persons that it names.
    name, row_id = ("row", "VN-x") if kind == "calendar" else ("rule", "x")
    data = {name: row_id, "by": "p-20-officer-1", **row}
    made = event(f"{kind}.proposed", f"{kind}:{row_id}", data, publisher="workflow")
    await kafka_door(world)([record(json.dumps(made).encode(), 0, publisher="workflow")])
    (refusal,) = rejections(world, "workflow")
    (one,), (other,) = refused["faults"], refusal["faults"]
    assert (other["rule"], other["path"]) == (rule, f"/data{path}")
    assert (one["detail"], one["remedy"]) == (other["detail"], other["remedy"])
    by, now = "p-20-officer-1", world.clock.now()
    on_page = draft(world.view, _KINDS[kind], row, by=by, now=now)
    assert isinstance(on_page, list), on_page
    assert [each.to_document() for each in on_page] == [other]


@pytest.mark.asyncio
@pytest.mark.parametrize(("kind", "row"), [("calendar", DAY), ("rule", LIMIT)])
async def test_what_the_page_sends_is_recorded_as_at_the_other_doors(
    http: HttpDoor, world: World, kind: str, row: Body
) -> None:
    """The same row under the same id; sent twice it is proposed once."""
    made = draft(world.view, _KINDS[kind], row, by="p-20-officer-1", now=world.clock.now())
    assert isinstance(made, Draft)
    value = json.dumps(made.told.value).encode()
    door = kafka_door(world)
    await door([record(value, 0, publisher="workflow")])
    await door([record(value, 1, publisher="workflow")])
    assert rejections(world, "workflow") == []
    first, second = Person(http, http.keys.first), Person(http, http.keys.second)
    (waiting,) = await second.proposals()
    assert (waiting["proposal"], waiting["seen"], waiting["proposed_by"]) == (
        made.proposal.subject,
        made.proposal.event,
        "p-20-officer-1",
    )
    refused = (await first.post(f"/v1/proposals/{kind}", row))[1]
    assert rules_of(refused) == [("proposal-repeated", "")], "it is the very same row"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("key", "by", "status", "rule"),
    [
        ("loader", None, 201, None),  # The baseline is loaded by a machine.
        ("province", None, 403, "key-without-person"),
        ("province", "p-20-officer-2", 403, "key-without-person"),
        ("first", None, 403, "by-other-person"),
        ("first", "p-20-officer-2", 403, "by-other-person"),
        ("first", "p-20-officer-1", 422, "approval-without-proposal"),
        ("publisher", None, 403, "wrong-source"),
    ],
)
async def test_nobody_decides_alone_by_sending_the_event_itself(
    http: HttpDoor, key: str, by: str | None, status: int, rule: str | None
) -> None:
    """A person's key decides in that person's name; a machine loads what nobody proposed."""
    data = {"row": "VN-2027-01-04", **DAY, **({"by": by} if by else {})}
    made = event("calendar.approved", SUBJECT, data, publisher="province")
    async with http.client(getattr(http.keys, key)) as client:
        response = await client.post("/v1/events", json=made)
    assert response.status_code == status, response.text
    if rule is not None:
        assert response.json()["faults"][0]["rule"] == rule


@pytest.mark.asyncio
async def test_the_page_of_workflow_may_send_decisions_of_persons_and_nothing_else(
    http: HttpDoor, world: World
) -> None:
    """A proposal of a person passes; one of nobody, a procedure and another source do not."""
    row = {"row": "VN-2027-01-04", **DAY}
    sent = [
        event("calendar.proposed", SUBJECT, {**row, "by": "p-20-a"}, publisher="workflow"),
        event("calendar.approved", SUBJECT, row, publisher="workflow"),
        event("procedure.expired", "procedure:1.004873", EXPIRED, publisher="workflow"),
    ]  # fmt: skip
    records = [
        record(json.dumps(made).encode(), number, publisher="workflow")
        for number, made in enumerate(sent)
    ]
    await kafka_door(world)(records)
    told = [one["faults"][0]["path"] for one in rejections(world, "workflow")]
    assert sorted(told) == ["/data/by", "/type"]
    assert [one["proposal"] for one in await Person(http, http.keys.first).proposals()] == [
        SUBJECT
    ]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("key", "listing", "proposing"),
    [
        ("clerk", 403, 403),
        ("director", 403, 403),
        ("operator", 200, 403),
        ("province", 200, 403),
    ],
)
async def test_the_province_alone_decides(
    http: HttpDoor, key: str, listing: int, proposing: int
) -> None:
    """Others may look or may not; a key without a person decides nothing."""
    async with http.client(getattr(http.keys, key)) as client:
        looked = await client.get("/v1/proposals")
        asked = await client.post(
            "/v1/proposals/calendar", json=DAY, headers={"idempotency-key": "k"}
        )
        without = await client.post("/v1/proposals/calendar", json=DAY)
    assert (looked.status_code, asked.status_code) == (listing, proposing)
    assert without.status_code == (400 if key == "province" else 403)


@pytest.mark.asyncio
async def test_what_is_in_force_can_be_asked(http: HttpDoor, world: World) -> None:
    """Every day and every limit that holds; a row comes in when a second person approved it."""
    first, second = Person(http, http.keys.first), Person(http, http.keys.second)

    async def held(path: str, rows: str) -> dict[str, Body]:
        async with http.client(http.keys.clerk) as client:
            answer = (await client.get(path)).json()
        return {one.get("row") or one["rule"]: one for one in answer[rows]}

    days, limits = await held("/v1/calendar", "days"), await held("/v1/limits", "limits")
    assert days.keys() == world.view.calendars.rows.keys()
    assert len(limits) == sum(map(len, world.view.rules.by_procedure.values()))
    for kind, row in (("calendar", DAY | {"unit": UNIT}), ("rule", LIMIT)):
        await first.post(f"/v1/proposals/{kind}", row)
    assert await held("/v1/calendar", "days") == days, "what waits does not hold"
    for one in await second.proposals():
        await second.post(f"/v1/proposals/{one['proposal']}/approve", {"seen": one["seen"]})
    new_days = await held("/v1/calendar", "days")
    new_limits = await held("/v1/limits", "limits")
    (day,) = [new_days[one] for one in new_days.keys() - days.keys()]
    (limit,) = [new_limits[one] for one in new_limits.keys() - limits.keys()]
    assert (day["day"], day["unit"], day["by"]) == ("2027-01-04", UNIT, "p-20-officer-2")
    assert limit["limit"] == {
        "unit": "working_days",
        "value": 2,
        "cutoff": "15:00",
        "roll": "next_working_day",
        "promise_at": "close",
        "after_hours": "as_accepted",
        "outside_opening": "as_is",
        "after_supplement": "restart",
    }
    async with http.client(http.keys.clerk) as client:
        span = (await client.get("/v1/calendar")).json()["published"]
    assert span == {"first": "2024-01-01", "last": "2027-10-31"}
