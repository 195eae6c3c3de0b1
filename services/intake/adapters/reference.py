"""The reference events that intake has published, in its archive."""

from collections.abc import Collection

from typing_extensions import override

from services.intake.ports import ReferenceHistory
from shared.events.envelope import Event, from_document
from shared.events.topics import REFERENCE
from shared.mongo.archive import MongoArchive
from shared.mongo.client import Mongo


class ArchivedReference(ReferenceHistory):
    """Reads the archive by the topic's one sequence."""

    def __init__(self, mongo: Mongo, archive: MongoArchive) -> None:
        self._collection = mongo.collection("archive")
        self._archive = archive

    @override
    async def after(self, version: int) -> list[Event]:
        rows = await self._collection.find(
            {"topic": REFERENCE.name, "sequence": {"$gt": version}}, sort=[("sequence", 1)]
        )
        return [from_document(row["event"]) for row in rows]

    @override
    async def published(self, ids: Collection[str]) -> frozenset[str]:
        return await self._archive.known(REFERENCE.name, ids)
