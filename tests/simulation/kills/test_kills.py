"""Real processes killed with -9 under load: nothing lost, nothing climbed or sent twice."""

import asyncio
import os
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Final

import pytest

from deploy.demo.lockstep import SECOND
from deploy.demo.province import Span
from deploy.demo.reconcile import reconcile
from deploy.demo.stage import Stage, stage
from shared.calendar.zone import ICT
from shared.events.topics import NOTICES, OBLIGATIONS
from shared.kafka.whole import TopicEnds
from tests.simulation.kills.counting import Account, count_mails, count_rungs, count_topics
from tests.simulation.kills.killer import Killer
from tests.simulation.kills.play import Play, WatchedLockStep
from tests.simulation.kills.witness import Journal, PatientActor, PatientKafka, PatientStaff

pytestmark = [pytest.mark.kills, pytest.mark.timeout(900)]

SEED: Final = int(os.environ.get("KILLS_SEED", "20261123"))
KILLS: Final = int(os.environ.get("KILLS", "12"))
SCALE: Final = 1 / 12
FIRST: Final = date(2026, 8, 3)
START: Final = datetime.combine(FIRST, clock_time(), tzinfo=ICT) - SECOND
DAYS: Final = 12
STEPS_AFTER: Final = 4
STEPS_MAX: Final = 480
LEASE_S: Final = "25"
#: Compared here by notice instead: a kill between hand-over and answer allows a marked resend.
COUNTED_HERE: Final = "messages at the mail catcher"


@pytest.mark.asyncio
async def test_kill_nine_of_everything_under_load(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Services, broker and store die in turn; every effect is there once, and none is lost."""

    def tell(sentence: str) -> None:
        with capfd.disabled():
            print(f"  {sentence}", flush=True)  # noqa: T201 -- Progress of a long test.

    def hear(sentence: str) -> None:
        for one in listening:
            one(sentence)

    began = time.monotonic()
    listening: list[Callable[[str], None]] = []
    async with stage(
        tmp_path, start=START, rate=0, obligations_from=FIRST, say=hear
    ) as playing:
        journal = Journal(tmp_path / "witness.jsonl")
        killer = Killer(playing.supervisor, KILLS, SEED, tell)
        listening.append(killer.heard)
        async with TopicEnds(playing.installation.kafka_bootstrap) as ends:
            play = await _prepared(playing, journal, killer, ends)
            tell(f"set up in {time.monotonic() - began:.0f} s; seed {SEED}, {tmp_path}")
            end = await _play_until_killed(play, killer)
        account = await _count(play, end)
        account.violations += journal.violations + killer.by_itself
    tell(f"{play.steps} steps, {playing.actor.sent.events} events sent: {journal.summary()}")
    tell(f"{killer.kills.total()} kills: {dict(sorted(killer.kills.items()))}")
    tell(f"records: {dict(account.events)}; repeated with the same id: {dict(account.repeats)}")
    tell(f"{account.mails} mails, {account.resent} marked resends")
    tell(f"{account.checks} checks, {len(account.violations)} violations, seed {SEED}")
    tell(f"{time.monotonic() - began:.0f} s in all")
    assert killer.kills.total() >= KILLS
    assert account.checks > 500, "the run was too small to say anything"
    assert not account.violations, "\n".join(account.violations[:40])


async def _prepared(playing: Stage, journal: Journal, killer: Killer, ends: TopicEnds) -> Play:
    """Put patient people in place of the demo's, who expect nobody to die."""
    kafka = PatientKafka(playing.installation.kafka_bootstrap, client_id="witness")
    kafka.journal = journal
    known = playing.actor
    actor = PatientActor(
        known.http, known.intake, known.counter_key, known.publisher_key, kafka
    )
    actor.journal, actor.busy = journal, killer.working.set
    await known.kafka.stop()
    playing.actor = actor
    playing.staff = PatientStaff(playing.mailbox, playing.http, playing.calendar)
    notifications = playing.supervisor.services["notifications"]
    # A claim of a dead process is taken over by its lease; the shortest keeps this test short.
    notifications.environ = {
        **(notifications.environ or {}),
        "MOTCUA_LEASE_SECONDS": LEASE_S,
    }
    clock = WatchedLockStep(
        playing.http,
        playing.clock,
        playing.installation.state.services,
        playing.keys.operator,
        ends,
        START,
    )
    clock.busy = killer.working.set
    last = FIRST + timedelta(days=DAYS)
    return Play(playing, clock, playing.month(Span(FIRST, last, SEED), scale=SCALE))


async def _play_until_killed(play: Play, killer: Killer) -> datetime:
    """Play until the killer is done, and some steps more; return the moment reached."""
    killing = asyncio.create_task(killer.run())
    try:
        await play.clock.rest()
        more = STEPS_AFTER
        while more:
            await play.step()
            more -= killing.done()
            assert play.steps < STEPS_MAX, "the killer did not come to its end"
        await killing
    finally:
        killing.cancel()
        await asyncio.gather(killing, return_exceptions=True)
        await play.playing.actor.kafka.stop()
    return play.clock.now


async def _count(play: Play, end: datetime) -> Account:
    """Count on the wire and at the catcher; then compare with what the stories tell."""
    account, playing = Account(), play.playing
    streams = await count_topics(playing.installation.kafka_bootstrap, account)
    count_rungs(streams[OBLIGATIONS.name], account)
    count_mails(streams[NOTICES.name], playing.mailbox.mails, account)
    try:
        report = await reconcile(playing, play.month, end=end)
    except Exception as error:  # noqa: BLE001 -- Said with what was counted, whatever it is.
        account.insist(False, f"the reconciliation failed: {error!r}")  # noqa: FBT003 -- As above.
        return account
    for line in report.lines:
        if line.name != COUNTED_HERE:
            account.insist(
                line.ok,
                f"{line.name}: {line.expected} expected, {line.found} found; "
                f"{'; '.join(line.differences[:5])}",
            )
    return account
