"""What workflow needs from the outside, beside what the shared machinery needs."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from services.workflow.core.incident import Hanging, Incident
from services.workflow.core.model import Subject
from shared.events.faults import Fault

Shards = Collection[int]
Ends = Mapping[tuple[str, int], int]
"""Topic and partition to the offset after its last record."""


@dataclass(frozen=True, slots=True)
class OpenQuery:
    """Which open subjects are meant; None leaves a condition out.

    Attributes:
        units: Whose they are.
        roles: Whose turn it is: at least one of these was told, or is the first to act.
        before: Only those whose end lies before this moment.
        dated: Only those that have an end (True), or that have none (False).
    """

    units: Collection[str] | None = None
    roles: Collection[str] | None = None
    before: datetime | None = None
    dated: bool | None = None


class ObligationIndex(Protocol):
    """Finds subjects by what is indexed of them.

    Every method raises `UnavailableError` when the store does not answer.
    """

    async def due(self, shards: Shards, *, before: datetime, limit: int) -> Sequence[str]:
        """Return the subjects whose next moment lies before `before`, oldest first."""
        ...

    async def behind(self, shards: Shards, *, law: int, limit: int) -> Sequence[str]:
        """Return subjects that still owe something and were counted under an older law."""
        ...

    async def earliest(self, *, now: datetime) -> datetime | None:
        """Return the first moment at which time alone will change something."""
        ...

    async def open_by_kind(self) -> Mapping[str, int]:
        """Return how many subjects owe something, by kind."""
        ...

    async def undated(self) -> int:
        """Return how many subjects have no date because the calendar ends too early."""
        ...

    def every_open(self) -> AsyncIterator[Subject]:
        """Yield every subject that still owes something, in bounded memory, in any order."""
        ...

    async def without_date(
        self, units: Collection[str] | None, *, limit: int
    ) -> Sequence[Subject]:
        """Return what owes something past the published calendar, by subject."""
        ...

    async def read(self, subject: str) -> Subject | None:
        """Return one subject."""
        ...

    async def read_all(self, subjects: Collection[str]) -> Sequence[Subject]:
        """Return these subjects, those that there are, in their order."""
        ...

    async def still_open(
        self, wanted: "OpenQuery", *, skip: int = 0, limit: int
    ) -> Sequence[Subject]:
        """Return what still owes something, what ends first at the top, undated ones last."""
        ...

    async def count_open(self, wanted: "OpenQuery") -> int:
        """Return how many subjects still owe something."""
        ...


class IncidentIndex(Protocol):
    """Finds common causes, and what hangs on them, in whichever shard they are.

    Every method raises `UnavailableError` when the store does not answer.
    """

    async def active(self) -> Sequence[tuple[str, Incident]]:
        """Return the incidents that are there now, each after its matter."""
        ...

    async def hanging(self, incidents: Collection[str]) -> Mapping[str, Sequence[Hanging]]:
        """Return what hangs on each of some incidents."""
        ...

    async def hanging_elsewhere(
        self, shards: Shards, *, than: Collection[str], limit: int
    ) -> Sequence[str]:
        """Return the subjects in which something hangs on another incident than these."""
        ...


class CalendarMarks(Protocol):
    """Remembers through which day the calendar's obligations were opened, by shard."""

    async def opened_through(self, shards: Shards) -> Mapping[int, date]: ...

    async def set_opened_through(self, shards: Shards, day: date) -> None: ...


class Progress(Protocol):
    """How far intake has read."""

    def least(self) -> datetime | None:
        """Return the instant before which everything that reached us is on the topics."""
        ...

    def late(self) -> Mapping[str, datetime]:
        """Return when the last late event of each publisher was recorded.

        It is as new as the marks: whatever was recorded before the least mark is among it.
        """
        ...


class Refusals(Protocol):
    """What intake refused of what people sent from our pages."""

    def of(self, event_id: str) -> Sequence[Fault]:
        """Return why the event of this id was refused the last time; nothing if it was not."""
        ...


class Holding(Protocol):
    """Which shards are ours, and how far we have read them."""

    def shards(self) -> frozenset[int]:
        """Return the shards of the partitions that this instance holds."""
        ...

    async def ends(self) -> Ends:
        """Return where the partitions that this instance holds end, as the broker tells now.

        Raises:
            UnavailableError: the broker did not say.
        """
        ...

    def passed(self, ends: Ends) -> frozenset[int]:
        """Return the shards of ours that have been read to these ends."""
        ...


class WallClock(Protocol):
    """Wall time that only grows, for how long a mark has stood still."""

    def __call__(self) -> float: ...
