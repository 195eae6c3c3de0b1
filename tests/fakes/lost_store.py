"""Intake's store in memory, set back to an earlier copy or emptied, and adopted again."""

import copy
from dataclasses import dataclass
from typing import Any

from services.intake.core.contacts import ContactCodec, ContactState
from services.intake.core.state import Subject, SubjectCodec
from services.intake.usecases.adoption import AdoptCanonical, document_of, entry_of
from services.intake.usecases.contacts_adoption import AdoptContacts
from services.intake.usecases.refused_before import FindRefused
from shared.events.rejections import Rejection
from shared.subjects.adoption import CompareStore
from shared.subjects.own_events import OwnEvents
from shared.subjects.ownership import SoleOwner
from tests.fakes.intake import (
    ContactlessArchive,
    MemoryCounter,
    MemoryPresences,
    MemoryReceipts,
    World,
)
from tests.fakes.own_topics import MemoryMarks, MemoryTopics
from tests.fakes.subjects import MemorySubjects

PARTS = ("subjects", "contacts", "receipts", "archive", "codes", "presences")


@dataclass
class MemoryNamed:
    """Which contacts are named, from the fakes of the stores."""

    world: World
    seen: set[str]

    async def named(self) -> Any:  # noqa: ANN401 -- An asynchronous generator.
        for key, row in self.world.contacts.rows.items():
            yield key, (row["state"] or {"version": 0})["version"]
        for key, row in self.world.subjects.rows.items():
            version = (row["state"] or {}).get("contact_version")
            if version:
                yield key, version

    async def begin(self) -> None:
        self.seen.clear()

    async def note(self, keys: Any) -> None:  # noqa: ANN401 -- Any collection.
        self.seen |= set(keys)

    async def noted(self, keys: Any) -> frozenset[str]:  # noqa: ANN401 -- As above.
        return frozenset(self.seen & set(keys))


@dataclass
class MemoryPlaces:
    """Rejected places in a dict."""

    kept: dict[str, str]

    async def keep(self, rejections: Any) -> None:  # noqa: ANN401 -- A sequence.
        for one in rejections:
            assert isinstance(one, Rejection)
            self.kept[f"{one.topic}/{one.partition}/{one.offset}"] = one.hash

    async def among(self, places: Any) -> frozenset[str]:  # noqa: ANN401 -- A mapping.
        return frozenset(one for one in places if self.kept.get(one) == places[one])

    async def last(self) -> dict[tuple[str, int], int]:
        last: dict[tuple[str, int], int] = {}
        for place in self.kept:
            topic, partition, offset = place.rsplit("/", 2)
            known = last.get((topic, int(partition)), -1)
            last[topic, int(partition)] = max(int(offset), known)
        return last


def kept(world: World) -> dict[str, Any]:
    """Return a copy of everything that intake keeps, as a backup would."""
    return {name: copy.deepcopy(vars(getattr(world, name))) for name in PARTS}


def set_back(world: World, backup: dict[str, Any] | None) -> None:
    """Give intake an earlier copy of its store, or an empty one, and a fresh process."""
    world.subjects = MemorySubjects[Subject](SubjectCodec())
    world.contacts = MemorySubjects[ContactState](ContactCodec())
    world.receipts, world.archive = MemoryReceipts(), ContactlessArchive()
    world.codes, world.presences = MemoryCounter(), MemoryPresences()
    for name, fields in (backup or {}).items():
        part = getattr(world, name)
        for field in ("rows", "kept", "last"):
            if field in fields:
                setattr(part, field, copy.deepcopy(fields[field]))
    world.held.subjects = world.subjects
    world.start()


def topics_of(world: World) -> MemoryTopics:
    """Return everything that intake has published, as the topics have it."""
    topics = MemoryTopics()
    topics.write(world.publisher.published)
    return topics


def adoption(world: World, topics: MemoryTopics, marks: MemoryMarks) -> AdoptCanonical:
    """Return intake's adoption on the fakes."""
    return AdoptCanonical(
        OwnEvents(world.subjects, world.archive, document_of, entry_of),
        world.subjects,
        world.archive,
        world.receipts,
        world.codes,
        world.pattern,
        world.presences,
        AdoptContacts(
            topics, marks, world.contacts, MemoryNamed(world, set()), lambda: world.wall
        ),
        FindRefused(topics, MemoryPlaces({})),
        world.clock,
        lambda: world.wall,
    )


async def recover(world: World, topics: MemoryTopics | None = None) -> AdoptCanonical:
    """Compare with the topics, and adopt what they have."""
    topics = topics or topics_of(world)
    marks = MemoryMarks(own=topics.id)
    adopting = adoption(world, topics, marks)
    compare = CompareStore(topics, marks, adopting, SoleOwner())
    assert await compare(), compare.sentence
    return adopting
