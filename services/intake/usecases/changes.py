"""Changes of the calendar and of rules, as persons decide them: built, and sent by the door."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from services.intake.core.arrivals import Sender
from services.intake.core.receipts import ReceiptKey
from services.intake.core.state import REFERENCE_SUBJECT
from services.intake.usecases.answers import recalled, refusal
from services.intake.usecases.entries import Candidate, Settled
from services.intake.usecases.receive import ReceiveEvents
from shared.events.codes import publisher_source
from shared.events.faults import fault
from shared.events.model import instant_text
from shared.events.registry import REGISTRY
from shared.reference.proposals import (
    IDENTIFIED_BY,
    Kind,
    approval_of,
    named,
    withdrawal_of,
)

Decision = Literal["approve", "withdraw"]


@dataclass(frozen=True, slots=True)
class DecideChanges:
    """Proposes, approves and withdraws in the name of the sender's person.

    An event's id is the caller's, so that the same request has its effect once.
    """

    receive: ReceiveEvents

    async def propose(
        self, sender: Sender, event_id: str, kind: Kind, row: Mapping[str, Any], now: datetime
    ) -> Settled:
        """Propose a row; its id may be left out and is then made of what it is about.

        Raises:
            UnavailableError: the store does not answer; ask again with the same id.
        """
        again = await self._again(sender, event_id)
        if again is not None:
            return again
        return await self._send(sender, event_id, kind, "proposed", named(kind, row), now)

    async def decide(
        self,
        sender: Sender,
        event_id: str,
        decision: Decision,
        subject: str,
        seen: str,
        now: datetime,
    ) -> Settled:
        """Approve or withdraw what was proposed by the event that was seen.

        Raises:
            UnavailableError: the store does not answer; ask again with the same id.
        """
        again = await self._again(sender, event_id)
        if again is not None:
            return again
        proposal = (await self.receive.references.refresh()).proposals.get(subject)
        if proposal is None:
            without = "approval" if decision == "approve" else "withdrawal"
            return _refused(event_id, subject, f"{without}-without-proposal", "/subject")
        if proposal.event != seen:
            return _refused(event_id, subject, "approval-differs", "/seen")
        made = approval_of if decision == "approve" else withdrawal_of
        data = made(proposal.data).model_dump(mode="json", exclude_none=True)
        kind: Kind = "calendar" if subject.startswith("calendar:") else "rule"
        word = "approved" if decision == "approve" else "withdrawn"
        return await self._send(sender, event_id, kind, word, data, now)

    async def _again(self, sender: Sender, event_id: str) -> Settled | None:
        """Return the answer of an earlier time: the moment of deciding is that of the first."""
        key = ReceiptKey(sender.publisher, event_id).text()
        found = (await self.receive.receipts.find([key])).get(key)
        answer = None if found is None else recalled(found)
        if answer is None or not answer.is_applied:
            return None
        return Settled([answer], repeated={REFERENCE_SUBJECT})

    async def _send(
        self,
        sender: Sender,
        event_id: str,
        kind: Kind,
        word: str,
        data: Mapping[str, Any],
        now: datetime,
    ) -> Settled:
        event = {
            "specversion": "1.0",
            "id": event_id,
            "source": publisher_source(sender.publisher),
            "type": REGISTRY[f"{kind}.{word}"].type,
            "subject": f"{kind}:{data[IDENTIFIED_BY[kind]]}",
            "time": instant_text(now),
            "data": {**({"by": sender.person} if sender.person else {}), **data},
        }
        return await self.receive(sender, [Candidate.of(event)])


def _refused(event_id: str, subject: str, rule: str, path: str) -> Settled:
    return Settled([refusal(event_id, subject, (fault(rule, path),))])
