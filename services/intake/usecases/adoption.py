"""What the canonical topics have and the store lacks, taken back before intake does anything.

Order of effects: the subject with its facts and numbers, then receipts, code counters and
connections, then the archive, by which an event counts as known. A crash in between repeats
all of it, which changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from services.intake.core.adoption import (
    adopt_event,
    is_of_counter,
    lost_since,
    receipt_key_of,
)
from services.intake.core.fold import Applied
from services.intake.core.receipts import Outcome, Receipt, recorded_fingerprint
from services.intake.core.state import REFERENCE_SUBJECT, Subject
from services.intake.ports import CodeCounter, Presences, ReceiptStore
from services.intake.usecases.answers import answer_of, stored
from services.intake.usecases.contacts_adoption import AdoptContacts
from services.intake.usecases.counter import RECEIVED
from services.intake.usecases.refused_before import FindRefused
from shared.events.envelope import Event
from shared.events.model import instant_text
from shared.events.numbering import CodePattern
from shared.events.topics import CENTRES, CONTACTS, DOSSIERS, REFERENCE
from shared.subjects.apply import ATTEMPTS_MAX
from shared.subjects.document import Document
from shared.subjects.errors import UnavailableError
from shared.subjects.own_events import KnownArchive, OwnEvent, OwnEvents
from shared.subjects.ports import Clock, SubjectStore
from shared.subjects.records import Record

TOPICS = (REFERENCE.name, DOSSIERS.name, CENTRES.name, CONTACTS.name)


def document_of(event: Event) -> str:
    """Return the document that numbered a canonical event."""
    return REFERENCE_SUBJECT if event.topic is REFERENCE else event.subject


def entry_of(event: Event) -> str:
    """Return an event's id in outbox and archive: ids are unique within their source only."""
    return f"{event.source}#{event.id}"


@dataclass(slots=True)
class AdoptCanonical:
    """Implements `Adopter` for the topics that intake writes.

    Attributes:
        own: Reads events and tells which the store lacks.
        counted: What was adopted, by outcome: `adopted`, `conflict` (the store gave the number
            to another event), `gap` (the topic lacks the number before).
    """

    own: OwnEvents
    subjects: SubjectStore[Subject]
    archive: KnownArchive
    receipts: ReceiptStore
    counter: CodeCounter
    pattern: CodePattern
    presences: Presences
    contacts: AdoptContacts
    refused: FindRefused
    clock: Clock
    wall_now: Callable[[], datetime]
    topics: Sequence[str] = TOPICS
    counted: Counter[str] = field(default_factory=Counter)

    async def unknown(self, records: Sequence[Record]) -> Sequence[Record]:
        """Return those of the records that the store does not fully have."""
        if records and records[0].topic == CONTACTS.name:
            return await self.contacts.unknown(records)
        return await self.own.unknown(records)

    async def begin(self) -> None:
        """Do nothing: each record is taken in by itself."""

    async def adopt(self, records: Sequence[Record]) -> None:
        """Take in what the store does not have of these; contacts are read whole at the end."""
        if records[0].topic == CONTACTS.name:
            return
        own = self.own.read(records)
        by_document: dict[str, list[OwnEvent]] = {}
        for one in own:
            by_document.setdefault(one.document, []).append(one)
        answered = await self._into_subjects(by_document)
        await self._into_receipts([(one.event, answered.get(one.entry)) for one in own])
        await self._into_counters([one.event for one in own])
        await self._into_presences([one.event for one in own])
        await self.archive.insert([one.outgoing for one in own])
        # What an outbox still holds of these was published.
        await self.subjects.clear(
            {key: [one.entry for one in each] for key, each in by_document.items()}
        )

    async def finish(self) -> None:
        """Take in the contacts and what was rejected, and see every connection anew."""
        await self.contacts()
        await self.refused()
        # Heartbeats after the copy was taken are lost: silence counts from now.
        await self.presences.seen_again(self.clock.now())

    async def _into_subjects(
        self, by_document: Mapping[str, Sequence[OwnEvent]]
    ) -> dict[str, Applied]:
        answered: dict[str, Applied] = {}
        waiting = frozenset(by_document)
        for _ in range(ATTEMPTS_MAX):
            if not waiting:
                return answered
            found = await self.subjects.load(waiting)
            changed: list[Document[Subject]] = []
            for one in sorted(waiting):
                document = found.get(one) or Document[Subject](one)
                before = document.state, dict(document.emitted)
                for event in by_document[one]:
                    self._take(document, event, answered)
                if (document.state, document.emitted) != before:
                    changed.append(document)
            waiting = await self.subjects.save(changed, pending_at=self.wall_now())
        raise UnavailableError("a subject keeps changing behind us: try again")

    def _take(
        self, document: Document[Subject], one: OwnEvent, answered: dict[str, Applied]
    ) -> None:
        last = document.emitted.get(one.record.topic, 0)
        number = one.event.sequence or 0
        applied = adopt_event(document, one.event)
        if applied is None:
            self.counted["conflict"] += 1
            return
        answered[one.entry] = applied
        if number > last:
            self.counted["adopted"] += 1
        if number > last + 1:
            self.counted["gap"] += 1

    async def _into_receipts(self, answered: Sequence[tuple[Event, Applied | None]]) -> None:
        """Close each event's receipt as applied, so that a repeat gets the answer it got."""
        closed: dict[str, Receipt] = {}
        for event, applied in answered:
            if applied is not None:
                receipt = _receipt(event, applied)
                closed[receipt.key] = receipt
        standing = await self.receipts.open(list(closed.values()))
        await self.receipts.close(
            [
                closed[found.key]
                for found in standing
                if found is not None and found.outcome is not Outcome.APPLIED
            ]
        )

    async def _into_counters(self, events: Sequence[Event]) -> None:
        """Give no number again that a code on the topic has."""
        used: dict[tuple[str, date], int] = {}
        for event in events:
            parts = self.pattern.read(event.subject) if event.topic is DOSSIERS else None
            if parts is not None:
                place = (parts.prefix.text, parts.day)
                used[place] = max(used.get(place, 0), parts.number)
        for (prefix, day), number in used.items():
            await self.counter.skip(prefix, day, number)

    async def _into_presences(self, events: Sequence[Event]) -> None:
        last: dict[str, tuple[bool, datetime | None]] = {}
        for event in events:
            lost = lost_since(event)
            if lost is not None:
                last[event.subject] = lost
        for subject, (is_lost, since) in last.items():
            await self.presences.adopt(
                subject, lost_at=since if is_lost else None, now=self.clock.now()
            )


def _receipt(event: Event, applied: Applied) -> Receipt:
    answer = stored(answer_of(applied, event_id=event.id, subject=event.subject))
    receipt = Receipt(
        key=receipt_key_of(event).text(),
        fingerprint=recorded_fingerprint(event),
        outcome=Outcome.APPLIED,
        received_at=event.recordedtime or event.time,
        event_id=event.id,
        answer=answer,
    )
    if not is_of_counter(event):
        return receipt
    moment = instant_text(event.time)
    return replace(receipt, code=event.subject, answer={**answer, RECEIVED: moment})
