"""The register of who may number for whom, in the store."""

from typing import Final

from typing_extensions import override

from services.intake.ports import Grant, Grants
from shared.mongo.client import Mongo

GRANTS_READ_MAX: Final = 10_000
"""More than the routes ever register; a bound for what one reading holds."""


class MongoGrants(Grants):
    """The `grants` collection; `_id` is publisher and prefix, so adding twice is one row."""

    def __init__(self, mongo: Mongo) -> None:
        self._collection = mongo.collection("grants")

    @override
    async def read(self) -> list[Grant]:
        rows = await self._collection.find({}, sort=[("_id", 1)], limit=GRANTS_READ_MAX)
        return [
            Grant(row["publisher"], row["numbers_for"], row["by"], row["at"]) for row in rows
        ]

    @override
    async def add(self, grant: Grant) -> bool:
        return await self._collection.insert(
            {
                "_id": f"{grant.publisher}|{grant.numbers_for}",
                "publisher": grant.publisher,
                "numbers_for": grant.numbers_for,
                "by": grant.by,
                "at": grant.at,
            }
        )

    @override
    async def remove(self, publisher: str, numbers_for: str | None) -> int:
        query = {"publisher": publisher}
        if numbers_for is not None:
            query["_id"] = f"{publisher}|{numbers_for}"
        return await self._collection.delete_many(query)
