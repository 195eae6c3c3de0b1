"""The four services on three brokers: dossiers that become overdue, and what is counted."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any, Final

from typing_extensions import override

from deploy.demo.actor import PUBLISHER
from deploy.demo.lockstep import SECOND, NeverAtRestError
from deploy.demo.stage import Stage, stage
from deploy.engines import ports
from deploy.engines.process import ChildProcess
from shared.calendar.zone import ICT
from shared.events.progress import LATE_WAIT_MAX
from shared.events.topics import DOSSIERS, NOTICES, OBLIGATIONS
from shared.kafka.whole import TopicEnds
from tests.simulation.cluster.brokers import WANTED, Brokers
from tests.simulation.kills.counting import Account, count_mails, count_rungs, count_topics
from tests.simulation.kills.play import WatchedLockStep
from tests.simulation.kills.small import Load
from tests.simulation.kills.witness import Journal

MONDAY: Final = date(2026, 8, 3)
OPEN_AT: Final = clock_time(10)
NO_CENTRE_RECORDS: Final = date(2026, 12, 1)
"""From when centres owe what no dossier brings: after these weeks, which are of dossiers."""

WEEK: Final = timedelta(days=7)
"""More than the three working days of the procedure, and as long as its alerts of that time."""

WAITED: Final = LATE_WAIT_MAX + timedelta(minutes=1)
"""After this nothing waits any more for the rest of late events."""

PROCEDURE: Final = "1.004873"
UNIT: Final = "06112"
PACE_S: Final = 0.3
WAIT_S_MAX: Final = 480.0
POLL_S: Final = 0.2
REST_TRIES_MAX: Final = 3
REACHED: Final = "vn.motcua.obligation.rung_reached.v1"
LEASE_S: Final = "25"
STOP_S: Final = 20.0
SECOND_ONE: Final = "-1"
"""What follows the name of a service's second instance."""


class Clock(WatchedLockStep):
    """A clock for services of which some have a second instance: both share the partitions."""

    @override
    async def _behind(self, reading: Mapping[str, Any]) -> list[str]:
        shared: dict[str, Counter[str]] = defaultdict(Counter)
        for name, status in reading.items():
            shared[name.removesuffix(SECOND_ONE)].update(status.get("positions", {}))
        return await super()._behind({name: {"positions": at} for name, at in shared.items()})


@dataclass
class Province:
    """The services, their clock, and what was promised to publishers so far.

    Attributes:
        promised: Every event that was acknowledged, with its dossier.
        waves: The dossiers of each load, which must all fare alike.
        ended: What the supervisor says of processes that ended, though none of its was killed.
        replicas: Second instances of services, by name.
    """

    playing: Stage
    brokers: Brokers
    clock: Clock
    folder: Path
    promised: dict[str, str] = field(default_factory=dict)
    waves: list[frozenset[str]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    replicas: dict[str, ChildProcess] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def load(self) -> AsyncIterator[Load]:
        """Receive dossiers by HTTP and Kafka until the context ends, each to its answer.

        What was acknowledged is kept; a test that failed leaves no load to the next.
        """
        wave = len(self.waves) + 1
        journal = Journal(self.folder / f"witness-{wave}.jsonl")
        now = self.clock.now

        def life(number: int) -> Sequence[dict[str, Any]]:
            return opened(f"G09.20-2608{wave:02d}-{number:07d}", now)

        load = Load(self.playing.installation, journal, life=life, pace_s=PACE_S)
        running = asyncio.create_task(load.run())
        try:
            yield load
            load.stopping.set()
            await running
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            self.promised.update(load.sent)
            self.waves.append(frozenset(load.sent.values()))
        self.violations += journal.violations
        if strange := set(load.answers) - {200, 503}:
            self.violations.append(f"HTTP answered {sorted(strange)}")

    def leap(self) -> None:
        """Move the clock a week on: what was open is overdue."""
        self.clock.now += WEEK
        self.clock.clock.advance(self.clock.now)

    async def rest(self) -> None:
        """Wait until everything is done, also what waited for the rest of late events.

        What is recorded after a leap is a week late, so what it shows to be overdue waits.
        """
        await self._at_rest()
        self.clock.now += WAITED
        self.clock.clock.advance(self.clock.now)
        await self._at_rest()

    async def _at_rest(self) -> None:
        """Wait until everything is read, published and sent, on however slow a machine."""
        for left in reversed(range(REST_TRIES_MAX)):
            try:
                await self.clock.rest()
            except NeverAtRestError:
                if not left:
                    raise
            else:
                return

    def begin_replica(self, name: str) -> None:
        """Start a second instance of a service."""
        first = self.playing.supervisor.services[name]
        port = ports.pick()
        environ = {
            **(first.environ or {}),
            "MOTCUA_INSTANCE": "1",
            "MOTCUA_HTTP_PORT": str(port),
        }
        replica = ChildProcess(
            f"{name}{SECOND_ONE}", first.command, self.folder / "replicas", environ
        )
        self.replicas[name] = replica
        replica.start()
        self.clock.services = {**self.clock.services, replica.name: f"http://127.0.0.1:{port}"}

    def kill_replica(self, name: str) -> None:
        """End a second instance as a crash would; nobody starts it again."""
        replica = self.replicas[name]
        assert replica.alive, f"{replica.name} ended by itself: {replica.last_words()}"
        replica.kill()
        others = self.clock.services.items()
        self.clock.services = {one: url for one, url in others if one != replica.name}

    async def count(self) -> Account:
        """Count at consumers and a mail catcher of our own; fail for what was lost or twice."""
        account = Account(violations=[*self.violations, *self.ended])
        streams = await count_topics(self.brokers.bootstrap, account)
        count_rungs(streams[OBLIGATIONS.name], account)
        count_mails(streams[NOTICES.name], self.playing.mailbox.mails, account)
        found = {
            event["id"]: subject
            for subject, events in streams[DOSSIERS.name].items()
            for event in events
        }
        for event, subject in self.promised.items():
            account.insist(
                found.get(event) == subject, f"{event} was acknowledged and is not there"
            )
        self._compare(streams[OBLIGATIONS.name], streams[NOTICES.name], account)
        assert not account.violations, "\n".join(account.violations[:40])
        return account

    def _compare(
        self,
        obligations: dict[str, list[dict[str, Any]]],
        notices: dict[str, list[dict[str, Any]]],
        account: Account,
    ) -> None:
        """Compare the dossiers of each load: alike, they have the same alerts and messages."""
        sent: dict[str, Counter[str]] = defaultdict(Counter)
        for events in notices.values():
            data = events[0]["data"]
            sent[data["about"]][f"{data.get('person')} by {data['channel']}"] += 1
        for number, wave in enumerate(self.waves, start=1):
            fared = Counter(
                (_alerts(obligations.get(one, ())), tuple(sorted(sent[one].items())))
                for one in wave
            )
            account.insist(len(fared) == 1, f"the dossiers of load {number} differ: {fared}")
            account.insist(
                all(alerts for alerts, _ in fared), f"no alert for the dossiers of {number}"
            )


def _alerts(events: Sequence[dict[str, Any]]) -> tuple[tuple[str, str, int], ...]:
    return tuple(
        sorted(
            (event["data"]["obligation"], event["data"]["rung"], event["data"].get("repeat", 0))
            for event in events
            if event["type"] == REACHED
        )
    )


def opened(code: str, now: datetime) -> list[dict[str, Any]]:
    """Return the events of a dossier that is accepted, assigned and never finished."""
    steps: list[tuple[str, dict[str, Any]]] = [
        ("accepted", {"procedure": PROCEDURE, "channel": "online"}),
        ("assigned", {"handler": f"p-{UNIT}-handler-1"}),
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
            "receivingunit": UNIT,
            "competentunit": UNIT,
            "data": data,
        }
        for step, (name, data) in enumerate(steps)
    ]


@asynccontextmanager
async def province(folder: Path, brokers: Brokers) -> AsyncIterator[Province]:
    """Run the services as `motcua up` does on somebody's cluster, with a clock that leaps."""
    start = datetime.combine(MONDAY, OPEN_AT, tzinfo=ICT) - SECOND
    ended: list[str] = []

    def hear(sentence: str) -> None:
        if " ended with code " in sentence:
            ended.append(sentence)

    settings = {
        "MOTCUA_KAFKA_BOOTSTRAP": ",".join(brokers.bootstrap),
        "MOTCUA_TOPIC_REPLICATION": str(WANTED.replication),
        "MOTCUA_LEASE_SECONDS": LEASE_S,  # A claim of a dead process is free after it.
    }
    async with (
        stage(
            folder,
            start=start,
            rate=0,
            obligations_from=NO_CENTRE_RECORDS,
            say=hear,
            settings=settings,
        ) as playing,
        TopicEnds(brokers.bootstrap) as ends,
    ):
        clock = Clock(
            playing.http,
            playing.clock,
            playing.installation.state.services,
            playing.keys.operator,
            ends,
            start,
        )
        clock.busy = _nobody_listens
        made = Province(playing, brokers, clock, folder, ended=ended)
        try:
            await made.rest()
            yield made
        finally:
            for replica in made.replicas.values():
                replica.stop(STOP_S)


def _nobody_listens() -> None:
    """Do nothing: no killer waits for the clock here."""


def dossiers_of(load: Load) -> int:
    """Return how many dossiers of a load were acknowledged so far."""
    return len(set(load.sent.values()))


async def until_sent(load: Load, dossiers: int) -> None:
    """Wait until so many dossiers of a load were acknowledged."""
    limit = time.monotonic() + WAIT_S_MAX
    while (count := dossiers_of(load)) < dossiers:
        assert time.monotonic() < limit, f"{count} of {dossiers} within {WAIT_S_MAX:.0f} s"
        await asyncio.sleep(POLL_S)


async def written(brokers: Brokers, topic: str) -> int:
    """Return how many records were written to a topic so far."""
    async with TopicEnds(brokers.bootstrap) as ends:
        return (await ends.sums([topic]))[topic]


async def until_written(brokers: Brokers, topic: str, records: int) -> None:
    """Wait until so many records were written to a topic."""
    async with TopicEnds(brokers.bootstrap) as ends:
        limit = time.monotonic() + WAIT_S_MAX
        while (count := (await ends.sums([topic]))[topic]) < records:
            assert time.monotonic() < limit, f"{count} of {records} within {WAIT_S_MAX:.0f} s"
            await asyncio.sleep(POLL_S / 4)
