"""Everything a service published, kept for replay."""

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any

from shared.mongo.client import Mongo
from shared.subjects.document import Outgoing


class MongoArchive:
    """The `archive` collection; its `_id` is topic and event id, so a repeat changes nothing.

    Topics whose names begin with one of `never` are not kept: contacts, since what must be
    erasable is not copied, and rejections, which are no part of what is replayed.
    """

    def __init__(self, mongo: Mongo, *, never: Collection[str] = ()) -> None:
        self._collection = mongo.collection("archive")
        self._never = tuple(never)

    async def prepare(self) -> None:
        """Create the indexes that replay reads by."""
        await self._collection.create_index([("topic", 1), ("key", 1), ("sequence", 1)])
        await self._collection.create_index([("topic", 1), ("sequence", 1)])

    async def insert(self, outgoing: Sequence[Outgoing]) -> None:
        """Keep what was published."""
        await self._collection.insert_new(
            [
                {
                    "_id": f"{out.topic}|{out.id}",
                    "topic": out.topic,
                    "key": out.key,
                    "sequence": int(out.value.get("sequence") or 0),
                    "event": out.value,
                }
                for out in outgoing
                if out.value is not None and not out.topic.startswith(self._never)
            ]
        )

    async def find(self, topic: str, event_id: str) -> dict[str, Any] | None:
        """Return one published event in its stored form, or None."""
        row = await self._collection.find_one({"_id": f"{topic}|{event_id}"})
        return None if row is None else row["event"]

    async def known(self, topic: str, event_ids: Collection[str]) -> frozenset[str]:
        """Return which of these events were published on `topic`."""
        keys = [f"{topic}|{event_id}" for event_id in event_ids]
        rows = await self._collection.find({"_id": {"$in": keys}}, projection={"_id": 1})
        return frozenset(str(row["_id"]).split("|", 1)[1] for row in rows)

    async def keys(self, topic: str, prefix: str) -> frozenset[str]:
        """Return the keys with a prefix under which something was published on `topic`."""
        rows = await self._collection.find(
            {"topic": topic, "key": {"$gte": prefix, "$lt": f"{prefix}~"}},
            projection={"key": 1},
        )
        return frozenset(row["key"] for row in rows)

    async def read(
        self, topic: str, *, numbered_as_one: bool = False
    ) -> AsyncIterator[Outgoing]:
        """Yield everything published on `topic`, each key's events in their order.

        A topic that is `numbered_as_one` (reference) comes in the order of its one sequence.
        """
        keyed = [("topic", 1), ("key", 1), ("sequence", 1)]
        rows = self._collection.stream(
            {"topic": topic}, sort=[("topic", 1), ("sequence", 1)] if numbered_as_one else keyed
        )
        async for row in rows:
            yield Outgoing(
                id=str(row["_id"]).split("|", 1)[1],
                topic=topic,
                key=row["key"],
                value=row["event"],
            )
