"""Changes of the calendar and of rules: listed, proposed, approved by a second, withdrawn."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Body, Header, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.intake.adapters.http.door import (
    DOOR,
    Door,
    json_response,
    problem_of,
    sender_of,
)
from services.intake.adapters.http.dossiers import IDEMPOTENCY_KEY
from services.intake.adapters.http.schemas import RECEIPT
from services.intake.usecases.changes import DecideChanges, Decision
from services.intake.usecases.entries import Settled
from shared.events.codes import SUBJECT_CHARACTERS_MAX, Identifier
from shared.events.faults import Fault, fault
from shared.events.ids import derived_id
from shared.events.inbound import fingerprint
from shared.events.model import instant_text
from shared.reference.proposals import Proposal
from shared.web.auth import allow
from shared.web.principal import Principal

PROVINCE: Final = allow("province")
READERS: Final = allow("province", "auditor", "operator")

Row = Annotated[
    dict[str, Any],
    Body(description="The fields of calendar.proposed or rule.proposed; `by` is the key's."),
]
Key = Annotated[str | None, Header(description="New for each new request.")]


class SeenBody(BaseModel):
    """What is decided on: the proposal as it was seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seen: Identifier = Field(description="The id of the event that proposed it.")


def changes_router(door: Door) -> APIRouter:
    """Build the routes of changes."""
    router = APIRouter(prefix="/v1", tags=["changes"])

    def changes() -> DecideChanges:
        return DecideChanges(door.receive)

    def now() -> Any:  # noqa: ANN401 -- The clock's instant.
        return door.receive.in_work.clock.now()

    @router.get(
        "/proposals", summary="Rows that wait for a second person", dependencies=[READERS]
    )
    async def proposals() -> Response:
        view = await door.ask(door.receive.references.refresh)
        rows = [proposal_document(one) for one in view.proposals.values()]
        return json_response({"referenceversion": view.version, "proposals": rows})

    @router.post(
        "/proposals/{kind}",
        summary="Propose a day of the calendar, or a limit",
        description="Nothing moves until a second person approves. Idempotency-Key is needed.",
        status_code=201,
        responses=RECEIPT,
    )
    async def propose(
        kind: Literal["calendar", "rule"],
        row: Row,
        principal: Annotated[Principal, PROVINCE],
        idempotency_key: Key = None,
    ) -> Response:
        event_id = _event_id(principal, idempotency_key, "propose", kind, fingerprint(row))
        settled = await door.attempt(
            lambda: changes().propose(sender_of(principal), event_id, kind, row, now())
        )
        return await _answer(door, settled)

    @router.post(
        "/proposals/{subject:path}/{decision}",
        summary="Approve what somebody else proposed, or take a proposal back",
        status_code=201,
        responses=RECEIPT,
    )
    async def decide(
        subject: Annotated[str, Path(max_length=SUBJECT_CHARACTERS_MAX)],
        decision: Decision,
        body: SeenBody,
        principal: Annotated[Principal, PROVINCE],
        idempotency_key: Key = None,
    ) -> Response:
        event_id = _event_id(principal, idempotency_key, decision, subject, body.seen)
        sender = sender_of(principal)
        settled = await door.attempt(
            lambda: changes().decide(sender, event_id, decision, subject, body.seen, now())
        )
        return await _answer(door, settled)

    return router


async def _answer(door: Door, settled: Settled) -> Response:
    await door.relay.soon(settled)
    door.counting(DOOR, settled.answers)
    (answer,) = settled.answers
    if not answer.is_applied:
        raise problem_of(tuple(_in_body(one) for one in answer.faults))
    return json_response(door.told(answer), 200 if answer.repeated else 201)


def proposal_document(proposal: Proposal) -> dict[str, Any]:
    """Return a proposal as clients read it."""
    data = proposal.data
    return {
        "proposal": proposal.subject,
        "seen": proposal.event,
        "proposed_at": instant_text(proposal.at),
        "proposed_by": data.by,
        "retroactive": _begins(proposal) < instant_text(proposal.at)[:10],
        "row": data.model_dump(mode="json", exclude_none=True, exclude={"by"}),
    }


def _begins(proposal: Proposal) -> str:
    data = proposal.data
    first = getattr(data, "valid_from", None) or getattr(data, "day", None)
    assert first is not None, "a row begins on a day"
    return str(first)


def _event_id(principal: Principal, key: str | None, *content: str) -> str:
    """Return the id of what is asked; the same key and content ask the same."""
    if key is None or not IDEMPOTENCY_KEY.fullmatch(key):
        raise problem_of((fault("idempotency-key-missing", "/headers/idempotency-key"),))
    return derived_id(f"change:{principal.key_id}", key, *content)


def _in_body(one: Fault) -> Fault:
    """Name the field of the request that a fault of the event is about."""
    path = one.path.removeprefix("/data")
    return Fault(one.rule, path, one.detail, one.remedy, one.detail_vi, one.remedy_vi)
