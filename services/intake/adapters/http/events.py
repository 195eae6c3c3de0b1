"""Events over HTTP: one, or many as lines; and the receipts of them."""

from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from services.intake.adapters.http.door import (
    DOOR,
    Door,
    content_type_of,
    json_response,
    problem_of,
    sender_of,
)
from services.intake.adapters.http.schemas import EVENT_BODY, RECEIPT, RECEIPT_LINES
from services.intake.core.receipts import Outcome, ReceiptKey
from services.intake.usecases.answers import Answer
from services.intake.usecases.entries import Candidate
from services.intake.usecases.held import asked_again
from shared.events.faults import fault
from shared.events.topics import INBOUND_RECORD_BYTES_MAX
from shared.web.auth import allow
from shared.web.principal import Principal
from shared.web.problem import ProblemError

LINES_MAX: Final = 2_000
CHUNK_LINES: Final = 500
BODY_BYTES_MAX: Final = INBOUND_RECORD_BYTES_MAX
NDJSON: Final = "application/x-ndjson"
WAITING: Final = 202

SENDERS: Final = allow("clerk", "director", "publisher", "province")
ASKERS: Final = allow("publisher", "province", "operator", "auditor")


def events_router(door: Door) -> APIRouter:
    """Build the routes of events."""
    router = APIRouter(prefix="/v1", tags=["events"])

    @router.post(
        "/events",
        summary="Send one event, or many as lines of NDJSON",
        description=(
            "One structured CloudEvent (application/cloudevents+json or application/json), one "
            "in binary mode (ce- headers), or application/x-ndjson with one event a line; then "
            "the answer is one receipt a line, in order. The same again gets the same answer. "
            "202: the event waits for an earlier one of its dossier, until the moment named; "
            "then it is rejected, and its receipt says so."
        ),
        status_code=201,
        responses=RECEIPT | RECEIPT_LINES,
        openapi_extra=EVENT_BODY,
        max_body_size=BODY_BYTES_MAX,
    )
    async def post_events(
        request: Request, principal: Annotated[Principal, SENDERS]
    ) -> Response:
        kind = content_type_of(request)
        if kind == NDJSON:
            return await _many(door, principal, await request.body())
        headers = [(name.decode("latin-1"), value) for name, value in request.headers.raw]
        candidate = Candidate(await request.body(), headers, in_any_order=True)
        sender = sender_of(principal)
        settled = await door.attempt(lambda: door.receive(sender, [candidate]))
        await door.relay.soon(settled)
        door.counting(DOOR, settled.answers, settled.ignored)
        door.counting.ended("applied", len(settled.released))
        (answer,) = settled.answers
        if answer.is_waiting:
            return json_response(_line(door, answer), WAITING)
        if not answer.is_applied:
            raise problem_of(answer.faults)
        return json_response(door.told(answer), 200 if answer.repeated else 201)

    @router.get(
        "/receipts/{publisher}/{event_id}",
        summary="Ask what became of an event",
        responses=RECEIPT,
    )
    async def get_receipt(
        publisher: Annotated[str, Path(max_length=31)],
        event_id: Annotated[str, Path(max_length=128)],
        principal: Annotated[Principal, ASKERS],
    ) -> Response:
        if principal.role == "publisher" and principal.publisher != publisher:
            raise ProblemError("not-found")
        key = ReceiptKey(publisher, event_id).text()
        found = (await door.ask(lambda: door.receive.receipts.find([key]))).get(key)
        if found is None:
            raise ProblemError("not-found")
        if found.outcome is Outcome.OPEN:
            return json_response({"outcome": "open", "event_id": event_id})
        subjects = door.receive.subjects
        answer = await door.ask(lambda: asked_again(subjects, publisher, found))
        told = _line(door, answer)
        if principal.role != "publisher":
            told.pop("lookup_secret", None)  # It is for the slip, which its publisher prints.
        return json_response(told)

    return router


async def _many(door: Door, principal: Principal, body: bytes) -> Response:
    lines = body.split(b"\n")
    if lines and not lines[-1].strip():
        lines.pop()
    if len(lines) > LINES_MAX:
        raise ProblemError("too-large", detail=f"At most {LINES_MAX} lines at once.")
    if not lines:
        raise problem_of((fault("empty-record"),))
    sender = sender_of(principal)
    answers: list[Answer] = []
    for start in range(0, len(lines), CHUNK_LINES):
        chunk = [
            Candidate(line.rstrip(b"\r"), in_any_order=True)
            for line in lines[start : start + CHUNK_LINES]
        ]
        settled = await door.attempt(lambda part=chunk: door.receive(sender, part))  # type: ignore[misc]  # Bound at once.
        await door.relay.soon(settled)
        door.counting(DOOR, settled.answers, settled.ignored)
        door.counting.ended("applied", len(settled.released))
        answers += settled.answers
    content = b"".join(
        orjson.dumps({"line": number, **_line(door, answer)}) + b"\n"
        for number, answer in enumerate(answers, start=1)
    )
    return Response(content, media_type=NDJSON)


def _line(door: Door, answer: Answer) -> dict[str, Any]:
    if answer.is_applied:
        return door.told(answer)
    return {
        "outcome": answer.outcome.value,
        "event_id": answer.event_id,
        "subject": answer.subject,
        **answer.details,
        "faults": [one.to_document() for one in answer.faults],
    }
