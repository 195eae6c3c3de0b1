"""Records that were deleted before intake read them: listed, and accepted by an operator."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.intake.adapters.http.door import Door, json_response, problem_of
from services.intake.core.losses import publisher_of
from services.intake.ports import AcceptedLoss
from services.intake.usecases.losses import AcceptLosses, Decision, NotRecordedError
from shared.events.codes import PersonId, PublisherName
from shared.events.model import instant_text
from shared.ops import log
from shared.subjects.read_positions import Loss, moment_of
from shared.web.auth import allow
from shared.web.principal import Principal

READERS: Final = allow("operator", "auditor")
LIST_MAX: Final = 500

_log = log.logger(__name__)

Operator = Annotated[Principal, allow("operator")]


class AcceptLoss(BaseModel):
    """Read on behind what was lost; without `dry_run: false` only say what that is."""

    model_config = ConfigDict(extra="forbid")

    publisher: PublisherName
    partition: int | None = Field(default=None, ge=0, description="Absent: all of them.")
    by: PersonId = Field(description="The person who decides it.")
    why: str = Field(min_length=3, max_length=300)
    dry_run: bool = True


def losses_router(door: Door, accepting: AcceptLosses) -> APIRouter:
    """Build the routes under /v1/losses."""
    router = APIRouter(prefix="/v1/losses", tags=["operations"])

    @router.get(
        "",
        summary="Inbound partitions that are halted, and what was accepted as lost before",
        dependencies=[READERS],
    )
    async def list_losses(limit: Annotated[int, Query(ge=1, le=LIST_MAX)] = 100) -> Response:
        halted = await door.ask(accepting.halted)
        accepted = await door.ask(lambda: accepting.losses.newest(limit=limit))
        return json_response(
            {"halted": _rows(halted), "accepted": [_accepted(one) for one in accepted]}
        )

    @router.post(
        "/accept",
        summary="Accept what was lost of a publisher's records, and read on behind it",
        description="The decision is published for the audit; the publisher reads on its "
        "rejected topic which times to send again. Doing it twice changes nothing.",
    )
    async def accept(body: AcceptLoss, principal: Operator) -> Response:
        halted = await door.ask(lambda: accepting.halted(body.publisher, body.partition))
        if body.dry_run:
            return json_response({"done": False, "losses": _rows(halted)})
        decision = Decision(body.by, body.why, principal.key_id)
        passed = [loss for loss in halted if await _passed(loss, decision)]
        return json_response({"done": True, "losses": _rows(passed)})

    async def _passed(loss: Loss, decision: Decision) -> bool:
        try:
            done = await door.attempt(lambda: accepting.accept(loss, decision))
        except NotRecordedError as error:
            raise problem_of(error.faults) from None
        _log.warning(
            "loss_accepted" if done else "loss_has_changed",
            topic=loss.topic,
            partition=loss.partition,
            first_offset=loss.first_offset,
            end_offset=loss.end_offset,
            key_id=decision.key_id,
        )
        return done

    return router


def _rows(losses: Sequence[Loss]) -> list[dict[str, Any]]:
    return [_row(loss) for loss in losses]


def _row(loss: Loss) -> dict[str, Any]:
    return {
        "publisher": publisher_of(loss),
        "topic": loss.topic,
        "partition": loss.partition,
        "first_offset": loss.first_offset,
        "end_offset": loss.end_offset,
        "since": None if loss.since_ms is None else _text(loss.since_ms),
        "until": _text(loss.until_ms),
    }


def _text(milliseconds: int) -> str | None:
    moment = moment_of(milliseconds)
    return None if moment is None else instant_text(moment)


def _accepted(one: AcceptedLoss) -> dict[str, Any]:
    return {
        **_row(one.loss),
        "by": one.by,
        "why": one.why,
        "key_id": one.key_id,
        "at": instant_text(one.at),
    }
