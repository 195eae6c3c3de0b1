"""Signing in with a key for a session, and out again."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from shared.web.auth import Authenticator, allow_anyone_known, form_token, public
from shared.web.keys import KEY_CHARACTERS_MAX
from shared.web.pages import SIGN_IN_PATH, page_language, render
from shared.web.problem import ProblemError
from shared.web.rates import RateLimit, client_of

TRIES = "20/minute;200/hour"
NEXT_CHARACTERS_MAX = 2_000
SIGN_OUT_PATH = "/sign-out"
WRONG_KEY = 401

_Next = Annotated[str, Query(alias="next", max_length=NEXT_CHARACTERS_MAX)]
_FormNext = Annotated[str, Form(alias="next", max_length=NEXT_CHARACTERS_MAX)]
_FormKey = Annotated[str, Form(max_length=KEY_CHARACTERS_MAX)]


def sign_in_router() -> APIRouter:
    """Build the pages /sign-in and /sign-out."""
    router = APIRouter(include_in_schema=False)
    tries = RateLimit("sign-in", TRIES)
    everybody = public("Who signs in has no session yet.")

    @router.get(SIGN_IN_PATH, dependencies=[everybody])
    async def ask(request: Request, wanted: _Next = "/") -> Response:
        return _page(request, wanted, wrong=False)

    @router.post(SIGN_IN_PATH, dependencies=[everybody])
    async def sign_in(
        request: Request, key: _FormKey = "", wanted: _FormNext = "/"
    ) -> Response:
        if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            raise ProblemError("wrong-csrf-token")
        await tries.spend(client_of(request))
        authenticator: Authenticator = request.app.state.authenticator
        principal = authenticator.ring.find(key.strip())
        if principal is None:
            return _page(request, wanted, wrong=True)
        session = authenticator.sessions.begin(principal.key_id)
        answer = RedirectResponse(local(wanted), status_code=303)
        answer.headers["Set-Cookie"] = authenticator.sessions.set_cookie(session)
        return answer

    @router.post(SIGN_OUT_PATH, dependencies=[allow_anyone_known()])
    async def sign_out(request: Request) -> Response:
        authenticator: Authenticator = request.app.state.authenticator
        answer = RedirectResponse(SIGN_IN_PATH, status_code=303)
        answer.headers["Set-Cookie"] = authenticator.sessions.drop_cookie()
        return answer

    return router


def local(wanted: str) -> str:
    """Give an address on this very site, and the front page for any other."""
    here = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if here and wanted.isprintable() else "/"


def _page(request: Request, wanted: str, *, wrong: bool) -> Response:
    page = render(
        "sign_in.html",
        page_language(request),
        next=local(wanted),
        query=urlencode({"next": local(wanted)}),
        wrong=wrong,
        title=request.app.title,
        signed_in=bool(form_token(request)),
    )
    return HTMLResponse(page, status_code=WRONG_KEY if wrong else 200)
