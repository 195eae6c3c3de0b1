"""What was published, from the archive, for a rebuild."""

from collections.abc import AsyncIterator
from typing import Final

from services.workflow.core.model import Subject
from shared.events.envelope import Event, from_document
from shared.events.topics import OBLIGATIONS
from shared.mongo.archive import MongoArchive
from shared.mongo.client import Mongo
from shared.mongo.subjects import MongoSubjects

MARK: Final = "adopting"


class ArchivedObligations:
    """Implements `Published` on the archive.

    A mark in the store says that an adoption has begun and not ended, so that a crash in its
    middle does not pass for a store that has all its subjects.
    """

    def __init__(
        self, mongo: Mongo, archive: MongoArchive, subjects: MongoSubjects[Subject]
    ) -> None:
        self._archive = archive
        self._archived = mongo.collection("archive")
        self._marks = mongo.collection("rebuild_marks")
        self._subjects = subjects

    async def begin(self) -> None:
        """Remember that everything is to be adopted, whatever the store has."""
        await self._marks.replace({"_id": MARK})

    async def is_to_be_adopted(self) -> bool:
        """Say whether there is no subject although something was published."""
        if await self._marks.find_one({"_id": MARK}) is not None:
            return True
        if await self._subjects.collection.find_one({}, projection={"_id": 1}) is not None:
            return False
        if await self._archived.find_one({}, projection={"_id": 1}) is None:
            return False
        await self._marks.replace({"_id": MARK})
        return True

    async def by_subject(self) -> AsyncIterator[tuple[str, list[Event]]]:
        """Yield everything published, subject by subject, each in its order."""
        subject, events = "", list[Event]()
        async for out in self._archive.read(OBLIGATIONS.name):
            assert out.value is not None, "the archive keeps events"
            if out.key != subject and events:
                yield subject, events
                events = []
            subject = out.key
            events.append(from_document(out.value))
        if events:
            yield subject, events

    async def adoption_is_done(self) -> None:
        """Remember that all was adopted."""
        await self._marks.delete_many({"_id": MARK})
