"""The one use case behind both doors: judge, number, record; each event once, however often.

Order of effects: receipt opened, contact numbered, subject written (which decides), receipt
closed, outbox relayed. A crash between any two is finished by sending the same event again, or
by the sweep of outboxes; the subject's own facts make sure that nothing is counted twice.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from pydantic_core import to_json

from services.intake.core.arrivals import Arrival, Sender, authorise
from services.intake.core.contacts import ContactChange, ContactState
from services.intake.core.fold import (
    Applied,
    Circumstances,
    LookupKeys,
    Verdict,
    fold,
)
from services.intake.core.opening import TAKEN
from services.intake.core.receipts import (
    Outcome,
    Receipt,
    ReceiptKey,
    event_fingerprint,
    is_of_letters,
)
from services.intake.core.reference import fold_reference
from services.intake.core.state import REFERENCE_SUBJECT, Subject
from services.intake.ports import ReceiptStore
from services.intake.usecases.answers import Answer, answer_of, recalled, refusal, stored
from services.intake.usecases.contacts import KeepContacts
from services.intake.usecases.grants import GrantBook
from services.intake.usecases.late import LateEvents
from services.intake.usecases.references import ReferenceBook
from services.intake.usecases.waves import Waves
from services.intake.usecases.work import InWork
from shared.events.codes import publisher_of
from shared.events.envelope import Event
from shared.events.faults import Fault, fault, id_reused
from shared.events.inbound import InboundEvent, claimed_id, parse_inbound
from shared.events.reference import RoleAssigned
from shared.events.topics import REFERENCE
from shared.subjects.apply import ATTEMPTS_MAX
from shared.subjects.document import Document
from shared.subjects.errors import UnavailableError
from shared.subjects.ports import SubjectStore

Headers = Sequence[tuple[str, bytes]]

SUBJECT: Final = "subject"
"""Where an open receipt names its event's subject, to finish it after a crash."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What was sent, untouched: a record's or a request's value and headers."""

    value: bytes | None
    headers: Headers = ()

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Candidate":
        """Return an event of our own making, to come in by the same door."""
        return cls(to_json(document))


@dataclass(slots=True)
class Entry:
    """One candidate on its way through the use case."""

    event: InboundEvent
    sender: Sender
    receipt: Receipt
    contact_version: int | None = None
    answer: Answer | None = None
    enrich: Callable[[Answer], Answer] | None = None
    opens: bool = False
    """The event must be its dossier's first, or the code is another's."""

    @property
    def document_id(self) -> str:
        """Return the document that this event is folded into."""
        if self.event.topic is REFERENCE:
            return REFERENCE_SUBJECT
        return self.event.subject

    def reused(self) -> Answer:
        """Return the answer to an id that was applied with other content."""
        return refusal(self.event.id, self.event.subject, (id_reused(),))

    @property
    def arrival(self) -> Arrival:
        """Return what the core folds."""
        return Arrival(self.event, self.sender, self.receipt, self.contact_version, self.opens)


@dataclass(slots=True)
class Settled:
    """The answers, in the order of the candidates, and what is to be relayed.

    `repeated` names subjects whose event was applied before; its outbox may still hold it.
    `ignored` counts attributes of others in the events that were read.
    """

    answers: list[Answer]
    subjects: list[Document[Subject]] = field(default_factory=list)
    contacts: list[Document[ContactState]] = field(default_factory=list)
    repeated: set[str] = field(default_factory=set)
    ignored: int = 0


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
        waves = Waves()
        while waiting:
            wave, waiting = waves.next(waiting)
            await self._settle_wave(wave, settled)
            waves.settled(wave)
        return settled

    def receipt_for(self, key: ReceiptKey, event_id: str, fingerprint: str) -> Receipt:
        """Return a receipt to be opened."""
        return Receipt(
            key=key.text(),
            fingerprint=fingerprint,
            outcome=Outcome.OPEN,
            received_at=self.wall_now(),
            event_id=event_id,
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
        receipt = replace(
            self.receipt_for(key, parsed.id, fingerprint), answer={SUBJECT: parsed.subject}
        )
        return Entry(parsed, sender, receipt)

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
        to_fold = await self._open_receipts(wave, settled)
        by_document: dict[str, list[Entry]] = {}
        for entry in to_fold:
            by_document.setdefault(entry.document_id, []).append(entry)
        if REFERENCE_SUBJECT in by_document:
            await self._fold({REFERENCE_SUBJECT: by_document.pop(REFERENCE_SUBJECT)}, settled)
        await self._fold(by_document, settled)
        await self.receipts.close(
            [
                entry.receipt.closed(entry.answer.outcome, stored(entry.answer))
                for entry in to_fold
                if entry.answer is not None and not _is_reuse(entry.answer.faults)
            ]
        )

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
            elif await self._was_applied_elsewhere(entry, found):
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

    async def _was_applied_elsewhere(self, entry: Entry, found: Receipt) -> bool:
        """Return whether a receipt left open is of an event that another subject has."""
        subject = found.answer.get(SUBJECT)
        if found.outcome is not Outcome.OPEN or subject in {None, entry.event.subject}:
            return False
        document = (await self.subjects.load([subject])).get(subject)
        facts = document.state.facts if document is not None and document.state else ()
        return any(
            fact.id == entry.event.id and publisher_of(fact.source) == entry.event.publisher
            for fact in facts
        )

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
        reference = self.references.current()
        arrivals = [one.arrival for document in documents for one in by_document[document.id]]
        rights = await self.grants.rights_for(arrivals, reference)
        circumstances = Circumstances(now, reference, self.lookup, rights)
        numbered: list[Event] = []
        pairs = [(document, by_document[document.id]) for document in documents]
        await self._number_contacts(pairs, circumstances, settled)
        for document, entries in pairs:
            if document.id == REFERENCE_SUBJECT:
                verdicts, numbered = await self._fold_reference(document, entries, now)
            else:
                verdicts = fold(document, [one.arrival for one in entries], circumstances)
            _give_answers(entries, verdicts)
        changed = [document for document in documents if document.added]
        losers = await self.subjects.save(changed, pending_at=self.wall_now())
        if REFERENCE_SUBJECT not in losers:
            self.references.numbered(numbered)
        for document in documents:
            if document.id in losers:
                continue
            self._note_late(by_document[document.id], now)
            if document.added:
                settled.subjects.append(document)
            elif document.outbox:
                settled.repeated.add(document.id)
        return losers

    def _note_late(self, entries: Sequence[Entry], now: datetime) -> None:
        """Note what was recorded; the mark of this door waits until that is done."""
        for entry in entries:
            answer = entry.answer
            if answer is not None and answer.is_applied and not answer.repeated:
                self.late.note(entry.event, now)

    async def _fold_reference(
        self, document: Document[Subject], entries: Sequence[Entry], now: datetime
    ) -> tuple[list[Verdict], list[Event]]:
        view = await self.references.catch_up(document)
        ids = [f"{entry.event.source}#{entry.event.id}" for entry in entries]
        published = await self.references.history.published(ids)
        circumstances = Circumstances(now, view, self.lookup)
        arrivals = [entry.arrival for entry in entries]
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
        changes = [
            (entry, _contact_change(entry))
            for document, entries in pairs
            for entry in _with_fresh_contacts(document, entries, circumstances)
        ]
        if not changes:
            return
        versions, written = await self.contacts.put(
            [change for _, change in changes], now=circumstances.now
        )
        settled.contacts += written
        for entry, change in changes:
            entry.contact_version = versions[change.cause]


def _with_fresh_contacts(
    document: Document[Subject], entries: Sequence[Entry], circumstances: Circumstances
) -> list[Entry]:
    """Return the entries whose contact is to be numbered."""
    if all(one.event.contact is None or one.contact_version for one in entries):
        return []
    if document.id == REFERENCE_SUBJECT:
        verdicts: Sequence[Verdict] = [Applied("", 0, None, None)] * len(entries)
    else:
        trial = replace(document, emitted=dict(document.emitted), added=[])
        verdicts = fold(trial, [one.arrival for one in entries], circumstances)
    return [
        entry
        for entry, verdict in zip(entries, verdicts, strict=True)
        if isinstance(verdict, Applied)
        and not verdict.repeated
        and entry.event.contact is not None
        and entry.contact_version is None
    ]


def _answer_again(entry: Entry, found: Receipt) -> Answer:
    if found.fingerprint != entry.receipt.fingerprint:
        return entry.reused()
    return recalled(found)


def _give_answers(entries: Sequence[Entry], verdicts: Sequence[Verdict]) -> None:
    for entry, verdict in zip(entries, verdicts, strict=True):
        answer = answer_of(verdict, event_id=entry.event.id, subject=entry.event.subject)
        entry.answer = answer if entry.enrich is None else entry.enrich(answer)


def _contact_change(entry: Entry) -> ContactChange:
    event = entry.event
    assert event.contact is not None, "asked for only where there is one"
    staff = isinstance(event.data, RoleAssigned)
    key = event.data.person if isinstance(event.data, RoleAssigned) else event.subject
    return ContactChange(
        key=key,
        cause=f"{event.source}#{event.id}",
        part=event.contact,
        role="staff" if staff else "applicant",
    )


def _is_reuse(faults: tuple[Fault, ...]) -> bool:
    """Return whether the receipt belongs to other content, whose answer must stand.

    So does the receipt of a counter whose code is another dossier's: it gets another code.
    """
    return any(one.rule in {"id-reused", "still-running", TAKEN} for one in faults)
