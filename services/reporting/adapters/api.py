"""The JSON side: figures, rows, one dossier."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from services.reporting.adapters.asking import Answering, asked_for, scope_of
from services.reporting.adapters.desk import Desk
from services.reporting.adapters.documents import (
    dossier_document,
    overview_document,
    period_document,
    row_documents,
)
from services.reporting.adapters.pages.frame import choose_period
from services.reporting.core.figures import Period
from services.reporting.core.rows import row_of
from services.reporting.core.timeline import timeline
from services.reporting.usecases.asked import PAGE_ROWS
from shared.web.auth import allow
from shared.web.principal import Principal
from shared.web.problem import ProblemError

READERS = allow("clerk", "director", "chairman", "province", "auditor", "operator", unit="unit")
Unit = Annotated[str | None, Query(pattern=r"^[0-9]{2}([0-9]{3})?$")]
Page = Annotated[int, Query(ge=1, le=100_000)]


def api_router(desk: Desk) -> APIRouter:
    """Build the routes below /v1."""
    router = APIRouter(prefix="/v1", tags=["figures"])

    @router.get("/figures", summary="Figures of a scope and a period; no dates: all time")
    async def figures(
        request: Request, principal: Annotated[Principal, READERS], unit: Unit = None
    ) -> dict[str, Any]:
        async with Answering():
            found = await desk.overview(
                scope_of(principal, unit), all_time(request, desk), desk.now
            )
        return overview_document(desk, found, unit)

    @router.get("/rows", summary="The rows behind a figure, a page at a time")
    async def rows(
        request: Request,
        principal: Annotated[Principal, READERS],
        figure: str,
        unit: Unit = None,
        field: str | None = None,
        page: Page = 1,
    ) -> dict[str, Any]:
        asked = asked_for(desk, principal, figure, unit, all_time(request, desk), page, field)
        async with Answering():
            found = await desk.listed(asked)
        return {
            "figure": figure,
            "unit": unit,
            **period_document(asked.period),
            "total": found.total,
            "amount": found.amount,
            "page": page,
            "page_rows": PAGE_ROWS,
            "rows": row_documents(desk, figure, found.rows),
        }

    @router.get("/dossiers/{code}", summary="One dossier with its story")
    async def dossier(code: str, principal: Annotated[Principal, READERS]) -> dict[str, Any]:
        async with Answering():
            known = await desk.dossier(code)
        if known is None or not principal.may_see(known[1].unit):
            raise ProblemError("not-found")
        state, fact = known
        return dossier_document(desk, fact, row_of(fact), timeline(state))

    return router


def all_time(request: Request, desk: Desk) -> Period:
    """Return the period that a request asks for; without one, all time."""
    named = {"from", "to", "period"} & set(request.query_params)
    return choose_period(request, desk.now).period if named else Period(None, None)
