"""The pages of changes: what is proposed, what it would move, and the second person's word."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, get_args

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
from shared.reference.proposals import Kind, Proposal
from shared.reference.view import Reference
from shared.subjects.errors import UnavailableError
from shared.web import formats
from shared.web.auth import allow
from shared.web.principal import Principal

LOOKERS: Final = allow("province", "auditor")
DECIDERS: Final = allow("province")
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
LISTED: Final = 50
SENT: Final = ("propose", "approve", "withdraw")
"""What somebody can have sent, as the address says it afterwards."""

SENT_SECONDS: Final = 3
"""How often a page looks what became of it; intake records mostly within one."""

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
            "propose": [
                {
                    "href": frame.link(f"/changes/propose/{kind}"),
                    "name": frame.say(f"propose_{kind}"),
                }
                for kind in KINDS
            ]
            if principal.role == "province"
            else [],
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
        if not await site.send(made):
            return site.sorry(request, site.frame(request, principal), "away", UNAVAILABLE)
        frame = site.frame(request, principal)
        return RedirectResponse(sent_link(frame, subject, decision, made.id), status_code=303)

    async def _show(
        self,
        request: Request,
        principal: Principal,
        subject: str,
        *,
        refused: Sequence[Fault] = (),
    ) -> Response:
        site, frame = self._site, self._site.frame(request, principal)
        sent, event = request.query_params.get("sent"), request.query_params.get("event", "")
        done = sent if sent in SENT else ""
        try:
            preview = await site.preview(subject)
        except UnavailableError:
            return site.sorry(request, frame, "away", UNAVAILABLE)
        held = bool(done) and has_come(site.reference(), subject, event)
        if done and not held and not refused:
            refused = site.refusals.of(event)
        if preview is None:
            return self._over(request, frame, done, refused=refused, held=held)
        waiting = bool(done) and not held and not refused
        values = {
            **change_values(frame, preview, principal),
            "sent": frame.say(f"change_sent_{done}") if waiting else "",
            "recorded": frame.say("change_recorded") if held and done == "propose" else "",
            "wrong": [said(frame, one) for one in refused],
        }
        # What was refused on its way is no fault of this very request.
        status = UNPROCESSABLE if refused and not done else 200
        if done:
            values["live_every"] = SENT_SECONDS
        return page(request, frame, "change.html", values, active="changes", status=status)

    @staticmethod
    def _over(
        request: Request, frame: Frame, done: str, *, refused: Sequence[Fault], held: bool
    ) -> Response:
        """Say what became of what does not wait any more, or does not yet."""
        what = "change_over"
        if done == "propose" and not held and not refused:
            what = "change_wait"
        elif (done == "withdraw" and not refused) or (done == "approve" and held):
            what = f"change_over_{done}"
        values = {
            "title": frame.say(f"{what}_title"),
            "text": "" if refused else frame.say(f"{what}_text"),
            "wrong": [said(frame, one) for one in refused],
            "back": frame.link("/changes"),
            "live_every": SENT_SECONDS,
        }
        status = 200 if done else NOT_FOUND
        return page(
            request,
            frame,
            "settled.html",
            values,
            active="changes",
            status=status,
            live=bool(done),
        )


def sent_link(frame: Frame, subject: str, what: str, event: str) -> str:
    """Return where somebody sees what becomes of what they have sent."""
    return frame.link(f"/changes/{subject}", sent=what, event=event)


def has_come(reference: Reference, subject: str, event: str) -> bool:
    """Say whether what was sent has come back: it is proposed, or holds."""
    proposed = reference.proposals.get(subject)
    if proposed is not None and proposed.event == event:
        return True
    return any(change.event == event for change in reference.changes())


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
    proposed_by = preview.proposal.data.by
    mine = principal.person is not None and principal.person == proposed_by
    return {
        **effect_values(frame, preview, principal),
        "change": proposal_row(frame, preview.proposal),
        "seen": preview.proposal.event,
        "may_decide": principal.role == "province" and principal.person is not None,
        "why_not": _why_not(frame, principal, mine=mine),
        "mine": mine,
        "action": frame.link(f"/changes/{preview.proposal.subject}"),
        "back": frame.link("/changes"),
    }


def effect_values(frame: Frame, preview: Preview, principal: Principal) -> dict[str, Any]:
    """Return what would move: in all, by centre, and the gravest by name."""
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
    return {
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
        "units": sorted((one for one in units if one["moved"]), key=lambda one: -one["moved"]),
        "listed": [_moved(frame, one) for one in preview.listed if _sees(principal, one.unit)][
            :LISTED
        ],
        "more": frame.say("change_more", count=frame.number(seen["touched"]))
        if seen["more"]
        else "",
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
    amount = limit_text(
        frame, limit["unit"], limit.get("value", 0), limit.get("outside_opening", "as_is")
    )
    return frame.say(
        "change_rule",
        procedure=frame.procedure_name(row["procedure"]),
        limit=amount,
        day=_day(row["valid_from"]),
    )


def limit_text(frame: Frame, unit: str, value: int, outside_opening: str) -> str:
    """Return a limit in words, and where its promise goes if that is not the plain choice."""
    amount = frame.say(f"limit_{unit}", value=value)
    if outside_opening == "as_is":
        return amount
    outside = frame.say(f"outside_{outside_opening}")
    return frame.say("limit_outside_opening", limit=amount, outside=outside)


def _day(text: str) -> str:
    return f"{text[8:]}/{text[5:7]}/{text[:4]}"


def said(frame: Frame, one: Fault) -> str:
    """Return what is wrong, and what to do about it."""
    if frame.language == "vi":
        return f"{one.detail_vi} {one.remedy_vi}"
    return f"{one.detail} {one.remedy}"
