"""Reporting's ports in memory, and a whole reporting service without engines around them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from services.reporting.adapters.codec import (
    NEVER,
    FactCodec,
    entry_from_document,
    matter_from_document,
    row_from_document,
)
from services.reporting.adapters.events import moment_to_text
from services.reporting.core.clocks import local_day
from services.reporting.core.counts import OpenEntry
from services.reporting.core.figures import Period
from services.reporting.core.reported import Reported, reports_of
from services.reporting.core.rollups import Month, MonthTotal, OpenRoll
from services.reporting.core.state import FactState, stream_of, subject_of
from services.reporting.ports import Counted, Listed, OpenQuery, RollRead
from services.reporting.usecases.asked import Asked
from services.reporting.usecases.listing import Found, ListRows
from services.reporting.usecases.moving import MoveUnits
from services.reporting.usecases.reading import Gate, Overview, ReadFigures
from services.reporting.usecases.refresh import RefreshRolls
from services.reporting.usecases.taking import MarkCells, fold, note_heard
from shared.events.envelope import Event
from shared.events.forms import FormCode
from shared.ops.clock import FixedClock, wall_now
from shared.reference.units import Units
from shared.reference.view import Reference
from shared.subjects.apply import ApplyBatch
from shared.subjects.change import ChangeSubjects
from shared.subjects.relay import Relay
from tests.fakes.subjects import (
    FixedReference,
    MemoryArchive,
    MemoryParking,
    MemoryPublisher,
    MemorySubjects,
)


class MemoryFacts:
    """Facts over documents in a dict."""

    def __init__(self, units: Callable[[], Units] = Units) -> None:
        self.subjects = MemorySubjects[FactState](FactCodec(units))
        self._units = units

    async def get(self, subject: str) -> FactState | None:
        """Return a subject's histories."""
        document = (await self.subjects.load([subject])).get(subject)
        return None if document is None else document.state

    async def counted(self, cells: Collection[str]) -> list[Counted]:
        """Return what every subject gives to these cells."""
        return [
            one
            for row in self.subjects.rows.values()
            for one in _counts(row)
            if one.cell in cells
        ]

    async def listed(self, cells: Collection[str]) -> list[Listed]:
        """Return the subjects that are counted in these cells."""
        return [
            _listed(row)
            for row in self.subjects.rows.values()
            if set(row.get("cells") or ()) & set(cells)
        ]

    async def open_entries(self, units: Collection[str]) -> Mapping[str, list[OpenEntry]]:
        """Return how units' open dossiers stand."""
        found: dict[str, list[OpenEntry]] = {}
        for row in self.subjects.rows.values():
            if row.get("open_unit") in units:
                entry = entry_from_document(row["standing"])
                found.setdefault(row["open_unit"], []).append(entry)
        return found

    async def awaited_rows(self, units: frozenset[str] | None) -> list[Listed]:
        """Return the submissions without an answer."""
        return [
            _listed(row)
            for row in self.subjects.rows.values()
            if (unit := row.get("awaited_unit")) and (units is None or unit in units)
        ]

    async def reported(self, form: FormCode, units: frozenset[str] | None) -> list[Reported]:
        """Return the forms that units reported."""
        known = self._units()
        codes = {code for unit in units or () for code in known.names(unit)}
        names = [
            row["_id"]
            for row in self.subjects.rows.values()
            if (key := row.get("reported"))
            and key.partition("|")[0] == form
            and (units is None or key.partition("|")[2] in codes)
        ]
        states = [await self.get(name) for name in names]
        histories = ((one.subject, one.own) for one in states if one is not None)
        return reports_of(histories, known.current)

    async def open_rows(
        self, query: OpenQuery, *, skip: int = 0, limit: int = 0
    ) -> list[Listed]:
        """Return open dossiers, the most urgent first."""
        rows = [row for row in self.subjects.rows.values() if _matches(row, query)]
        rows.sort(key=lambda row: (row["overdue_at"], row["_id"]))
        rows = rows[skip : skip + limit] if limit else rows[skip:]
        return [_listed(row) for row in rows]


def _matches(row: Mapping[str, Any], query: OpenQuery) -> bool:
    if not row.get("open"):
        return False
    stands = row["standing"]
    wanted: list[bool] = [
        query.units is None or row["open_unit"] in query.units,
        query.since is None or row["overdue_at"] >= moment_to_text(query.since),
        query.before is None or row["overdue_at"] < moment_to_text(query.before),
        query.waiting in {None, stands["w"]},
        query.dated in {None, stands["d"]},
        not query.never or row["overdue_at"] == NEVER,
        query.late_before is None or (stands["l"] or NEVER) < moment_to_text(query.late_before),
        query.index_late_before is None
        or (stands["x"] or NEVER) < moment_to_text(query.index_late_before),
        query.late_since is None or (stands["l"] or NEVER) >= moment_to_text(query.late_since),
        query.index_late_since is None
        or (stands["x"] or NEVER) >= moment_to_text(query.index_late_since),
        query.field in {None, stands["f"]},
    ]
    return all(wanted)


def _counts(row: Mapping[str, Any]) -> tuple[Counted, ...]:
    return tuple(Counted(one["c"], one["f"], one["a"]) for one in row.get("counts") or ())


def _listed(row: Mapping[str, Any]) -> Listed:
    dossier, matter = row.get("row"), row.get("matter")
    return Listed(
        row["_id"],
        _counts(row),
        None if dossier is None else row_from_document(dossier),
        None if matter is None else matter_from_document(matter),
    )


@dataclass
class MemoryRolls:
    """Roll-ups in dicts, versions and all."""

    stored: dict[str, Month] = field(default_factory=dict)
    opened: dict[str, OpenRoll] = field(default_factory=dict)
    marked: dict[str, str] = field(default_factory=dict)
    made: int = 0

    async def mark(self, cells: Iterable[str]) -> None:
        """Mark cells, each time anew."""
        self.made += 1
        self.marked |= {f"{cell}#{self.made}": cell for cell in cells}

    async def marks(self, limit: int) -> list[tuple[str, str]]:
        """Return marks, those of one unit together."""
        return sorted(self.marked.items())[:limit]

    async def unmark(self, ids: Sequence[str]) -> None:
        """Forget marks."""
        for one in ids:
            self.marked.pop(one, None)

    async def months(self, names: Collection[str]) -> dict[str, Month]:
        """Return copies of months."""
        return {name: deepcopy(self.stored[name]) for name in names if name in self.stored}

    async def save_months(self, months: Sequence[Month]) -> frozenset[str]:
        """Write months that nobody wrote meanwhile; name the others."""
        lost = set()
        for month in months:
            known = self.stored.get(month.name)
            if (known.version if known else 0) != month.version:
                lost.add(month.name)
                continue
            self.stored[month.name] = replace(deepcopy(month), version=month.version + 1)
        return frozenset(lost)

    async def open_rolls(self, units: Collection[str]) -> dict[str, OpenRoll]:
        """Return copies of units' open rolls."""
        return {unit: deepcopy(self.opened[unit]) for unit in units if unit in self.opened}

    async def save_open_rolls(self, rolls: Sequence[OpenRoll]) -> frozenset[str]:
        """Write rolls that nobody wrote meanwhile; name the others."""
        lost = set()
        for roll in rolls:
            known = self.opened.get(roll.unit)
            if (known.version if known else 0) != roll.version:
                lost.add(roll.unit)
                continue
            self.opened[roll.unit] = replace(deepcopy(roll), version=roll.version + 1)
        return frozenset(lost)

    async def read(
        self, units: frozenset[str] | None, *, until: date, by_day: Collection[date]
    ) -> RollRead:
        """Return totals, months by day, open rolls."""
        mine = [
            one
            for one in self.stored.values()
            if (units is None or one.unit in units) and one.first <= until
        ]
        return RollRead(
            [MonthTotal(one.unit, one.first, one.total()) for one in mine],
            {(one.unit, one.first): deepcopy(one) for one in mine if one.first in by_day},
            {
                unit: deepcopy(roll)
                for unit, roll in self.opened.items()
                if units is None or unit in units
            },
        )


@dataclass
class MemoryHearing:
    """Who was heard from."""

    days: set[tuple[date, str]] = field(default_factory=set)
    lasts: dict[str, datetime] = field(default_factory=dict)
    current: Callable[[str], str] = str

    async def heard(self, moments: Mapping[str, datetime]) -> None:
        """Note units that were heard from."""
        for unit, moment in moments.items():
            self.days.add((local_day(moment), unit))
            self.lasts[unit] = max(moment, self.lasts.get(unit, moment))

    async def on(self, day: date) -> frozenset[str]:
        """Return who was heard from on a day."""
        return frozenset(self.current(unit) for one, unit in self.days if one == day)

    async def last(self) -> dict[str, datetime]:
        """Return when each was heard from last."""
        found: dict[str, datetime] = {}
        for code, moment in self.lasts.items():
            unit = self.current(code)
            found[unit] = max(moment, found.get(unit, moment))
        return found


class MemoryReporting:
    """Reporting without engines: events in, figures and lists out."""

    def __init__(self, reference: Reference, now: datetime) -> None:
        self.reference = reference
        self.clock = FixedClock(now)
        self.facts = MemoryFacts(lambda: self.reference.units)
        self.rolls = MemoryRolls()
        self.hearing = MemoryHearing(current=self._code_now)
        self.parking = MemoryParking()
        self.gate = Gate(RefreshRolls(self.facts, self.rolls))
        self.figures = ReadFigures(self.rolls, self.hearing, self.gate)
        self.rows = ListRows(self.facts, self.rolls, self.gate)
        relay: Relay[FactState] = Relay(
            self.facts.subjects, MemoryPublisher(), MemoryArchive(), wall_now=self.clock.now
        )
        self.apply = ApplyBatch[FactState](
            service="reporting",
            store=self.facts.subjects,
            fold=fold,
            relay=relay,
            parking=self.parking,
            reference=self,
            clock=self.clock,
            wall_now=wall_now,
            subject_of=subject_of,
            stream_of=stream_of,
            after=(mark := MarkCells(self.rolls)),
        )
        change = ChangeSubjects[FactState](
            "reporting", self.facts.subjects, relay, self, self.clock, wall_now
        )
        self.move = MoveUnits(self.facts, self.rolls, change, mark, self.gate.refresh, self)
        self.gate.move = self.move

    def _code_now(self, code: str) -> str:
        return self.reference.current(code)

    def current(self) -> Reference:
        """Return the reference data."""
        return self.reference

    async def at_least(self, version: int) -> Reference:
        """Return the reference data, or refuse as one that never catches up."""
        return await FixedReference(self.reference).at_least(version)

    async def take(self, events: Sequence[Event]) -> None:
        """Take events in, as one batch."""
        applied = await self.apply.apply_events(events)
        await note_heard(self.hearing, applied.events)

    async def overview(self, period: Period, units: frozenset[str] | None = None) -> Overview:
        """Read figures."""
        return await self.figures(
            units,
            period,
            self.clock.now(),
            known=frozenset(self.reference.units) - {"20"},
            calendar=self.reference.calendar,
        )

    async def listed(
        self, figure: str, period: Period, units: frozenset[str] | None = None
    ) -> Found:
        """List every row behind a figure."""
        asked = Asked(
            figure, units, period, self.clock.now(), 0, 100_000, None, self.reference.calendar
        )
        return await self.rows(asked)
