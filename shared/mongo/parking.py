"""Parked records in the store, with an audit line for each decision about them."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from shared.mongo.client import Mongo
from shared.subjects.parking import Decided, Parked

FIELDS = tuple(Parked.__dataclass_fields__)
DECIDED_FIELDS = tuple(Decided.__dataclass_fields__)


class MongoParking:
    """The `parked` collection, and `parked_audit` for who decided what."""

    def __init__(self, mongo: Mongo) -> None:
        self._collection = mongo.collection("parked")
        self._audit = mongo.collection("parked_audit")

    async def prepare(self) -> None:
        """Create the index that the list reads by."""
        await self._collection.create_index([("parked_at", 1)])

    async def park(self, parked: Sequence[Parked]) -> None:
        """Keep these; one that is parked already stays as it is."""
        await self._collection.insert_new(
            [
                {"_id": one.id} | {k: v for k, v in asdict(one).items() if k != "id"}
                for one in parked
            ]
        )

    async def count(self) -> int:
        """Return how many are parked now."""
        return await self._collection.count({})

    async def resolve(self, ids: Collection[str]) -> None:
        """Close the entries that no longer wait."""
        await self._collection.delete_many({"_id": {"$in": list(ids)}})

    async def list(self, *, limit: int) -> Sequence[Parked]:
        """Return the oldest parked records."""
        rows = await self._collection.find({}, sort=[("parked_at", 1)], limit=limit)
        return [_read(row) for row in rows]

    async def get(self, parked_id: str) -> Parked | None:
        """Return one parked record, or None."""
        row = await self._collection.find_one({"_id": parked_id})
        return None if row is None else _read(row)

    async def record_decision(
        self, parked: Parked, *, decision: str, who: str, why: str, at: datetime
    ) -> None:
        """Keep the audit line of a retry or a discard."""
        await self._audit.insert(
            {
                "_id": f"{parked.id}|{decision}|{at.isoformat()}",
                "parked": parked.id,
                "subject": parked.subject,
                "reason": parked.reason,
                "decision": decision,
                "who": who,
                "why": why,
                "at": at,
            }
        )

    async def decided(self, *, limit: int) -> Sequence[Decided]:
        """Return the newest decisions, the last one first."""
        rows = await self._audit.find({}, sort=[("at", -1)], limit=limit)
        return [Decided(**{name: row[name] for name in DECIDED_FIELDS}) for row in rows]


def _read(row: dict[str, Any]) -> Parked:
    return Parked(id=str(row["_id"]), **{k: row[k] for k in FIELDS if k != "id"})
