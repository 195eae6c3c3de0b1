"""What waits in the outboxes: how much, and since when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.intake.core.state import Subject
from shared.mongo.collection import Collection
from shared.mongo.subjects import REFUSED, MongoSubjects
from shared.subjects.refused import Scope

NOT_REFUSED: Final = {"refused.scope": {"$ne": Scope.RECORD.value}}
"""Leaves out what waits behind a refused record: that is said otherwise, and may last."""

READ_MAX: Final = 200
"""How many full outboxes are looked into; with more than that the mark stands still."""

_LATER: Final = timedelta(days=1)


@dataclass(slots=True)
class Outboxes:
    """Looks at the outboxes of both collections."""

    subjects: MongoSubjects[Subject]
    contacts: Collection
    depth: int = 0
    _mark: datetime | None = None

    async def count(self, wall_now: datetime) -> int:
        """Return how many documents wait to be relayed, and remember it."""
        waiting = {"pending_at": {"$lte": wall_now + _LATER}}
        self.depth = await self.subjects.collection.count(waiting)
        self.depth += await self.contacts.count(waiting)
        return self.depth

    async def oldest(self, wall_now: datetime) -> datetime | None:
        """Return since when the oldest outbox waits, in wall time; None if none does."""
        waiting = {"pending_at": {"$lte": wall_now + _LATER}, **NOT_REFUSED}
        moments = [
            row["pending_at"]
            for collection in (self.subjects.collection, self.contacts)
            for row in await collection.find(
                waiting, sort=[("pending_at", 1)], limit=1, projection={"pending_at": 1}
            )
        ]
        return min(moments, default=None)

    async def wait_for_topic(self) -> bool:
        """Return whether a subject waits for a topic that takes nothing."""
        query = {**REFUSED, "refused.scope": Scope.TOPIC.value}
        return bool(await self.subjects.collection.find(query, limit=1, projection={"_id": 1}))

    async def oldest_pending(self, wall_now: datetime) -> datetime | None:
        """Return the least recording time that waits in an outbox, or None.

        When more wait than are looked into, the answer is the last one that was certain.
        """
        rows = await self.subjects.collection.find(
            {"pending_at": {"$lte": wall_now + _LATER}, **NOT_REFUSED},
            sort=[("pending_at", 1)],
            limit=READ_MAX,
            projection={"outbox.value.recordedtime": 1},
        )
        moments = [
            datetime.fromisoformat(recorded)
            for row in rows
            for entry in row["outbox"]
            if (recorded := entry.get("value", {}).get("recordedtime")) is not None
        ]
        if len(rows) < READ_MAX or self._mark is None:
            self._mark = min(moments, default=None)
        return self._mark
