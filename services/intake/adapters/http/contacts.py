"""Contacts over HTTP: write one, erase one with proof."""

import re
from typing import Annotated, Final

from fastapi import APIRouter, Path
from starlette.responses import Response

from services.intake.adapters.http.door import Door, json_response
from services.intake.adapters.http.dossiers import ContactBody
from services.intake.core.contacts import ContactChange, ContactState
from services.intake.usecases.entries import Settled
from shared.events.codes import PERSON_PATTERN
from shared.events.contacts import ContactPart
from shared.events.model import instant_text
from shared.ops import log
from shared.subjects.document import Document
from shared.web.auth import allow
from shared.web.principal import Principal
from shared.web.problem import ProblemError

WRITERS: Final = allow("clerk", "director", "province")
ERASERS: Final = allow("director", "province")

_log = log.logger(__name__)
SubjectPath = Annotated[str, Path(max_length=120, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


def contacts_router(door: Door) -> APIRouter:
    """Build the routes of contacts."""
    router = APIRouter(prefix="/v1", tags=["contacts"])

    @router.put("/contacts/{subject}", summary="Write the contact of a dossier or a person")
    async def put_contact(
        subject: SubjectPath, body: ContactBody, principal: Annotated[Principal, WRITERS]
    ) -> Response:
        staff = await _require_right(door, principal, subject)
        now = door.receive.in_work.clock.now()
        change = ContactChange(
            key=subject,
            cause=f"put:{principal.key_id}@{instant_text(now)}",
            part=ContactPart(**body.model_dump()),
            role="staff" if staff else "applicant",
        )
        versions, written = await door.attempt(lambda: door.contacts.put([change], now=now))
        await door.relay.soon(Settled([], contacts=written))
        version = versions[change.cause]
        if version is None:
            raise ProblemError(
                "conflict",
                detail="The contact was erased, and stays so.",
                detail_vi="Thông tin liên hệ đã được xóa và không ghi lại.",
            )
        _log.info("contact_written", subject=subject, key_id=principal.key_id)
        return json_response({"subject": subject, "contactversion": version})

    @router.delete("/contacts/{subject}", summary="Erase a contact for good")
    async def delete_contact(
        subject: SubjectPath, principal: Annotated[Principal, ERASERS]
    ) -> Response:
        await _require_right(door, principal, subject)
        document: Document[ContactState] = await door.attempt(
            lambda: door.contacts.erase(subject)
        )
        assert document.state is not None, "an erasure leaves a marker"
        _log.info("contact_erased", subject=subject, key_id=principal.key_id)
        return json_response(
            {
                "subject": subject,
                "erased": True,
                "contactversion": document.state.version,
                "confirmed_at": instant_text(door.receive.in_work.clock.now()),
                "proof": "The contacts topic carries a tombstone under this key, acknowledged.",
            }
        )

    return router


async def _require_right(door: Door, principal: Principal, subject: str) -> bool:
    """Return whether the subject is a person of the staff; refuse what is not theirs."""
    if re.fullmatch(PERSON_PATTERN, subject):
        if principal.role != "province":
            raise ProblemError("role-not-allowed")
        return True
    documents = await door.ask(lambda: door.receive.subjects.load([subject]))
    document = documents.get(subject)
    state = None if document is None else document.state
    current = door.receive.references.current().current
    if state is None or not any(map(principal.may_see, map(current, state.units))):
        raise ProblemError("not-found")
    return False
