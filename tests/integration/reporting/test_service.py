"""The service itself on real engines: topics in, figures out over HTTP and the command line."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI

from deploy.reference.load import reference_events
from services.reporting.main import build
from services.reporting.settings import ReportingSettings
from shared.events.envelope import Event, to_document
from shared.events.topics import NOTICES
from shared.kafka.publisher import KafkaPublisher
from shared.mongo.client import Mongo
from shared.ops.clock import ClockFile
from shared.subjects.document import Outgoing
from shared.web.keys import mint
from tests.fakes.reporting_site import NOW, a_fortnight

pytestmark = [pytest.mark.connected, pytest.mark.timeout(400)]
ROOT = Path(__file__).resolve().parents[3]
UNTIL_S = 150.0


def outgoing(events: Iterable[Event]) -> list[Outgoing]:
    """Address events as their writers do."""
    return [
        Outgoing(
            one.id,
            one.topic.name,
            str(getattr(one.data, "cause", "")) if one.topic == NOTICES else one.subject,
            to_document(one),
        )
        for one in events
    ]


def renamed(events: Iterable[Event], tail: str) -> list[Event]:
    """Give subjects a tail of their own, since other tests write to the same topics."""

    def mine(one: Event) -> Event:
        if "/" in one.subject:
            return one
        changes: dict[str, Any] = {"subject": f"{one.subject}-{tail}"}
        if one.topic == NOTICES:
            cause = f"{getattr(one.data, 'cause', '')}-{tail}"
            changes["data"] = one.data.model_copy(update={"cause": cause})
        return one.model_copy(update=changes)

    return [mine(one) for one in events if "/" not in one.subject]


@asynccontextmanager
async def running(settings: ReportingSettings) -> AsyncIterator[FastAPI]:
    """Run the service's background work."""
    app = build(settings)
    async with app.router.lifespan_context(app):
        yield app


@asynccontextmanager
async def answering(app: FastAPI) -> AsyncIterator[str]:
    """Serve it on a port of its own, in this loop, where its connections live."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listener.close()


@pytest.mark.asyncio
async def test_what_is_on_the_topics_is_what_http_and_the_command_line_say(
    kafka_bootstrap: str, mongo_url: str, unique: str, tmp_path: Path
) -> None:
    """A fortnight told on the topics shows in the API, whole, also after a restart."""
    publisher = KafkaPublisher([kafka_bootstrap], client_id=unique)
    known = [
        one.model_copy(update={"sequence": number, "recordedtime": NOW - timedelta(days=60)})
        for number, one in enumerate(reference_events(), start=1)
    ]
    await publisher.publish(outgoing(known))
    events = renamed(a_fortnight(), unique)
    half = len(events) // 2
    await publisher.publish(outgoing(events[:half]))
    ClockFile(tmp_path / "clock").write(now=NOW, rate=0)
    (tmp_path / "secret").write_bytes(os.urandom(48))
    settings = ReportingSettings(
        kafka_bootstrap=(kafka_bootstrap,),
        mongo_url=mongo_url,
        mongo_database=unique,
        keys_file=tmp_path / "keys.json",
        secret_file=tmp_path / "secret",
        clock_file=tmp_path / "clock",
        http_port=0,
    )
    key = mint(tmp_path / "keys.json", role="operator")
    try:
        async with running(settings) as app:
            await _until(app, key, subjects=_received(events[:half], unique), tail=unique)
        await publisher.publish(outgoing(events[half:]))
        async with running(settings) as app:
            found = await _until(app, key, subjects=_received(events, unique), tail=unique)
            async with answering(app) as base:
                said = await asyncio.to_thread(_command, base, key, kafka_bootstrap, mongo_url)
    finally:
        await publisher.stop()
        mongo = Mongo(mongo_url, unique)
        await mongo.drop()
        await mongo.close()
    assert found["reconciles"] is True
    for name in ("received", "ended", "pending", "on_time_law", "overdue_open"):
        assert said[name] == found[name]


def _received(events: Iterable[Event], tail: str) -> int:
    return len(
        {
            one.subject
            for one in events
            if one.name == "dossier.accepted" and tail in one.subject
        }
    )


async def _until(app: FastAPI, key: str, *, subjects: int, tail: str) -> dict[str, Any]:
    """Ask until this test's dossiers are all counted; others may be on the topics too."""
    transport = httpx2.ASGITransport(app=app)
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        asyncio.timeout(UNTIL_S),
        httpx2.AsyncClient(transport=transport, base_url="http://r", headers=headers) as client,
    ):
        while True:
            await asyncio.sleep(0.5)
            facts = app.state.reporting.subjects.collection
            stored = await facts.find({"_id": {"$gt": ""}}, projection={"row.received": 1})
            mine = [row for row in stored if tail in row["_id"] and row.get("row")]
            if len(mine) < subjects:
                continue
            answer = await client.get("/v1/figures")
            if answer.status_code == 200 and answer.json()["received"] >= subjects:
                return dict(answer.json())


def _command(base: str, key: str, bootstrap: str, mongo_url: str) -> dict[str, Any]:
    """Ask on the command line."""
    environ = os.environ | {
        "MOTCUA_KAFKA_BOOTSTRAP": bootstrap,
        "MOTCUA_MONGO_URL": mongo_url,
        "MOTCUA_REPORTING_URL": base,
        "MOTCUA_KEY": key,
        "MOTCUA_DATA": "/nowhere",
    }
    done = subprocess.run(
        [sys.executable, "-m", "deploy.cli.main", "figures", "--json"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))
