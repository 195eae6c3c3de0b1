"""The pages of changes: what is proposed, what it would move, and the second person's word."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Path, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.workflow.adapters.pages.frame import Frame
from services.workflow.adapters.pages.show import page
from services.workflow.adapters.pages.site import (
    NOT_FOUND,
    UNAVAILABLE,
    UNPROCESSABLE,
    Site,
)
from services.workflow.core.deciding import Decision, decide
from services.workflow.core.preview import COUNTED
from services.workflow.usecases.preview import Preview
from services.workflow.usecases.preview_view import preview_view, proposal_view
from shared.events.codes import SUBJECT_CHARACTERS_MAX
from shared.events.faults import Fault
from shared.reference.proposals import Proposal
from shared.subjects.errors import UnavailableError
from shared.web import formats
from shared.web.auth import allow
from shared.web.principal import Principal

LOOKERS: Final = allow("province", "auditor")
DECIDERS: Final = allow("province")
LISTED: Final = 50
COLUMNS: Final = ("later", "kept", "dated", "stop_overdue", "become_overdue", "alerts_void")
"""What the table by centre shows; the rest stands in the figures above it."""

Looker = Annotated[Principal, LOOKERS]
Decider = Annotated[Principal, DECIDERS]
Name = Annotated[str, Path(max_length=SUBJECT_CHARACTERS_MAX)]


def changes_router(site: Site) -> APIRouter:
    """Build the list, the preview, and the form of the decision."""
    router = APIRouter(include_in_schema=False)
    pages = ChangePages(site)
    for path, endpoint, method in (
        ("/changes", pages.listed, "GET"),
        ("/changes/{subject:path}", pages.shown, "GET"),
        ("/changes/{subject:path}", pages.decided, "POST"),
    ):
        router.add_api_route(path, endpoint, methods=[method], response_class=HTMLResponse)
    return router


class ChangePages:
    """The answers of these pages."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def listed(self, request: Request, principal: Looker) -> Response:
        """List what waits for a second person, and how far the calendar goes."""
        frame = self._site.frame(request, principal)
        found = frame.reference.proposals.values()
        horizon = frame.reference.horizon
        values = {
            "title": frame.say("changes_title", count=frame.number(len(found))),
            "subtitle": [
                frame.say(
                    "changes_horizon",
                    day=frame.say("no_due") if horizon is None else formats.day(horizon),
                ),
                frame.say("data_as_of", moment=frame.as_of(frame.now)),
            ],
            "rows": [proposal_row(frame, one) for one in found],
        }
        return page(request, frame, "changes.html", values, active="changes")

    async def shown(self, request: Request, principal: Looker, subject: Name) -> Response:
        """Show what a proposal would move, and the forms of who may decide it."""
        return await self._show(request, principal, subject)

    async def decided(
        self,
        request: Request,
        principal: Decider,
        subject: Name,
        decision: Annotated[Decision, Form()],
        seen: Annotated[str, Form(max_length=128)],
    ) -> Response:
        """Send a decision to intake; it holds when it comes back."""
        site = self._site
        made = decide(
            site.reference(),
            subject,
            decision,
            seen=seen,
            by=principal.person,
            now=site.clock.now(),
        )
        if isinstance(made, list):
            return await self._show(request, principal, subject, refused=made)
        try:
            await site.publisher.publish([made])
        except UnavailableError:
            return site.sorry(request, site.frame(request, principal), "away", UNAVAILABLE)
        frame = site.frame(request, principal)
        return RedirectResponse(
            frame.link(f"/changes/{subject}", sent=decision), status_code=303
        )

    async def _show(
        self,
        request: Request,
        principal: Principal,
        subject: str,
        *,
        refused: list[Fault] | None = None,
    ) -> Response:
        site, frame = self._site, self._site.frame(request, principal)
        try:
            preview = await site.preview(subject)
        except UnavailableError:
            return site.sorry(request, frame, "away", UNAVAILABLE)
        sent = request.query_params.get("sent")
        if preview is None:
            # It was decided meanwhile, or somebody follows an old link.
            what = f"change_over_{sent}" if sent in {"approve", "withdraw"} else "change_over"
            return site.sorry(request, frame, what, 200 if sent else NOT_FOUND)
        values = {
            **change_values(frame, preview, principal),
            "sent": frame.say(f"change_sent_{sent}") if sent in {"approve", "withdraw"} else "",
            "wrong": [_said(frame, one) for one in refused or ()],
        }
        status = UNPROCESSABLE if refused else 200
        return page(request, frame, "change.html", values, active="changes", status=status)


def proposal_row(frame: Frame, proposal: Proposal) -> dict[str, Any]:
    """Return a proposal as the list shows it."""
    seen = proposal_view(proposal)
    row = seen["row"]
    return {
        "href": frame.link(f"/changes/{proposal.subject}"),
        "name": _name(frame, row),
        "where": frame.unit_name(row["unit"]) if row.get("unit") else frame.say("all_units"),
        "source": row["source"],
        "by": seen["proposed_by"],
        "at": frame.moment(proposal.at),
        "retroactive": frame.say("change_retroactive") if seen["retroactive"] else "",
    }


def change_values(frame: Frame, preview: Preview, principal: Principal) -> dict[str, Any]:
    """Return what the page of one proposal shows."""
    seen = preview_view(preview, principal.units, limit=LISTED)
    counts = seen["counts"]
    units = [
        {
            "name": frame.unit_name(unit),
            "counts": [frame.number(count[word]) if count[word] else "" for word in COLUMNS],
            "moved": sum(count[word] for word in COLUMNS),
        }
        for unit, count in seen["units"].items()
    ]
    shown = sorted((one for one in units if one["moved"]), key=lambda one: -one["moved"])
    mine = principal.person is not None and principal.person == seen["proposed_by"]
    return {
        "change": proposal_row(frame, preview.proposal),
        "seen": seen["seen"],
        "subtitle": [
            frame.say("change_looked", count=frame.number(seen["subjects"])),
            frame.say("change_as_of", moment=frame.moment(preview.at)),
        ],
        "figures": [
            {
                "name": frame.say(f"count_{word}"),
                "value": frame.number(counts[word]),
                "grave": word == "become_overdue",
            }
            for word in COUNTED
            if counts[word]
        ],
        "columns": [frame.say(f"count_{word}_short") for word in COLUMNS],
        "units": shown,
        "listed": [_moved(frame, one) for one in preview.listed if _sees(principal, one.unit)][
            :LISTED
        ],
        "more": frame.say("change_more", count=frame.number(seen["touched"]))
        if seen["more"]
        else "",
        "may_decide": principal.role == "province" and principal.person is not None,
        "why_not": ""
        if principal.role != "province"
        else _why_not(frame, principal, mine=mine),
        "mine": mine,
        "action": frame.link(f"/changes/{preview.proposal.subject}"),
        "back": frame.link("/changes"),
    }


def _why_not(frame: Frame, principal: Principal, *, mine: bool) -> str:
    if principal.role != "province":
        return ""
    if principal.person is None:
        return frame.say("change_no_person")
    return frame.say("change_mine") if mine else ""


def _sees(principal: Principal, unit: str) -> bool:
    return principal.may_see(unit)


def _moved(frame: Frame, one: Any) -> dict[str, Any]:  # noqa: ANN401 -- A `Moved`.
    return {
        "name": frame.subject_name(one.subject),
        "story": frame.story(one.subject),
        "unit": frame.unit_name(one.unit),
        "kind": frame.kind_name(one.obligation.partition(":")[0]),
        "old": frame.say("no_due") if one.old_due is None else frame.moment(one.old_due),
        "new": frame.say("no_due") if one.new_due is None else frame.moment(one.new_due),
        "what": ", ".join(frame.say(f"count_{word}_short") for word in one.what),
        "grave": "become_overdue" in one.what,
    }


def _name(frame: Frame, row: dict[str, Any]) -> str:
    if "day" in row:
        return frame.say(f"change_{row['kind']}", day=_day(row["day"]))
    limit = row["limit"]
    amount = frame.say(f"limit_{limit['unit']}", value=limit.get("value", 0))
    return frame.say(
        "change_rule",
        procedure=frame.procedure_name(row["procedure"]),
        limit=amount,
        day=_day(row["valid_from"]),
    )


def _day(text: str) -> str:
    return f"{text[8:]}/{text[5:7]}/{text[:4]}"


def _said(frame: Frame, one: Fault) -> str:
    if frame.language == "vi":
        return f"{one.detail_vi} {one.remedy_vi}"
    return f"{one.detail} {one.remedy}"
