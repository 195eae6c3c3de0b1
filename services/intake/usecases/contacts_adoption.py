"""Contacts after the store was set back or lost: their versions, and who was erased.

The contacts topic keeps the newest value of each contact, and of an erased one nothing, once
its tombstone has been compacted away. So a contact that the store or an event names, and that
the topic does not have, was erased: it must not come back.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from pydantic import ValidationError

from services.intake.core.adoption import adopt_contact, erased_contact
from services.intake.core.contacts import ContactState
from shared.events.contacts import Contact
from shared.events.topics import CONTACTS
from shared.subjects.adoption import AdoptionMarks, Extent, OwnTopics
from shared.subjects.apply import ATTEMPTS_MAX
from shared.subjects.document import Document
from shared.subjects.errors import UnavailableError
from shared.subjects.ports import SubjectStore
from shared.subjects.records import Record

BATCH: Final = 500


class ContactsNamed(Protocol):
    """Which contacts the store and its events name, and which of them the topic has.

    Every method raises `UnavailableError` when the store does not answer.
    """

    def named(self) -> AsyncIterator[tuple[str, int]]:
        """Yield each contact's key and a version of it, from contacts and from events."""
        ...

    async def begin(self) -> None:
        """Forget which keys the topic has."""
        ...

    async def note(self, keys: Collection[str]) -> None:
        """Note keys that the topic has."""
        ...

    async def noted(self, keys: Collection[str]) -> frozenset[str]:
        """Return which of these the topic has."""
        ...


@dataclass(slots=True)
class AdoptContacts:
    """Reads the contacts topic whole; nothing of a contact but its version is kept."""

    topics: OwnTopics
    marks: AdoptionMarks
    store: SubjectStore[ContactState]
    names: ContactsNamed
    wall_now: Callable[[], datetime]

    async def unknown(self, records: Sequence[Record]) -> list[Record]:
        """Return the records whose version the store does not have."""
        read = [(record, key, version) for record in records for key, version in _read(record)]
        await self._clear({key: version for _, key, version in read})
        found = await self.store.load({key for _, key, _ in read})
        return [
            record
            for record, key, version in read
            if not _has(found[key].state if key in found else None, version)
        ]

    async def __call__(self) -> None:
        """Take in what the topic has, then mark as erased what it lacks.

        Raises:
            UnavailableError: store or broker did not answer; do it all again.
        """
        await self.names.begin()
        extents = await self.topics.extents(CONTACTS.name)
        spans = {number: (one.start, one.end) for number, one in extents.items()}
        async for records in self.topics.records(CONTACTS.name, spans):
            last = {key: version for record in records for key, version in _read(record)}
            await self.names.note(last)
            await self._change(last, adopt_contact)
            await self._clear(last)
        if await self._is_whole(extents):
            await self._erase_missing()
        await self.names.begin()

    async def _is_whole(self, extents: Mapping[int, Extent]) -> bool:
        """Return whether the topic can be believed about what it lacks.

        One that is empty, or ends before its written end, was lost: nobody was erased by that.
        """
        known = await self.marks.known(CONTACTS.name)
        if not any(one.end for one in extents.values()):
            return False
        return all(
            number in extents and (one.next is None or one.next <= extents[number].end)
            for number, one in known.items()
        )

    async def _erase_missing(self) -> None:
        batch: dict[str, int] = {}
        async for key, version in self.names.named():
            batch[key] = max(version, batch.get(key, 0))
            if len(batch) >= BATCH:
                await self._compare(batch)
                batch = {}
        await self._compare(batch)

    async def _compare(self, batch: Mapping[str, int]) -> None:
        noted = await self.names.noted(batch)
        there = {key: version for key, version in batch.items() if key in noted}
        await self._change(there, _at_least)
        await self._change(
            {key: version for key, version in batch.items() if key not in noted}, _erased
        )

    async def _change(
        self,
        versions: Mapping[str, int | None],
        change: Callable[[ContactState | None, int | None], ContactState],
    ) -> None:
        waiting = frozenset(versions)
        for _ in range(ATTEMPTS_MAX):
            if not waiting:
                return
            found = await self.store.load(waiting)
            changed = []
            for key in sorted(waiting):
                document = found.get(key) or Document[ContactState](key)
                if change is _erased and document.outbox:
                    continue  # Not published yet, so the topic cannot have it.
                state = change(document.state, versions[key])
                if state != document.state:
                    document.state = state
                    changed.append(document)
            waiting = await self.store.save(changed, pending_at=self.wall_now())
        raise UnavailableError("a contact keeps changing: try again")

    async def _clear(self, last: Mapping[str, int | None]) -> None:
        """Take out of outboxes what the topic has: a value must not follow its tombstone."""
        found = await self.store.load(last)
        await self.store.clear(
            {
                key: [
                    out.id
                    for out in document.outbox
                    if last[key] is None or _version_of(out.id) <= (last[key] or 0)
                ]
                for key, document in found.items()
                if document.outbox
            }
        )


def _read(record: Record) -> list[tuple[str, int | None]]:
    """Return a contact's key and version, None for a tombstone; nothing for what is neither."""
    key = (record.key or b"").decode("utf-8", "replace")
    if record.value is None:
        return [(key, None)] if key else []
    try:
        return [(key, Contact.model_validate_json(record.value).version)]
    except ValidationError:
        return []


def _has(state: ContactState | None, version: int | None) -> bool:
    if state is None:
        return False
    return state.erased or (version is not None and version <= state.version)


def _at_least(state: ContactState | None, version: int | None) -> ContactState:
    return adopt_contact(state, version)


def _erased(state: ContactState | None, version: int | None) -> ContactState:
    return erased_contact(state or ContactState(), version or 0)


def _version_of(entry: str) -> int:
    """Return the version that an outbox entry of a contact carries: `<key>#<version>`."""
    return int(entry.removesuffix("#erased").rpartition("#")[2])
