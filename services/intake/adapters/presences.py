"""Connections that send heartbeats, in the store."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Final

from typing_extensions import override

from services.intake.ports import Presence, Presences
from shared.mongo.client import Mongo

LOST_MAX: Final = 10_000
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)


class MongoPresences(Presences):
    """The `presences` collection; `watched_from` is there while a connection is not lost."""

    def __init__(self, mongo: Mongo) -> None:
        self._collection = mongo.collection("presences")

    async def prepare(self) -> None:
        """Create the index that the sweep reads by."""
        await self._collection.create_index([("watched_from", 1)], sparse=True)
        await self._collection.create_index([("lost_at", 1)], sparse=True)

    async def lost_systems(self) -> list[str]:
        """Name the system of each connection that is lost now."""
        rows = await self._collection.find({"lost_at": {"$gt": _EARLIEST}}, limit=LOST_MAX)
        return [row["_id"].rpartition("/")[2] for row in rows]

    @override
    async def beat(self, subject: str, now: datetime) -> Presence | None:
        row = await self._collection.find_one({"_id": subject})
        known = None if row is None else _read(row)
        seen: dict[str, Any] = {"last_seen": now}
        if known is None or known.lost_at is None:
            seen["watched_from"] = now
        await self._collection.update_one({"_id": subject}, {"$set": seen}, upsert=True)
        return known

    @override
    async def known(self, subjects: Collection[str]) -> frozenset[str]:
        rows = await self._collection.find(
            {"_id": {"$in": sorted(subjects)}}, projection={"_id": 1}
        )
        return frozenset(row["_id"] for row in rows)

    @override
    async def silent(self, since: datetime, limit: int) -> list[Presence]:
        rows = await self._collection.find(
            {"watched_from": {"$lte": since}}, sort=[("watched_from", 1)], limit=limit
        )
        return [_read(row) for row in rows]

    @override
    async def lost(self, subject: str, last_seen: datetime) -> None:
        await self._collection.update_one(
            {"_id": subject, "last_seen": last_seen},
            {"$set": {"lost_at": last_seen}, "$unset": {"watched_from": ""}},
        )

    @override
    async def found(self, subject: str, lost_at: datetime) -> None:
        row = await self._collection.find_one({"_id": subject})
        if row is None or row.get("lost_at") != lost_at:
            return  # Lost anew meanwhile: that silence is another one.
        await self._collection.update_one(
            {"_id": subject},
            {"$set": {"watched_from": row["last_seen"]}, "$unset": {"lost_at": ""}},
        )

    @override
    async def adopt(self, subject: str, *, lost_at: datetime | None, now: datetime) -> None:
        if lost_at is None:
            change: dict[str, Any] = {
                "$set": {"last_seen": now, "watched_from": now},
                "$unset": {"lost_at": ""},
            }
        else:
            change = {
                "$set": {"last_seen": lost_at, "lost_at": lost_at},
                "$unset": {"watched_from": ""},
            }
        await self._collection.update_one({"_id": subject}, change, upsert=True)

    @override
    async def seen_again(self, now: datetime) -> None:
        await self._collection.update_many(
            {"watched_from": {"$gt": _EARLIEST}},
            {"$set": {"last_seen": now, "watched_from": now}},
        )


def _read(row: dict[str, Any]) -> Presence:
    return Presence(row["_id"], row["last_seen"], row.get("lost_at"))
