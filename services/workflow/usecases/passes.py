"""When to look: at once when simulated time has leapt, else at a steady pace."""

from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from services.workflow.core.law import law_of
from services.workflow.ports import Holding, WallClock
from services.workflow.usecases.calendar import OpenByCalendar
from services.workflow.usecases.freshness import Fresh, Freshness
from services.workflow.usecases.reachability import CheckReachability
from services.workflow.usecases.sweep import SweepObligations, Swept
from shared.subjects.ports import Clock, ReferenceSource

LEAP: Final = timedelta(minutes=1)
"""Time that moves on by this much between two looks is simulated."""


@dataclass(slots=True)
class Passes:
    """Decides whether a pass is worth making, and makes it: first the calendar, then the sweep.

    A look costs nothing, so it may be taken many times a second; a pass asks the store.
    """

    open_by_calendar: OpenByCalendar
    check_reachability: CheckReachability
    sweep: SweepObligations
    freshness: Freshness
    holding: Holding
    reference: ReferenceSource
    clock: Clock
    wall: WallClock
    pause_seconds: float
    handled: Callable[[], int]
    work: Callable[[], AbstractContextManager[None]] = nullcontext
    _made_at: float = field(default=float("-inf"))
    _looked: tuple[datetime, Hashable] | None = None
    _complete: bool = False

    async def __call__(self) -> tuple[int, Swept] | None:
        """Make a pass if it is time; return how many subjects were opened, and the sweep.

        Raises:
            UnavailableError: store or broker did not answer; the next look tries again.
        """
        now = self.clock.now()
        fresh = self.freshness.look(now)
        if fresh is None or not self._worth_it(fresh):
            return None
        self._made_at, self._complete = self.wall(), False
        self._looked = (fresh.upto, self._state())
        with self.work():
            opened = await self.open_by_calendar()
            checked = await self.check_reachability()
            swept = await self.sweep()
        swept.emissions.extend(checked)
        # Those ahead wait for those behind, so a sweep may end at marks older than the newest.
        upto = swept.upto
        self._complete = swept.complete and upto is not None and upto >= fresh.upto
        return opened, swept

    def _worth_it(self, fresh: Fresh) -> bool:
        rested = self.wall() - self._made_at >= self.pause_seconds
        if self._looked is None:
            return True
        upto, state = self._looked
        leapt = fresh.upto - upto >= LEAP
        changed = fresh.upto != upto or state != self._state() or not self._complete
        return leapt or (rested and changed)

    def _state(self) -> Hashable:
        """Return everything else that a pass depends on."""
        reference = self.reference.current()
        return (law_of(reference), reference.version, self.holding.shards(), self.handled())
