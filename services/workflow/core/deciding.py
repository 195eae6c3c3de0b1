"""A person's decision on a proposal, made on a page: judged here, and again by intake."""

from datetime import datetime
from typing import Literal

from services.workflow.core.asking import PUBLISHER
from shared.events.faults import Fault, fault
from shared.events.ids import derived_id
from shared.reference.approval import change_faults
from shared.reference.proposals import approval_of, withdrawal_of
from shared.reference.view import Reference
from shared.subjects.document import Outgoing
from shared.subjects.inbound import to_intake

Decision = Literal["approve", "withdraw"]


def decide(
    reference: Reference,
    subject: str,
    decision: Decision,
    *,
    seen: str,
    by: str | None,
    now: datetime,
) -> Outgoing | list[Fault]:
    """Return what intake is told, or why it would refuse it, in the same words.

    Args:
        reference: What holds, and what is proposed.
        subject: The proposal.
        decision: What is decided.
        seen: The event that proposed what was seen on the page.
        by: The person; None if the key names nobody.
        now: When it is decided.
    """
    if by is None:
        return [fault("key-without-person", "/data/by")]
    proposal = reference.proposals.get(subject)
    if proposal is None:
        without = "approval" if decision == "approve" else "withdrawal"
        return [fault(f"{without}-without-proposal", "/subject")]
    if proposal.event != seen:
        return [fault("approval-differs", "/seen")]
    made = approval_of if decision == "approve" else withdrawal_of
    data = made(proposal.data, by)
    faults = change_faults(reference, data)
    if faults:
        return faults
    return to_intake(PUBLISHER, derived_id(seen, decision, by), subject, data, now)
