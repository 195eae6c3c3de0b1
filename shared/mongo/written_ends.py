"""Written ends of a service's own topics, in its database."""

from collections.abc import Mapping
from typing import Any, Final

from shared.mongo.client import Mongo
from shared.mongo.collection import GuardedUpdate
from shared.subjects.written_ends import Place, WrittenEnd

COLLECTION: Final = "written_ends"


class MongoWrittenEnds:
    """Implements `shared.subjects.ports.WrittenEndStore`: one small document per partition.

    Stored fields: `_id` (topic/partition), `topic`, `partition`, `next`, `log`, and `found`
    only while records are missing.
    """

    def __init__(self, mongo: Mongo) -> None:
        self._collection = mongo.collection(COLLECTION)

    async def load(self) -> dict[Place, WrittenEnd]:
        """Return what is recorded of each partition."""
        rows = await self._collection.find({})
        return {
            (str(row["topic"]), int(row["partition"])): WrittenEnd(
                int(row["next"]), int(row["log"]), row.get("found")
            )
            for row in rows
        }

    async def save(self, rows: Mapping[Place, WrittenEnd]) -> None:
        """Raise the ends of partitions that were not restored meanwhile."""
        await self._collection.compare_and_set([_raised(*one) for one in rows.items()])

    async def restored(self, ends: Mapping[Place, int]) -> None:
        """Record where restored partitions end now; what was found of them is over."""
        for (topic, partition), end in ends.items():
            await self._collection.update_one(
                {"_id": f"{topic}/{partition}"},
                {
                    "$set": {"topic": topic, "partition": partition, "next": end},
                    "$inc": {"log": 1},
                    "$unset": {"found": ""},
                },
                upsert=True,
            )


def _raised(place: Place, row: WrittenEnd) -> GuardedUpdate:
    topic, partition = place
    update: dict[str, Any] = {
        "$max": {"next": row.next},
        "$set": {"topic": topic, "partition": partition},
    }
    if row.found is not None:
        update["$min"] = {"found": row.found}
    return GuardedUpdate({"_id": f"{topic}/{partition}", "log": row.log}, update)
