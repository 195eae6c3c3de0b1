"""The pages of those who answer for something: what is theirs, and the form to answer."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.workflow.adapters.pages.changes import said
from services.workflow.adapters.pages.frame import Frame
from services.workflow.adapters.pages.gaps import gaps_of
from services.workflow.adapters.pages.rows import (
    promise_of,
    result_link,
    row_of,
    stands,
    tone,
)
from services.workflow.adapters.pages.show import page
from services.workflow.adapters.pages.site import (
    ANSWERERS,
    NOT_FOUND,
    UNAVAILABLE,
    UNPROCESSABLE,
    Name,
    Reader,
    Site,
    Unit,
)
from services.workflow.core.asking import (
    CAUSES,
    PROMISE_DAYS_MAX,
    Acknowledgement,
    RefusedFormError,
    promised,
)
from services.workflow.core.open import Row, Viewer
from services.workflow.usecases.desk import PAGE_SUBJECTS, Inbox
from shared.calendar.zone import ONE_DAY, legal_day
from shared.subjects.errors import UnavailableError
from shared.web import formats
from shared.web.principal import Principal

PAGES_MAX: Final = 10_000
Answerer = Annotated[Principal, ANSWERERS]
Field = Annotated[str, Form(max_length=64)]


def desk_router(site: Site) -> APIRouter:
    """Build the front page, the list and the form."""
    router = APIRouter(include_in_schema=False)
    pages = DeskPages(site)
    router.add_api_route("/", pages.front, methods=["GET"])
    for path, endpoint, method in (
        ("/desk", pages.inbox, "GET"),
        ("/desk/answer", pages.form, "GET"),
        ("/desk/answer", pages.record, "POST"),
    ):
        router.add_api_route(path, endpoint, methods=[method], response_class=HTMLResponse)
    return router


class DeskPages:
    """The answers of these pages."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def front(self, request: Request, principal: Reader, unit: Unit = None) -> Response:
        """Lead to where the work of this role lies."""
        frame = self._site.frame(request, principal, unit)
        path = "/today" if principal.role == "clerk" else "/desk"
        return RedirectResponse(frame.link(path), status_code=303)

    async def inbox(
        self,
        request: Request,
        principal: Reader,
        unit: Unit = None,
        number: Annotated[int, Query(alias="page", ge=1, le=PAGES_MAX)] = 1,
        of: Annotated[str, Query(pattern="^(mine|all)$")] = "mine",
    ) -> Response:
        """Show everything open that is theirs, the most urgent first."""
        site = self._site
        frame = site.frame(request, principal, unit)
        mine = of == "mine" and principal.role != "auditor"
        viewer = site.viewer(principal, unit)
        try:
            found = await site.desk.inbox(viewer, mine=mine, page=number)
            gaps = await site.desk.gaps(viewer)
        except UnavailableError:
            return site.sorry(request, frame, "away", UNAVAILABLE)
        title = "desk_title" if mine else "desk_title_all"
        values = {
            "title": frame.say(title, count=frame.number(found.total)),
            "subtitle": subtitle(frame, principal, found),
            "gaps": gaps_of(frame, gaps),
            "rows": [self._shown(frame, row, viewer) for row in found.rows],
            "several": principal.units is None or len(principal.units) > 1,
            "views": _views(frame, mine=mine) if principal.role != "auditor" else [],
            "pager": _pager(frame, found, of),
            "unit_menu": True,
        }
        return page(request, frame, "desk.html", values, active="desk")

    @staticmethod
    def _shown(frame: Frame, row: Row, viewer: Viewer) -> dict[str, Any]:
        """Return a row; only who is asked is offered to answer."""
        asked = viewer.answers_for(row.obligation, row.role, frame.reference, frame.now)
        asked = asked and viewer.role != "auditor"
        shown = row_of(frame, row)
        return shown if asked else {**shown, "answer": None}

    async def form(
        self, request: Request, principal: Answerer, subject: Name, obligation: Name
    ) -> Response:
        """Show the form by which a rung is answered; changes nothing."""
        return await self._form(request, principal, subject, obligation)

    async def record(
        self,
        request: Request,
        principal: Answerer,
        subject: Name,
        obligation: Name,
        cause: Field = "",
        promised: Field = "",
        by: Field = "",
    ) -> Response:
        """Record an answer, once; it holds when it has come back through intake."""
        site, frame = self._site, self._site.frame(request, principal)
        chosen = {"cause": cause, "promised": promised, "by": by}
        try:
            row = await self._row(principal, subject, obligation)
            if row is None or row.rung is None or row.obligation.cycle is None:
                return await self._form(request, principal, subject, obligation)
            answer = Acknowledgement(
                obligation=obligation,
                cycle=row.obligation.cycle.number,
                rung=row.rung.rung,
                by=principal.person or (by if by in row.persons else ""),
                cause=cause,
                promised=promised,
            )
            await site.ask.acknowledge(subject, answer)
        except RefusedFormError as error:
            return await self._form(
                request, principal, subject, obligation, why=error.why, chosen=chosen
            )
        except UnavailableError:
            return site.sorry(request, frame, "away", UNAVAILABLE)
        return RedirectResponse(f"/desk/answer?{request.url.query}", status_code=303)

    async def _row(self, principal: Principal, subject: str, obligation: str) -> Row | None:
        found = await self._site.subject(subject, principal)
        if found is None:
            return None
        viewer = self._site.viewer(principal)
        return self._site.desk.row(found, obligation, viewer)

    async def _form(
        self,
        request: Request,
        principal: Principal,
        subject: str,
        obligation: str,
        *,
        why: str = "",
        chosen: Mapping[str, str] | None = None,
    ) -> Response:
        site, frame = self._site, self._site.frame(request, principal)
        try:
            found = await site.subject(subject, principal)
        except UnavailableError:
            return site.sorry(request, frame, "away", UNAVAILABLE)
        owed = None if found is None else found.obligations.get(obligation)
        refused = {} if found is None else site.refused(found)
        if found is None or owed is None:
            return site.sorry(request, frame, "not_found", NOT_FOUND)
        row = site.desk.row(found, obligation, site.viewer(principal))
        answer = None if row is None else answer_of(frame, row)
        wrong = [frame.say(f"refused_{why}")] if why else []
        if not wrong and answer is not None and not answer["stands"]:
            wrong = [said(frame, one) for one in refused.get(obligation, ())]
        today = legal_day(frame.now)
        values: dict[str, Any] = {
            "subject": frame.subject_name(subject),
            "story": frame.story(subject),
            "unit": frame.unit_name(owed.unit),
            "kind": frame.kind_name(owed.kind),
            "result": result_link(frame, subject, owed),
            "procedure": frame.procedure_name(owed.about.get("procedure")),
            "due": "" if owed.due is None else frame.moment(owed.due),
            "beside": _beside(frame, row),
            "stands": stands(frame, owed),
            "tone": tone(frame, owed),
            "answer": answer,
            "persons": () if principal.person or row is None else row.persons,
            "wrong": wrong,
            "chosen": chosen or {"cause": "", "promised": "", "by": ""},
            "causes": [(code, frame.say(f"cause_{code}")) for code in CAUSES],
            "first_day": today.isoformat(),
            "last_day": (today + PROMISE_DAYS_MAX * ONE_DAY).isoformat(),
            "action": f"/desk/answer?{request.url.query}",
            "back": frame.link("/desk"),
        }
        status = UNPROCESSABLE if why else 200
        return page(request, frame, "answer.html", values, active="desk", status=status)


def answer_of(frame: Frame, row: Row) -> dict[str, Any] | None:
    """Return what is asked and what was answered; nothing where no rung waits for it."""
    if row.rung is None or row.obligation.cycle is None:
        return None
    asked = "" if row.asked is None else formats.clock(row.asked.at)
    return {
        "ask": frame.say(
            "answer_ask",
            rung=frame.rung_name(row.obligation, row.rung.rung),
            moment=frame.moment(row.rung.at),
        ),
        "promise": promise_of(frame, row),
        "stands": promised(row.obligation, row.rung.rung, frame.now),
        "asked": frame.say("recorded_soon", moment=asked) if asked else "",
    }


def subtitle(frame: Frame, principal: Principal, found: Inbox) -> list[str]:
    """Say whose list it is, how it stands, in which order, and until when the data reach."""
    who = principal.person or frame.say(f"role_{principal.role}")
    if frame.unit is not None:
        where = frame.unit_name(frame.unit)
    elif principal.units is not None and len(principal.units) == 1:
        where = frame.unit_name(next(iter(principal.units)))
    else:
        where = frame.say("all_units")
    return [
        who,
        where,
        frame.say("desk_overdue", count=frame.number(found.overdue)),
        frame.say("desk_order"),
        frame.say("data_as_of", moment=frame.as_of(frame.now)),
    ]


def _beside(frame: Frame, row: Row | None) -> list[str]:
    if row is None:
        return []
    owed = row.obligation
    found: list[str] = []
    if owed.limit is not None and owed.limit != owed.due:
        found.append(frame.say("limit", moment=frame.end(owed.limit)))
    if owed.index_due is not None and owed.index_due != owed.due:
        found.append(frame.say("index_due", moment=frame.moment(owed.index_due)))
    return found


def _views(frame: Frame, *, mine: bool) -> list[dict[str, object]]:
    return [
        {"name": frame.say("mine"), "href": frame.link("/desk"), "here": mine},
        {
            "name": frame.say("everything"),
            "href": frame.link("/desk", of="all"),
            "here": not mine,
        },
    ]


def _pager(frame: Frame, found: Inbox, of: str) -> dict[str, Any]:
    kept = None if of == "mine" else of
    before = None if found.page <= 1 else str(found.page - 1)
    more = found.page * PAGE_SUBJECTS < found.total
    text = frame.say(
        "page_of",
        first=frame.number(found.first),
        last=frame.number(found.last),
        total=frame.number(found.total),
    )
    return {
        "text": text,
        "shown": found.page > 1 or more,
        "previous": None if before is None else frame.link("/desk", of=kept, page=before),
        "following": frame.link("/desk", of=kept, page=str(found.page + 1)) if more else None,
    }
