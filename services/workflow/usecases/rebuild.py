"""Beginning a rebuild: adopt everything that was ever published, before anything is read."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, Protocol

from services.workflow.core.adopt import adopt
from services.workflow.core.model import Subject
from shared.events.envelope import Event
from shared.subjects.document import Document
from shared.subjects.insert import insert_once
from shared.subjects.ports import Clock, SubjectStore

BATCH_SUBJECTS_MAX: Final = 500


class Published(Protocol):
    """What this service published, and whether its subjects are still to be adopted from it."""

    async def is_to_be_adopted(self) -> bool:
        """Say whether there is no subject although something was published."""
        ...

    def by_subject(self) -> AsyncIterator[tuple[str, list[Event]]]:
        """Yield everything published, subject by subject, each in its order."""
        ...

    async def adoption_is_done(self) -> None:
        """Remember that all was adopted."""
        ...


@dataclass(slots=True)
class AdoptPublished:
    """Runs before the service consumes; a crash in the middle begins it again, harmlessly."""

    published: Published
    store: SubjectStore[Subject]
    clock: Clock
    topic: str

    async def __call__(self) -> None:
        """Adopt, if that is what a start finds to do.

        Raises:
            UnavailableError: the store did not answer.
        """
        if not await self.published.is_to_be_adopted():
            return
        batch: list[Document[Subject]] = []
        async for subject, events in self.published.by_subject():
            document = Document(subject, state=adopt(subject, events))
            document.emitted[self.topic] = max(event.sequence or 0 for event in events)
            batch.append(document)
            if len(batch) >= BATCH_SUBJECTS_MAX:
                await self._save(batch)
                batch = []
        await self._save(batch)
        await self.published.adoption_is_done()

    async def _save(self, batch: list[Document[Subject]]) -> None:
        if batch:
            # One that is there already was adopted before the crash.
            await insert_once(self.store, batch, pending_at=self.clock.now())
