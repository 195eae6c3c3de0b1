"""The province on a fast clock, until somebody stops it."""

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.table import Table

from deploy.demo.actor import Running, acts_until
from deploy.demo.once import Played, check_days
from deploy.demo.province import Span
from deploy.demo.stage import Stage, stage
from shared.calendar.zone import ICT
from shared.ops.clock import FileClock

FIRST: Final = date(2026, 8, 3)
BEGINS_AT: Final = clock_time(6, 45)
DAYS: Final = timedelta(days=90)
RATE: Final = 60.0
"""Simulated seconds in a real one while offices are open: a working day in ten minutes."""

OUTAGES: Final = 24
"""How many communes lose a link in these months, beside the day on which all of them do."""

NIGHT_RATE: Final = 3_600.0
"""The same while everything is closed: a night in a quarter of a minute."""

OPEN_FROM: Final = clock_time(6, 0)
OPEN_UNTIL: Final = clock_time(18, 30)
LOOK_S: Final = 0.25
TELL_S: Final = 10.0

Say = Callable[[str], None]


@dataclass(slots=True)
class Show:
    """What the terminal shows of the running province."""

    playing: Stage

    def lines(self, now: datetime) -> list[tuple[str, str]]:
        """Return what there is to see, a name and a value to a line."""
        where = self.playing.installation.state.services
        sent = self.playing.actor.sent
        return [
            ("Giờ mô phỏng · simulated time", f"{now.astimezone(ICT):%H:%M %d/%m/%Y}"),
            ("Hồ sơ · dossiers", f"{len(sent.stories)}"),
            ("Sự kiện · events", f"{sent.events}"),
            ("Thư đã gửi · mails", f"{len(self.playing.mailbox.mails)}"),
            ("Lời hẹn · answers of supervisors", f"{self.playing.staff.answered}"),
            ("Bảng theo dõi · dashboard", f"{where['reporting']}/"),
            ("Việc của tôi · desk", f"{where['workflow']}/"),
            (
                "Kiểm toán độc lập · independent audit",
                f"{self.playing.installation.state.auditor}/metrics",
            ),
            ("Khóa đăng nhập · key to sign in", self.playing.keys.province),
            ("Hộp thư · mail", self.playing.mail_url),
            ("Dữ liệu · data", str(self.playing.folder)),
        ]

    def table(self, now: datetime) -> Table:
        """Return the same as a table."""
        table = Table(show_header=False, box=None, padding=(0, 2))
        for name, value in self.lines(now):
            table.add_row(name, value)
        table.add_row("", "Ctrl-C dừng tất cả · stops it all")
        return table


async def play_live(
    folder: Path,
    say: Say,
    *,
    seed: int,
    scale: float,
    rate: float = RATE,
    first: date = FIRST,
) -> None:
    """Run the province from the morning of `first` until the task is cancelled.

    Raises:
        CommandError: something did not start, or refused what happened.
    """
    last = first + DAYS
    check_days(first, last)
    start = datetime.combine(first, BEGINS_AT, tzinfo=ICT)
    async with stage(
        folder, start=start, rate=rate, obligations_from=first, say=say
    ) as playing:
        month = playing.month(Span(first, last, seed, outages=OUTAGES), scale=scale)
        played = Played(
            [Running(story) for story in month.stories],
            month.at_centres,
        )
        show = Show(playing)
        clock = FileClock(playing.clock.path)
        for name, value in show.lines(clock.now()):
            say(f"{name}: {value}")
        with _screen(show, clock) as tell:
            while True:
                now = clock.now()
                _pace(playing, now, rate)
                await _happen(playing, played, now)
                tell(now)
                await asyncio.sleep(LOOK_S)


async def _happen(playing: Stage, played: Played, now: datetime) -> None:
    playing.staff.read_mail(now)
    await playing.staff.answer(now)
    at_centres = [one for one in played.at_centres if one.at <= now]
    played.at_centres = played.at_centres[len(at_centres) :]
    horizon = now + timedelta(days=1)
    near = [run for run in played.runs if (act := run.due) is not None and act.at <= horizon]
    while (due := acts_until(near, now)) or at_centres:
        await playing.actor.act(due, at_centres)
        at_centres = []
    if played.runs and len(near) < len(played.runs):
        played.runs = [run for run in played.runs if run.due is not None]


def _pace(playing: Stage, now: datetime, rate: float) -> None:
    """Let time run faster while everything is closed, and slower again before it opens."""
    local = now.astimezone(ICT)
    is_open = (
        playing.calendar.is_working(local.date()) and OPEN_FROM <= local.time() < OPEN_UNTIL
    )
    wanted = rate if is_open else max(rate, NIGHT_RATE)
    playing.clock.start(now=now, rate=wanted)


@contextlib.contextmanager
def _screen(show: Show, clock: FileClock) -> Iterator[Callable[[datetime], None]]:
    """Show a table that changes in place, or lines where there is no terminal."""
    if sys.stdout.isatty():
        with Live(show.table(clock.now()), console=Console(), refresh_per_second=4) as live:
            yield lambda now: live.update(show.table(now))
        return
    told = [time.monotonic()]

    def tell(now: datetime) -> None:
        if time.monotonic() - told[0] >= TELL_S:
            told[0] = time.monotonic()
            values = ", ".join(value for _, value in show.lines(now)[:5])
            sys.stdout.write(f"{values}\n")
            sys.stdout.flush()

    yield tell
