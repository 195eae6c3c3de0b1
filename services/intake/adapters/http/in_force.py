"""What is in force of the law's arithmetic: the calendar, and each procedure's limits."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from services.intake.adapters.http.catalogue import KNOWN
from services.intake.adapters.http.door import Door, json_response
from shared.reference.rules import RuleRow, limit_data
from shared.reference.view import Reference


def in_force_router(door: Door) -> APIRouter:
    """Build the routes; whoever has a key may ask."""
    router = APIRouter(prefix="/v1", tags=["catalogue"])

    @router.get(
        "/calendar",
        summary="The days that differ from the published rule, and how far it is published",
        description="A day of no unit counts for every limit; one of a unit, for its opening.",
        dependencies=[KNOWN],
    )
    async def calendar() -> Response:
        view = await door.ask(door.receive.references.refresh)
        return json_response(calendar_document(view))

    @router.get(
        "/limits",
        summary="How long each procedure may take: every rule row, ended ones included",
        dependencies=[KNOWN],
    )
    async def limits() -> Response:
        view = await door.ask(door.receive.references.refresh)
        return json_response(limits_document(view))

    return router


def calendar_document(view: Reference) -> dict[str, Any]:
    """Return the rows that hold, by day and unit, and the span that is published."""
    published = view.calendars.published
    rows = sorted(view.calendars.rows.values(), key=lambda row: (row.day, row.unit or ""))
    return {
        "referenceversion": view.version,
        "published": published
        and {"first": published[0].isoformat(), "last": published[1].isoformat()},
        "days": [row.model_dump(mode="json", exclude_none=True) for row in rows],
    }


def limits_document(view: Reference) -> dict[str, Any]:
    """Return the newest version of each rule row, by procedure and validity."""
    rows = sorted(
        (row for each in view.rules.by_procedure.values() for row in each),
        key=lambda row: (row.procedure, row.valid_from, row.rule),
    )
    return {"referenceversion": view.version, "limits": [_limit(row) for row in rows]}


def _limit(row: RuleRow) -> dict[str, Any]:
    ladder = row.ladder and [rung.model_dump(mode="json") for rung in row.ladder]
    found = {
        "rule": row.rule,
        "version": row.version,
        "procedure": row.procedure,
        "unit": row.unit,
        "channel": row.channel,
        "limit": limit_data(row.limit).model_dump(mode="json"),
        "ladder": ladder,
        "valid_from": row.valid_from.isoformat(),
        "valid_to": None if row.valid_to is None else row.valid_to.isoformat(),
        "source": row.source,
        "verified": row.verified,
    }
    return {name: value for name, value in found.items() if value is not None}
