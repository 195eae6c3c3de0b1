"""One archived topic: what it has, what the archive has, and what of it is published again."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, TypeAlias

import orjson

from shared.events.topics import REFERENCE, Topic
from shared.mongo.archive import MongoArchive
from shared.mongo.client import Mongo
from shared.subjects.document import Outgoing
from shared.subjects.records import Record

BATCH_MAX: Final = 500
DIGEST_BYTES: Final = 12
"""Of each event that a topic has, this much is kept."""

OUTBOXES: Final = {
    "intake": ("subjects",),
    "workflow": ("subjects",),
    "notifications": ("causes", "notices", "answers", "reach"),
}
"""The collections whose documents have an outbox, by service."""

NAMED_MAX: Final = 3

Name: TypeAlias = tuple[str, str]
"""What makes an event one: its source and its id."""


@dataclass(slots=True)
class ArchivedTopic:
    """Compares one topic with the archive of its writer.

    Attributes:
        there: Digests of the events that the topic has; some 80 bytes of memory each.
        unknown: Ids on the topic that are neither in the archive nor in an outbox, the first
            few of them.
        unknown_count: How many there are.
        unreadable: How many records are no events.
    """

    topic: Topic
    mongo: Mongo
    there: set[bytes] = field(default_factory=set)
    unknown: list[str] = field(default_factory=list)
    unknown_count: int = 0
    unreadable: int = 0

    async def take(self, records: Sequence[Record]) -> None:
        """Note what the topic has.

        Raises:
            UnavailableError: the store does not answer.
        """
        names: list[Name] = []
        for record in records:
            name = _name_on(record)
            if name is None:
                self.unreadable += 1
            elif _digest(name) not in self.there:
                names.append(name)
        for start in range(0, len(names), BATCH_MAX):
            await self._check(names[start : start + BATCH_MAX])
        self.there.update(map(_digest, names))

    async def lacking(self) -> AsyncIterator[list[Outgoing]]:
        """Yield in batches what the archive has and the topic lacked when it was last read.

        Each key's events come in their order; reference in the order of its one sequence. The
        caller reads the topic to its end once more before it publishes a batch (`still`): what
        a service has published and archived meanwhile is then known.
        """
        batch: list[Outgoing] = []
        archive = MongoArchive(self.mongo)
        as_one = self.topic == REFERENCE
        async for out in archive.read(self.topic.name, numbered_as_one=as_one):
            if _digest(_name_of(out)) in self.there:
                continue
            batch.append(out)
            if len(batch) >= BATCH_MAX:
                yield batch
                batch = []
        if batch:
            yield batch

    def still(self, batch: Sequence[Outgoing]) -> list[Outgoing]:
        """Return what of a batch the topic lacks by now."""
        return [out for out in batch if _digest(_name_of(out)) not in self.there]

    async def _check(self, names: Sequence[Name]) -> None:
        """Note the events that the store does not know.

        The outboxes are asked before the archive for the second time: an entry is in its
        outbox until it is in the archive.
        """
        archive = MongoArchive(self.mongo)
        left = list(names)
        for ask in (self._archived_of, self._waiting, self._archived_of):
            if left:
                known = await ask(archive, _stored_ids(left))
                left = [name for name in left if known.isdisjoint(_stored_ids([name]))]
        self.unknown_count += len(left)
        self.unknown += [name[1] for name in left][: NAMED_MAX - len(self.unknown)]

    async def _archived_of(self, archive: MongoArchive, ids: Collection[str]) -> frozenset[str]:
        return await archive.known(self.topic.name, ids)

    async def _waiting(self, _archive: MongoArchive, ids: Collection[str]) -> frozenset[str]:
        found: set[str] = set()
        for name in OUTBOXES[self.topic.writer]:
            rows = await self.mongo.collection(name).find(
                {"pending_at": {"$exists": True}, "outbox.id": {"$in": list(ids)}},
                projection={"outbox.id": 1},
            )
            found |= {str(entry["id"]) for row in rows for entry in row["outbox"]}
        return frozenset(found)


def _stored_ids(names: Sequence[Name]) -> list[str]:
    """Return the ids that a store may keep these events under: intake's has the source too."""
    return [
        stored for source, event_id in names for stored in (event_id, f"{source}#{event_id}")
    ]


def _digest(name: Name) -> bytes:
    return blake2b("#".join(name).encode(), digest_size=DIGEST_BYTES).digest()


def _name_of(out: Outgoing) -> Name:
    assert out.value is not None, "only events are archived"
    return str(out.value["source"]), str(out.value["id"])


def _name_on(record: Record) -> Name | None:
    try:
        event = orjson.loads(record.value or b"")
        return str(event["source"]), str(event["id"])
    except (ValueError, KeyError, TypeError):
        return None
