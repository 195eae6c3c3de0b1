"""Finding subjects in the store, by the fields that the codec indexes."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import aclosing
from datetime import date, datetime, timedelta
from typing import Final

from services.workflow.core.codec import OPEN_END
from services.workflow.core.incident import Hanging, Incident
from services.workflow.core.kinds.registry import KINDS
from services.workflow.core.model import Subject
from services.workflow.core.stored import stamp, unstamp
from services.workflow.ports import OpenQuery, Shards
from shared.events.topics import PARTITIONS
from shared.mongo.client import Mongo
from shared.mongo.collection import Order
from shared.mongo.subjects import MongoSubjects

INDEXES: Final[Sequence[Order]] = (
    [("next_at", 1)],
    [("law", 1)],
    [("open", 1)],
    [("ends", 1), ("_id", 1)],
    [("unit", 1), ("ends", 1), ("_id", 1)],
    [("roles", 1), ("ends", 1), ("_id", 1)],
    [("undated", 1)],
    [("gathering_since", 1)],
    [("hangs_on", 1)],
)

WINDOWS: Final = (*(timedelta(hours=hours) for hours in (0, 1, 24, 240)), None)
"""How far ahead the next moment is looked for, one after the other; at last without an end."""

HANGING_READ_MAX: Final = 20_000
"""How many subjects that hang on incidents one look reads; the next look finds the rest."""

STREAMED: Final = 200
"""How many subjects come from the store at once when all are looked at."""

OPEN_READ_MAX: Final = 2_000
"""How many open subjects one question may read."""


class MongoObligationIndex:
    """Implements `ObligationIndex` on the subjects' collection."""

    def __init__(self, subjects: MongoSubjects[Subject]) -> None:
        self._subjects = subjects
        self._collection = subjects.collection

    async def due(self, shards: Shards, *, before: datetime, limit: int) -> Sequence[str]:
        """Return the subjects whose next moment lies before `before`, oldest first."""
        return await self._of(shards, "next_at", stamp(before), limit)

    async def behind(self, shards: Shards, *, law: int, limit: int) -> Sequence[str]:
        """Return subjects that still owe something and were counted under an older law."""
        return await self._of(shards, "law", law, limit)

    async def _of(self, shards: Shards, field: str, below: int, limit: int) -> list[str]:
        """Return subjects of some shards by a range of one indexed field, in its order.

        The shard is looked at here: a question about a second field would make the embedded
        engine scan everything that is open. And the range begins somewhere: else it would walk
        through everything that lacks the field, which is all that has ended.
        """
        held = frozenset(shards)
        asked = limit * PARTITIONS // max(1, len(held))
        while True:
            rows = await self._collection.find(
                {field: {"$gte": 0, "$lt": below}},
                sort=[(field, 1)],
                limit=asked,
                projection={"_id": 1, "shard": 1},
            )
            mine = [str(row["_id"]) for row in rows if row["shard"] in held]
            if len(mine) >= limit or len(rows) < asked:
                return mine[:limit]
            asked *= 4

    async def earliest(self, *, now: datetime) -> datetime | None:
        """Return the first moment at which time alone will change something.

        Looked for in windows that widen: the embedded engine reads a whole range before it
        gives its first row, and nearly always something is due soon.
        """
        for window in WINDOWS:
            moments: dict[str, int] = {"$gt": 0}
            if window is not None:
                moments["$lt"] = stamp(now + window)
            rows = await self._collection.find(
                {"next_at": moments},
                sort=[("next_at", 1)],
                limit=1,
                projection={"next_at": 1},
            )
            if rows:
                return unstamp(int(rows[0]["next_at"]))
        return None

    async def open_by_kind(self) -> Mapping[str, int]:
        """Return how many subjects owe something, by kind."""
        return {kind: await self._collection.count({"open": kind}) for kind in KINDS}

    async def undated(self) -> int:
        """Return how many subjects have no date because the calendar ends too early."""
        return await self._collection.count({"undated": True})

    async def without_date(
        self, units: Collection[str] | None, *, limit: int
    ) -> Sequence[Subject]:
        """Return what owes something past the published calendar, by subject."""
        query: dict[str, object] = {"undated": True}
        if units is not None:
            query["unit"] = {"$in": sorted(units)}
        rows = await self._collection.find(
            query, sort=[("_id", 1)], limit=min(limit, OPEN_READ_MAX)
        )
        states = [self._subjects.read(row).state for row in rows]
        return [state for state in states if state is not None]

    async def every_open(self) -> AsyncIterator[Subject]:
        """Yield every subject that still owes something: those alone are in this index."""
        rows = self._collection.stream({"law": {"$gte": 0}}, batch_size=STREAMED)
        async for row in rows:
            state = self._subjects.read(row).state
            if state is not None:
                yield state

    async def read(self, subject: str) -> Subject | None:
        """Return one subject."""
        found = await self._subjects.load([subject])
        return found[subject].state if subject in found else None

    async def read_all(self, subjects: Collection[str]) -> Sequence[Subject]:
        """Return these subjects, those that there are, in their order."""
        found = await self._subjects.load(subjects)
        states = [found[name].state for name in sorted(found)]
        return [state for state in states if state is not None]

    async def still_open(
        self, wanted: OpenQuery, *, skip: int = 0, limit: int
    ) -> Sequence[Subject]:
        """Return what still owes something, what ends first at the top, undated ones last."""
        rows = await self._collection.find(
            _open(wanted),
            sort=[("ends", 1), ("_id", 1)],
            skip=skip,
            limit=min(limit, OPEN_READ_MAX),
            projection={"_id": 1},  # The index has all of it: no document is read in vain.
        )
        found = await self._subjects.load([str(row["_id"]) for row in rows])
        states = [found[row["_id"]].state for row in rows if row["_id"] in found]
        return [state for state in states if state is not None]

    async def count_open(self, wanted: OpenQuery) -> int:
        """Return how many subjects still owe something."""
        return await self._collection.count(_open(wanted))


def _open(wanted: OpenQuery) -> dict[str, object]:
    ends: dict[str, int] = {"$gt": 0}
    if wanted.before is not None:
        ends["$lt"] = stamp(wanted.before)
    elif wanted.dated is True:
        ends["$lt"] = OPEN_END
    query: dict[str, object] = {"ends": OPEN_END if wanted.dated is False else ends}
    if wanted.units is not None:
        query["unit"] = _one_of(wanted.units)
    if wanted.roles is not None:
        query["roles"] = _one_of(wanted.roles)
    return query


def _one_of(values: Collection[str]) -> object:
    """Return a condition; equality lets an index give the order as well."""
    return next(iter(values)) if len(values) == 1 else {"$in": sorted(values)}


class MongoIncidents:
    """Implements `IncidentIndex` on the same collection, so that nothing else can differ."""

    def __init__(self, subjects: MongoSubjects[Subject]) -> None:
        self._collection = subjects.collection

    async def active(self) -> Sequence[tuple[str, Incident]]:
        """Return the incidents that are there now, each after its matter."""
        rows = await self._collection.find(
            {"gathering_since": {"$gt": 0}}, projection={"incidents": 1}
        )
        return [
            (str(row["_id"]), Incident(name, unit, system, unstamp(since), any(common)))
            for row in rows
            for name, unit, system, since, *common in row["incidents"]
        ]

    async def hanging(self, incidents: Collection[str]) -> Mapping[str, Sequence[Hanging]]:
        """Return what hangs on each of some incidents."""
        rows = await self._collection.find(
            {"hangs_on": {"$in": sorted(incidents)}},
            limit=HANGING_READ_MAX,
            projection={"hangs": 1},
        )
        found: dict[str, list[Hanging]] = {name: [] for name in incidents}
        for row in rows:
            for name, obligation, role in row["hangs"]:
                if name in found:
                    found[name].append(Hanging(str(row["_id"]), obligation, role))
        return found

    async def hanging_elsewhere(
        self, shards: Shards, *, than: Collection[str], limit: int
    ) -> Sequence[str]:
        """Return the subjects in which something hangs on another incident than these."""
        held, known = frozenset(shards), frozenset(than)
        # As in `_of`, the shard is looked at here. Without a limit: what hangs on an incident
        # that goes on would fill it, and hide the rest.
        rows = self._collection.stream(
            {"hangs_on": {"$gt": ""}}, projection={"hangs_on": 1, "shard": 1}
        )
        found: list[str] = []
        async with aclosing(rows):
            async for row in rows:
                if row["shard"] in held and not known.issuperset(row["hangs_on"]):
                    found.append(str(row["_id"]))
                    if len(found) == limit:
                        break
        return found


class MongoCalendarMarks:
    """Implements `CalendarMarks`: one small document for each shard."""

    def __init__(self, mongo: Mongo, collection: str = "calendar_marks") -> None:
        self._collection = mongo.collection(collection)

    async def opened_through(self, shards: Shards) -> Mapping[int, date]:
        """Return through which day each shard's subjects were opened."""
        rows = await self._collection.find({"_id": {"$in": sorted(shards)}})
        return {int(row["_id"]): date.fromisoformat(row["through"]) for row in rows}

    async def set_opened_through(self, shards: Shards, day: date) -> None:
        """Remember a day; an earlier one never replaces a later one."""
        known = await self.opened_through(shards)
        for shard in shards:
            if shard not in known or known[shard] < day:
                await self._collection.replace({"_id": shard, "through": day.isoformat()})
