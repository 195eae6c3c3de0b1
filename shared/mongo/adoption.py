"""What a store remembers of its cluster and of an adoption, in MongoDB."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from shared.mongo.client import Mongo
from shared.mongo.collection import Collection, GuardedUpdate
from shared.subjects.adoption import Extent, Known, Lack
from shared.subjects.errors import UnavailableError

CLUSTER: Final = "cluster"
PERMISSION: Final = "permission"
FOUND: Final = "found"
ADOPTION: Final = "adoption"
LOG: Final = "log|"

WRITTEN_ENDS: Final = "written_ends"
"""The collection of a writer's own record of where each of its partitions ends."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a service found when it compared its store with its topics.

    Attributes:
        cluster: The id of the cluster that was compared with.
        lacks: What the store lacks; nothing if it is level.
        belongs_to: The cluster that the store knows as its own; None if it knows none.
    """

    cluster: str
    lacks: tuple[Lack, ...]
    belongs_to: str | None


class MongoAdoption:
    """Implements `AdoptionMarks`: the collection `recovery`, and `written_ends` beside it.

    Rows of `recovery`: `cluster`, `permission`, `found`, `adoption` (`owner`, `begun`), and
    `log|<topic>/<partition>` with what the first record of the log is known by.
    """

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._rows = mongo.collection("recovery")
        self._ends = mongo.collection(WRITTEN_ENDS)

    async def cluster(self) -> str | None:
        """Return the id of the cluster that the store belongs to."""
        return await self._id(CLUSTER)

    async def belongs_to(self, cluster: str) -> None:
        """Note the cluster."""
        if await self.cluster() != cluster:
            await self._rows.replace({"_id": CLUSTER, "id": cluster})

    async def permitted(self) -> str | None:
        """Return the id of the cluster whose topics an operator permits to adopt."""
        return await self._id(PERMISSION)

    async def permit(self, cluster: str, *, at: datetime) -> None:
        """Permit to adopt what the topics of a cluster have."""
        await self._rows.replace({"_id": PERMISSION, "id": cluster, "at": at})

    async def found(self, cluster: str, lacks: Sequence[Lack]) -> None:
        """Note what the comparison found."""
        await self._rows.replace(
            {
                "_id": FOUND,
                "id": cluster,
                "lacks": [[one.topic, one.records, one.place] for one in lacks],
            }
        )

    async def finding(self) -> Finding | None:
        """Return what was found last; None if the store was never compared."""
        row = await self._rows.find_one({"_id": FOUND})
        if row is None:
            return None
        lacks = tuple(Lack(*one) for one in row["lacks"])
        return Finding(row["id"], lacks, await self.cluster())

    async def is_begun(self) -> bool:
        """Return whether an adoption has begun and not ended."""
        row = await self._rows.find_one({"_id": ADOPTION})
        return row is not None and bool(row.get("begun"))

    async def hold(self, *, is_ours: Callable[[str], bool]) -> bool:
        """Keep other replicas from adopting; a process that is gone gives way to its heir."""
        me = self._mongo.outbox_owner
        if await self._rows.insert({"_id": ADOPTION, "owner": me, "begun": False}):
            return True
        row = await self._rows.find_one({"_id": ADOPTION})
        if row is None:
            return False  # Released this moment: the next attempt holds it.
        if row["owner"] == me:
            return True
        if not is_ours(row["owner"]):
            return False
        found = await self._rows.update_one(
            {"_id": ADOPTION, "owner": row["owner"]}, {"$set": {"owner": me}}
        )
        return found == 1

    async def begin(self) -> None:
        """Note that an adoption has begun."""
        found = await self._rows.update_one(
            {"_id": ADOPTION, "owner": self._mongo.outbox_owner}, {"$set": {"begun": True}}
        )
        if found != 1:
            raise UnavailableError("another replica has taken the adoption over")

    async def end(self) -> None:
        """Release what `hold` kept; a permission is used up."""
        await self._rows.delete_many({"_id": {"$in": [PERMISSION]}})
        await self._rows.delete_many({"_id": ADOPTION, "owner": self._mongo.outbox_owner})

    async def known(self, topic: str) -> Mapping[int, Known]:
        """Return what the store says of a topic's partitions."""
        ends = await self._of(self._ends, topic, "")
        logs = await self._of(self._rows, topic, LOG)
        return {
            partition: Known(
                ends[partition]["next"] if partition in ends else None,
                logs[partition]["first"] if partition in logs else None,
            )
            for partition in ends.keys() | logs.keys()
        }

    async def level(self, topic: str, extents: Mapping[int, Extent]) -> None:
        """Note that the store has everything that lies before these ends."""
        updates = []
        for partition, extent in extents.items():
            place = f"{topic}/{partition}"
            await self._rows.replace({"_id": f"{LOG}{place}", "first": extent.first})
            update = {
                "$max": {"next": extent.end},
                "$set": {"topic": topic, "partition": partition},
                "$setOnInsert": {"log": 0},
            }
            updates.append(GuardedUpdate({"_id": place}, update))
        await self._ends.compare_and_set(updates)

    async def _of(
        self, collection: Collection, topic: str, before: str
    ) -> dict[int, dict[str, Any]]:
        begin = f"{before}{topic}/"
        rows = await collection.find({"_id": {"$gte": begin, "$lt": f"{begin}:"}})
        return {int(row["_id"].rpartition("/")[2]): row for row in rows}

    async def _id(self, name: str) -> str | None:
        row = await self._rows.find_one({"_id": name})
        return None if row is None else str(row["id"])
