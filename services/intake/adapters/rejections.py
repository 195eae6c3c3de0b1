"""Rejections that wait for their topic, in the store."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from typing_extensions import override

from services.intake.ports import RejectionStore
from shared.mongo.client import Mongo
from shared.subjects.document import Outgoing

PER_MICROSECOND: Final = 1_000
"""How many numbers one microsecond of wall time has, so that a batch keeps its order."""


class MongoRejections(RejectionStore):
    """The `rejections` collection; `number` gives the order, by wall time and then as kept."""

    def __init__(self, mongo: Mongo) -> None:
        self._collection = mongo.collection("rejections")
        self._last = 0

    async def prepare(self) -> None:
        """Create the index by which a topic's rejections are read in order."""
        await self._collection.create_index([("topic", 1), ("number", 1)])

    @override
    async def keep(self, rejections: Sequence[Outgoing], *, at: datetime) -> None:
        first = max(self._last + 1, int(at.timestamp() * 1_000_000) * PER_MICROSECOND)
        self._last = first + len(rejections)
        await self._collection.insert_new(
            [
                {
                    "_id": out.id,
                    "topic": out.topic,
                    "key": out.key,
                    "value": out.value,
                    "number": first + place,
                }
                for place, out in enumerate(rejections)
            ]
        )

    @override
    async def waiting(self) -> Mapping[str, int]:
        rows = await self._collection.aggregate(
            [{"$group": {"_id": "$topic", "count": {"$sum": 1}}}]
        )
        return {str(row["_id"]): int(row["count"]) for row in rows}

    @override
    async def oldest(self, topic: str, limit: int) -> Sequence[Outgoing]:
        rows = await self._collection.find({"topic": topic}, sort=[("number", 1)], limit=limit)
        return [Outgoing(row["_id"], row["topic"], row["key"], row["value"]) for row in rows]

    @override
    async def remove(self, ids: Collection[str]) -> None:
        if ids:
            await self._collection.delete_many({"_id": {"$in": list(ids)}})
