"""The same figures and lists as files: XLSX, CSV, JSON."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.reporting.adapters.api import Unit
from services.reporting.adapters.asking import Answering, asked_for, scope_of
from services.reporting.adapters.desk import Desk
from services.reporting.adapters.documents import figures_document, row_documents
from services.reporting.adapters.exports import Export, stamped
from services.reporting.adapters.pages import forms
from services.reporting.adapters.pages.frame import Frame, period_text
from services.reporting.adapters.pages.routes import Field, Reader
from services.reporting.adapters.pages.show import definitions, frame_of
from services.reporting.core.figures import Figures
from services.reporting.core.form_figures import checks as form_checks
from services.reporting.usecases.listing import ROWS_MAX
from shared.events.forms import FormCode

Form = Literal["xlsx", "csv", "json"]
SUMMARY = (
    "received",
    "carried",
    "moved_in",
    "moved_out",
    "ended",
    "pending",
    "on_time_num",
    "on_time_den",
    "on_time_rate",
    "index_num",
    "index_den",
    "index_rate",
    "late_law",
    "without_deadline",
    "overdue_open",
    "waiting",
    "events_after_end",
    "end_before_first",
)


def downloads_router(desk: Desk) -> APIRouter:
    """Build the exports; what a page shows, its file holds."""
    router = APIRouter(include_in_schema=False)

    @router.get("/export/overview.{form}")
    async def overview(
        request: Request, form: Form, principal: Reader, unit: Unit = None
    ) -> Response:
        frame = frame_of(request, desk.clock, principal, unit)
        async with Answering():
            found = await desk.overview(
                scope_of(principal, unit), frame.chosen.period, frame.now
            )
        rows = [
            {"unit": code, "name": desk.unit_name(code), **summary(mine)}
            for code, mine in found.by_unit.items()
        ]
        rows.append({"unit": "", "name": frame.say("total"), **summary(found.total)})
        columns = [("unit", "unit"), ("name", frame.say("centre"))]
        columns += [(name, name) for name in SUMMARY]
        name = f"motcua-overview-{stamped(frame.now)}"
        return Export(name, columns, rows, _about(frame)).response(form)

    @router.get("/export/rows.{form}")
    async def rows(
        request: Request,
        form: Form,
        principal: Reader,
        figure: Annotated[str, Query(max_length=60)],
        unit: Unit = None,
        field: Field = None,
    ) -> Response:
        frame = frame_of(request, desk.clock, principal, unit)
        asked = asked_for(desk, principal, figure, unit, frame.chosen.period, 1, field)
        asked = asked.whole(ROWS_MAX)
        async with Answering():
            found = await desk.listed(asked)
        listed = row_documents(desk, figure, found.rows)
        columns = [(key, key) for key in (listed[0] if listed else {"code": None})]
        about = [("figure", frame.figure(figure)), ("rows", str(found.total)), *_about(frame)]
        name = f"motcua-{figure}-{stamped(frame.now)}"
        return Export(name, columns, listed, about).response(form)

    @router.get("/export/forms/{form}.{ending}")
    async def statistical_form(
        request: Request, form: FormCode, ending: Form, principal: Reader, unit: Unit = None
    ) -> Response:
        frame = frame_of(request, desk.clock, principal, unit)
        scope = scope_of(principal, unit)
        async with Answering():
            found = await desk.overview(scope, frame.chosen.period, frame.now)
            made = forms.form_of(form, found, forms.rows_by(scope))
        return form_export(frame, desk, made).response(ending)

    return router


def form_export(frame: Frame, desk: Desk, made: forms.FormFound) -> Export:
    """Return a form as a file; its second row numbers the columns, as the printed form does."""
    form = made.form
    columns = [("row", "TT"), ("name", frame.say("centre" if made.by == "unit" else "field"))]
    columns += [(one.code, forms.full_text(frame, one)) for one in form.columns]
    rows = [
        {
            "row": number if row.key else None,
            "key": row.key,
            "name": forms.row_name(frame, desk, made.by, row.key),
            **(row.numbers if row.has_numbers or not row.key else {}),
        }
        for number, row in enumerate(made.rows, start=1)
    ]
    about = [
        (frame.say("form_title", name=form.name), forms.text_of(frame, (form.vi, form.en))),
        (frame.say("centre"), desk.unit_name(frame.unit) if frame.unit else frame.say("total")),
    ]
    if not form.layout_verified:
        said = frame.say("form_unverified", source=form.source)
        about.append((frame.say("form_layout"), said))
    about += [
        (frame.say("checks_title"), forms.check_line(frame, made, one))
        for one in form_checks(form.code, made.total)
    ]
    return Export(
        f"motcua-{form.code}-{stamped(frame.now)}",
        columns,
        rows,
        [*about, *_about(frame)],
        [f"({number})" for number in range(1, form.last + 1)],
    )


def summary(mine: Figures) -> dict[str, Any]:
    """Flatten a set of figures into columns."""
    whole = figures_document(mine)
    law, index = whole["on_time_law"], whole["on_time_index"]
    return {
        **{name: whole.get(name) for name in SUMMARY},
        "on_time_num": law["num"],
        "on_time_den": law["den"],
        "on_time_rate": law["rate"],
        "index_num": index["num"],
        "index_den": index["den"],
        "index_rate": index["rate"],
        **whole["inconsistent"],
    }


def _about(frame: Frame) -> list[tuple[str, str]]:
    return [
        (frame.say("period"), period_text(frame)),
        ("data as of", frame.moment(frame.now)),
        *definitions(frame),
    ]
