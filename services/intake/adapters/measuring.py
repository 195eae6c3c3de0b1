"""What operators see of intake: what waits in receipts and outboxes, and who is silent."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from services.intake.adapters.held import MongoHeld
from services.intake.adapters.outboxes import Outboxes
from services.intake.adapters.presences import MongoPresences
from services.intake.adapters.receipts import MongoReceipts
from services.intake.usecases.rejections import PublishRejections
from shared.ops.metrics import Metrics


@dataclass(slots=True)
class Measure:
    """Sets the gauges, every few seconds."""

    metrics: Metrics
    outboxes: Outboxes
    receipts: MongoReceipts
    presences: MongoPresences
    held: MongoHeld
    rejections: PublishRejections
    _topics: set[str] = field(default_factory=set)
    _systems: set[str] = field(default_factory=set)

    async def __call__(self, wall_now: datetime) -> None:
        """Look once.

        Raises:
            UnavailableError: the store does not answer.
        """
        self.metrics.outbox_depth.set(self.outboxes.depth)
        since = await self.outboxes.oldest(wall_now)
        age = 0.0 if since is None else (wall_now - since).total_seconds()
        self.metrics.outbox_oldest_age.set(max(0.0, age))
        self.metrics.receipts_open.set(await self.receipts.count_open())
        self.metrics.waiting_subjects.set(await self.held.count())
        self._rejections()
        await self._connections()

    def _rejections(self) -> None:
        waiting = self.rejections.waiting()
        self._topics |= waiting.keys()
        for topic in self._topics:
            self.metrics.rejections_waiting.labels(topic).set(waiting.get(topic, 0))

    async def _connections(self) -> None:
        lost = Counter(await self.presences.lost_systems())
        self._systems |= lost.keys()
        for system in self._systems:
            self.metrics.connections_lost.labels(system).set(lost[system])
