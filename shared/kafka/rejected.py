"""What intake refused of one publisher's events, for the publisher that asks here."""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog
from pydantic import ValidationError

from shared.events.faults import Fault
from shared.events.rejections import Rejection
from shared.events.topics import rejected
from shared.kafka.cluster import Cluster
from shared.kafka.whole import WholeTopic
from shared.subjects.records import Record

KEPT_MAX: Final = 1_000
"""How many of the latest refusals are remembered."""

_log = structlog.stdlib.get_logger(__name__)


class RejectionReader:
    """Reads a publisher's rejections whole and answers by the event's id.

    Every replica does, so that whoever serves a page can say what became of what was sent from
    it. A rejection that cannot be read is logged and passed over: only a page waits for it.
    """

    def __init__(
        self, where: Cluster | Sequence[str], publisher: str, *, client_id: str
    ) -> None:
        self._refused: dict[str, tuple[Fault, ...]] = {}
        self._topic = WholeTopic(
            where, rejected(publisher).name, self._apply, client_id=client_id
        )

    @property
    def caught_up(self) -> asyncio.Event:
        """Set once everything that stood in the topic at the start has been read."""
        return self._topic.caught_up

    def of(self, event_id: str) -> tuple[Fault, ...]:
        """Return why the event of this id was refused the last time; nothing if it was not."""
        return self._refused.get(event_id, ())

    async def run(self, stopping: asyncio.Event) -> None:
        """Read until `stopping` is set."""
        await self._topic.run(stopping)

    async def _apply(self, records: Sequence[Record]) -> None:
        for record in records:
            try:
                rejection = Rejection.model_validate_json(record.value or b"")
            except ValidationError:
                _log.warning("rejection_unreadable", place=str(record.place))
                continue
            if rejection.event_id is not None:
                self._refused.pop(rejection.event_id, None)
                self._refused[rejection.event_id] = tuple(
                    Fault(**row.model_dump()) for row in rejection.faults
                )
        while len(self._refused) > KEPT_MAX:
            del self._refused[next(iter(self._refused))]
