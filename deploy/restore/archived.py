"""One archived topic: what it has, what the archive has, and what of it is published again."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

import orjson

from shared.events.topics import REFERENCE, Topic
from shared.mongo.archive import MongoArchive
from shared.mongo.client import Mongo
from shared.subjects.document import Outgoing
from shared.subjects.records import Record

BATCH_MAX: Final = 500
DIGEST_BYTES: Final = 12
"""Of each id that a topic has, as much is kept: two in a thousand million million are alike."""

OUTBOXES: Final = {
    "intake": ("subjects",),
    "workflow": ("subjects",),
    "notifications": ("causes", "notices", "answers", "reach"),
}
"""The collections whose documents have an outbox, by service."""

NAMED_MAX: Final = 3


@dataclass(slots=True)
class ArchivedTopic:
    """Compares one topic with the archive of its writer.

    Attributes:
        there: Digests of the ids that the topic has; some 80 bytes of memory each.
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
        ids: list[str] = []
        for record in records:
            event_id = _id_of(record)
            if event_id is None:
                self.unreadable += 1
            elif _digest(event_id) not in self.there:
                ids.append(event_id)
        for start in range(0, len(ids), BATCH_MAX):
            await self._check(ids[start : start + BATCH_MAX])
        self.there.update(map(_digest, ids))

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
            if _digest(out.id) in self.there:
                continue
            batch.append(out)
            if len(batch) >= BATCH_MAX:
                yield batch
                batch = []
        if batch:
            yield batch

    def still(self, batch: Sequence[Outgoing]) -> list[Outgoing]:
        """Return what of a batch the topic lacks by now."""
        return [out for out in batch if _digest(out.id) not in self.there]

    async def _check(self, ids: Sequence[str]) -> None:
        """Note the ids that the store does not know.

        The outboxes are asked before the archive for the second time: an entry is in its
        outbox until it is in the archive.
        """
        archive = MongoArchive(self.mongo)
        left = set(ids) - await archive.known(self.topic.name, ids)
        if left:
            left -= await self._waiting(left)
        if left:
            left -= await archive.known(self.topic.name, left)
        self.unknown_count += len(left)
        self.unknown += sorted(left)[: NAMED_MAX - len(self.unknown)]

    async def _waiting(self, ids: Collection[str]) -> set[str]:
        found: set[str] = set()
        for name in OUTBOXES[self.topic.writer]:
            rows = await self.mongo.collection(name).find(
                {"pending_at": {"$exists": True}, "outbox.id": {"$in": list(ids)}},
                projection={"outbox.id": 1},
            )
            found |= {str(entry["id"]) for row in rows for entry in row["outbox"]}
        return found


def _digest(event_id: str) -> bytes:
    return blake2b(event_id.encode(), digest_size=DIGEST_BYTES).digest()


def _id_of(record: Record) -> str | None:
    try:
        return str(orjson.loads(record.value or b"")["id"])
    except (ValueError, KeyError, TypeError):
        return None
