"""Keeping and erasing contacts, which are never in an event."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.intake.core.contacts import ContactChange, ContactState, erase, put
from shared.subjects.apply import ATTEMPTS_MAX
from shared.subjects.document import Document
from shared.subjects.errors import UnavailableError
from shared.subjects.ports import SubjectStore
from shared.subjects.relay import Relay


@dataclass(slots=True)
class KeepContacts:
    """Numbers contacts and lets their relay publish them; nothing of them is archived."""

    store: SubjectStore[ContactState]
    relay: Relay[ContactState]
    wall_now: Callable[[], datetime]

    async def put(
        self, changes: Sequence[ContactChange], *, now: datetime
    ) -> tuple[dict[str, int | None], list[Document[ContactState]]]:
        """Store the changes; return each cause's version and the documents to be relayed.

        Raises:
            UnavailableError: the store does not answer, or a contact keeps changing.
        """
        by_key: dict[str, list[ContactChange]] = {}
        for change in changes:
            by_key.setdefault(change.key, []).append(change)
        versions: dict[str, int | None] = {}
        written: list[Document[ContactState]] = []
        waiting = frozenset(by_key)
        for _ in range(ATTEMPTS_MAX):
            if not waiting:
                return versions, written
            documents = await self._load(waiting)
            for document in documents:
                versions |= put(document, by_key[document.id], now=now)
            losers = await self._save(documents)
            written += [one for one in documents if one.id not in losers and one.unpublished()]
            waiting = losers
        raise UnavailableError("a contact keeps changing: try again")

    async def erase(self, key: str) -> Document[ContactState]:
        """Leave the marker and publish the tombstone; return the document as proof.

        Raises:
            UnavailableError: the store or the broker does not answer, or the topic does not
                take the tombstone, which then waits; erase again.
        """
        for _ in range(ATTEMPTS_MAX):
            (document,) = await self._load({key})
            erase(document)
            if not await self._save([document]):
                # A value that an outbox still held goes out before its tombstone, in order.
                await self.relay.publish([document])
                if document.unpublished():
                    raise UnavailableError("the topic of contacts does not take the tombstone")
                return document
        raise UnavailableError("the contact keeps changing: try again")

    async def _load(self, keys: frozenset[str] | set[str]) -> list[Document[ContactState]]:
        found = await self.store.load(keys)
        return [found.get(key) or Document[ContactState](key) for key in sorted(keys)]

    async def _save(self, documents: Sequence[Document[ContactState]]) -> frozenset[str]:
        changed = [document for document in documents if document.added]
        return await self.store.save(changed, pending_at=self.wall_now())
