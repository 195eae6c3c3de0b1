"""Both doors hold the same events for their predecessor, and refuse them in the same words."""

import json
from typing import Any

import pytest

from services.intake.core.receipts import Outcome
from shared.events.partitioner import partition_of
from shared.events.topics import DOSSIERS, PARTITIONS, inbound
from shared.subjects.records import Record
from tests.contract.intake.cases import FRESH, OPEN, WAITING, WAITS, Case, Named
from tests.contract.intake.doors import HttpDoor, kafka_door, record, rejections
from tests.contract.intake.test_bad_input import a_world
from tests.fakes.intake import UNIT, World, event

NINE_FIFTEEN = "2026-11-23T09:15:00+07:00"


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> HttpDoor:
    """One application for all cases; each stands before a world of its own."""
    return HttpDoor(World(), tmp_path_factory.mktemp("door"))


@pytest.mark.asyncio
@pytest.mark.parametrize("case", WAITS, ids=Named)
async def test_http_answers_202_and_the_receipt_says_until_when(
    case: Case, http: HttpDoor
) -> None:
    """Held: 202, the moment and what is missing; expired: the receipt says why."""
    world = await a_world()
    http.use(world)
    published = len(world.publisher.published)
    response = await http.post(case.value, dict(case.attributes), dict(case.headers))
    assert response.status_code == 202, response.text
    told = response.json()
    assert (told["outcome"], told["until"]) == ("waiting", NINE_FIFTEEN)
    assert told["waits_for"]
    assert (await asked(http, told["event_id"]))["outcome"] == "waiting"
    again = await http.post(case.value, dict(case.attributes), dict(case.headers))
    assert (again.status_code, again.json()["until"]) == (202, NINE_FIFTEEN)
    world.later(minutes=15)
    assert await world.expires() == 1
    refused = await asked(http, told["event_id"])
    assert refused["outcome"] == "refused"
    fault = refused["faults"][0]
    assert (fault["rule"], fault["path"]) == (case.rule, case.path)
    assert len(world.publisher.published) == published, "HTTP has its receipt, and no topic"


@pytest.mark.asyncio
@pytest.mark.parametrize("case", WAITS, ids=Named)
async def test_kafka_rejects_after_the_time_what_nothing_came_for(case: Case) -> None:
    """No rejection while it waits; then one, with the record's own place and hash."""
    world = await a_world()
    one = record(case.value, 7)
    await kafka_door(world)([one])
    assert rejections(world) == []
    world.later(minutes=14)
    assert await world.expires() == 0
    await kafka_door(world)([one])
    assert rejections(world) == []
    world.later(minutes=1)
    assert await world.expires() == 1
    (refusal,) = rejections(world)
    assert (refusal["faults"][0]["rule"], refusal["faults"][0]["path"]) == (
        case.rule,
        case.path,
    )
    assert (refusal["partition"], refusal["offset"]) == (one.partition, 7)
    assert await world.expires() == 0


@pytest.mark.asyncio
async def test_lines_are_answered_by_what_became_of_them_in_the_same_request(
    http: HttpDoor,
) -> None:
    """A line that waits and is released by a later one of its request is told as applied."""
    world = await a_world()
    http.use(world)
    received = event(
        "dossier.supplement_received", OPEN, {"items": ["A"]}, time="2026-11-23T08:40:00+07:00"
    )
    requested = _requested(OPEN, "2026-11-23T08:20:00+07:00")
    alone = event("dossier.returned", OPEN, {"how": "post"}, time="2026-11-23T08:50:00+07:00")
    body = b"".join(json.dumps(one).encode() + b"\n" for one in (received, requested, alone))
    async with http.client(http.keys.publisher) as client:
        headers = {"content-type": "application/x-ndjson"}
        response = await client.post("/v1/events", content=body, headers=headers)
    told = [json.loads(line) for line in response.text.splitlines()]
    assert [one["outcome"] for one in told] == ["applied", "applied", "waiting"]
    assert [one["sequence"] for one in told[:2]] == [3, 2]


@pytest.mark.asyncio
@pytest.mark.parametrize("key", [None, b"another", OPEN.encode()[:-1]], ids=str)
async def test_a_record_of_an_unknown_dossier_under_a_wrong_key_is_told_of_its_key(
    key: bytes | None,
) -> None:
    """Refused at once, by the rule that names the cause; the remedy is the key."""
    world = World()
    door = kafka_door(world)
    await door([_record(_assigned(FRESH), key, 3)])
    (refusal,) = rejections(world)
    rules = [one["rule"] for one in refusal["faults"]]
    assert rules == ["key-not-subject", "unknown-dossier"]
    assert off_partition(door) == 1


@pytest.mark.asyncio
async def test_a_record_that_is_keyed_by_its_subject_is_told_what_was_not_sent() -> None:
    """The key is right: the first event is what is missing."""
    world = World()
    door = kafka_door(world)
    await door([record(json.dumps(_assigned(FRESH)).encode(), 0)])
    (refusal,) = rejections(world)
    assert [one["rule"] for one in refusal["faults"]] == ["unknown-dossier"]
    assert off_partition(door) == 0


@pytest.mark.asyncio
async def test_a_wrong_key_that_does_no_harm_is_applied_and_counted() -> None:
    """The event is right; only its publisher's client is not."""
    world = await a_world()
    door = kafka_door(world)
    partition = (partition_of(OPEN.encode(), PARTITIONS) + 1) % PARTITIONS
    await door(
        [
            _record(_assigned(OPEN), None, partition),
            _record(_assigned(OPEN, 1), OPEN.encode(), partition),
            record(json.dumps(_assigned(OPEN, 2)).encode(), 5),
        ]
    )
    assert rejections(world) == []
    assert len([one for one in world.stream(DOSSIERS.name) if one["subject"] == OPEN]) == 4
    assert off_partition(door) == 2


@pytest.mark.asyncio
async def test_what_waited_under_a_wrong_key_is_told_of_its_key_too() -> None:
    """It may have waited for what another partition held."""
    world = await a_world()
    late = event("dossier.returned", WAITING, {"how": "post"}, time="2026-11-23T08:50:00+07:00")
    await kafka_door(world)([_record(late, None, 1)])
    world.later(minutes=15)
    assert await world.expires() == 1
    (refusal,) = rejections(world)
    rules = [one["rule"] for one in refusal["faults"]]
    assert rules == ["key-not-subject", "illegal-transition"]
    assert (await world.receipt(late["id"])).outcome is Outcome.REFUSED


async def asked(http: HttpDoor, event_id: str) -> dict[str, Any]:
    """Ask for a receipt as its publisher."""
    async with http.client(http.keys.publisher) as client:
        response = await client.get(f"/v1/receipts/demo/{event_id}")
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    return told


def off_partition(door: Any) -> float:  # noqa: ANN401 -- Its metrics are what is looked at.
    """Return how many records of the publisher were counted as off their partition."""
    value: float = door.counting.metrics.off_partition.labels("demo")._value.get()  # noqa: SLF001 -- The client has no other way to read one.
    return value


def _record(made: dict[str, Any], key: bytes | None, partition: int) -> Record:
    return Record(inbound("demo").name, partition, 0, key, json.dumps(made).encode())


def _assigned(subject: str, number: int = 0) -> dict[str, Any]:
    return event(
        "dossier.assigned",
        subject,
        {"handler": "p-06112-handler-1"},
        number=number,
        receivingunit=UNIT,
        time="2026-11-23T08:45:00+07:00",
    )


def _requested(subject: str, at: str) -> dict[str, Any]:
    data = {"items": ["A"], "number": 1, "in_person": True}
    return event("dossier.supplement_requested", subject, data, time=at)
