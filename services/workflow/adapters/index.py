"""Finding subjects in the store, by the fields that the codec indexes."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Final

from services.workflow.core.codec import stamp, unstamp
from services.workflow.core.kinds.registry import KINDS
from services.workflow.core.model import Subject
from services.workflow.ports import Shards
from shared.mongo.client import Mongo
from shared.mongo.collection import Order
from shared.mongo.subjects import MongoSubjects

INDEXES: Final[Sequence[Order]] = (
    [("next_at", 1)],
    [("law", 1)],
    [("open", 1), ("unit", 1)],
    [("undated", 1)],
)

OPEN_READ_MAX: Final = 2_000
"""How many open subjects one question may read."""


class MongoObligationIndex:
    """Implements `ObligationIndex` on the subjects' collection."""

    def __init__(self, subjects: MongoSubjects[Subject]) -> None:
        self._subjects = subjects
        self._collection = subjects.collection

    async def due(self, shards: Shards, *, before: datetime, limit: int) -> Sequence[str]:
        """Return the subjects whose next moment lies before `before`, oldest first."""
        rows = await self._collection.find(
            {"next_at": {"$lt": stamp(before)}, "shard": {"$in": sorted(shards)}},
            sort=[("next_at", 1)],
            limit=limit,
            projection={"_id": 1},
        )
        return [str(row["_id"]) for row in rows]

    async def behind(self, shards: Shards, *, law: int, limit: int) -> Sequence[str]:
        """Return subjects that still owe something and were counted under an older law."""
        rows = await self._collection.find(
            {"law": {"$lt": law}, "shard": {"$in": sorted(shards)}},
            sort=[("law", 1)],
            limit=limit,
            projection={"_id": 1},
        )
        return [str(row["_id"]) for row in rows]

    async def earliest(self) -> datetime | None:
        """Return the first moment at which time alone will change something."""
        rows = await self._collection.find(
            {"next_at": {"$gt": 0}}, sort=[("next_at", 1)], limit=1, projection={"next_at": 1}
        )
        return unstamp(int(rows[0]["next_at"])) if rows else None

    async def open_by_kind(self) -> Mapping[str, int]:
        """Return how many subjects owe something, by kind."""
        return {kind: await self._collection.count({"open": kind}) for kind in KINDS}

    async def undated(self) -> int:
        """Return how many subjects have no date because the calendar ends too early."""
        return await self._collection.count({"undated": True})

    async def read(self, subject: str) -> Subject | None:
        """Return one subject."""
        found = await self._subjects.load([subject])
        return found[subject].state if subject in found else None

    async def still_open(
        self, units: Collection[str] | None, *, limit: int
    ) -> Sequence[Subject]:
        """Return what still owes something at these units, the most pressing first."""
        query: dict[str, object] = {"open": {"$in": sorted(KINDS)}}
        if units is not None:
            query["unit"] = {"$in": sorted(units)}
        rows = await self._collection.find(
            query, sort=[("next_at", 1)], limit=min(limit, OPEN_READ_MAX)
        )
        states = [self._subjects.read(row).state for row in rows]
        return [state for state in states if state is not None]


class MongoCalendarMarks:
    """Implements `CalendarMarks`: one small document for each shard."""

    def __init__(self, mongo: Mongo) -> None:
        self._collection = mongo.collection("calendar_marks")

    async def opened_through(self, shards: Shards) -> Mapping[int, date]:
        """Return through which day each shard's subjects were opened."""
        rows = await self._collection.find({"_id": {"$in": sorted(shards)}})
        return {int(row["_id"]): date.fromisoformat(row["through"]) for row in rows}

    async def set_opened_through(self, shards: Shards, day: date) -> None:
        """Remember a day; an earlier one never replaces a later one."""
        known = await self.opened_through(shards)
        for shard in shards:
            if shard not in known or known[shard] < day:
                await self._collection.replace({"_id": shard, "through": day.isoformat()})
