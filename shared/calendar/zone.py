"""The legal time of Viet Nam: every legal day is a day of this zone."""

from datetime import date, datetime, time, timedelta, timezone
from typing import Final

ICT: Final = timezone(timedelta(hours=7), "ICT")  # No daylight saving since 1975.

ONE_DAY: Final = timedelta(days=1)


def legal_day(instant: datetime) -> date:
    """Return the day, in Viet Nam, that an aware instant falls on."""
    assert instant.tzinfo is not None, "an instant carries its offset"
    return instant.astimezone(ICT).date()


def ending_day(end: datetime) -> date:
    """Return the day that an end belongs to: midnight is 24:00 of the day before.

    Source:
        `Rule.END_OF_LAST_DAY` of `shared.law`.
    """
    return legal_day(end - timedelta(microseconds=1))


def at(day: date, clock: time) -> datetime:
    """Return the instant at which clocks in Viet Nam show `clock` on `day`."""
    return datetime.combine(day, clock, ICT)


def midnight_after(day: date) -> datetime:
    """Return 24:00 of a day, printed as the next midnight (`Rule.END_OF_LAST_DAY`)."""
    return datetime.combine(day + ONE_DAY, time(), ICT)
