"""The same event in other letters is a repeat at each door; strangers leave no trace."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.cli.main import build
from services.intake.core.receipts import MEANING, Outcome, ReceiptKey, keyed_fingerprint
from shared.events.inbound import fingerprint
from tests.contract.intake.cases import FRESH, STRUCTURED, accepted
from tests.contract.intake.doors import PUBLISHER, HttpDoor, kafka_door, record, rejections
from tests.fakes.intake import MemoryReceipts, World, event

MARK = b"\xef\xbb\xbf"
PERSON = "Nguyen Van Mau 0912345678"
GIVEN = {"given": "2026-12-01T17:00:00+07:00", "fee_due": 15000}


def sent(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 -- Whatever could be sent.
    """A first event with a moment and a number in its data."""
    made = accepted()
    made["data"] = made["data"] | GIVEN
    return made | changes


def respelt() -> list[tuple[bytes, dict[str, bytes]]]:
    """The same event as other libraries write it: value, and headers without a prefix."""
    data = sent()["data"]
    other = data | {"given": "2026-12-01t10:00:00.000z", "components_complete": True}
    moved = sent(time="2026-11-23T01:00:00.000000000Z", data=other | {"fee_due": 15000.0})
    encoded = {key: item for key, item in moved.items() if key != "data"}
    encoded |= {"data_base64": base64.b64encode(json.dumps(other).encode()).decode()}
    attributes = {
        key: str(item).replace("-", "%2D").encode()
        for key, item in moved.items()
        if key not in {"data", "time"}
    } | {"time": b"2026-11-23T01:00:00%2B00:00"}
    return [
        (json.dumps(moved, indent=2).encode(), STRUCTURED),
        (MARK + json.dumps(moved).encode(), STRUCTURED),
        (json.dumps(encoded).encode(), {"content-type": b"Application/CloudEvents+JSON"}),
        (
            json.dumps(moved | {"datacontenttype": "application/json;charset=UTF-8"}).encode(),
            {"content-type": b'application/cloudevents+json ; charset="UTF-8"'},
        ),
        (json.dumps(moved | {"traceid": PERSON}).encode(), STRUCTURED),
        (
            MARK + json.dumps(other).encode(),
            {"content-type": b"APPLICATION/JSON;charset=utf-8"}
            | {f"ce-{key}": text for key, text in attributes.items()},
        ),
    ]


@pytest.mark.asyncio
async def test_http_takes_any_spelling_as_a_repeat(tmp_path: Path) -> None:
    """One 201, then 200 with the same answer."""
    http = HttpDoor(World(), tmp_path)
    first = await http.post(json.dumps(sent()).encode(), {}, STRUCTURED)
    assert first.status_code == 201
    for value, headers in respelt():
        again = await http.post(value, {}, headers)
        assert (again.status_code, again.json()["repeated"]) == (200, True), again.text
    changed = await http.post(
        json.dumps(sent(time="2026-11-23T08:00:01+07:00")).encode(), {}, {}
    )
    assert changed.json()["faults"][0]["rule"] == "id-reused"


@pytest.mark.asyncio
async def test_kafka_takes_any_spelling_as_a_repeat() -> None:
    """No rejection, and one event on the canonical topic."""
    world = World()
    batch = [record(json.dumps(sent()).encode(), 0)]
    for place, (value, headers) in enumerate(respelt()[:-1], start=1):
        batch.append(record(value, place, list(headers.items())))
    await kafka_door(world)(batch)
    assert rejections(world) == []
    subject = (await world.subjects.load([FRESH]))[FRESH].state
    assert subject is not None
    assert len(subject.facts) == 1


@pytest.mark.asyncio
async def test_lines_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    """As a file that an editor saved does; a charset in capital letters is none of another."""
    http = HttpDoor(World(), tmp_path)
    lines = MARK + b"\n".join(
        json.dumps(event("dossier.accepted", f"case-{number}")).encode() for number in (1, 2)
    )
    kind = {"content-type": b"Application/X-NDJSON; Charset=UTF-8"}
    answer = await http.post(lines, {}, kind)
    assert answer.status_code == 200
    told = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["outcome"] for line in told] == ["applied", "applied"]
    other = await http.post(
        lines, {}, {"content-type": b"application/x-ndjson; charset=utf-16"}
    )
    assert other.status_code == 415
    assert other.json()["faults"][0]["rule"] == "unknown-charset"


@pytest.mark.asyncio
async def test_a_counter_may_begin_with_a_byte_order_mark_too(tmp_path: Path) -> None:
    """Every route that takes JSON does, and refuses another charset."""
    http = HttpDoor(World(), tmp_path)
    body = MARK + json.dumps({"unit": "06112", "procedure": "1.004873"}).encode()
    async with http.client(http.keys.clerk) as client:
        taken, refused = [
            await client.post(
                "/v1/dossiers",
                content=body,
                headers={"content-type": kind, "idempotency-key": "k1"},
            )
            for kind in ("Application/JSON;charset=UTF-8", "application/json;charset=latin1")
        ]
    assert taken.status_code == 201, taken.text
    assert refused.status_code == 415


@pytest.mark.parametrize("lines", [False, True])
def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path, *, lines: bool) -> None:
    """`motcua check` reads what the doors read, and counts what they ignore."""
    file = tmp_path / "events.ndjson"
    text = json.dumps(sent(traceid="x", time="2026-11-23t01:00:00z"))
    file.write_bytes(MARK + (f"{text}\n{text}\n" if lines else text).encode())
    ran = CliRunner().invoke(
        build("check"), ["check", str(file), "--now", "2026-11-28T08:00:00+07:00"]
    )
    assert ran.exit_code == 0, ran.output
    assert "0 would be refused" in ran.output
    assert "ignored" in ran.output


@pytest.mark.asyncio
async def test_attributes_of_middleware_are_counted_and_leave_no_trace(tmp_path: Path) -> None:
    """Neither in the store nor on a topic nor in a metric; the count has the door alone."""
    world = World()
    http = HttpDoor(world, tmp_path)
    made = sent(traceid=PERSON, authid=PERSON)
    assert (await http.post(json.dumps(made).encode(), {}, STRUCTURED)).status_code == 201
    async with http.client(http.keys.operator) as client:
        metrics = (await client.get("/metrics")).text
    assert 'motcua_inbound_attributes_ignored_total{door="http"} 2.0' in metrics
    subject = (await world.subjects.load([FRESH]))[FRESH]
    receipts = await world.receive.receipts.find([ReceiptKey(PUBLISHER, made["id"]).text()])
    kept = repr((subject, receipts, world.publisher.__dict__))
    for stranger in ("traceid", "authid", PERSON):
        assert stranger not in kept
        assert stranger not in metrics


@pytest.mark.asyncio
async def test_an_event_recorded_before_the_upgrade_may_be_sent_again(tmp_path: Path) -> None:
    """A stored fingerprint is compared by the version in which it was taken."""
    world = World()
    http = HttpDoor(world, tmp_path)
    value = json.dumps(sent()).encode()
    assert (await http.post(value, {}, STRUCTURED)).status_code == 201
    key = ReceiptKey(PUBLISHER, sent()["id"]).text()
    receipts = world.receive.receipts
    assert isinstance(receipts, MemoryReceipts)
    found = receipts.kept[key]
    assert found.fingerprint.startswith(MEANING)
    old = keyed_fingerprint(world.receive.fingerprint_key, fingerprint(sent()))
    for outcome in (Outcome.APPLIED, Outcome.OPEN):
        receipts.kept[key] = replace(found, fingerprint=old, outcome=outcome)
        document = (await world.subjects.load([FRESH]))[FRESH]
        assert document.state is not None
        fact = replace(document.state.facts[0], fingerprint=old)
        document.state = replace(document.state, facts=(fact,))
        await world.subjects.save([document], pending_at=world.clock.now())
        again = await http.post(value, {}, STRUCTURED)
        assert (again.status_code, again.json()["repeated"]) == (200, True), again.text
        receipts.kept[key] = replace(found, fingerprint=old, outcome=outcome)
        other = sent(time="2026-11-23T08:00:01+07:00")
        reused = await http.post(json.dumps(other).encode(), {}, STRUCTURED)
        assert reused.json()["faults"][0]["rule"] == "id-reused"
