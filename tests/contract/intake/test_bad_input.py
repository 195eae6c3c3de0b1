"""Both doors refuse the same things in the same words, and hold up nobody else."""

import json
from typing import Any

import pytest

from shared.events.rules import RULES
from tests.contract.intake.cases import (
    BROUGHT,
    CASES,
    CASES_MIN,
    ENDED,
    MARK,
    OPEN,
    SUBMITTED,
    WAITING,
    Case,
    Named,
)
from tests.contract.intake.doors import HttpDoor, kafka_door, record, rejections
from tests.fakes.intake import World, event, history

HELD_BACK = ("0912345678", MARK, "Nguyễn")


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> HttpDoor:
    """One application for all cases; each stands before a world of its own."""
    return HttpDoor(World(), tmp_path_factory.mktemp("door"))


async def a_world() -> World:
    """An intake that knows five dossiers."""
    world = World()
    await world.send(
        event("dossier.accepted", OPEN),
        event("dossier.submitted", SUBMITTED),
        *history(ENDED),
        *_waits(),
    )
    return world


def _waits() -> list[dict[str, Any]]:
    """One dossier that waits for its applicant, and one whose applicant came back."""
    asked = {"items": ["A"], "number": 1, "in_person": True}
    requested, received = "dossier.supplement_requested", "dossier.supplement_received"
    day = "2026-11-23T08:{}:00+07:00"
    return [
        event("dossier.accepted", WAITING),
        event(requested, WAITING, asked, time=day.format(30)),
        event("dossier.accepted", BROUGHT),
        event(requested, BROUGHT, asked, time=day.format(10)),
        event(received, BROUGHT, {"items": ["A"]}, time=day.format(40)),
    ]


def good(number: int) -> dict[str, Any]:
    """A neighbour that nothing is wrong with."""
    return event("dossier.accepted", f"case-{number}")


def test_the_table_is_large_and_every_rule_in_it_is_one_of_ours() -> None:
    """No case is there twice, and none expects a rule that does not exist."""
    assert len(CASES) >= CASES_MIN
    assert len({case.name for case in CASES}) == len(CASES)
    assert {case.rule for case in CASES} <= set(RULES)


@pytest.mark.asyncio
@pytest.mark.parametrize("case", CASES, ids=Named)
async def test_kafka_says_what_is_wrong_and_neighbours_pass(case: Case) -> None:
    """The bad record between two good ones is refused with its reason; the good are applied."""
    world = await a_world()
    headers = [
        *case.headers.items(),
        *((f"ce_{name}", text) for name, text in case.attributes.items()),
    ]
    batch = [
        record(json.dumps(good(1)).encode(), 0),
        record(case.value or None, 1, headers),
        record(json.dumps(good(2)).encode(), 2),
    ]
    await kafka_door(world)(batch)
    (refusal,) = rejections(world)
    assert (refusal["faults"][0]["rule"], refusal["faults"][0]["path"]) == (
        case.rule,
        case.path,
    )
    assert (refusal["topic"], refusal["offset"]) == ("motcua.inbound.demo.v1", 1)
    assert {"case-1", "case-2"} <= world.subjects.rows.keys()
    say_nothing_personal(json.dumps(refusal, ensure_ascii=False))


@pytest.mark.asyncio
@pytest.mark.parametrize("case", CASES, ids=Named)
async def test_http_says_the_same(case: Case, http: HttpDoor) -> None:
    """The problem lists the same faults, word for word; nothing is recorded."""
    world = await a_world()
    http.use(world)
    before = json.dumps(world.subjects.rows, default=str)
    response = await http.post(case.value, dict(case.attributes), dict(case.headers))
    assert 400 <= response.status_code < 500, response.text
    assert response.headers["content-type"] == "application/problem+json"
    faults = response.json()["faults"]
    # A header is called ce-subject over HTTP and ce_subject over Kafka.
    said = [(one["rule"], one["path"].replace("/ce-", "/ce_")) for one in faults]
    assert said[0] == (case.rule, case.path)
    assert json.dumps(world.subjects.rows, default=str) == before
    say_nothing_personal(response.text)
    headers = [
        *case.headers.items(),
        *((f"ce_{name}", text) for name, text in case.attributes.items()),
    ]
    await kafka_door(world)([record(case.value or None, 0, headers)])
    (refusal,) = rejections(world)
    assert said == [(one["rule"], one["path"]) for one in refusal["faults"]]
    assert [(one["detail"], one["remedy"]) for one in faults] == [
        (one["detail"], one["remedy"]) for one in refusal["faults"]
    ]


def say_nothing_personal(text: str) -> None:
    """Fail if a value of the event is repeated."""
    for value in HELD_BACK:
        assert value not in text
