"""The pages of the counter: what must leave the desk today, and the slips to be given."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.workflow.adapters.pages.changes import said
from services.workflow.adapters.pages.frame import Frame
from services.workflow.adapters.pages.rows import row_of, working_days
from services.workflow.adapters.pages.show import page
from services.workflow.adapters.pages.site import (
    ISSUERS,
    NOT_FOUND,
    UNAVAILABLE,
    UNPROCESSABLE,
    Reader,
    Site,
    Unit,
)
from services.workflow.core.asking import CAUSES, RefusedFormError, Slip
from services.workflow.core.kinds.dossier import SLIP
from services.workflow.core.kinds.registry import KINDS
from services.workflow.core.open import Row, on_its_way
from services.workflow.core.slip import Draft
from services.workflow.usecases.desk import Today
from shared.calendar.zone import ICT, ONE_DAY, legal_day
from shared.subjects.errors import UnavailableError
from shared.web import formats
from shared.web.principal import Principal

Issuer = Annotated[Principal, ISSUERS]
Field = Annotated[str, Form(max_length=64)]
MAY_ISSUE = frozenset({"clerk", "director"})


def today_router(site: Site) -> APIRouter:
    """Build the counter's pages."""
    router = APIRouter(include_in_schema=False)
    pages = CounterPages(site)
    for path, endpoint, method in (
        ("/today", pages.today, "GET"),
        ("/slips", pages.slips, "GET"),
        ("/slips/{code}", pages.slip, "GET"),
        ("/slips/{code}", pages.issue, "POST"),
    ):
        router.add_api_route(path, endpoint, methods=[method], response_class=HTMLResponse)
    return router


class CounterPages:
    """The answers of these pages."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def today(self, request: Request, principal: Reader, unit: Unit = None) -> Response:
        """Show what is overdue, due today and next, and who is waited for."""
        site, frame = self._site, self._site.frame(request, principal, unit)
        try:
            found = await site.desk.today(site.viewer(principal, unit))
        except UnavailableError:
            return site.sorry(request, frame, "away", UNAVAILABLE)
        values = {
            "title": frame.say("today_title", day=_weekday(frame)),
            "subtitle": where(frame, principal),
            "parts": _parts(frame, found),
            "several": principal.units is None or len(principal.units) > 1,
            "more": found.more,
            "unit_menu": True,
        }
        return page(request, frame, "today.html", values, active="today")

    async def slips(self, request: Request, principal: Reader, unit: Unit = None) -> Response:
        """Show the slips that are due, the earliest first."""
        site, frame = self._site, self._site.frame(request, principal, unit)
        try:
            found = await site.desk.slips(site.viewer(principal, unit))
        except UnavailableError:
            return site.sorry(request, frame, "away", UNAVAILABLE)
        title = frame.say("slips_title", count=frame.number(len(found.drafts)))
        values = {
            "title": title,
            "subtitle": [frame.say("slips_sub"), *where(frame, principal)],
            "rows": [_listed(frame, draft) for draft in found.drafts],
            "several": principal.units is None or len(principal.units) > 1,
            "more": found.more,
            "law": slip_law(frame, legal_day(frame.now)),
            "unit_menu": True,
        }
        return page(request, frame, "slips.html", values, active="slips")

    async def slip(self, request: Request, code: str, principal: Reader) -> Response:
        """Show one slip, ready to be printed and to be given."""
        return await self._slip(request, code, principal)

    async def issue(
        self,
        request: Request,
        code: str,
        principal: Issuer,
        reason: Field = "",
        agency: Field = "",
        new_date: Field = "",
    ) -> Response:
        """Give the slip, once; it holds when it has come back through intake."""
        site, frame = self._site, self._site.frame(request, principal)
        slip = Slip(reason=reason, agency=agency, new_date=new_date)
        try:
            if await site.subject(code, principal) is None:
                return site.sorry(request, frame, "not_found", NOT_FOUND)
            await site.ask.issue_slip(code, slip)
        except RefusedFormError as error:
            return await self._slip(request, code, principal, why=error.why, chosen=slip)
        except UnavailableError:
            return site.sorry(request, frame, "away", UNAVAILABLE)
        return RedirectResponse(frame.link(f"/slips/{code}"), status_code=303)

    async def _slip(
        self,
        request: Request,
        code: str,
        principal: Principal,
        *,
        why: str = "",
        chosen: Slip | None = None,
    ) -> Response:
        site, frame = self._site, self._site.frame(request, principal)
        try:
            found = await site.subject(code, principal)
        except UnavailableError:
            return site.sorry(request, frame, "away", UNAVAILABLE)
        if found is None:
            return site.sorry(request, frame, "not_found", NOT_FOUND)
        refused = site.refused(found)
        draft = site.desk.draft(found)
        if draft is None:
            nothing = {"title": code, "text": frame.say("slip_not_owed")}
            return page(request, frame, "message.html", nothing, active="slips")
        values: dict[str, Any] = {
            **slip_values(frame, draft, chosen),
            "wrong": [frame.say(f"refused_{why}")]
            if why
            else [said(frame, one) for one in refused.get(SLIP, ())],
            "may_issue": principal.role in MAY_ISSUE,
        }
        status = UNPROCESSABLE if why else 200
        return page(request, frame, "slip.html", values, active="slips", status=status)


def where(frame: Frame, principal: Principal) -> list[str]:
    """Say whose desk it is, and until when the data reach."""
    code = frame.unit
    if code is None and principal.units is not None and len(principal.units) == 1:
        code = next(iter(principal.units))
    name = frame.say("all_units") if code is None else frame.unit_name(code)
    return [name, frame.say("data_as_of", moment=frame.as_of(frame.now))]


def _parts(frame: Frame, found: Today) -> list[dict[str, Any]]:
    soon = "" if found.next_day is None else formats.day(found.next_day)
    sections: tuple[tuple[str, Sequence[Row], dict[str, str]], ...] = (
        ("overdue", found.overdue, {}),
        ("today", found.today, {}),
        ("soon", found.soon, {"day": soon}),
        ("returned", found.returned, {}),
        ("waiting", found.waiting, {}),
        ("undated", found.undated, {}),
    )
    return [
        {
            "key": key,
            "title": frame.say(f"today_{key}", **params),
            "count": frame.number(len(rows)),
            "rows": [row_of(frame, row) for row in rows],
        }
        for key, rows, params in sections
        if rows
    ]


def _weekday(frame: Frame) -> str:
    today = legal_day(frame.now)
    return f"{formats.WEEKDAYS[frame.language][today.weekday()]} {formats.day(today)}"


def _listed(frame: Frame, draft: Draft) -> dict[str, Any]:
    code, due = draft.subject.id, draft.slip.due
    late = due is not None and due < frame.now
    days = None if draft.due is None else working_days(frame, draft.due)
    return {
        "code": code,
        "href": frame.link(f"/slips/{code}"),
        "unit": frame.unit_name(draft.slip.unit),
        "procedure": frame.procedure_name(draft.procedure),
        "due": frame.near(draft.due),
        "left": frame.say("days_left", days=days) if days and not late else "",
        "slip_due": frame.near(due),
        "late": late,
        "reason": "" if draft.reason is None else frame.say(f"cause_{draft.reason}"),
        "handler": ", ".join(draft.slip.persons.get("handler", ())),
        "asked": asked_of(frame, draft),
    }


def asked_of(frame: Frame, draft: Draft) -> str:
    """Say that a slip was sent to intake and has not come back."""
    asked = on_its_way(draft.subject, SLIP, frame.now)
    if asked is None:
        return ""
    return frame.say("recorded_soon", moment=formats.clock(asked.at))


def slip_law(frame: Frame, day: date) -> str:
    """Say by when a slip is due, and where that was written on a day."""
    citation = KINDS[SLIP].source_on(day)
    law = "" if citation is None else f" ({getattr(citation, frame.language)})"
    return frame.say("slips_law", law=law)


def slip_values(frame: Frame, draft: Draft, chosen: Slip | None) -> dict[str, Any]:
    """Return everything that the slip's page shows."""
    today = legal_day(draft.issued_at or frame.now)
    unit = frame.unit_name(draft.slip.unit)
    reason = draft.reason if chosen is None else chosen.reason
    agency = draft.agency if chosen is None else chosen.agency
    day = draft.new_date
    agencies = [(code, frame.reference.agency_name(code)) for code in draft.agencies]
    return {
        "code": draft.subject.id,
        "story": frame.story(draft.subject.id),
        "unit": unit,
        "procedure": frame.procedure_name(draft.procedure),
        "place": frame.say(
            "slip_place", unit=unit, day=today.day, month=today.month, year=today.year
        ),
        "received": frame.moment(draft.received),
        "due": "" if draft.due is None else frame.moment(draft.due),
        "slip_due": "" if draft.slip.due is None else frame.moment(draft.slip.due),
        "slip_late": draft.slip.due is not None and draft.slip.due < frame.now,
        "suspended": draft.slip.open and draft.slip.suspended_since is not None,
        "agency": frame.reference.agency_name(agency),
        "reason": reason_text(frame, draft.reason),
        "new_date": "" if day is None else new_date_text(frame, draft),
        "issued": ""
        if draft.issued_at is None
        else frame.say("slip_issued", moment=frame.moment(draft.issued_at)),
        "asked": asked_of(frame, draft),
        "agencies": agencies,
        "causes": [(code, frame.say(f"cause_{code}")) for code in CAUSES],
        "chosen_reason": reason or "",
        "chosen_agency": agency,
        "chosen_day": (day.isoformat() if day else "") if chosen is None else chosen.new_date,
        "reason_note": _reason_note(frame, draft),
        "day_note": _day_note(frame, draft),
        "first_day": (legal_day(max(draft.due or frame.now, frame.now)) + ONE_DAY).isoformat(),
        "action": frame.link(f"/slips/{draft.subject.id}"),
        "back": frame.link("/slips"),
        "law": slip_law(frame, legal_day(draft.received)),
    }


def reason_text(frame: Frame, reason: str | None) -> str:
    """Write a reason; a word that is not of our list, as another system sent it, as it is."""
    if reason is None:
        return ""
    return frame.say(f"cause_{reason}") if reason in CAUSES else reason.replace("_", " ")


def new_date_text(frame: Frame, draft: Draft) -> str:
    """Write the new date with the close of office of that day, as the promise will have it."""
    assert draft.new_date is not None, "asked only where there is one"
    opening = frame.reference.opening(draft.slip.unit)
    return frame.moment(opening.close_of(draft.new_date).astimezone(ICT))


def _reason_note(frame: Frame, draft: Draft) -> str:
    if draft.said_by is not None:
        return frame.say("slip_said_by", person=draft.said_by)
    return frame.say("slip_step_late") if draft.reason is not None else ""


def _day_note(frame: Frame, draft: Draft) -> str:
    if draft.new_date is None:
        return ""
    return frame.say("slip_proposed" if draft.proposed else "slip_promised")
