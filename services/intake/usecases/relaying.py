"""From the outboxes to the topics: at once where the broker answers, else by the sweep."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final

from services.intake.core.contacts import ContactState
from services.intake.core.state import Subject
from services.intake.usecases.entries import Settled
from shared.subjects.document import Document
from shared.subjects.errors import OwnedElsewhereError, UnavailableError
from shared.subjects.relay import BATCH_DOCUMENTS_MAX, Relay

RECENT_MAX: Final = 20_000
"""How many published entries are remembered: a copy read meanwhile may still show them."""

IN_FLIGHT_MAX: Final = 4
"""How many batches may be on their way to the broker while the next are recorded."""

WAIT_S: Final = 1.0
FINISH_S: Final = 4.0


@dataclass(slots=True)
class RelayOutboxes:
    """Publishes what was settled; contacts go by a relay that archives nothing.

    `work` holds what is being published in the background.
    """

    subjects: Relay[Subject]
    contacts: Relay[ContactState]
    wall_now: Callable[[], datetime]
    broker_answers: bool = True
    published: int = 0
    work: Callable[[], AbstractContextManager[None]] = nullcontext
    _running: set[asyncio.Task[None]] = field(default_factory=set)
    _recent: dict[str, None] = field(default_factory=dict)

    async def now(self, settled: Settled) -> None:
        """Publish what was settled, and what repeats may have left in their outboxes.

        Raises:
            UnavailableError: it stays in the outboxes.
        """
        documents = list(settled.subjects)
        repeated = settled.repeated - {document.id for document in documents}
        if repeated:
            documents += (await self.subjects.store.load(repeated)).values()
        try:
            # Added in two steps: what is read before an await is old after it.
            count = await self.contacts.publish(settled.contacts)
            count += await self._publish(documents)
            self.published += count
        except OwnedElsewhereError:
            raise  # That is no word about the broker.
        except UnavailableError:
            self.broker_answers = False
            raise
        self.broker_answers = True

    async def soon(self, settled: Settled) -> None:
        """Publish in the background; wait a little while too much is on its way already.

        What is not tried here stays in its outbox for the sweep: while the broker is away, or
        when it is slower than what comes in.
        """
        if not self.broker_answers or not (settled.subjects or settled.contacts):
            return
        if len(self._running) >= IN_FLIGHT_MAX:
            await asyncio.wait(
                self._running, timeout=WAIT_S, return_when=asyncio.FIRST_COMPLETED
            )
        if len(self._running) >= IN_FLIGHT_MAX:
            return
        settled.repeated = set()
        self._keep(self._quietly(settled))

    async def sweep(self) -> None:
        """Publish what crashes and outages have left behind.

        Raises:
            UnavailableError: it stays where it is until the next sweep.
        """
        try:
            while True:
                wall_now = self.wall_now()
                count = await self.contacts.sweep_left_behind(wall_now=wall_now)
                count += await self.subjects.sweep_left_behind(wall_now=wall_now)
                self.published += count
                if count < BATCH_DOCUMENTS_MAX:
                    return
        except UnavailableError:
            self.broker_answers = False
            raise

    async def finish(self, seconds_max: float = FINISH_S) -> None:
        """Wait for what is on its way; what does not arrive in time is in its outbox."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds_max)

    async def _publish(self, documents: Sequence[Document[Subject]]) -> int:
        """Publish what this process has not published already from another copy."""
        for document in documents:
            document.outbox = [out for out in document.outbox if out.id not in self._recent]
        ids = {out.id for document in documents for out in document.unpublished()}
        count = await self.subjects.publish(documents)
        # What waits for a refused record is not published, and stays in its copy.
        ids -= {out.id for document in documents for out in document.unpublished()}
        self._recent |= dict.fromkeys(ids)
        for old in list(islice(self._recent, max(0, len(self._recent) - RECENT_MAX))):
            del self._recent[old]
        return count

    async def _quietly(self, settled: Settled) -> None:
        try:
            with self.work():
                await self.now(settled)
        except UnavailableError:
            return  # It is in the outboxes; `broker_answers` is false and the sweep goes on.

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
