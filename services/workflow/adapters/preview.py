"""What a proposal would move, over HTTP; nothing is written."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query

from services.workflow.adapters.http import OPEN_MAX, RETRY_SECONDS, SUPERVISORS
from services.workflow.ports import ObligationIndex
from services.workflow.usecases.preview import LISTED_MAX, PreviewChange
from services.workflow.usecases.preview_view import preview_view, proposal_view
from services.workflow.usecases.views import undated_view
from shared.events.codes import SUBJECT_CHARACTERS_MAX, UnitCode
from shared.reference.view import Reference
from shared.subjects.errors import UnavailableError
from shared.web.auth import allow
from shared.web.principal import Principal
from shared.web.problem import ProblemError, unavailable

READERS: Final = allow("province", "auditor")


@dataclass(frozen=True, slots=True)
class Previews:
    """What the routes look at."""

    preview: PreviewChange
    index: ObligationIndex
    reference: Callable[[], Reference]


def preview_router(previews: Previews) -> APIRouter:
    """Build the routes."""
    router = APIRouter(prefix="/v1", tags=["changes"])

    @router.get(
        "/preview", summary="Rows that wait for a second person", dependencies=[READERS]
    )
    async def proposals() -> dict[str, Any]:
        found = previews.reference().proposals.values()
        return {"proposals": [proposal_view(one) for one in found]}

    @router.get(
        "/preview/{proposal:path}",
        summary="What would move if a proposal were approved now",
        description=(
            "Counted by the recount that the approval brings, over everything open. The same "
            "answer is given for a minute, unless something is decided in between."
        ),
    )
    async def preview(
        proposal: Annotated[str, Path(max_length=SUBJECT_CHARACTERS_MAX)],
        principal: Annotated[Principal, READERS],
        limit: Annotated[int, Query(ge=0, le=LISTED_MAX)] = 50,
    ) -> dict[str, Any]:
        try:
            found = await previews.preview(proposal)
        except UnavailableError:
            raise unavailable(RETRY_SECONDS) from None
        if found is None:
            raise ProblemError("not-found")
        return preview_view(found, principal.units, limit=limit)

    @router.get(
        "/undated",
        summary="What is owed and has no date: the published calendar ends too early",
        description="Publishing further days counts it anew, by itself.",
    )
    async def undated(
        principal: Annotated[Principal, SUPERVISORS],
        unit: Annotated[UnitCode | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=OPEN_MAX)] = 200,
    ) -> dict[str, Any]:
        try:
            found = await previews.index.without_date(principal.narrow(unit), limit=limit + 1)
            count = await previews.index.undated()
        except UnavailableError:
            raise unavailable(RETRY_SECONDS) from None
        horizon = previews.reference().horizon
        return {
            "published_through": None if horizon is None else horizon.isoformat(),
            "undated": undated_view(found[:limit]),
            "more": len(found) > limit,
            **({"count": count} if principal.narrow(unit) is None else {}),
        }

    return router
