"""The drill: yesterday's backup beside today's topics, and beside none.

A province is played in lock-step, on real engines. While it is played, a backup is made. The
days go on. Then everything stops, the backup is restored by the command, everything starts,
and the days go on again. What is counted at the end are the figures, escalations and messages
of all days, by witnesses that share no code with the services.
"""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Final

import pytest

from deploy.demo.actor import PUBLISHER
from deploy.demo.lockstep import SECOND, LockStep
from deploy.demo.province import Span
from deploy.demo.reconcile import SAME, reconcile
from deploy.demo.stage import Stage, stage
from deploy.installation import hold
from deploy.supervisor.supervisor import Supervisor
from shared.calendar.zone import ICT
from shared.events.topics import NOTICES, OBLIGATIONS
from shared.kafka.publisher import KafkaPublisher
from shared.kafka.whole import TopicEnds
from tests.simulation.kills.counting import Account, count_mails, count_rungs, count_topics
from tests.simulation.kills.play import Play

pytestmark = [
    pytest.mark.recovery,
    pytest.mark.nightly,
    pytest.mark.asyncio,
    pytest.mark.timeout(1_800),
]

SEED: Final = 1909
SCALE: Final = 1 / 40
FIRST: Final = date(2026, 8, 3)
"""A Monday."""

START: Final = datetime.combine(FIRST, clock_time(), tzinfo=ICT) - SECOND
DAYS: Final = 9
STEPS_BEFORE: Final = 12
STEPS_BETWEEN: Final = 14
STEPS_AFTER: Final = 8
CHECKS_MIN: Final = 500


@dataclass
class Drill:
    """A province that is played on one data folder, whatever becomes of its processes."""

    playing: Stage
    play: Play
    tell: Callable[[str], None]
    supervisor: Supervisor
    parts: AsyncExitStack
    holding: ExitStack = field(default_factory=ExitStack)

    async def steps(self, count: int) -> None:
        """Play some steps."""
        for _ in range(count):
            await self.play.step()

    async def back_up_under_load(self, target: Path) -> None:
        """Make a backup by the command while the days go on."""
        command = asyncio.create_task(self.motcua("backup", str(target)))
        steps = 0
        while not command.done():
            await self.play.step()
            steps += 1
        await command
        self.tell(f"{steps} steps while the backup was made")

    async def restore(self, target: Path) -> None:
        """Stop everything, restore a backup by the command, and start everything."""
        await self.stop()
        await self.motcua("restore", "backup", str(target), "--yes")
        await self.start()

    async def motcua(self, *arguments: str) -> None:
        """Run a command of ours on the folder, as a process of its own."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deploy.cli.main", *arguments),
            *("--data", str(self.playing.folder)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        for line in output.decode().splitlines():
            self.tell(line)
        assert process.returncode == 0, output.decode()

    async def stop(self) -> None:
        """Stop every process of the installation; clock and mail catcher go on."""
        await self.parts.aclose()
        await asyncio.to_thread(self.supervisor.stop)
        self.holding.close()

    async def start(self) -> None:
        """Start it again on what is in the folder, with clients that know nothing."""
        self.holding.enter_context(hold(self.playing.folder))
        self.supervisor = Supervisor(self.playing.supervisor.plan, self.tell)
        await asyncio.to_thread(self.supervisor.start)
        await self.connect()
        await self.play.clock.rest()

    async def connect(self) -> None:
        """Give clock and actor clients of the broker that runs now."""
        where = self.playing.installation.kafka
        self.play.clock.ends = await self.parts.enter_async_context(TopicEnds(where))
        kafka = KafkaPublisher(where, client_id="motcua-demo")
        self.parts.push_async_callback(kafka.stop)
        self.playing.actor.kafka = kafka

    async def account(self, codes: Mapping[str, str] = SAME) -> Account:
        """Count on the topics and at the mail catcher, and compare with the stories.

        Args:
            codes: Codes that units have by now to those that the stories know them by.
        """
        account = Account()
        streams = await count_topics(self.playing.installation.kafka_bootstrap, account)
        count_rungs(streams[OBLIGATIONS.name], account)
        count_mails(streams[NOTICES.name], self.playing.mailbox.mails, account)
        report = await reconcile(
            self.playing, self.play.month, end=self.play.clock.now, codes=codes
        )
        for line in report.lines:
            account.insist(
                line.ok,
                f"{line.name}: {line.expected} expected, {line.found} found; "
                f"{'; '.join(line.differences[:5])}",
            )
        self.tell(f"{account.checks} checks, {account.mails} mails, {account.resent} resends")
        return account


@asynccontextmanager
async def drill(folder: Path, tell: Callable[[str], None]) -> AsyncIterator[Drill]:
    """Set a province up in a folder; every process stops at the end."""
    await asyncio.to_thread(folder.mkdir)
    async with AsyncExitStack() as parts:
        holding = parts.enter_context(ExitStack())
        holding.enter_context(hold(folder))
        playing = await parts.enter_async_context(
            stage(folder, start=START, rate=0, obligations_from=FIRST, say=tell)
        )
        await playing.actor.kafka.stop()
        month = playing.month(Span(FIRST, FIRST + timedelta(days=DAYS), SEED), scale=SCALE)
        async with TopicEnds(playing.installation.kafka) as ends:
            services, key = playing.installation.state.services, playing.keys.operator
            clock = LockStep(playing.http, playing.clock, services, key, ends, START)
            running = Drill(
                playing,
                Play(playing, clock, month),
                tell,
                playing.supervisor,
                AsyncExitStack(),
                holding,
            )
            await running.connect()
        await clock.rest()
        try:
            yield running
        finally:
            await running.stop()


@pytest.fixture
def tell(capfd: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Show the progress of a long test."""

    def show(sentence: str) -> None:
        with capfd.disabled():
            print(f"  {sentence}", flush=True)  # noqa: T201 -- Progress of a long test.

    return show


def insist(account: Account) -> None:
    """Fail unless enough was counted, and all of it was as it should be."""
    assert account.checks > CHECKS_MIN, "the run was too small to say anything"
    assert not account.violations, "\n".join(account.violations[:40])


async def test_a_backup_of_this_moment_changes_nothing(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    """Made when nothing moved and restored at once, it is the store that was there."""
    async with drill(tmp_path / "data", tell) as one:
        await one.steps(STEPS_BEFORE)
        await one.motcua("backup", str(tmp_path / "monday"))
        await one.restore(tmp_path / "monday")
        await one.steps(STEPS_AFTER)
        insist(await one.account())


async def test_yesterdays_backup_beside_todays_topics(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    """All that topics have since is taken again; nothing is alerted or sent twice."""
    async with drill(tmp_path / "data", tell) as one:
        await one.steps(STEPS_BEFORE)
        await one.back_up_under_load(tmp_path / "monday")
        await one.steps(STEPS_BETWEEN)
        await one.restore(tmp_path / "monday")
        await one.steps(STEPS_AFTER)
        insist(await one.account())


async def test_a_backup_on_a_disk_without_topics(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    """From the store alone come the topics, with the same ids; the days go on."""
    async with drill(tmp_path / "data", tell) as one:
        await one.motcua("topics", "add-publisher", PUBLISHER)  # As an operator adds it.
        await one.steps(STEPS_BEFORE)
        await one.motcua("backup", str(tmp_path / "monday"))
        await one.stop()
        shutil.rmtree(tmp_path / "data" / "engines")
        await one.motcua("restore", "backup", str(tmp_path / "monday"), "--yes")
        await one.start()
        await one.steps(STEPS_AFTER)
        insist(await one.account())
