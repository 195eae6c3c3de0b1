"""Moments relative to a deadline: shares of the limit, days around it, the apology slip.

Rungs of a ladder are placed at these moments. All return None where there is none: while the
clock is suspended, or where the moment would not come after the count began.
"""

from datetime import date, datetime, timedelta
from fractions import Fraction

from shared.calendar.counting import Terms
from shared.calendar.deadline import Deadline
from shared.calendar.errors import DateOutsideCalendarError
from shared.calendar.limits import AfterSupplement, LimitUnit
from shared.calendar.zone import legal_day


def moment_at_share(deadline: Deadline, share: Fraction) -> datetime | None:
    """Return when that share of the limit is used up, in counted units.

    A counted day is used when its office hours begin (on a counted day without any, at the
    next opening), a counted session when it begins; hours by opening hours, clock hours day
    and night; a same-day or given limit by the opening hours from acceptance to its due
    moment. Waits are no use.

    Raises:
        ValueError: the share is not between 0 and 1.
        DateOutsideCalendarError: the calendar does not cover it (a given limit of old).
    """
    if not 0 < share <= 1:
        msg = f"a share is above 0 and at most 1, not {share}"
        raise ValueError(msg)
    if deadline.suspended:
        return None
    terms, day0, moving = deadline.terms, deadline.day0, _waits_within(deadline)
    match terms.limit.unit:
        case LimitUnit.WORKING_DAYS | LimitUnit.CALENDAR_DAYS:
            day = _counted_day(terms, day0, _units(share, terms.limit.value), moving)
            return terms.opening.begin_of(day)
        case LimitUnit.HALF_DAYS:
            return _counted_session(terms, day0, _units(share, terms.limit.value), moving)
        case LimitUnit.HOURS:
            whole = timedelta(hours=terms.limit.value)
            return _opening_time(terms, day0, _part(share, whole), moving)
        case LimitUnit.CLOCK_HOURS:
            return _clock_time(day0, _part(share, timedelta(hours=terms.limit.value)), moving)
        case LimitUnit.SAME_DAY | LimitUnit.GIVEN:
            whole = terms.opening.time_between(day0, deadline.rule_run.standing.due)
            for opened, closed in moving:
                whole -= terms.opening.time_between(opened, closed)
            return _opening_time(terms, day0, _part(share, whole), moving)


def close_of_working_day(deadline: Deadline, offset: int) -> datetime | None:
    """Return "due ± n": the close of the n-th working day from the day of the promise.

    Raises:
        DateOutsideCalendarError: that day is not covered.
    """
    if deadline.due is None:
        return None
    calendar, opening = deadline.terms.calendar, deadline.terms.opening
    return opening.close_of(calendar.shift(legal_day(deadline.due), offset))


def apology_slip_due(deadline: Deadline) -> datetime | None:
    """Return by when the slip of apology is due: the close of the working day before the last.

    None for `same_day`, while suspended, and where the moment is not after the acceptance of
    the cycle.

    Raises:
        DateOutsideCalendarError: the day before is not covered (a given limit of old).

    Source:
        `Rule.APOLOGY_AND_NEW_DATE`; the stricter reading of "01 ngày", a working day.
    """
    if deadline.last_day is None or deadline.terms.limit.unit is LimitUnit.SAME_DAY:
        return None
    calendar, opened_on = deadline.terms.calendar, legal_day(deadline.opened)
    try:
        day = calendar.subtract_working_days(deadline.last_day, 1)
    except DateOutsideCalendarError:
        if calendar.first_day <= opened_on <= deadline.last_day <= calendar.last_day:
            return None  # The working day before is before acceptance, wherever it is.
        raise
    moment = deadline.terms.opening.close_of(day)
    return moment if moment > deadline.opened else None


Interval = tuple[datetime, datetime]


def _waits_within(deadline: Deadline) -> tuple[Interval, ...]:
    """Return the waits that the current count subtracts; a restarted one has none."""
    if deadline.terms.limit.after_supplement is AfterSupplement.RESTART:
        return ()
    return tuple(
        (shift.opened, shift.closed)
        for shift in deadline.rule_run.shifts
        if shift.moves and shift.closed is not None
    )


def _counted_day(terms: Terms, day0: datetime, count: int, waits: tuple[Interval, ...]) -> date:
    calendar, by_calendar = terms.calendar, terms.limit.unit is LimitUnit.CALENDAR_DAYS
    first = legal_day(day0)
    day = (
        first + timedelta(days=count)
        if by_calendar
        else calendar.add_working_days(first, count)
    )
    for opened, closed in waits:
        begun, ended = legal_day(opened), legal_day(closed)
        if begun >= day:
            break
        if by_calendar:
            day += ended - begun
        else:
            day = calendar.shift(day, calendar.count_between(begun, ended))
    return day


def _counted_session(
    terms: Terms, day0: datetime, count: int, waits: tuple[Interval, ...]
) -> datetime:
    opening = terms.opening
    begins = opening.nth_session(day0, count).opens
    for opened, closed in waits:
        moved = opening.sessions_between(opened, closed) if opened < begins else 0
        if moved:
            begins = opening.nth_session(begins, moved).opens
    return begins


def _opening_time(
    terms: Terms, day0: datetime, length: timedelta, waits: tuple[Interval, ...]
) -> datetime:
    opening = terms.opening
    moment = opening.add_time(day0, length)
    for opened, closed in waits:
        if opened < moment:
            moment = opening.add_time(moment, opening.time_between(opened, closed))
    return moment


def _clock_time(day0: datetime, length: timedelta, waits: tuple[Interval, ...]) -> datetime:
    moment = day0 + length
    for opened, closed in waits:
        if opened < moment:
            moment += max(closed, day0) - max(opened, day0)
    return moment


def _units(share: Fraction, value: int) -> int:
    """Return the part of so many units, rounded up to a whole one."""
    return -(-share.numerator * value // share.denominator)


def _part(share: Fraction, whole: timedelta) -> timedelta:
    return timedelta(microseconds=int(share * (whole // timedelta(microseconds=1))))
