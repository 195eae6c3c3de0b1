"""The page on which the province imports a statistical form of a unit that is not connected."""

from datetime import date
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.workflow.adapters.pages.changes import DECIDERS, said
from services.workflow.adapters.pages.propose import units_with_names
from services.workflow.adapters.pages.show import page
from services.workflow.adapters.pages.site import UNAVAILABLE, UNPROCESSABLE, Site
from services.workflow.core.reporting_form import FormFile, draft_form
from shared.events.codes import UnitCode
from shared.events.faults import Fault, fault
from shared.events.forms import FORMS, FormCode
from shared.sheets.reading import BYTES_MAX, UnreadableSheetError, read_sheets
from shared.web.principal import Principal

KILOBYTE = 1_000
Decider = Annotated[Principal, DECIDERS]


def forms_router(site: Site) -> APIRouter:
    """Build the page and what its button does."""
    router = APIRouter(include_in_schema=False)
    pages = FormPages(site)
    for endpoint, method in ((pages.shown, "GET"), (pages.imported, "POST")):
        router.add_api_route(
            "/reported", endpoint, methods=[method], response_class=HTMLResponse
        )
    return router


class FormPages:
    """The answers of this page."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def shown(
        self,
        request: Request,
        principal: Decider,
        sent: Annotated[UnitCode | None, Query()] = None,
    ) -> Response:
        """Show the form; `sent` is the unit whose file was just taken."""
        return self._page(request, principal, {}, sent=sent)

    async def imported(
        self,
        request: Request,
        principal: Decider,
        form: Annotated[FormCode, Form()],
        unit: Annotated[UnitCode, Form()],
        first: Annotated[date, Form(alias="from")],
        last: Annotated[date, Form(alias="to")],
        file: Annotated[UploadFile, File()],
    ) -> Response:
        """Read the file, and send what it reports to intake."""
        written = {"form": form, "unit": unit, "from": str(first), "to": str(last)}
        content = await file.read(BYTES_MAX + 1)
        try:
            sheets = read_sheets(content)
        except UnreadableSheetError:
            wrong = [fault("sheet-unreadable", "", limit=BYTES_MAX // KILOBYTE)]
            return self._page(request, principal, written, refused=wrong)
        chosen = FormFile(form, unit, first, last, sha256(content).hexdigest())
        made = draft_form(
            chosen,
            sheets,
            self._site.reference(),
            by=principal.person,
            now=self._site.clock.now(),
        )
        if isinstance(made, list):
            return self._page(request, principal, written, refused=made)
        frame = self._site.frame(request, principal)
        if not await self._site.send(made.outgoing):
            return self._site.sorry(request, frame, "away", UNAVAILABLE)
        return RedirectResponse(frame.link("/reported", sent=unit), status_code=303)

    def _page(
        self,
        request: Request,
        principal: Principal,
        written: dict[str, str],
        *,
        refused: list[Fault] | None = None,
        sent: str | None = None,
    ) -> Response:
        frame = self._site.frame(request, principal)
        values: dict[str, Any] = {
            "title": frame.say("reported_title"),
            "written": {"form": "", "unit": "", "from": "", "to": "", **written},
            "action": frame.link("/reported"),
            "may_import": principal.person is not None,
            "forms": [(code, form.name) for code, form in FORMS.items()],
            "all_units": units_with_names(frame),
            "wrong": [
                f"{one.path}: {said(frame, one)}"
                if one.path and not one.path.startswith("/")
                else said(frame, one)
                for one in refused or ()
            ],
            "sent": frame.unit_name(sent) if sent else "",
            "figures": frame.figures("/forms/ii06a"),
        }
        status = UNPROCESSABLE if refused else 200
        return page(
            request,
            frame,
            "reported.html",
            values,
            active="reported",
            status=status,
            live=False,
        )
