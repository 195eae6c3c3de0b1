"""The pages on which a change is written down, looked at, and only then proposed."""

from typing import Annotated, Any, Final, get_args

from fastapi import APIRouter, Form, Query, Request
from pydantic import BaseModel, ConfigDict
from pydantic.types import StringConstraints
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.workflow.adapters.pages.changes import (
    DECIDERS,
    effect_values,
    limit_text,
    said,
    sent_link,
)
from services.workflow.adapters.pages.frame import Frame
from services.workflow.adapters.pages.show import page
from services.workflow.adapters.pages.site import UNAVAILABLE, UNPROCESSABLE, Site
from services.workflow.core.proposing import Draft, draft, row_of_form
from services.workflow.usecases.preview import Preview
from shared.calendar.wording import DAY_REASONS, reason_text
from shared.events.codes import PROVINCE
from shared.events.faults import Fault
from shared.events.reference import CalendarRow, RuleLimit
from shared.reference.calendars import PUBLISHED_THROUGH
from shared.reference.proposals import Kind
from shared.reference.view import Reference
from shared.subjects.errors import UnavailableError
from shared.web import formats
from shared.web.principal import Principal

KINDS_OF_DAY: Final = ("off", "work", PUBLISHED_THROUGH)
CHANNELS: Final = ("direct", "online", "post")
AFTER_SUPPLEMENT: Final = ("restart", "subtract")
OUTSIDE_OPENING: Final = ("as_is", "next_opening")
LIMITS: Final = get_args(RuleLimit.model_fields["unit"].annotation)
USUAL_REASON: Final = "swap"
SHOWN_ROWS_MAX: Final = 20

Decider = Annotated[Principal, DECIDERS]
Text = Annotated[str, StringConstraints(max_length=400)]


class ChangeForm(BaseModel):
    """What somebody has written; the fields of both kinds, an empty one means none."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    day: Text = ""
    kind: Text = ""
    unit: Text = ""
    reason: Text = ""
    counterpart: Text = ""
    source: Text = ""
    procedure: Text = ""
    channel: Text = ""
    limit: Text = ""
    value: Text = ""
    after_supplement: Text = ""
    outside_opening: Text = ""
    valid_from: Text = ""
    valid_to: Text = ""
    row: Text = ""
    rule: Text = ""

    @property
    def filled(self) -> dict[str, str]:
        """Return what was written."""
        return {name: text for name, text in self.model_dump().items() if text}


def propose_router(site: Site) -> APIRouter:
    """Build the forms; looked at by GET, so that what would move can be passed on."""
    router = APIRouter(include_in_schema=False)
    pages = ProposePages(site)
    path = "/changes/propose/{what}"
    for endpoint, method in ((pages.form, "GET"), (pages.proposed, "POST")):
        router.add_api_route(path, endpoint, methods=[method], response_class=HTMLResponse)
    return router


class ProposePages:
    """The answers of these pages."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def form(
        self,
        request: Request,
        principal: Decider,
        what: Kind,
        written: Annotated[ChangeForm, Query()],
    ) -> Response:
        """Show the form, and beside it what would move by what is written there."""
        if not written.filled:
            return self._page(request, principal, what, written)
        made = self._draft(what, written, principal)
        if isinstance(made, list):
            return self._page(request, principal, what, written, refused=made)
        try:
            preview = await self._site.preview.draft(made.proposal)
        except UnavailableError:
            frame = self._site.frame(request, principal)
            return self._site.sorry(request, frame, "away", UNAVAILABLE)
        return self._page(request, principal, what, written, preview=preview)

    async def proposed(
        self,
        request: Request,
        principal: Decider,
        what: Kind,
        written: Annotated[ChangeForm, Form()],
    ) -> Response:
        """Send a proposal to intake; it waits for a second person when it comes back."""
        made = self._draft(what, written, principal)
        if isinstance(made, list):
            return self._page(request, principal, what, written, refused=made)
        frame = self._site.frame(request, principal)
        if not await self._site.send(made.told):
            return self._site.sorry(request, frame, "away", UNAVAILABLE)
        proposal = made.proposal
        return RedirectResponse(
            sent_link(frame, proposal.subject, "propose", proposal.event), status_code=303
        )

    def _draft(
        self, what: Kind, written: ChangeForm, principal: Principal
    ) -> Draft | list[Fault]:
        reference = self._site.reference()
        row = row_of_form(what, written.filled, reference)
        return draft(reference, what, row, by=principal.person, now=self._site.clock.now())

    def _page(
        self,
        request: Request,
        principal: Principal,
        what: Kind,
        written: ChangeForm,
        *,
        refused: list[Fault] | None = None,
        preview: Preview | None = None,
    ) -> Response:
        frame = self._site.frame(request, principal)
        values: dict[str, Any] = {
            "title": frame.say(f"propose_{what}"),
            "what": what,
            "written": {**written.model_dump(), "reason": written.reason or USUAL_REASON},
            "filled": written.filled,
            "action": frame.path,
            "back": frame.link("/changes"),
            "may_propose": principal.person is not None,
            "all_units": units_with_names(frame),
            "wrong": [_placed(frame, one) for one in refused or ()],
            "rows": _rows(frame, what, written),
            "preview": preview is not None,
            **(_calendar_lists(frame) if what == "calendar" else _rule_lists(frame)),
        }
        if preview is not None:
            values |= effect_values(frame, preview, principal)
        status = UNPROCESSABLE if refused else 200
        return page(
            request, frame, "propose.html", values, active="changes", status=status, live=False
        )


def units_with_names(frame: Frame) -> list[tuple[str, str]]:
    """Return every commune's code and name, by name."""
    codes = [code for code in frame.reference.units if code != PROVINCE]
    return sorted(((code, frame.unit_name(code)) for code in codes), key=lambda pair: pair[1])


def _calendar_lists(frame: Frame) -> dict[str, Any]:
    return {
        "kinds": [(word, frame.say(f"kind_{word}")) for word in KINDS_OF_DAY],
        "reasons": [(word, reason_text(word, frame.language)) for word in DAY_REASONS],
    }


def _rule_lists(frame: Frame) -> dict[str, Any]:
    known = frame.reference.procedures.values()
    return {
        "procedures": sorted((one.code, one.name) for one in known),
        "channels": [(word, frame.say(f"channel_{word}")) for word in CHANNELS],
        "limits": [(word, frame.say(f"unit_{word}")) for word in LIMITS],
        "clocks": [(word, frame.say(f"after_{word}")) for word in AFTER_SUPPLEMENT],
        "outside": [(word, frame.say(f"outside_{word}")) for word in OUTSIDE_OPENING],
    }


def _placed(frame: Frame, one: Fault) -> str:
    """Return what is wrong, after the name of the field that it is about."""
    key = f"field_{one.path.removeprefix('/data/').replace('/', '_')}"
    text = said(frame, one)
    return f"{frame.say(key)}: {text}" if key in frame.words else text


def _rows(frame: Frame, what: Kind, written: ChangeForm) -> list[dict[str, str]]:
    """Return the rows that hold for what is written, each with the form to change it."""
    reference = frame.reference
    if what == "calendar":
        return [
            {
                "id": row.row,
                "text": frame.say(f"change_{row.kind}", day=formats.day(row.day)),
                "where": _where(frame, row.unit),
                "source": row.source,
                "href": frame.link("/changes/propose/calendar", **_written_day(row)),
            }
            for row in sorted(reference.calendars.rows.values(), key=lambda one: one.row)
            if row.day.isoformat() in {written.day, written.counterpart}
        ][:SHOWN_ROWS_MAX]
    return _rule_rows(frame, reference, written.procedure.strip())


def _rule_rows(frame: Frame, reference: Reference, procedure: str) -> list[dict[str, str]]:
    held = sorted(
        reference.rules.by_procedure.get(procedure, ()),
        key=lambda one: (one.valid_from, one.rule),
    )
    found = []
    for row in held[-SHOWN_ROWS_MAX:]:
        limit = row.limit
        amount = limit_text(frame, limit.unit, limit.value, limit.outside_opening)
        until = "" if row.valid_to is None else formats.day(row.valid_to)
        span = "rule_span" if until else "rule_since"
        days = frame.say(span, first=formats.day(row.valid_from), end=until)
        channel = "" if row.channel is None else f", {frame.say(f'channel_{row.channel}')}"
        written = {
            "rule": row.rule,
            "procedure": row.procedure,
            "unit": row.unit or "",
            "channel": row.channel or "",
            "limit": row.limit.unit.value,
            "value": str(row.limit.value or ""),
            "after_supplement": row.limit.after_supplement.value,
            "outside_opening": row.limit.outside_opening.value,
            "valid_from": row.valid_from.isoformat(),
            "valid_to": "" if row.valid_to is None else row.valid_to.isoformat(),
            "source": row.source,
        }
        found.append(
            {
                "id": row.rule,
                "text": f"{amount}, {days}",
                "where": f"{_where(frame, row.unit)}{channel}",
                "source": row.source,
                "href": frame.link("/changes/propose/rule", **written),
            }
        )
    return found


def _where(frame: Frame, unit: str | None) -> str:
    return frame.say("all_units") if unit is None else frame.unit_name(unit)


def _written_day(row: CalendarRow) -> dict[str, str]:
    return {
        "row": row.row,
        "day": row.day.isoformat(),
        "kind": row.kind,
        "unit": row.unit or "",
        "reason": row.reason,
        "counterpart": "" if row.counterpart is None else row.counterpart.isoformat(),
        "source": row.source,
    }
