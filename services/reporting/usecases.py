"""What reporting does: take events in, keep its roll-ups true."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.reporting.core.counts import OPEN_CELL, Cell
from services.reporting.core.rollups import ByField, Month, grouped, month_name
from services.reporting.core.state import FactState, subject_of
from services.reporting.ports import Facts, Hearing, Rolls
from shared.events.envelope import Event
from shared.subjects.document import Document
from shared.subjects.fold import Context, Folded

MARKS_MAX: Final = 2_000
"""How many marks one refresh takes up."""

SETTLED_MAX: Final = 200_000
"""How many subjects this process remembers to have marked."""

ATTEMPTS_MAX: Final = 20


def fold(state: FactState | None, event: Event, context: Context) -> Folded[FactState]:
    """Take one event into a subject's histories; figures are worked out when it is stored."""
    kept = state or FactState(subject_of(event))
    kept.take(event)
    code = getattr(event.data, "procedure", None)
    if code is not None and code not in kept.fields:
        procedure = context.reference.procedures.get(code)
        if procedure is not None:
            kept.fields[code] = procedure.field
    return Folded(kept)


@dataclass(slots=True)
class MarkCells:
    """Marks the cells that saved facts changed, before their position is committed.

    What a crash left unmarked is not known afterwards. So a subject that this process has not
    marked itself at its last version has all its cells marked.
    """

    rolls: Rolls
    _settled: OrderedDict[str, int] = field(default_factory=OrderedDict)

    async def __call__(self, documents: Sequence[Document[FactState]]) -> None:
        """Mark what these documents changed."""
        cells: set[str] = set()
        versions: dict[str, int] = {}
        for document in documents:
            state = document.state
            if state is None:
                continue
            changed = state.dirty is not None
            known = self._settled.get(document.id) == document.version
            cells |= state.to_count_anew() if known and changed else set(state.touched)
            versions[document.id] = document.version + changed
        if cells:
            await self.rolls.mark(cells)
        for subject, version in versions.items():
            self._settled[subject] = version
            self._settled.move_to_end(subject)
        while len(self._settled) > SETTLED_MAX:
            self._settled.popitem(last=False)


async def note_heard(hearing: Hearing, events: Sequence[Event]) -> None:
    """Note which units were heard from; imported history tells nothing about today."""
    moments: dict[str, datetime] = {}
    for event in events:
        if event.backfill or event.recordedtime is None:
            continue
        if not event.source.startswith("urn:motcua:publisher:"):
            continue  # What our own services say proves nothing about a centre.
        for unit in {event.receivingunit, event.competentunit} - {None}:
            assert unit is not None, "taken out above"
            moments[unit] = max(moments.get(unit, event.recordedtime), event.recordedtime)
    if moments:
        await hearing.heard(moments)


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
