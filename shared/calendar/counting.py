"""How far a limit reaches, unit by unit; decision 0011 says how silent texts are read."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from shared.calendar.days import DeadlineCalendar
from shared.calendar.limits import (
    AfterHours,
    Limit,
    LimitUnit,
    OutsideOpening,
    PromiseAt,
    Roll,
)
from shared.calendar.opening import OpeningHours
from shared.calendar.zone import ICT, at, ending_day, legal_day, midnight_after

_BY_CLOCK_HOUR = frozenset({LimitUnit.WORKING_DAYS, LimitUnit.CALENDAR_DAYS})


@dataclass(frozen=True, slots=True)
class Terms:
    """What a limit is counted with."""

    limit: Limit
    calendar: DeadlineCalendar
    opening: OpeningHours


@dataclass(frozen=True, slots=True)
class Reach:
    """Where the count ends, before rolling: a day, or an exact moment of it."""

    day: date
    moment: datetime | None = None


@dataclass(frozen=True, slots=True)
class Moments:
    """The two moments of one deadline: the promise, and the end by statute."""

    due: datetime
    limit: datetime
    last_day: date

    @property
    def end(self) -> datetime:
        """Return when the count is over: the earlier of promise and statutory end."""
        return min(self.due, self.limit)


Moved = int | timedelta  # Counted days or sessions, or time.


def day0_of(terms: Terms, start: datetime) -> datetime:
    """Return the moment that counts as the start, moved to an opening where the rule says.

    Raises:
        DateOutsideCalendarError: the office does not open again within the calendar.
    """
    limit = terms.limit
    if limit.unit is LimitUnit.GIVEN:
        return start
    moves = limit.unit is LimitUnit.HOURS or limit.after_hours is AfterHours.NEXT_SESSION
    return terms.opening.next_opening(start) if moves else start


def reach(terms: Terms, day0: datetime) -> Reach:
    """Return where the limit ends when nothing interrupts it.

    Raises:
        DateOutsideCalendarError: that is beyond the calendar.
    """
    limit, calendar, day = terms.limit, terms.calendar, legal_day(day0)
    match limit.unit:
        case LimitUnit.WORKING_DAYS:
            return Reach(calendar.add_working_days(day, limit.value))
        case LimitUnit.CALENDAR_DAYS:
            calendar.require(day)
            return Reach(calendar.require(day + timedelta(days=limit.value)))
        case LimitUnit.SAME_DAY:
            in_time = day0.astimezone(ICT).time() <= limit.cutoff
            same = calendar.is_working(day) and in_time
            return Reach(day if same else calendar.add_working_days(day, 1))
        case LimitUnit.CLOCK_HOURS:
            calendar.require(day)
            return _end_by_clock(terms, day0 + timedelta(hours=limit.value))
        case LimitUnit.HOURS | LimitUnit.HALF_DAYS | LimitUnit.GIVEN:
            moment = _moment_of(terms, day0)
            return Reach(legal_day(moment), moment)


def move(
    terms: Terms, reached: Reach, day0: datetime, opened: datetime, closed: datetime
) -> tuple[Reach, Moved]:
    """Move the end of the count forward by a wait, and say by how much.

    Days: as many counted days as lie after the day of the opening up to and including the
    day of the close. Sessions likewise. Hours: the exact interval, opening hours only. Clock
    hours: the exact interval; a wait that opens when they are used up, and the end has moved
    over a day off, moves the last day by days.

    Raises:
        DateOutsideCalendarError: the end leaves the calendar.
    """
    limit, calendar, opening = terms.limit, terms.calendar, terms.opening
    first, last = legal_day(opened), legal_day(closed)
    match limit.unit:
        case LimitUnit.WORKING_DAYS | LimitUnit.SAME_DAY:
            moved = calendar.count_between(first, last)
            return replace(reached, day=calendar.shift(reached.day, moved)), moved
        case LimitUnit.CALENDAR_DAYS:
            moved = (last - first).days
            return replace(reached, day=calendar.require(reached.day + (last - first))), moved
        case LimitUnit.HOURS:
            assert reached.moment is not None, "hours end at a moment"
            length = opening.time_between(opened, closed)
            moment = opening.add_time(reached.moment, length)
            return Reach(legal_day(moment), moment), length
        case LimitUnit.CLOCK_HOURS:
            return _move_by_clock(terms, reached, max(opened, day0), max(closed, day0))
        case LimitUnit.HALF_DAYS:
            moved = opening.sessions_between(opened, closed)
            return _move_by_sessions(opening, reached, moved), moved
        case LimitUnit.GIVEN:
            return reached, 0


def moments(terms: Terms, reached: Reach, day0: datetime) -> Moments:
    """Return promise, statutory end and last day of a count that ends there.

    Raises:
        DateOutsideCalendarError: the roll leaves the calendar.
    """
    last_day = reached.day
    if rolls(terms.limit):
        last_day = terms.calendar.roll(last_day)
    if reached.moment is not None and last_day == reached.day:
        return Moments(_promised_at(terms, reached.moment), reached.moment, last_day)
    return Moments(promise(terms, last_day, day0), midnight_after(last_day), last_day)


def rolls(limit: Limit) -> bool:
    """Say whether an end on a day off moves to the next working day.

    Source:
        `Rule.DAY_OFF_MOVES_THE_END` of `shared.law`.
    """
    rolled = limit.unit in {LimitUnit.CALENDAR_DAYS, LimitUnit.CLOCK_HOURS}
    return rolled and limit.roll is Roll.NEXT_WORKING_DAY


def promise(terms: Terms, day: date, day0: datetime) -> datetime:
    """Return the hour of a day at which the result is promised.

    `same_clock_hour` is for days only: a result promised "today, at the hour of acceptance"
    would be due at once.

    Raises:
        DateOutsideCalendarError: the day is not covered.
    """
    limit = terms.limit
    if limit.promise_at is PromiseAt.SAME_CLOCK_HOUR and limit.unit in _BY_CLOCK_HOUR:
        return at(day, day0.astimezone(ICT).time())
    return terms.opening.close_of(day)


def _end_by_clock(terms: Terms, moment: datetime) -> Reach:
    return Reach(terms.calendar.require(ending_day(moment)), moment)


def _moment_of(terms: Terms, day0: datetime) -> datetime:
    """Return the end of a limit in opening hours or sessions, or of a given one."""
    limit = terms.limit
    if limit.unit is LimitUnit.HOURS:
        return terms.opening.add_time(day0, timedelta(hours=limit.value))
    if limit.unit is LimitUnit.HALF_DAYS:
        return terms.opening.nth_session(day0, limit.value).closes
    assert limit.given is not None, "checked before counting"
    return limit.given


def _move_by_sessions(opening: OpeningHours, reached: Reach, moved: int) -> Reach:
    assert reached.moment is not None, "half days end at a moment"
    if not moved:
        return reached
    session = opening.nth_session(reached.moment, moved)
    return Reach(session.day, session.closes)


def _move_by_clock(
    terms: Terms, reached: Reach, opened: datetime, closed: datetime
) -> tuple[Reach, Moved]:
    terms.calendar.require(legal_day(closed))
    if reached.moment is not None and opened <= reached.moment:
        length = closed - opened
        return _end_by_clock(terms, reached.moment + length), length
    days = legal_day(closed) - legal_day(opened)
    standing = terms.calendar.roll(reached.day)
    return Reach(terms.calendar.require(standing + days)), days.days


def _promised_at(terms: Terms, end: datetime) -> datetime:
    """Return the promise of a count that ends at a moment of a day that is not moved."""
    limit = terms.limit
    moves = limit.outside_opening is OutsideOpening.NEXT_OPENING
    if limit.unit is LimitUnit.CLOCK_HOURS and moves:
        return terms.opening.next_opening(end)
    return end
