"""The moments of a ladder: shares of the limit, days around it, the slip of apology."""

from dataclasses import replace
from fractions import Fraction

import pytest

from shared.calendar.errors import DateOutsideCalendarError
from shared.calendar.limits import AfterSupplement, Limit, LimitUnit
from shared.calendar.shares import apology_slip_due, close_of_working_day, moment_at_share
from tests.unit.calendar.calendars import days, deadline, extension, ict, wait

HALF, MOST = Fraction(1, 2), Fraction(4, 5)
MONDAY = "2026-03-02 09:00"


@pytest.mark.parametrize(
    ("limit", "share", "moment"),
    [
        (days(1), HALF, "2026-03-03 07:30"),
        (days(3), HALF, "2026-03-04 07:30"),  # 1.5 days: the second one, as it begins.
        (days(3), MOST, "2026-03-05 07:30"),
        (days(10), MOST, "2026-03-12 07:30"),
        (Limit(LimitUnit.CALENDAR_DAYS, 10), HALF, "2026-03-09 07:30"),  # Saturday 7: no hours.
        (Limit(LimitUnit.HOURS, 8), HALF, "2026-03-02 15:00"),
        (Limit(LimitUnit.HALF_DAYS, 4), HALF, "2026-03-03 07:30"),
        (Limit(LimitUnit.SAME_DAY), HALF, "2026-03-02 14:00"),  # 6 h are left at 09:00.
        (Limit(LimitUnit.GIVEN, given=ict("2026-03-03 11:00")), HALF, "2026-03-02 15:45"),
    ],
)
def test_a_share_is_taken_in_counted_units(limit: Limit, share: Fraction, moment: str) -> None:
    """A day is used as its office hours begin, hours as they pass."""
    assert moment_at_share(deadline(limit, MONDAY), share) == ict(moment)


def test_waits_are_no_use_of_a_subtracting_limit() -> None:
    """Half of the limit comes later by the wait before it."""
    limit = replace(days(6), after_supplement=AfterSupplement.SUBTRACT)
    found = deadline(limit, MONDAY, wait("2026-03-03 10:00", "2026-03-05 10:00"))
    # 3 (1), 6 (2), 9 (3).
    assert moment_at_share(found, HALF) == ict("2026-03-09 07:30")
    hours = Limit(LimitUnit.HOURS, 8, after_supplement=AfterSupplement.SUBTRACT)
    found = deadline(hours, MONDAY, wait("2026-03-02 10:00", "2026-03-02 11:00"))
    assert moment_at_share(found, HALF) == ict("2026-03-02 16:00")
    same_day = Limit(LimitUnit.SAME_DAY, after_supplement=AfterSupplement.SUBTRACT)
    found = deadline(same_day, MONDAY, wait("2026-03-02 10:00", "2026-03-02 14:30"))
    # Of 6 hours 2.5 were waited; half of the rest is 1 h 45 min: 1 h before, the rest after.
    assert moment_at_share(found, HALF) == ict("2026-03-02 15:15")


def test_a_day_that_was_begun_is_used_though_the_wait_opens_on_it() -> None:
    """The half was used at the opening; who asks an hour later does not give it back."""
    limit = replace(days(4), after_supplement=AfterSupplement.SUBTRACT)
    found = deadline(limit, MONDAY, wait("2026-03-04 08:30", "2026-03-06 10:00"))
    assert moment_at_share(found, HALF) == ict("2026-03-04 07:30")
    assert found.due == ict("2026-03-10 17:00")


def test_after_a_restart_the_share_is_of_the_new_count() -> None:
    """The waits before the restart are forgotten."""
    found = deadline(days(4), MONDAY, wait("2026-03-03 10:00", "2026-03-05 10:00"))
    assert moment_at_share(found, HALF) == ict("2026-03-09 07:30")


def test_while_suspended_there_are_no_moments() -> None:
    """What is not counted uses nothing up."""
    found = deadline(days(4), MONDAY, wait("2026-03-03 10:00"))
    assert moment_at_share(found, HALF) is None
    assert close_of_working_day(found, 1) is None
    assert apology_slip_due(found) is None


@pytest.mark.parametrize("share", [Fraction(0), Fraction(6, 5), Fraction(-1, 2)])
def test_a_share_is_a_share(share: Fraction) -> None:
    """Nothing, more than all and less than nothing are refused."""
    with pytest.raises(ValueError, match="share"):
        moment_at_share(deadline(days(1), MONDAY), share)


def test_days_around_the_promise() -> None:
    """Due ± n is the close of that working day, from the new date where there is one."""
    found = deadline(days(3), "2026-01-06 09:10")  # Friday 9, then the worked Saturday.
    assert close_of_working_day(found, 0) == ict("2026-01-09 17:00")
    assert close_of_working_day(found, 1) == ict("2026-01-10 17:00")
    assert close_of_working_day(found, 3) == ict("2026-01-13 17:00")
    assert close_of_working_day(found, -2) == ict("2026-01-07 17:00")
    later = deadline(
        days(3), "2026-01-06 09:10", extensions=(extension("2026-01-08 10:00", "2026-01-15"),)
    )
    assert close_of_working_day(later, 1) == ict("2026-01-16 17:00")


@pytest.mark.parametrize(
    ("limit", "start", "moment"),
    [
        (days(5), MONDAY, "2026-03-06 17:00"),
        (days(1), MONDAY, "2026-03-02 17:00"),
        (days(1), "2026-03-02 17:00", None),
        (Limit(LimitUnit.SAME_DAY), "2026-03-02 16:00", None),
        (Limit(LimitUnit.HOURS, 4), MONDAY, None),
        (Limit(LimitUnit.HOURS, 9), MONDAY, "2026-03-02 17:00"),
        (Limit(LimitUnit.HALF_DAYS, 2), MONDAY, "2026-03-02 17:00"),
        (days(1), "2025-12-01 09:00", "2025-12-01 17:00"),
        (Limit(LimitUnit.HOURS, 1), "2025-12-01 09:00", None),
    ],
)
def test_the_slip_of_apology(limit: Limit, start: str, moment: str | None) -> None:
    """Due at the close of the working day before; void where that is not after acceptance."""
    found = apology_slip_due(deadline(limit, start))
    assert found == (None if moment is None else ict(moment))


def test_the_slip_of_a_given_limit_of_old_is_not_guessed() -> None:
    """An imported dossier of 2011 lies before every calendar."""
    limit = Limit(LimitUnit.GIVEN, given=ict("2011-12-06 11:41"))
    with pytest.raises(DateOutsideCalendarError):
        apology_slip_due(deadline(limit, "2011-10-11 09:00"))
