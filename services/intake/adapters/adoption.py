"""What intake's adoption keeps and asks in the store."""

from collections.abc import AsyncIterator, Mapping, Sequence
from collections.abc import Collection as Many
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from services.intake.core.contacts import ContactState
from services.intake.core.state import Subject
from services.intake.usecases.contacts_adoption import ContactsNamed
from services.intake.usecases.refused_before import (
    Place,
    RefusedPlaces,
)
from shared.events.envelope import from_document
from shared.events.reference import RoleAssigned
from shared.events.rejections import Rejection
from shared.events.topics import REFERENCE
from shared.mongo.archive import MongoArchive
from shared.mongo.client import Mongo
from shared.mongo.seen_keys import MongoSeenKeys
from shared.mongo.subjects import MongoSubjects
from shared.ops.log import logger

LOG = logger(__name__)

VERSION: Final = "state.contact_version"


@dataclass(slots=True)
class MongoContactsNamed(ContactsNamed):
    """Looks into contacts, subjects and reference events."""

    seen: MongoSeenKeys
    subjects: MongoSubjects[Subject]
    contacts: MongoSubjects[ContactState]
    archive: MongoArchive

    @override
    async def named(self) -> AsyncIterator[tuple[str, int]]:
        async for row in self.contacts.collection.stream({}, projection={"state.version": 1}):
            yield str(row["_id"]), int((row.get("state") or {}).get("version") or 0)
        async for row in self.subjects.collection.stream(
            {VERSION: {"$gt": 0}}, projection={VERSION: 1}
        ):
            yield str(row["_id"]), int(row["state"]["contact_version"])
        async for out in self.archive.read(REFERENCE.name, numbered_as_one=True):
            assert out.value is not None, "the archive keeps events"
            if not out.value.get("contactversion"):
                continue
            event = from_document(out.value)
            if isinstance(event.data, RoleAssigned):
                yield event.data.person, event.contactversion or 0

    @override
    async def begin(self) -> None:
        await self.seen.begin()

    @override
    async def note(self, keys: Many[str]) -> None:
        await self.seen.note(keys)

    @override
    async def noted(self, keys: Many[str]) -> frozenset[str]:
        return await self.seen.noted(keys)


class MongoRefusedPlaces(RefusedPlaces):
    """The collection `refused_before`: `_id` is the record's place, `hash` its value's."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo.collection("refused_before")

    @override
    async def keep(self, rejections: Sequence[Rejection]) -> None:
        await self._rows.insert_new(
            [
                {
                    "_id": f"{one.topic}/{one.partition}/{one.offset}",
                    "topic": one.topic,
                    "partition": one.partition,
                    "offset": one.offset,
                    "hash": one.hash,
                }
                for one in rejections
                if None not in {one.topic, one.partition, one.offset}
            ]
        )

    @override
    async def among(self, places: Mapping[str, str]) -> frozenset[str]:
        rows = await self._rows.find({"_id": {"$in": list(places)}})
        return frozenset(row["_id"] for row in rows if row["hash"] == places[row["_id"]])

    @override
    async def last(self) -> Mapping[Place, int]:
        rows = await self._rows.aggregate(
            [
                {
                    "$group": {
                        "_id": {"topic": "$topic", "partition": "$partition"},
                        "last": {"$max": "$offset"},
                    }
                }
            ]
        )
        return {
            (row["_id"]["topic"], row["_id"]["partition"]): int(row["last"]) for row in rows
        }
