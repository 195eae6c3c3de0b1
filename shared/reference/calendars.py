"""The calendar rows, and the calendars that are built from them when they are asked for.

Rows without a unit make the deadline calendar of the whole province; rows of a unit change
only when that unit is open. The tables are built once for one state of the approved rows, and
shared by every view in between, and by all units that open alike.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from shared.calendar.days import DayNote, DeadlineCalendar
from shared.calendar.opening import OpeningHours, OpeningRules
from shared.calendar.zone import ONE_DAY
from shared.events.reference import CalendarRow
from shared.reference.errors import NoCalendarError

PUBLISHED_THROUGH: Final = "published_through"


@dataclass(slots=True)
class _Tables:
    """What was built from one state of the approved rows; filled on first use."""

    deadline: DeadlineCalendar | None = None
    by_unit: dict[str, tuple[OpeningRules, OpeningHours]] = field(default_factory=dict)
    alike: dict[OpeningRules, OpeningHours] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Calendars:
    """One state of the calendar rows.

    Attributes:
        rows: The approved rows by their ids; of two for one day the later approved holds.
        version: The reference version of the last change of an approved row.
    """

    rows: Mapping[str, CalendarRow] = field(default_factory=dict)
    version: int = 0
    tables: _Tables = field(default_factory=_Tables, compare=False, repr=False)

    @property
    def published(self) -> tuple[date, date] | None:
        """Return the first and the last day that are published without a gap.

        A row of the kind `published_through` names the last day, and as its counterpart the
        first; without one it goes on from what is published before it.
        """
        spans = sorted(
            (row.counterpart or date.max, row.day)
            for row in self.rows.values()
            if row.kind == PUBLISHED_THROUGH
        )
        if not spans or spans[0][0] == date.max:
            return None
        first, last = spans[0]
        for begins, ends in spans[1:]:
            if begins == date.max or begins <= last + ONE_DAY:
                last = max(last, ends)
        return first, last

    @property
    def deadline(self) -> DeadlineCalendar:
        """Return the deadline calendar.

        Raises:
            NoCalendarError: no year is published yet.
        """
        if self.tables.deadline is None:
            published = self.published
            if published is None:
                raise NoCalendarError("no calendar has been published yet")
            days = (
                row
                for row in self.rows.values()
                if row.unit is None and row.kind != PUBLISHED_THROUGH
            )
            self.tables.deadline = DeadlineCalendar(
                first_day=published[0],
                last_day=published[1],
                notes={row.day: note_of(row) for row in days},
                version=self.version,
            )
        return self.tables.deadline

    def opening(self, unit: str, rules: OpeningRules) -> OpeningHours:
        """Return the opening calendar of a unit.

        Raises:
            NoCalendarError: no year is published yet.
        """
        known = self.tables.by_unit.get(unit)
        if known is not None and known[0] is rules:
            return known[1]
        special = {row.day: note_of(row) for row in self.rows.values() if row.unit == unit}
        if special:
            opening = OpeningHours(self.deadline, rules, special)
        else:
            if rules not in self.tables.alike:
                self.tables.alike[rules] = OpeningHours(self.deadline, rules)
            opening = self.tables.alike[rules]
        self.tables.by_unit[unit] = (rules, opening)
        return opening

    def under(self, current: Callable[[str], str]) -> "Calendars":
        """Return the calendars with the units that rows name under their current codes."""
        moved = {
            key: row.model_copy(update={"unit": current(row.unit)})
            for key, row in self.rows.items()
            if row.unit is not None and current(row.unit) != row.unit
        }
        return Calendars({**self.rows, **moved}, self.version) if moved else self

    def approved(self, row: CalendarRow, version: int) -> "Calendars":
        """Return the calendars with a row that holds from now on."""
        return Calendars({**_without(self.rows, row.row), row.row: row}, version)

    def withdrawn(self, row: str, version: int) -> "Calendars":
        """Return the calendars without a row."""
        if row not in self.rows:
            return self
        return Calendars(_without(self.rows, row), version)


def note_of(row: CalendarRow) -> DayNote:
    """Return what a row says of its day."""
    return DayNote(
        works=row.kind == "work",
        reason=row.reason,
        counterpart=row.counterpart,
        source=row.source,
        verified=row.verified,
    )


def _without(rows: Mapping[str, CalendarRow], key: str) -> dict[str, CalendarRow]:
    return {each: row for each, row in rows.items() if each != key}
