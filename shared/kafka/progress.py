"""How far intake has read: one mark for each inbound partition, and one for HTTP."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from shared.events.progress import ProgressMark
from shared.events.topics import PROGRESS
from shared.kafka.cluster import Cluster
from shared.kafka.whole import WholeTopic, read_to_end
from shared.subjects.records import Record


async def last_mark(
    where: Cluster | Sequence[str], key: str, *, client_id: str
) -> ProgressMark | None:
    """Return the mark that stands under a key; None if there is none.

    Raises:
        UnavailableError: the broker does not answer.
    """
    found: ProgressMark | None = None
    for record in await read_to_end(where, PROGRESS.name, client_id=client_id):
        if (record.key or b"").decode("utf-8", "replace") == key:
            value = record.value
            found = None if value is None else ProgressMark.model_validate_json(value)
    return found


class ProgressReader:
    """Reads the progress topic whole and answers with the least mark.

    A tombstone retires its publisher's mark. `on_change` is called after each batch of marks.
    """

    def __init__(
        self,
        where: Cluster | Sequence[str],
        *,
        client_id: str,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.marks: dict[str, datetime] = {}
        self._late: dict[str, Mapping[str, datetime]] = {}
        self._on_change = on_change
        self._topic = WholeTopic(where, PROGRESS.name, self._apply, client_id=client_id)

    @property
    def caught_up(self) -> asyncio.Event:
        """Set once everything that stood in the topic at the start has been applied."""
        return self._topic.caught_up

    def least(self) -> datetime | None:
        """Return the instant before which everything that reached us is on the topics."""
        return min(self.marks.values(), default=None)

    def late(self) -> Mapping[str, datetime]:
        """Return when the last late event of each publisher was recorded, by any replica."""
        found: dict[str, datetime] = {}
        for replica in self._late.values():
            for publisher, moment in replica.items():
                found[publisher] = max(moment, found.get(publisher, moment))
        return found

    async def run(self, stopping: asyncio.Event) -> None:
        """Read until `stopping` is set."""
        await self._topic.run(stopping)

    async def _apply(self, records: Sequence[Record]) -> None:
        for record in records:
            key = (record.key or b"").decode("utf-8", "replace")
            if record.value is None:
                self.marks.pop(key, None)
                self._late.pop(key, None)
                continue
            mark = ProgressMark.model_validate_json(record.value)
            self.marks[key] = mark.through
            self._late.pop(key, None)
            if mark.late:
                self._late[key] = mark.late
        self._on_change()
