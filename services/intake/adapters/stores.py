"""Intake's collections, put together and prepared."""

from dataclasses import dataclass

from services.intake.adapters.held import MongoHeld
from services.intake.adapters.presences import MongoPresences
from services.intake.adapters.receipts import MongoReceipts
from services.intake.adapters.rejections import MongoRejections
from services.intake.core.contacts import ContactCodec, ContactState
from services.intake.core.state import Subject, SubjectCodec
from shared.events.topics import CONTACTS, REJECTED
from shared.mongo.archive import MongoArchive
from shared.mongo.client import Mongo
from shared.mongo.read_positions import MongoReadPositions
from shared.mongo.subjects import MongoSubjects
from shared.subjects.ownership import SharedOwnership


@dataclass(frozen=True, slots=True)
class Stores:
    """What intake keeps, each in a collection of its database."""

    mongo: Mongo
    ownership: SharedOwnership
    archive: MongoArchive
    subjects: MongoSubjects[Subject]
    contacts: MongoSubjects[ContactState]
    presences: MongoPresences
    receipts: MongoReceipts
    held: MongoHeld
    rejections: MongoRejections
    read_positions: MongoReadPositions

    @classmethod
    def of(cls, mongo: Mongo, ownership: SharedOwnership) -> "Stores":
        """Name the collections; nothing connects yet."""
        subjects = MongoSubjects[Subject](mongo, "subjects", SubjectCodec())
        return cls(
            mongo,
            ownership,
            MongoArchive(mongo, never=(CONTACTS.name, REJECTED)),
            subjects,
            MongoSubjects[ContactState](mongo, "contacts", ContactCodec()),
            MongoPresences(mongo),
            MongoReceipts(mongo),
            MongoHeld(subjects),
            MongoRejections(mongo),
            MongoReadPositions(mongo, filled=("subjects", "contacts", "receipts")),
        )

    async def prepare(self) -> None:
        """Enter this process, and create the indexes.

        Raises:
            UnavailableError: the store does not answer.
        """
        await self.ownership.begin()
        for one in (self.subjects, self.held, self.contacts, self.presences, self.receipts):
            await one.prepare()
        await self.archive.prepare()
        await self.rejections.prepare()
        # Before anything is adopted: a store that is empty now has read nothing.
        await self.read_positions.prepare()
