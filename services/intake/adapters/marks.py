"""When intake publishes its progress: now and then, and when simulated time has leapt."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from services.intake.usecases.progress import HTTP, PublishProgress
from shared.events.progress import ProgressMark
from shared.kafka.cluster import Cluster
from shared.kafka.consumer import Consumption
from shared.kafka.progress import last_mark
from shared.ops.clock import Clock
from shared.subjects.errors import UnavailableError

SIMULATED_STEP: Final = timedelta(minutes=1)


@dataclass(slots=True)
class PublishMarks:
    """Publishes what has moved on; call it often.

    Attributes:
        progress: What is published.
        consumption: The subscription whose progress it is.
        clock: Tells the time of the marks.
        every_ms: How often they are published while time goes on as usual.
        work: Holds a publication in hand.
        cluster: Where this replica's last mark is read at the start.
        client_id: As whom.
    """

    progress: PublishProgress
    consumption: Consumption
    clock: Clock
    every_ms: int
    work: Callable[[], AbstractContextManager[None]]
    cluster: Cluster
    client_id: str
    _at_s: float = 0.0
    _now: datetime = field(init=False)

    def __post_init__(self) -> None:
        """Begin at the time of the start."""
        self._now = self.clock.now()

    async def __call__(self) -> None:
        """Publish marks if it is time."""
        due = time.monotonic() - self._at_s >= self.every_ms / 1_000
        now = self.clock.now()
        if not (due or now - self._now >= SIMULATED_STEP):
            return
        self._at_s, self._now = time.monotonic(), now
        try:
            await self.progress.remember(self._last_mark)
            if not self.progress.stands_at(now, self.consumption.next_offsets):
                with self.work():
                    await self.progress()
        except UnavailableError:
            return  # The marks stay where they are, which is what they say.

    async def _last_mark(self) -> ProgressMark | None:
        """Read the mark that this replica published last, before it was started again."""
        key = f"{HTTP}/{self.progress.http_number}"
        return await last_mark(self.cluster, key, client_id=self.client_id)
