"""Keys that were seen in one reading of a topic, in bounded memory."""

from collections.abc import Collection

from shared.mongo.client import Mongo


class MongoSeenKeys:
    """A collection that lasts for one reading."""

    def __init__(self, mongo: Mongo, name: str = "contacts_seen") -> None:
        self._rows = mongo.collection(name)

    async def begin(self) -> None:
        """Forget every key."""
        await self._rows.drop()

    async def note(self, keys: Collection[str]) -> None:
        """Note keys."""
        await self._rows.insert_new([{"_id": key} for key in keys])

    async def noted(self, keys: Collection[str]) -> frozenset[str]:
        """Return which of these were noted."""
        rows = await self._rows.find({"_id": {"$in": list(keys)}})
        return frozenset(str(row["_id"]) for row in rows)
