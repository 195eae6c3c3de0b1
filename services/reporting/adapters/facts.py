"""The facts in the store: each a subject's document, read by its indexes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, Self

from typing_extensions import override

from services.reporting.adapters.codec import (
    NEVER,
    FactCodec,
    entry_from_document,
    matter_from_document,
    row_from_document,
)
from services.reporting.adapters.events import moment_to_text
from services.reporting.core.counts import OpenEntry
from services.reporting.core.reported import Reported, reports_of
from services.reporting.core.state import FactState
from services.reporting.ports import Counted, Facts, Listed, OpenQuery
from shared.events.forms import FormCode
from shared.mongo.client import Mongo
from shared.mongo.subjects import MongoSubjects
from shared.reference.units import Units

INDEXES: Final = (
    [("cells", 1)],
    [("open_unit", 1), ("overdue_at", 1)],
    [("open", 1), ("overdue_at", 1)],
    [("awaited_unit", 1)],
    [("reported", 1)],
)
CELLS_MAX: Final = 50
"""How many cells one `$in` names; on the embedded store it slows with the square."""

REPORTS_MAX: Final = 2_000
"""How many reported forms are read at once, the latest first: 65 units for over seven years."""

LISTED: Final = {"counts": 1, "row": 1, "matter": 1}


def facts_name(generation: int) -> str:
    """Name the collection of one generation of facts."""
    return f"facts_{generation}"


class MongoFacts(Facts):
    """The collection of one generation of facts."""

    def __init__(self, subjects: MongoSubjects[FactState], units: Callable[[], Units]) -> None:
        self.subjects = subjects
        self._units = units
        self._collection = subjects.collection

    @classmethod
    def of(cls, mongo: Mongo, generation: int, units: Callable[[], Units] = Units) -> Self:
        """Return the facts of one generation."""
        name = facts_name(generation)
        return cls(MongoSubjects(mongo, name, FactCodec(units), indexes=INDEXES), units)

    @override
    async def get(self, subject: str) -> FactState | None:
        document = (await self.subjects.load([subject])).get(subject)
        return None if document is None else document.state

    @override
    async def counted(self, cells: Collection[str]) -> list[Counted]:
        wanted = frozenset(cells)
        found: list[Counted] = []
        for part in _parts(sorted(wanted)):
            rows = await self._collection.find(
                {"cells": {"$in": part}}, projection={"counts": 1}
            )
            named = frozenset(part)
            for row in rows:
                found.extend(one for one in _counts(row) if one.cell in named)
        return found

    @override
    async def listed(self, cells: Collection[str]) -> list[Listed]:
        found: dict[str, Listed] = {}
        for part in _parts(sorted(cells)):
            rows = await self._collection.find({"cells": {"$in": part}}, projection=LISTED)
            found.update((row["_id"], _listed(row)) for row in rows)
        return list(found.values())

    @override
    async def open_entries(self, units: Collection[str]) -> Mapping[str, list[OpenEntry]]:
        rows = await self._collection.find(
            {"open_unit": {"$in": sorted(units)}},
            projection={"open_unit": 1, "standing": 1},
        )
        found: dict[str, list[OpenEntry]] = {}
        for row in rows:
            entry = entry_from_document(row["standing"])
            found.setdefault(row["open_unit"], []).append(entry)
        return found

    @override
    async def awaited_rows(self, units: frozenset[str] | None) -> list[Listed]:
        wanted = {"$gt": ""} if units is None else {"$in": sorted(units)}
        rows = await self._collection.find({"awaited_unit": wanted}, projection=LISTED)
        return [_listed(row) for row in rows]

    @override
    async def reported(self, form: FormCode, units: frozenset[str] | None) -> list[Reported]:
        known = self._units()
        codes = sorted(code for unit in units or () for code in known.names(unit))
        # "~" comes after every digit: the range holds all units of the form.
        span = {"$gte": f"{form}|", "$lt": f"{form}|~"}
        named = {"$in": [f"{form}|{code}" for code in codes]}
        rows = await self._collection.find(
            {"reported": span if units is None else named},
            sort=[("reported_to", -1)],
            limit=REPORTS_MAX,
            projection={"_id": 1},
        )
        documents = await self.subjects.load([row["_id"] for row in rows])
        histories = (
            (name, document.state.own)
            for name, document in documents.items()
            if document.state is not None
        )
        return reports_of(histories, known.current)

    @override
    async def open_rows(
        self, query: OpenQuery, *, skip: int = 0, limit: int = 0
    ) -> list[Listed]:
        rows = await self._collection.find(
            _open_filter(query),
            sort=[("overdue_at", 1)],
            skip=skip,
            limit=limit,
            projection=LISTED,
        )
        return [_listed(row) for row in rows]


def _open_filter(query: OpenQuery) -> dict[str, Any]:
    units = query.units
    if units is None:
        wanted: dict[str, Any] = {"open": True}
    else:
        wanted = {"open_unit": next(iter(units)) if len(units) == 1 else {"$in": sorted(units)}}
    since = "" if query.since is None else moment_to_text(query.since)
    wanted["overdue_at"] = {"$gte": since}
    if query.before is not None:
        wanted["overdue_at"]["$lt"] = moment_to_text(query.before)
    if query.never:
        wanted["overdue_at"] = NEVER
    wanted |= _clock_filter(query)
    if query.waiting is not None:
        wanted["standing.w"] = query.waiting
    if query.dated is not None:
        wanted["standing.d"] = query.dated
    if query.field is not None:
        wanted["standing.f"] = query.field
    return wanted


def _clock_filter(query: OpenQuery) -> dict[str, Any]:
    """Ask by the moments after which the statute and the index find a dossier late."""
    wanted: dict[str, Any] = {}
    for name, before in (("l", query.late_before), ("x", query.index_late_before)):
        if before is not None:
            wanted[f"standing.{name}"] = {"$lt": moment_to_text(before)}
    for name, at_least in (("l", query.late_since), ("x", query.index_late_since)):
        if at_least is not None:
            within = {"$gte": moment_to_text(at_least)}
            # One question asks by one clock alone, so there is one "$or" at most.
            wanted["$or"] = [{f"standing.{name}": None}, {f"standing.{name}": within}]
    return wanted


def _counts(row: dict[str, Any]) -> tuple[Counted, ...]:
    return tuple(Counted(one["c"], one["f"], one["a"]) for one in row.get("counts", ()))


def _listed(row: dict[str, Any]) -> Listed:
    dossier, matter = row.get("row"), row.get("matter")
    return Listed(
        subject=row["_id"],
        counts=_counts(row),
        row=None if dossier is None else row_from_document(dossier),
        matter=None if matter is None else matter_from_document(matter),
    )


def _parts(names: Sequence[str]) -> list[list[str]]:
    return [list(names[start : start + CELLS_MAX]) for start in range(0, len(names), CELLS_MAX)]
