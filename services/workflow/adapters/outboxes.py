"""What waits in the outboxes: how much, and since when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.workflow.core.model import Subject
from shared.mongo.subjects import MongoSubjects
from shared.ops.metrics import Metrics

_LATER: Final = timedelta(days=1)


@dataclass(slots=True)
class Outboxes:
    """Looks at the outboxes of the subjects."""

    subjects: MongoSubjects[Subject]
    metrics: Metrics

    async def count(self, wall_now: datetime) -> int:
        """Return how many documents wait to be relayed."""
        waiting = {"pending_at": {"$lte": wall_now + _LATER}}
        return await self.subjects.collection.count(waiting)

    async def measure(self, wall_now: datetime) -> None:
        """Set the gauges of depth and age."""
        depth = await self.count(wall_now)
        self.metrics.outbox_depth.set(depth)
        age = 0.0
        if depth:
            oldest = await self.subjects.collection.find(
                {"pending_at": {"$lte": wall_now + _LATER}},
                sort=[("pending_at", 1)],
                limit=1,
                projection={"pending_at": 1},
            )
            if oldest:
                age = max(0.0, (wall_now - oldest[0]["pending_at"]).total_seconds())
        self.metrics.outbox_oldest_age.set(age)
