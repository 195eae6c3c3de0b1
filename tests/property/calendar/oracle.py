"""The law's arithmetic once more, day by day and as slow as it likes.

It shares no code with `shared.calendar`: it reads the same JSON case and calendar, walks from
day to day as an officer with a wall calendar would, and says when the result is due. Where the
two differ, one of them is wrong.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any

VIETNAM = timezone(timedelta(hours=7))
DAY = timedelta(days=1)
Json = dict[str, Any]


class BeyondCalendar(Exception):  # noqa: N818 - an answer, not an accident.
    """The wall calendar has no such page."""


class Wall:
    """A calendar on the wall, with the opening hours of one office written into it."""

    def __init__(self, calendar: Json, opening: Json) -> None:
        self.first = date.fromisoformat(calendar["first_day"])
        self.last = date.fromisoformat(calendar["last_day"])
        self.off = {date.fromisoformat(day) for day in calendar["off"]}
        self.work = {date.fromisoformat(day) for day in calendar["work"]}
        self.seasons = opening["seasons"]
        self.closed = {date.fromisoformat(day) for day in opening.get("closed", [])}
        self.opened = {date.fromisoformat(day) for day in opening.get("open", [])}
        self.hours = lru_cache(maxsize=None)(self._hours)

    def page(self, day: date) -> None:
        """Turn to a page."""
        if not self.first <= day <= self.last:
            raise BeyondCalendar(day)

    def works(self, day: date) -> bool:
        """Look whether the law counts a day as a working day."""
        self.page(day)
        if day in self.work:
            return True
        return day not in self.off and day.isoweekday() <= 5

    def season(self, day: date) -> Json:
        """Look up the season."""
        today = day.isoformat()[5:]
        for season in self.seasons:
            first, last = season["first"], season["last"]
            inside = (
                first <= today <= last if first <= last else today >= first or today <= last
            )
            if inside:
                found: Json = season
                return found
        raise AssertionError(day)

    def _hours(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """List the sessions of a day."""
        self.page(day)
        season = self.season(day)
        weekday = (season.get("morning"), season.get("afternoon"))
        saturday = (season.get("saturday_morning"), season.get("saturday_afternoon"))
        if day in self.closed:
            spans: tuple[Any, ...] = ()
        elif day in self.opened or self.works(day):
            spans = weekday
        elif day.isoweekday() == 6 and day not in self.off:
            spans = saturday
        else:
            spans = ()
        return tuple((clock(day, span[0]), clock(day, span[1])) for span in spans if span)

    def close(self, day: date) -> datetime:
        """Say when the office closes, or regularly would."""
        sessions = self.hours(day)
        if sessions:
            return sessions[-1][1]
        season = self.season(day)
        return clock(day, (season.get("afternoon") or season["morning"])[1])

    def sessions_from(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Go through the sessions from a day on."""
        while True:
            yield from self.hours(day)
            day += DAY

    def is_open(self, moment: datetime) -> bool:
        """Look whether the door is open; at the moment of closing it is."""
        return any(a <= moment <= b for a, b in self.hours(moment.date()))

    def next_opening(self, moment: datetime) -> datetime:
        """Say when somebody who comes now is let in."""
        if self.is_open(moment):
            return moment
        return next(a for a, _ in self.sessions_from(moment.date()) if a > moment)

    def open_seconds(self, first: datetime, last: datetime) -> timedelta:
        """Measure how long the door was open in between."""
        total, day = timedelta(), first.date()
        self.page(last.date())
        while day <= last.date():
            for a, b in self.hours(day):
                total += max(min(b, last) - max(a, first), timedelta())
            day += DAY
        return total

    def after_open(self, moment: datetime, length: timedelta) -> datetime:
        """Say when the door has been open for so long."""
        if not length:
            return moment
        for a, b in self.sessions_from(moment.date()):
            begin = max(a, moment)
            if begin >= b:
                continue
            if length <= b - begin:
                return begin + length
            length -= b - begin
        raise AssertionError(moment)

    def next_working(self, day: date) -> date:
        """Turn pages to the next working day."""
        day += DAY
        while not self.works(day):
            day += DAY
        return day

    def working_before(self, day: date) -> date:
        """Turn pages back to the working day before."""
        day -= DAY
        while not self.works(day):
            day -= DAY
        return day


@dataclass
class End:
    """Where a count ends: a day, or a moment of it; the day before it was rolled."""

    day: date
    moment: datetime | None = None


def clock(day: date, text: str) -> datetime:
    """Read a time of the day."""
    return datetime.combine(day, time.fromisoformat(text), VIETNAM)


def instant(text: str) -> datetime:
    """Read an instant, as clocks in Viet Nam show it."""
    return datetime.fromisoformat(text).astimezone(VIETNAM)


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
    if unit == "half_days":
        for a, b in wall.sessions_from(day):
            if a > start:
                left -= 1
                if left == 0:
                    return End(b.date(), b)
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


def dates(
    wall: Wall, limit: Json, end: End, start: datetime
) -> tuple[datetime, datetime, date]:
    """Say promise, statutory end and last day."""
    if end.moment is not None:
        return end.moment, end.moment, end.day
    day = end.day
    if limit["unit"] == "calendar_days" and limit.get("roll") != "none":
        while not wall.works(day):
            day += DAY
    same_hour = limit.get("promise_at") == "same_clock_hour" and limit["unit"] != "same_day"
    due = datetime.combine(day, start.time(), VIETNAM) if same_hour else wall.close(day)
    return due, datetime.combine(day + DAY, time(), VIETNAM), day


def later_by_wait(wall: Wall, limit: Json, end: End, asked: datetime, brought: datetime) -> End:
    """Push the end forward, a counted day for each counted day of the wait."""
    unit = limit["unit"]
    if unit == "given":
        return end
    if unit == "hours":
        assert end.moment is not None
        moment = wall.after_open(end.moment, wall.open_seconds(asked, brought))
        return End(moment.date(), moment)
    if unit == "half_days":
        assert end.moment is not None
        moment = end.moment
        day = asked.date()
        while day <= brought.date():
            for a, _ in wall.hours(day):
                if asked < a <= brought:
                    moment = next(b for s, b in wall.sessions_from(moment.date()) if s > moment)
            day += DAY
        return End(moment.date(), moment)
    last, day = end.day, asked.date()
    wall.page(day)
    while day < brought.date():
        day += DAY
        wall.page(day)
        if unit == "calendar_days":
            last += DAY
            wall.page(last)
        elif wall.works(day):
            last = wall.next_working(last)
    return End(last)


def subtracting(
    wall: Wall,
    limit: Json,
    start: datetime,
    waits: list[tuple[datetime | None, datetime | None]],
) -> tuple[tuple[datetime, datetime, date], bool]:
    """Run a clock that leaves the waits out; say what stands, and whether it waits."""
    begun = begin(wall, limit, start)
    end = count(wall, limit, begun)
    standing = dates(wall, limit, end, begun)
    for asked, brought in waits:
        if asked is None or asked > standing[0] or limit["unit"] == "given":
            continue
        if brought is None:
            return standing, True
        end = later_by_wait(wall, limit, end, asked, brought)
        standing = dates(wall, limit, end, begun)
    return standing, False


def solve(case: Json, calendar: Json, opening: Json) -> Json:
    """Answer a case: the dates as the vectors have them, or the rule that refuses it."""
    try:
        wall = Wall(calendar, opening)
        waits = _waits(case)
        refused = _refused(waits)
        if refused:
            return {"error": refused}
        return _solve(wall, case, waits)
    except BeyondCalendar:
        return {"error": "outside-calendar"}


@dataclass
class Asked:
    """One supplement request."""

    requested: datetime
    proven: datetime | None
    received: datetime | None

    def opens(self) -> datetime | None:
        """Say when the law's wait opens."""
        if self.proven is None or (self.received is not None and self.proven > self.received):
            return self.received
        return max(self.requested, self.proven)


def _waits(case: Json) -> list[Asked]:
    waits = []
    for wait in case.get("waits") or []:
        if isinstance(wait, list):
            asked, brought = [*wait, None][:2]
            wait = {"requested": asked, "proven": asked, "received": brought}  # noqa: PLW2901
        moments = [wait.get(name) for name in ("requested", "proven", "received")]
        requested, proven, received = (instant(text) if text else None for text in moments)
        assert requested is not None
        waits.append(Asked(requested, proven, received))
    far = datetime.max.replace(tzinfo=VIETNAM)
    return sorted(waits, key=lambda wait: (wait.requested, wait.received or far))


def _refused(waits: list[Asked]) -> str | None:
    if any(wait.received and wait.received < wait.requested for wait in waits):
        return "wait-ends-before-it-starts"
    for earlier, later in pairwise(waits):
        if earlier.received is None or later.requested < earlier.received:
            return "overlapping-waits"
    return None


def _solve(wall: Wall, case: Json, waits: list[Asked]) -> Json:
    limit, start = case["limit"], instant(case["from"])
    accepted = instant(case.get("accepted") or case["from"])
    known = [
        wait
        for wait in waits
        if wait.requested >= accepted and (wait.received is None or wait.received >= start)
    ]
    index, index_waits = subtracting(
        wall, limit, start, [(max(wait.requested, start), wait.received) for wait in known]
    )
    law = _by_law(wall, case, start, known)
    due, last_midnight, last_day = law.standing
    new_day = _new_day(wall, case, start, known)
    if new_day is not None:
        # It moves the promise and nothing else; of two promises the later one holds.
        due = max(due, _at_hour(wall, limit, new_day, law.begun))
    standing = {
        "due": due.isoformat(),
        "limit": last_midnight.isoformat(),
        "last_day": last_day.isoformat(),
    }
    return {
        **(dict.fromkeys(standing) if law.suspended else standing),
        "index_due": None if index_waits else index[0].isoformat(),
        "index_late": len(known) > 1,
        "suspended": law.suspended,
        "before_wait": standing if law.suspended else None,
        "first_due": _restarted(wall, limit, start)[0].isoformat(),
        "slip_due": None if law.suspended else _slip(wall, limit, last_day, law.opened),
    }


@dataclass
class Law:
    """Where the law's clock stands: the dates, whether it waits, since when it counts."""

    standing: tuple[datetime, datetime, date]
    suspended: bool
    opened: datetime
    begun: datetime


def _by_law(wall: Wall, case: Json, start: datetime, known: list[Asked]) -> Law:
    limit = case["limit"]
    begun = begin(wall, limit, start)
    if limit["unit"] == "given":
        return Law(_restarted(wall, limit, start), False, start, begun)  # noqa: FBT003
    if case.get("after_supplement") == "subtract":
        waits = [
            (None if opened is None else max(opened, start), wait.received)
            for wait in known
            for opened in [wait.opens()]
        ]
        standing, suspended = subtracting(wall, limit, start, waits)
        return Law(standing, suspended, start, begun)
    law = Law(_restarted(wall, limit, start), False, start, begun)  # noqa: FBT003
    for wait in known:
        if wait.received is not None:
            again = wait.received
            law = Law(_restarted(wall, limit, again), False, again, begin(wall, limit, again))  # noqa: FBT003
        elif wait.opens() is not None:
            law.suspended = True
    return law


def _new_day(wall: Wall, case: Json, start: datetime, known: list[Asked]) -> date | None:
    """Say which new date counts: the first one, if it works and is later than was promised.

    It is judged by what was known when it was given; a second one moves nothing.
    """
    given = sorted(case.get("extensions") or [], key=lambda each: instant(each["decided"]))
    if not given:
        return None
    decided, day = instant(given[0]["decided"]), date.fromisoformat(given[0]["new_day"])

    def by_then(moment: datetime | None) -> datetime | None:
        return moment if moment is not None and moment <= decided else None

    then = [
        Asked(wait.requested, by_then(wait.proven), by_then(wait.received))
        for wait in known
        if wait.requested <= decided
    ]
    promised = _by_law(wall, case, start, then).standing[0]
    return day if day > promised.date() and wall.works(day) else None


def _at_hour(wall: Wall, limit: Json, day: date, begun: datetime) -> datetime:
    """Say at which hour of a day the result is promised."""
    by_clock = limit["unit"] in {"working_days", "calendar_days"}
    if by_clock and limit.get("promise_at") == "same_clock_hour":
        return datetime.combine(day, begun.time(), VIETNAM)
    return wall.close(day)


def _restarted(wall: Wall, limit: Json, start: datetime) -> tuple[datetime, datetime, date]:
    begun = begin(wall, limit, start)
    return dates(wall, limit, count(wall, limit, begun), begun)


def _slip(wall: Wall, limit: Json, last_day: date, opened: datetime) -> str | None:
    if limit["unit"] in {"same_day", "given"}:
        return None
    try:
        moment = wall.close(wall.working_before(last_day))
    except BeyondCalendar:
        return None
    return moment.isoformat() if moment > opened else None


def moment_of_share(case: Json, calendar: Json, opening: Json, share: Fraction) -> str | None:
    """Say when that share of the limit is used; for cases without waits.

    It watches the count grow, unit by unit, and stops when enough of it is used.
    """
    wall, limit = Wall(calendar, opening), case["limit"]
    start = begin(wall, limit, instant(case["from"]))
    unit = limit["unit"]
    if unit in {"hours", "same_day", "given"}:
        if unit == "hours":
            whole = timedelta(hours=limit["value"])
        else:
            due = dates(wall, limit, count(wall, limit, start), start)[0]
            whole = wall.open_seconds(start, due)
        part = whole // timedelta(microseconds=1) * share.numerator // share.denominator
        return wall.after_open(start, timedelta(microseconds=part)).isoformat()
    used, day = 0, start.date()
    if unit == "half_days":
        for a, _ in wall.sessions_from(day):
            used += a > start
            if a > start and Fraction(used, limit["value"]) >= share:
                return a.isoformat()
    while True:
        day += DAY
        if unit == "calendar_days" or wall.works(day):
            used += 1
        if Fraction(used, limit["value"]) >= share:
            return next(a for a, _ in wall.sessions_from(day)).isoformat()
