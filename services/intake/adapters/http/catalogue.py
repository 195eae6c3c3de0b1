"""What whoever writes a client looks up: units, procedures, transitions, the contract."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.responses import FileResponse, Response

from services.intake.adapters.http.door import Door, json_response
from services.intake.usecases.entries import Settled
from shared import events
from shared.events.codes import Slug, UnitCode
from shared.events.model import instant_text
from shared.reference.catalogue import Unit
from shared.reference.units import Alias
from shared.web.auth import allow, allow_anyone_known, public
from shared.web.principal import Principal
from shared.web.problem import ProblemError

KNOWN: Final = allow_anyone_known()
BEATERS: Final = allow("clerk", "director", "publisher")
CONTRACT: Final = Path(events.__file__).parent / "contract"
"""The generated contract, as it is committed and checked."""

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
        rows = [_unit(one, view.units.former(one.code)) for one in view.units.values()]
        now = instant_text(door.receive.in_work.clock.now())
        return json_response({"now": now, "referenceversion": view.version, "units": rows})

    @router.get("/procedures", summary="The catalogue of procedures", dependencies=[KNOWN])
    async def procedures() -> Response:
        view = door.receive.references.current()
        rows = [
            {
                "code": one.code,
                "name": one.name,
                "field": one.field,
                "linked": one.linked,
                "verified": one.verified,
            }
            for one in view.procedures.values()
        ]
        return json_response({"referenceversion": view.version, "procedures": rows})

    @router.get("/transitions", summary="The transition table", dependencies=[PUBLISHED])
    async def transitions() -> FileResponse:
        return FileResponse(CONTRACT / "transitions.json", media_type="application/json")

    @router.get(
        "/contract",
        summary="Topics, types of events and their schemas, as AsyncAPI 3",
        dependencies=[PUBLISHED],
    )
    async def contract() -> FileResponse:
        return FileResponse(CONTRACT / "asyncapi.yaml", media_type="application/yaml")

    @router.get(
        "/rules",
        summary="Every rule that an event can break, with its remedy",
        dependencies=[PUBLISHED],
    )
    async def rules() -> FileResponse:
        return FileResponse(CONTRACT / "rules.json", media_type="application/json")

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


def _unit(unit: Unit, former: Mapping[str, Alias]) -> dict[str, Any]:
    return {
        "code": unit.code,
        "name": unit.name,
        "electronic_id": unit.electronic_id,
        "numbering": unit.numbering,
        "former": [
            {"code": code, "until": alias.until.isoformat()} for code, alias in former.items()
        ],
    }
