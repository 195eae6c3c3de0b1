"""Audits again and again, and tells Prometheus what each came to."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, NoReturn

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from typing_extensions import override

from deploy.auditor.core.report import Report
from deploy.auditor.running import Scope, audit
from shared.kafka.cluster import Cluster
from shared.ops.clock import Clock
from shared.ops.metrics import Metrics
from shared.subjects.errors import UnavailableError

FAILURES_MAX: Final = 3
"""After so many audits in a row that could not be made, it calls itself unready."""

AGAIN_S: Final = 30.0
"""How soon an audit that could not be made is tried again, in wall seconds."""


Recount = Callable[[str, Cluster | Sequence[str], Scope], Awaitable[Report]]


@dataclass
class Auditor:
    """The audits of one installation.

    Attributes:
        mongo_url: Where the archives are.
        clock: The time by which the law runs.
        where: The brokers, and how they are spoken to.
        every: How long to wait between two audits, in wall time.
        grace: How long services may take.
        registry: What is exported.
        recount: Audits once.
    """

    mongo_url: str
    where: Cluster | Sequence[str]
    clock: Clock
    every: timedelta
    grace: timedelta
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    recount: Recount = audit
    failures: int = 0
    last: Report | None = None

    def __post_init__(self) -> None:
        """Declare what is exported."""
        metrics = Metrics(self.registry)
        self._missing, self._subjects = metrics.escalations_missing, metrics.audit_subjects

    @property
    def ready(self) -> bool:
        """Whether it audits: the last audits were not all in vain.

        The first one may take its time: nobody who starts it has to wait for that.
        """
        return self.failures < (1 if self.last is None else FAILURES_MAX)

    def status(self) -> dict[str, Any]:
        """Say what the last audit came to; counts, and nothing else."""
        report = self.last
        if report is None:
            return {"last": None}
        counts = ("expected", "done", "missing", "unexpected")
        last: dict[str, Any] = {name: getattr(report, name).total() for name in counts}
        last |= {"upto": report.upto.isoformat(timespec="seconds")}
        return {"last": last | {"subjects": report.subjects, "unsettled": report.unsettled}}

    async def once(self) -> Report | None:
        """Audit once; None if store or broker did not answer."""
        scope = Scope(self.clock.now(), self.grace)
        try:
            report = await self.recount(self.mongo_url, self.where, scope)
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
        """Audit until told to stop; an audit that is under way then is given up."""
        auditing = asyncio.create_task(self._again_and_again())
        stopped = asyncio.create_task(stopping.wait())
        await asyncio.wait({auditing, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        auditing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await auditing

    async def _again_and_again(self) -> NoReturn:
        while True:
            report = await self.once()
            pause_s = self.every.total_seconds()
            await asyncio.sleep(min(AGAIN_S, pause_s) if report is None else pause_s)


def serve(auditor: Auditor, host: str, port: int) -> ThreadingHTTPServer:
    """Answer `/metrics`, `/statusz` and the probes from a thread; counts, and nothing else.

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
        case "/readyz":
            ready = auditor.ready
            missing = {} if ready else {"audit": "store or broker did not answer it lately"}
            body = {"ready": ready, "missing": missing}
            return 200 if ready else 503, "application/json", json.dumps(body).encode()
        case "/statusz":
            return 200, "application/json", json.dumps(auditor.status()).encode()
        case _:
            return 404, "text/plain", b"there is /metrics, /statusz, /livez and /readyz\n"
