"""The whole house: how fast events go through all four services, and how fast an import is."""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx2
import orjson

from deploy.demo.stage import Stage, stage
from shared.calendar.zone import ICT
from shared.events.topics import DOSSIERS
from shared.events.topics import inbound as inbound_topic
from shared.kafka.whole import TopicEnds
from tests.bench.events import FIRST, chunks, inbound, stories
from tests.bench.measuring import Say, table
from tests.simulation.kills.small import at_rest

ROOT: Final = Path(__file__).resolve().parents[2]
LOG: Final = ROOT.parent / "shared" / "data" / "receipt.xes.gz"
PROFILE: Final = ROOT / "deploy" / "imports" / "profiles" / "receipt.yaml"
HEADERS: Final = (("content-type", b"application/cloudevents+json"),)
POLL_S: Final = 0.2
THROUGH: Final = ("intake", "workflow", "notifications", "reporting")


@dataclass
class Through:
    """When each service had worked everything off, in seconds after the first was sent."""

    at: dict[str, float]
    events: int
    left: str


async def measure(say: Say, *, dossiers: int, seconds: float) -> None:
    """Set an installation up, send a burst through it, then import a real log."""
    start = datetime(FIRST.year, FIRST.month, FIRST.day, 17, 0, tzinfo=ICT) + timedelta(days=4)
    with tempfile.TemporaryDirectory() as folder:
        async with stage(
            Path(folder), start=start, rate=1, obligations_from=start.date(), say=_quiet
        ) as playing:
            told = [one for one in stories(dossiers) if one.receiving == one.competent]
            events = [event for story in told for event in inbound(story, start)]
            async with TopicEnds(playing.installation.kafka_bootstrap) as ends:
                through = await _through(playing, events, ends, seconds)
            _show(through, len(playing.mailbox.mails), say)
            await _import(Path(folder), say)


def _quiet(_sentence: str) -> None:
    return None


async def _through(
    playing: Stage, events: Sequence[dict[str, Any]], ends: TopicEnds, seconds: float
) -> Through:
    """Publish everything at once on an inbound topic and watch the services work it off."""
    await _until_done(playing, THROUGH, ends)
    began = time.perf_counter()
    topic = inbound_topic("demo").name
    for chunk in chunks(events, 500):
        await playing.actor.kafka.publish_raw(
            [(topic, one["subject"].encode(), orjson.dumps(one), HEADERS) for one in chunk]
        )
    at: dict[str, float] = {}
    left = ""
    try:
        async with asyncio.timeout(seconds):
            for number, service in enumerate(THROUGH, 1):
                # A service has everything only once those before it have given everything.
                await _until_done(playing, THROUGH[:number], ends)
                at[service] = time.perf_counter() - began
    except TimeoutError:
        said = {one: await _status(playing, one) for one in THROUGH}
        left = ", ".join(f"{one}: {_left(status)}" for one, status in said.items())
    return Through(at, len(events), left)


async def _until_done(playing: Stage, services: Sequence[str], ends: TopicEnds) -> None:
    """Wait until these services have read everything and published everything."""
    while not await at_rest({one: await _status(playing, one) for one in services}, ends):  # noqa: ASYNC110 -- Other processes.
        await asyncio.sleep(POLL_S)


async def _status(playing: Stage, service: str) -> dict[str, Any] | None:
    try:
        answer = await playing.http.get(
            f"{playing.installation.http(service)}/statusz",
            headers={"authorization": f"Bearer {playing.keys.operator}"},
        )
    except httpx2.TransportError:
        return None
    return None if answer.is_error else dict(answer.json())


def _left(status: dict[str, Any] | None) -> str:
    if status is None:
        return "does not answer"
    return f"{status['outbox']} in outboxes, {sum(status['lag'].values())} not read"


def _show(through: Through, mails: int, say: Say) -> None:
    rows = [
        (f"through {service}", f"{through.events / at:,.0f} events/s ({at:.1f} s)")
        for service, at in through.at.items()
    ]
    if through.left:
        rows.append(("not done in time", through.left))
    rows.append(("mails handed over by then", f"{mails:,}"))
    title = f"All four services, {through.events:,} events of {DOSSIERS.name} at once"
    table(title, rows, say)


async def _import(folder: Path, say: Say) -> None:
    """Import the real log, beside only reading and mapping it."""
    if not LOG.exists():
        table("Import of a real log", [("not measured", f"there is no {LOG.name}")], say)
        return
    dry, _ = await _command(folder, "--dry-run")
    real, said = await _command(folder)
    again, _ = await _command(folder, "--restart")
    events = said["rows"]
    rows = [
        ("read and mapped only (--dry-run)", f"{events / dry:,.0f} events/s ({dry:.1f} s)"),
        ("imported", f"{events / real:,.0f} events/s ({real:.1f} s)"),
        ("imported again: nothing new", f"{events / again:,.0f} events/s ({again:.1f} s)"),
        ("imported / read only", f"{dry / real:.1%}"),
    ]
    table(f"Import of a real log, {events:,} events", rows, say)


async def _command(folder: Path, *options: str) -> tuple[float, dict[str, Any]]:
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "deploy.cli.main",
        "import",
        str(LOG),
        "--profile",
        str(PROFILE),
        "--json",
        "--data",
        str(folder),
        *options,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()[-2_000:]
    return time.perf_counter() - began, dict(json.loads(out.splitlines()[-1]))
