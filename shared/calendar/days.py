"""Which days are working days by law, and counting them.

The deadline calendar is one for the whole country. A unit that opens on more or on other
days has an opening calendar beside it (`opening.py`); it does not change this one.

Every question is one or two look-ups in tables built once per version of the calendar:
`rank[day]` is the number of working days up to and including that day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Final

from shared.calendar.errors import DateOutsideCalendarError

SATURDAY: Final = 5
SUNDAY: Final = 6


@dataclass(frozen=True, slots=True)
class DayNote:
    """Why a day is off, or worked, against the rule of the week."""

    works: bool
    reason: str  # A code of `wording.DAY_REASONS`, such as "tet" or "swap".
    counterpart: date | None = None  # The day it was exchanged with.
    source: str = ""
    verified: bool = False


class DeadlineCalendar:
    """The statutory working days from `first_day` to `last_day`, both included."""

    __slots__ = (
        "_base",
        "_rank",
        "_size",
        "_work",
        "first_day",
        "last_day",
        "notes",
        "version",
    )

    def __init__(
        self,
        *,
        first_day: date,
        last_day: date,
        notes: Mapping[date, DayNote],
        version: int = 1,
    ) -> None:
        """Build the tables of one version of the calendar (some milliseconds for ten years).

        Args:
            first_day: First day that the published decisions cover.
            last_day: Last day that they cover; beyond it the engine refuses to guess.
            notes: The days that differ from Monday to Friday. Those outside the two ends
                are kept for their explanation, and count for nothing.
            version: The version of the reference data that these days stand in.

        Raises:
            ValueError: the calendar would end before it begins.
        """
        if last_day < first_day:
            msg = f"the calendar ends on {last_day}, before its first day {first_day}"
            raise ValueError(msg)
        self.first_day = first_day
        self.last_day = last_day
        self.version = version
        self.notes = dict(notes)
        count = (last_day - first_day).days + 1
        days = [first_day + timedelta(days=index) for index in range(count)]
        works = [_works(day, notes) for day in days]
        self._base = first_day.toordinal()
        self._size = count
        # One more in front: the rank of the day before the first is 0.
        self._rank = [0, *accumulate(works)]
        self._work = [day for day, working in zip(days, works, strict=True) if working]

    def is_working(self, day: date) -> bool:
        """Say whether a day is a statutory working day.

        Raises:
            DateOutsideCalendarError: the day is not covered.
        """
        index = self._index(day)
        return self._rank[index + 1] > self._rank[index]

    def add_working_days(self, day: date, count: int) -> date:
        """Return the `count`-th working day after `day`, which itself is not counted.

        Raises:
            ValueError: `count` is below 1.
            DateOutsideCalendarError: the answer, or `day`, is not covered.

        Source:
            `Rule.FIRST_DAY_NOT_COUNTED`, `Rule.END_OF_LAST_DAY`.
        """
        index = day.toordinal() - self._base
        if index < 0 or index >= self._size:
            raise self._outside(f"{day} is not covered")
        position = self._rank[index + 1] + count - 1
        if count < 1:
            msg = f"at least 1 working day can be added, not {count}"
            raise ValueError(msg)
        if position >= len(self._work):
            raise self._outside(f"{count} working days from {day} end later")
        return self._work[position]

    def subtract_working_days(self, day: date, count: int) -> date:
        """Return the `count`-th working day before `day`, which itself is not counted.

        Raises:
            ValueError: `count` is below 1.
            DateOutsideCalendarError: the answer, or `day`, is not covered.
        """
        if count < 1:
            msg = f"at least 1 working day can be subtracted, not {count}"
            raise ValueError(msg)
        position = self._rank[self._index(day)] - count
        if position < 0:
            raise self._outside(f"{count} working days before {day} begin earlier")
        return self._work[position]

    def shift(self, day: date, working_days: int) -> date:
        """Return the day that many working days after (or before, if negative) `day`.

        Zero returns the day itself, whether it works or not.

        Raises:
            DateOutsideCalendarError: the answer, or `day`, is not covered.
        """
        if working_days > 0:
            return self.add_working_days(day, working_days)
        if working_days < 0:
            return self.subtract_working_days(day, -working_days)
        self._index(day)
        return day

    def roll(self, day: date) -> date:
        """Return `day` if it works, else the next working day (`Rule.DAY_OFF_MOVES_THE_END`).

        Raises:
            DateOutsideCalendarError: the answer, or `day`, is not covered.
        """
        return day if self.is_working(day) else self.add_working_days(day, 1)

    def count_between(self, after: date, through: date) -> int:
        """Count the working days later than `after`, up to and including `through`.

        Raises:
            DateOutsideCalendarError: one of the days is not covered.
        """
        return self._rank[self._index(through) + 1] - self._rank[self._index(after) + 1]

    def require(self, day: date) -> date:
        """Return the day, which the calendar must cover.

        Raises:
            DateOutsideCalendarError: it does not.
        """
        self._index(day)
        return day

    def _index(self, day: date) -> int:
        index = day.toordinal() - self._base
        if 0 <= index < self._size:
            return index
        raise self._outside(f"{day} is not covered")

    def _outside(self, detail: str) -> DateOutsideCalendarError:
        return DateOutsideCalendarError(
            detail, first_day=self.first_day, last_day=self.last_day
        )


def _works(day: date, notes: Mapping[date, DayNote]) -> bool:
    note = notes.get(day)
    return note.works if note is not None else day.weekday() < SATURDAY
