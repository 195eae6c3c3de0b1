"""The reference data as intake itself has numbered it, read again after a restart."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.intake.core.state import REFERENCE_SUBJECT, Subject
from services.intake.ports import ReferenceHistory
from shared.events.envelope import Event, from_document
from shared.events.topics import REFERENCE
from shared.reference.view import Reference, apply
from shared.subjects.document import Document
from shared.subjects.errors import UnavailableError
from shared.subjects.ports import SubjectStore

READS_MAX = 5


@dataclass(slots=True)
class ReferenceBook:
    """Keeps the view of this replica; another replica's numbers are read from the store."""

    subjects: SubjectStore[Subject]
    history: ReferenceHistory
    view: Reference = field(default_factory=Reference.empty)
    loaded: bool = False
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    def current(self) -> Reference:
        """Return the view."""
        return self.view

    async def refresh(self) -> Reference:
        """Read what has been numbered since, and return the view.

        Raises:
            UnavailableError: the store does not answer.
        """
        documents = await self.subjects.load([REFERENCE_SUBJECT])
        document = documents.get(REFERENCE_SUBJECT)
        if document is not None:
            await self.catch_up(document)
        self.loaded = True
        return self.view

    async def catch_up(self, document: Document[Subject]) -> Reference:
        """Bring the view to the last number of the document, which was just read.

        An event is in the outbox until it is in the archive, so a look at both, the outbox
        first, finds each; an outbox that was cleared between the looks is looked at again.

        Raises:
            UnavailableError: the store does not answer, or other replicas keep writing.
        """
        async with self._reading:
            for _ in range(READS_MAX):
                last = document.emitted.get(REFERENCE.name, 0)
                if self.view.version >= last:
                    return self.view
                pending = [
                    from_document(out.value) for out in document.outbox if out.value is not None
                ]
                self._apply([*await self.history.after(self.view.version), *pending])
                if self.view.version >= last:
                    return self.view
                again = await self.subjects.load([REFERENCE_SUBJECT])
                document = again.get(REFERENCE_SUBJECT, document)
        raise UnavailableError("the reference data is changing: try again")

    def numbered(self, events: Sequence[Event]) -> None:
        """Take over what this replica has just written."""
        self._apply(events)

    def _apply(self, events: Sequence[Event]) -> None:
        by_number = {event.sequence: event for event in events}
        while (event := by_number.get(self.view.version + 1)) is not None:
            self.view = apply(self.view, event)
