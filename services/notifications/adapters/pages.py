"""The pages that people answer on: the acknowledge form and the inbox.

A link opens a form and changes nothing, because mail scanners follow links; only the form's
POST records, once.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.notifications.adapters.pagewords import words
from services.notifications.core.acknowledge import (
    CAUSES,
    PROMISE_DAYS_MAX,
    Answer,
    Matter,
    RefusedAnswerError,
)
from services.notifications.core.inbox import Item
from services.notifications.core.letter import Names
from services.notifications.core.notice import Language
from services.notifications.core.tokens import (
    ExpiredTokenError,
    ForgedTokenError,
    Grant,
    read,
)
from services.notifications.core.words import (
    day_text,
    kind_word,
    moment_text,
    rung_word,
    word,
)
from services.notifications.usecases.answering import AnswerRungs, Standing
from services.notifications.usecases.looking import LookAtInbox, Scope
from shared.events.model import ICT
from shared.subjects.errors import UnavailableError
from shared.subjects.ports import Clock
from shared.web.auth import allow, form_token, public
from shared.web.principal import Principal
from shared.web.problem import unavailable
from shared.web.rates import RateLimit, client_of

PAGES: Final = Path(__file__).parent / "templates" / "pages"
STATIC: Final = Path(__file__).parent / "static"
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


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


Asked = Annotated[Matter, Depends(_asked)]
AnyT = TypeVar("AnyT")


@dataclass(slots=True)
class Pages:
    """Everything the pages draw on."""

    answers: AnswerRungs
    inbox: LookAtInbox
    names: Callable[[], Names]
    clock: Clock
    wall_now: Callable[[], datetime]
    token_key: bytes

    environment: Environment = field(default_factory=_environment)

    def grant(self, token: str) -> Grant:
        """Read a token."""
        return read(token, self.token_key, wall=self.wall_now())

    def page(
        self,
        name: str,
        lang: Language,
        request: Request,
        *,
        status: int = 200,
        **values: object,
    ) -> Response:
        """Render one page."""
        other = "en" if lang == "vi" else "vi"
        query = {**request.query_params, "lang": other}

        def translate(key: str, **filled: object) -> str:
            return words(key, lang, **filled)

        text = self.environment.get_template(name).render(
            lang=lang,
            other=f"{request.url.path}?{urlencode(query)}",
            now=moment_text(self.clock.now(), lang),
            t=translate,
            **values,
        )
        return HTMLResponse(text, status_code=status)

    def stop(self, key: str, lang: Language, request: Request, *, status: int) -> Response:
        """Render the page of a link that leads nowhere."""
        return self.page(
            "stop.html",
            lang,
            request,
            status=status,
            title=words(f"{key}_title", lang),
            text=words(key, lang),
        )

    def form(  # noqa: PLR0913 -- What the page shows.
        self,
        standing: Standing,
        lang: Language,
        request: Request,
        *,
        action: str,
        csrf: str = "",
        inbox: str = "",
        wrong: str = "",
        chosen: Mapping[str, str] | None = None,
    ) -> Response:
        """Render the acknowledge page: the form, what was promised, or why it is closed."""
        today = self.clock.now().astimezone(ICT).date()
        closed = word("closed", standing.closed, lang) if standing.closed else ""
        return self.page(
            "answer.html",
            lang,
            request,
            status=422 if wrong else 200,
            item=self._item(standing, lang),
            closed=closed,
            promise=_promise(standing.answer, lang),
            refused=word("reason", standing.refused, lang) if standing.refused else "",
            wrong=wrong,
            action=action,
            csrf=csrf,
            inbox=inbox,
            causes=[(code, word("cause", code, lang)) for code in CAUSES],
            chosen=chosen or {"cause": "", "promised": ""},
            first_day=today.isoformat(),
            last_day=(today + timedelta(days=PROMISE_DAYS_MAX)).isoformat(),
        )

    def _item(self, standing: Standing, lang: Language) -> dict[str, str]:
        matter, owed, cause = standing.matter, standing.owed, standing.cause
        names = self.names()
        unit = (owed.unit if owed else "") or (cause.unit if cause else "")
        procedure = cause.procedure if cause else None
        due = owed.due if owed else None
        return {
            "subject": matter.subject,
            "kind": kind_word(owed.kind, lang) if owed and owed.kind else "",
            "rung": rung_word(owed.kind if owed else "", matter.rung, lang),
            "unit": names.unit(unit) if unit else "",
            "procedure": names.procedure(procedure)[0] if procedure else "",
            "due": moment_text(due, lang) if due else "",
            "limit": moment_text(owed.limit, lang)
            if owed and owed.limit and owed.limit != due
            else "",
            **self.state_of(due, lang),
        }

    def state_of(self, due: datetime | None, lang: Language) -> dict[str, str]:
        """Say how a date stands to now, in words and by tone."""
        now = self.clock.now()
        if due is None:
            return {"tone": "second", "state": words("no_due", lang)}
        if due < now:
            return {"tone": "needs", "state": words("overdue", lang)}
        if due.astimezone(ICT).date() == now.astimezone(ICT).date():
            return {"tone": "today", "state": words("today", lang)}
        return {"tone": "", "state": words("open", lang)}

    def row(self, item: Item, lang: Language) -> dict[str, Any]:
        """Return one line of the inbox."""
        names = self.names()
        query = {
            "subject": item.matter.subject,
            "obligation": item.matter.obligation,
            "cycle": item.matter.cycle,
            "rung": item.matter.rung,
            "person": item.matter.person,
            "lang": lang,
        }
        return {
            "subject": item.matter.subject,
            "kind": kind_word(item.kind, lang),
            "rung": rung_word(item.kind, item.matter.rung, lang),
            "unit": names.unit(item.unit),
            "procedure": names.procedure(item.procedure)[0] if item.procedure else "",
            "due": moment_text(item.due, lang) if item.due else "",
            "reached": words(
                "reached", lang, moment=day_text(item.reached_at.astimezone(ICT).date(), lang)
            ),
            "promise": _promise(item.promise, lang),
            "link": f"/inbox/answer?{urlencode(query)}",
            **self.state_of(item.due, lang),
        }


def _promise(answer: Answer | None, lang: Language) -> dict[str, str] | None:
    if answer is None:
        return None
    return {
        "cause": word("cause", answer.cause, lang),
        "day": day_text(answer.promised, lang),
        "at": moment_text(answer.at, lang),
    }


def token_router(pages: Pages) -> APIRouter:
    """Build the routes of the links in messages."""
    router = APIRouter(tags=["pages"], include_in_schema=True)
    limit = RateLimit("answer", "60/minute;1000/day")
    guard = public("The token in the address is the right to this one form.")

    async def matter_of(token: str, lang: Language, request: Request) -> Matter | Response:
        try:
            grant = pages.grant(token)
        except ForgedTokenError:
            await limit.spend(client_of(request))
            return pages.stop("forged", lang, request, status=404)
        except ExpiredTokenError:
            return pages.stop("expired", lang, request, status=410)
        # By person, since a whole office comes from one address.
        await limit.spend(grant.person)
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
