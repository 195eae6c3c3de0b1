"""A small installation on engines of its own, for tests that take data away from it.

The supervisor runs in a thread, as `motcua up` runs it, and starts again what ends. Time is a
file: a test leaps, and nothing waits for the wall clock.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx2
import orjson

from deploy.engines import ports
from deploy.engines.embedded import Engine
from deploy.engines.process import ChildProcess
from deploy.installation import SUPERVISED, Installation
from deploy.supervisor.asking import Readiness, readiness
from deploy.supervisor.plan import plan_for
from deploy.supervisor.supervisor import Supervisor
from shared.calendar.zone import ICT
from shared.ops.clock import ClockFile
from shared.web.keys import mint
from shared.web.principal import Role
from tests.simulation.kills.small import rest

OPENED_AT: Final = datetime(2026, 8, 3, 10, tzinfo=ICT)
"""A Monday morning; the first time that the clock shows."""

WEEK: Final = timedelta(days=7)
"""More than the three working days of the procedure below."""

PUBLISHER: Final = "demo"
PROCEDURE: Final = "1.004873"
UNIT: Final = "06112"
TEND_S: Final = 0.2
POLL_S: Final = 0.2
WAIT_S_MAX: Final = 120.0


@dataclass
class Running:
    """The installation, its clock, and what the supervisor has written so far.

    Attributes:
        supervisor: Tended by a thread of its own between `tended` and the end of the tier.
        lines: Every line of the supervisor.
    """

    supervisor: Supervisor
    clock: ClockFile
    now: datetime
    lines: list[str] = field(default_factory=list)
    _keys: dict[Role, str] = field(default_factory=dict)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _paused: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None

    @classmethod
    def start(
        cls,
        folder: Path,
        environ: Mapping[str, str] | None = None,
        *,
        now: datetime = OPENED_AT,
    ) -> "Running":
        """Start engines and services on free ports at `now`, and tend them until `stop`."""
        folder.mkdir(parents=True, exist_ok=True)
        clock = ClockFile(folder / "clock")
        clock.write(now=now, rate=0)
        settings = {
            "MOTCUA_CLOCK_FILE": str(clock.path),
            "MOTCUA_PROGRESS_MS": "100",
            "MOTCUA_SWEEP_MS": "100",
            **(environ or {}),
        }
        base = ports.pick(row=len(SUPERVISED))
        lines: list[str] = []
        supervisor = Supervisor(plan_for(folder, base, settings), lines.append)
        running = cls(supervisor, clock, now, lines)
        try:
            supervisor.start()
        except BaseException:
            supervisor.stop()
            raise
        running._thread = threading.Thread(target=running._tend, daemon=True)
        running._thread.start()
        return running

    def stop(self) -> None:
        """Stop everything in order."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self.supervisor.stop()

    def _tend(self) -> None:
        while not self._stopping.wait(TEND_S):
            with self._paused:
                self.supervisor.tend()

    def restore(self) -> None:
        """Start again what an earlier test ended, and wait until all services are ready."""
        with self._paused:
            self.supervisor.wait_ready()

    @property
    def installation(self) -> Installation:
        """Where its parts are."""
        return self.supervisor.installation

    def engine(self, name: str) -> Engine:
        """Return an embedded engine: `kafka` or `store`."""
        return next(one for one in self.supervisor.engines if one.process.name == name)

    @property
    def kafka_log(self) -> Path:
        """The folder of the broker's disk: its topics, and who it is."""
        return self.installation.data / "engines" / "kafka" / "log"

    def key(self, role: Role) -> str:
        """Return a key of this role for every unit; one is made the first time."""
        if role not in self._keys:
            self._keys[role] = mint(self.installation.keys_file, role=role, note="a test")
        return self._keys[role]

    def service(self, name: str) -> ChildProcess:
        """Return the process of a service."""
        return self.supervisor.services[name]

    @asynccontextmanager
    async def stopped(self, *services: str) -> AsyncIterator[None]:
        """Keep services stopped within the context; afterwards they run and are ready."""
        await asyncio.to_thread(self._paused.acquire)
        try:
            for name in services:
                await asyncio.to_thread(self.service(name).stop, 25.0)
            yield
            for name in services:
                self.service(name).start()
        finally:
            self._paused.release()
        for name in services:
            await self.until_ready(name)

    async def readiness(self, service: str) -> Readiness:
        """Ask a service whether it is ready."""
        return await asyncio.to_thread(readiness, self.installation.http(service))

    async def until_ready(self, *services: str) -> None:
        """Wait until these services, or all of them, are ready."""
        for name in services or tuple(self.installation.state.services):
            await until(lambda name=name: self._is_ready(name), f"{name} ready")  # type: ignore[misc]  # Bound at once.

    async def _is_ready(self, service: str) -> bool:
        return (await self.readiness(service)).ready

    async def until_said(self, part: str) -> str:
        """Wait for a line of the supervisor; return it."""

        async def said() -> bool:
            return any(part in line for line in self.lines)

        await until(said, f"a line with {part!r}")
        return next(line for line in self.lines if part in line)

    async def rest(self) -> None:
        """Wait until everything is read, published and swept."""
        await rest(self.installation)

    def leap(self, by: timedelta = WEEK) -> None:
        """Move the clock on."""
        self.now += by
        self.clock.advance(self.now)

    async def send(self, events: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Send events by HTTP as `PUBLISHER`; return their receipts."""
        url = f"{self.installation.http('intake')}/v1/events"
        key = self.installation.publisher_key(PUBLISHER)
        async with httpx2.AsyncClient(timeout=60, trust_env=False) as http:
            answer = await http.post(
                url,
                content=b"\n".join(map(orjson.dumps, events)),
                headers={
                    "content-type": "application/x-ndjson",
                    "authorization": f"Bearer {key}",
                },
            )
        assert answer.status_code in (200, 202), answer.text
        assert '"refused"' not in answer.text, answer.text
        return [orjson.loads(line) for line in answer.text.splitlines()]

    def accepted(self, *codes: str) -> list[dict[str, Any]]:
        """Return one event for each dossier: accepted now, due in three working days.

        A number that begins with 0 is none of the installation's own pattern.
        """
        return [
            event(code, "accepted", self.now, {"procedure": PROCEDURE, "channel": "online"})
            for code in codes
        ]

    def completed(self, *codes: str) -> list[dict[str, Any]]:
        """Return one event for each dossier: completed now."""
        return [event(code, "completed", self.now, {"result": "granted"}) for code in codes]


def event(code: str, name: str, when: datetime, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event of a dossier as a publisher sends it."""
    return {
        "specversion": "1.0",
        "id": f"{code}-{name}",
        "source": f"urn:motcua:publisher:{PUBLISHER}",
        "type": f"vn.motcua.dossier.{name}.v1",
        "subject": code,
        "time": when.isoformat(timespec="milliseconds"),
        "datacontenttype": "application/json",
        "receivingunit": UNIT,
        "competentunit": UNIT,
        "data": dict(data),
    }


async def until(holds: Callable[[], Any], what: str, wait_s_max: float = WAIT_S_MAX) -> None:
    """Wait until an asynchronous question is answered with something true."""
    try:
        async with asyncio.timeout(wait_s_max):
            while True:
                if await holds():
                    return
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        raise AssertionError(f"not within {wait_s_max:g} s: {what}") from None
