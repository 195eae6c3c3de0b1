"""The rows behind a number: found by the same atoms and moments that were counted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from services.reporting.core.clocks import local_day
from services.reporting.core.counts import Cell
from services.reporting.core.figures import (
    FLOWS,
    LEVELS,
    OBLIGATION_LEVELS,
    PENDING,
    STANDINGS,
    UNIONS,
    Flow,
    Level,
    Period,
    flow_of,
)
from services.reporting.core.form_figures import (
    AWAITING_CARRIED,
    FORM_FLOWS,
    FORM_LEVELS,
    FORM_UNIONS,
)
from services.reporting.core.matter_counts import MATTER_FLOWS, MATTER_LEVELS
from services.reporting.core.rollups import MonthTotal, month_of, sums_by_unit
from services.reporting.ports import Facts, Listed, OpenQuery, Rolls
from services.reporting.usecases.asked import AT_RISK, Asked, query_of, stands
from services.reporting.usecases.reading import Gate, days_needed, flat_sums

ROWS_MAX: Final = 100_000
"""The most rows an export holds."""

CARRIED: Final = "carried"
FAR_BACK: Final = timedelta(days=1)
LEVELS_AT_END: Final = MATTER_LEVELS | OBLIGATION_LEVELS
"""Levels that are listed from their cells; those of open dossiers stand in the store."""

FIGURES: Final = tuple(
    dict.fromkeys(
        (
            *FLOWS,
            *LEVELS,
            *STANDINGS,
            CARRIED,
            AT_RISK,
            *UNIONS,
            *FORM_FLOWS,
            *FORM_LEVELS,
            *FORM_UNIONS,
            AWAITING_CARRIED,
            *MATTER_FLOWS,
            *LEVELS_AT_END,
        )
    )
)
"""Every figure that has a list."""


EVERY_UNION: Final = {**UNIONS, **FORM_UNIONS}
LEAVING: Final[Mapping[bool, tuple[str, ...]]] = {
    False: ("ended", "moved_out"),
    True: (*FORM_LEVELS["awaiting"].minus, "awaiting_late_out"),
}
"""The atoms by which a dossier leaves a level: of open dossiers, and of submissions (True)."""


class UnknownFigureError(Exception):
    """There is no such figure, so there is no list behind it."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of rows, and how many there are in all: the figure's own number.

    A figure that counts more than one per row, as minutes do, has its number in `amount`, and
    `total` says how many rows make it.
    """

    rows: Sequence[Listed]
    total: int
    amount: int | None = None


@dataclass(slots=True)
class ListRows:
    """Lists what a figure counts."""

    facts: Facts
    rolls: Rolls
    gate: Gate

    async def __call__(self, asked: Asked) -> Found:
        """Return a page of the rows behind a figure.

        Raises:
            UnknownFigureError: No such figure.
        """
        async with self.gate.lock:
            await self.gate.settle()
            if asked.figure in EVERY_UNION:
                return await self._union(asked)
            return await self._one(asked)

    async def _union(self, asked: Asked) -> Found:
        """List the parts of a sum one after the other."""
        rows: list[Listed] = []
        total = 0
        for part in EVERY_UNION[asked.figure]:
            left = asked.limit - len(rows)
            skip = max(0, asked.skip - total)
            # No limit would mean every row: one is asked for, and dropped.
            found = await self._one(replace(asked, figure=part, skip=skip, limit=max(left, 1)))
            rows += found.rows[:left]
            total += found.total
        return Found(rows, total)

    async def _one(self, asked: Asked) -> Found:
        flow = (
            flow_of(asked.figure)
            or MATTER_FLOWS.get(asked.figure)
            or FORM_FLOWS.get(asked.figure)
        )
        if flow is not None:
            return await self._flow(flow, asked)
        if asked.figure in LEVELS_AT_END:
            return await self._open_at_end(LEVELS_AT_END[asked.figure], asked)
        if asked.figure in FORM_LEVELS:
            last = min(asked.period.last or local_day(asked.now), local_day(asked.now))
            return await self._level_then(FORM_LEVELS[asked.figure], last, asked)
        if asked.figure in {CARRIED, AWAITING_CARRIED}:
            return await self._carried(asked)
        if asked.figure in LEVELS and not asked.period.is_current(asked.now):
            end = asked.period.last
            assert end is not None, "a period that is over has a last day"
            return await self._level_then(LEVELS[asked.figure], end, asked)
        if asked.figure in FIGURES:
            return await self._level_now(asked)
        raise UnknownFigureError(asked.figure)

    async def _open_at_end(self, level: Level, asked: Asked) -> Found:
        """List what was open at the end, the newest first."""
        end = min(asked.period.last or local_day(asked.now), local_day(asked.now))
        until = Period(None, end)
        came = [
            await self._cells(atom, asked.units, until, asked.now, None) for atom in level.plus
        ]
        gone = [
            await self._cells(atom, asked.units, until, asked.now, None) for atom in level.minus
        ]
        total = sum(number for cells in came for _, number in cells)
        total -= sum(number for cells in gone for _, number in cells)
        found: dict[str, Listed] = {}
        for cells in _chunks([cell for part in came for cell, _ in part]):
            if len(found) >= total:
                break
            names = [cell.name for cell in cells]
            _keep(found, await self.facts.listed(names), level, end, asked)
        rows = sorted(found.values(), key=_newest_first)
        return Found(rows[asked.skip : asked.skip + asked.limit], total)

    async def _flow(self, flow: Flow, asked: Asked) -> Found:
        """Walk the cells from the newest day on; the roll-ups say which ones have rows."""
        atom = flow.rows or flow.atom
        cells = await self._cells(atom, asked.units, asked.period, asked.now, asked.field)
        total = sum(number for _, number in cells)
        wanted: list[Cell] = []
        skip, needed = asked.skip, asked.limit
        for cell, number in cells:
            if skip >= number and not wanted:
                skip -= number
                continue
            wanted.append(cell)
            needed -= number
            if needed + skip <= 0:
                break
        rows = await self._rows_of(wanted, atom, asked.field)
        amount = None
        if flow.rows is not None:
            parts = await self._cells(
                flow.atom, asked.units, asked.period, asked.now, asked.field
            )
            amount = sum(number for _, number in parts)
        return Found(rows[skip : skip + asked.limit], total, amount)

    async def _cells(
        self,
        atom: str,
        units: frozenset[str] | None,
        period: Period,
        now: datetime,
        field: str | None,
    ) -> list[tuple[Cell, int]]:
        read = await self.rolls.read(units, until=local_day(now), by_day=())
        months = {one.first for one in read.totals if _of(one, atom, field)}
        months = {
            one
            for one in months
            if not period.ends_before(one) and not period.starts_after(_last(one))
        }
        by_day = await self.rolls.read(units, until=local_day(now), by_day=months)
        found: list[tuple[Cell, int]] = []
        for (unit, _), month in by_day.months.items():
            for day, by_field in month.by_day():
                number = sum(
                    atoms.get(atom, 0)
                    for name, atoms in by_field.items()
                    if field in {None, name}
                )
                if number and period.has(day):
                    found.append((Cell(unit, day), number))
        return sorted(found, key=lambda pair: (-pair[0].day.toordinal(), pair[0].unit))

    async def _rows_of(
        self, cells: Sequence[Cell], atom: str, field: str | None
    ) -> list[Listed]:
        place = {cell.name: index for index, cell in enumerate(cells)}
        found: list[tuple[int, str, Listed]] = []
        for one in await self.facts.listed(place.keys()):
            for count in one.counts:
                mine = count.cell in place and count.atoms.get(atom, 0)
                if mine and field in {None, count.field}:
                    day = Cell.parse(count.cell).day
                    found.append((place[count.cell], one.subject, replace(one, day=day)))
        return [one for _, _, one in sorted(found, key=lambda item: item[:2])]

    async def _carried(self, asked: Asked) -> Found:
        if asked.period.first is None:
            return Found((), 0)
        level = PENDING if asked.figure == CARRIED else FORM_LEVELS["awaiting"]
        return await self._level_then(level, asked.period.first - FAR_BACK, asked)

    async def _level_now(self, asked: Asked) -> Found:
        """List open dossiers as they stand now, the most urgent first."""
        read = await self.rolls.read(asked.units, until=local_day(asked.now), by_day=())
        entries = [
            (entry, number)
            for roll in read.open.values()
            for entry, number in roll.entries
            if asked.field in {None, entry.field}
        ]
        chosen = [pair for pair in entries if stands(pair[0], asked)]
        total = sum(number for _, number in chosen)
        if not chosen:
            return Found((), 0)
        query = replace(query_of(asked, [entry for entry, _ in chosen]), field=asked.field)
        rows = await self.facts.open_rows(query, skip=asked.skip, limit=asked.limit)
        return Found(rows, total)

    async def _level_then(self, level: Level, end: date, asked: Asked) -> Found:
        """List what was open at the end of a day that is over.

        They are still open, or they left later: the days after are walked until all of them
        are found.
        """
        until = Period(None, end)
        read = await self.rolls.read(
            asked.units, until=local_day(asked.now), by_day=days_needed(until, asked.now)
        )
        summed = sums_by_unit(read.totals, read.months, until)
        total = level.at(
            flat_sums(
                part
                for parts in summed.values()
                for name, part in parts.items()
                if asked.field in {None, name}
            ).within
        )
        found: dict[str, Listed] = {}
        still = await self._still(level, asked)
        _keep(found, still, level, end, asked)
        after = Period(end + timedelta(days=1), None)
        for atom in LEAVING[level.name in FORM_LEVELS]:
            if len(found) >= total:
                break
            cells = await self._cells(atom, asked.units, after, asked.now, asked.field)
            for day_cells in _chunks([cell for cell, _ in reversed(cells)]):
                names = [cell.name for cell in day_cells]
                _keep(found, await self.facts.listed(names), level, end, asked)
                if len(found) >= total:
                    break
        rows = sorted(found.values(), key=lambda one: (_turns(one), one.subject))
        return Found(rows[asked.skip : asked.skip + asked.limit], total)

    async def _still(self, level: Level, asked: Asked) -> Collection[Listed]:
        """Return what can be in a level and has not left it since: open, or unanswered."""
        if level.name in FORM_LEVELS:
            return await self.facts.awaited_rows(asked.units)
        return await self.facts.open_rows(OpenQuery(asked.units, field=asked.field))


def _of(total: MonthTotal, atom: str, field: str | None) -> int:
    return sum(
        atoms.get(atom, 0) for name, atoms in total.total.items() if field in {None, name}
    )


def _last(first: date) -> date:
    return month_of(first + timedelta(days=31)) - timedelta(days=1)


def _keep(
    found: dict[str, Listed],
    rows: Collection[Listed],
    level: Level,
    end: date,
    asked: Asked,
) -> None:
    for one in rows:
        until: dict[str, int] = {}
        for count in one.counts:
            cell = Cell.parse(count.cell)
            if cell.day <= end and (asked.units is None or cell.unit in asked.units):
                if asked.field not in {None, count.field}:
                    continue
                for atom, number in count.atoms.items():
                    until[atom] = until.get(atom, 0) + number
        if level.holds(until):
            found[one.subject] = one


def _newest_first(one: Listed) -> tuple[int, str]:
    """Order matters by their days, dossiers by the last day that they are counted on."""
    if one.matter is not None:
        return -one.matter.day.toordinal(), one.subject
    return -max(Cell.parse(count.cell).day for count in one.counts).toordinal(), one.subject


def _turns(one: Listed) -> str:
    moment = one.row.overdue_at or one.row.due if one.row else None
    return "9999" if moment is None else moment.isoformat()


def _chunks(cells: Sequence[Cell], size: int = 50) -> list[Sequence[Cell]]:
    return [cells[start : start + size] for start in range(0, len(cells), size)]
