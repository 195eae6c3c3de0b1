"""The pages: each reads, says what went wrong in words, and renders."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, Response

from services.reporting.adapters.api import Page, Unit
from services.reporting.adapters.asking import Answering, asked_for, scope_of
from services.reporting.adapters.desk import Desk
from services.reporting.adapters.pages import (
    board,
    dossier,
    forms,
    lists,
    matters,
    overview,
    reported,
    sources,
)
from services.reporting.adapters.pages.frame import Frame, period_text
from services.reporting.adapters.pages.show import frame_of, page
from services.reporting.core.figures import FLOWS, NotReconciledError
from services.reporting.core.matter_counts import MATTER_FIGURES
from services.reporting.core.outages import delays_among
from services.reporting.usecases.asked import PAGE_ROWS
from services.reporting.usecases.available import KINDS
from services.reporting.usecases.listing import Found
from services.reporting.usecases.reading import Overview
from shared.events.forms import FORM_CODES, FORMS, FormCode
from shared.subjects.errors import UnavailableError
from shared.web.auth import allow
from shared.web.principal import Principal
from shared.web.problem import ProblemError

READERS = allow("clerk", "director", "chairman", "province", "auditor", unit="unit")
Reader = Annotated[Principal, READERS]
Field = Annotated[str | None, Query(max_length=64, pattern=r"^[a-z0-9_~-]+$")]


def pages_router(desk: Desk) -> APIRouter:
    """Build the pages that need a sign-in."""
    router = APIRouter(include_in_schema=False)
    site = Pages(desk)
    for path, endpoint in (
        ("/", site.overview),
        ("/units/{unit}", site.unit),
        ("/overdue", site.overdue),
        ("/rows", site.rows),
        ("/board", site.board),
        ("/sources", site.sources),
        ("/forms/{form}", site.form),
        ("/dossiers/{code}", site.dossier),
    ):
        router.add_api_route(path, endpoint, methods=["GET"], response_class=HTMLResponse)
    return router


class Pages:
    """The pages' answers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def overview(
        self, request: Request, principal: Reader, unit: Unit = None
    ) -> Response:
        """Show the province, or the units that the person answers for."""
        frame = frame_of(request, self._desk.clock, principal, unit)
        found = await self._read(frame, scope_of(principal, unit))
        if isinstance(found, str):
            return self._sorry(request, frame, found)
        values = overview.context(frame, self._desk, found)
        return page(
            request,
            frame,
            "overview.html",
            values
            | {
                "crumb": None,
                "pauses": None,
                "obligations": None,
                "matters": None,
                "export_path": "/export/overview",
            },
            active="overview",
        )

    async def unit(self, request: Request, unit: str, principal: Reader) -> Response:
        """Show one commune."""
        if unit not in self._desk.reference.units:
            raise ProblemError("not-found")
        frame = frame_of(request, self._desk.clock, principal, unit)
        found = await self._read(frame, frozenset({unit}))
        if isinstance(found, str):
            return self._sorry(request, frame, found)
        values = overview.context(frame, self._desk, found)
        form = forms.form_of("ii06a", found, "field")
        values |= {
            "title": self._desk.unit_name(unit),
            "rows": (),
            "fields": forms.table(frame, self._desk, form),
            "form_links": [
                (FORMS[code].name, frame.link(f"/forms/{code}", unit=unit))
                for code in FORM_CODES
            ],
            "pauses": overview.pause_rows(frame, found),
            "obligations": overview.obligation_rows(frame, found, [unit], unit),
            "matters": matters.figures_of(frame, found, [unit], unit),
            "form_note": forms.note_of(frame, form),
            "crumb": frame.say("nav_overview" if frame.is_province else "nav_own"),
            "export_path": "/export/overview",
        }
        return page(
            request, frame, "overview.html", values, active="overview", kept={"unit": unit}
        )

    async def form(
        self, request: Request, form: FormCode, principal: Reader, unit: Unit = None
    ) -> Response:
        """Show a statistical form: of one commune by field, else by commune."""
        frame = frame_of(request, self._desk.clock, principal, unit)
        scope = scope_of(principal, unit)
        found = await self._read(frame, scope)
        if isinstance(found, str):
            return self._sorry(request, frame, found)
        try:
            made = forms.form_of(form, found, forms.rows_by(scope))
        except NotReconciledError:
            return self._sorry(request, frame, "not_reconciled")
        values = forms.context(frame, self._desk, found, made)
        try:
            reports = await self._desk.reported(form, scope, frame.chosen.period)
        except UnavailableError:
            return self._sorry(request, frame, "away")
        values["reported"] = reported.context(frame, self._desk, made, reports)
        return page(request, frame, "form.html", values, active="forms", kept={"unit": unit})

    async def overdue(self, request: Request, principal: Reader, unit: Unit = None) -> Response:
        """Show what is late and what soon will be, the oldest first."""
        frame = frame_of(request, self._desk.clock, principal, unit)
        parts: list[dict[str, Any]] = []
        for figure in ("overdue", "at_risk"):
            found = await self._list(frame, principal, figure, unit)
            if isinstance(found, str):
                return self._sorry(request, frame, found)
            parts.append(
                {
                    "key": figure,
                    "total": found.total,
                    "rows": lists.dossier_rows(frame, self._desk, found.rows[:PAGE_ROWS]),
                    "href": frame.rows_link(figure),
                }
            )
        subtitle = [
            frame.say("overdue_sub"),
            frame.say("data_as_of", moment=frame.as_of(frame.now)),
        ]
        values = {"parts": parts, "subtitle": subtitle}
        return page(request, frame, "overdue.html", values, active="overdue", period_menu=False)

    async def rows(
        self,
        request: Request,
        principal: Reader,
        figure: Annotated[str, Query(max_length=60)],
        unit: Unit = None,
        field: Field = None,
        number: Annotated[Page, Query(alias="page")] = 1,
    ) -> Response:
        """Show the rows behind a number."""
        frame = frame_of(request, self._desk.clock, principal, unit)
        found = await self._list(frame, principal, figure, unit, number, field)
        if isinstance(found, str):
            return self._sorry(request, frame, found)
        title = _rows_title(frame, figure, found)
        kept = {"figure": figure, "unit": unit, "field": field}
        name = self._desk.unit_name(unit) if unit else frame.say("nav_overview")
        href = frame.link(f"/units/{unit}" if unit else "/")
        subtitle = [
            period_text(frame),
            frame.say("data_as_of", moment=frame.as_of(frame.now)),
        ]
        if field:
            subtitle.insert(0, self._desk.field_name(field) or field)
        values = {
            "title": title,
            "crumb": {"name": name, "href": href},
            "subtitle": subtitle,
            "rows": lists.dossier_rows(frame, self._desk, found.rows),
            "matters": matters.table(frame, self._desk, figure, found.rows),
            "checklist": matters.checklist(frame, figure),
            "pager": lists.pager(frame, found, number, "/rows", **kept),
        }
        return page(request, frame, "rows.html", values, active=_section(figure), kept=kept)

    async def board(self, request: Request, principal: Reader, unit: Unit = None) -> Response:
        """Show the directive, centre by centre."""
        frame = frame_of(request, self._desk.clock, principal, unit)
        found = await self._read(frame, scope_of(principal, unit))
        if isinstance(found, str):
            return self._sorry(request, frame, found)
        units = frozenset(found.by_unit) & found.heard.of
        try:
            available = {
                kind: await self._desk.availability(kind, units, found.period, frame.now)
                for kind in KINDS
            }
        except UnavailableError:
            return self._sorry(request, frame, "away")
        values = board.context(frame, self._desk, found, available)
        every = sorted(found.by_unit)
        values["obligations"] = overview.obligation_rows(frame, found, every, unit)
        values["matters"] = matters.figures_of(frame, found, every, unit)
        values["subtitle"] = [
            frame.say("board_sub"),
            *overview.subtitle(frame, found)[:2],
        ]
        return page(request, frame, "board.html", values, active="board")

    async def sources(self, request: Request, principal: Reader, unit: Unit = None) -> Response:
        """Show where the data come from and what cannot be so."""
        frame = frame_of(request, self._desk.clock, principal, unit)
        found = await self._read(frame, scope_of(principal, unit))
        if isinstance(found, str):
            return self._sorry(request, frame, found)
        values = sources.context(frame, self._desk, found)
        return page(request, frame, "sources.html", values, active="sources")

    async def dossier(self, request: Request, code: str, principal: Reader) -> Response:
        """Show one dossier."""
        frame = frame_of(request, self._desk.clock, principal)
        async with Answering():
            known = await self._desk.dossier(code)
        if known is None or not principal.may_see(known[1].unit):
            values = {
                "title": frame.say("not_found_title"),
                "text": frame.say("not_found_text"),
            }
            return page(request, frame, "message.html", values, status=404, live=False)
        values = dossier.context(frame, self._desk, *known)
        return page(request, frame, "dossier.html", values, active="overdue", period_menu=False)

    async def _read(self, frame: Frame, units: frozenset[str] | None) -> Overview | str:
        """Read figures; a word for what is wrong when they cannot be shown."""
        try:
            return await self._desk.overview(units, frame.chosen.period, frame.now)
        except NotReconciledError:
            return "not_reconciled"
        except UnavailableError:
            return "away"

    async def _list(
        self,
        frame: Frame,
        principal: Principal,
        figure: str,
        unit: str | None,
        number: int = 1,
        field: str | None = None,
    ) -> Found | str:
        period = frame.chosen.period
        asked = asked_for(self._desk, principal, figure, unit, period, number, field)
        try:
            async with Answering():
                return await self._desk.listed(asked)
        except ProblemError as problem:
            if problem.rule == "unavailable":
                return "away"
            raise

    def _sorry(self, request: Request, frame: Frame, what: str) -> Response:
        values = {"title": frame.say(f"{what}_title"), "text": frame.say(f"{what}_text")}
        return page(request, frame, "message.html", values, status=503)


def _rows_title(frame: Frame, figure: str, found: Found) -> str:
    """Say which figure it is, its number, and how many rows make it."""
    count = frame.number(found.total)
    said = {"figure": frame.figure(figure), "count": count}
    if found.amount is not None:
        return frame.say(
            "rows_amount", **said, amount=matters.amount(frame, figure, found.amount)
        )
    if figure in MATTER_FIGURES:
        duty = figure.startswith("duty_")
        return frame.say("rows_matters" if duty else "rows_title_matters", **said)
    return frame.say("rows_title", **said)


def _section(figure: str) -> str:
    if figure in MATTER_FIGURES or delays_among([figure]):
        return "board"
    flow = FLOWS.get(figure)
    sources_of = {"imported", "imported_events", "events_after_end", "end_before_first"}
    if flow is not None and flow.name in sources_of:
        return "sources"
    return "overdue" if figure in {"overdue", "at_risk", "due_today"} else "overview"
