"""Stored positions of a service's group, in the collection `read_positions`.

One small document for each partition: `_id` "topic/partition", `next`, `last`, `holder`,
`halted`. The document `_id` "group" says whether the store is older than this record.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from shared.mongo.client import Mongo
from shared.mongo.collection import GuardedUpdate
from shared.subjects.errors import UnavailableError
from shared.subjects.read_positions import LastRecord, Loss, Place, StoredPosition

COLLECTION: Final = "read_positions"
GROUP: Final = "group"
PARTITIONS_MAX: Final = 10_000


class MongoReadPositions:
    """Implements `ReadPositions`.

    `filled` names the collections that a store which has ever read something has filled.
    """

    def __init__(self, mongo: Mongo, *, filled: Sequence[str] = ("subjects",)) -> None:
        self._collection = mongo.collection(COLLECTION)
        self._filled = [mongo.collection(name) for name in filled]
        self._believes: bool | None = None

    async def prepare(self) -> None:
        """Note once whether the store is older than stored positions."""
        if await self._collection.find_one({"_id": GROUP}) is None:
            found = [await one.find_one({}, projection={"_id": 1}) for one in self._filled]
            older = any(one is not None for one in found)
            await self._collection.insert({"_id": GROUP, "believes_committed": older})

    async def believes_committed(self) -> bool:
        """Return what `prepare` noted; without a note nothing is believed."""
        if self._believes is None:
            row = await self._collection.find_one({"_id": GROUP})
            self._believes = row is not None and bool(row["believes_committed"])
        return self._believes

    async def claim(
        self, places: Collection[Place], *, holder: str
    ) -> Mapping[Place, StoredPosition]:
        """Write the holder first, then read: nothing that an earlier one saves comes after."""
        ids = {_id(place): place for place in places}
        await self._write(
            [
                GuardedUpdate(
                    {"_id": one},
                    {"$set": {"holder": holder, "topic": topic, "partition": partition}},
                )
                for one, (topic, partition) in ids.items()
            ]
        )
        rows = await self._collection.find({"_id": {"$in": list(ids)}}, limit=PARTITIONS_MAX)
        if any(row["holder"] != holder for row in rows):
            raise UnavailableError("another member of the group took a partition just now")
        return {ids[row["_id"]]: _position(row) for row in rows if row.get("next") is not None}

    async def save(self, positions: Mapping[Place, StoredPosition], *, holder: str) -> None:
        """Write positions where the holder is still the same."""
        await self._write(
            [
                GuardedUpdate(
                    {"_id": _id(place), "holder": holder},
                    {"$set": {"next": one.next_offset, "last": _last(one), "halted": None}},
                    upsert=False,
                )
                for place, one in positions.items()
            ]
        )

    async def halt(self, losses: Sequence[Loss], *, holder: str) -> None:
        """Write what was lost, where the holder is still the same."""
        await self._write(
            [
                GuardedUpdate(
                    {"_id": _id(loss.place), "holder": holder},
                    {
                        "$set": {
                            "next": loss.first_offset,
                            "halted": {
                                "end": loss.end_offset,
                                "since_ms": loss.since_ms,
                                "until_ms": loss.until_ms,
                            },
                        }
                    },
                    upsert=False,
                )
                for loss in losses
            ]
        )

    async def halted(self) -> Sequence[Loss]:
        """Read what is halted, in the order of topics and partitions."""
        rows = await self._collection.find(
            {"halted.end": {"$gt": 0}},
            sort=[("topic", 1), ("partition", 1)],
            limit=PARTITIONS_MAX,
        )
        return [
            Loss(
                row["topic"],
                int(row["partition"]),
                int(row["next"]),
                int(row["halted"]["end"]),
                row["halted"]["since_ms"],
                int(row["halted"]["until_ms"]),
            )
            for row in rows
        ]

    async def pass_over(self, loss: Loss) -> bool:
        """Set the position to the end of the loss if both are as given."""
        matched = await self._collection.update_one(
            {
                "_id": _id(loss.place),
                "next": loss.first_offset,
                "halted.end": loss.end_offset,
            },
            {"$set": {"next": loss.end_offset, "last": None, "halted": None}},
        )
        return matched == 1

    async def pass_over_restored(self, topics: Collection[str]) -> int:
        """Pass over what was lost of topics whose records have been published again.

        Whoever restores a topic calls this for the store of each of its readers. Return how
        many partitions go on.
        """
        losses = [loss for loss in await self.halted() if loss.topic in topics]
        return sum([await self.pass_over(loss) for loss in losses])

    async def _write(self, updates: Sequence[GuardedUpdate]) -> None:
        if await self._collection.compare_and_set(updates):
            raise UnavailableError("the store did not answer how far we have read")


def _id(place: Place) -> str:
    return f"{place[0]}/{place[1]}"


def _last(position: StoredPosition) -> dict[str, Any] | None:
    last = position.last
    if last is None:
        return None
    return {"offset": last.offset, "timestamp_ms": last.timestamp_ms, "digest": last.digest}


def _position(row: Mapping[str, Any]) -> StoredPosition:
    last = row.get("last")
    return StoredPosition(
        int(row["next"]),
        None
        if last is None
        else LastRecord(int(last["offset"]), int(last["timestamp_ms"]), last["digest"]),
    )
