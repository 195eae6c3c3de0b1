"""A house without a province: services on engines of their own, and a steady load."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import httpx2
import orjson

from deploy.engines import ports
from deploy.installation import SERVICES, SUPERVISED, Installation
from deploy.supervisor.plan import Plan, plan_for
from deploy.supervisor.supervisor import Supervisor
from deploy.topics import PUBLISHERS, provision, wanted
from shared.events.topics import inbound
from shared.kafka.whole import TopicEnds
from tests.simulation.kills.witness import Journal, PatientKafka

PUBLISHER: Final = "demo"
PACE_S: Final = 0.05
TEND_S: Final = 0.2
REST_S_MAX: Final = 180.0
POLL_S: Final = 0.3
HANOI: Final = timezone(timedelta(hours=7))
TRIES_MAX: Final = 400
UNAVAILABLE: Final = 503


def free_plan(folder: Path, clock: Path | None = None) -> Plan:
    """Plan an installation on free ports in a row, with one more for a second instance."""
    environ = {} if clock is None else {"MOTCUA_CLOCK_FILE": str(clock)}
    return plan_for(folder, ports.pick(row=len(SUPERVISED) + 1), environ)


@asynccontextmanager
async def small_house(folder: Path, clock: Path | None = None) -> AsyncIterator[Supervisor]:
    """Run the four services with the bundled reference data; nobody tends them."""
    supervisor = Supervisor(free_plan(folder, clock), lambda _said: None)
    try:
        await asyncio.to_thread(supervisor.start)
        bootstrap = supervisor.installation.kafka_bootstrap
        await provision(bootstrap, wanted((*PUBLISHERS, PUBLISHER)))
        yield supervisor
    finally:
        await asyncio.to_thread(supervisor.stop)


@asynccontextmanager
async def tended(
    supervisor: Supervisor, hear: Callable[[str], None]
) -> AsyncIterator[Supervisor]:
    """Start again whoever ends, as long as the context lasts; what is said of it is heard."""

    async def tend() -> None:
        while True:
            await asyncio.to_thread(supervisor.tend)
            await asyncio.sleep(TEND_S)

    supervisor.say = hear
    tending = asyncio.create_task(tend())
    try:
        yield supervisor
    finally:
        tending.cancel()
        await asyncio.gather(tending, return_exceptions=True)


@dataclass
class Load:
    """Publishes short lives of dossiers by both doors, until it is told to stop.

    Attributes:
        sent: The ids that a door has promised to keep, each with its dossier.
        answers: How often HTTP answered what.
        life: The events of the dossier with this number.
        pace_s: The pause between two dossiers.
    """

    installation: Installation
    journal: Journal
    life: Callable[[int], Sequence[dict[str, Any]]] = field(default_factory=lambda: life)
    pace_s: float = PACE_S
    sent: dict[str, str] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Publish until `stopping` is set; everything begun is brought to its answer."""
        kafka = PatientKafka(self.installation.kafka_bootstrap, client_id="witness")
        kafka.journal = self.journal
        number = 0
        async with (
            httpx2.AsyncClient(timeout=30, trust_env=False) as http,
            asyncio.TaskGroup() as tasks,
        ):
            while not self.stopping.is_set():
                number += 1
                events = self.life(number)
                by_http = number % 2 == 1
                tasks.create_task(
                    self._by_http(http, events) if by_http else self._by_kafka(kafka, events)
                )
                with suppress(TimeoutError):
                    async with asyncio.timeout(self.pace_s):
                        await self.stopping.wait()
        await kafka.stop()

    async def _by_http(
        self, http: httpx2.AsyncClient, events: Sequence[dict[str, Any]]
    ) -> None:
        url = f"{self.installation.http('intake')}/v1/events"
        key = self.installation.publisher_key(PUBLISHER)
        headers = {
            "content-type": "application/x-ndjson",
            "authorization": f"Bearer {key}",
        }
        body = b"\n".join(map(orjson.dumps, events))
        for _ in range(TRIES_MAX):
            try:
                answer = await http.post(url, content=body, headers=headers)
            except httpx2.TransportError:
                await asyncio.sleep(0.5)
                continue
            self.answers[answer.status_code] += 1
            if answer.status_code == UNAVAILABLE:
                if "retry-after" not in answer.headers:
                    self.journal.violations.append("a 503 names no Retry-After")
                await asyncio.sleep(0.5)
                continue
            said = [orjson.loads(line) for line in answer.text.splitlines()]
            assert all(one["outcome"] == "applied" for one in said), answer.text
            self._promised(events)
            return
        raise AssertionError("intake did not answer")

    async def _by_kafka(self, kafka: PatientKafka, events: Sequence[dict[str, Any]]) -> None:
        topic = inbound(PUBLISHER).name
        await kafka.publish_raw(
            [(topic, one["subject"].encode(), orjson.dumps(one), ()) for one in events]
        )
        self._promised(events)

    def _promised(self, events: Sequence[dict[str, Any]]) -> None:
        self.sent.update((str(one["id"]), str(one["subject"])) for one in events)


def life(number: int) -> list[dict[str, Any]]:
    """Return the events of one dossier, all of the last minute."""
    code = f"G09.20-261123-{number:07d}"
    now = datetime.now(HANOI)  # noqa: TID251  The publisher's clock.
    steps: list[tuple[str, dict[str, Any]]] = [
        ("accepted", {"procedure": "1.004873", "channel": "online"}),
        ("assigned", {"handler": "p-06112-handler-1"}),
        ("completed", {"result": "granted"}),
    ]
    return [
        {
            "specversion": "1.0",
            "id": f"{code}-{name}",
            "source": f"urn:motcua:publisher:{PUBLISHER}",
            "type": f"vn.motcua.dossier.{name}.v1",
            "subject": code,
            "time": (now - timedelta(seconds=30 - step)).isoformat(timespec="milliseconds"),
            "datacontenttype": "application/json",
            "receivingunit": "06112",
            "competentunit": "06112",
            "data": data,
        }
        for step, (name, data) in enumerate(steps)
    ]


async def rest(installation: Installation) -> None:
    """Wait until everything is read and no outbox is left, twice in a row."""
    headers = {"authorization": f"Bearer {installation.operator_key}"}
    quiet, until = 0, time.monotonic() + REST_S_MAX
    said: dict[str, Any] = {}
    async with (
        httpx2.AsyncClient(timeout=30, trust_env=False) as http,
        TopicEnds(installation.kafka_bootstrap) as ends,
    ):
        while quiet < 2:
            assert time.monotonic() < until, f"never at rest: {said}"
            said = {name: await _status(http, installation, name, headers) for name in SERVICES}
            quiet = quiet + 1 if await at_rest(said, ends) else 0
            await asyncio.sleep(POLL_S)


async def at_rest(said: Mapping[str, Mapping[str, Any] | None], ends: TopicEnds) -> bool:
    """Say whether these services have read to the ends of their topics and published all."""
    known = [one for one in said.values() if one is not None]
    if len(known) < len(said) or any(one["outbox"] for one in known):
        return False
    sums = await ends.sums({topic for one in known for topic in one["positions"]})
    return all(at == sums[topic] for one in known for topic, at in one["positions"].items())


async def _status(
    http: httpx2.AsyncClient, installation: Installation, name: str, headers: dict[str, str]
) -> dict[str, Any] | None:
    try:
        answer = await http.get(f"{installation.http(name)}/statusz", headers=headers)
    except httpx2.TransportError:
        return None
    return None if answer.is_error else dict(answer.json())
