"""Beats when a service has done something, so that who waits for it need not keep asking."""

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class Pulse:
    """Counts beats, and wakes whoever waits for the next."""

    beats: int = 0
    _next: asyncio.Event = field(default_factory=asyncio.Event)

    def beat(self) -> None:
        """Say that something was done."""
        self.beats += 1
        beaten, self._next = self._next, asyncio.Event()
        beaten.set()

    async def since(self, beats: int, *, seconds_max: float) -> None:
        """Return at the first beat since it was at `beats`, or after `seconds_max`."""
        try:
            async with asyncio.timeout(seconds_max):
                while self.beats == beats:
                    await self._next.wait()
        except TimeoutError:
            return
