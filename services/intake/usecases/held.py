"""Events that wait for their predecessor: what their receipts say, and how they expire."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from services.intake.core.fold import applied_before, known_fact
from services.intake.core.held import Held
from services.intake.core.order import expire
from services.intake.core.receipts import SUBJECT, Outcome, Receipt
from services.intake.core.state import Subject
from services.intake.ports import HeldEvents, ReceiptStore
from services.intake.usecases.answers import UNTIL, Answer, answer_of, recalled, refusal, stored
from shared.events.inbound import InboundEvent
from shared.events.topics import DOSSIERS
from shared.subjects.document import Document
from shared.subjects.ports import Clock, SubjectStore

HELD_FOR: Final = timedelta(minutes=15)
EXPIRED_MAX: Final = 200
"""How many subjects one pass looks at."""


async def is_bound(
    subjects: SubjectStore[Subject], receipt: Receipt, event: InboundEvent, found: Receipt
) -> bool:
    """Return whether an id belongs to another event already, applied or waiting.

    A receipt that a crash left open or waiting may say less than the subject's own document.
    """
    subject = found.answer.get(SUBJECT)
    same = subject == event.subject
    if subject is None or found.outcome not in {Outcome.OPEN, Outcome.WAITING}:
        return False
    if same and (found.outcome is Outcome.OPEN or found.fingerprint == receipt.fingerprint):
        return False  # The subject itself knows whether it has an event of this id.
    state = await _state(subjects, subject)
    return state is not None and (
        known_fact(state, event.publisher, event.id) is not None
        or _held(state, event.publisher, event.id) is not None
    )


async def asked_again(
    subjects: SubjectStore[Subject], publisher: str, receipt: Receipt
) -> Answer:
    """Return what became of an event by its receipt, and by its subject if it has waited.

    Raises:
        UnavailableError: the store does not answer.
    """
    answer = recalled(receipt)
    if receipt.outcome is Outcome.APPLIED or UNTIL not in receipt.answer:
        return answer
    state = None if answer.subject is None else await _state(subjects, answer.subject)
    if state is None or answer.event_id is None or answer.subject is None:
        return answer
    fact = known_fact(state, publisher, answer.event_id)
    if fact is not None:
        applied = applied_before(state, DOSSIERS.name, fact)
        return answer_of(
            replace(applied, repeated=True),
            event_id=answer.event_id,
            subject=answer.subject,
        )
    if _held(state, publisher, answer.event_id) is not None:
        return replace(answer, outcome=Outcome.WAITING)
    return replace(answer, outcome=Outcome.REFUSED)


@dataclass(frozen=True, slots=True)
class Expired:
    """How many events expired, and the documents whose outboxes hold rejections."""

    count: int = 0
    documents: list[Document[Subject]] = field(default_factory=list)


@dataclass(slots=True)
class ExpireHeld:
    """Rejects what has waited long enough; any replica does it, one wins.

    Order of effects: the subject written, with the rejection in its outbox, then the receipts
    closed. What a crash leaves between the two is answered by the subject's own document.
    """

    subjects: SubjectStore[Subject]
    held: HeldEvents
    receipts: ReceiptStore
    clock: Clock
    wall_now: Callable[[], datetime]

    async def __call__(self) -> Expired:
        """Expire what is over; return how much that was, and what is to be relayed.

        Raises:
            UnavailableError: the store does not answer; the next pass goes on.
        """
        now = self.clock.now()
        ids = await self.held.over(now, EXPIRED_MAX)
        if not ids:
            return Expired()
        documents = list((await self.subjects.load(ids)).values())
        over = {document.id: expire(document, now) for document in documents}
        changed = [document for document in documents if over[document.id]]
        losers = await self.subjects.save(changed, pending_at=self.wall_now())
        won = [document for document in changed if document.id not in losers]
        gone = [held for document in won for held in over[document.id]]
        await self.receipts.close([_rejected(one) for one in gone])
        return Expired(len(gone), [document for document in won if document.added])


def _rejected(held: Held) -> Receipt:
    answer = stored(refusal(held.event.id, held.event.subject, held.faults))
    return held.receipt.closed(Outcome.REFUSED, answer)


async def _state(subjects: SubjectStore[Subject], subject: str) -> Subject | None:
    document = (await subjects.load([subject])).get(subject)
    return None if document is None else document.state


def _held(state: Subject, publisher: str, event_id: str) -> Held | None:
    return next(
        (
            one
            for one in state.held
            if (one.event.publisher, one.event.id) == (publisher, event_id)
        ),
        None,
    )
