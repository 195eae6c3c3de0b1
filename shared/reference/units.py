"""The units by their codes, with the codes that they had before.

A unit keeps its identity when its code changes. Its former codes are aliases: whoever looks a
unit up by one of them finds it under its current code. Subjects that were named under a former
code keep their names.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from typing_extensions import override

from shared.calendar.zone import ONE_DAY, legal_day
from shared.events.codes import Matter, duty_session, meeting_quarter
from shared.events.faults import Fault, fault
from shared.events.reference import FormerCode, UnitChanged
from shared.reference.catalogue import Unit, unit_of

COVERAGE: Final = "coverage"
"""The kind of centre record of which each unit has one."""


@dataclass(frozen=True, slots=True)
class Alias:
    """A code that a unit had before.

    Attributes:
        unit: The unit's current code.
        until: First day without the former code, as the row says.
        source: The text that says so.
    """

    unit: str
    until: date
    source: str


@dataclass(frozen=True, slots=True)
class Units(Mapping[str, Unit]):
    """Every unit, found by its current code and by each former one.

    Iteration and length are of the units, each once, by current code.

    Attributes:
        by_code: The units by current code.
        aliases: The former codes, of all units.
        named_until: Current code to what the unit's records were named by: the code, and the
            first day on which it was not used any more, oldest first. Only codes under which
            the unit was known here.
    """

    by_code: Mapping[str, Unit] = field(default_factory=dict)
    aliases: Mapping[str, Alias] = field(default_factory=dict)
    named_until: Mapping[str, tuple[tuple[str, date], ...]] = field(default_factory=dict)

    @override
    def __getitem__(self, code: str) -> Unit:
        return self.by_code[self.current(code)]

    @override
    def __contains__(self, code: object) -> bool:
        return code in self.by_code or code in self.aliases

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self.by_code)

    @override
    def __len__(self) -> int:
        return len(self.by_code)

    def current(self, code: str) -> str:
        """Return the current code of the unit with this code; an unknown code as it is."""
        if not self.aliases:
            return code
        alias = self.aliases.get(code)
        return code if alias is None else alias.unit

    def former(self, unit: str) -> Mapping[str, Alias]:
        """Return the former codes of a unit, by its current code."""
        return {code: alias for code, alias in self.aliases.items() if alias.unit == unit}

    def names(self, unit: str) -> tuple[str, ...]:
        """Return the codes that a subject of a unit can be named by, the current one first."""
        current = self.current(unit)
        return (current, *self.former(current)) if self.aliases else (current,)

    def name_on(self, unit: str, day: date) -> str:
        """Return the code that names what a day opens at a unit.

        A period keeps the code with which it was opened. Every service counts from the same
        recorded event, so all of them give one name, whenever they come to it.
        """
        current = self.current(unit)
        for code, until in self.named_until.get(current, ()):
            if day < until:
                return code
        return current

    def first_name(self, unit: str) -> str:
        """Return the code that names what a unit has once for ever."""
        return self.name_on(unit, date.min)

    def subjects(self, matter: Matter) -> tuple[str, ...]:
        """Return the subjects that a centre record can have, where its unit had other codes.

        First the one under which it is opened if none of them is there: a record of a period by
        the code that its unit had when the period began, what a unit has once for ever by its
        first one, and everything else by the current one.
        """
        codes = self.names(matter.unit)
        if len(codes) == 1:
            return (matter.subject,)
        if matter.kind == COVERAGE:
            name = self.first_name(matter.unit)
        else:
            begins = _begins(matter)
            name = codes[0] if begins is None else self.name_on(matter.unit, begins)
        ordered = dict.fromkeys((name, matter.unit, *codes))
        return tuple(replace(matter, unit=code).subject for code in ordered)

    def changed(self, data: UnitChanged, at: datetime) -> "Units":
        """Return the units after one more row.

        Former codes add up: a row that leaves them out takes none back. A row of a code that is
        a former one of another unit changes nothing; intake refuses it. The new code names what
        is opened from the day that the row gives, and never before the day after its recording:
        what was open by then has its name.

        Args:
            data: The row.
            at: When it was recorded.
        """
        unit = unit_of(data)
        named_former = {one.code for one in data.former or ()}
        if self.current(unit.code) not in {unit.code, *named_former}:
            return self
        by_code = {**self.by_code, unit.code: unit}
        new = [
            one for one in data.former or () if self.aliases.get(one.code) != _alias(unit, one)
        ]
        if not new:
            return replace(self, by_code=by_code)
        taken = {one.code for one in new}
        aliases = {
            code: replace(alias, unit=unit.code) if alias.unit in taken else alias
            for code, alias in self.aliases.items()
            if code != unit.code
        }
        aliases |= {one.code: _alias(unit, one) for one in new}
        named = dict(self.named_until)
        for one in sorted(new, key=lambda each: each.until):
            known = one.code in by_code and unit.code not in self.by_code
            before = named.pop(one.code, ())
            if known:
                until = max(one.until, legal_day(at) + ONE_DAY)
                earlier = named.get(unit.code, ())
                named[unit.code] = (*earlier, *before, (one.code, until))
            by_code.pop(one.code, None)
        return Units(by_code, aliases, named)

    def under(self, now: "Units") -> "Units":
        """Return the units of an earlier moment under the codes of now."""
        if self.aliases == now.aliases:
            return self
        units = {now.current(code): unit for code, unit in self.by_code.items()}
        by_code = {code: replace(unit, code=code) for code, unit in units.items()}
        return Units(by_code, now.aliases, now.named_until)


def _begins(matter: Matter) -> date | None:
    """Return the day on which the period of a centre record begins; None where it has none."""
    if matter.kind == "conditions":
        return date.fromisoformat(f"{matter.id}-01")
    if matter.kind == "duty":
        return duty_session(matter)[0]
    if matter.kind == "posting":
        return date.fromisoformat(matter.id.rpartition("/")[2])
    if matter.kind == "meeting":
        return meeting_quarter(matter)
    if matter.kind == "staff_posting":
        return date.fromisoformat(matter.id)
    return None


def code_faults(units: Units, data: UnitChanged) -> Iterator[Fault]:
    """Yield why a unit may not have its code, or not have had its former ones.

    A code is one unit's: a former code becomes no other unit's, neither as its current code nor
    as a former one. A code in use is taken over from a unit of the same name or electronic id.
    """
    former = [one.code for one in data.former or ()]
    mine = {data.unit, *former}
    known = units.get(data.unit)
    if known is not None and known.code not in mine:
        yield fault("unit-code-is-former", "/data/unit", unit=known.code)
    elif known is not None and not _is_same(known, data) and any(map(units.get, former)):
        yield fault("former-code-in-use", "/data/unit", unit=known.code)
    for index, code in enumerate(former):
        path = f"/data/former/{index}/code"
        owner = units.get(code)
        if owner is None or owner.code == data.unit:
            continue
        if owner.code != code and owner.code not in mine:
            yield fault("former-code-of-other", path, unit=owner.code)
        elif not _is_same(owner, data):
            yield fault("former-code-in-use", path, unit=owner.code)


def _is_same(unit: Unit, data: UnitChanged) -> bool:
    return unit.name == data.name or unit.electronic_id == data.electronic_id


def _alias(unit: Unit, former: FormerCode) -> Alias:
    return Alias(unit.code, former.until, former.source)
