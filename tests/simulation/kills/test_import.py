"""A real desk's history imported while the services are killed: counted right, alarming nobody.

The whole installation, as real processes, takes the receipt log in through its command line.
Meanwhile a seeded killer takes workflow, notifications, reporting and intake in turn.
"""

import asyncio
import json
import os
import random
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from deploy.demo.lockstep import STEP, LockStep
from deploy.installation import SERVICES, Installation
from deploy.supervisor.supervisor import Supervisor
from shared.calendar.zone import ICT
from shared.events.topics import CENTRES, CONTACTS, DOSSIERS, NOTICES, OBLIGATIONS, REFERENCE
from shared.kafka.whole import TopicEnds
from shared.ops.clock import ClockFile
from tests.receipt_log import (
    LOG,
    MISSING,
    ROOT,
    WHY_MISSING,
    Counted,
    count_by_hand,
)
from tests.simulation.kills.counting import Account, Stream, count_rungs, count_topics
from tests.simulation.kills.killer import Killer
from tests.simulation.kills.small import small_house, tended

pytestmark = [
    pytest.mark.kills,
    pytest.mark.nightly,  # By day the same log is imported while intake alone is killed.
    pytest.mark.timeout(900),
    pytest.mark.skipif(MISSING, reason=WHY_MISSING),
]

PROFILE: Final = ROOT / "deploy/imports/profiles/receipt.yaml"
SEED: Final = int(os.environ.get("KILLS_SEED", "20261123"))
#: A Sunday: nothing that is of this month falls due while the log is imported.
START: Final = datetime(2026, 11, 22, 10, tzinfo=ICT)
BATCHES_BETWEEN_MAX: Final = 2
DELAY_S_MAX: Final = 0.3
POLL_S: Final = 0.02
MOVES_S_MAX: Final = 120.0
PAGES_MAX: Final = 40
KEPT: Final = (DOSSIERS, CENTRES, OBLIGATIONS, NOTICES, CONTACTS, REFERENCE)
LISTED: Final = ("events_after_end", "end_before_first", "ended_late")
OPENED: Final = "vn.motcua.obligation.opened.v1"
REACHED: Final = "vn.motcua.obligation.rung_reached.v1"


@dataclass(slots=True)
class Importing:
    """One run of `motcua import` on an installation."""

    folder: Path
    process: Process
    began: float

    @classmethod
    async def begin(cls, folder: Path) -> "Importing":
        """Begin to import the log."""
        arguments = ("import", str(LOG), "--profile", str(PROFILE), "--json")
        process = await _begin(*arguments, data=folder)
        return cls(folder, process, time.monotonic())

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.process.returncode is not None

    async def summary(self) -> dict[str, Any]:
        """Wait until it ends, and return its summary with how many seconds it took."""
        output, _ = await self.process.communicate()
        assert self.process.returncode == 0, output
        return {**json.loads(output), "took_s": time.monotonic() - self.began}

    async def moved_on(self, batches: int) -> bool:
        """Wait until so many batches have been answered; say whether it goes on then."""
        until = time.monotonic() + MOVES_S_MAX
        point = self._point()
        while batches and not self.over:
            assert time.monotonic() < until, f"the import does not move: {point}"
            await asyncio.sleep(POLL_S)
            batches -= (now := self._point()) != point
            point = now
        return not self.over

    def _point(self) -> str:
        """Read how far it has come; the file is gone once it has ended."""
        found = sorted((self.folder / "imports").glob("receipt*.json"))
        try:
            return str(json.loads(found[0].read_bytes())["cases"]) if found else ""
        except (OSError, ValueError):
            return ""


@pytest.mark.asyncio
async def test_an_import_among_kills_changes_no_figure_and_alarms_nobody(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Everything counted once, by the log's own deadlines; the same again changes nothing."""

    def tell(sentence: str) -> None:
        with capfd.disabled():
            print(f"  {sentence}", flush=True)  # noqa: T201 -- Progress of a long test.

    began = time.monotonic()
    clock = ClockFile(tmp_path / "clock")
    clock.start(now=START, rate=1)
    async with small_house(tmp_path / "house", clock.path) as house:
        killer = Killer(house, len(SERVICES), SEED, tell, SERVICES)
        tell(f"set up in {time.monotonic() - began:.0f} s; seed {SEED}, {tmp_path}")
        async with tended(house, killer.heard), AsyncExitStack() as stack:
            importing = await Importing.begin(house.plan.data)
            await _kill_meanwhile(importing, killer)
            first = await importing.summary()
            tell(f"import among kills: {_rate(first)}")
            await killer.wait_back(SERVICES)
            resting = await Resting.at(stack, house.installation, clock)
            before = await resting.state(START + STEP)
            tell(f"at rest after {time.monotonic() - began:.0f} s")
            second = await (await Importing.begin(house.plan.data)).summary()
            tell(f"import once more: {_rate(second)}")
            after = await resting.state(START + 2 * STEP)
            listed = {name: await _listed(house.installation, name) for name in LISTED}
            tell(f"memory: {_memory(house)}")
            account = Account()
            streams = await count_topics(house.installation.kafka_bootstrap, account)
    tell(f"killed while it ran: {dict(sorted(killer.kills.items()))}")
    tell(f"records: {dict(account.events)}; repeated with the same id: {dict(account.repeats)}")
    tell(f"{time.monotonic() - began:.0f} s in all")
    assert set(killer.kills) == set(SERVICES), "not everyone was killed while it ran"
    assert not killer.by_itself
    counted = count_by_hand()
    _judge_summaries(first, second, counted)
    _judge_figures(before[0], listed, counted)
    assert after == before, "the second import changed a figure or a topic"
    _judge_topics(streams, account, counted)


async def _kill_meanwhile(importing: Importing, killer: Killer) -> None:
    """Kill in turn, each time some batches later, and nobody who is still coming back."""
    chance = random.Random(f"import/{killer.seed}")
    while await importing.moved_on(chance.randint(1, BATCHES_BETWEEN_MAX)):
        victim = killer.next()
        if killer.kills[victim]:
            await killer.wait_back({victim})
        await asyncio.sleep(chance.uniform(0, DELAY_S_MAX))
        if not importing.over:
            await killer.kill(victim)


@dataclass(slots=True)
class Resting:
    """Stops the clock and waits until everything is at rest: read, published and swept."""

    installation: Installation
    clock: ClockFile
    lock_step: LockStep

    @classmethod
    async def at(
        cls, stack: AsyncExitStack, installation: Installation, clock: ClockFile
    ) -> "Resting":
        """Connect; the stack lets go of what that takes."""
        http = await stack.enter_async_context(httpx2.AsyncClient(timeout=30, trust_env=False))
        ends = await stack.enter_async_context(TopicEnds(installation.kafka_bootstrap))
        services, key = installation.state.services, installation.operator_key
        return cls(installation, clock, LockStep(http, clock, services, key, ends, now=START))

    async def state(self, moment: datetime) -> tuple[dict[str, Any], dict[str, int]]:
        """Return the figures, and how many records each topic has, once at rest."""
        self.lock_step.now = moment
        self.clock.advance(moment)
        await self.lock_step.rest()
        said = await _command("figures", "--json", data=self.installation.data)
        figures: dict[str, Any] = json.loads(said)
        figures.pop("as_of")
        return figures, await self.lock_step.ends.sums([topic.name for topic in KEPT])


async def _command(*arguments: str, data: Path) -> bytes:
    """Run a command on an installation, and return what it prints."""
    process = await _begin(*arguments, data=data)
    output, _ = await process.communicate()
    assert process.returncode == 0, output
    return output


async def _begin(*arguments: str, data: Path) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.cli.main", *arguments, "--data", str(data)),
        cwd=ROOT,
        stdout=PIPE,
    )


async def _listed(installation: Installation, figure: str) -> list[str]:
    """Return the code of every dossier behind a figure, page by page."""
    headers = {"authorization": f"Bearer {installation.operator_key}"}
    found: list[str] = []
    async with httpx2.AsyncClient(timeout=60, trust_env=False, headers=headers) as http:
        for page in range(1, PAGES_MAX):
            answer = await http.get(
                f"{installation.http('reporting')}/v1/rows",
                params={"figure": figure, "page": page},
            )
            rows = answer.raise_for_status().json()["rows"]
            found += [row["code"] for row in rows]
            if not rows:
                return found
    raise AssertionError(f"{figure} has more than {PAGES_MAX} pages")


def _judge_summaries(first: dict[str, Any], second: dict[str, Any], counted: Counted) -> None:
    """Every event of the log is accounted for, in both imports."""
    for summary in (first, second):
        assert summary["reconciles"]
        assert (summary["refused"], summary["not_mapped"]) == (0, {})
        assert summary["dossiers"] == counted.dossiers == 1_434
        assert summary["rows"] == counted.events == 8_577
        assert set(summary["marked"]["after-end"]["dossiers"]) == counted.after_end
        assert set(summary["end_before_first_event"]) == counted.end_before_first
    assert (first["applied"], first["duplicates"]) == (counted.events, 0)
    assert (second["applied"], second["duplicates"]) == (0, counted.events)


def _judge_figures(
    figures: dict[str, Any], listed: dict[str, list[str]], counted: Counted
) -> None:
    """The province's figures and their lists are those of the count by hand."""
    assert figures["reconciles"]
    assert figures["received"] == counted.dossiers == 1_434
    assert figures["ended"] == counted.ended == 1_329
    assert figures["pending"] == counted.dossiers - counted.ended
    assert figures["on_time_law"]["num"] == counted.on_time == 952
    assert figures["late_law"] == counted.late == 377
    assert figures["without_deadline"] == 0
    events = counted.per_dossier.total()
    assert events == counted.events + counted.dossiers + counted.ended
    assert figures["imported"] == {"dossiers": counted.dossiers, "events": events}
    assert figures["inconsistent"] == {"events_after_end": 145, "end_before_first": 117}
    for name, dossiers in listed.items():
        assert len(dossiers) == len(set(dossiers)), f"{name} lists a dossier twice"
    assert set(listed["events_after_end"]) == counted.after_end
    assert set(listed["end_before_first"]) == counted.end_before_first
    assert len(listed["ended_late"]) == counted.late


def _judge_topics(streams: dict[str, Stream], account: Account, counted: Counted) -> None:
    """Every event stands on its topic once; no rung was climbed, and nobody was told."""
    count_rungs(streams[OBLIGATIONS.name], account)
    assert not account.violations, "\n".join(account.violations[:40])
    found = {code: len(events) for code, events in streams[DOSSIERS.name].items()}
    assert found == counted.per_dossier
    opened, reached = Counter[str](), []
    for subject, events in streams[OBLIGATIONS.name].items():
        for event in events:
            opened[subject] += event["type"] == OPENED
            reached += [event] if event["type"] == REACHED else []
    assert opened.keys() == found.keys(), "a dossier has no obligation, or another one has"
    assert reached == [], f"history raised {len(reached)} rungs"
    assert streams[NOTICES.name] == {}, "history was told to somebody"


def _rate(summary: dict[str, Any]) -> str:
    own = sum(sum(counts.values()) for counts in summary["own_events"].values())
    events = own + summary["rows"]
    return f"{events} events in {summary['took_s']:.1f} s, {events / summary['took_s']:.0f}/s"


def _memory(house: Supervisor) -> str:
    """Say how much each process that runs now has had at its highest, in MiB."""
    peaks = {}
    for process in (*house.services.values(), *(one.process for one in house.engines)):
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        (line,) = (one for one in status.splitlines() if one.startswith("VmHWM:"))
        peaks[process.name] = int(line.split()[1]) // 1024
    return ", ".join(f"{name} {peak} MiB" for name, peak in peaks.items())
