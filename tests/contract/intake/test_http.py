"""The HTTP door as a client meets it: answers, repeats, rights, and what happens in trouble."""

import asyncio
import json
from typing import Any

import pytest

from services.intake.adapters.http.events import LINES_MAX
from shared.events.topics import CONTACTS, DOSSIERS
from shared.subjects.errors import UnavailableError
from tests.contract.intake.doors import HttpDoor, lines
from tests.fakes.intake import LOOKUP, PROCEDURE, UNIT, World, event, history

CODE = "H37.117-261110-0001"
NDJSON = {"content-type": "application/x-ndjson"}
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> HttpDoor:
    """One application for all tests of this module."""
    return HttpDoor(World(), tmp_path_factory.mktemp("door"))


@pytest.fixture
def world() -> World:
    """A fresh intake."""
    return World()


@pytest.fixture
def http(standing: HttpDoor, world: World) -> HttpDoor:
    """The application before the fresh intake."""
    standing.use(world)
    return standing


def dossier(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 -- Whatever a counter could send.
    """What a counter sends."""
    body = {
        "unit": UNIT,
        "procedure": PROCEDURE,
        "contact": {"name": "Nguyễn Văn A", "phone": "0912345678"},
    }
    return body | changes


@pytest.mark.asyncio
async def test_an_event_is_created_once_and_answered_the_same_again(
    http: HttpDoor, world: World
) -> None:
    """201, then 200 with the same answer; one event on the topic."""
    body = json.dumps(event("dossier.accepted", CODE)).encode()
    first = await http.post(body, {}, {"content-type": b"application/cloudevents+json"})
    again = await http.post(body, {}, {"content-type": b"application/json"})
    assert (first.status_code, again.status_code) == (201, 200)
    told, repeated = first.json(), again.json()
    assert told["lookup_secret"] == LOOKUP.secret_of(CODE)
    assert (told.pop("repeated"), repeated.pop("repeated")) == (False, True)
    assert told == repeated
    await world.relay.finish()
    (published,) = world.stream(DOSSIERS.name)
    assert published["data"]["lookup_hash"] == LOOKUP.hash_of(CODE)
    assert LOOKUP.secret_of(CODE) not in json.dumps(published)


@pytest.mark.asyncio
async def test_binary_mode_is_the_same_event(http: HttpDoor) -> None:
    """Attributes as ce- headers and the data as body; the repeat in the other form is known."""
    made = event("dossier.accepted", CODE)
    attributes = {key: str(made[key]).encode() for key in made if key != "data"}
    body = json.dumps(made["data"]).encode()
    first = await http.post(body, attributes, {"content-type": b"application/json"})
    again = await http.post(
        json.dumps(made).encode(), {}, {"content-type": b"application/cloudevents+json"}
    )
    assert (first.status_code, again.status_code) == (201, 200), first.text


@pytest.mark.asyncio
async def test_many_lines_are_answered_in_order_and_bad_ones_hold_nobody_up(
    http: HttpDoor, world: World
) -> None:
    """One receipt a line; a line that cannot be read is one fault, not the end."""
    life = history(CODE)
    body = lines(life[:3]) + b"{not json\n" + lines(life[2:])
    async with http.client(http.keys.publisher) as client:
        response = await client.post("/v1/events", content=body, headers=NDJSON)
    told = [json.loads(line) for line in response.text.splitlines()]
    assert [one["line"] for one in told] == list(range(1, len(life) + 3))
    assert [one["outcome"] for one in told] == ["applied"] * 3 + ["refused"] + ["applied"] * 7
    assert told[4]["repeated"] is True  # The third event was sent twice.
    assert told[3]["faults"][0]["rule"] == "not-json"
    await world.relay.finish()
    assert [one["sequence"] for one in world.stream(DOSSIERS.name)] == list(range(1, 10))


@pytest.mark.asyncio
async def test_too_many_lines_are_refused_whole(http: HttpDoor, world: World) -> None:
    """More lines than the limit give 413, and none is recorded."""
    made = [event("dossier.accepted", f"case-{n}") for n in range(LINES_MAX + 1)]
    async with http.client(http.keys.publisher) as client:
        response = await client.post("/v1/events", content=lines(made), headers=NDJSON)
    assert response.status_code == 413
    assert response.headers["content-type"] == "application/problem+json"
    assert world.subjects.rows == {}


@pytest.mark.asyncio
async def test_a_deadline_from_elsewhere_is_the_promise(http: HttpDoor) -> None:
    """What another system promised is printed as it is, whatever our own rule would give."""
    given = "2026-12-24T11:20:00+07:00"
    async with http.client(http.keys.clerk) as client:
        answer = await client.post(
            "/v1/dossiers",
            json=dossier(given=given),
            headers={"idempotency-key": "given-1"},
        )
    promise = answer.json()["promise"]
    assert (promise["due"], promise["limit"], promise["rule"]) == (given, given, "given")


@pytest.mark.asyncio
async def test_a_counter_gets_code_secret_and_promise(http: HttpDoor, world: World) -> None:
    """The slip's contents; personal data goes to the contacts topic and nowhere else."""
    headers = {"idempotency-key": "slip-1"}
    async with http.client(http.keys.clerk) as client:
        first = await client.post("/v1/dossiers", json=dossier(), headers=headers)
        again = await client.post("/v1/dossiers", json=dossier(), headers=headers)
        shown = await client.get(f"/v1/dossiers/{first.json()['code']}")
    assert (first.status_code, again.status_code) == (201, 200), first.text
    told = first.json()
    assert told["code"] == "H37.117-261123-0001"
    assert told["lookup_secret"] == LOOKUP.secret_of(told["code"])
    assert told["promise"]["due"] == "2026-11-27T17:00:00+07:00"
    assert {one["lang"] for one in told["promise"]["explanation"]} == {"vi", "en"}
    assert again.json() == told | {"repeated": True}
    assert shown.json()["status_name"] == "accepted"
    await world.relay.finish()
    (contact,) = world.stream(CONTACTS.name)
    assert (contact["phone"], contact["version"]) == ("0912345678", 1)
    (accepted,) = world.stream(DOSSIERS.name)
    assert accepted["contactversion"] == 1
    everywhere = [world.subjects.rows, world.contacts.rows, world.receipts.kept]
    assert "0912345678" not in repr(everywhere), "published, so no longer kept"
    assert "0912345678" not in repr(world.archive.kept)


@pytest.mark.asyncio
async def test_codes_count_on_past_9999_and_anew_each_day(http: HttpDoor, world: World) -> None:
    """A fifth digit after 9,999; the local day and the prefix have counters of their own."""
    day = world.clock.now().date()
    world.codes.last["H37.117", day] = 9_998
    codes = []
    async with http.client(http.keys.clerk) as client:
        for number in range(3):
            response = await client.post(
                "/v1/dossiers", json=dossier(), headers={"idempotency-key": f"n-{number}"}
            )
            codes.append(response.json()["code"])
            world.later(seconds=1)
        world.later(hours=15, minutes=1)  # Past midnight in Lạng Sơn, not yet in UTC.
        response = await client.post(
            "/v1/dossiers", json=dossier(), headers={"idempotency-key": "tomorrow"}
        )
    assert codes == ["H37.117-261123-9999", "H37.117-261123-10000", "H37.117-261123-10001"]
    assert response.json()["code"] == "H37.117-261124-0001"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("key", "status", "rule"),
    [
        (None, 400, "idempotency-key-missing"),
        ("a key with blanks", 400, "idempotency-key-missing"),
        ("x" * 129, 400, "idempotency-key-missing"),
    ],
)
async def test_a_dossier_needs_a_key_of_its_own(
    http: HttpDoor, key: str | None, status: int, rule: str
) -> None:
    """Without one a repeat could not be told from a second dossier."""
    headers = {} if key is None else {"idempotency-key": key}
    async with http.client(http.keys.clerk) as client:
        response = await client.post("/v1/dossiers", json=dossier(), headers=headers)
    assert (response.status_code, response.json()["faults"][0]["rule"]) == (status, rule)


@pytest.mark.asyncio
async def test_a_key_belongs_to_what_was_applied_under_it(http: HttpDoor) -> None:
    """Other content under the same key is 422; after a refusal the key is free again."""
    headers = {"idempotency-key": "k"}
    async with http.client(http.keys.clerk) as client:
        refused = await client.post(
            "/v1/dossiers", json=dossier(procedure="9.999999"), headers=headers
        )
        mended = await client.post("/v1/dossiers", json=dossier(), headers=headers)
        other = await client.post(
            "/v1/dossiers", json=dossier(channel="online"), headers=headers
        )
    assert (refused.status_code, mended.status_code, other.status_code) == (422, 201, 422)
    assert refused.json()["faults"][0]["path"] == "/procedure"
    assert other.json()["faults"][0]["rule"] == "idempotency-key-reused"


@pytest.mark.asyncio
async def test_the_same_request_at_the_same_time_is_told_to_wait(
    http: HttpDoor, world: World
) -> None:
    """409 with Retry-After while the first is being worked on; afterwards its answer."""
    entered, go_on = asyncio.Event(), asyncio.Event()
    load = world.subjects.load

    async def slow(ids: Any) -> Any:  # noqa: ANN401 -- The port's own.
        entered.set()
        await go_on.wait()
        return await load(ids)

    world.subjects.load = slow
    headers = {"idempotency-key": "twice"}
    async with http.client(http.keys.clerk) as client:
        first = asyncio.ensure_future(
            client.post("/v1/dossiers", json=dossier(), headers=headers)
        )
        await entered.wait()
        meanwhile = await client.post("/v1/dossiers", json=dossier(), headers=headers)
        go_on.set()
        assert (await first).status_code == 201
        again = await client.post("/v1/dossiers", json=dossier(), headers=headers)
    assert meanwhile.status_code == 409
    assert meanwhile.headers["retry-after"] == "1"
    assert again.status_code == 200


@pytest.mark.asyncio
async def test_a_store_that_is_away_is_503_and_nothing_is_promised(
    http: HttpDoor, world: World
) -> None:
    """Retry-After says when; once it is back the same request goes through."""

    async def away(*_arguments: object, **_named: object) -> Any:  # noqa: ANN401 -- As above.
        raise UnavailableError("the store does not answer")

    opened, world.receipts.open = world.receipts.open, away
    body = json.dumps(event("dossier.accepted", CODE)).encode()
    kind = {"content-type": b"application/json"}
    response = await http.post(body, {}, kind)
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0
    world.receipts.open = opened
    assert (await http.post(body, {}, kind)).status_code == 201


@pytest.mark.asyncio
async def test_a_broker_that_is_away_is_no_reason_to_refuse_until_the_bound(
    http: HttpDoor, world: World
) -> None:
    """What was acknowledged is in the store and goes out later; past the bound it is 503."""
    world.publisher.away = True
    body = lines(history(CODE))
    async with http.client(http.keys.publisher) as client:
        taken = await client.post("/v1/events", content=body, headers=NDJSON)
        await world.relay.finish()
        http.door.outboxes.depth = http.door.outbox_documents_max
        full = await client.post("/v1/events", content=body, headers=NDJSON)
    assert (taken.status_code, full.status_code) == (200, 503)
    assert world.stream(DOSSIERS.name) == []
    world.publisher.away = False
    world.later(seconds=10)
    await world.relay.sweep()
    assert [one["sequence"] for one in world.stream(DOSSIERS.name)] == list(range(1, 10))


@pytest.mark.asyncio
async def test_receipts_are_told_to_their_publisher_alone(http: HttpDoor) -> None:
    """Applied, refused and unknown; another publisher's is not there."""
    good, bad = (
        event("dossier.accepted", CODE),
        event("dossier.returned", CODE, {"how": "post"}),
    )
    async with http.client(http.keys.publisher) as client:
        await client.post("/v1/events", content=lines([good, bad]), headers=NDJSON)
        applied = await client.get(f"/v1/receipts/demo/{good['id']}")
        refused = await client.get(f"/v1/receipts/demo/{bad['id']}")
        unknown = await client.get("/v1/receipts/demo/nothing")
        foreign = await client.get(f"/v1/receipts/kiosk/{good['id']}")
    assert (applied.json()["outcome"], applied.json()["sequence"]) == ("applied", 1)
    assert refused.json()["faults"][0]["rule"] == "illegal-transition"
    assert (unknown.status_code, foreign.status_code) == (404, 404)


@pytest.mark.asyncio
async def test_who_may_do_what(http: HttpDoor, world: World) -> None:
    """Nobody without a key; each role its own; a unit's staff their own unit."""
    await world.send(event("dossier.accepted", CODE))
    head = {"idempotency-key": "w"}
    asked = {
        "nobody": await _status(http, None, "GET", f"/v1/dossiers/{CODE}"),
        "operator": await _status(http, http.keys.operator, "POST", "/v1/dossiers", head),
        "publisher": await _status(http, http.keys.publisher, "POST", "/v1/dossiers", head),
        "other unit": await _status(http, http.keys.elsewhere, "POST", "/v1/dossiers", head),
        "other reader": await _status(http, http.keys.elsewhere, "GET", f"/v1/dossiers/{CODE}"),
        "reader": await _status(http, http.keys.clerk, "GET", f"/v1/dossiers/{CODE}"),
        "province": await _status(http, http.keys.province, "GET", f"/v1/dossiers/{CODE}"),
        "clerk erases": await _status(http, http.keys.clerk, "DELETE", f"/v1/contacts/{CODE}"),
        "table": await _status(http, None, "GET", "/v1/transitions"),
        "units": await _status(http, None, "GET", "/v1/units"),
    }
    assert asked == {
        "nobody": 401,
        "operator": 403,
        "publisher": 403,
        "other unit": 403,
        "other reader": 404,
        "reader": 200,
        "province": 200,
        "clerk erases": 403,
        "table": 200,
        "units": 401,
    }


@pytest.mark.asyncio
async def test_an_erased_contact_stays_erased(http: HttpDoor, world: World) -> None:
    """A tombstone goes out, and neither a later contact nor a replayed event brings it back."""
    async with http.client(http.keys.clerk) as client:
        made = await client.post(
            "/v1/dossiers", json=dossier(), headers={"idempotency-key": "e"}
        )
    code = made.json()["code"]
    await world.relay.finish()
    async with http.client(http.keys.director) as client:
        proof = await client.delete(f"/v1/contacts/{code}")
        twice = await client.delete(f"/v1/contacts/{code}")
        later = await client.put(f"/v1/contacts/{code}", json={"phone": "0912345679"})
    assert (proof.status_code, twice.status_code, later.status_code) == (200, 200, 409)
    assert proof.json()["contactversion"] == twice.json()["contactversion"] == 2
    values = [out.value for out in world.publisher.published if out.topic == CONTACTS.name]
    assert [value is None for value in values] == [False, True]
    received = event(
        "dossier.supplement_requested",
        code,
        {"items": ["A"], "number": 1, "in_person": True},
        time="2026-11-23T09:00:00+07:00",
    )
    brought = event(
        "dossier.supplement_received",
        code,
        {"items": ["A"], "contact": {"phone": "0912345670"}},
        time="2026-11-23T09:01:00+07:00",
    )
    answers = await world.send(received, brought)
    assert all(answer.is_applied for answer in answers)
    assert "0912345670" not in repr(world.publisher.published)


@pytest.mark.asyncio
async def test_heartbeats_become_events_only_when_they_stop_and_come_back(
    http: HttpDoor, world: World
) -> None:
    """A silence is one loss, however often it is looked at; the return is one restoration."""
    beat = {"unit": UNIT, "system": "national-portal"}

    async def sweep() -> None:
        await world.relay.now(await http.door.connections.sweep())

    async with http.client(http.keys.clerk) as client:
        await client.post("/v1/heartbeats", json=beat)
        world.later(minutes=4)
        await sweep()
        assert world.stream("motcua.centres.v1") == []
        world.later(minutes=2)
        await sweep()
        await sweep()
        response = await client.post("/v1/heartbeats", json=beat)
        await world.relay.finish()
        outside = await client.post("/v1/heartbeats", json=beat | {"unit": "06001"})
    assert (response.status_code, outside.status_code) == (202, 403)
    told = [(one["type"], one["sequence"]) for one in world.stream("motcua.centres.v1")]
    assert told == [
        ("vn.motcua.connection.lost.v1", 1),
        ("vn.motcua.connection.restored.v1", 2),
    ]


@pytest.mark.asyncio
async def test_the_contract_is_described(http: HttpDoor) -> None:
    """OpenAPI names the routes; the catalogue is what the reference data say."""
    async with http.client(http.keys.publisher) as client:
        described = (await client.get("/openapi.json")).json()
        units = (await client.get("/v1/units")).json()
        procedures = (await client.get("/v1/procedures")).json()
        contract = (await client.get("/v1/contract")).text
        table = (await client.get("/v1/transitions")).json()
    assert {"/v1/events", "/v1/dossiers", "/v1/receipts/{publisher}/{event_id}"} <= set(
        described["paths"]
    )
    assert len(units["units"]) >= 65
    linked = {row["code"]: row["linked"] for row in procedures["procedures"]}
    assert (linked[PROCEDURE], linked["3.000722"]) == (False, True)
    assert {row["numbering"] for row in units["units"]} == {"motcua"}
    assert "vn.motcua.dossier.accepted.v1" in contract
    assert [one["number"] for one in table["statuses"]] == list(range(1, 11))


async def _status(
    http: HttpDoor, key: str | None, method: str, path: str, head: dict[str, str] | None = None
) -> int:
    body = json.dumps(dossier()).encode() if method == "POST" else None
    async with http.client(key) as client:
        response = await client.request(
            method, path, content=body, headers={**JSON, **(head or {})}
        )
    return response.status_code
