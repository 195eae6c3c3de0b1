"""Dossiers at the counter: receive one, see where one stands."""

import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Path
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.intake.adapters.http.door import (
    DOOR,
    Door,
    json_response,
    problem_of,
    sender_of,
)
from services.intake.adapters.http.schemas import DOSSIER
from services.intake.core.receipts import ReceiptKey
from services.intake.core.state import REFERENCE_SUBJECT, Subject
from services.intake.usecases.counter import DossierRequest
from shared.events.codes import ProcedureCode, UnitCode
from shared.events.contacts import ContactPart
from shared.events.faults import Fault, fault
from shared.events.model import AmountVnd, instant_text
from shared.web.auth import allow
from shared.web.principal import Principal
from shared.web.problem import ProblemError

COUNTER_STAFF: Final = allow("clerk", "director")
READERS: Final = allow("clerk", "director", "chairman", "province", "auditor")
IDEMPOTENCY_KEY: Final = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


class ContactBody(ContactPart):
    """What the counter knows of the applicant; it goes to the contacts topic alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DossierBody(BaseModel):
    """A dossier as the counter takes it in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: UnitCode
    competent_unit: UnitCode | None = Field(
        default=None, description="Who decides; the receiving unit if left out."
    )
    procedure: ProcedureCode
    channel: Literal["direct", "online", "post"] = "direct"
    status: Literal["accepted", "submitted"] = "accepted"
    components_complete: bool = True
    given: AwareDatetime | None = Field(default=None, description="A deadline from elsewhere.")
    fee_due: AmountVnd | None = None
    time: AwareDatetime | None = Field(default=None, description="When; now if left out.")
    contact: ContactBody | None = None

    def request(self) -> DossierRequest:
        """Return what the use case is asked."""
        data: dict[str, Any] = {"procedure": self.procedure, "channel": self.channel}
        if self.status == "accepted":
            data["components_complete"] = self.components_complete
            if self.given is not None:
                data["given"] = instant_text(self.given)
            if self.fee_due is not None:
                data["fee_due"] = self.fee_due
        contact = self.contact
        return DossierRequest(
            unit=self.unit,
            competent_unit=self.competent_unit,
            name=f"dossier.{self.status}",
            data=data,
            contact=None if contact is None else contact.model_dump(exclude_none=True),
            time=self.time,
        )


def dossiers_router(door: Door) -> APIRouter:
    """Build the routes of dossiers."""
    router = APIRouter(prefix="/v1", tags=["dossiers"])

    @router.post(
        "/dossiers",
        summary="Receive a dossier at the counter",
        description=(
            "Answers with the code, the citizen's look-up secret, the promised date and why. "
            "The code carries the electronic id of `competent_unit`, which is `unit` if it is "
            "left out; for a group of linked procedures that of `unit`. An online dossier of "
            "such a group has the portal's code: send it to /v1/events. "
            "Idempotency-Key is required: the same key and content get the same answer."
        ),
        status_code=201,
        responses=DOSSIER,
    )
    async def post_dossier(
        body: DossierBody,
        principal: Annotated[Principal, COUNTER_STAFF],
        idempotency_key: Annotated[str | None, Header()] = None,
    ) -> Response:
        if idempotency_key is None or not IDEMPOTENCY_KEY.fullmatch(idempotency_key):
            raise problem_of((fault("idempotency-key-missing", "/headers/idempotency-key"),))
        if not principal.may_see(body.unit):
            raise ProblemError("outside-scope")
        key = ReceiptKey(f"key:{principal.key_id}", idempotency_key, 0)
        with door.once_at_a_time(key.text()):
            answer, settled = await door.attempt(
                lambda: door.dossiers(sender_of(principal), key, body.request())
            )
        await door.relay.soon(settled)
        door.counting(DOOR, [answer])
        if not answer.is_applied:
            raise problem_of(tuple(_in_body(one) for one in answer.faults))
        told = {**door.told(answer), "code": answer.subject}
        return json_response(told, 200 if answer.repeated else 201)

    @router.get("/dossiers/{code}", summary="See where a dossier stands")
    async def get_dossier(
        code: Annotated[str, Path(max_length=120)],
        principal: Annotated[Principal, READERS],
    ) -> Response:
        documents = await door.ask(lambda: door.receive.subjects.load([code]))
        document = documents.get(code)
        state = None if document is None else document.state
        state = (
            None if state is None else state.under(door.receive.references.current().current)
        )
        if state is None or code == REFERENCE_SUBJECT or not _may_see(principal, state):
            raise ProblemError("not-found")  # The same for what is not there and not theirs.
        return json_response(_dossier(code, state))

    return router


def _may_see(principal: Principal, state: Subject) -> bool:
    return any(principal.may_see(unit) for unit in state.units)


def _dossier(code: str, state: Subject) -> dict[str, Any]:
    return {
        "code": code,
        "status": None if state.status is None else int(state.status),
        "status_name": None if state.status is None else state.status.name.lower(),
        "procedure": state.procedure,
        "receivingunit": state.receiving,
        "competentunit": state.competent,
        "sequence": len(state.facts),
        "ended_at": _text(state.ended_at),
        "events": [
            {
                "id": fact.id,
                "source": fact.source,
                "name": fact.name,
                "time": instant_text(fact.time),
                "recordedtime": instant_text(fact.recorded_at),
                "sequence": fact.sequence,
                "inconsistency": fact.inconsistency,
            }
            for fact in state.facts
        ],
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else instant_text(moment)


def _in_body(one: Fault) -> Fault:
    """Name the field of the request that a fault of the event is about."""
    path = {"/receivingunit": "/unit", "/competentunit": "/competent_unit"}.get(
        one.path, one.path.removeprefix("/data")
    )
    return Fault(one.rule, path, one.detail, one.remedy, one.detail_vi, one.remedy_vi)
