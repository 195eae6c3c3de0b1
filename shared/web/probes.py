"""What operators and their machines ask a service: does it live, is it ready, how is it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Query
from prometheus_client.exposition import choose_encoder
from starlette.requests import Request
from starlette.responses import Response

from shared.ops.health import Health, Readiness
from shared.ops.metrics import Metrics
from shared.ops.pulse import Pulse
from shared.web.auth import allow, public

Status = Callable[[], Awaitable[Mapping[str, Any]]]

WAIT_S_MAX: Final = 5.0
"""How long a question may wait for something new to tell."""

OPERATORS = allow("operator", "auditor", "province")


@dataclass(frozen=True)
class Probes:
    """What the probes of one service look at."""

    health: Health
    metrics: Metrics
    status: Status
    pulse: Pulse = field(default_factory=Pulse)


def probes_router(probes: Probes) -> APIRouter:
    """Build the routes /livez, /readyz, /metrics and /statusz."""
    router = APIRouter(tags=["operations"])

    @router.get(
        "/livez",
        summary="Does the process turn?",
        dependencies=[public("An orchestrator has no key, and the answer says nothing else.")],
    )
    async def livez() -> Response:
        return _json({"alive": True})

    @router.get(
        "/readyz",
        summary="Is everything there that the service needs? What is missing or impaired?",
        dependencies=[public("An orchestrator has no key; names of parts are no secret.")],
        responses={503: {"description": "Not ready; `missing` names what is not there."}},
    )
    async def readyz() -> Response:
        readiness = await _readiness(probes)
        impaired = {"impaired": dict(readiness.impaired)} if readiness.impaired else {}
        if readiness.ready:
            return _json({"ready": True, "checks": list(probes.health.names), **impaired})
        return _json({"ready": False, "missing": dict(readiness.missing), **impaired}, 503)

    @router.get("/metrics", summary="Metrics for Prometheus", dependencies=[OPERATORS])
    async def metrics(request: Request) -> Response:
        await _readiness(probes)
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(probes.metrics.registry), headers={"content-type": content_type})

    @router.get("/statusz", summary="The service's own account", dependencies=[OPERATORS])
    async def statusz(
        after: Annotated[
            int | None,
            Query(ge=0, description="Wait for more `beats` than these, and no work in hand."),
        ] = None,
        wait_s: Annotated[float, Query(ge=0, le=WAIT_S_MAX)] = 1.0,
    ) -> Response:
        if after is not None:
            await probes.pulse.since(after, seconds_max=wait_s)
        beats = probes.pulse.beats  # Before the account: what happens meanwhile beats again.
        return _json({**await probes.status(), "beats": beats})

    return router


async def _readiness(probes: Probes) -> Readiness:
    """Run the checks, and leave what they said in the metrics."""
    readiness = await probes.health.readiness()
    probes.metrics.ready.set(readiness.ready)
    for name in probes.health.names:
        probes.metrics.check_ok.labels(name).set(name not in readiness.missing)
    for name in probes.health.watched:
        probes.metrics.impaired.labels(name).set(name in readiness.impaired)
    return readiness


def _json(content: object, status: int = 200) -> Response:
    body = orjson.dumps(content, default=str)
    return Response(body, status_code=status, media_type="application/json")
