"""One application for each service: problems, keys, probes, headers, limits, contract."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import override

from shared.events.units import Current, as_they_are
from shared.ops.settings import ServiceSettings, SettingError
from shared.web import problem, validation
from shared.web.auth import (
    Authenticator,
    Policy,
    Public,
    assert_every_route_has_a_policy,
    policies_of,
    public,
)
from shared.web.edge import Edge
from shared.web.keys import KeyRing, KeysFileError
from shared.web.pages import HERE, STATIC_PATH, problem_page, wants_page
from shared.web.principal import OutsideScopeError
from shared.web.probes import Probes, probes_router
from shared.web.sessions import Sessions
from shared.web.sign_in import sign_in_router
from shared.web.units import CurrentUnits

BODY_BYTES_MAX = 1_048_576
STOP_SECONDS_MAX = 12.0
VERSION = "0.1.0"

Lifespan = Callable[[], AbstractAsyncContextManager[None]]


class Application(FastAPI):
    """FastAPI with our edge around all of it, error handling included."""

    edge: ASGIApp | None = None

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self.edge is not None:
            await self.edge(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    async def inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer without the edge; the edge itself calls this."""
        await super().__call__(scope, receive, send)


def build_app(
    settings: ServiceSettings,
    *,
    title: str,
    probes: Probes,
    routers: Sequence[APIRouter] = (),
    lifespan: Lifespan = nullcontext,
    body_bytes_max: int = BODY_BYTES_MAX,
    current_unit: Current = as_they_are,
) -> FastAPI:
    """Build a service's HTTP side.

    Args:
        settings: the service's settings.
        title: what the contract calls the service.
        probes: its health, metrics and own account.
        routers: its routes, each with a policy.
        lifespan: runs around the serving: starts what works in the background and, at the end,
            stops consuming, finishes, flushes and closes, within 12 s.
        body_bytes_max: the largest request; a route may raise it by its own `max_body_size`.
        current_unit: gives the current code of a unit by any of its codes, for keys of former
            codes and addresses that name them.

    Raises:
        SettingError: the keys file or the secret cannot be used.
    """
    try:
        ring = KeyRing(settings.keys_file)
    except KeysFileError as error:
        raise SettingError(f"MOTCUA_KEYS_FILE is wrong: {error}") from None
    https = settings.public_url.startswith("https://")
    app = Application(
        title=title,
        version=VERSION,
        openapi_url=None,  # Served below, by a route with a policy.
        docs_url=None,  # FastAPI's pages fetch their scripts from elsewhere.
        redoc_url=None,
        lifespan=_lifespan(lifespan),
        max_body_size=body_bytes_max,
        responses={"4XX": _PROBLEM_RESPONSE, "5XX": _PROBLEM_RESPONSE},
    )
    app.edge = Edge(
        CurrentUnits(app.inside, current_unit),
        probes.metrics,
        https=https,
        closed=lambda: probes.health.closed,
    )
    app.state.authenticator = Authenticator(ring, Sessions(settings.secret(), secure=https))
    app.state.current_unit = current_unit
    app.state.health = probes.health
    app.state.public_mounts = set[str]()
    probes.health.add("keys", ring.readiness)
    probes.metrics.service_info.labels(settings.service, VERSION, settings.instance).set(1)
    _handle_problems(app)
    for router in (probes_router(probes), _contract_router(app), sign_in_router(), *routers):
        app.include_router(router)
    mount_public(app, STATIC_PATH, StaticFiles(directory=HERE / "static"))
    return app


def mount_public(app: FastAPI, path: str, files: ASGIApp) -> None:
    """Serve files that anybody may read, such as style sheets, below a path."""
    app.state.public_mounts.add(path)
    app.mount(path, files)


def contract(app: FastAPI) -> dict[str, Any]:
    """Give the OpenAPI document, with the policy of each operation as `x-policy`."""
    document = app.openapi()
    document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = _PROBLEM_SCHEMA
    for context in iter_route_contexts(app.routes):
        operations = document["paths"].get(context.path_format, {})
        for policy in policies_of(context):
            for method in context.methods or ():
                if method.lower() in operations:
                    operations[method.lower()]["x-policy"] = _described(policy)
    return document


def _described(policy: Policy | Public) -> dict[str, Any]:
    if isinstance(policy, Public):
        return {"public": policy.why}
    return {"roles": sorted(policy.roles), "unit": policy.unit}


def _lifespan(
    inner: Lifespan,
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def around(app: FastAPI) -> AsyncIterator[None]:
        assert_every_route_has_a_policy(app)
        manager = inner()
        await manager.__aenter__()
        try:
            yield
        finally:
            async with asyncio.timeout(STOP_SECONDS_MAX):
                await manager.__aexit__(None, None, None)

    return around


def _handle_problems(app: FastAPI) -> None:
    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, problem.ProblemError), "registered for it"
        return _answer(request, error)

    async def on_scope(request: Request, _error: Exception) -> Response:
        return _answer(request, problem.ProblemError("outside-scope"))

    async def on_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError), "registered for it"
        faults = list(validation.faults_of(error.errors()))
        return _answer(request, problem.ProblemError(validation.RULE, faults=faults))

    async def on_status(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException), "registered for it"
        found = problem.of_status(error.status_code)
        found.headers.update(error.headers or {})
        return _answer(request, found)

    async def on_bug(request: Request, _error: Exception) -> Response:
        # The server logs the error itself; whoever asked learns nothing of our insides.
        return _answer(request, problem.of_status(500))

    app.add_exception_handler(problem.ProblemError, on_problem)
    app.add_exception_handler(OutsideScopeError, on_scope)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_status)
    app.add_exception_handler(Exception, on_bug)


def _answer(request: Request, found: problem.ProblemError) -> Response:
    if wants_page(request):
        return problem_page(request, found)
    return problem.response(found, problem.language_of(request.headers))


def _contract_router(app: FastAPI) -> APIRouter:
    router = APIRouter()

    @router.get(
        "/openapi.json",
        include_in_schema=False,
        dependencies=[public("The contract is published with the source.")],
    )
    async def openapi() -> dict[str, Any]:
        return contract(app)

    return router


_PROBLEM_SCHEMA = {
    "type": "object",
    "description": "RFC 9457, with the list of faults as an extension.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "faults": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "rule", "detail", "remedy"],
                "properties": {
                    name: {"type": "string"} for name in ("path", "rule", "detail", "remedy")
                },
            },
        },
    },
}
_PROBLEM_RESPONSE: dict[str, Any] = {
    "description": "A problem",
    "content": {problem.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
