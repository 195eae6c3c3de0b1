"""What comes through intake's use case: what was sent, on its way, and how it was answered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic_core import to_json

from services.intake.core.arrivals import Arrival, Origin, Sender
from services.intake.core.contacts import ContactState
from services.intake.core.fold import Applied
from services.intake.core.held import Held
from services.intake.core.receipts import SUBJECT, Receipt
from services.intake.core.state import REFERENCE_SUBJECT, Subject
from services.intake.usecases.answers import Answer, answer_of, refusal
from shared.events.faults import id_reused
from shared.events.inbound import InboundEvent
from shared.events.topics import REFERENCE
from shared.subjects.document import Document

Headers = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """What was sent, untouched: a record's or a request's value and headers.

    `origin` is of a record; `in_any_order` says that a dossier's event may wait for its
    predecessor and be recorded late.
    """

    value: bytes | None
    headers: Headers = ()
    origin: Origin | None = None
    in_any_order: bool = False

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
    origin: Origin | None = None
    in_any_order: bool = False
    answer: Answer | None = None
    enrich: Callable[[Answer], Answer] | None = None
    opens: bool = False
    """The event must be its dossier's first, or the code is another's."""
    document_id: str = field(init=False)
    """The document that this event is folded into."""
    sent: InboundEvent | None = None
    """The event as it was sent, where its subject has another name."""
    taken: str = field(init=False)
    """The fingerprint of what was sent; the receipt may get one of an earlier version."""

    def __post_init__(self) -> None:
        """Work out once what is asked many times."""
        is_reference = self.event.topic is REFERENCE
        self.document_id = REFERENCE_SUBJECT if is_reference else self.event.subject
        self.taken = self.receipt.fingerprint

    @property
    def as_sent(self) -> InboundEvent:
        """Return the event with the subject that its sender gave it."""
        return self.sent or self.event

    def rename(self, subject: str) -> None:
        """Make the event belong to the subject by another code of its unit."""
        if subject == self.event.subject:
            return
        self.sent = self.as_sent
        self.event = replace(self.event, subject=subject)
        self.document_id = subject
        if SUBJECT in self.receipt.answer:
            answer = {**self.receipt.answer, SUBJECT: subject}
            self.receipt = replace(self.receipt, answer=answer)

    def reused(self) -> Answer:
        """Return the answer to an id that was applied with other content."""
        return refusal(self.event.id, self.event.subject, (id_reused(),))

    @property
    def arrival(self) -> Arrival:
        """Return what the core folds."""
        return Arrival(
            self.event,
            self.sender,
            self.receipt,
            self.contact_version,
            self.origin,
            self.in_any_order,
            self.opens,
            self.sent,
        )


@dataclass(slots=True)
class Settled:
    """The answers, in the order of the candidates, and what is to be relayed.

    `repeated` names subjects whose event was applied before; its outbox may still hold it.
    `ignored` counts attributes of others in the events that were read.
    `released` are events that had waited and were applied, by their receipts' keys.
    """

    answers: list[Answer]
    subjects: list[Document[Subject]] = field(default_factory=list)
    contacts: list[Document[ContactState]] = field(default_factory=list)
    repeated: set[str] = field(default_factory=set)
    ignored: int = 0
    released: dict[str, tuple[Receipt, Answer]] = field(default_factory=dict)

    def release(self, released: Mapping[str, tuple[Held, Applied]]) -> None:
        """Note events that had waited and are applied now, with the answers they get."""
        for key, (held, applied) in released.items():
            answer = answer_of(applied, event_id=held.event.id, subject=held.event.subject)
            self.released[key] = held.receipt, answer
