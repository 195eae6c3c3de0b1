"""The pages of wrong results: an error is recorded, and the corrected result that is back."""

from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.workflow.adapters.pages.changes import said
from services.workflow.adapters.pages.frame import Frame
from services.workflow.adapters.pages.rows import stands, tone
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
from services.workflow.adapters.pages.today import where
from services.workflow.core.asking import RESULT_FAULTS, RefusedFormError, WrongResult
from services.workflow.core.kinds.registry import KINDS
from services.workflow.core.kinds.result_correction import CORRECTION
from services.workflow.core.open import on_its_way
from services.workflow.core.result import Dispute, Result, result_of
from shared.calendar.zone import legal_day
from shared.events.codes import SUBJECT_CHARACTERS_MAX
from shared.events.dossiers import RESULT_ERRORS
from shared.subjects.errors import UnavailableError
from shared.web import formats
from shared.web.principal import Principal

Issuer = Annotated[Principal, ISSUERS]
Field = Annotated[str, Form(max_length=64)]
Code = Annotated[str, Query(max_length=SUBJECT_CHARACTERS_MAX)]
MAY_RECORD: Final = frozenset({"clerk", "director"})


def results_router(site: Site) -> APIRouter:
    """Build the list, the page of one result, and what its buttons do."""
    router = APIRouter(include_in_schema=False)
    pages = ResultPages(site)
    for path, endpoint, method in (
        ("/results", pages.results, "GET"),
        ("/results/{code}", pages.result, "GET"),
        ("/results/{code}/dispute", pages.dispute, "POST"),
        ("/results/{code}/correct", pages.correct, "POST"),
    ):
        router.add_api_route(path, endpoint, methods=[method], response_class=HTMLResponse)
    return router


class ResultPages:
    """The answers of these pages."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def results(
        self, request: Request, principal: Reader, unit: Unit = None, code: Code = ""
    ) -> Response:
        """Show the wrong results that are to be corrected; a code leads to its own page."""
        site, frame = self._site, self._site.frame(request, principal, unit)
        if code.strip():
            return RedirectResponse(_address(frame, code.strip()), status_code=303)
        try:
            found = await site.desk.wrong_results(site.viewer(principal, unit))
        except UnavailableError:
            return site.sorry(request, frame, "away", UNAVAILABLE)
        values = {
            "title": frame.say("results_title", count=frame.number(len(found.results))),
            "subtitle": where(frame, principal),
            "rows": [_listed(frame, one) for one in found.results],
            "several": principal.units is None or len(principal.units) > 1,
            "more": found.more,
            "law": _law(frame),
            "unit_menu": True,
        }
        return page(request, frame, "results.html", values, active="results")

    async def result(self, request: Request, code: str, principal: Reader) -> Response:
        """Show one result: what was wrong with it, and what can be recorded now."""
        return await self._result(request, code, principal)

    async def dispute(
        self,
        request: Request,
        code: str,
        principal: Issuer,
        reason: Field = "",
        fault: Field = "",
    ) -> Response:
        """Record that a result is wrong; it holds when it has come back through intake."""
        wrong = WrongResult(reason=reason, fault=fault)
        written = {"reason": reason, "fault": fault}
        return await self._record(request, code, principal, wrong, written)

    async def correct(
        self, request: Request, code: str, principal: Issuer, result: Field = ""
    ) -> Response:
        """Record that the corrected result is back; it holds when intake has recorded it."""
        new = result.strip()
        return await self._record(request, code, principal, new, {"result": new})

    async def _record(
        self,
        request: Request,
        code: str,
        principal: Principal,
        what: WrongResult | str,
        written: dict[str, str],
    ) -> Response:
        site, frame = self._site, self._site.frame(request, principal)
        try:
            if await site.subject(code, principal) is None:
                return site.sorry(request, frame, "not_found", NOT_FOUND)
            if isinstance(what, WrongResult):
                await site.ask.dispute_result(code, what)
            else:
                await site.ask.correct_result(code, what)
        except RefusedFormError as error:
            return await self._result(request, code, principal, why=error.why, written=written)
        except UnavailableError:
            return site.sorry(request, frame, "away", UNAVAILABLE)
        return RedirectResponse(_address(frame, code), status_code=303)

    async def _result(
        self,
        request: Request,
        code: str,
        principal: Principal,
        *,
        why: str = "",
        written: dict[str, str] | None = None,
    ) -> Response:
        site, frame = self._site, self._site.frame(request, principal)
        try:
            found = await site.subject(code, principal)
        except UnavailableError:
            return site.sorry(request, frame, "away", UNAVAILABLE)
        if found is None:
            return site.sorry(request, frame, "not_found", NOT_FOUND)
        refused = site.refused(found)
        result = result_of(found)
        if result is None:
            nothing = {"title": code, "text": frame.say("result_none")}
            return page(request, frame, "message.html", nothing, active="results")
        values: dict[str, Any] = {
            **_values(frame, result),
            "written": {"reason": "", "fault": "", "result": ""} | (written or {}),
            "wrong": [frame.say(f"refused_{why}")]
            if why
            else [said(frame, one) for one in refused.get(result.key, ())],
            "may_record": principal.role in MAY_RECORD,
        }
        status = UNPROCESSABLE if why else 200
        return page(request, frame, "result.html", values, active="results", status=status)


def _address(frame: Frame, code: str) -> str:
    return frame.link(f"/results/{quote(code, safe='')}")


def _law(frame: Frame) -> str:
    """Say how long a correction may take, and where that is written today."""
    citation = KINDS[CORRECTION].source_on(legal_day(frame.now))
    law = "" if citation is None else f" ({getattr(citation, frame.language)})"
    return frame.say("results_law", law=law)


def _listed(frame: Frame, result: Result) -> dict[str, Any]:
    owed = result.correction
    assert owed is not None, "only what is to be corrected is listed"
    last = result.disputes[-1] if result.disputes else None
    return {
        "code": result.subject.id,
        "href": _address(frame, result.subject.id),
        "unit": frame.unit_name(owed.unit),
        "procedure": frame.procedure_name(result.procedure),
        "due": frame.near(owed.due),
        "stands": stands(frame, owed),
        "tone": tone(frame, owed),
        "error": "" if last is None else _error_text(frame, last.reason),
        "handler": ", ".join(owed.persons.get("handler", ())),
        "asked": _asked(frame, result),
    }


def _values(frame: Frame, result: Result) -> dict[str, Any]:
    """Return everything that the page of one result shows, but for the forms' state."""
    owed = result.correction
    return {
        "code": result.subject.id,
        "story": frame.story(result.subject.id),
        "unit": frame.unit_name(result.subject.unit),
        "procedure": frame.procedure_name(result.procedure),
        "given": frame.say("result_given", moment=frame.moment(result.given_at)),
        "due": "" if owed is None or owed.due is None else frame.moment(owed.due),
        "stands": "" if owed is None else stands(frame, owed),
        "tone": "quiet" if owed is None else tone(frame, owed),
        "disputes": [_line(frame, one) for one in reversed(result.disputes)],
        "asked": _asked(frame, result),
        "may_be_disputed": result.may_be_disputed,
        "may_be_corrected": result.may_be_corrected,
        "errors": [(word, frame.say(f"error_{word}")) for word in RESULT_ERRORS],
        "faults": [(word, frame.say(f"fault_{word}")) for word in RESULT_FAULTS],
        "dispute": frame.link(f"/results/{result.subject.id}/dispute"),
        "correct": frame.link(f"/results/{result.subject.id}/correct"),
        "back": frame.link("/results"),
        "law": _law(frame),
    }


def _line(frame: Frame, one: Dispute) -> dict[str, str]:
    """Return one dispute in words."""
    return {
        "error": _error_text(frame, one.reason),
        "found": frame.say(
            "result_found",
            moment=frame.moment(one.at),
            fault=frame.say(f"fault_{one.fault}"),
        ),
        "corrected": ""
        if one.corrected_at is None
        else frame.say("result_corrected_at", moment=frame.moment(one.corrected_at)),
    }


def _error_text(frame: Frame, reason: str) -> str:
    """Name an error; one that is not of our list, as another system sent it, as it is."""
    return frame.say(f"error_{reason}") if reason in RESULT_ERRORS else reason.replace("_", " ")


def _asked(frame: Frame, result: Result) -> str:
    """Say that something was sent to intake and has not come back."""
    asked = on_its_way(result.subject, result.key, frame.now)
    if asked is None:
        return ""
    return frame.say("recorded_soon", moment=formats.clock(asked.at))
