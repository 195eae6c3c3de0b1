"""When intake's marks are published: now and then, and at once after a leap of the clock."""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from services.intake.usecases.progress import HTTP, PublishProgress
from shared.events.progress import ProgressMark
from shared.kafka.cluster import Cluster
from shared.kafka.consumer import Consumption
from shared.kafka.progress import last_mark
from shared.ops.clock import Clock
from shared.ops.pulse import Pulse
from shared.subjects.errors import UnavailableError

SIMULATED_STEP: Final = timedelta(minutes=1)


@dataclass(slots=True)
class MarkProgress:
    """Publishes the marks of this replica.

    Attributes:
        client_id: This replica's, for reading the mark that it published last.
        pause_s: How long after one publication the next is due.
    """

    progress: PublishProgress
    consumption: Consumption
    clock: Clock
    pulse: Pulse
    cluster: Cluster
    client_id: str
    pause_s: float
    _marked_at: float = 0.0
    _marked_now: datetime = field(init=False)

    def __post_init__(self) -> None:
        """Begin at the clock's moment."""
        self._marked_now = self.clock.now()

    async def __call__(self) -> None:
        """Publish marks if that is due, or simulated time has leapt."""
        due = time.monotonic() - self._marked_at >= self.pause_s
        now = self.clock.now()
        if not due and now - self._marked_now < SIMULATED_STEP:
            return
        self._marked_at, self._marked_now = time.monotonic(), now
        try:
            await self.progress.remember(self._last_mark)
            if not self.progress.stands_at(now, self.consumption.next_offsets):
                with self.pulse.work():
                    await self.progress()
        except UnavailableError:
            return  # The marks do not move, which is what they say.

    async def _last_mark(self) -> ProgressMark | None:
        """Read the mark that this replica published last, before it was started again."""
        key = f"{HTTP}/{self.progress.http_number}"
        return await last_mark(self.cluster, key, client_id=f"{self.client_id}-marks")
