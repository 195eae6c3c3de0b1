"""A change is approved by a second person, as it was proposed."""

import pytest

from shared.events.model import EventData
from shared.events.reference import CalendarApproved, RuleProposed
from shared.reference.approval import check_approval
from shared.reference.errors import ApprovalRefusedError
from shared.reference.view import Reference
from tests.unit.reference.events import off, procedure, proposed, rule, view_of

FIRST, SECOND = "p-20-officer-1", "p-20-officer-2"


def approved(day: str, by: str | None, **other: object) -> CalendarApproved:
    """Approve a day off."""
    return CalendarApproved.model_validate({**off(day).model_dump(), "by": by, **other})


@pytest.mark.parametrize(
    ("data", "broken"),
    [
        (approved("2026-03-03", FIRST), "approval-by-proposer"),
        (approved("2026-03-03", None), "approval-without-person"),
        (approved("2026-03-03", SECOND, kind="work"), "approval-differs"),
        (approved("2026-03-04", SECOND), "approval-without-proposal"),
        (rule(by=FIRST), "approval-by-proposer"),
        (rule(by=SECOND, value=9), "approval-differs"),
        (rule("other", by=SECOND), "approval-without-proposal"),
    ],
)
def test_refuses(data: EventData, broken: str) -> None:
    """Each refusal says which rule, what is wrong, and what to do."""
    with pytest.raises(ApprovalRefusedError) as refused:
        check_approval(_with_proposals(), data)
    assert refused.value.rule == broken
    assert refused.value.detail
    assert refused.value.remedy


@pytest.mark.parametrize(
    "data",
    [
        approved("2026-03-03", SECOND),
        approved("2026-03-03", SECOND, verified=True),
        rule(by=SECOND),
        off("2026-03-04"),  # The baseline of an installation: nobody's change.
        rule("baseline"),
        procedure(),
    ],
)
def test_lets_pass(data: EventData) -> None:
    """A second person approves what was proposed; a baseline row is nobody's change."""
    check_approval(_with_proposals(), data)


def _with_proposals() -> Reference:
    proposal = RuleProposed.model_validate(rule(by=FIRST).model_dump())
    return view_of(proposed("2026-03-03", by=FIRST), proposal)
