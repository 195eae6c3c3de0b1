"""How fast one channel goes: for each recipient, and for the provider as a whole."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from services.notifications.core.rates import Rate

RECIPIENTS_MAX: Final = 20_000
"""How many buckets are remembered; the one used longest ago goes first."""


@dataclass(slots=True)
class Throttle:
    """The rates of one channel in this process.

    Recipients live in the service's time, providers in wall time. A restart forgets the
    buckets, which lets through one burst more.
    """

    person: Rate
    provider: Rate
    merge_from: int
    wall_now: Callable[[], datetime]
    _drained_at: OrderedDict[str, datetime] = field(default_factory=OrderedDict)
    _provider_drained_at: datetime | None = None

    def take(self, recipient: str, now: datetime) -> datetime | None:
        """Take one message out of a bucket; return until when to hold it if there is none."""
        taking = self.person.take(self._drained_at.get(recipient), now)
        self._drained_at[recipient] = taking.drained_at
        self._drained_at.move_to_end(recipient)
        if len(self._drained_at) > RECIPIENTS_MAX:
            self._drained_at.popitem(last=False)
        return None if taking.allowed else taking.again_at

    async def wait(self, messages: int) -> None:
        """Return when the provider may be handed so many messages more."""
        pause = timedelta(0)
        for _ in range(messages):
            taking = self.provider.take(self._provider_drained_at, self.wall_now() + pause)
            while not taking.allowed:
                pause = taking.again_at - self.wall_now()
                taking = self.provider.take(self._provider_drained_at, self.wall_now() + pause)
            self._provider_drained_at = taking.drained_at
        if pause > timedelta(0):
            await asyncio.sleep(pause.total_seconds())
