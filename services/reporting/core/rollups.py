"""Roll-ups: atoms per unit, day and field, kept a month to a document.

A cell is always counted whole from the facts in it, so counting it twice changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from services.reporting.core.counts import Cell, OpenEntry
from services.reporting.core.figures import Period, Sums

ByField = dict[str, dict[str, int]]


@dataclass(slots=True)
class Month:
    """The atoms of one unit in one month: day of the month → field → atom → number."""

    unit: str
    first: date
    version: int = 0
    days: dict[int, ByField] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The document's key."""
        return month_name(Cell(self.unit, self.first))

    def put(self, day: date, counted: ByField) -> None:
        """Replace what stands for a day by what has been counted whole."""
        assert day.replace(day=1) == self.first, "the day is of this month"
        if counted:
            self.days[day.day] = counted
        else:
            self.days.pop(day.day, None)

    def total(self) -> ByField:
        """Sum the month up, by field."""
        found: ByField = {}
        for by_field in self.days.values():
            add(found, by_field)
        return found

    def by_day(self) -> Iterable[tuple[date, ByField]]:
        """Give each day with its atoms, in order."""
        return ((self.first.replace(day=day), self.days[day]) for day in sorted(self.days))


@dataclass(slots=True)
class OpenRoll:
    """A unit's open dossiers, grouped by how they stand."""

    unit: str
    version: int = 0
    entries: list[tuple[OpenEntry, int]] = field(default_factory=list)


def month_name(cell: Cell) -> str:
    """Name the document that holds a cell."""
    return f"{cell.unit}|{cell.day:%Y-%m}"


def add(into: ByField, more: Mapping[str, Mapping[str, int]]) -> None:
    """Add atoms by field to others, in place."""
    for name, atoms in more.items():
        found = into.setdefault(name, {})
        for atom, number in atoms.items():
            found[atom] = found.get(atom, 0) + number


def grouped(entries: Iterable[OpenEntry]) -> list[tuple[OpenEntry, int]]:
    """Group open dossiers that stand alike."""
    found: dict[OpenEntry, int] = {}
    for entry in entries:
        found[entry] = found.get(entry, 0) + 1
    return list(found.items())


@dataclass(frozen=True, slots=True)
class MonthTotal:
    """One unit's month, summed up by field."""

    unit: str
    first: date
    total: ByField


def month_of(day: date) -> date:
    """Return the first day of a day's month."""
    return day.replace(day=1)


def next_month(first: date) -> date:
    """Return the first day of the month after."""
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)


def cut_months(period: Period, today: date) -> set[date]:
    """Name the months that a period begins or ends within, whose days must be read."""
    found = set()
    if period.first is not None and period.first.day > 1:
        found.add(month_of(period.first))
    last = min(period.last or today, today)
    if next_month(month_of(last)) != last + timedelta(days=1):
        found.add(month_of(last))
    return found


def sums_by_unit(
    totals: Iterable[MonthTotal],
    months: Mapping[tuple[str, date], Month],
    period: Period,
) -> dict[str, dict[str, Sums]]:
    """Sum up what lies before a period and what lies in it, by unit and field.

    Whole months are taken from their totals; a month that the period cuts must be among
    `months`.
    """
    found: dict[str, dict[str, Sums]] = {}
    for one in totals:
        last = next_month(one.first) - timedelta(days=1)
        parts = found.setdefault(one.unit, {})
        if period.starts_after(last):
            _sum(parts, one.total, earlier=True)
        elif period.has(one.first) and period.has(last):
            _sum(parts, one.total, earlier=False)
        elif not period.ends_before(one.first):
            for day, by_field in months[one.unit, one.first].by_day():
                if not period.ends_before(day):
                    _sum(parts, by_field, earlier=period.starts_after(day))
    return found


def _sum(into: dict[str, Sums], by_field: ByField, *, earlier: bool) -> None:
    for name, atoms in by_field.items():
        part = into.get(name)
        if part is None:
            part = into[name] = Sums({}, {})
        target = part.before if earlier else part.within
        for atom, number in atoms.items():
            target[atom] = target.get(atom, 0) + number
