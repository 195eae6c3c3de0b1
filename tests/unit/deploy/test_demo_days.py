"""Which days a simulated province may play, and by which limits."""

from datetime import date

import pytest

from deploy.demo.once import FIRST, check_days, month_end
from deploy.demo.oracle import limits
from deploy.demo.stage import procedures
from deploy.errors import SettingError


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (FIRST, date(2026, 8, 31)),
        (date(2025, 7, 1), date(2025, 7, 31)),
        (date(2027, 2, 1), date(2027, 2, 28)),
        (date(2027, 9, 1), date(2027, 9, 1)),
    ],
)
def test_days_with_dates_in_the_published_calendar_may_be_played(
    first: date, last: date
) -> None:
    """The last ones are those from which no date can reach past the end."""
    check_days(first, last)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2025, 6, 30), date(2025, 7, 31)),
        (date(2027, 8, 10), date(2027, 9, 2)),
        (date(2027, 2, 2), date(2027, 2, 1)),
    ],
)
def test_other_days_are_refused(first: date, last: date) -> None:
    """The sentence names the end of the calendar."""
    with pytest.raises(SettingError, match="2027-10-31"):
        check_days(first, last)


def test_a_month_ends_on_its_last_day() -> None:
    """Of December too, and of a February."""
    assert month_end(date(2027, 2, 1)) == date(2027, 2, 28)
    assert month_end(date(2026, 12, 31)) == date(2026, 12, 31)


def test_a_procedure_is_played_if_one_limit_holds_in_all_days() -> None:
    """None of those that end on 1 January, nor of civil status over 1 March."""
    august = limits(date(2026, 8, 1), date(2026, 8, 31))
    february = limits(date(2027, 2, 1), date(2027, 2, 28))
    march = limits(date(2027, 2, 1), date(2027, 3, 1))
    assert august.keys() - february.keys() == {"1.011606", "1.011607", "1.011608"}
    assert "1.001193" in february
    assert "1.001193" not in march
    assert "1.011606" in limits(date(2026, 12, 1), date(2026, 12, 31))
    assert {one.code for one in procedures(date(2027, 2, 1), date(2027, 3, 1))} == set(march)
