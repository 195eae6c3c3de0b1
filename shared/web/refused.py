"""Operators' routes for refused records: list, show, try again."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from shared.ops import log
from shared.subjects.decide_refused import DecideRefused, Refused, RetryVerdict
from shared.subjects.errors import UnavailableError
from shared.web.auth import allow
from shared.web.principal import Principal
from shared.web.problem import ProblemError, unavailable

LIST_MAX = 500
RETRY_AFTER_S = 5

Operator = Annotated[Principal, allow("operator")]
Reader = Annotated[Principal, allow("operator", "auditor")]
RefusedId = Annotated[str, Field(min_length=1, max_length=400)]

_log = log.logger(__name__)


class RetryRefused(BaseModel):
    """Try a refused record again; without `dry_run: false` nothing is done."""

    model_config = ConfigDict(extra="forbid")

    id: RefusedId
    dry_run: bool = True


def refused_router(decider: DecideRefused) -> APIRouter:
    """Build the routes under /v1/refused."""
    router = APIRouter(prefix="/v1/refused", tags=["operations"])

    async def wanted(refused_id: str) -> Refused:
        found = await decider.get(refused_id)
        if found is None:
            raise ProblemError("not-found")
        return found

    @router.get("", summary="The records that the broker refuses, the newest first")
    async def list_refused(
        _principal: Reader, limit: Annotated[int, Query(ge=1, le=LIST_MAX)] = 100
    ) -> dict[str, Any]:
        return {"refused": [_line(one) for one in await decider.list(limit=limit)]}

    @router.get("/one", summary="One refused record, whole")
    async def show(_principal: Operator, id: RefusedId) -> dict[str, Any]:  # noqa: A002 - the parameter's name.
        found = await wanted(id)
        return {**_line(found), "event": found.value}

    @router.post("/retry", summary="Publish it again, with what waits behind it")
    async def retry(principal: Operator, body: RetryRefused) -> RetryVerdict:
        found = await wanted(body.id)
        try:
            verdict = await decider.retry(found, dry_run=body.dry_run)
        except UnavailableError:
            raise unavailable(RETRY_AFTER_S) from None
        if not body.dry_run:
            _log.info(
                "refused_record_retried",
                event_id=found.id,
                key_id=principal.key_id,
                published=verdict.published,
                outcome="done" if verdict.done else "refused again",
            )
        return verdict

    return router


def _line(refused: Refused) -> dict[str, Any]:
    line = asdict(refused)
    del line["value"]
    return {**line, "at": refused.at.isoformat(), "until": refused.until.isoformat()}
