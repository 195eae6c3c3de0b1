"""A dossier received at a counter: its code, its secret, its promise, once for each request.

The code carries the prefix of the competent unit, or that of the unit that receives a group of
linked procedures (decision 0040).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from services.intake.core.arrivals import COUNTER, Sender
from services.intake.core.opening import ONLINE, TAKEN
from services.intake.core.promise import promise
from services.intake.core.receipts import Outcome, Receipt, ReceiptKey, keyed_fingerprint
from services.intake.usecases.answers import Answer, refusal, with_secret
from services.intake.usecases.codes import DrawCodes
from services.intake.usecases.entries import Entry, Settled
from services.intake.usecases.receive import ReceiveEvents
from shared.calendar.zone import ICT
from shared.events.codes import publisher_source
from shared.events.dossiers import DossierAccepted
from shared.events.faults import Fault, fault, unknown_unit
from shared.events.ids import derived_id
from shared.events.inbound import InboundEvent, fingerprint, parse_document
from shared.events.model import instant_text
from shared.events.numbering import code_bearer
from shared.events.registry import REGISTRY
from shared.reference.catalogue import Unit
from shared.reference.view import Reference
from shared.subjects.errors import UnavailableError

CODES_A_REQUEST_MAX: Final = 10
"""How many codes one request tries; each of them was free when it was drawn."""
OWN_NUMBERING: Final = "own"
RECEIVED: Final = "received"
"""Where an open receipt keeps the moment at which a counter first asked."""


@dataclass(frozen=True, slots=True)
class DossierRequest:
    """What a counter sends; `data` is the accepted or submitted event's own."""

    unit: str
    competent_unit: str | None
    name: str
    data: Mapping[str, Any]
    contact: Mapping[str, Any] | None
    time: datetime | None

    def content(self) -> dict[str, Any]:
        """Return everything that was asked for, to tell it from another request."""
        return {
            "unit": self.unit,
            "competent_unit": self.competent_unit,
            "name": self.name,
            "data": dict(self.data),
            "contact": None if self.contact is None else dict(self.contact),
            "time": None if self.time is None else instant_text(self.time),
        }


@dataclass(frozen=True, slots=True)
class ReceiveDossier:
    """Gives a code and records the dossier's first event; a repeat gets the same answer."""

    receive: ReceiveEvents
    codes: DrawCodes
    taken: Callable[[str], None]
    """Is called with each code that was drawn and turned out to be another dossier's."""

    async def __call__(
        self, sender: Sender, key: ReceiptKey, request: DossierRequest
    ) -> tuple[Answer, Settled]:
        """Receive one dossier under an idempotency key.

        A code whose first event is another's is given up for the next one, within the same
        request. The receipt moves by compare-and-set, so that requests with one key agree.

        Raises:
            UnavailableError: the store does not answer, or others keep taking the codes; ask
                again with the same key.
        """
        print_of = keyed_fingerprint(
            self.receive.fingerprint_key, fingerprint(request.content())
        )
        event_id = self._event_id(key)
        found = await self._found(key, event_id, print_of)
        unit = bearer(request, self.receive.references.current())
        if isinstance(unit, Fault):
            if found is None or (found.outcome, found.fingerprint) != (
                Outcome.APPLIED,
                print_of,
            ):
                return refusal(None, None, (unit,)), Settled([])
            # It was numbered before the catalogue changed: a repeat gets the same answer.
            return await self._attempt(sender, replace(found, outcome=Outcome.OPEN), request)
        receipt = found or await self._drawn(key, event_id, print_of, unit)
        for _ in range(CODES_A_REQUEST_MAX):
            if receipt.outcome is Outcome.APPLIED and receipt.fingerprint != print_of:
                faults = (fault("idempotency-key-reused", "/headers/idempotency-key"),)
                return refusal(None, receipt.code, faults), Settled([])
            receipt = replace(receipt, fingerprint=print_of, outcome=Outcome.OPEN)
            answer, settled = await self._attempt(sender, receipt, request)
            if not self._needs_another(answer, receipt, unit):
                return answer, settled
            receipt = await self._moved(receipt, unit)
        raise UnavailableError("others keep taking the codes of this unit: try again")

    def details(self, answer: Answer) -> Mapping[str, Any]:
        """Return what the counter is told, the citizen's secret included."""
        return with_secret(answer, self.receive.lookup)

    def _event_id(self, key: ReceiptKey) -> str:
        """Return the id of the event that a key's request becomes."""
        # Keyed: nobody can foresee the id, and send another event under it.
        request = keyed_fingerprint(self.receive.fingerprint_key, key.text())
        return derived_id(f"counter:{key.owner}", request)

    async def _found(self, key: ReceiptKey, event_id: str, print_of: str) -> Receipt | None:
        """Return the receipt of this key, with the code that it has; None for a new key."""
        of_event = ReceiptKey(COUNTER, event_id).text()
        standing_under = await self.receive.receipts.find([key.text(), of_event])
        found, recorded = standing_under.get(key.text()), standing_under.get(of_event)
        if recorded is not None and (found is None or found.outcome is not Outcome.APPLIED):
            return await self._recovered(key, print_of, recorded)
        return found

    async def _drawn(
        self, key: ReceiptKey, event_id: str, print_of: str, unit: Unit
    ) -> Receipt:
        """Return the receipt of a new key, with the next code of a unit's prefix."""
        now = self.receive.in_work.clock.now()
        receipt = replace(
            self.receive.receipt_for(key, event_id, print_of),
            code=await self.codes.next(unit, now.astimezone(ICT).date()),
            answer={RECEIVED: instant_text(now)},
        )
        (standing,) = await self.receive.receipts.open([receipt])
        # Two requests at once: the first one's code holds, and the other number is a gap.
        return receipt if standing is None else standing

    async def _recovered(self, key: ReceiptKey, print_of: str, recorded: Receipt) -> Receipt:
        """Return the receipt of a request that was answered before the store was lost.

        The topics kept its event, by which the dossier's code is known, but not this key.
        """
        receipts = self.receive.receipts
        again = replace(
            self.receive.receipt_for(key, recorded.event_id, print_of),
            code=recorded.code,
            answer={RECEIVED: recorded.answer[RECEIVED]},
        )
        (standing,) = await receipts.open([again])
        if standing is None or standing.code == again.code:
            return standing or again
        assert again.code is not None, "a counter's event is its dossier's"
        return await receipts.move(standing, again.code)

    async def _attempt(
        self, sender: Sender, receipt: Receipt, request: DossierRequest
    ) -> tuple[Answer, Settled]:
        """Record the dossier's first event under the receipt's code, or say why not."""
        event = self._event(request, receipt)
        if not isinstance(event, InboundEvent):
            return event, Settled([])
        entry = Entry(
            event,
            sender,
            receipt,
            enrich=lambda answer: self._with_promise(answer, event),
            opens=True,
        )
        settled = await self.receive.settle([entry])
        assert entry.answer is not None, "everybody gets an answer"
        return entry.answer, settled

    def _needs_another(self, answer: Answer, receipt: Receipt, unit: Unit) -> bool:
        """Return whether the receipt's code can never be this dossier's.

        It is another's, or does not carry the prefix that is due: the same key named another
        unit or procedure first, or the unit has another electronic id since.
        """
        rules = {one.rule for one in answer.faults}
        if TAKEN in rules:
            return True
        assert receipt.code is not None, "a counter's receipt has a code"
        return "may-not-number" in rules and not self.codes.bears(receipt.code, unit)

    async def _moved(self, receipt: Receipt, unit: Unit) -> Receipt:
        """Return the receipt with a code that has no dossier yet."""
        assert receipt.code is not None, "a counter's receipt has a code"
        self.taken(receipt.code)
        day = self._first_asked(receipt).astimezone(ICT).date()
        code = await self.codes.next_free(unit, day)
        moved = await self.receive.receipts.move(receipt, code)
        # What the request was first asked for is kept, whatever a refusal wrote meanwhile.
        return moved if moved.outcome is Outcome.APPLIED else replace(receipt, code=moved.code)

    def _event(self, request: DossierRequest, receipt: Receipt) -> InboundEvent | Answer:
        assert receipt.code is not None, "a counter's receipt has a code"
        moment = request.time or self._first_asked(receipt)
        data = dict(request.data)
        if request.contact is not None:
            data["contact"] = dict(request.contact)
        document = {
            "specversion": "1.0",
            "id": receipt.event_id,
            "source": publisher_source(COUNTER),
            "type": REGISTRY[request.name].type,
            "subject": receipt.code,
            "time": instant_text(moment),
            "receivingunit": request.unit,
            "data": data,
        }
        if request.competent_unit is not None:
            document["competentunit"] = request.competent_unit
        parsed = parse_document(document)
        if isinstance(parsed, InboundEvent):
            return parsed
        return refusal(receipt.event_id, None, tuple(parsed))

    def _first_asked(self, receipt: Receipt) -> datetime:
        """Return when the request first came, so that finishing it later changes no moment."""
        text = receipt.answer.get(RECEIVED)
        return datetime.fromisoformat(text) if text else self.receive.in_work.clock.now()

    def _with_promise(self, answer: Answer, event: InboundEvent) -> Answer:
        data = event.data
        complete = isinstance(data, DossierAccepted) and data.components_complete
        if not answer.is_applied or not complete:
            return answer
        assert isinstance(data, DossierAccepted), "asked above"
        given = promise(
            self.receive.references.current(),
            procedure=data.procedure,
            unit=event.competentunit or event.receivingunit or "",
            channel=data.channel,
            accepted=event.time,
            cause=event.id,
            given=data.given,
        )
        return replace(answer, details={**answer.details, "promise": given.to_document()})


def bearer(request: DossierRequest, reference: Reference) -> Unit | Fault:
    """Return the unit whose prefix the code carries, or why we draw none."""
    for path, named in (("/unit", request.unit), ("/competent_unit", request.competent_unit)):
        if named is not None and named not in reference.units:
            return unknown_unit(path)
    procedure = reference.procedures.get(request.data["procedure"])
    code = code_bearer(
        receiving=request.unit,
        competent=request.competent_unit,
        linked=procedure is not None and procedure.linked,
        online=request.data["channel"] == ONLINE,
    )
    if code is None:
        return fault("portal-numbers-it", "/channel")
    if reference.units[code].numbering == OWN_NUMBERING:
        return fault("numbers-its-own", "/unit" if code == request.unit else "/competent_unit")
    return reference.units[code]
