"""When the office of one unit is open: sessions, seasons, receptions, closures.

The opening calendar says when people can come and when hours are counted. It opens on every
statutory working day unless the unit is closed, and on Saturdays on which the unit receives
although the law does not count the day.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import accumulate, pairwise
from typing import Final

from shared.calendar.days import SATURDAY, DayNote, DeadlineCalendar
from shared.calendar.errors import DateOutsideCalendarError
from shared.calendar.zone import ICT, at, legal_day

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=ICT)
_MICROSECOND: Final = timedelta(microseconds=1)

Span = tuple[time, time]
MonthDay = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Hours:
    """The sessions of a day; either may be missing."""

    morning: Span | None = (time(7, 30), time(11, 30))
    afternoon: Span | None = (time(13, 30), time(17, 0))

    def __post_init__(self) -> None:
        """Refuse hours that run backwards.

        Raises:
            ValueError: a session ends before it begins, or the two overlap.
        """
        spans = [span for span in (self.morning, self.afternoon) if span is not None]
        moments = [moment for span in spans for moment in span]
        if any(later <= earlier for earlier, later in pairwise(moments)):
            msg = f"opening hours run backwards: {moments}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Season:
    """The hours between two days of each year, both included; it may pass New Year."""

    weekday: Hours = Hours()
    saturday: Hours | None = None  # Reception that is not a statutory working day.
    first: MonthDay = (1, 1)
    last: MonthDay = (12, 31)

    def covers(self, day: date) -> bool:
        """Say whether a day belongs to this season."""
        month_day = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= month_day <= self.last
        return month_day >= self.first or month_day <= self.last


@dataclass(frozen=True, slots=True)
class OpeningRules:
    """The hours of a unit through the year; the first season that covers a day holds."""

    seasons: tuple[Season, ...] = (Season(),)

    def season(self, day: date) -> Season:
        """Return the season of a day.

        Raises:
            LookupError: no season covers it, so the rules have a hole.
        """
        for season in self.seasons:
            if season.covers(day):
                return season
        msg = f"no season of the opening hours covers {day}"
        raise LookupError(msg)


@dataclass(frozen=True, slots=True)
class Session:
    """One stretch of opening: from `opens` up to `closes`."""

    day: date
    name: str  # "am" or "pm"
    opens: datetime
    closes: datetime


class OpeningHours:
    """The opening calendar of a unit over the days of one deadline calendar."""

    __slots__ = (
        "_before", "_by_day", "_closes", "_opens", "_sessions", "calendar", "closures", "rules",
    )  # fmt: skip

    def __init__(
        self,
        calendar: DeadlineCalendar,
        rules: OpeningRules,
        closures: Mapping[date, DayNote] | None = None,
    ) -> None:
        """Build the prefix tables: seconds of opening before each session.

        Args:
            calendar: Decides which days are statutory working days, and the horizon.
            rules: The unit's hours.
            closures: Days on which this unit is closed (`works` False), or open against the
                rule (`works` True); they change no deadline calendar.
        """
        self.calendar = calendar
        self.rules = rules
        self.closures = dict(closures or {})
        count = (calendar.last_day - calendar.first_day).days + 1
        days = [calendar.first_day + timedelta(days=index) for index in range(count)]
        self._by_day = {day: self._sessions_of(day) for day in days}
        self._sessions = [session for day in days for session in self._by_day[day]]
        self._opens = [_microseconds(session.opens) for session in self._sessions]
        self._closes = [_microseconds(session.closes) for session in self._sessions]
        lengths = [
            closes - opens for opens, closes in zip(self._opens, self._closes, strict=True)
        ]
        self._before = [0, *accumulate(lengths)]

    def sessions(self, day: date) -> tuple[Session, ...]:
        """Return the sessions of a day, none if the office is closed.

        Raises:
            DateOutsideCalendarError: the day is not covered.
        """
        try:
            return self._by_day[day]
        except KeyError:
            raise self._outside(f"{day} is not covered") from None

    def is_open(self, instant: datetime) -> bool:
        """Say whether the office is open; at the moment of closing it still is."""
        moment = self._moment(instant)
        index = bisect_right(self._opens, moment) - 1
        return index >= 0 and moment <= self._closes[index]

    def next_opening(self, instant: datetime) -> datetime:
        """Return the instant itself if the office is open, else when it opens next.

        Raises:
            DateOutsideCalendarError: it does not open again within the calendar.
        """
        if self.is_open(instant):
            return instant
        return self.nth_session(instant, 1).opens

    def session_at(self, instant: datetime) -> Session | None:
        """Return the session that an instant falls in, its closing moment included."""
        moment = self._moment(instant)
        index = bisect_right(self._opens, moment) - 1
        if index >= 0 and moment <= self._closes[index]:
            return self._sessions[index]
        return None

    def nth_session(self, instant: datetime, count: int) -> Session:
        """Return the `count`-th session that opens after an instant.

        Raises:
            DateOutsideCalendarError: there are fewer within the calendar.
        """
        assert count >= 1, "sessions are counted from 1"
        position = bisect_right(self._opens, self._moment(instant)) + count - 1
        if position >= len(self._sessions):
            raise self._outside(f"session {count} after {instant.isoformat()} opens later")
        return self._sessions[position]

    def sessions_between(self, after: datetime, through: datetime) -> int:
        """Count the sessions that open later than `after`, up to and including `through`."""
        begun = bisect_right(self._opens, self._moment(through))
        return begun - bisect_right(self._opens, self._moment(after))

    def add_time(self, instant: datetime, length: timedelta) -> datetime:
        """Return the moment at which that much opening time has passed since an instant.

        A sum that is reached as the office closes ends there, not at the next opening.

        Raises:
            DateOutsideCalendarError: the calendar ends first.
        """
        if not length:
            return instant
        target = self._elapsed(self._moment(instant)) + length // _MICROSECOND
        index = bisect_left(self._before, target) - 1
        if index >= len(self._sessions):
            raise self._outside(f"{length} of opening from {instant.isoformat()} ends later")
        return _EPOCH + (self._opens[index] + target - self._before[index]) * _MICROSECOND

    def time_between(self, first: datetime, last: datetime) -> timedelta:
        """Return how long the office was open from `first` to `last` (nothing if reversed)."""
        elapsed = self._elapsed(self._moment(last)) - self._elapsed(self._moment(first))
        return max(elapsed, 0) * _MICROSECOND

    def close_of(self, day: date) -> datetime:
        """Return when the office closes on a day; if it is shut, when it regularly would.

        Raises:
            DateOutsideCalendarError: the day is not covered.
        """
        sessions = self.sessions(day)
        if sessions:
            return sessions[-1].closes
        hours = self.rules.season(day).weekday
        span = hours.afternoon or hours.morning
        assert span is not None, "the hours of a weekday have a session"
        return at(day, span[1])

    def begin_of(self, day: date) -> datetime:
        """Return when the hours of a day begin; if it is shut, the next opening after it.

        Raises:
            DateOutsideCalendarError: the calendar ends first.
        """
        sessions = self.sessions(day)
        if sessions:
            return sessions[0].opens
        return self.nth_session(at(day, time()), 1).opens

    def _sessions_of(self, day: date) -> tuple[Session, ...]:
        hours = self._hours(day)
        if hours is None:
            return ()
        spans = (("am", hours.morning), ("pm", hours.afternoon))
        return tuple(
            Session(day, name, at(day, span[0]), at(day, span[1]))
            for name, span in spans
            if span is not None
        )

    def _hours(self, day: date) -> Hours | None:
        season = self.rules.season(day)
        special = self.closures.get(day)
        if special is not None:
            return season.weekday if special.works else None
        if self.calendar.is_working(day):
            return season.weekday
        if day.weekday() == SATURDAY and day not in self.calendar.notes:
            return season.saturday
        return None

    def _moment(self, instant: datetime) -> int:
        self.calendar.require(legal_day(instant))
        return _microseconds(instant)

    def _elapsed(self, moment: int) -> int:
        """Return the microseconds of opening before a moment."""
        index = bisect_right(self._opens, moment) - 1
        if index < 0:
            return 0
        return self._before[index] + min(moment, self._closes[index]) - self._opens[index]

    def _outside(self, detail: str) -> DateOutsideCalendarError:
        return DateOutsideCalendarError(
            detail, first_day=self.calendar.first_day, last_day=self.calendar.last_day
        )


def _microseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND
