"""Counting a unit's facts under its current code instead of a former one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.reporting.core.counts import Cell
from services.reporting.core.state import FactState
from services.reporting.ports import Facts, OpenQuery, Rolls
from services.reporting.usecases.reading import REFRESHES_MAX
from services.reporting.usecases.refresh import RefreshRolls
from services.reporting.usecases.taking import MarkCells
from shared.reference.units import Alias
from shared.subjects.change import ChangeSubjects
from shared.subjects.document import Document
from shared.subjects.fold import Context, Emission
from shared.subjects.ports import ReferenceSource

BATCH_SUBJECTS_MAX: Final = 500
"""How many facts are read, worked out and written together."""

ROUNDS_MAX: Final = 3
"""How often one look starts over, where others write facts under a former code meanwhile."""


@dataclass(slots=True)
class MoveUnits:
    """Works facts out anew that are counted under a former code of their unit.

    What is worked out has the codes of now, so it is enough to write a fact again. A look costs
    one reading of the former codes' roll-ups, and nothing where no unit has a former code. The
    gate looks before it counts, so nobody reads a unit that is half moved.
    """

    facts: Facts
    rolls: Rolls
    change: ChangeSubjects[FactState]
    mark: MarkCells
    refresh: RefreshRolls
    reference: ReferenceSource

    async def __call__(self) -> int:
        """Move what is counted under former codes; return how many facts that were.

        Raises:
            UnavailableError: the store did not answer; the next look goes on.
        """
        aliases = self.reference.current().units.aliases
        if not aliases:
            return 0
        moved = 0
        for _ in range(ROUNDS_MAX):
            for _ in range(REFRESHES_MAX):  # Facts are found by their roll-ups.
                if not await self.refresh():
                    break
            subjects = await self._counted_under(aliases)
            if not subjects:
                break
            for start in range(0, len(subjects), BATCH_SUBJECTS_MAX):
                batch = subjects[start : start + BATCH_SUBJECTS_MAX]
                documents = await self.change(batch, _anew)
                await self.mark(documents)
                moved += len(documents)
        return moved

    async def _counted_under(self, aliases: Mapping[str, Alias]) -> Sequence[str]:
        """Return the subjects that former codes' roll-ups count, and mark where they count."""
        codes = frozenset(aliases)
        read = await self.rolls.read(codes, until=date.max, by_day=())
        counted = [f"{one.unit}|{one.first:%Y-%m}" for one in read.totals if one.total]
        cells = {
            Cell(month.unit, day).name
            for month in (await self.rolls.months(counted)).values()
            for day, _ in month.by_day()
        }
        found = await self.facts.listed(cells)
        found += await self.facts.open_rows(OpenQuery(codes))
        # Marked before anything is written: what a crash leaves is counted anew all the same.
        names = {one.cell for listed in found for one in listed.counts}
        await self.rolls.mark(_under_both(names, aliases))
        return sorted({one.subject for one in found})


def _under_both(cells: Iterable[str], aliases: Mapping[str, Alias]) -> set[str]:
    """Return cells, and those of the same days under the current codes of their units."""
    found: set[str] = set()
    for name in cells:
        code, _, rest = name.partition("|")
        found |= {name} | ({f"{aliases[code].unit}|{rest}"} if code in aliases else set())
    return found


def _anew(document: Document[FactState], context: Context) -> Sequence[Emission] | None:
    del context
    if document.state is None:
        return None
    document.state.settled = None
    return ()
