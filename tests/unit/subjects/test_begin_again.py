"""A service that folds again: its archive is completed, its subjects are forgotten."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from shared.events.envelope import to_document
from shared.events.topics import DOSSIERS, OBLIGATIONS
from shared.subjects.adoption import CompareStore
from shared.subjects.begin_again import BeginAgain
from shared.subjects.document import Outgoing
from shared.subjects.own_events import Emitted, OwnEvents
from shared.subjects.ownership import SoleOwner
from tests.fakes.notified import MONDAY, Numbered, opened
from tests.fakes.own_topics import MemoryMarks, MemoryTopics
from tests.fakes.subjects import MemoryArchive, MemoryPublisher

pytestmark = pytest.mark.asyncio

TOPIC, CODE = OBLIGATIONS.name, "H37.117-261123-0001"
ANSWER = Outgoing("answer-1", "motcua.inbound.notifications.v1", CODE, {"id": "answer-1"})


def emitted(number: int) -> Outgoing:
    """Return an event of workflow's as it travels."""
    event = Numbered().event(CODE, opened(due=MONDAY))
    value = {**to_document(event), "id": f"e-{number}", "sequence": number}
    return Outgoing(f"e-{number}", TOPIC, CODE, value)


@dataclass
class Forgets:
    """Documents as numbers and outboxes; notes the order of what is done."""

    documents: dict[str, Emitted] = field(default_factory=dict)
    waiting: tuple[Outgoing, ...] = ()
    steps: list[str] = field(default_factory=list)
    again: Mapping[tuple[str, int], int] = field(default_factory=dict)

    async def emitted(self, ids: Any) -> Mapping[str, Emitted]:  # noqa: ANN401 -- A collection.
        return {one: self.documents[one] for one in ids if one in self.documents}

    async def clear(self, published: Mapping[str, Sequence[str]]) -> None:
        self.steps.append("clear")
        for key, ids in published.items():
            known = self.documents[key]
            self.documents[key] = Emitted(known.numbers, known.waiting - set(ids))

    async def unsent(self) -> AsyncIterator[Sequence[Outgoing]]:
        if self.waiting:
            yield self.waiting

    async def forget(self, again: Mapping[tuple[str, int], int]) -> None:
        self.steps.append("forget")
        self.documents.clear()
        self.again = again

    async def first(self) -> None:
        self.steps.append("first")

    async def last(self) -> None:
        self.steps.append("last")


@dataclass
class Parts:
    """Everything that the adopter works on."""

    rows: Forgets
    topics: MemoryTopics = field(default_factory=MemoryTopics)
    archive: MemoryArchive = field(default_factory=MemoryArchive)
    publisher: MemoryPublisher = field(default_factory=MemoryPublisher)
    later: bool = False

    async def is_made_later(self) -> bool:
        return self.later

    def compare(self) -> CompareStore:
        """Return a comparison at a fresh start."""
        adopter = BeginAgain(
            OwnEvents(self.rows, self.archive, is_made_later=self.is_made_later),
            self.archive,
            self.topics,
            self.publisher,
            self.rows,
            topics=[TOPIC],
            reads=[DOSSIERS.name],
            first=self.rows.first,
            last=self.rows.last,
        )
        return CompareStore(self.topics, MemoryMarks(own="cluster-1"), adopter, SoleOwner())


async def test_the_archive_is_completed_before_anything_is_forgotten() -> None:
    """What a person asked for goes out first; then all is read again to the noted ends."""
    parts = Parts(Forgets({CODE: Emitted({TOPIC: 1}, frozenset())}, (ANSWER,)))
    await parts.archive.insert([emitted(1)])
    parts.topics.write([emitted(1), emitted(2), Outgoing("d", DOSSIERS.name, CODE, {})])
    compare = parts.compare()
    assert await compare()
    assert compare.adopted == 1
    assert sorted(one for _, one in parts.archive.kept) == ["e-1", "e-2"]
    assert parts.publisher.published == [ANSWER]
    assert parts.rows.steps == ["first", "forget", "last"]
    assert list(parts.rows.again.values()) == [1]


async def test_a_level_store_is_left_alone() -> None:
    """Every start compares."""
    parts = Parts(Forgets({CODE: Emitted({TOPIC: 1}, frozenset())}))
    await parts.archive.insert([emitted(1)])
    parts.topics.write([emitted(1)])
    assert await parts.compare()()
    assert parts.rows.steps == []


async def test_a_document_older_than_the_archive_begins_again() -> None:
    """Collections that were copied one after the other need not be of one moment."""
    parts = Parts(Forgets({CODE: Emitted({TOPIC: 1}, frozenset())}))
    await parts.archive.insert([emitted(1), emitted(2)])
    parts.topics.write([emitted(1), emitted(2)])
    assert await parts.compare()()
    assert parts.rows.steps == ["first", "forget", "last"]


@pytest.mark.parametrize("later", [False, True])
async def test_a_document_that_is_made_later_is_not_lacking(later: bool) -> None:  # noqa: FBT001 -- A case.
    """A notice is made again when its cause is read, perhaps after the next restart."""
    parts = Parts(Forgets(), later=later)
    await parts.archive.insert([emitted(1)])
    parts.topics.write([emitted(1)])
    assert await parts.compare()()
    assert parts.rows.steps == ([] if later else ["first", "forget", "last"])


async def test_what_only_waits_in_an_outbox_was_published() -> None:
    """A crash came between broker and archive: that is finished, and nothing begins again."""
    parts = Parts(Forgets({CODE: Emitted({TOPIC: 1}, frozenset({"e-1"}))}))
    parts.topics.write([emitted(1)])
    assert await parts.compare()()
    assert parts.rows.steps == ["clear"]
    assert list(parts.archive.kept) == [(TOPIC, "e-1")]
    assert not parts.rows.documents[CODE].waiting


async def test_what_a_topic_does_not_take_keeps_everything() -> None:
    """A person's answer is not forgotten; the service waits and names the topic."""
    parts = Parts(Forgets({CODE: Emitted({TOPIC: 1}, frozenset())}, (ANSWER,)))
    await parts.archive.insert([emitted(1)])
    parts.topics.write([emitted(1), emitted(2)])
    parts.publisher.missing = {ANSWER.topic}
    compare = parts.compare()
    assert not await compare()
    assert f"{ANSWER.topic} does not take event answer-1" in (await compare.missing() or "")
    assert parts.rows.steps == []
    parts.publisher.missing = set()
    assert await compare()
    assert parts.rows.steps == ["first", "forget", "last"]
