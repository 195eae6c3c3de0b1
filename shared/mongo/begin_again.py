"""Forgetting what a service can fold again, in MongoDB, and how far it has read it since."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

from shared.mongo.client import Mongo
from shared.subjects.begin_again import Place
from shared.subjects.document import Outgoing

READ_POSITIONS: Final = "read_positions"
"""The collection of stored positions; its row `group` says whether Kafka's are believed."""

AGAIN: Final = "again|"


class MongoForgetting:
    """Implements `Forgetting`: the collections named, and the stored positions."""

    def __init__(self, mongo: Mongo, *, subjects: Sequence[str], marks: Sequence[str]) -> None:
        """Take the names.

        Args:
            mongo: The service's database.
            subjects: Collections of documents with outboxes.
            marks: Collections of what was done about them.
        """
        self._subjects = [mongo.collection(name) for name in subjects]
        self._marks = [mongo.collection(name) for name in marks]
        self._positions = mongo.collection(READ_POSITIONS)
        self._rows = mongo.collection("recovery")

    async def unsent(self) -> AsyncIterator[Sequence[Outgoing]]:
        """Yield what waits in outboxes for inbound topics, document by document."""
        for collection in self._subjects:
            async for row in collection.stream(
                {"outbox.0.id": {"$gt": ""}}, projection={"outbox": 1}
            ):
                entries = [Outgoing(**entry) for entry in row["outbox"]]
                inbound = [out for out in entries if out.topic.startswith("motcua.inbound.")]
                if inbound:
                    yield inbound

    async def forget(self, again: Mapping[Place, int]) -> None:
        """Note the ends, then delete subjects, marks and stored positions."""
        for (topic, partition), end in again.items():
            place = f"{AGAIN}{topic}/{partition}"
            await self._rows.replace(
                {"_id": place, "topic": topic, "partition": partition, "end": end}
            )
        for collection in (*self._subjects, *self._marks, self._positions):
            await collection.delete_many({})
        await self._positions.replace({"_id": "group", "believes_committed": False})

    async def again(self) -> Mapping[Place, int]:
        """Return up to where partitions are read again; nothing where nothing was forgotten."""
        rows = await self._rows.find({"_id": {"$gte": AGAIN, "$lt": f"{AGAIN}~"}})
        return {(str(row["topic"]), int(row["partition"])): int(row["end"]) for row in rows}

    async def is_read(self, place: Place) -> None:
        """Note that a partition has been read again."""
        await self._rows.delete_many({"_id": f"{AGAIN}{place[0]}/{place[1]}"})
