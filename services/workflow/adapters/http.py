"""What workflow answers over HTTP: what is owed, why that date, what is still open."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query

from services.workflow.core.model import Subject
from services.workflow.core.open import Viewer, turn_of
from services.workflow.ports import ObligationIndex, OpenQuery
from services.workflow.usecases.kinds_view import kinds_view
from services.workflow.usecases.reachability import reachability_view
from services.workflow.usecases.views import explanation, obligations_view, open_view
from shared.events.codes import SUBJECT_CHARACTERS_MAX, PersonId, UnitCode
from shared.ops.clock import Clock
from shared.reference.view import Reference
from shared.subjects.errors import UnavailableError
from shared.web.auth import allow, allow_anyone_known
from shared.web.principal import Principal
from shared.web.problem import ProblemError, unavailable

READERS: Final = allow("clerk", "director", "chairman", "province", "auditor", "operator")
SUPERVISORS: Final = allow("clerk", "director", "chairman", "province", "auditor", unit="unit")
OVERSEERS: Final = allow("director", "chairman", "province", "auditor", "operator", unit="unit")
ANYBODY: Final = allow_anyone_known()
OPEN_MAX: Final = 1_000
PAGES_MAX: Final = 10_000
RETRY_SECONDS: Final = 5

RoleName = Literal["handler", "division_head", "director", "chairman", "province"]


@dataclass(frozen=True, slots=True)
class Window:
    """What the routes look at."""

    index: ObligationIndex
    reference: Callable[[], Reference]
    clock: Clock

    async def subject(self, name: str, principal: Principal) -> Subject:
        """Return one subject; one outside the scope is as if it were not there.

        Raises:
            ProblemError: there is none, or it is not theirs; or the store is away.
        """
        if len(name) > SUBJECT_CHARACTERS_MAX:
            raise ProblemError("not-found")
        try:
            found = await self.index.read(name)
        except UnavailableError:
            raise unavailable(RETRY_SECONDS) from None
        if found is None or not principal.may_see(found.unit):
            raise ProblemError("not-found")
        return found


def obligations_router(window: Window) -> APIRouter:
    """Build the routes."""
    router = APIRouter(prefix="/v1", tags=["obligations"])

    @router.get("/obligations/{subject:path}", summary="What is owed in a dossier or a matter")
    async def obligations(
        subject: str, principal: Annotated[Principal, READERS]
    ) -> dict[str, Any]:
        return obligations_view(await window.subject(subject, principal))

    @router.get("/explain/{subject:path}", summary="Why each date is that date")
    async def explain(
        subject: str,
        principal: Annotated[Principal, READERS],
        lang: Annotated[Literal["vi", "en"], Query()] = "vi",
    ) -> dict[str, Any]:
        return explanation(await window.subject(subject, principal), lang)

    @router.get("/open", summary="Everything that is still owed, the most pressing first")
    async def still_open(
        principal: Annotated[Principal, SUPERVISORS],
        unit: Annotated[UnitCode | None, Query()] = None,
        role: Annotated[RoleName | None, Query()] = None,
        person: Annotated[PersonId | None, Query()] = None,
        limit: Annotated[
            int,
            Query(ge=1, le=OPEN_MAX, description="How many dossiers and matters a page has"),
        ] = 200,
        page: Annotated[int, Query(ge=1, le=PAGES_MAX)] = 1,
    ) -> dict[str, Any]:
        reference, now = window.reference(), window.clock.now()
        wanted = OpenQuery(units=principal.narrow(unit))
        if person is not None:
            turn = turn_of(Viewer("", person, wanted.units), reference, now)
            wanted = OpenQuery(units=turn.units, roles=turn.roles)
        if role is not None:
            wanted = replace(wanted, roles=(role,))
        try:
            subjects = await window.index.still_open(
                wanted, skip=(page - 1) * limit, limit=limit + 1
            )
        except UnavailableError:
            raise unavailable(RETRY_SECONDS) from None
        rows = open_view(subjects[:limit], reference, now, role=role, person=person)
        return {
            "count": len(rows),
            "open": rows,
            "page": page,
            "more": len(subjects) > limit,
        }

    @router.get(
        "/kinds",
        summary="Every kind of obligation and its ladder, as data",
        dependencies=[ANYBODY],
    )
    async def kinds() -> list[dict[str, Any]]:
        return kinds_view()

    return router


def reachability_router(window: Window) -> APIRouter:
    """Build the route that walks the ladders."""
    router = APIRouter(prefix="/v1", tags=["obligations"])

    @router.get(
        "/reachability",
        summary="Who would hear each rung of each ladder today, and where nobody would",
    )
    async def reachability(
        principal: Annotated[Principal, OVERSEERS],
        unit: Annotated[UnitCode | None, Query()] = None,
    ) -> dict[str, Any]:
        reference = window.reference()
        scope = principal.narrow(unit)
        units = [code for code in sorted(reference.units) if scope is None or code in scope]
        return reachability_view(reference, window.clock.now(), units)

    return router
