"""From the outboxes to the topics, each entry once in order, and again after a crash."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from shared.subjects.document import Document, Outgoing
from shared.subjects.ports import Archive, Publisher, SubjectStore

LEFT_BEHIND_AFTER: Final = timedelta(seconds=5)
"""An outbox that is still full after this much wall time was left behind by a crash."""

BATCH_DOCUMENTS_MAX: Final = 500

StateT = TypeVar("StateT")


@dataclass(slots=True)
class Relay(Generic[StateT]):
    """Publishes outboxes, archives what it published, clears it.

    Two tasks of one process may hold copies of one document. What one of them is already
    publishing the other waits for instead of sending it twice.
    """

    store: SubjectStore[StateT]
    publisher: Publisher
    archive: Archive
    _in_flight: dict[str, asyncio.Future[None]] = field(default_factory=dict)

    async def publish(self, documents: Sequence[Document[StateT]]) -> int:
        """Publish, archive and clear the outboxes of `documents`; return how many entries.

        Raises:
            UnavailableError: what was not published stays in its outbox.
        """
        entries = [
            (document.id, out) for document in documents for out in document.unpublished()
        ]
        if not entries:
            return 0
        elsewhere = [self._in_flight[out.id] for _, out in entries if out.id in self._in_flight]
        if elsewhere:
            await asyncio.gather(*elsewhere, return_exceptions=True)
        mine = [(subject, out) for subject, out in entries if out.id not in self._in_flight]
        if elsewhere:
            # The others may have succeeded, failed or been cancelled: the store knows.
            still = await self._still_pending(mine)
            mine = [(subject, out) for subject, out in mine if out.id in still]
        await self._send(mine)
        for document in documents:
            document.outbox, document.added = [], []
        return len(mine)

    async def sweep_left_behind(self, *, wall_now: datetime) -> int:
        """Publish what a crash left in outboxes; return how many entries."""
        documents = await self.store.left_behind(
            before=wall_now - LEFT_BEHIND_AFTER, limit=BATCH_DOCUMENTS_MAX
        )
        return await self.publish(documents)

    async def _still_pending(self, entries: Sequence[tuple[str, Outgoing]]) -> set[str]:
        documents = await self.store.load({subject for subject, _ in entries})
        return {out.id for document in documents.values() for out in document.outbox}

    async def _send(self, entries: Sequence[tuple[str, Outgoing]]) -> None:
        if not entries:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        for _, out in entries:
            self._in_flight[out.id] = done
        try:
            outgoing = [out for _, out in entries]
            await self.publisher.publish(outgoing)
            await self.archive.insert(outgoing)
            cleared: dict[str, list[str]] = {}
            for subject, out in entries:
                cleared.setdefault(subject, []).append(out.id)
            await self.store.clear(cleared)
        finally:
            for _, out in entries:
                self._in_flight.pop(out.id, None)
            done.set_result(None)
