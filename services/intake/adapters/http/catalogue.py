"""What whoever writes a client looks up: units, procedures, transitions, the contract."""

from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from services.intake.adapters.http.door import Door, json_response
from services.intake.usecases.receive import Settled
from shared.events.codes import Slug, UnitCode
from shared.events.model import instant_text
from shared.events.registry import REGISTRY
from shared.events.transitions import TABLE, Status
from shared.web.auth import allow, allow_anyone_known, public
from shared.web.principal import Principal
from shared.web.problem import ProblemError

KNOWN: Final = allow_anyone_known()
BEATERS: Final = allow("clerk", "director", "publisher")
PUBLISHED: Final = public("The contract is published with the source.")


class HeartbeatBody(BaseModel):
    """A unit's connection to a system works at this moment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: UnitCode
    system: Slug


def catalogue_router(door: Door) -> APIRouter:
    """Build the routes of the catalogue and of heartbeats."""
    router = APIRouter(prefix="/v1", tags=["catalogue"])

    @router.get("/units", summary="The units of the province", dependencies=[KNOWN])
    async def units() -> Response:
        view = door.receive.references.current()
        rows = [
            {"code": one.code, "name": one.name, "electronic_id": one.electronic_id}
            for one in view.units.values()
        ]
        now = instant_text(door.receive.in_work.clock.now())
        return json_response({"now": now, "referenceversion": view.version, "units": rows})

    @router.get("/procedures", summary="The catalogue of procedures", dependencies=[KNOWN])
    async def procedures() -> Response:
        view = door.receive.references.current()
        rows = [
            {"code": one.code, "name": one.name, "field": one.field, "verified": one.verified}
            for one in view.procedures.values()
        ]
        return json_response({"referenceversion": view.version, "procedures": rows})

    @router.get("/transitions", summary="The transition table", dependencies=[PUBLISHED])
    async def transitions() -> Response:
        return json_response(transition_table())

    @router.get(
        "/contract", summary="The types of events and their schemas", dependencies=[PUBLISHED]
    )
    async def contract() -> Response:
        return json_response(
            {
                "types": [
                    {
                        "type": one.type,
                        "inbound": one.inbound,
                        "schema": one.model.model_json_schema(),
                    }
                    for one in REGISTRY.values()
                ],
                "transitions": transition_table(),
            }
        )

    @router.post("/heartbeats", summary="Say that a connection works", status_code=202)
    async def heartbeat(
        body: HeartbeatBody, principal: Annotated[Principal, BEATERS]
    ) -> Response:
        if not principal.may_see(body.unit):
            raise ProblemError("outside-scope")
        settled: Settled = await door.attempt(
            lambda: door.connections.beat(body.unit, body.system)
        )
        await door.relay.soon(settled)
        return json_response({"unit": body.unit, "system": body.system}, 202)

    return router


def transition_table() -> dict[str, Any]:
    """Return the table of what may follow what, as the contract publishes it."""
    return {
        "statuses": {str(int(status)): status.name.lower() for status in Status},
        "rows": [
            {
                "event": row.name,
                "from": sorted(
                    (None if one is None else int(one) for one in row.start), key=_order
                ),
                "to": None if row.to is None else int(row.to),
                "when": row.when,
            }
            for row in TABLE
        ],
    }


def _order(status: int | None) -> int:
    return -1 if status is None else status
