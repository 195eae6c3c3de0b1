"""When the office is open: seasons, Saturday reception, closures, and time spent."""

from datetime import date, time, timedelta

import pytest

from shared.calendar.days import DayNote
from shared.calendar.errors import DateOutsideCalendarError
from shared.calendar.opening import Hours, OpeningHours, OpeningRules, Season
from tests.unit.calendar.calendars import CALENDAR, OPENING, ict

SATURDAY = date(2026, 3, 7)
SUMMER = Season(
    weekday=Hours((time(7), time(11, 30)), (time(13, 30), time(17))),
    first=(4, 16),
    last=(10, 15),
)
WINTER = Season(
    weekday=Hours((time(7, 30), time(12)), (time(13), time(16, 30))),
    saturday=Hours((time(8), time(11)), None),
    first=(10, 16),
    last=(4, 15),
)
SEASONS = OpeningHours(CALENDAR, OpeningRules((SUMMER, WINTER)))


def test_the_season_of_the_day_holds() -> None:
    """A season may pass New Year; the one that covers the day gives its hours."""
    assert SEASONS.close_of(date(2026, 1, 5)) == ict("2026-01-05 16:30")
    assert SEASONS.close_of(date(2026, 7, 6)) == ict("2026-07-06 17:00")
    assert SEASONS.sessions(date(2026, 4, 15))[0].closes == ict("2026-04-15 12:00")
    assert SEASONS.sessions(date(2026, 4, 16))[0].opens == ict("2026-04-16 07:00")


def test_a_hole_between_seasons_is_found_when_built() -> None:
    """Opening hours that forget a part of the year cannot be used."""
    with pytest.raises(LookupError, match="no season"):
        OpeningHours(CALENDAR, OpeningRules((SUMMER,)))


def test_saturday_reception_is_open_and_yet_no_working_day() -> None:
    """People may come on Saturday morning; the law does not count the day."""
    assert [session.name for session in SEASONS.sessions(SATURDAY)] == ["am"]
    assert not CALENDAR.is_working(SATURDAY)
    assert OPENING.sessions(SATURDAY) == ()


def test_no_reception_on_a_saturday_that_is_a_holiday() -> None:
    """A dated row goes before the rule that the unit receives on Saturdays."""
    assert SEASONS.sessions(date(2026, 4, 26)) == ()  # A Sunday that is a holiday.
    # The swapped Saturday has a weekday's hours.
    assert len(SEASONS.sessions(date(2026, 1, 10))) == 2


def test_a_closure_shuts_the_office_and_moves_no_working_day() -> None:
    """A storm shuts one centre; the promise stays at the hour that it regularly closes."""
    storm = date(2026, 6, 15)
    closed = OpeningHours(
        CALENDAR, OpeningRules(), {storm: DayNote(works=False, reason="closure")}
    )
    assert closed.sessions(storm) == ()
    assert closed.calendar.is_working(storm)
    assert closed.close_of(storm) == ict("2026-06-15 17:00")
    assert closed.begin_of(storm) == ict("2026-06-16 07:30")


def test_a_unit_may_open_on_a_sunday() -> None:
    """A row of the unit opens it with a weekday's hours."""
    sunday = date(2026, 3, 8)
    opened = OpeningHours(
        CALENDAR, OpeningRules(), {sunday: DayNote(works=True, reason="reception")}
    )
    assert len(opened.sessions(sunday)) == 2
    assert not opened.calendar.is_working(sunday)


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-03-03 06:00", "2026-03-03 07:30"),
        ("2026-03-03 07:30", "2026-03-03 07:30"),
        ("2026-03-03 11:30", "2026-03-03 11:30"),  # Closing: still in.
        ("2026-03-03 11:31", "2026-03-03 13:30"),
        ("2026-03-03 17:00", "2026-03-03 17:00"),
        ("2026-03-06 17:01", "2026-03-09 07:30"),
        ("2026-02-14 10:00", "2026-02-23 07:30"),
    ],
)
def test_the_next_opening(moment: str, opens: str) -> None:
    """Who comes after hours is let in at the next opening."""
    assert OPENING.next_opening(ict(moment)) == ict(opens)


@pytest.mark.parametrize(
    ("moment", "hours", "reached"),
    [
        ("2026-03-03 09:00", 2.5, "2026-03-03 11:30"),  # Ends as it closes.
        ("2026-03-03 09:00", 3, "2026-03-03 14:00"),
        ("2026-03-03 12:00", 3.5, "2026-03-03 17:00"),
        ("2026-03-03 09:00", 0, "2026-03-03 09:00"),
        ("2026-03-06 16:00", 8.5, "2026-03-09 17:00"),
    ],
)
def test_time_passes_only_while_open(moment: str, hours: float, reached: str) -> None:
    """Adding opening time ends where measuring it says so."""
    length = timedelta(hours=hours)
    ends = OPENING.add_time(ict(moment), length)
    assert ends == ict(reached)
    assert OPENING.time_between(ict(moment), ends) == length


def test_measures_nothing_backwards() -> None:
    """Between a later and an earlier moment the office was open for no time."""
    assert OPENING.time_between(ict("2026-03-04 09:00"), ict("2026-03-03 09:00")) == timedelta()


def test_sessions_are_counted_from_the_next_one() -> None:
    """The session in which one stands is not counted, its very beginning included."""
    assert OPENING.nth_session(ict("2026-03-03 07:30"), 1).opens == ict("2026-03-03 13:30")
    assert OPENING.nth_session(ict("2026-03-03 12:00"), 1).opens == ict("2026-03-03 13:30")
    assert OPENING.sessions_between(ict("2026-03-03 07:30"), ict("2026-03-04 07:30")) == 2


def test_knows_in_which_session_a_moment_falls() -> None:
    """Duty is owed for sessions; between them there is none."""
    session = OPENING.session_at(ict("2026-03-03 09:00"))
    assert session is not None
    assert session.name == "am"
    assert OPENING.session_at(ict("2026-03-03 12:00")) is None


def test_refuses_what_lies_beyond_the_calendar() -> None:
    """Sessions and hours end with the published days."""
    late = ict("2026-12-31 16:00")
    with pytest.raises(DateOutsideCalendarError):
        OPENING.add_time(late, timedelta(hours=2))
    with pytest.raises(DateOutsideCalendarError):
        OPENING.nth_session(late, 1)
    with pytest.raises(DateOutsideCalendarError):
        OPENING.is_open(ict("2027-01-01 09:00"))


@pytest.mark.parametrize(
    ("morning", "afternoon"),
    [
        ((time(11), time(7)), None),
        ((time(7), time(12)), (time(12), time(16))),
        ((time(7), time(13)), (time(12), time(16))),
    ],
)
def test_refuses_hours_that_run_backwards(
    morning: tuple[time, time], afternoon: tuple[time, time] | None
) -> None:
    """A session ends after it began, and the second begins after the first ended."""
    with pytest.raises(ValueError, match="backwards"):
        Hours(morning, afternoon)
