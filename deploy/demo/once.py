"""A simulated month in lock-step: everything that happens, then whether it all reconciles."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from deploy.demo.actor import PUBLISHER, Running, acts_until
from deploy.demo.heads import Deed
from deploy.demo.lockstep import SECOND, LockStep, step_after, step_at
from deploy.demo.province import CheckIn, Month, Span, Turn
from deploy.demo.reconcile import reconcile
from deploy.demo.report import Report
from deploy.demo.stage import Stage, stage
from deploy.errors import SettingError
from deploy.reference.load import bundled_reference
from shared.calendar.zone import ICT
from shared.events.topics import inbound
from shared.kafka.whole import TopicEnds

FIRST: Final = date(2026, 8, 1)
"""August 2026 has a worked Saturday (22nd), the day off it was swapped for (31st), and the
communes' figures of the comparable province were measured in it."""

EARLIEST: Final = date(2025, 7, 1)
"""The communes of two tiers began, and with them the reference data."""

DATES_REACH: Final = timedelta(days=60)
"""No date of a dossier that is played lies further ahead than this."""

SEED: Final = 1401
SCALE: Final = 1 / 20
SLOT_MINUTES: Final = 60
"""Things happen on the hour, so that a step has much to do; rungs come when they come."""

OUTAGES: Final = 8
"""How many communes lose a link in the month, beside the day on which all of them do."""

TELL_EVERY_S: Final = 5.0

Say = Callable[[str], None]


@dataclass(slots=True)
class Played:
    """How far the month has been played."""

    runs: list[Running]
    at_centres: list[CheckIn | Turn | Deed]
    steps: int = 0
    told_at: float = field(default_factory=time.monotonic)


async def play_once(
    folder: Path,
    say: Say,
    *,
    seed: int = SEED,
    scale: float = SCALE,
    first: date = FIRST,
    last: date | None = None,
) -> Report:
    """Play the days from `first` to `last` and reconcile what came of them.

    Without a last day it is that of the first one's month.

    Raises:
        CommandError: something did not start, refused what happened, or never came to rest.
    """
    last = last or month_end(first)
    start = datetime.combine(first, datetime.min.time(), tzinfo=ICT) - SECOND
    end = datetime.combine(last + timedelta(days=1), datetime.min.time(), tzinfo=ICT) - SECOND
    check_days(first, last)
    async with stage(folder, start=start, rate=0, obligations_from=first, say=say) as playing:
        month = playing.month(Span(first, last, seed, SLOT_MINUTES, OUTAGES), scale=scale)
        say(
            f"{first} to {last}: {len(month.stories)} dossiers, "
            f"{sum(len(story.acts) for story in month.stories)} events, "
            f"{len(month.check_ins)} check-ins, {len(month.outages)} links lost, seed {seed}"
        )
        async with TopicEnds(playing.installation.kafka) as ends:
            clock = LockStep(
                playing.http,
                playing.clock,
                playing.installation.state.services,
                playing.keys.operator,
                ends,
                start,
            )
            played = await _play(playing, clock, month, end, say)
        say(f"{played.steps} steps, {clock.rests} times at rest; reconciling")
        return await reconcile(playing, month, end=end)


def month_end(day: date) -> date:
    """Return the last day of a day's month."""
    following = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
    return following - timedelta(days=1)


def check_days(first: date, last: date) -> None:
    """Refuse days of which a date could lie where the reference data say nothing.

    Raises:
        SettingError: they begin too early, or dates would reach past the published calendar.
    """
    horizon = bundled_reference().horizon
    assert horizon is not None, "the bundled calendar is published"
    if not EARLIEST <= first <= last <= horizon - DATES_REACH:
        raise SettingError(
            f"--start {first}: the days {first} to {last} do not lie between {EARLIEST} and "
            f"{horizon - DATES_REACH}; the calendar is published through {horizon}, and dates "
            f"reach {DATES_REACH.days} days ahead"
        )


async def _play(
    playing: Stage, clock: LockStep, month: Month, end: datetime, say: Say
) -> Played:
    """Move from step to step until `end`; a stretch without anything to do is one move."""
    played = Played(
        [Running(story) for story in month.stories],
        month.at_centres,
    )
    await clock.until_read(inbound(PUBLISHER).name)
    await clock.rest()
    while clock.now < end:
        moment = min(_next(playing, clock, played), end)
        at_rest = await clock.move_to(moment)
        playing.staff.read_mail(clock.now)
        if await _happen(playing, played, moment) or not at_rest:
            await clock.rest()
            playing.staff.read_mail(clock.now)
        played.steps += 1
        _tell(playing, played, moment, say)
    return played


async def _happen(playing: Stage, played: Played, moment: datetime) -> bool:
    """Let everything happen up to `moment`; say whether anything did."""
    moved = await playing.staff.answer(moment) > 0
    at_centres = [one for one in played.at_centres if one.at <= moment]
    played.at_centres = played.at_centres[len(at_centres) :]
    while (due := acts_until(played.runs, moment)) or at_centres:
        await playing.actor.act(due, at_centres)
        at_centres = []
        moved = True
    played.runs = [run for run in played.runs if run.due is not None]
    return moved


def _next(playing: Stage, clock: LockStep, played: Played) -> datetime:
    """Return the next step at which anything happens, or time alone brings something about."""
    happening = [act.at for run in played.runs if (act := run.due) is not None]
    if played.at_centres:
        happening.append(played.at_centres[0].at)
    if (answer := playing.staff.next_answer()) is not None:
        happening.append(answer)
    steps = [step_at(min(happening))] if happening else []
    if (due := clock.next_due()) is not None:
        steps.append(step_after(due))
    step = min(steps, default=datetime.max.replace(tzinfo=ICT))
    return max(step, step_after(clock.now))


def _tell(playing: Stage, played: Played, moment: datetime, say: Say) -> None:
    if time.monotonic() - played.told_at >= TELL_EVERY_S:
        played.told_at = time.monotonic()
        local = moment.astimezone(ICT)
        say(
            f"{local:%d/%m %H:%M}  {len(playing.actor.sent.stories)} dossiers, "
            f"{playing.actor.sent.events} events, {len(playing.mailbox.mails)} mails, "
            f"{playing.staff.answered} answers"
        )
