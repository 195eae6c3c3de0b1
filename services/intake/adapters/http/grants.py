"""Who may number dossiers for whom: listed, registered, removed."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from starlette.responses import Response

from services.intake.adapters.http.door import Door, json_response, problem_of
from services.intake.ports import Grant
from services.intake.usecases.grants import (
    GRANTS_MAX,
    NotAPrefixError,
    TooManyGrantsError,
)
from shared.events.codes import PublisherName
from shared.events.faults import fault
from shared.events.model import instant_text
from shared.ops import log
from shared.web.auth import allow
from shared.web.principal import Principal
from shared.web.problem import ProblemError

READERS: Final = allow("operator", "auditor", "province")
OPERATOR: Final = allow("operator")
GRANT_CHARACTERS_MAX: Final = 40

_log = log.logger(__name__)

Operator = Annotated[Principal, OPERATOR]
NumbersFor = Annotated[
    str,
    Path(
        max_length=GRANT_CHARACTERS_MAX,
        description="A unit (06112), an electronic id (H37.117), or all below one (H37.*).",
    ),
]


def grants_router(door: Door) -> APIRouter:
    """Build the routes of numbering rights."""
    router = APIRouter(prefix="/v1/numbering", tags=["operations"])

    @router.get(
        "",
        summary="Which publishers open dossiers under codes of this installation's pattern",
        dependencies=[READERS],
    )
    async def list_grants() -> Response:
        rows = await door.ask(door.receive.grants.grants.read)
        return json_response(
            {
                "pattern": door.receive.grants.rights.pattern.text,
                "grants": [_row(one) for one in rows],
            }
        )

    @router.put(
        "/{publisher}/{numbers_for}",
        summary="Let a publisher number dossiers of a unit, or under a prefix",
        description="Doing it twice changes nothing. It holds at once, on every replica.",
    )
    async def add(
        publisher: PublisherName, numbers_for: NumbersFor, principal: Operator
    ) -> Response:
        grant = Grant(
            publisher, numbers_for, principal.key_id, door.receive.in_work.clock.now()
        )
        view = await door.ask(door.receive.references.refresh)
        try:
            added = await door.ask(lambda: door.receive.grants.add(grant, view))
        except NotAPrefixError:
            raise problem_of((fault("not-a-prefix", "/numbers_for"),)) from None
        except TooManyGrantsError:
            raise ProblemError(
                "conflict",
                detail=f"The register holds {GRANTS_MAX} rights: take H37.* for many units.",
                detail_vi=f"Đã có {GRANTS_MAX} quyền cấp số: dùng H37.* cho nhiều đơn vị.",
            ) from None
        _log.info(
            "numbering_granted",
            publisher=publisher,
            key_id=principal.key_id,
            numbers_for=numbers_for,
        )
        return json_response({**_row(grant), "added": added})

    @router.delete(
        "/{publisher}/{numbers_for}",
        summary="Take a publisher's right to number for a unit or prefix away",
        description="Within a second, on every replica. Dossiers that it opened stay.",
    )
    async def remove(
        publisher: PublisherName, numbers_for: NumbersFor, principal: Operator
    ) -> Response:
        return await _removed(door, publisher, numbers_for, principal)

    @router.delete("/{publisher}", summary="Take all of a publisher's rights to number away")
    async def remove_all(publisher: PublisherName, principal: Operator) -> Response:
        return await _removed(door, publisher, None, principal)

    return router


async def _removed(
    door: Door, publisher: str, numbers_for: str | None, principal: Principal
) -> Response:
    removed = await door.ask(lambda: door.receive.grants.remove(publisher, numbers_for))
    _log.info(
        "numbering_removed",
        publisher=publisher,
        key_id=principal.key_id,
        numbers_for=numbers_for or "all",
        count=removed,
    )
    return json_response({"publisher": publisher, "removed": removed})


def _row(grant: Grant) -> dict[str, Any]:
    return {
        "publisher": grant.publisher,
        "numbers_for": grant.numbers_for,
        "by": grant.by,
        "at": instant_text(grant.at),
    }
