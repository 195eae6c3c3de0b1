"""A broker that comes back with less than the store knows: what is restored, and by whom."""

import asyncio
import shutil
import subprocess
import sys
from collections import Counter
from typing import Any, Final

import httpx2
import orjson
import pytest

from deploy.topics import provision
from shared.events.topics import (
    CENTRES,
    CONTACTS,
    DOSSIERS,
    NOTICES,
    OBLIGATIONS,
    REFERENCE,
)
from shared.kafka.admin import TopicAdmin
from shared.kafka.whole import read_to_end
from tests.simulation.recovery.running import Running, until

pytestmark = [
    pytest.mark.recovery,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="module"),
]

REACHED: Final = "vn.motcua.obligation.rung_reached.v1"
NUMBERED: Final = (REFERENCE, DOSSIERS, CENTRES, OBLIGATIONS, NOTICES)


async def test_a_broker_that_lost_its_disk_comes_back_whole(running: Running) -> None:
    """Everything by itself: reference, events, contacts; a dossier is alerted once."""
    before, due = "G09.20-260803-0910001", "G09.20-260803-0910002"
    await running.send(running.accepted(before, due))
    await _put_contact(running, before, "truoc@example.vn")
    await _put_contact(running, due, "han@example.vn")
    await running.rest()
    await _erase_contact(running, before)
    await running.rest()
    had = {topic.name: await _ids(running, topic.name) for topic in NUMBERED}

    kafka = running.engine("kafka")
    await asyncio.to_thread(kafka.process.kill)
    await asyncio.to_thread(shutil.rmtree, running.kafka_log)
    await running.until_said(f"{REFERENCE.name}: ")
    await running.until_ready()

    await running.rest()
    for topic in NUMBERED:
        ids = await _ids(running, topic.name)
        assert had[topic.name].keys() <= ids.keys(), f"{topic.name} lacks some"
        assert set(ids.values()) <= {1}, f"{topic.name} has some twice"
    contacts = await _contacts(running)
    assert contacts[before] is None, "an erased contact is to stay erased"
    assert contacts[due]["email"] == "han@example.vn"
    running.leap()
    await until(lambda: _alerts(running, due), "alerts of the dossier that became due")
    await running.rest()
    alerts = await _alerts(running, due)
    assert set(alerts.values()) == {1}, "an alert was repeated"
    assert (await _restore(running, "--dry-run")).strip().startswith("nothing is missing")


async def test_a_topic_that_was_made_anew_is_named_and_restored_by_command(
    running: Running,
) -> None:
    """As on a cluster, where nothing is restored by itself."""
    code = "G09.20-260803-0920001"
    await running.send(running.accepted(code))
    await running.rest()
    had = await _ids(running, OBLIGATIONS.name)

    async with TopicAdmin(running.installation.kafka) as admin:
        await admin.delete([OBLIGATIONS.name])
        await until(lambda: _is_gone(admin, OBLIGATIONS.name), "the topic deleted")
    await provision(running.installation.kafka)
    said = await _until_impaired(running, "workflow", "topics")
    assert OBLIGATIONS.name in said
    assert "`motcua restore topics`" in said

    lines = await _restore(running)
    assert f"{OBLIGATIONS.name}: {len(had)} records were missing and are published" in lines
    await until(lambda: _is_whole(running, "workflow"), "workflow no longer impaired")
    again = await _ids(running, OBLIGATIONS.name)
    assert again.keys() == had.keys()
    assert set(again.values()) == {1}
    assert "nothing is missing" in await _restore(running)


async def _is_gone(admin: TopicAdmin, name: str) -> bool:
    return name not in await admin.names()


async def _is_whole(running: Running, service: str) -> bool:
    return not (await running.readiness(service)).impaired


async def _until_impaired(running: Running, service: str, part: str) -> str:
    async def impaired() -> bool:
        return part in (await running.readiness(service)).impaired

    await until(impaired, f"{service} impaired in {part}")
    return (await running.readiness(service)).impaired[part]


async def _restore(running: Running, *options: str) -> str:
    data = str(running.installation.data)
    command = [sys.executable, "-m", "deploy.cli.main", "restore", "topics", "--data", data]
    done = await asyncio.to_thread(
        subprocess.run, [*command, *options], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


async def _ids(running: Running, topic: str) -> Counter[str]:
    records = await read_to_end(running.installation.kafka, topic)
    return Counter(str(orjson.loads(one.value or b"{}")["id"]) for one in records)


async def _alerts(running: Running, code: str) -> Counter[tuple[Any, ...]]:
    """Return how often each escalation level of a dossier was published, whatever its id."""
    seen: Counter[tuple[Any, ...]] = Counter()
    ids: set[str] = set()
    for record in await read_to_end(running.installation.kafka, OBLIGATIONS.name):
        event = orjson.loads(record.value or b"{}")
        if event["subject"] == code and event["type"] == REACHED and event["id"] not in ids:
            ids.add(event["id"])
            data = event["data"]
            seen[data["obligation"], data["cycle"], data["rung"], data.get("repeat", 0)] += 1
    return seen


async def _contacts(running: Running) -> dict[str, Any]:
    records = await read_to_end(running.installation.kafka, CONTACTS.name)
    return {
        (one.key or b"").decode(): None if one.value is None else orjson.loads(one.value)
        for one in records
    }


async def _put_contact(running: Running, key: str, email: str) -> None:
    await _contact(running, "PUT", key, {"name": "Người nộp hồ sơ", "email": email})


async def _erase_contact(running: Running, key: str) -> None:
    await _contact(running, "DELETE", key, None)


async def _contact(
    running: Running, method: str, key: str, body: dict[str, str] | None
) -> None:
    url = f"{running.installation.http('intake')}/v1/contacts/{key}"
    headers = {"authorization": f"Bearer {running.key('province')}"}
    async with httpx2.AsyncClient(timeout=30, trust_env=False) as http:
        answer = await http.request(method, url, json=body, headers=headers)
    assert answer.is_success, answer.text
