"""The one use case behind both doors: judge, number, record; each event once, however often.

Order of effects: receipt opened, contact numbered, subject written (which decides), receipt
closed, outbox relayed. A crash between any two is finished by sending the same event again, or
by the sweep of outboxes; the subject's own facts make sure that nothing is counted twice.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.intake.core.arrivals import Sender, authorise
from services.intake.core.contacts import contact_change
from services.intake.core.fold import (
    Applied,
    Circumstances,
    LookupKeys,
    Verdict,
    fold,
    with_fresh_contacts,
)
from services.intake.core.held import Held
from services.intake.core.opening import TAKEN
from services.intake.core.receipts import (
    SUBJECT,
    Outcome,
    Receipt,
    ReceiptKey,
    event_fingerprint,
    is_of_letters,
    is_same,
)
from services.intake.core.reference import fold_reference
from services.intake.core.state import REFERENCE_SUBJECT, Subject
from services.intake.ports import ReceiptStore
from services.intake.usecases.answers import Answer, answer_of, recalled, refusal, stored
from services.intake.usecases.contacts import KeepContacts
from services.intake.usecases.entries import Candidate, Entry, Settled
from services.intake.usecases.grants import GrantBook
from services.intake.usecases.held import HELD_FOR, is_bound
from services.intake.usecases.late import LateEvents
from services.intake.usecases.naming import name_subjects
from services.intake.usecases.references import ReferenceBook
from services.intake.usecases.waves import Waves
from services.intake.usecases.work import InWork
from shared.events.envelope import Event
from shared.events.faults import Fault, fault
from shared.events.inbound import InboundEvent, claimed_id, parse_inbound
from shared.reference.view import Reference
from shared.subjects.apply import ATTEMPTS_MAX
from shared.subjects.document import Document
from shared.subjects.errors import UnavailableError
from shared.subjects.ports import SubjectStore


@dataclass(slots=True)
class ReceiveEvents:
    """Turns what was sent into canonical events in outboxes, and answers each."""

    subjects: SubjectStore[Subject]
    receipts: ReceiptStore
    contacts: KeepContacts
    references: ReferenceBook
    in_work: InWork
    wall_now: Callable[[], datetime]
    lookup: LookupKeys
    fingerprint_key: bytes
    grants: GrantBook
    late: LateEvents = field(default_factory=LateEvents)
    held_for: timedelta = HELD_FOR

    async def __call__(self, sender: Sender, candidates: Sequence[Candidate]) -> Settled:
        """Receive what one sender sent, in order; a bad one never holds up a good one.

        Raises:
            UnavailableError: the store does not answer; send everything again.
        """
        answers: list[Answer | None] = [None] * len(candidates)
        entries: dict[int, Entry] = {}
        refused: list[tuple[str | None, Answer]] = []
        for index, candidate in enumerate(candidates):
            read = self._read(sender, candidate)
            if isinstance(read, Entry):
                entries[index] = read
            else:
                answers[index] = read
                refused.append((read.event_id, read))
        await self._remember_refusals(sender, refused)
        settled = await self.settle(entries.values())
        for index, entry in entries.items():
            answers[index] = entry.answer
        settled.answers = [answer for answer in answers if answer is not None]
        settled.ignored = sum(entry.event.ignored for entry in entries.values())
        assert len(settled.answers) == len(candidates), "everybody gets an answer"
        return settled

    async def settle(self, entries: Iterable[Entry]) -> Settled:
        """Answer every entry; those of one subject in their order, an id once at a time."""
        settled = Settled([])
        waiting = list(entries)
        await name_subjects(self.subjects, waiting, self.references.current().units)
        everybody = list(waiting)
        waves = Waves()
        while waiting:
            wave, waiting = waves.next(waiting)
            await self._settle_wave(wave, settled)
            waves.settled(wave)
        for entry in everybody:
            since = settled.released.get(entry.receipt.key)
            if since is not None and entry.answer is not None and entry.answer.is_waiting:
                entry.answer = since[1]
        return settled

    def receipt_for(
        self, key: ReceiptKey, event_id: str, fingerprint: str, subject: str | None = None
    ) -> Receipt:
        """Return a receipt to be opened, which names the subject while there is no answer."""
        return Receipt(
            key=key.text(),
            fingerprint=fingerprint,
            outcome=Outcome.OPEN,
            received_at=self.wall_now(),
            event_id=event_id,
            answer={} if subject is None else {SUBJECT: subject},
        )

    def _read(self, sender: Sender, candidate: Candidate) -> Entry | Answer:
        parsed = parse_inbound(candidate.value, candidate.headers)
        if not isinstance(parsed, InboundEvent):
            event_id = claimed_id(candidate.value, candidate.headers)
            return refusal(event_id, None, tuple(parsed))
        faults = authorise(parsed, sender)
        if faults:
            return refusal(parsed.id, parsed.subject, tuple(faults))
        fingerprint = event_fingerprint(self.fingerprint_key, parsed)
        key = ReceiptKey(sender.publisher, parsed.id)
        receipt = self.receipt_for(key, parsed.id, fingerprint, parsed.subject)
        return Entry(
            parsed,
            sender,
            receipt,
            origin=candidate.origin,
            in_any_order=candidate.in_any_order,
        )

    async def _remember_refusals(
        self, sender: Sender, refused: Sequence[tuple[str | None, Answer]]
    ) -> None:
        """Keep a receipt of what could not even be judged, so that its sender can ask."""
        receipts: dict[str, Receipt] = {}
        for event_id, answer in refused:
            if event_id is None:
                continue
            receipt = self.receipt_for(ReceiptKey(sender.publisher, event_id), event_id, "")
            receipts[receipt.key] = receipt.closed(Outcome.REFUSED, stored(answer))
        standing = await self.receipts.open(list(receipts.values()))
        again = [
            receipts[found.key]
            for found in standing
            if found is not None and found.outcome is Outcome.REFUSED
        ]
        await self.receipts.close(again)

    async def _settle_wave(self, wave: Sequence[Entry], settled: Settled) -> None:
        before = set(settled.released)
        to_fold = await self._open_receipts(wave, settled)
        by_document: dict[str, list[Entry]] = {}
        for entry in to_fold:
            by_document.setdefault(entry.document_id, []).append(entry)
        if REFERENCE_SUBJECT in by_document:
            await self._fold({REFERENCE_SUBJECT: by_document.pop(REFERENCE_SUBJECT)}, settled)
        await self._fold(by_document, settled)
        closed = {
            entry.receipt.key: entry.receipt.closed(entry.answer.outcome, stored(entry.answer))
            for entry in to_fold
            if entry.answer is not None and not _is_reuse(entry.answer.faults)
        }
        for key in settled.released.keys() - before:
            receipt, answer = settled.released[key]
            closed.setdefault(key, receipt.closed(answer.outcome, stored(answer)))
        await self.receipts.close(list(closed.values()))

    async def _open_receipts(self, wave: Sequence[Entry], settled: Settled) -> list[Entry]:
        """Answer what was answered before; return what is to be folded."""
        standing = await self.receipts.open([entry.receipt for entry in wave])
        to_fold: list[Entry] = []
        again: list[Entry] = []
        for entry, found in zip(wave, standing, strict=True):
            self._compare_by_version(entry, found)
            if found is None:
                to_fold.append(entry)
            elif found.outcome is Outcome.APPLIED:
                entry.answer = _answer_again(entry, found)
                settled.repeated.add(entry.document_id)
            elif await is_bound(self.subjects, entry.receipt, entry.event, found):
                entry.answer = entry.reused()
            else:
                again.append(entry)
        if again:
            ours = await self.receipts.take_over([entry.receipt for entry in again])
            for entry in again:
                if entry.receipt.key in ours:
                    to_fold.append(entry)
                else:
                    entry.answer = refusal(
                        entry.event.id, entry.event.subject, (fault("still-running", "/id"),)
                    )
        place = {id(entry): index for index, entry in enumerate(wave)}
        return sorted(to_fold, key=lambda entry: place[id(entry)])

    def _compare_by_version(self, entry: Entry, found: Receipt | None) -> None:
        """Keep the fingerprint of an earlier version where it is of this event's letters."""
        if found is None or found.fingerprint == entry.receipt.fingerprint:
            return
        if is_of_letters(self.fingerprint_key, found.fingerprint, entry.event):
            entry.receipt = replace(entry.receipt, fingerprint=found.fingerprint)

    async def _fold(self, by_document: dict[str, list[Entry]], settled: Settled) -> None:
        """Fold and write; documents that somebody else changed meanwhile are read again."""
        waiting = frozenset(by_document)
        for _ in range(ATTEMPTS_MAX):
            if not waiting:
                return
            with self.in_work.begin() as now:
                waiting = await self._attempt(by_document, waiting, now, settled)
        if waiting:
            raise UnavailableError("a subject keeps changing behind us: try again")

    async def _attempt(
        self,
        by_document: dict[str, list[Entry]],
        waiting: frozenset[str],
        now: datetime,
        settled: Settled,
    ) -> frozenset[str]:
        found = await self.subjects.load(waiting)
        documents = [found.get(one) or Document[Subject](one) for one in sorted(waiting)]
        before = {document.id: document.state for document in documents}
        pairs = [(document, by_document[document.id]) for document in documents]
        circumstances = await self._circumstances(
            now, self.references.current(), [one for _, entries in pairs for one in entries]
        )
        released: dict[str, Mapping[str, tuple[Held, Applied]]] = {}
        numbered: list[Event] = []
        await self._number_contacts(pairs, circumstances, settled)
        for document, entries in pairs:
            if document.id == REFERENCE_SUBJECT:
                verdicts, numbered = await self._fold_reference(document, entries, now)
            else:
                folding = fold(document, [one.arrival for one in entries], circumstances)
                verdicts, released[document.id] = folding.verdicts, folding.released
            _give_answers(entries, verdicts)
        changed = [
            one
            for one in documents
            if one.added or (one.id != REFERENCE_SUBJECT and one.state is not before[one.id])
        ]
        losers = await self.subjects.save(changed, pending_at=self.wall_now())
        if REFERENCE_SUBJECT not in losers:
            self.references.numbered(numbered)
        for document in documents:
            if document.id in losers:
                continue
            since = released.get(document.id, {})
            self._note_late(by_document[document.id], since, now)
            if document.added:
                settled.subjects.append(document)
            elif document.outbox:
                settled.repeated.add(document.id)
            settled.release(since)
        return losers

    def _note_late(
        self,
        entries: Sequence[Entry],
        released: Mapping[str, tuple[Held, Applied]],
        now: datetime,
    ) -> None:
        """Note what was recorded; the mark of this door waits until that is done."""
        for entry in entries:
            answer = entry.answer
            if answer is not None and answer.is_applied and not answer.repeated:
                self.late.note(entry.event, now)
        for held, _ in released.values():
            self.late.note(held.event, now)

    async def _circumstances(
        self, now: datetime, view: Reference, entries: Sequence[Entry]
    ) -> Circumstances:
        rights = await self.grants.rights_for(entries, view)
        return Circumstances(now, view, self.lookup, self.held_for, rights)

    async def _fold_reference(
        self, document: Document[Subject], entries: Sequence[Entry], now: datetime
    ) -> tuple[list[Verdict], list[Event]]:
        view = await self.references.catch_up(document)
        ids = [f"{entry.event.source}#{entry.event.id}" for entry in entries]
        published = await self.references.history.published(ids)
        arrivals = [entry.arrival for entry in entries]
        circumstances = await self._circumstances(now, view, entries)
        return fold_reference(document, arrivals, circumstances, published)

    async def _number_contacts(
        self,
        pairs: Sequence[tuple[Document[Subject], Sequence[Entry]]],
        circumstances: Circumstances,
        settled: Settled,
    ) -> None:
        """Number the contacts of those events that will be applied, and of no other.

        All of a batch together: a store that makes each write last takes as long for one.
        """
        changes = []
        for document, entries in pairs:
            if all(entry.event.contact is None for entry in entries):
                continue  # Most events have none: nothing is built for them.
            arrivals = [entry.arrival for entry in entries]
            fresh = with_fresh_contacts(document, arrivals, circumstances)
            changes += [(entries[at], contact_change(entries[at].event)) for at in fresh]
        if not changes:
            return
        versions, written = await self.contacts.put(
            [change for _, change in changes], now=circumstances.now
        )
        settled.contacts += written
        for entry, change in changes:
            entry.contact_version = versions[change.cause]


def _answer_again(entry: Entry, found: Receipt) -> Answer:
    taken = entry.receipt.fingerprint
    if not is_same(found.fingerprint, taken, entry.as_sent, entry.event):
        return entry.reused()
    return recalled(found)


def _give_answers(entries: Sequence[Entry], verdicts: Sequence[Verdict]) -> None:
    for entry, verdict in zip(entries, verdicts, strict=True):
        answer = answer_of(verdict, event_id=entry.event.id, subject=entry.event.subject)
        entry.answer = answer if entry.enrich is None else entry.enrich(answer)


def _is_reuse(faults: tuple[Fault, ...]) -> bool:
    """Return whether the receipt belongs to other content, whose answer must stand.

    So does the receipt of a counter whose code is another dossier's: it gets another code.
    """
    return any(one.rule in {"id-reused", "still-running", TAKEN} for one in faults)
