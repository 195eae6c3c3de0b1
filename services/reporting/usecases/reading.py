"""Reading figures: of a scope and a period, whole, by unit, by field and by day."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final

from services.reporting.core.clocks import local_day
from services.reporting.core.counts import OpenEntry
from services.reporting.core.figures import (
    LEVELS,
    Figures,
    Level,
    NotReconciledError,
    Period,
    Sums,
    figures,
)
from services.reporting.core.matter_counts import MATTERS
from services.reporting.core.rollups import (
    ByField,
    MonthTotal,
    cut_months,
    month_of,
    next_month,
    sums_by_unit,
)
from services.reporting.core.standing import standing, standings
from services.reporting.ports import Hearing, RollRead, Rolls
from services.reporting.usecases.refresh import RefreshRolls
from shared.calendar.days import DeadlineCalendar

SERIES_DAYS_MAX: Final = 100
"""A longer period is drawn by month."""

SPARK_DAYS: Final = 14
REFRESHES_MAX: Final = 20
ATTEMPTS_MAX: Final = 3
Entries = Sequence[tuple[OpenEntry, int]]


@dataclass(frozen=True, slots=True)
class Point:
    """One step of a series: a day, or a month by its first day."""

    day: date
    received: int
    ended: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Heard:
    """How complete the data are: which units were heard from on the period's last day."""

    day: date
    units: frozenset[str]
    of: frozenset[str]
    last: Mapping[str, datetime]

    @property
    def count(self) -> int:
        """How many of the scope's units were heard from."""
        return len(self.units & self.of)


@dataclass(frozen=True, slots=True)
class Overview:
    """The figures of a scope and a period with everything beside them."""

    period: Period
    now: datetime
    as_of: datetime
    total: Figures
    by_unit: Mapping[str, Figures]
    by_field: Mapping[str, Figures]
    series: Sequence[Point]
    by_month: bool
    sparks: Mapping[str, Sequence[int]]
    due_today: Mapping[str, int]
    heard: Heard
    atoms: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    levels: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    field_sums: Mapping[str, Sums] = field(default_factory=dict)

    @property
    def total_sums(self) -> Sums:
        """Return the atoms of the whole scope, dossiers' alone."""
        return flat_sums(self.field_sums.values())


@dataclass(slots=True)
class Gate:
    """Lets one at a time take in, count or read, so that a reader sees what adds up.

    `move` counts units under their codes of now, before anything else is counted.
    """

    refresh: RefreshRolls
    move: Callable[[], Awaitable[int]] | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def settle(self) -> bool:
        """Count everything that is marked, within a limit; the lock is held by the caller."""
        if self.move is not None:
            await self.move()
        for _ in range(REFRESHES_MAX):
            if not await self.refresh():
                return True
        return False


@dataclass(slots=True)
class ReadFigures:
    """Puts figures together; a set that does not reconcile is never handed out."""

    rolls: Rolls
    hearing: Hearing
    gate: Gate

    async def __call__(
        self,
        units: frozenset[str] | None,
        period: Period,
        now: datetime,
        *,
        known: frozenset[str],
        calendar: DeadlineCalendar | None,
    ) -> Overview:
        """Read the figures of some units, or of all.

        Args:
            units: The scope; None for every unit.
            period: The days asked for.
            now: The moment at which open dossiers are judged.
            known: The units that there are, for those that have no data at all.
            calendar: The working days; None before any is published.

        Raises:
            NotReconciledError: The roll-ups do not add up, even after counting them anew.
        """
        for attempt in range(ATTEMPTS_MAX):
            try:
                async with self.gate.lock:
                    await self.gate.settle()
                    read = await self.rolls.read(
                        units,
                        until=local_day(now),
                        by_day=days_needed(period, now),
                    )
                return await self._assemble(read, units, period, now, known, calendar)
            except NotReconciledError:
                # Another replica may be writing; what it marked is counted by then.
                if attempt == ATTEMPTS_MAX - 1:
                    raise
        raise AssertionError("the last attempt returns or raises")

    async def _assemble(
        self,
        read: RollRead,
        units: frozenset[str] | None,
        period: Period,
        now: datetime,
        known: frozenset[str],
        calendar: DeadlineCalendar | None,
    ) -> Overview:
        scope = known if units is None else units
        current = period.is_current(now)
        # A unit's former code leaves empty roll-ups behind, and is no unit.
        sums = sums_by_unit(read.totals, read.months, period)
        summed = {unit: parts for unit, parts in sums.items() if parts}
        opened = {name: roll.entries for name, roll in read.open.items() if roll.entries}
        every = sorted({*scope, *summed, *opened})
        flat = {unit: flat_sums(summed.get(unit, {}).values()) for unit in every}
        by_unit = {
            unit: figures(
                flat[unit],
                opened.get(unit, ()) if current else None,
                now,
            )
            for unit in every
        }
        entries = [pair for part in opened.values() for pair in part]
        day = min(period.last or local_day(now), local_day(now))
        heard = Heard(day, await self.hearing.on(day), scope, await self.hearing.last())
        fields = _field_sums(summed)
        series, by_month = _series(read, period, now)
        sparks = _sparks(read, every, day)
        total = figures(
            flat_sums(one for parts in summed.values() for one in parts.values()),
            entries if current else None,
            now,
            standings(entries, now, calendar) if current else {},
        )
        if current:
            # Today is not over: it is drawn as it stands now, like the figures beside it.
            if series:
                series[-1] = replace(series[-1], overdue=total.open.overdue)
            for unit, line in sparks.items():
                line[-1] = by_unit[unit].open.overdue
        return Overview(
            period=period,
            now=now,
            as_of=now,
            total=total,
            by_unit=by_unit,
            by_field=_by_field(fields, entries if current else None, now),
            series=series,
            by_month=by_month,
            sparks=sparks,
            due_today={
                unit: sum(
                    number
                    for entry, number in part
                    if standing(entry, now, calendar) == "due_today"
                )
                for unit, part in opened.items()
            },
            heard=heard,
            atoms={unit: one.within for unit, one in flat.items()},
            levels={unit: one.through() for unit, one in flat.items()},
            field_sums=fields,
        )


def days_needed(period: Period, now: datetime) -> set[date]:
    """Name the months whose days are needed: cut ones, drawn ones, the last two weeks."""
    today = local_day(now)
    last = min(period.last or today, today)
    needed = cut_months(period, today)
    needed |= {month_of(last), month_of(last - timedelta(days=SPARK_DAYS))}
    if period.first is not None and (last - period.first).days < SERIES_DAYS_MAX:
        month = month_of(period.first)
        while month <= last:
            needed.add(month)
            month = next_month(month)
    return needed


def flat_sums(parts: Iterable[Sums]) -> Sums:
    """Add sums up."""
    before: dict[str, int] = {}
    within: dict[str, int] = {}
    for one in parts:
        for into, more in ((before, one.before), (within, one.within)):
            for atom, number in more.items():
                into[atom] = into.get(atom, 0) + number
    return Sums(before, within)


def _field_sums(summed: Mapping[str, Mapping[str, Sums]]) -> dict[str, Sums]:
    """Return the atoms of dossiers by their field of administration."""
    names = {name for parts in summed.values() for name in parts} - {MATTERS}
    return {
        name: flat_sums(parts[name] for parts in summed.values() if name in parts)
        for name in sorted(names)
    }


def _by_field(
    fields: Mapping[str, Sums], entries: Entries | None, now: datetime
) -> dict[str, Figures]:
    found = {}
    for name, part in fields.items():
        mine = None if entries is None else [pair for pair in entries if pair[0].field == name]
        found[name] = figures(part, mine, now)
    return found


def _series(read: RollRead, period: Period, now: datetime) -> tuple[list[Point], bool]:
    """Return the period day by day, or month by month where it is long."""
    today = local_day(now)
    last = min(period.last or today, today)
    first = period.first or min((one.first for one in read.totals), default=last)
    steps: dict[date, dict[str, int]] = {}
    level = 0
    by_month = (last - first).days >= SERIES_DAYS_MAX
    for one in read.totals:
        if by_month or one.first < month_of(first):
            _add_flat(steps.setdefault(one.first, {}), one.total)
    if not by_month:
        for month in read.months.values():
            if month.first >= month_of(first):
                for day, by_field in month.by_day():
                    _add_flat(steps.setdefault(day, {}), by_field)
    overdue = LEVELS["overdue"]
    points = []
    for step in sorted({*steps, *_steps(first, last, by_month=by_month)}):
        atoms = steps.get(step, {})
        level += overdue.at(atoms)
        if (step if not by_month else next_month(step) - timedelta(days=1)) >= first <= last:
            if step > last:
                break
            points.append(Point(step, atoms.get("received", 0), atoms.get("ended", 0), level))
    return points, by_month


def _steps(first: date, last: date, *, by_month: bool) -> list[date]:
    if not by_month:
        return [first + timedelta(days=index) for index in range((last - first).days + 1)]
    found = [month_of(first)]
    while (following := next_month(found[-1])) <= last:
        found.append(following)
    return found


def _add_flat(into: dict[str, int], by_field: ByField) -> None:
    for atoms in by_field.values():
        for atom, number in atoms.items():
            into[atom] = into.get(atom, 0) + number


def _sparks(read: RollRead, units: Sequence[str], last: date) -> dict[str, list[int]]:
    """Return how many were overdue at the end of each of the last days, by unit."""
    first = last - timedelta(days=SPARK_DAYS - 1)
    by_day: dict[str, dict[date, dict[str, int]]] = {}
    base: dict[str, int] = {}
    overdue = LEVELS["overdue"]
    for one in read.totals:
        if one.first < month_of(first):
            base[one.unit] = base.get(one.unit, 0) + _level(overdue, one)
    for (unit, month), document in read.months.items():
        if month < month_of(first):
            continue
        for day, by_field in document.by_day():
            _add_flat(by_day.setdefault(unit, {}).setdefault(day, {}), by_field)
    found = {}
    for unit in units:
        level = base.get(unit, 0)
        mine = by_day.get(unit, {})
        level += sum(overdue.at(atoms) for day, atoms in mine.items() if day < first)
        line = []
        for index in range(SPARK_DAYS):
            level += overdue.at(mine.get(first + timedelta(days=index), {}))
            line.append(level)
        found[unit] = line
    return found


def _level(level: Level, total: MonthTotal) -> int:
    atoms: dict[str, int] = {}
    _add_flat(atoms, total.total)
    return level.at(atoms)
