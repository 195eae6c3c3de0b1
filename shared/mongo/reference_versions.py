"""The newest version of the reference data that a service has applied."""

from typing import Final

from shared.mongo.client import Mongo

COLLECTION: Final = "reference_versions"
ID: Final = "applied"


class MongoReferenceVersions:
    """Implements `shared.subjects.ports.ReferenceVersions`: one document, which only rises."""

    def __init__(self, mongo: Mongo) -> None:
        self._collection = mongo.collection(COLLECTION)

    async def last(self) -> int:
        """Return the version; 0 where none was ever applied."""
        row = await self._collection.find_one({"_id": ID})
        return 0 if row is None else int(row["version"])

    async def note(self, version: int) -> None:
        """Keep this version, unless a newer one is kept."""
        await self._collection.update_one(
            {"_id": ID}, {"$max": {"version": version}}, upsert=True
        )
