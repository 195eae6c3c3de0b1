"""Who may call what: every route states its policy, and without one a service does not start.

A route says `principal: Annotated[Principal, allow("clerk", "director", unit="unit")]`, or
`dependencies=[public("why")]`. People's browsers come with a session cookie, machines with
`Authorization: Bearer mc_…`. Bearer tokens of an identity provider would be told apart by
their shape in `Authenticator.identify`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from fastapi import Depends, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.models import HTTPBearer as BearerModel
from fastapi.routing import RouteContext, iter_route_contexts
from fastapi.security.base import SecurityBase
from starlette.requests import Request
from starlette.routing import Mount

from shared.events.media_types import media_type
from shared.web.keys import KeyRing
from shared.web.principal import ROLES, Principal, Role
from shared.web.problem import ProblemError
from shared.web.sessions import Session, Sessions

BEARER = "bearer "
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORM_FIELD = "csrf"
FORM_HEADER = "x-csrf-token"
FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
SCHEME = "key"
# Where the edge finds a cookie to set, and the log who asked.
SET_COOKIE = "motcua.set_cookie"
WHO = "motcua.principal"


class UnguardedRouteError(Exception):
    """A route states no policy; the text names it."""


@dataclass(frozen=True)
class Authenticator:
    """Knows from a request who asks."""

    ring: KeyRing
    sessions: Sessions

    def identify(self, request: Request) -> tuple[Principal, Session | None] | None:
        """Give who asks, and the session if it came as one; None for nobody.

        A request that carries an Authorization header stands or falls by it.
        """
        header = request.headers.get("authorization")
        if header is not None:
            return self._by_key(header)
        session = self.sessions.read(request.headers)
        holder = self.ring.holder(session.key_id) if session else None
        if session is None or holder is None:
            return None
        renewed = self.sessions.renewed(session)
        if renewed is not None:
            request.scope[SET_COOKIE] = self.sessions.set_cookie(renewed)
        return holder, session

    def _by_key(self, header: str) -> tuple[Principal, None] | None:
        if header[: len(BEARER)].lower() != BEARER:
            return None
        principal = self.ring.find(header[len(BEARER) :].strip())
        return (principal, None) if principal else None


class Policy(SecurityBase):
    """The policy of a route; FastAPI calls it before the route and puts it into OpenAPI."""

    def __init__(self, roles: frozenset[Role], unit: str | None) -> None:
        assert roles, "a policy allows somebody"
        self.roles = roles
        self.unit = unit
        self.model = BearerModel(bearerFormat="mc_<id>_<secret>")
        self.scheme_name = SCHEME

    async def __call__(self, request: Request) -> Principal:
        """Let the request pass, or raise the problem that is its answer."""
        authenticator: Authenticator = request.app.state.authenticator
        identified = authenticator.identify(request)
        if identified is None:
            raise ProblemError("unauthenticated")
        principal, session = identified
        principal = principal.under(request.app.state.current_unit)
        request.scope[WHO] = principal
        if session is not None and request.method not in SAFE_METHODS:
            await _require_form_token(request, authenticator.sessions, session)
        if principal.role not in self.roles:
            _forbid_role(principal, self.roles)
        if self.unit is not None:
            _require_unit(request, principal, self.unit)
        return principal


class Public:
    """The policy of a route that anybody may call, with the reason why."""

    def __init__(self, why: str) -> None:
        assert why, "a public route says why it is"
        self.why = why

    async def __call__(self) -> None:
        """Let everybody pass."""


def allow(*roles: Role, unit: str | None = None) -> Any:  # noqa: ANN401 -- As FastAPI's Depends, it stands for what it gives.
    """Allow these roles, each within its units; gives the route a `Principal`.

    Args:
        roles: who may call; at least one.
        unit: the path or query parameter that names a commune; when a request gives it, it must
            be in the principal's scope. When it may be left out, the route asks
            `principal.narrow(unit)` what to show.
    """
    assert set(roles) <= set(ROLES), "a known role"
    return Depends(Policy(frozenset(roles), unit))


def allow_anyone_known(unit: str | None = None) -> Any:  # noqa: ANN401 -- As above.
    """Allow every role, each within its units."""
    return allow(*ROLES, unit=unit)


def public(why: str) -> Any:  # noqa: ANN401 -- As above.
    """Declare a route that asks for no key."""
    return Depends(Public(why))


def form_token(request: Request) -> str:
    """Give the token that a form of this request's session must carry; empty without one."""
    authenticator: Authenticator = request.app.state.authenticator
    session = authenticator.sessions.read(request.headers)
    return "" if session is None else authenticator.sessions.form_token(session)


def assert_every_route_has_a_policy(app: FastAPI) -> None:
    """Refuse an application in which somebody forgot to say who may call a route.

    Raises:
        UnguardedRouteError: naming the route.
    """
    for context in iter_route_contexts(app.routes):
        if isinstance(context.route, Mount):
            if context.route.path not in app.state.public_mounts:
                _refuse_route(context.route.path)
        elif not any(True for _ in policies_of(context)):
            _refuse_route(f"{sorted(context.methods or ())} {context.path}")


def policies_of(context: RouteContext) -> Iterator[Policy | Public]:
    """Find the policies of a route, its own and its routers'."""
    found: list[Dependant] = []
    dependant = getattr(context, "dependant", None)
    if isinstance(dependant, Dependant):
        found.append(dependant)
    while found:
        current = found.pop()
        if isinstance(current.call, Policy | Public):
            yield current.call
        found.extend(current.dependencies)


async def _require_form_token(request: Request, sessions: Sessions, session: Session) -> None:
    token = request.headers.get(FORM_HEADER)
    kind = media_type(request.headers.get("content-type", ""))
    if token is None and kind is not None and kind.name in FORM_TYPES:
        value = (await request.form()).get(FORM_FIELD)
        token = value if isinstance(value, str) else None
    from_elsewhere = request.headers.get("sec-fetch-site", "same-origin") not in {
        "same-origin",
        "none",
    }
    if token is None or from_elsewhere or not sessions.is_form_token(session, token):
        raise ProblemError("wrong-csrf-token")


def _require_unit(request: Request, principal: Principal, parameter: str) -> None:
    named = [request.path_params[parameter]] if parameter in request.path_params else []
    for unit in [*named, *request.query_params.getlist(parameter)]:
        if unit and not principal.may_see(str(unit)):
            raise ProblemError("outside-scope")


def _forbid_role(principal: Principal, roles: frozenset[Role]) -> NoReturn:
    allowed = ", ".join(sorted(roles))
    raise ProblemError(
        "role-not-allowed",
        detail=f"The role {principal.role} may not do this; it takes one of: {allowed}.",
        detail_vi=f"Vai trò {principal.role} không được phép; cần một trong: {allowed}.",
    )


def _refuse_route(route: str) -> NoReturn:
    raise UnguardedRouteError(
        f"the route {route} states no policy: give it allow(…) or public(…)."
    )
