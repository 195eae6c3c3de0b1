"""Previewing a proposal over everything open: read-only, in bounded memory, one at a time."""

import asyncio
import heapq
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from services.workflow.core.preview import Effect, Moved, effect_of, sessions_of_days
from services.workflow.ports import ObligationIndex, WallClock
from shared.calendar.zone import ONE_DAY
from shared.events.model import EventData
from shared.events.reference import CalendarRow
from shared.reference.calendars import PUBLISHED_THROUGH
from shared.reference.proposals import Proposal, approval_of
from shared.reference.view import Reference, as_if
from shared.subjects.ports import Clock, ReferenceSource

LISTED_MAX: Final = 500
"""How many of the obligations touched a preview lists by name, the gravest first."""

BREATH_SUBJECTS: Final = 25
"""After so many subjects other work gets its turn."""

KEPT_SECONDS: Final = 60
"""How long an answer is given again, while nothing was decided in between."""

KEPT_MAX: Final = 32
"""How many answers are kept, drafts of a page included."""

PREVIEW_CAUSE: Final = "preview"
_GRAVITY: Final = ("become_overdue", "undated", "stop_overdue", "alerts_void", "kept")


@dataclass(frozen=True, slots=True)
class Preview:
    """What the approval of a proposal would move, had it been given at `at`.

    Attributes:
        proposal: What is proposed.
        at: The moment that it was counted by.
        version: The reference version it was counted against.
        counts: Unit to how many of each of `core.preview.COUNTED`.
        listed: The gravest of what is touched, at most `LISTED_MAX`.
        touched: How many obligations are touched in all, by unit.
        subjects: How many open subjects were looked at.
    """

    proposal: Proposal
    at: datetime
    version: int
    counts: Mapping[str, Counter[str]]
    listed: tuple[Moved, ...]
    touched: Mapping[str, int]
    subjects: int


@dataclass(slots=True)
class PreviewChange:
    """Counts what a proposal would move, by the very recount that its approval brings.

    One count runs at a time; who asks meanwhile for the same gets the same answer.
    """

    index: ObligationIndex
    reference: ReferenceSource
    clock: Clock
    wall: WallClock
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _kept: dict[str, tuple[float, Preview]] = field(default_factory=dict)

    async def __call__(self, proposal: str) -> Preview | None:
        """Return the preview of a proposal; None if nobody has proposed it.

        Raises:
            UnavailableError: the store did not answer.
        """
        async with self._turn:
            held = self.reference.current()
            found = held.proposals.get(proposal)
            return None if found is None else await self._counted(found, held)

    async def draft(self, proposal: Proposal) -> Preview:
        """Return the preview of what nobody has proposed yet, as if it had been.

        Raises:
            UnavailableError: the store did not answer.
        """
        async with self._turn:
            return await self._counted(proposal, self.reference.current())

    async def _counted(self, proposal: Proposal, held: Reference) -> Preview:
        made_at, kept = self._kept.get(proposal.event, (float("-inf"), None))
        fresh = self.wall() - made_at < KEPT_SECONDS
        if fresh and kept is not None and kept.version == held.version:
            return kept
        preview = await self._count(proposal, held)
        self._kept.pop(proposal.event, None)
        self._kept[proposal.event] = (self.wall(), preview)
        while len(self._kept) > KEPT_MAX:
            del self._kept[next(iter(self._kept))]
        return preview

    async def _count(self, proposal: Proposal, held: Reference) -> Preview:
        now = self.clock.now()
        would = as_if(held, approval_of(proposal.data), PREVIEW_CAUSE, now)
        counting = _Counting()
        async for subject in self.index.every_open():
            counting.add(effect_of(subject, now, held, would))
            if counting.subjects % BREATH_SUBJECTS == 0:
                await asyncio.sleep(0)
        days = tuple(days_of(proposal.data, held, would))
        counting.merge(sessions_of_days(days, now, held, would))
        return Preview(
            proposal=proposal,
            at=now,
            version=held.version,
            counts=counting.counts,
            listed=counting.listed(),
            touched=counting.touched,
            subjects=counting.subjects,
        )


def days_of(data: EventData, held: Reference, would: Reference) -> Iterator[date]:
    """Yield the days on which a row can void or open sessions."""
    if not isinstance(data, CalendarRow):
        return
    if data.kind != PUBLISHED_THROUGH:
        yield data.day
        return
    day = data.counterpart if held.horizon is None else held.horizon + ONE_DAY
    while day is not None and would.horizon is not None and day <= would.horizon:
        yield day
        day += ONE_DAY


class _Counting:
    """Adds up, and keeps the gravest."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = {}
        self.touched: Counter[str] = Counter()
        self.subjects = 0
        self._heap: list[tuple[tuple[int, str, str], Moved]] = []

    def add(self, effect: Effect) -> None:
        self.subjects += 1
        self.merge(effect.counts)
        for one in effect.moved:
            self.touched[one.unit] += 1
            entry = (_rank(one), one)
            if len(self._heap) < LISTED_MAX:
                heapq.heappush(self._heap, entry)
            elif self._heap[0][0] < entry[0]:
                heapq.heapreplace(self._heap, entry)

    def merge(self, counts: Mapping[str, Counter[str]]) -> None:
        for unit, count in counts.items():
            if count:
                self.counts.setdefault(unit, Counter()).update(count)

    def listed(self) -> tuple[Moved, ...]:
        """Return the gravest first, then by name."""
        found = sorted(self._heap, key=lambda entry: (-entry[0][0], *entry[0][1:]))
        return tuple(one for _, one in found)


def _rank(one: Moved) -> tuple[int, str, str]:
    """Rank what is touched: the greater, the graver; the rest is order for its own sake."""
    grave = max(
        (len(_GRAVITY) - _GRAVITY.index(word) for word in one.what if word in _GRAVITY),
        default=0,
    )
    return (grave, one.subject, one.obligation)
