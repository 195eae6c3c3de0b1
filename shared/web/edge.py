"""What wraps every answer: security headers, a measured and logged request, one form of 413.

Pure ASGI, around the whole application, so that errors wear the headers too.
"""

import time
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.events.faults import fault
from shared.events.media_types import media_type
from shared.ops import log
from shared.ops.metrics import Metrics
from shared.web import problem
from shared.web.auth import SET_COOKIE, WHO
from shared.web.pages import STATIC_PATH, problem_page, wants_page
from shared.web.principal import Principal

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
QUIET_ROUTES = frozenset({"/livez", "/readyz", "/metrics", "/statusz"})
OPEN_PATHS = QUIET_ROUTES | {"/openapi.json"}
"""What is answered although the service takes no request: it says why not."""

CLOSED_RETRY_S = 30
CLOSED_VI = (
    "Yêu cầu chưa được ghi nhận: kho dữ liệu của dịch vụ chưa khớp với các chủ đề Kafka. "
    "Người vận hành xem `motcua status`; hãy thử lại sau thời gian nêu trong tiêu đề "
    "Retry-After."
)
TOO_LARGE = 413
UNSUPPORTED = 415

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
TRANSPORT_SECURITY = "max-age=31536000"

_log = log.logger(__name__)


class Edge:
    """The outermost layer of a service's HTTP side."""

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        *,
        https: bool,
        closed: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._app = app
        self._closed = closed
        self._metrics = metrics
        self._headers = HEADERS | (
            {"Strict-Transport-Security": TRANSPORT_SECURITY} if https else {}
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, dressed, measured and logged."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope, send, self._headers)
        started = time.monotonic()
        try:
            app = self._refusal(scope) or _refusal_of_charset(scope) or self._app
            await app(scope, receive, answer.send)
        finally:
            self._record(scope, answer.status, time.monotonic() - started)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        """Return the answer to whatever comes while no request is taken; None else."""
        sentence = self._closed()
        path: str = scope["path"]
        if sentence is None or path in OPEN_PATHS or path.startswith(f"{STATIC_PATH}/"):
            return None
        refused = problem.ProblemError(
            "unavailable",
            detail=f"Nothing was recorded: {sentence}.",
            detail_vi=CLOSED_VI,
            headers={"Retry-After": str(CLOSED_RETRY_S)},
        )
        request = Request(scope)
        if wants_page(request):
            return problem_page(request, refused)
        return problem.response(refused, problem.language_of(request.headers))

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = route_of(scope)
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._metrics.http_requests.labels(method, route, str(status)).inc()
        self._metrics.http_request_seconds.labels(method, route).observe(seconds)
        if route in QUIET_ROUTES:
            return
        who = scope.get(WHO)
        named = {"key_id": who.key_id, "role": who.role} if isinstance(who, Principal) else {}
        _log.info(
            "request",
            method=method,
            route=route,
            status=status,
            milliseconds=round(seconds * 1000, 1),
            **named,
        )


def _refusal_of_charset(scope: Scope) -> ASGIApp | None:
    """Return the answer to a body in another charset than UTF-8; None where there is none."""
    headers = Headers(scope=scope)
    kind = media_type(headers.get("content-type", ""))
    if kind is None or kind.is_utf8:
        return None
    wrong = fault("unknown-charset", "/headers/content-type")
    return problem.response(
        problem.refused([wrong], status=UNSUPPORTED), problem.language_of(headers)
    )


class _Answer:
    """One answer on its way out."""

    def __init__(self, scope: Scope, send: Send, headers: dict[str, str]) -> None:
        self._scope = scope
        self._send = send
        self._headers = headers
        self._replaced = False
        self.status = 500

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._start(message)
        elif not self._replaced:
            await self._send(message)

    async def _start(self, message: Message) -> None:
        self.status = message["status"]
        headers = MutableHeaders(raw=list(message["headers"]))
        ours = headers.get("content-type") == problem.MEDIA_TYPE
        if self.status == TOO_LARGE and not ours:
            await self._replace()
            return
        self._dress(headers)
        await self._send({**message, "headers": headers.raw})

    async def _replace(self) -> None:
        """Give the framework's bare refusal of a large body the form of all our problems."""
        self._replaced = True
        language = problem.language_of(Headers(scope=self._scope))
        ours = problem.response(problem.ProblemError("too-large"), language)
        headers = MutableHeaders(raw=list(ours.raw_headers))
        self._dress(headers)
        await self._send(
            {"type": "http.response.start", "status": TOO_LARGE, "headers": headers.raw}
        )
        await self._send({"type": "http.response.body", "body": bytes(ours.body)})

    def _dress(self, headers: MutableHeaders) -> None:
        for name, value in self._headers.items():
            headers.setdefault(name, value)
        headers.setdefault("Cache-Control", _keep_for(self._scope["path"]))
        cookie = self._scope.get(SET_COOKIE)
        if isinstance(cookie, str) and "set-cookie" not in headers:
            headers.append("Set-Cookie", cookie)


def _keep_for(path: str) -> str:
    return "public, max-age=3600" if path.startswith(STATIC_PATH + "/") else "no-store"


def route_of(scope: Scope) -> str:
    """Name the route that answered by its template; `unmatched` when none did."""
    context = scope.get("fastapi", {}).get("effective_route_context")
    route = context or scope.get("route")
    path: Callable[..., str] | str | None = getattr(route, "path", None)
    return path if isinstance(path, str) else "unmatched"
