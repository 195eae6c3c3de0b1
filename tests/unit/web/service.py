"""A small service with one route of each sort, for the tests of what all services share."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, FastAPI, Form
from prometheus_client import CollectorRegistry
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import HTMLResponse

from shared.events.faults import Fault
from shared.events.units import Current, as_they_are
from shared.ops.health import Health
from shared.ops.metrics import Metrics
from shared.ops.settings import ServiceSettings
from shared.web.app import build_app
from shared.web.auth import allow, form_token, public
from shared.web.principal import Principal
from shared.web.probes import Probes
from shared.web.problem import refused, unavailable

FAULT = Fault(
    rule="unknown-procedure",
    path="/data/procedure",
    detail="There is no such procedure.",
    remedy="Take a code from the catalogue.",
    detail_vi="Không có thủ tục này.",
    remedy_vi="Dùng mã trong danh mục.",
)


class ExampleSettings(ServiceSettings):
    service: ClassVar[str] = "example"


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    count: int
    phone: str = ""


def settings(folder: Path, **more: Any) -> ExampleSettings:  # noqa: ANN401 -- Any setting.
    """Make the settings of an installation in a folder."""
    secret = folder / "secret"
    if not secret.exists():
        secret.write_bytes(os.urandom(32))
    return ExampleSettings(keys_file=folder / "keys.json", secret_file=secret, **more)


def build(
    chosen: ExampleSettings, *extra: APIRouter, current: Current = as_they_are
) -> FastAPI:
    """Build the service."""
    health = Health()

    async def status() -> Mapping[str, Any]:
        return {"service": "example", "outbox": 0}

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        yield
        if marker := os.environ.get("EXAMPLE_STOPPED_FILE"):
            stopped(Path(marker))

    return build_app(
        chosen,
        title="Example",
        probes=Probes(health, Metrics(CollectorRegistry(), process=False), status),
        routers=[_routes(), *extra],
        lifespan=lifespan,
        body_bytes_max=1_000,
        current_unit=current,
    )


def stopped(marker: Path) -> None:
    """Leave word that the life span ended."""
    marker.write_text("stopped in order", encoding="utf-8")


def _routes() -> APIRouter:
    router = APIRouter(prefix="/v1")

    @router.get("/units/{unit}")
    async def unit(
        unit: str, principal: Annotated[Principal, allow("clerk", "director", unit="unit")]
    ) -> dict[str, str]:
        return {"unit": unit, "role": principal.role}

    @router.get("/dossiers")
    async def dossiers(
        principal: Annotated[Principal, allow("clerk", "province", unit="unit")],
        unit: str | None = None,
    ) -> list[str]:
        units = principal.narrow(unit)
        return ["*"] if units is None else sorted(units)

    @router.post("/things", dependencies=[allow("clerk")])
    async def things(body: Body) -> int:
        return body.count

    @router.post("/forms", dependencies=[allow("clerk")])
    async def forms(cause: Annotated[str, Form()]) -> str:
        return cause

    @router.get("/page", dependencies=[allow("clerk")])
    async def page(request: Request) -> HTMLResponse:
        return HTMLResponse(f"<i>{form_token(request)}</i>")

    @router.post("/refused", dependencies=[allow("clerk")])
    async def refuse() -> None:
        raise refused([FAULT])

    @router.post("/away", dependencies=[allow("clerk")])
    async def away() -> None:
        raise unavailable(7)

    @router.get("/bug", dependencies=[allow("clerk")])
    async def bug() -> None:
        raise KeyError("Hoàng Thị Bưởi")

    @router.post("/large", dependencies=[public("for the test")], max_body_size=10_000)
    async def large(request: Request) -> int:
        return len(await request.body())

    return router
