"""Contacts that the store has and the topic has no more: they were erased since.

The contacts topic keeps the newest value of each contact, and of an erased one nothing, once
its tombstone has been compacted away. A store that was set back may have such a contact.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from services.notifications.core import contact as core
from services.notifications.ports import ContactStore
from shared.events.topics import CONTACTS
from shared.subjects.adoption import OwnTopics

BATCH: Final = 500


class SeenKeys(Protocol):
    """Keys that were seen in one reading; raises `UnavailableError` as every store does."""

    async def begin(self) -> None:
        """Forget every key."""
        ...

    async def note(self, keys: Collection[str]) -> None:
        """Note keys."""
        ...

    async def noted(self, keys: Collection[str]) -> frozenset[str]:
        """Return which of these were noted."""
        ...


class StoredKeys(Protocol):
    """Names the contacts that the store has and that are not erased."""

    def keys(self) -> AsyncIterator[str]:
        """Yield their keys."""
        ...


@dataclass(slots=True)
class EraseMissing:
    """Reads the contacts topic whole, and leaves a marker for each contact that it lacks.

    A topic that is empty was lost: it says nothing of who was erased.
    """

    log: OwnTopics
    contacts: ContactStore
    stored: StoredKeys
    seen: SeenKeys

    async def __call__(self) -> None:
        """Compare once.

        Raises:
            UnavailableError: store or broker did not answer; do it all again.
        """
        await self.seen.begin()
        extents = await self.log.extents(CONTACTS.name)
        spans = {number: (one.start, one.end) for number, one in extents.items()}
        async for records in self.log.records(CONTACTS.name, spans):
            await self.seen.note(
                {(one.key or b"").decode("utf-8", "replace") for one in records}
            )
        if any(one.end for one in extents.values()):
            await self._erase()
        await self.seen.begin()

    async def _erase(self) -> None:
        batch: list[str] = []
        async for key in self.stored.keys():
            batch.append(key)
            if len(batch) >= BATCH:
                await self._compare(batch)
                batch = []
        await self._compare(batch)

    async def _compare(self, batch: Sequence[str]) -> None:
        noted = await self.seen.noted(batch)
        await self.contacts.keep([core.erased(key) for key in batch if key not in noted])
