"""What reporting needs from the outside; every method may raise `UnavailableError`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from services.reporting.core.counts import OpenEntry
from services.reporting.core.fact import MatterFact
from services.reporting.core.reported import Reported
from services.reporting.core.rollups import Month, MonthTotal, OpenRoll
from services.reporting.core.rows import Row
from services.reporting.core.state import FactState
from shared.events.forms import FormCode


@dataclass(frozen=True, slots=True)
class Counted:
    """What one subject gives to one cell."""

    cell: str
    field: str
    atoms: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class OpenQuery:
    """Open dossiers by how they stand; bounds are half-open on the moment they turn overdue.

    `never` asks for those that cannot become overdue as they stand.
    """

    units: frozenset[str] | None
    since: datetime | None = None
    before: datetime | None = None
    waiting: bool | None = None
    dated: bool | None = None
    never: bool = False
    late_before: datetime | None = None
    late_since: datetime | None = None
    index_late_before: datetime | None = None
    index_late_since: datetime | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A dossier or a matter in a list, with what it gives to the cells that it is counted in.

    `day` is set where the list is of what fell into days: that of the cell it was found in.
    """

    subject: str
    counts: tuple[Counted, ...]
    row: Row | None = None
    matter: MatterFact | None = None
    day: date | None = None


class Facts(Protocol):
    """The facts, by their indexes."""

    async def get(self, subject: str) -> FactState | None: ...

    async def counted(self, cells: Collection[str]) -> list[Counted]: ...

    async def listed(self, cells: Collection[str]) -> list[Listed]: ...

    async def open_entries(self, units: Collection[str]) -> Mapping[str, list[OpenEntry]]: ...

    async def awaited_rows(self, units: frozenset[str] | None) -> list[Listed]:
        """Return the submissions that nobody has answered, by the unit that must."""
        ...

    async def reported(self, form: FormCode, units: frozenset[str] | None) -> list[Reported]:
        """Return the forms that units reported, of any period."""
        ...

    async def open_rows(
        self, query: OpenQuery, *, skip: int = 0, limit: int = 0
    ) -> list[Listed]: ...


@dataclass(frozen=True, slots=True)
class RollRead:
    """The roll-ups of a scope: every month's total, some months by day."""

    totals: Sequence[MonthTotal]
    months: Mapping[tuple[str, date], Month]
    open: Mapping[str, OpenRoll] = field(default_factory=dict)


class Rolls(Protocol):
    """The roll-ups, and the marks of the cells to be counted anew."""

    async def mark(self, cells: Iterable[str]) -> None: ...

    async def marks(self, limit: int) -> list[tuple[str, str]]:
        """Return marks as (id, cell), those of one unit together."""
        ...

    async def unmark(self, ids: Sequence[str]) -> None: ...

    async def months(self, names: Collection[str]) -> dict[str, Month]: ...

    async def save_months(self, months: Sequence[Month]) -> frozenset[str]:
        """Write each whose version is still the one read; name the others."""
        ...

    async def open_rolls(self, units: Collection[str]) -> dict[str, OpenRoll]: ...

    async def save_open_rolls(self, rolls: Sequence[OpenRoll]) -> frozenset[str]:
        """Write each whose version is still the one read; name the others' units."""
        ...

    async def read(
        self, units: frozenset[str] | None, *, until: date, by_day: Collection[date]
    ) -> RollRead: ...


class Hearing(Protocol):
    """Which units were heard from on which day, and when last."""

    async def heard(self, moments: Mapping[str, datetime]) -> None: ...

    async def on(self, day: date) -> frozenset[str]: ...

    async def last(self) -> dict[str, datetime]: ...
