"""Which subjects hold events that wait for their predecessor, found by one sparse index."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from typing_extensions import override

from services.intake.core.state import HELD_UNTIL, Subject
from services.intake.ports import HeldEvents
from shared.mongo.subjects import MongoSubjects

FIELD: Final = f"state.{HELD_UNTIL}"
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ANY: Final[dict[str, Any]] = {FIELD: {"$gt": _EARLIEST}}


@dataclass(slots=True)
class MongoHeld(HeldEvents):
    """Looks into the collection of subjects; a subject that holds nothing is not indexed."""

    subjects: MongoSubjects[Subject]

    async def prepare(self) -> None:
        """Create the index on the earliest expiry."""
        await self.subjects.collection.create_index([(FIELD, 1)], sparse=True)

    @override
    async def over(self, now: datetime, limit: int) -> list[str]:
        rows = await self.subjects.collection.find(
            {FIELD: {"$lte": now}}, sort=[(FIELD, 1)], limit=limit, projection={"_id": 1}
        )
        return [str(row["_id"]) for row in rows]

    async def count(self) -> int:
        """Return how many subjects hold events."""
        return await self.subjects.collection.count(_ANY)

    async def earliest(self) -> datetime | None:
        """Return when the next held event expires, by the service's clock; None: none is."""
        rows = await self.subjects.collection.find(
            _ANY, sort=[(FIELD, 1)], limit=1, projection={FIELD: 1}
        )
        return rows[0]["state"][HELD_UNTIL] if rows else None
