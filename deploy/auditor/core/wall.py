"""A calendar on the wall, with the opening hours of one office written into it.

The auditor counts as an officer would: it turns page after page. It shares no code with
`shared.calendar`; both read the same rows. Where the two differ, one of them is wrong.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from typing import Any, Final

VIETNAM: Final = timezone(timedelta(hours=7))
DAY: Final = timedelta(days=1)
FRIDAY: Final = 5
SATURDAY: Final = 6
Json = Mapping[str, Any]


class BeyondCalendar(Exception):  # noqa: N818 - an answer, not an accident.
    """The wall calendar has no such page."""


class Wall:
    """The published days and one office's hours, as JSON has them.

    `calendar` has `first_day`, `last_day`, and the lists `off` and `work`; `opening` has
    `seasons`, and perhaps the lists `closed` and `open` of that office alone.
    """

    def __init__(self, calendar: Json, opening: Json) -> None:
        self.first = date.fromisoformat(calendar["first_day"])
        self.last = date.fromisoformat(calendar["last_day"])
        self.off = {date.fromisoformat(day) for day in calendar["off"]}
        self.work = {date.fromisoformat(day) for day in calendar["work"]}
        self.seasons = opening["seasons"]
        self.closed = {date.fromisoformat(day) for day in opening.get("closed", [])}
        self.opened = {date.fromisoformat(day) for day in opening.get("open", [])}
        # There are as many pages as the calendar has days; each is read once.
        self.hours = cache(self._hours)
        self.works = cache(self._works)

    def page(self, day: date) -> None:
        """Turn to a page.

        Raises:
            BeyondCalendar: there is none.
        """
        if not self.first <= day <= self.last:
            raise BeyondCalendar(day)

    def _works(self, day: date) -> bool:
        """Look whether the law counts a day as a working day."""
        self.page(day)
        if day in self.work:
            return True
        return day not in self.off and day.isoweekday() <= FRIDAY

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
        spans = self._spans(day)
        return tuple((clock(day, span[0]), clock(day, span[1])) for span in spans if span)

    def _spans(self, day: date) -> tuple[Any, Any]:
        """Look up the hours of a day's morning and afternoon; None where it is shut."""
        self.page(day)
        season = self.season(day)
        if day in self.closed:
            return None, None
        if day in self.opened or self.works(day):
            return season.get("morning"), season.get("afternoon")
        if day.isoweekday() == SATURDAY and day not in self.off:
            return season.get("saturday_morning"), season.get("saturday_afternoon")
        return None, None

    def session(self, day: date, name: str) -> tuple[datetime, datetime] | None:
        """Look up the session `am` or `pm` of a day; None if the office is shut then."""
        span = self._spans(day)[("am", "pm").index(name)]
        return None if not span else (clock(day, span[0]), clock(day, span[1]))

    def close(self, day: date) -> datetime:
        """Say when the office closes, or regularly would."""
        sessions = self.hours(day)
        if sessions:
            return sessions[-1][1]
        season = self.season(day)
        return clock(day, (season.get("afternoon") or season["morning"])[1])

    def begin(self, day: date) -> datetime:
        """Say when the office opens on a day, or next after it."""
        return next(a for a, _ in self.sessions_from(day))

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
        self.page(day)
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

    def shift(self, day: date, count: int) -> date:
        """Turn pages forward, or back, over so many working days."""
        self.page(day)
        for _ in range(abs(count)):
            day = self.next_working(day) if count > 0 else self.working_before(day)
        return day


def clock(day: date, text: str) -> datetime:
    """Read a time of the day."""
    return datetime.combine(day, time.fromisoformat(text), VIETNAM)


def instant(text: str) -> datetime:
    """Read an instant, as clocks in Viet Nam show it."""
    return datetime.fromisoformat(text).astimezone(VIETNAM)


def midnight_after(day: date) -> datetime:
    """Say when a day is over."""
    return datetime.combine(day + DAY, time(), VIETNAM)
