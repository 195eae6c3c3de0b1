"""Keeping the roll-ups true: marked cells are counted anew, whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.reporting.core.counts import OPEN_CELL, Cell
from services.reporting.core.rollups import ByField, Month, grouped, month_name
from services.reporting.ports import Facts, Rolls

MARKS_MAX: Final = 2_000
"""How many marks one refresh takes up."""

ATTEMPTS_MAX: Final = 20


@dataclass(slots=True)
class RefreshRolls:
    """Counts marked cells anew, whole, from the facts in them."""

    facts: Facts
    rolls: Rolls

    async def __call__(self) -> int:
        """Take up the marks there are, up to a limit; return how many."""
        marks = await self.rolls.marks(MARKS_MAX)
        by_unit: dict[str, set[str]] = {}
        for _, cell in marks:
            unit, _, day = cell.partition("|")
            by_unit.setdefault(unit, set()).add(day)
        for unit, days in by_unit.items():
            if OPEN_CELL in days:
                await self._count_open(unit)
            dated = sorted(days - {OPEN_CELL})
            if dated:
                await self._count_days([Cell.parse(f"{unit}|{day}") for day in dated])
        await self.rolls.unmark([name for name, _ in marks])
        return len(marks)

    async def _count_open(self, unit: str) -> None:
        for _ in range(ATTEMPTS_MAX):
            # The version first, the facts after it: a roll that was written meanwhile loses us.
            roll = await self.rolls.open_roll(unit)
            roll.entries = grouped(await self.facts.open_entries(unit))
            if await self.rolls.save_open_roll(roll):
                return

    async def _count_days(self, cells: Sequence[Cell]) -> None:
        by_month: dict[str, list[Cell]] = {}
        for cell in cells:
            by_month.setdefault(month_name(cell), []).append(cell)
        for name, part in by_month.items():
            for _ in range(ATTEMPTS_MAX):
                found = (await self.rolls.months([name])).get(name)
                month = found or Month(part[0].unit, part[0].day.replace(day=1))
                counted = await self._counted(part)
                for cell in part:
                    month.put(cell.day, counted.get(cell.name, {}))
                if await self.rolls.save_month(month):
                    break

    async def _counted(self, cells: Sequence[Cell]) -> Mapping[str, ByField]:
        found: dict[str, ByField] = {}
        for one in await self.facts.counted([cell.name for cell in cells]):
            atoms = found.setdefault(one.cell, {}).setdefault(one.field, {})
            for atom, number in one.atoms.items():
                atoms[atom] = atoms.get(atom, 0) + number
        return found
