"""The roll-ups in the store: a document per unit and month, one per unit for what is open."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from typing_extensions import override

from services.reporting.adapters.codec import entry_from_document, entry_to_document
from services.reporting.core.rollups import Month, MonthTotal, OpenRoll
from services.reporting.ports import RollRead, Rolls
from shared.mongo.client import Mongo
from shared.mongo.collection import Collection as Stored
from shared.mongo.collection import GuardedUpdate, StoredDocument

MARK_SEPARATOR: Final = "#"
NAMES_MAX: Final = 200


class MongoRolls(Rolls):
    """The roll-ups of one generation; `maker` names this process, for the marks it makes."""

    def __init__(self, mongo: Mongo, *, generation: int, maker: str) -> None:
        self._mongo = mongo
        self._months = mongo.collection(f"months_{generation}")
        self._open = mongo.collection(f"open_{generation}")
        self._marks = mongo.collection(f"marks_{generation}")
        self._maker = maker
        self._made = 0

    async def prepare(self) -> None:
        """Create the indexes, before data comes."""
        await self._months.create_index([("unit", 1), ("month", 1)])
        await self._months.create_index([("month", 1)])
        if await self._mongo.is_embedded():
            for collection in (self._months, self._open):
                await collection.create_index([("_id", 1), ("version", 1)])

    @override
    async def mark(self, cells: Iterable[str]) -> None:
        # Each call makes marks of its own: one made while a cell is being counted must outlive
        # the marks that were there when the counting began.
        self._made += 1
        tail = f"{MARK_SEPARATOR}{self._maker}-{self._made}"
        await self._marks.insert_new([{"_id": cell + tail} for cell in sorted(set(cells))])

    @override
    async def marks(self, limit: int) -> list[tuple[str, str]]:
        rows = await self._marks.find({"_id": {"$gt": ""}}, sort=[("_id", 1)], limit=limit)
        return [(row["_id"], row["_id"].partition(MARK_SEPARATOR)[0]) for row in rows]

    @override
    async def unmark(self, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), NAMES_MAX):
            await self._marks.delete_many(
                {"_id": {"$in": list(ids[start : start + NAMES_MAX])}}
            )

    @override
    async def months(self, names: Collection[str]) -> dict[str, Month]:
        wanted = sorted(names)
        found: dict[str, Month] = {}
        for start in range(0, len(wanted), NAMES_MAX):
            rows = await self._months.find({"_id": {"$in": wanted[start : start + NAMES_MAX]}})
            found.update((row["_id"], month_from_document(row)) for row in rows)
        return found

    @override
    async def save_months(self, months: Sequence[Month]) -> frozenset[str]:
        return await _save(
            self._months,
            [(month.name, month.version, month_to_document(month)) for month in months],
        )

    @override
    async def open_rolls(self, units: Collection[str]) -> dict[str, OpenRoll]:
        rows = await self._open.find({"_id": {"$in": sorted(units)}})
        return {row["_id"]: _open_from_document(row) for row in rows}

    @override
    async def save_open_rolls(self, rolls: Sequence[OpenRoll]) -> frozenset[str]:
        return await _save(
            self._open,
            [(roll.unit, roll.version, {"entries": _entries(roll)}) for roll in rolls],
        )

    @override
    async def read(
        self, units: frozenset[str] | None, *, until: date, by_day: Collection[date]
    ) -> RollRead:
        scope: dict[str, Any] = {} if units is None else {"unit": {"$in": sorted(units)}}
        totals = await self._months.find(
            scope | {"month": {"$lte": _month(until)}},
            projection={"unit": 1, "month": 1, "total": 1},
        )
        days: list[StoredDocument] = []
        if by_day:
            named = sorted(_month(day) for day in by_day)
            days = await self._months.find(scope | {"month": {"$in": named}})
        rolls = await self._open.find({} if units is None else {"_id": {"$in": sorted(units)}})
        return RollRead(
            totals=[
                MonthTotal(row["unit"], _first(row["month"]), row["total"]) for row in totals
            ],
            months={
                (row["unit"], _first(row["month"])): month_from_document(row) for row in days
            },
            open={row["_id"]: _open_from_document(row) for row in rolls},
        )


async def _save(
    collection: Stored, documents: Sequence[tuple[str, int, Mapping[str, Any]]]
) -> frozenset[str]:
    """Write documents whose version is still the one read, in one bulk; name the others."""
    updates = [
        GuardedUpdate(
            {"_id": name, "version": version}, {"$set": {**fields, "version": version + 1}}
        )
        for name, version, fields in documents
    ]
    losers = await collection.compare_and_set(updates)
    return frozenset(documents[index][0] for index in losers)


def _entries(roll: OpenRoll) -> list[dict[str, Any]]:
    return [entry_to_document(entry) | {"n": number} for entry, number in roll.entries]


def _month(day: date) -> str:
    return f"{day:%Y-%m}"


def _first(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def month_to_document(month: Month) -> dict[str, Any]:
    """Write a unit's month, with its total beside its days."""
    return {
        "unit": month.unit,
        "month": _month(month.first),
        "days": {str(day): by_field for day, by_field in month.days.items()},
        "total": month.total(),
    }


def month_from_document(row: Mapping[str, Any]) -> Month:
    """Read a unit's month."""
    return Month(
        unit=row["unit"],
        first=_first(row["month"]),
        version=row["version"],
        days={int(day): by_field for day, by_field in row["days"].items()},
    )


def _open_from_document(row: Mapping[str, Any]) -> OpenRoll:
    return OpenRoll(
        unit=row["_id"],
        version=row["version"],
        entries=[(entry_from_document(one), one["n"]) for one in row["entries"]],
    )
