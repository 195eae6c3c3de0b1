"""The page that anybody may open: look up a dossier with what stands on its slip."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, Response

from services.reporting.adapters.asking import Answering
from services.reporting.adapters.desk import Desk
from services.reporting.adapters.lookup import (
    CODE_CHARACTERS_MAX,
    SECRET_CHARACTERS_MAX,
    TRIES,
    TRIES_PER_CODE,
    LookUp,
)
from services.reporting.adapters.pages.frame import Frame
from services.reporting.adapters.pages.sentences import chosen
from services.reporting.adapters.pages.show import frame_of, page
from services.reporting.adapters.pages.words import words
from services.reporting.core.fact import Fact
from shared.events.transitions import Status
from shared.web.auth import public
from shared.web.rates import RateLimit, client_of

DONE = frozenset({Status.COMPLETED, Status.RETURNED})
_Code = Annotated[str, Form(max_length=CODE_CHARACTERS_MAX)]
_Secret = Annotated[str, Form(max_length=SECRET_CHARACTERS_MAX)]


def public_router(desk: Desk) -> APIRouter:
    """Build the look-up page."""
    router = APIRouter(include_in_schema=False)
    everybody = public("A citizen has the slip of paper, and no key.")
    tries, tries_per_code = RateLimit("look-up", TRIES), RateLimit("code", TRIES_PER_CODE)
    look_up = LookUp(desk)

    @router.get("/lookup", dependencies=[everybody], response_class=HTMLResponse)
    async def ask(request: Request) -> Response:
        return _page(request, desk, answer=None, missed=False, code="")

    @router.post("/lookup", dependencies=[everybody], response_class=HTMLResponse)
    async def answer(request: Request, code: _Code = "", secret: _Secret = "") -> Response:
        await tries.spend(client_of(request))
        await tries_per_code.spend(code.strip())
        async with Answering():
            fact = await look_up(code, secret)
        frame = frame_of(request, desk.clock, None)
        shown = None if fact is None else said(frame, fact)
        return _page(request, desk, answer=shown, missed=fact is None, code=code.strip())

    return router


def said(frame: Frame, fact: Fact) -> dict[str, Any]:
    """Say the stage and the date, and nothing of the person."""
    due = fact.deadlines.due
    waiting = fact.status is Status.SUPPLEMENT_REQUESTED
    note = ""
    if waiting:
        note = frame.say("lookup_waiting")
    return {
        "code": fact.code,
        "stage": chosen(words().status[int(fact.status)], frame.language),
        "due_label": frame.say("lookup_done" if fact.status in DONE else "lookup_due"),
        "due": frame.moment(fact.ended)
        if fact.status in DONE and fact.ended is not None
        else (None if due is None or waiting else frame.moment(due)),
        "note": note,
    }


def _page(
    request: Request, desk: Desk, *, answer: dict[str, Any] | None, missed: bool, code: str
) -> Response:
    frame = frame_of(request, desk.clock, None)
    values = {"answer": answer, "missed": missed, "code": "" if answer else code}
    return page(request, frame, "lookup.html", values, active="lookup", live=False)
