"""Keeping the roll-ups true: marked cells are counted anew, whole."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from services.reporting.core.counts import OPEN_CELL, Cell
from services.reporting.core.rollups import ByField, Month, OpenRoll, grouped, month_name
from services.reporting.ports import Facts, Rolls
from shared.subjects.errors import UnavailableError

MARKS_MAX: Final = 2_000
"""How many marks one refresh takes up."""

ATTEMPTS_MAX: Final = 50
"""How often a roll-up may be written behind our back before we say that the store is away."""


@dataclass(slots=True)
class RefreshRolls:
    """Counts marked cells anew, whole, from the facts in them: a few reads for all of them."""

    facts: Facts
    rolls: Rolls

    async def __call__(self) -> int:
        """Take up the marks there are, up to a limit; return how many.

        Raises:
            UnavailableError: Store away, or others write the same roll-ups all the time.
        """
        marks = await self.rolls.marks(MARKS_MAX)
        named = {cell for _, cell in marks}
        units = {name.partition("|")[0] for name in named if name.endswith(f"|{OPEN_CELL}")}
        cells = {Cell.parse(name) for name in named if not name.endswith(f"|{OPEN_CELL}")}
        for _ in range(ATTEMPTS_MAX):
            units, cells = await self._count_open(units), await self._count_days(cells)
            if not units and not cells:
                break
        else:
            raise UnavailableError(f"{len(cells) + len(units)} roll-ups keep changing")
        await self.rolls.unmark([name for name, _ in marks])
        return len(marks)

    async def _count_open(self, units: Collection[str]) -> set[str]:
        """Count what is open at units; return those whose roll was written meanwhile."""
        if not units:
            return set()
        # The versions first, the facts after them: a roll written in between loses us.
        rolls = await self.rolls.open_rolls(units)
        entries = await self.facts.open_entries(units)
        made = [
            OpenRoll(unit, _version(rolls, unit), grouped(entries.get(unit, ())))
            for unit in sorted(units)
        ]
        return set(await self.rolls.save_open_rolls(made))

    async def _count_days(self, cells: Collection[Cell]) -> set[Cell]:
        """Count cells; return those whose month was written meanwhile."""
        if not cells:
            return set()
        months = await self.rolls.months({month_name(cell) for cell in cells})
        counted = await self._counted(cells)
        for cell in cells:
            name = month_name(cell)
            month = months.setdefault(name, Month(cell.unit, cell.day.replace(day=1)))
            month.put(cell.day, counted.get(cell.name, {}))
        lost = await self.rolls.save_months(list(months.values()))
        return {cell for cell in cells if month_name(cell) in lost}

    async def _counted(self, cells: Collection[Cell]) -> Mapping[str, ByField]:
        found: dict[str, ByField] = {}
        for one in await self.facts.counted({cell.name for cell in cells}):
            atoms = found.setdefault(one.cell, {}).setdefault(one.field, {})
            for atom, number in one.atoms.items():
                atoms[atom] = atoms.get(atom, 0) + number
        return found


def _version(rolls: Mapping[str, OpenRoll], unit: str) -> int:
    return rolls[unit].version if unit in rolls else 0
