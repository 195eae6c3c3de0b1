"""What one fact gives to the roll-ups: atoms, in the cells of a unit and a day.

An atom is the smallest thing counted. Every figure is a sum of atoms over cells, and the list
behind a figure is the facts that gave those atoms, so the two cannot disagree.

An atom ending in `_in` or `_out` is one side of a level: how many there are at the end of a day
is what came in until then less what went out.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zlib import crc32

from services.reporting.core.clocks import Span, local_day
from services.reporting.core.dossier_obligations import obligation_atoms
from services.reporting.core.fact import Fact, Stint
from services.reporting.core.form_counts import form_atoms
from services.reporting.core.pauses import ANY_MARK
from shared.events.transitions import Status

NO_FIELD: Final = "-"
"""The field of a dossier whose procedure the catalogue does not have."""

OPEN_CELL: Final = "open"
"""The day of the cell that holds a unit's open dossiers."""

VERDICT_ATOMS: Final = {
    "on_time": "ended_on_time",
    "late": "ended_late",
    "none": "ended_without_deadline",
}
LAW_DAY_ATOMS: Final = {"before": "ended_before_last_day", "last_day": "ended_on_last_day"}
INDEX_ATOMS: Final = {"on_time": "ended_on_time_index", "late": "ended_late_index"}


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One unit on one day."""

    unit: str
    day: date

    @property
    def name(self) -> str:
        """The cell's key in the store."""
        return f"{self.unit}|{self.day.isoformat()}"

    @classmethod
    def parse(cls, name: str) -> "Cell":
        """Read a cell's key; the inverse of `name`."""
        unit, _, day = name.partition("|")
        return cls(unit, date.fromisoformat(day))


@dataclass(frozen=True, slots=True)
class Count:
    """What a fact gives to one cell: atoms with how many of each."""

    cell: Cell
    field: str
    atoms: dict[str, int]


@dataclass(frozen=True, slots=True)
class OpenEntry:
    """How an open dossier stands: the moments after which each clock finds it late.

    A moment is None while that clock stands still or has no date.
    """

    field: str
    dated: bool
    waiting: bool
    overdue_at: datetime | None
    late_at: datetime | None
    index_late_at: datetime | None


def open_cell(unit: str) -> str:
    """Name the cell of a unit's open dossiers."""
    return f"{unit}|{OPEN_CELL}"


def counts(fact: Fact) -> list[Count]:
    """Return what a fact gives, one entry per cell."""
    gathered: dict[Cell, dict[str, int]] = {}
    for cell, atom, number in _atoms(fact):
        atoms = gathered.setdefault(cell, {})
        atoms[atom] = atoms.get(atom, 0) + number
    field = fact.field or NO_FIELD
    return [Count(cell, field, atoms) for cell, atoms in sorted(gathered.items())]


def checksums(fact: Fact | None) -> dict[str, int]:
    """Return each cell that a fact is counted in with a checksum of what it gives there."""
    if fact is None:
        return {}
    sums = checksum_of(counts(fact))
    if fact.is_open:
        told = open_entry(fact)
        sums[open_cell(fact.unit)] = _checksum(str(told))
    return sums


def checksum_of(given: Iterable[Count]) -> dict[str, int]:
    """Return each cell with a checksum of what is given to it."""
    return {
        one.cell.name: _checksum(f"{one.field}{sorted(one.atoms.items())}") for one in given
    }


def open_entry(fact: Fact) -> OpenEntry:
    """Return how an open dossier stands, as the roll-up of its unit keeps it."""
    return OpenEntry(
        field=fact.field or NO_FIELD,
        dated=fact.has_deadline,
        waiting=fact.waiting_since is not None,
        overdue_at=fact.overdue_at,
        late_at=fact.late_at,
        index_late_at=fact.index_late_at,
    )


def _checksum(text: str) -> int:
    return crc32(text.encode()) or 1  # 0 says that the fact has left the cell.


def _atoms(fact: Fact) -> Iterator[tuple[Cell, str, int]]:
    yield from ((Cell(unit, day), atom, 1) for unit, day, atom in form_atoms(fact))
    for unit, day, atom, number in obligation_atoms(fact):
        yield Cell(unit, day), atom, number
    if not fact.stints:
        cell = Cell(fact.unit, local_day(fact.first_seen))
        yield cell, "unreceived", 1
        yield from ((cell, atom, number) for atom, number in _history_atoms(fact))
        return
    for index, stint in enumerate(fact.stints):
        start = Cell(stint.unit, local_day(stint.start))
        if index == 0:
            yield start, "received", 1
            online = fact.channel == "online"
            yield start, "received_online" if online else "received_offline", 1
            yield from ((start, atom, number) for atom, number in _history_atoms(fact))
        else:
            yield start, "moved_in", 1
        if stint.end is not None:
            end = Cell(stint.unit, local_day(stint.end))
            if stint.left == "moved":
                yield end, "moved_out", 1
            else:
                yield from ((end, atom, 1) for atom in _end_atoms(fact))
        yield from _levels(fact, stint)
    yield from _pause_atoms(fact)
    for delay in fact.delays:
        stint = _stint_at(fact.stints, local_day(delay.at))
        yield Cell(stint.unit, local_day(delay.at)), delay.atom, 1


def _pause_atoms(fact: Fact) -> Iterator[tuple[Cell, str, int]]:
    """Yield what was amiss with waits, each once, and that anything was, on the first day."""
    marks: dict[str, datetime] = dict(fact.pause_marks)
    if marks:
        marks[ANY_MARK] = min(marks.values())
    for atom, at in marks.items():
        stint = _stint_at(fact.stints, local_day(at))
        yield Cell(stint.unit, local_day(at)), atom, 1


def _history_atoms(fact: Fact) -> Iterator[tuple[str, int]]:
    if fact.backfill:
        yield "imported", 1
        yield "imported_events", fact.backfill_events
    if fact.inconsistency.after_end:
        yield "events_after_end", 1
    if fact.inconsistency.end_before_first:
        yield "end_before_first", 1


def _end_atoms(fact: Fact) -> Iterator[str]:
    yield "ended"
    yield VERDICT_ATOMS[fact.law]
    if fact.law_day in LAW_DAY_ATOMS:
        yield LAW_DAY_ATOMS[fact.law_day]
    if fact.law_day in {"last_day", "none"}:
        yield "ended_on_day"
    if fact.index in INDEX_ATOMS:
        yield INDEX_ATOMS[fact.index]
    if fact.ended_status in {Status.REFUSED, Status.WITHDRAWN, Status.STOPPED}:
        yield "ended_without_result"
    if fact.new_date_kept is not None:
        yield "new_date_kept" if fact.new_date_kept else "new_date_broken"


def _levels(fact: Fact, stint: Stint) -> Iterator[tuple[Cell, str, int]]:
    whole = Span(stint.start, stint.end)
    levels: Sequence[tuple[str, Sequence[Span]]] = (
        ("overdue", fact.late_promise),
        ("late_law", fact.late_law),
        ("late_index", fact.late_index),
        ("waiting", [Span(wait.requested, wait.received) for wait in fact.waits]),
        ("undated", () if fact.has_deadline else (whole,)),
    )
    for level, spans in levels:
        for span in spans:
            part = span.clipped(stint.start, stint.end)
            if part is None:
                continue
            first = local_day(part.start)
            last = None if part.end is None else local_day(part.end)
            if last is not None and first >= last:
                continue  # It was over before any day ended.
            yield Cell(stint.unit, first), f"{level}_in", 1
            if last is not None:
                yield Cell(stint.unit, last), f"{level}_out", 1


def _stint_at(stints: Sequence[Stint], day: date) -> Stint:
    found = [one for one in stints if local_day(one.start) <= day]
    return found[-1] if found else stints[0]
