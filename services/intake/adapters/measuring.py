"""What operators see of intake: what waits at the doors, in the outboxes, and who is silent."""

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from services.intake.adapters.outboxes import Outboxes
from services.intake.adapters.presences import MongoPresences
from services.intake.adapters.receipts import MongoReceipts
from services.intake.ports import Positions
from shared.kafka.consumer import Consumption
from shared.ops.metrics import Metrics


@dataclass(slots=True)
class Measure:
    """Sets the gauges, every few seconds."""

    metrics: Metrics
    group: str
    consumption: Consumption
    positions: Positions
    outboxes: Outboxes
    receipts: MongoReceipts
    presences: MongoPresences
    _labelled: set[tuple[str, int]] = field(default_factory=set)
    _systems: set[str] = field(default_factory=set)

    async def __call__(self, wall_now: datetime) -> None:
        """Look once.

        Raises:
            UnavailableError: the store or the broker does not answer.
        """
        self.metrics.outbox_depth.set(self.outboxes.depth)
        since = await self.outboxes.oldest(wall_now)
        age = 0.0 if since is None else (wall_now - since).total_seconds()
        self.metrics.outbox_oldest_age.set(max(0.0, age))
        self.metrics.receipts_open.set(await self.receipts.count_open())
        await self._connections()
        await self._lag()

    async def _connections(self) -> None:
        lost = Counter(await self.presences.lost_systems())
        self._systems |= lost.keys()
        for system in self._systems:
            self.metrics.connections_lost.labels(system).set(lost[system])

    async def _lag(self) -> None:
        ends = await self.positions.end_offsets()
        lag = {
            place: max(0, ends[place] - at)
            for place, at in (await self.positions.next_offsets()).items()
            if place in ends
        }
        behind: Counter[str] = Counter()
        for (topic, partition), count in lag.items():
            self.metrics.consumer_lag.labels(self.group, topic, str(partition)).set(count)
            behind[topic] += count
        for topic, partition in self._labelled - lag.keys():
            self.metrics.consumer_lag.remove(self.group, topic, str(partition))
        self._labelled = set(lag)
        silence = max(0.0, time.monotonic() - self.consumption.polled_at)
        for topic, count in behind.items():
            # What waits is at least as old as our silence.
            self.metrics.oldest_event_age.labels(self.group, topic).set(silence if count else 0)
