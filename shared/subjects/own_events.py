"""Which events of its own topics a service's store does not fully have."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic_core import from_json

from shared.events.envelope import Event, Undecodable, decode
from shared.subjects.document import Outgoing
from shared.subjects.records import Record


@dataclass(frozen=True, slots=True)
class Emitted:
    """What a document says of the events that it gave out.

    Attributes:
        numbers: Topic to the last number that was given.
        waiting: Ids in its outbox.
    """

    numbers: Mapping[str, int]
    waiting: frozenset[str]


class EmittedStore(Protocol):
    """Reads the numbers of documents without their states.

    Raises `UnavailableError` when the store does not answer, as the archive does.
    """

    async def emitted(self, ids: Collection[str]) -> Mapping[str, Emitted]:
        """Read what exists."""
        ...

    async def clear(self, published: Mapping[str, Sequence[str]]) -> None:
        """Take published entries (by document) out of the outboxes."""
        ...


class KnownArchive(Protocol):
    """The archive, as far as comparing needs it."""

    async def known(self, topic: str, event_ids: Collection[str]) -> frozenset[str]:
        """Return which of these entries are kept."""
        ...

    async def insert(self, outgoing: Sequence[Outgoing]) -> None:
        """Keep these; an id kept before stays as it is."""
        ...


@dataclass(frozen=True, slots=True)
class OwnEvent:
    """An event on a topic of ours, with the record that it came in.

    `document` is the document that numbered it; `entry` is its id in outbox and archive.
    """

    event: Event
    record: Record
    document: str
    entry: str

    @property
    def outgoing(self) -> Outgoing:
        """Return it as the archive keeps it, with whatever another version wrote."""
        record = self.record
        return Outgoing(
            id=self.entry,
            topic=record.topic,
            key=(record.key or b"").decode("utf-8", "replace"),
            value=from_json(record.value or b"{}"),
        )


def entry_id(event: Event) -> str:
    """Return the id of an outbox entry where a service's ids are its own."""
    return event.id


def document_id(event: Event) -> str:
    """Return the document that gave an event its number, where that is its subject."""
    return event.subject


async def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class OwnEvents:
    """Reads events from records, and tells which of them the store lacks.

    A record that is no numbered event was not written by this service: it is passed over.

    `is_made_later` says whether a document may be lacking although its events are kept, since
    it is made again of them when its cause is read.
    """

    store: EmittedStore
    archive: KnownArchive
    document_of: Callable[[Event], str] = document_id
    entry_of: Callable[[Event], str] = entry_id
    is_made_later: Callable[[], Awaitable[bool]] = _never

    def read(self, records: Sequence[Record]) -> list[OwnEvent]:
        """Return the events of these records, in order."""
        found: list[OwnEvent] = []
        for record in records:
            try:
                event = decode(record.value or b"")
            except Undecodable:
                continue
            if event.sequence is not None:
                found.append(
                    OwnEvent(event, record, self.document_of(event), self.entry_of(event))
                )
        return found

    async def unknown(self, records: Sequence[Record]) -> list[Record]:
        """Return the records whose event its document did not number, or nothing keeps.

        An entry is in an outbox until it is in the archive, so the outbox is read first. One
        that still waits there has been published, as its record shows: it is archived and
        cleared, as whoever published it would have done.
        """
        own = self.read(records)
        stored = await self.store.emitted({one.document for one in own})
        by_topic: dict[str, list[str]] = {}
        for one in own:
            by_topic.setdefault(one.record.topic, []).append(one.entry)
        kept = {
            (topic, entry)
            for topic, entries in by_topic.items()
            for entry in await self.archive.known(topic, entries)
        }
        later = await self.is_made_later()
        lacking = [one for one in own if _is_lacking(one, stored, kept, later=later)]
        left = {one.record.place for one in lacking}
        await self._clear_published(
            [
                one
                for one in own
                if one.record.place not in left
                and one.document in stored
                and one.entry in stored[one.document].waiting
            ]
        )
        return [one.record for one in lacking]

    async def _clear_published(self, published: Sequence[OwnEvent]) -> None:
        if not published:
            return
        await self.archive.insert([one.outgoing for one in published])
        by_document: dict[str, list[str]] = {}
        for one in published:
            by_document.setdefault(one.document, []).append(one.entry)
        await self.store.clear(by_document)


def _is_lacking(
    one: OwnEvent,
    stored: Mapping[str, Emitted],
    kept: Collection[tuple[str, str]],
    *,
    later: bool,
) -> bool:
    document, topic = stored.get(one.document), one.record.topic
    is_kept = (topic, one.entry) in kept
    if document is None:
        return not (later and is_kept)
    if document.numbers.get(topic, 0) < (one.event.sequence or 0):
        return True
    return one.entry not in document.waiting and not is_kept


def stored_as(row: Mapping[str, Any]) -> Emitted:
    """Return what a stored document says of the events that it gave out."""
    pairs = row.get("emitted", ())
    numbers = pairs.items() if isinstance(pairs, Mapping) else pairs
    return Emitted(
        {str(topic): int(number) for topic, number in numbers},
        frozenset(str(entry["id"]) for entry in row.get("outbox", ())),
    )
