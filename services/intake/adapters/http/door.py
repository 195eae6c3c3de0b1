"""What the routes of the HTTP door share: senders, limits, answers."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import orjson
from starlette.requests import Request
from starlette.responses import Response

from services.intake.adapters.counting import CountEvents
from services.intake.adapters.outboxes import Outboxes
from services.intake.core.arrivals import COUNTER, Sender
from services.intake.usecases.answers import Answer, with_secret
from services.intake.usecases.contacts import KeepContacts
from services.intake.usecases.counter import ReceiveDossier
from services.intake.usecases.heartbeats import WatchConnections
from services.intake.usecases.receive import ReceiveEvents
from services.intake.usecases.relaying import RelayOutboxes
from shared.events.faults import Fault, fault, not_allowed
from shared.events.judge import REFERENCE_PUBLISHER
from shared.events.media_types import media_type
from shared.subjects.errors import UnavailableError
from shared.web.principal import Principal
from shared.web.problem import ProblemError, refused, unavailable

DOOR: Final = "http"
RETRY_AFTER_S: Final = 5

UNREADABLE: Final = frozenset(
    {
        "empty-record",
        "not-utf8",
        "header-not-utf8",
        "duplicate-header",
        "not-json",
        "not-an-object",
        "duplicate-key",
        "too-deep",
        "bad-number",
        "bad-base64",
        "data-twice",
        "connect-wrapper",
        "idempotency-key-missing",
    }
)
FORBIDDEN: Final = frozenset(
    {
        "wrong-source",
        "not-allowed",
        "may-not-number",
        "backfill-not-allowed",
        "approval-by-proposer",
        "by-other-person",
        "key-without-person",
    }
)
STATUS: Final[Mapping[str, int]] = {
    **dict.fromkeys(UNREADABLE, 400),
    **dict.fromkeys(FORBIDDEN, 403),
    "record-too-large": 413,
    "unknown-content-type": 415,
    "unknown-charset": 415,
    "still-running": 409,
}
UNPROCESSABLE: Final = 422

ResultT = TypeVar("ResultT")


@dataclass(slots=True)
class Door:
    """Everything that the routes act on."""

    receive: ReceiveEvents
    dossiers: ReceiveDossier
    contacts: KeepContacts
    connections: WatchConnections
    relay: RelayOutboxes
    outboxes: Outboxes
    counting: CountEvents
    outbox_documents_max: int
    running: set[str] = field(default_factory=set)

    async def ask(self, work: Callable[[], Awaitable[ResultT]]) -> ResultT:
        """Read something from the store; say 503 where it does not answer.

        Raises:
            ProblemError: 503, with Retry-After.
        """
        try:
            return await work()
        except UnavailableError:
            raise unavailable(RETRY_AFTER_S) from None

    async def attempt(self, work: Callable[[], Awaitable[ResultT]]) -> ResultT:
        """Record something; say 503 where that cannot be.

        What is once begun ends, though the client may have hung up: else it is half recorded.

        Raises:
            ProblemError: 503, with Retry-After; nothing was promised.
        """
        if self.outboxes.depth >= self.outbox_documents_max:
            raise unavailable(RETRY_AFTER_S, "Too much waits for the broker.")
        if not self.receive.references.loaded:
            raise unavailable(RETRY_AFTER_S, "The reference data is not loaded yet.")
        return await self.ask(lambda: asyncio.shield(asyncio.ensure_future(work())))

    @contextmanager
    def once_at_a_time(self, key: str) -> Iterator[None]:
        """Refuse a request whose like is being worked on in this process.

        Raises:
            ProblemError: 409.
        """
        if key in self.running:
            raise refused(
                [fault("still-running", "/headers/idempotency-key")],
                status=STATUS["still-running"],
                headers={"Retry-After": "1"},
            )
        self.running.add(key)
        try:
            yield
        finally:
            self.running.discard(key)

    def told(self, answer: Answer) -> dict[str, Any]:
        """Return an applied event's answer as a client reads it."""
        return {
            "outcome": answer.outcome.value,
            "event_id": answer.event_id,
            "subject": answer.subject,
            "repeated": answer.repeated,
            **with_secret(answer, self.receive.lookup),
        }


def sender_of(principal: Principal) -> Sender:
    """Return who a key stands for: a publisher, or the staff of units at a counter.

    Raises:
        ProblemError: the key is a publisher's and names none.
    """
    if principal.role == "province":
        publisher = principal.publisher or REFERENCE_PUBLISHER
        return Sender(publisher, principal.units, principal.person or "", staff=True)
    if principal.role != "publisher":
        return Sender(COUNTER, principal.units, staff=True)
    if principal.publisher is None:
        raise refused([not_allowed("/headers/authorization")], status=STATUS["not-allowed"])
    return Sender(principal.publisher, principal.units)


def problem_of(
    faults: tuple[Fault, ...], headers: Mapping[str, str] | None = None
) -> ProblemError:
    """Return the problem that faults make; the first one gives the status."""
    return refused(faults, status=STATUS.get(faults[0].rule, UNPROCESSABLE), headers=headers)


def json_response(content: object, status: int = 200) -> Response:
    """Answer with JSON."""
    return Response(orjson.dumps(content), status_code=status, media_type="application/json")


def content_type_of(request: Request) -> str:
    """Return the media type of a request without its parameters; "" where it names none."""
    kind = media_type(request.headers.get("content-type", ""))
    return kind.name if kind else ""
