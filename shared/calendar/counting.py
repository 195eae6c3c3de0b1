"""How far a limit reaches, unit by unit; decision 0011 says how silent texts are read."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from shared.calendar.days import DeadlineCalendar
from shared.calendar.limits import AfterHours, Limit, LimitUnit, PromiseAt, Roll
from shared.calendar.opening import OpeningHours
from shared.calendar.zone import ICT, at, legal_day, midnight_after

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


Moved = int | timedelta  # Counted days or sessions, or opening time.


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
        case LimitUnit.HOURS:
            moment = terms.opening.add_time(day0, timedelta(hours=limit.value))
            return Reach(legal_day(moment), moment)
        case LimitUnit.HALF_DAYS:
            session = terms.opening.nth_session(day0, limit.value)
            return Reach(session.day, session.closes)
        case LimitUnit.GIVEN:
            assert limit.given is not None, "checked before counting"
            return Reach(legal_day(limit.given), limit.given)


def move(
    terms: Terms, reached: Reach, opened: datetime, closed: datetime
) -> tuple[Reach, Moved]:
    """Move the end of the count forward by a wait, and say by how much.

    Days: as many counted days as lie after the day of the opening up to and including the
    day of the close. Sessions likewise. Hours: the exact interval, opening hours only.

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
        case LimitUnit.HALF_DAYS:
            assert reached.moment is not None, "half days end at a moment"
            moved = opening.sessions_between(opened, closed)
            if not moved:
                return reached, moved
            session = opening.nth_session(reached.moment, moved)
            return Reach(session.day, session.closes), moved
        case LimitUnit.GIVEN:
            return reached, 0


def moments(terms: Terms, reached: Reach, day0: datetime) -> Moments:
    """Return promise, statutory end and last day of a count that ends there.

    Raises:
        DateOutsideCalendarError: the roll leaves the calendar.
    """
    limit = terms.limit
    if reached.moment is not None:
        return Moments(reached.moment, reached.moment, reached.day)
    last_day = reached.day
    if limit.unit is LimitUnit.CALENDAR_DAYS and limit.roll is Roll.NEXT_WORKING_DAY:
        last_day = terms.calendar.roll(last_day)
    return Moments(promise(terms, last_day, day0), midnight_after(last_day), last_day)


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
