"""Who may approve a change of the calendar or of a rule: a second person, and what was shown.

A row that nobody proposed may be loaded with its legal source and no person, as the baseline
of an installation is; whoever is named as approver needs a proposal of somebody else.
"""

from shared.events.model import EventData
from shared.events.reference import CalendarApproved, CalendarRow, RuleApproved, RuleRow
from shared.reference.errors import ApprovalRefusedError
from shared.reference.view import Reference

_NOT_COMPARED = {"by", "verified"}


def check_approval(reference: Reference, data: EventData) -> None:
    """Refuse an approval by the proposer, or of something else than was proposed.

    Data of any other kind passes.

    Raises:
        ApprovalRefusedError: the approval may not be.
    """
    proposal: CalendarRow | RuleRow | None
    match data:
        case CalendarApproved():
            proposal, by = reference.calendars.proposed.get(data.row), data.by
        case RuleApproved():
            proposal, by = reference.rules.proposed.get(data.rule), data.by
        case _:
            return
    if proposal is None:
        if by is None:
            return
        raise ApprovalRefusedError(
            "approval-without-proposal",
            "nobody has proposed this row",
            "Propose it first, so that a second person can see what would move.",
        )
    if by is None:
        raise ApprovalRefusedError(
            "approval-without-person",
            "a proposed row is approved by a person, and none is named",
            "Say who approves, in `by`.",
        )
    if by == proposal.by:
        raise ApprovalRefusedError(
            "approval-by-proposer",
            "who proposed a change may not approve it",
            "Let a second person approve it.",
        )
    if _content(data) != _content(proposal):
        raise ApprovalRefusedError(
            "approval-differs",
            "the row approved is not the row that was proposed",
            "Approve it as proposed, or propose it anew.",
        )


def _content(data: EventData) -> dict[str, object]:
    return data.model_dump(exclude=_NOT_COMPARED)
