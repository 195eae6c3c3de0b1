"""Beats when a service has done something, so that who waits for it need not keep asking."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Pulse:
    """Counts pieces of work done, knows how many are in hand, and wakes whoever waits."""

    beats: int = 0
    in_hand: int = 0
    _next: asyncio.Event = field(default_factory=asyncio.Event)

    @contextmanager
    def work(self) -> Iterator[None]:
        """Hold a piece of work in hand; beat when it has ended, well or badly."""
        self.in_hand += 1
        try:
            yield
        finally:
            self.in_hand -= 1
            self.beats += 1
            beaten, self._next = self._next, asyncio.Event()
            beaten.set()

    async def since(self, beats: int, *, seconds_max: float) -> None:
        """Return when it has beaten since it was at `beats` and nothing is in hand.

        At the latest after `seconds_max`.
        """
        try:
            async with asyncio.timeout(seconds_max):
                while self.beats == beats or self.in_hand:
                    await self._next.wait()
        except TimeoutError:
            return
