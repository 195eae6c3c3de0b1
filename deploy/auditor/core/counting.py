"""How far a limit reaches, counted unit by unit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import islice, pairwise
from typing import Final

from deploy.auditor.core.wall import (
    DAY,
    VIETNAM,
    BeyondCalendar,
    Json,
    Wall,
    instant,
    midnight_after,
)

MICROSECOND: Final = timedelta(microseconds=1)
Moments = tuple[datetime, datetime, date]
"""Promise, statutory end and last day."""

Span = tuple[datetime, datetime]


@dataclass
class End:
    """Where a count ends: a day, or a moment of it; the day before it was rolled."""

    day: date
    moment: datetime | None = None


@dataclass(frozen=True)
class Asked:
    """One supplement request.

    Attributes:
        requested: When it was made.
        proven: When it is proven to have arrived; None if it never was.
        received: When the supplement came.
        receipt: The id of the event that brought it.
    """

    requested: datetime
    proven: datetime | None
    received: datetime | None
    receipt: str = ""

    def opens(self) -> datetime | None:
        """Say when the law's wait opens."""
        if self.proven is None or (self.received is not None and self.proven > self.received):
            return self.received
        return max(self.requested, self.proven)


def begin(wall: Wall, limit: Json, start: datetime) -> datetime:
    """Say from which moment it is counted."""
    if limit["unit"] == "given":
        return start
    if limit["unit"] == "hours" or limit.get("after_hours") == "next_session":
        return wall.next_opening(start)
    return start


def count(wall: Wall, limit: Json, start: datetime) -> End:
    """Count from the start to the end of the limit, nothing in between."""
    unit, left, day = limit["unit"], limit.get("value", 0), start.date()
    if unit == "given":
        given = instant(limit["given"])
        return End(given.date(), given)
    if unit == "hours":
        moment = wall.after_open(start, timedelta(hours=left))
        return End(moment.date(), moment)
    if unit == "clock_hours":
        return _by_clock(wall, start, timedelta(hours=left))
    if unit == "half_days":
        began = (b for a, b in wall.sessions_from(day) if a > start)
        moment = next(islice(began, left - 1, None))
        return End(moment.date(), moment)
    if unit == "same_day":
        in_time = start.time() <= time.fromisoformat(limit.get("cutoff") or "15:00")
        return End(day if wall.works(day) and in_time else wall.next_working(day))
    wall.page(day)
    while left > 0:
        day += DAY
        wall.page(day)
        if unit == "calendar_days" or wall.works(day):
            left -= 1
    return End(day)


def dates(wall: Wall, limit: Json, end: End, start: datetime) -> Moments:
    """Say promise, statutory end and last day."""
    day = _rolled(wall, limit, end.day)
    if end.moment is not None and day == end.day:
        return _handed_over(wall, limit, end.moment), end.moment, day
    return promise(wall, limit, day, start), midnight_after(day), day


def _by_clock(wall: Wall, start: datetime, left: timedelta) -> End:
    """Let the clock run day and night; midnight is the end of the day that it closes."""
    wall.page(start.date())
    moment = start + left
    day = moment.date() - DAY if moment.time() == time() else moment.date()
    wall.page(day)
    return End(day, moment)


def _rolled(wall: Wall, limit: Json, day: date) -> date:
    """Turn from a last day that is off to the next working day, where the law does."""
    if limit["unit"] in {"calendar_days", "clock_hours"} and limit.get("roll") != "none":
        while not wall.works(day):
            day += DAY
    return day


def _handed_over(wall: Wall, limit: Json, end: datetime) -> datetime:
    """Say when a result is promised whose time ends at a moment."""
    waits = limit["unit"] == "clock_hours" and limit.get("outside_opening") == "next_opening"
    return wall.next_opening(end) if waits else end


def promise(wall: Wall, limit: Json, day: date, start: datetime) -> datetime:
    """Say at what hour of a day the result is promised."""
    by_days = limit["unit"] in {"working_days", "calendar_days"}
    if limit.get("promise_at") == "same_clock_hour" and by_days:
        return datetime.combine(day, start.time(), VIETNAM)
    return wall.close(day)


def later_by_wait(
    wall: Wall, limit: Json, end: End, day0: datetime, wait: tuple[datetime, datetime]
) -> End:
    """Push the end forward, a counted day for each counted day of the wait."""
    asked, brought = wait
    unit = limit["unit"]
    if unit == "given":
        return end
    if unit == "hours":
        assert end.moment is not None
        moment = wall.after_open(end.moment, wall.open_seconds(asked, brought))
        return End(moment.date(), moment)
    if unit == "clock_hours":
        wall.page(brought.date())
        return _clock_on(wall, limit, end, max(asked, day0), max(brought, day0))
    if unit == "half_days":
        assert end.moment is not None
        moment = _sessions_on(wall, end.moment, asked, brought)
        return End(moment.date(), moment)
    return End(_days_on(wall, limit, end.day, asked, brought))


def _clock_on(wall: Wall, limit: Json, end: End, asked: datetime, brought: datetime) -> End:
    """Go on by what the clock showed of the wait; if no hours were left, by its days."""
    if end.moment is not None and asked <= end.moment:
        left = end.moment - asked
        return _by_clock(wall, brought, left)
    day = _rolled(wall, limit, end.day)
    return End(_days_on(wall, {"unit": "calendar_days"}, day, asked, brought))


def _sessions_on(wall: Wall, moment: datetime, asked: datetime, brought: datetime) -> datetime:
    """Go on to the close of one more session for each that began during the wait."""
    day = asked.date()
    while day <= brought.date():
        for a, _ in wall.hours(day):
            if asked < a <= brought:
                moment = next(b for s, b in wall.sessions_from(moment.date()) if s > moment)
        day += DAY
    return moment


def _days_on(wall: Wall, limit: Json, last: date, asked: datetime, brought: datetime) -> date:
    """Go on by one counted day for each that passed during the wait."""
    day = asked.date()
    wall.page(day)
    while day < brought.date():
        day += DAY
        wall.page(day)
        if limit["unit"] == "calendar_days":
            last += DAY
            wall.page(last)
        elif wall.works(day):
            last = wall.next_working(last)
    return last


@dataclass(frozen=True)
class Ran:
    """How a clock ran through the waits.

    Attributes:
        opened: The start, or the receipt that began it anew.
        day0: What counts as the start of the count.
        standing: What holds, or held before the wait that is open.
        waiting: Whether it stands still now.
        stood: The waits in which it stood: when from, and the wait.
        subtracted: Those that the count left out, once they were over.
        missed: The first limit that had passed when a wait opened: no wait cures it.
    """

    opened: datetime
    day0: datetime
    standing: Moments
    waiting: bool = False
    stood: tuple[tuple[datetime, Asked], ...] = ()
    subtracted: tuple[Span, ...] = ()
    missed: datetime | None = None


def restarting(wall: Wall, limit: Json, start: datetime, waits: Sequence[Asked]) -> Ran:
    """Run a clock that every receipt begins anew.

    A wait that opens after the limit stops nothing: its stretch runs until the receipt.
    """
    opened, stood, missed = start, [], list[datetime]()
    day0, standing = _counted(wall, limit, start)
    for wait in waits:
        opens = wait.opens()
        if opens is None:
            continue
        stops: datetime | None = max(opens, start)
        if max(opens, start) > standing[1]:
            missed.append(standing[1])
            stops = wait.received
        if stops is not None:
            stood.append((stops, wait))
        if wait.received is not None:
            opened = wait.received
            day0, standing = _counted(wall, limit, opened)
    waiting = bool(stood) and stood[-1][1].received is None
    first = missed[0] if missed else None
    return Ran(opened, day0, standing, waiting, tuple(stood), missed=first)


def _counted(wall: Wall, limit: Json, start: datetime) -> tuple[datetime, Moments]:
    """Count from a beginning; say where the count starts and where it ends."""
    day0 = begin(wall, limit, start)
    return day0, dates(wall, limit, count(wall, limit, day0), day0)


def subtracting(
    wall: Wall,
    limit: Json,
    start: datetime,
    waits: Sequence[tuple[datetime | None, Asked]],
) -> Ran:
    """Run a clock that leaves the waits out; each comes with when it opens for this clock."""
    day0 = begin(wall, limit, start)
    end = count(wall, limit, day0)
    standing = dates(wall, limit, end, day0)
    stood: list[tuple[datetime, Asked]] = []
    subtracted: list[Span] = []
    missed: datetime | None = None
    for opens, wait in waits:
        if opens is None or limit["unit"] == "given":
            continue
        asked = max(opens, start)
        if asked > min(standing[:2]):
            if missed is None and asked > standing[1]:
                missed = standing[1]
            continue
        stood.append((asked, wait))
        if wait.received is None:
            return Ran(
                start,
                day0,
                standing,
                waiting=True,
                stood=tuple(stood),
                subtracted=tuple(subtracted),
                missed=missed,
            )
        subtracted.append((asked, wait.received))
        end = later_by_wait(wall, limit, end, day0, (asked, wait.received))
        standing = dates(wall, limit, end, day0)
    return Ran(
        start,
        day0,
        standing,
        stood=tuple(stood),
        subtracted=tuple(subtracted),
        missed=missed,
    )


def run(wall: Wall, limit: Json, start: datetime, waits: Sequence[Asked]) -> Ran:
    """Run the clock of a limit as its own row says."""
    if limit["unit"] == "given":
        return subtracting(wall, limit, start, ())
    if limit.get("after_supplement") == "subtract":
        return subtracting(wall, limit, start, [(wait.opens(), wait) for wait in waits])
    return restarting(wall, limit, start, waits)


def index_run(wall: Wall, limit: Json, start: datetime, waits: Sequence[Asked]) -> Ran:
    """Run the clock of index 766: it subtracts, and waits from the request on."""
    return subtracting(wall, limit, start, [(wait.requested, wait) for wait in waits])


def moves_promise(
    wall: Wall,
    limit: Json,
    start: datetime,
    waits: Sequence[Asked],
    decided: datetime,
    day: date,
    printed: datetime | None = None,
) -> bool:
    """Say whether a new date counts: it works, and is later than what was promised by then.

    It is judged by what was known when it was given.
    """

    def by_then(moment: datetime | None) -> datetime | None:
        return moment if moment is not None and moment <= decided else None

    known = [
        replace(wait, proven=by_then(wait.proven), received=by_then(wait.received))
        for wait in waits
        if wait.requested <= decided
    ]
    promised = run(wall, limit, start, known).standing[0]
    if printed is not None:
        promised = max(promised, printed)
    return day > promised.date() and wall.works(day)


def slip(wall: Wall, limit: Json, last_day: date, opened: datetime) -> datetime | None:
    """Say until when the slip of apology can be given; None where there is none.

    Raises:
        BeyondCalendar: the days before are not published.
    """
    if limit["unit"] == "same_day":
        return None
    try:
        moment = wall.close(wall.working_before(last_day))
    except BeyondCalendar:
        if wall.first <= opened.date() <= last_day <= wall.last:
            return None  # The day before is before the beginning, wherever it is.
        raise
    return moment if moment > opened else None


def refused(waits: Sequence[Asked]) -> str | None:
    """Say by which rule a list of waits, in order, makes no sense; None if it does."""
    if any(wait.received and wait.received < wait.requested for wait in waits):
        return "wait-ends-before-it-starts"
    for earlier, later in pairwise(waits):
        if earlier.received is None or later.requested < earlier.received:
            return "overlapping-waits"
    return None
