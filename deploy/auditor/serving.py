"""Audits again and again, and tells Prometheus what each came to."""

import asyncio
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from typing_extensions import override

from deploy.auditor.core.report import Report
from deploy.auditor.running import Scope, audit
from shared.ops.clock import Clock
from shared.ops.metrics import Metrics
from shared.subjects.errors import UnavailableError

FAILURES_MAX: Final = 3
"""After so many audits in a row that could not be made, it calls itself unready."""


@dataclass
class Auditor:
    """The audits of one installation.

    Attributes:
        mongo_url: Where the archives are.
        bootstrap: The brokers.
        clock: The time by which the law runs.
        every: How long to wait between two audits, in wall time.
        grace: How long services may take.
        registry: What is exported.
    """

    mongo_url: str
    bootstrap: tuple[str, ...]
    clock: Clock
    every: timedelta
    grace: timedelta
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    failures: int = 0
    last: Report | None = None

    def __post_init__(self) -> None:
        """Declare what is exported."""
        metrics = Metrics(self.registry)
        self._missing, self._subjects = metrics.escalations_missing, metrics.audit_subjects

    @property
    def ready(self) -> bool:
        """Whether an audit was made, and the last ones were not all in vain."""
        return self.last is not None and self.failures < FAILURES_MAX

    async def once(self) -> Report | None:
        """Audit once; None if store or broker did not answer."""
        scope = Scope(self.clock.now(), self.grace)
        try:
            report = await audit(self.mongo_url, self.bootstrap, scope)
        except UnavailableError:
            self.failures += 1
            return None
        self.tell(report)
        return report

    def tell(self, report: Report) -> None:
        """Export what an audit came to."""
        self.failures, self.last = 0, report
        self._missing.clear()
        for cell in report.cells:
            self._missing.labels(*cell).set(report.gap(cell))
        self._subjects.labels("audited").set(report.subjects)
        self._subjects.labels("unsettled").set(report.unsettled)

    async def run(self, stopping: asyncio.Event) -> None:
        """Audit until told to stop."""
        while not stopping.is_set():
            await self.once()
            try:
                async with asyncio.timeout(self.every.total_seconds()):
                    await stopping.wait()
            except TimeoutError:
                continue


def serve(auditor: Auditor, host: str, port: int) -> ThreadingHTTPServer:
    """Answer `/metrics`, `/livez` and `/readyz` from a thread; counts, and nothing else.

    Raises:
        OSError: the address cannot be listened on.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = _answer(auditor, self.path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing of scrapes."""

    server = ThreadingHTTPServer((host, port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _answer(auditor: Auditor, path: str) -> tuple[int, str, bytes]:
    match path.partition("?")[0]:
        case "/metrics":
            return 200, CONTENT_TYPE_LATEST, generate_latest(auditor.registry)
        case "/livez":
            return 200, "text/plain", b"alive\n"
        case "/readyz" if auditor.ready:
            return 200, "text/plain", b"ready\n"
        case "/readyz":
            return 503, "text/plain", b"no audit could be made yet, or lately\n"
        case _:
            return 404, "text/plain", b"there is /metrics, /livez and /readyz\n"
