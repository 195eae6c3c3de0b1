"""Keeping one channel going: a pass after the other while something is due, else asleep."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.notifications.ports import NoticeStore
from services.notifications.usecases.sending import SendDue
from shared.subjects.ports import Clock

GLANCE_SECONDS: Final = 0.03
"""How often an idle sender looks at the clock: simulated time may leap."""

LOOK_SECONDS: Final = 1.0
"""How often it asks the store all the same: another replica may have planned something."""


@dataclass(slots=True)
class KeepSending:
    """The sender of one channel, as long as the service lives; `work` holds each pass."""

    send: SendDue
    notices: NoticeStore
    clock: Clock
    wall_now: Callable[[], datetime]
    waits: tuple[asyncio.Event, ...]
    stopping: asyncio.Event
    work: Callable[[], AbstractContextManager[None]] = nullcontext
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _idle: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Begin idle."""
        self._idle.set()

    def wake(self) -> None:
        """Say that something new is due, perhaps on this channel."""
        self._wake.set()

    async def __call__(self) -> None:
        """Send until the service stops; raises when the store or broker is away."""
        for event in self.waits:
            await event.wait()
        while not self.stopping.is_set():
            self._wake.clear()
            self._idle.clear()
            try:
                with self.work():
                    looked_at = await self.send()
            finally:
                self._idle.set()
            if looked_at == 0:
                await self._sleep()

    async def finished(self) -> None:
        """Return when no message is in hand."""
        await self._idle.wait()

    async def _sleep(self) -> None:
        next_at, wall_at = await self.notices.next_due(self.send.channel)
        loop = asyncio.get_running_loop()
        until = loop.time() + LOOK_SECONDS
        while loop.time() < until and not self.stopping.is_set():
            if next_at is not None and next_at <= self.clock.now():
                return
            if wall_at is not None and wall_at <= self.wall_now():
                return
            try:
                async with asyncio.timeout(GLANCE_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                continue
            return
