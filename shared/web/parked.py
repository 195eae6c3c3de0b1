"""The operator's desk for parked records: list, show, try again, let go."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from shared.subjects.decide_parked import DecideParked, Verdict
from shared.subjects.errors import StopServiceError
from shared.subjects.parking import Decided, Parked
from shared.subjects.ports import ParkingDesk
from shared.web.auth import allow
from shared.web.principal import Principal
from shared.web.problem import ProblemError

LIST_MAX = 500

Operator = Annotated[Principal, allow("operator")]
Reader = Annotated[Principal, allow("operator", "auditor")]
ParkedId = Annotated[str, Field(min_length=1, max_length=400)]


class Retry(BaseModel):
    """Try a parked record again; without `dry_run: false` it only says what would happen."""

    model_config = ConfigDict(extra="forbid")

    id: ParkedId
    dry_run: bool = True


class Discard(Retry):
    """Let a parked record go, with the reason for the audit line."""

    why: str = Field(min_length=3, max_length=300)


def parked_router(decider: DecideParked[Any], desk: ParkingDesk) -> APIRouter:
    """Build the routes under /v1/parked."""
    router = APIRouter(prefix="/v1/parked", tags=["operations"])

    async def wanted(parked_id: str) -> Parked:
        parked = await desk.get(parked_id)
        if parked is None:
            raise ProblemError("not-found")
        return parked

    @router.get("", summary="The oldest parked records")
    async def list_parked(
        _principal: Reader, limit: Annotated[int, Query(ge=1, le=LIST_MAX)] = 100
    ) -> dict[str, Any]:
        found: Sequence[Parked] = await desk.list(limit=limit)
        return {"count": await desk.count(), "parked": [_line(one) for one in found]}

    @router.get("/decided", summary="Who decided what about parked records, the last one first")
    async def decided(
        _principal: Reader, limit: Annotated[int, Query(ge=1, le=LIST_MAX)] = 100
    ) -> dict[str, Any]:
        found: Sequence[Decided] = await desk.decided(limit=limit)
        return {"decided": [{**asdict(one), "at": one.at.isoformat()} for one in found]}

    @router.get("/one", summary="One parked record, whole")
    async def show(_principal: Reader, id: ParkedId) -> dict[str, Any]:  # noqa: A002 - the parameter's name.
        parked = await wanted(id)
        value = None if parked.value is None else parked.value.decode("utf-8", "replace")
        return {**_line(parked), "event": parked.event, "value": value}

    @router.post("/retry", summary="Apply it again")
    async def retry(principal: Operator, body: Retry) -> Verdict:
        parked = await wanted(body.id)
        return await decider.retry(parked, who=principal.key_id, dry_run=body.dry_run)

    @router.post("/discard", summary="Pass over it; what waits behind it is applied")
    async def discard(principal: Operator, body: Discard) -> Verdict:
        parked = await wanted(body.id)
        try:
            return await decider.discard(
                parked, who=principal.key_id, why=body.why, dry_run=body.dry_run
            )
        except StopServiceError as error:
            raise ProblemError("conflict", detail=str(error)) from None

    return router


def _line(parked: Parked) -> dict[str, Any]:
    return {
        "id": parked.id,
        "subject": parked.subject,
        "topic": parked.topic,
        "sequence": parked.sequence,
        "reason": parked.reason,
        "place": parked.place,
        "parked_at": parked.parked_at.isoformat(),
    }
