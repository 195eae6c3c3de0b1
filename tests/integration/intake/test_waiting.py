"""An event that arrives before its predecessor, on a real broker and store."""

import asyncio
import json
from typing import Any

import pytest

from deploy.topics import provision
from services.intake.settings import IntakeSettings
from shared.events.topics import DOSSIERS, inbound, rejected
from shared.web.keys import mint
from tests.fakes.intake import event
from tests.integration.intake.running import (
    READY_S,
    Running,
    ends,
    producer,
    read,
    running,
    with_reference,
    worked_off,
)

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]


def story(code: str, publisher: str) -> list[dict[str, Any]]:
    """Make a dossier whose result was ready after a supplement had come."""
    asked = {"items": ["A"], "number": 1, "in_person": True}
    told: list[tuple[str, dict[str, Any]]] = [
        ("dossier.accepted", {}),
        ("dossier.supplement_requested", asked),
        ("dossier.supplement_received", {"items": ["A"]}),
        ("dossier.completed", {"result": "KQ.G15.000032"}),
    ]
    return [
        event(
            name,
            code,
            data,
            number=number,
            publisher=publisher,
            time=f"2026-11-23T08:{10 + number}:00+07:00",
        )
        for number, (name, data) in enumerate(told)
    ]


async def outcome_of(one: Running, publisher: str, event_id: str) -> dict[str, Any]:
    """Ask for a receipt."""
    response = await one.client.get(f"/v1/receipts/{publisher}/{event_id}")
    told: dict[str, Any] = response.json()
    return told


async def becomes(one: Running, publisher: str, event_id: str, outcome: str) -> dict[str, Any]:
    """Wait until a receipt has an outcome."""
    async with asyncio.timeout(READY_S):
        told = await outcome_of(one, publisher, event_id)
        while told.get("outcome") != outcome:
            await asyncio.sleep(0.1)
            told = await outcome_of(one, publisher, event_id)
    return told


@pytest.mark.asyncio
async def test_what_waits_survives_a_restart_and_is_released_in_order(
    settings: IntakeSettings, kafka_bootstrap: str, unique: str
) -> None:
    """By records on two partitions: the first process holds it, the second one releases it."""
    publisher = f"w-{unique}"[:31]
    await provision([kafka_bootstrap], [inbound(publisher), rejected(publisher)])
    topic = inbound(publisher).name
    key = mint(settings.keys_file, role="operator")
    since = await ends(kafka_bootstrap, DOSSIERS)
    told = story(unique, publisher)
    first, asked, brought, done = [json.dumps(one).encode() for one in told]
    async with producer(kafka_bootstrap) as sending:
        async with running(settings, key) as one:
            with_reference(one.intake)
            for value in (first, asked, done):
                await sending.send_and_wait(topic, value, key=unique.encode(), partition=4)
            waiting = await becomes(one, publisher, told[3]["id"], "waiting")
            assert waiting["waits_for"] == ["dossier.supplement_received"]
            status = await one.intake.status()
            assert status["next_at"] is not None
        async with running(settings, key) as two:
            with_reference(two.intake)
            assert (await outcome_of(two, publisher, told[3]["id"]))["until"] == waiting[
                "until"
            ]
            await sending.send_and_wait(topic, brought, partition=5)
            applied = await becomes(two, publisher, told[3]["id"], "applied")
            assert applied["sequence"] == 4
            await worked_off(two.intake)
            assert (await two.intake.status())["next_at"] is None
    published = [
        json.loads(item.value) for item in await read(kafka_bootstrap, DOSSIERS, since)
    ]
    mine = [one for one in published if one["subject"] == unique]
    assert [one["id"] for one in mine] == [one["id"] for one in told]
    assert await read(kafka_bootstrap, rejected(publisher), {}) == []


@pytest.mark.asyncio
async def test_what_nothing_came_for_is_rejected_by_whichever_replica_looks(
    settings: IntakeSettings, kafka_bootstrap: str, unique: str
) -> None:
    """Held by a process that stops; the next one rejects it, once, on the publisher's topic."""
    publisher = f"w-{unique}"[:31]
    await provision([kafka_bootstrap], [inbound(publisher), rejected(publisher)])
    topic = inbound(publisher).name
    key = mint(settings.keys_file, role="operator")
    told = story(unique, publisher)
    short = settings.model_copy(update={"predecessor_wait_s": 1})
    async with producer(kafka_bootstrap) as sending, running(short, key) as one:
        with_reference(one.intake)
        for value in (told[0], told[1], told[3]):
            await sending.send_and_wait(
                topic, json.dumps(value).encode(), key=unique.encode(), partition=4
            )
        refused = await becomes(one, publisher, told[3]["id"], "refused")
        assert refused["faults"][0]["rule"] in {"illegal-transition", "key-not-subject"}
        await worked_off(one.intake)
    async with running(short, key) as two:
        with_reference(two.intake)
        await worked_off(two.intake)
        assert await two.intake.stores.held.count() == 0
    rejections = [
        json.loads(item.value) for item in await read(kafka_bootstrap, rejected(publisher), {})
    ]
    assert [(one["event_id"], one["offset"]) for one in rejections] == [(told[3]["id"], 2)]
