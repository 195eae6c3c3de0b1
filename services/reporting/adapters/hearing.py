"""Which units were heard from: a document per unit and day, and the last time per unit."""

from collections.abc import Mapping
from datetime import date, datetime

from typing_extensions import override

from services.reporting.adapters.events import moment_from_text, moment_to_text
from services.reporting.core.clocks import local_day
from services.reporting.ports import Hearing
from shared.events.units import Current, as_they_are
from shared.mongo.client import Mongo
from shared.mongo.collection import GuardedUpdate
from shared.subjects.errors import UnavailableError


class MongoHearing(Hearing):
    """The `heard` collection of one generation; units are given by their codes of now."""

    def __init__(
        self, mongo: Mongo, *, generation: int, current: Current = as_they_are
    ) -> None:
        self._current = current
        self._collection = mongo.collection(f"heard_{generation}")
        self._known: dict[str, str] = {}

    @override
    async def heard(self, moments: Mapping[str, datetime]) -> None:
        updates: dict[str, str] = {}
        for unit, moment in moments.items():
            text = moment_to_text(moment)
            for name in (f"day|{local_day(moment).isoformat()}|{unit}", f"last|{unit}"):
                if self._known.get(name) != text[: _PRECISION[name[:4]]]:
                    updates[name] = text
        lost = await self._collection.compare_and_set(
            [
                GuardedUpdate({"_id": name}, {"$max": {"last": text}})
                for name, text in updates.items()
            ]
        )
        if lost:
            raise UnavailableError("the store did not say whether it noted who was heard")
        for name, text in updates.items():
            self._known[name] = text[: _PRECISION[name[:4]]]
        if len(self._known) > _KNOWN_MAX:
            self._known.clear()

    @override
    async def on(self, day: date) -> frozenset[str]:
        start = f"day|{day.isoformat()}|"
        rows = await self._collection.find({"_id": {"$gte": start, "$lt": start + "~"}})
        return frozenset(self._current(row["_id"].rpartition("|")[2]) for row in rows)

    @override
    async def last(self) -> dict[str, datetime]:
        rows = await self._collection.find({"_id": {"$gte": "last|", "$lt": "last|~"}})
        found: dict[str, datetime] = {}
        for row in rows:
            unit, last = self._current(row["_id"].partition("|")[2]), row["last"]
            found[unit] = max(found.get(unit, moment_from_text(last)), moment_from_text(last))
        return found


_PRECISION = {"day|": 0, "last": len("2026-11-23T09:12")}
"""A day is noted once, a last time once a minute: both are asked for no more exactly."""

_KNOWN_MAX = 10_000
