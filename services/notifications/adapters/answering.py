"""The routes that people answer on: a message's link, the inbox, and its lines.

A link opens a form and changes nothing, because mail scanners follow links; only the form's
POST records, once.
"""

from collections.abc import Awaitable, Mapping
from typing import Annotated, Final, TypeVar

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.notifications.adapters.pages import Pages
from services.notifications.adapters.pagewords import words
from services.notifications.core.acknowledge import (
    Matter,
    RefusedAnswerError,
)
from services.notifications.core.inbox import Item
from services.notifications.core.letter import Names
from services.notifications.core.notice import Language
from services.notifications.core.tokens import (
    ExpiredTokenError,
    ForgedTokenError,
)
from services.notifications.core.words import (
    word,
)
from services.notifications.usecases.answering import Standing
from services.notifications.usecases.looking import Scope
from shared.subjects.errors import UnavailableError
from shared.web.auth import allow, form_token, public
from shared.web.principal import Principal
from shared.web.problem import unavailable
from shared.web.rates import RateLimit, client_of

RETRY_AFTER_SECONDS: Final = 5

Supervisor = Annotated[Principal, allow("director", "chairman", "province", unit="unit")]
Lang = Annotated[Language, Query(description="vi or en")]
Field = Annotated[str, Form(max_length=64)]
Key = Annotated[str, Query(min_length=1, max_length=128)]


def _asked(
    subject: Key, obligation: Key, cycle: Annotated[int, Query(ge=1)], rung: Key, person: Key
) -> Matter:
    """Read from an address what is answered."""
    return Matter(subject, obligation, cycle, rung, person)


Asked = Annotated[Matter, Depends(_asked)]
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


def inbox_router(pages: Pages) -> APIRouter:
    """Build the routes of the inbox, for supervisors who are signed in."""
    router = APIRouter(tags=["pages"])

    @router.get("/inbox", response_class=HTMLResponse)
    async def inbox(
        request: Request,
        principal: Supervisor,
        person: Annotated[str | None, Query(max_length=64)] = None,
        unit: Annotated[str | None, Query(max_length=5)] = None,
        lang: Lang = "vi",
    ) -> Response:
        """Show everything open that is theirs, most urgent first."""
        scope = Scope.of(principal.role, principal.person, principal.narrow(unit), person)
        shown = await _reachable(pages.inbox.look(scope))
        return pages.page(
            "inbox.html",
            lang,
            request,
            rows=[pages.row(item, lang) for item in shown.items],
            count=len(shown.items),
            more=shown.more,
            several=len({item.unit for item in shown.items}) > 1,
            who=_who(scope, pages.names(), lang),
        )

    return router


def inbox_answer_router(pages: Pages) -> APIRouter:
    """Build the routes of one line of the inbox."""
    router = APIRouter(tags=["pages"])

    async def find(principal: Principal, matter: Matter) -> Item | None:
        scope = Scope.of(principal.role, principal.person, principal.units, None)
        return await _reachable(pages.inbox.find(scope, matter))

    @router.get("/inbox/answer", response_class=HTMLResponse)
    async def show(
        request: Request, principal: Supervisor, matter: Asked, lang: Lang = "vi"
    ) -> Response:
        """Show the form of one line of the inbox."""
        if await find(principal, matter) is None:
            return pages.stop("gone", lang, request, status=404)
        standing = await _reachable(pages.answers.look(matter))
        return form(standing, lang, request)

    @router.post("/inbox/answer", response_class=HTMLResponse)
    async def record(
        *,
        request: Request,
        principal: Supervisor,
        matter: Asked,
        cause: Field = "",
        promised: Field = "",
        lang: Lang = "vi",
    ) -> Response:
        """Record an answer from the inbox, once."""
        if await find(principal, matter) is None:
            return pages.stop("gone", lang, request, status=404)
        try:
            await _reachable(
                pages.answers.answer(matter, cause=cause, promised=promised, through="inbox")
            )
        except RefusedAnswerError as error:
            standing = await _reachable(pages.answers.look(matter))
            chosen = {"cause": cause, "promised": promised}
            wrong = word("refused_form", error.why, lang)
            return form(standing, lang, request, wrong=wrong, chosen=chosen)
        return RedirectResponse(_here(request), status_code=303)

    def form(
        standing: Standing,
        lang: Language,
        request: Request,
        *,
        wrong: str = "",
        chosen: Mapping[str, str] | None = None,
    ) -> Response:
        return pages.form(
            standing,
            lang,
            request,
            action=_here(request),
            csrf=form_token(request),
            inbox=f"/inbox?lang={lang}",
            wrong=wrong,
            chosen=chosen,
        )

    return router


def _here(request: Request) -> str:
    return f"/inbox/answer?{request.url.query}"


def _who(scope: Scope, names: Names, lang: Language) -> str:
    if scope.units is None:
        units = words("all_units", lang)
    else:
        units = ", ".join(names.unit(code) for code in sorted(scope.units))
    role = word("role", scope.role, lang)
    if scope.person is not None:
        return words("who_person", lang, person=f"{role} ({scope.person})", units=units)
    return words("who_units", lang, units=units)


async def _reachable(waiting: Awaitable[AnyT]) -> AnyT:
    """Turn a store that is away into an answer that says when to come again."""
    try:
        return await waiting
    except UnavailableError:
        raise unavailable(RETRY_AFTER_SECONDS) from None
