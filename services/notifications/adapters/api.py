"""What programmes ask: notices of a subject, a proof, the policy; and receipts that come in."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response

from services.notifications.adapters.webhook import is_signed
from services.notifications.core.notice import Channel, Notice
from services.notifications.core.policy import (
    CITIZENS,
    CORRECTION,
    DATE_MOVED,
    REMINDED_ROLES,
    STAFF_CHANNELS,
    CitizenRow,
    Rules,
)
from services.notifications.core.timing import QuietHours
from services.notifications.core.truth import ONLY_WHILE
from services.notifications.usecases.proving import ProveNotices, summary
from services.notifications.usecases.reaching import KnowReach
from services.notifications.usecases.receipts import ApplyReceipts, Receipt
from shared.events.codes import UnitCode
from shared.ops.clock import wall_now
from shared.subjects.errors import UnavailableError
from shared.web.auth import allow, allow_anyone_known, public
from shared.web.principal import Principal
from shared.web.problem import ProblemError, unavailable
from shared.web.rates import RateLimit, client_of

RETRY_AFTER_SECONDS: Final = 5
RECEIPTS_MAX: Final = 100

Reader = Annotated[
    Principal, allow("clerk", "director", "chairman", "province", "auditor", "operator")
]
Supervisor = Annotated[
    Principal, allow("director", "chairman", "province", "auditor", "operator", unit="unit")
]
Anyone = Annotated[Principal, allow_anyone_known()]
NoticeId = Annotated[str, Path(min_length=1, max_length=64)]


def notices_router(prove: ProveNotices) -> APIRouter:
    """Build the routes under /v1/notices."""
    router = APIRouter(prefix="/v1/notices", tags=["notices"])

    async def mine(principal: Principal, notice_id: str) -> Notice:
        try:
            notice = await prove.get(notice_id)
        except UnavailableError:
            raise unavailable(RETRY_AFTER_SECONDS) from None
        # Somebody else's notice and none at all look the same from outside.
        if notice is None or not principal.may_see(notice.plan.unit):
            raise ProblemError("not-found")
        return notice

    @router.get("", summary="The notices of a dossier or a matter, oldest first")
    async def of_subject(
        principal: Reader, subject: Annotated[str, Query(min_length=1, max_length=120)]
    ) -> dict[str, Any]:
        try:
            found = await prove.of_subject(subject)
        except UnavailableError:
            raise unavailable(RETRY_AFTER_SECONDS) from None
        seen = [summary(one) for one in found if principal.may_see(one.plan.unit)]
        return {"subject": subject, "notices": seen}

    @router.get("/{notice_id}", summary="One notice")
    async def one(principal: Reader, notice_id: NoticeId) -> dict[str, Any]:
        return summary(await mine(principal, notice_id))

    @router.get(
        "/{notice_id}/proof", summary="The proof that somebody was told, to be exported"
    )
    async def proof(
        principal: Reader, notice_id: NoticeId, response: Response
    ) -> dict[str, Any]:
        notice = await mine(principal, notice_id)
        name = f"notice-{notice.id}.json"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return prove.proof(notice)

    return router


def reach_router(know: KnowReach) -> APIRouter:
    """Build the route that says whom messages reach; channels by name, never an address."""
    router = APIRouter(tags=["notices"])

    @router.get("/v1/reachability", summary="Which channels reach each holder of a role")
    async def reachability(
        principal: Supervisor,
        unit: Annotated[UnitCode | None, Query()] = None,
    ) -> dict[str, Any]:
        try:
            found = await know(principal.narrow(unit))
            gone = await know.gone()
        except UnavailableError:
            raise unavailable(RETRY_AFTER_SECONDS) from None
        return {
            "persons": [
                {
                    "person": one.person,
                    "unit": one.unit,
                    "role": one.role,
                    "channels": [channel.value for channel in one.channels],
                    "why": one.why,
                }
                for one in found
            ],
            "unreached": sum(not one.channels for one in found),
            "endpoints_disabled": sorted(gone),
        }

    return router


def policy_router(rules: Rules, quiet: QuietHours, rates: Mapping[str, Any]) -> APIRouter:
    """Build the route that serves the policy as data."""
    router = APIRouter(tags=["notices"])

    @router.get("/v1/policy", summary="Who is told what, by which channels, as data")
    async def policy(_principal: Anyone) -> dict[str, Any]:
        citizens = [{"event": event, **_row(row, rules)} for event, row in CITIZENS.items()]
        moved = {"event": "obligation.due_changed", **_row(DATE_MOVED, rules)}
        corrected = {"event": "dossier.corrected", **_row(CORRECTION, rules)}
        return {
            "citizens": [*citizens, moved, corrected],
            "staff": {
                role: [channel.value for channel in rules.usable(channels)]
                for role, channels in STAFF_CHANNELS.items()
            },
            "reminded_roles": sorted(REMINDED_ROLES),
            "only_while": {
                name: sorted(int(status) for status in statuses)
                for name, statuses in ONLY_WHILE.items()
            },
            "quiet_hours": {
                "opens": quiet.opens.isoformat("minutes"),
                "closes": quiet.closes.isoformat("minutes"),
            },
            "rates": dict(rates),
            "channels": sorted(channel.value for channel in rules.channels),
            "endpoints": [endpoint.id for endpoint in rules.endpoints],
        }

    return router


def _row(row: CitizenRow, rules: Rules) -> dict[str, Any]:
    return {
        "template": row.template,
        "urgency": row.urgency.name.lower(),
        "channels": [channel.value for channel in rules.usable(row.channels)],
        "proves": row.proves,
    }


class ReceiptIn(BaseModel):
    """One receipt as a provider tells it."""

    model_config = ConfigDict(extra="ignore")

    id: str = Field(
        min_length=1, max_length=120, description="the provider's id of the message"
    )
    status: Literal["sent", "delivered", "failed", "bounced"]
    reason: str | None = Field(default=None, max_length=64, pattern=r"^[a-z][a-z0-9_]*$")


class ReceiptsIn(BaseModel):
    """What a provider posts."""

    model_config = ConfigDict(extra="ignore")

    receipts: list[ReceiptIn] = Field(max_length=RECEIPTS_MAX)


def receipts_router(
    apply: ApplyReceipts, secrets: Mapping[Channel, tuple[bytes, ...]]
) -> APIRouter:
    """Build the route that providers tell deliveries on, signed as Standard Webhooks says."""
    router = APIRouter(tags=["notices"])
    limit = RateLimit("receipts", "600/minute")

    @router.post(
        "/v1/receipts/{channel}",
        summary="Delivery receipts of a provider",
        status_code=204,
        dependencies=[public("Providers have no key; the signature is checked instead.")],
    )
    async def receive(request: Request, channel: Literal["sms", "zalo"]) -> None:
        await limit.spend(client_of(request))
        body = await request.body()
        of = Channel(channel)
        known = secrets.get(of, ())
        wall = wall_now().timestamp()
        if not known or not is_signed(request.headers, body, secrets=known, wall=wall):
            raise ProblemError("unauthenticated")
        try:
            told = ReceiptsIn.model_validate_json(body)
        except ValidationError:
            raise ProblemError("invalid-request") from None
        try:
            for one in told.receipts:
                await apply(_receipt(of, one))
        except UnavailableError:
            raise unavailable(RETRY_AFTER_SECONDS) from None

    return router


def _receipt(channel: Channel, one: ReceiptIn) -> Receipt:
    if one.status == "bounced":
        return Receipt(channel, one.id, "failed", one.reason or "bounced")
    reason = one.reason or ("provider_failed" if one.status == "failed" else None)
    return Receipt(channel, one.id, one.status, reason)
