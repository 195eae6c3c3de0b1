"""The routes that messages lead to: the form of a link, and the way to one's desk.

A link opens a form and changes nothing, because mail scanners follow links; only the form's
POST records, once.
"""

from collections.abc import Awaitable
from typing import Annotated, Final, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.notifications.adapters.pages import Pages
from services.notifications.core.acknowledge import (
    Matter,
    RefusedAnswerError,
)
from services.notifications.core.notice import Language
from services.notifications.core.tokens import (
    ExpiredTokenError,
    ForgedTokenError,
)
from services.notifications.core.words import (
    word,
)
from services.notifications.usecases.receipts import ApplyReceipts
from shared.subjects.errors import UnavailableError
from shared.web.auth import allow, public
from shared.web.principal import Principal
from shared.web.problem import unavailable
from shared.web.rates import RateLimit, client_of

RETRY_AFTER_SECONDS: Final = 5

Reader = Annotated[Principal, allow("clerk", "director", "chairman", "province", unit="unit")]
Lang = Annotated[Language, Query(description="vi or en")]
Field = Annotated[str, Form(max_length=64)]


AnyT = TypeVar("AnyT")


def token_router(pages: Pages) -> APIRouter:
    """Build the routes of the links in messages."""
    router = APIRouter(tags=["pages"], include_in_schema=True)
    guessing = RateLimit("guess", "60/minute;1000/day")
    asking = RateLimit("answer", "20/minute;200/day")
    guard = public("The token in the address is the right to this one form.")

    async def matter_of(token: str, lang: Language, request: Request) -> Matter | Response:
        try:
            grant = pages.grant(token)
        except ForgedTokenError:
            await guessing.spend(client_of(request))
            return pages.stop("forged", lang, request, status=404)
        except ExpiredTokenError:
            return pages.stop("expired", lang, request, status=410)
        # By link, since a whole office comes from one address, and who leads many answers many.
        await asking.spend(token)
        return Matter(grant.subject, grant.obligation, grant.cycle, grant.rung, grant.person)

    @router.get("/a/{token}", response_class=HTMLResponse, dependencies=[guard])
    async def show(request: Request, token: str, lang: Lang = "vi") -> Response:
        """Show the form of a link; changes nothing."""
        matter = await matter_of(token, lang, request)
        if isinstance(matter, Response):
            return matter
        standing = await _reachable(pages.answers.look(matter))
        return pages.form(standing, lang, request, action=f"/a/{token}?lang={lang}")

    @router.post("/a/{token}", response_class=HTMLResponse, dependencies=[guard])
    async def record(
        request: Request, token: str, cause: Field = "", promised: Field = "", lang: Lang = "vi"
    ) -> Response:
        """Record an answer, once; show what was promised."""
        matter = await matter_of(token, lang, request)
        if isinstance(matter, Response):
            return matter
        here = f"/a/{token}?lang={lang}"
        try:
            await _reachable(
                pages.answers.answer(matter, cause=cause, promised=promised, through="link")
            )
        except RefusedAnswerError as error:
            return pages.form(
                await _reachable(pages.answers.look(matter)),
                lang,
                request,
                action=here,
                wrong=word("refused_form", error.why, lang),
                chosen={"cause": cause, "promised": promised},
            )
        return RedirectResponse(here, status_code=303)

    return router


def inbox_router(receipts: ApplyReceipts, desk_url: str) -> APIRouter:
    """Build the way to the desk; who takes it has read what stands there for them."""
    router = APIRouter(tags=["pages"])

    @router.get("/inbox", status_code=303)
    async def inbox(
        principal: Reader,
        unit: Annotated[str | None, Query(max_length=5)] = None,
        lang: Lang = "vi",
    ) -> Response:
        """Note that somebody reads what waits for them, and lead to their desk."""
        principal.narrow(unit)
        if principal.person is not None:
            await _reachable(receipts.seen({principal.person}))
        query = {"unit": unit, "lang": "en" if lang == "en" else None}
        given = urlencode({name: value for name, value in query.items() if value})
        address = f"{desk_url.rstrip('/')}/desk"
        return RedirectResponse(f"{address}?{given}" if given else address, status_code=303)

    return router


async def _reachable(waiting: Awaitable[AnyT]) -> AnyT:
    """Turn a store that is away into an answer that says when to come again."""
    try:
        return await waiting
    except UnavailableError:
        raise unavailable(RETRY_AFTER_SECONDS) from None
