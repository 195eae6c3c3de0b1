"""A consumer that sleeps through its session, a broker that is away, engines not there yet."""

import asyncio
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from deploy.engines.embedded import EmbeddedEngines, wait_ready
from deploy.engines.process import ChildProcess
from deploy.supervisor.asking import readiness
from deploy.supervisor.first_start import prepare_secrets
from deploy.supervisor.supervisor import Supervisor
from deploy.topics import provision
from shared.events.topics import DOSSIERS, OBLIGATIONS
from tests.simulation.kills.counting import Account, Stream, count_rungs, count_topics
from tests.simulation.kills.small import Load, free_plan, rest, small_house
from tests.simulation.kills.witness import Journal

pytestmark = [pytest.mark.kills, pytest.mark.timeout(600)]

SESSION_S: Final = 10
ASLEEP_S: Final = SESSION_S + 6
BROKER_AWAY_S: Final = 15
READY_S_MAX: Final = 120
OPENED: Final = "vn.motcua.obligation.opened.v1"
OK: Final = 200


@pytest.mark.asyncio
async def test_a_consumer_that_sleeps_past_its_session_repeats_nothing(tmp_path: Path) -> None:
    """Stopped in the middle of its work, replaced by another instance, then awake again."""
    async with small_house(tmp_path / "house") as house:
        other = _second_workflow(house)
        try:
            other.start()
            load, loading = _begin(house, tmp_path)
            await _until(lambda: len(load.sent) > 60, "events")
            house.services["workflow"].signal(signal.SIGSTOP)
            await asyncio.sleep(ASLEEP_S)
            house.services["workflow"].signal(signal.SIGCONT)
            await asyncio.sleep(3)
            load.stopping.set()
            await loading
        finally:
            other.stop(20)
        await rest(house.installation)
        streams = await _nothing_lost_or_twice(house, load)
    opened = [
        (subject, event["data"]["obligation"], event["data"]["cycle"])
        for subject, events in streams[OBLIGATIONS.name].items()
        for event in events
        if event["type"] == OPENED
    ]
    assert len(opened) == len(set(opened)), "an obligation was opened twice"
    dossiers = {
        subject for subject, obligation, _ in opened if obligation == "dossier_deadline"
    }
    assert dossiers == set(load.sent.values())


@pytest.mark.asyncio
async def test_what_was_acknowledged_while_the_broker_was_away_is_kept(tmp_path: Path) -> None:
    """Accepted durably, or refused with 503 and Retry-After; nothing in between."""
    async with small_house(tmp_path / "house") as house:
        load, loading = _begin(house, tmp_path)
        await _until(lambda: len(load.sent) > 30, "events")
        (kafka,) = (one for one in house.engines if one.process.name == "kafka")
        before, promised = load.answers.copy(), len(load.sent)
        await asyncio.to_thread(kafka.process.kill)
        await asyncio.sleep(BROKER_AWAY_S)
        said = await asyncio.to_thread(readiness, house.installation.http("workflow"))
        kept = len(load.sent) - promised
        answered = load.answers - before
        kafka.start()
        await asyncio.to_thread(wait_ready, kafka)
        await asyncio.sleep(3)
        load.stopping.set()
        await loading
        await rest(house.installation)
        await _nothing_lost_or_twice(house, load)
    assert not said.ready, "a service without a broker called itself ready"
    assert "kafka" in said.missing
    assert kept or answered[503], "nothing was tried while the broker was away"
    assert set(answered) <= {OK, 503}, answered


@pytest.mark.asyncio
async def test_services_wait_for_engines_that_are_not_there_yet(tmp_path: Path) -> None:
    """They live, say what is missing, and are ready by themselves once it is there."""
    engines = EmbeddedEngines.at(tmp_path / "engines")
    data = tmp_path / "house"
    data.mkdir()
    plan = free_plan(data)
    prepare_secrets(data)
    where = {
        "MOTCUA_KAFKA_BOOTSTRAP": engines.kafka.bootstrap,
        "MOTCUA_MONGO_URL": engines.store.url,
    }
    services = [
        ChildProcess(one.name, one.command, data / "logs", {**one.environ, **where})
        for one in plan.services
    ]
    try:
        for service in services:
            service.start()
        urls = {one.name: one.url for one in plan.services}
        for name, url in urls.items():
            await _until(partial(_alive, url), f"{name} alive")
            missing = (await asyncio.to_thread(readiness, url)).missing
            assert {"store", "kafka"} <= missing.keys(), f"{name}: {missing}"
        await asyncio.to_thread(engines.start)
        await provision([engines.kafka.bootstrap])
        for name, url in urls.items():
            await _until(partial(_ready, url), f"{name} ready")
        assert all(service.alive for service in services), "one did not live through it"
    finally:
        for service in services:
            service.stop(20)
        await asyncio.to_thread(engines.stop)


def _second_workflow(house: Supervisor) -> ChildProcess:
    first = house.services["workflow"]
    port = max(one.port for one in house.plan.processes) + 1
    own = {"MOTCUA_INSTANCE": "1", "MOTCUA_HTTP_PORT": str(port)}
    environ = {**(first.environ or {}), **own}
    return ChildProcess("workflow-1", first.command, first.folder, environ)


def _begin(house: Supervisor, folder: Path) -> tuple[Load, asyncio.Task[None]]:
    load = Load(house.installation, Journal(folder / "witness.jsonl"))
    return load, asyncio.create_task(load.run())


async def _nothing_lost_or_twice(house: Supervisor, load: Load) -> dict[str, Stream]:
    """Count the topics: every promised event once, numbered 1 to n, no rung twice."""
    account = Account(violations=[*load.journal.violations])
    streams = await count_topics(house.installation.kafka_bootstrap, account)
    count_rungs(streams[OBLIGATIONS.name], account)
    found = {
        event["id"]: subject
        for subject, events in streams[DOSSIERS.name].items()
        for event in events
    }
    assert not account.violations, account.violations[:20]
    assert found == load.sent
    return streams


async def _until(condition: Callable[[], Any], what: str) -> None:
    until = time.monotonic() + READY_S_MAX
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < until, f"no {what} within {READY_S_MAX} s"
        await asyncio.sleep(0.2)


def _alive(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/livez", trust_env=False, timeout=5).status_code == OK
    except httpx2.TransportError:
        return False


def _ready(url: str) -> bool:
    return readiness(url).ready
