"""Who holds which role in which unit, and who stands in while they are away."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Self

from shared.calendar.zone import legal_day
from shared.events.reference import LeaveRecorded, RoleAssigned, RoleEnded

STAND_INS_MAX = 5  # Deputies of deputies are followed this far, then the role is vacant.


@dataclass(frozen=True, slots=True)
class Assignment:
    """A person in a role, from a day on and perhaps up to another (not included)."""

    person: str
    role: str
    unit: str
    division: str | None
    deputy: str | None
    from_day: date
    ended_on: date | None = None

    def holds(self, day: date) -> bool:
        """Say whether the person holds the role on a day."""
        return self.from_day <= day and (self.ended_on is None or day < self.ended_on)


@dataclass(frozen=True, slots=True)
class Leave:
    """Days away, both included."""

    first_day: date
    last_day: date
    deputy: str | None


@dataclass(frozen=True, slots=True)
class Organisation:
    """The organisation chart of every unit."""

    assignments: Mapping[tuple[str, str], tuple[Assignment, ...]] = field(default_factory=dict)
    leaves: Mapping[str, tuple[Leave, ...]] = field(default_factory=dict)

    def named(self, unit: str, role: str, at: datetime | date) -> tuple[str, ...]:
        """Return who holds a role, present or away; nobody if it is vacant."""
        day = _day(at)
        held = self.assignments.get((unit, role), ())
        return tuple(dict.fromkeys(each.person for each in held if each.holds(day)))

    def holders(self, unit: str, role: str, at: datetime | date) -> tuple[str, ...]:
        """Return who answers for a role: its holders or those who stand in for them.

        A vacant role falls to the deputy of whom held it last. Nobody is returned where
        neither is there.
        """
        named = self.named(unit, role, at)
        if named:
            present = (one for person in named for one in self.present(person, at))
            return tuple(dict.fromkeys(present))
        day = _day(at)
        past = [each for each in self.assignments.get((unit, role), ()) if each.ended_on]
        past = [each for each in past if each.from_day <= day]
        if not past:
            return ()
        last = max(past, key=lambda each: each.ended_on or each.from_day)
        return self.present(last.deputy, at) if last.deputy else ()

    def seats(self, person: str, at: datetime | date) -> frozenset[tuple[str, str]]:
        """Return the (unit, role) pairs that a person answers for, own or standing in."""
        return frozenset(seat for seat in self.assignments if person in self.holders(*seat, at))

    def present(self, person: str, at: datetime | date) -> tuple[str, ...]:
        """Return the person, or who stands in on that day; nobody if all are away."""
        day = _day(at)
        tried = list[str]()
        while person not in tried and len(tried) < STAND_INS_MAX:
            leave = self._leave(person, day)
            if leave is None:
                return (person,)
            tried.append(person)
            deputy = leave.deputy or self._deputy(person, day)
            if deputy is None:
                return ()
            person = deputy
        return ()

    def changes(self, unit: str) -> Iterator[date]:
        """Yield the days on which a role of a unit began or ended, as it is recorded now."""
        for (of, _), rows in self.assignments.items():
            if of == unit:
                for each in rows:
                    yield each.from_day
                    if each.ended_on is not None:
                        yield each.ended_on

    def assigned(self, data: RoleAssigned) -> Self:
        """Return the chart with an assignment added, or put in place of an older one."""
        row = Assignment(
            data.person, data.role, data.unit, data.division, data.deputy, data.from_day
        )
        key = (data.unit, data.role)
        others = tuple(
            each
            for each in self.assignments.get(key, ())
            if (each.person, each.division) != (row.person, row.division)
        )
        return replace(self, assignments={**self.assignments, key: (*others, row)})

    def ended(self, data: RoleEnded) -> Self:
        """Return the chart with an assignment ended; an unknown one changes nothing."""
        key = (data.unit, data.role)
        rows = tuple(
            replace(each, ended_on=data.ended_on)
            if each.person == data.person and data.division in {None, each.division}
            else each
            for each in self.assignments.get(key, ())
        )
        return replace(self, assignments={**self.assignments, key: rows})

    def left(self, data: LeaveRecorded) -> Self:
        """Return the chart with days away; one that begins the same day is replaced."""
        row = Leave(data.first_day, data.last_day, data.deputy)
        others = tuple(
            each
            for each in self.leaves.get(data.person, ())
            if each.first_day != data.first_day
        )
        return replace(self, leaves={**self.leaves, data.person: (*others, row)})

    def under(self, current: Callable[[str], str]) -> Self:
        """Return the chart with every seat under the current code of its unit.

        Where a person holds a seat by two codes, the later assignment counts.
        """
        if all(current(unit) == unit for unit, _ in self.assignments):
            return self
        seats: dict[tuple[str, str], dict[tuple[str, str | None], Assignment]] = {}
        for (unit, role), held in self.assignments.items():
            rows = seats.setdefault((current(unit), role), {})
            for each in held:
                row = replace(each, unit=current(each.unit))
                known = rows.get((row.person, row.division))
                if known is None or known.from_day <= row.from_day:
                    rows[row.person, row.division] = row
        assignments = {seat: tuple(rows.values()) for seat, rows in seats.items()}
        return replace(self, assignments=assignments)

    def _leave(self, person: str, day: date) -> Leave | None:
        for leave in self.leaves.get(person, ()):
            if leave.first_day <= day <= leave.last_day:
                return leave
        return None

    def _deputy(self, person: str, day: date) -> str | None:
        for held in self.assignments.values():
            for each in held:
                if each.person == person and each.deputy and each.holds(day):
                    return each.deputy
        return None


def _day(at: datetime | date) -> date:
    return legal_day(at) if isinstance(at, datetime) else at
