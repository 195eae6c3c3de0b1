"""From the outboxes to the topics, each entry once in order, and again after a crash."""

import asyncio
from collections.abc import Mapping, Sequence
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

    An entry goes to the broker together with all that its subject decided before and that is
    not known to be there, in this order; so no event overtakes an earlier one of its subject,
    whatever fails or dies. A copy of a document therefore keeps what it was read with.

    Two tasks of one process may hold copies of one subject. While one of them publishes it,
    the other waits, then asks the store what is left. Subjects do not wait for each other.
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
        waiting = {
            document.id: document.unpublished()
            for document in documents
            if document.unpublished()
        }
        # What a copy carries from before may have been published since it was read.
        old = {document.id for document in documents if document.outbox}
        count = 0
        while waiting:
            free = {key: outs for key, outs in waiting.items() if key not in self._in_flight}
            if not free:
                await asyncio.wait({self._in_flight[key] for key in waiting})
                continue
            waiting = {key: outs for key, outs in waiting.items() if key not in free}
            count += await self._send(free, old & free.keys())
            # The others may have succeeded, failed or been cancelled: the store knows.
            old |= waiting.keys()
        for document in documents:
            document.outbox, document.added = [], []
        return count

    async def sweep_left_behind(self, *, wall_now: datetime) -> int:
        """Publish what a crash left in outboxes; return how many entries."""
        documents = await self.store.left_behind(
            before=wall_now - LEFT_BEHIND_AFTER, limit=BATCH_DOCUMENTS_MAX
        )
        return await self.publish(documents)

    async def _send(self, waiting: Mapping[str, Sequence[Outgoing]], old: set[str]) -> int:
        """Publish, archive and clear what is left of these; return how many entries."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._in_flight |= dict.fromkeys(waiting, done)
        try:
            left = await self._left(waiting, old)
            outgoing = [out for outs in left.values() for out in outs]
            if outgoing:
                await self.publisher.publish(outgoing)
                await self.archive.insert(outgoing)
                await self.store.clear({key: [out.id for out in left[key]] for key in left})
            return len(outgoing)
        finally:
            for key in waiting:
                del self._in_flight[key]
            done.set_result(None)

    async def _left(
        self, waiting: Mapping[str, Sequence[Outgoing]], old: set[str]
    ) -> Mapping[str, Sequence[Outgoing]]:
        """Return the entries without those of `old` subjects that the store has no more."""
        if not old:
            return waiting
        documents = await self.store.load(old)
        still = {key: {out.id for out in one.outbox} for key, one in documents.items()}
        left = {
            key: [out for out in outs if key not in old or out.id in still.get(key, ())]
            for key, outs in waiting.items()
        }
        return {key: outs for key, outs in left.items() if outs}
