"""A change is proposed by one person, and approved by another as it was proposed."""

from typing import Any

import pytest

from shared.events.model import EventData
from shared.events.reference import (
    CalendarApproved,
    CalendarProposed,
    CalendarWithdrawn,
    RuleLimit,
    RuleProposed,
    RuleWithdrawn,
)
from shared.reference.approval import change_faults
from shared.reference.view import Reference
from tests.unit.reference.events import (
    OTHER,
    UNIT,
    off,
    procedure,
    proposed,
    published,
    rule,
    unit_changed,
    view_of,
    work,
)

FIRST, SECOND = "p-20-officer-1", "p-20-officer-2"
Row = dict[str, Any]


def approved(day: str, by: str | None, **other: object) -> CalendarApproved:
    """Approve a day off."""
    return CalendarApproved.model_validate({**off(day).model_dump(), "by": by, **other})


def withdrawn(day: str, by: str | None = FIRST) -> CalendarWithdrawn:
    """Withdraw a day off."""
    return CalendarWithdrawn.model_validate({**off(day).model_dump(), "by": by})


def proposing(data: EventData, /, **other: object) -> CalendarProposed:
    """Propose a row of the calendar."""
    return CalendarProposed.model_validate({**data.model_dump(), "by": FIRST, **other})


def proposing_rule(*args: str, **fields: Any) -> RuleProposed:  # noqa: ANN401 -- Of a rule.
    """Propose a limit."""
    limit = fields.pop("limit", None)
    row = {**rule(*args, **fields).model_dump(), "by": FIRST}
    return RuleProposed.model_validate(row if limit is None else {**row, "limit": limit})


def view() -> Reference:
    """Return a year with a day off, two rules, two units, and two proposals."""
    return view_of(
        published(),
        off("2026-03-05"),
        unit_changed(UNIT),
        unit_changed(OTHER),
        procedure(),
        rule("held", valid_from="2025-07-01", valid_to="2026-01-01"),
        rule("unit", unit=UNIT),
        proposed("2026-03-03", by=FIRST),
        proposing_rule(valid_from="2026-01-01"),
    )


REFUSED: list[tuple[EventData, str, str]] = [
    (approved("2026-03-03", FIRST), "approval-by-proposer", "/data/by"),
    (approved("2026-03-03", None), "approval-without-person", "/data/by"),
    (approved("2026-03-03", SECOND, kind="work"), "approval-differs", "/data"),
    (approved("2026-03-04", SECOND), "approval-without-proposal", "/data"),
    (approved("2026-03-05", SECOND), "row-holds-already", "/data"),
    (rule(valid_from="2026-01-01", by=FIRST), "approval-by-proposer", "/data/by"),
    (rule(valid_from="2026-01-01", by=SECOND, value=9), "approval-differs", "/data"),
    (rule("other", by=SECOND), "approval-without-proposal", "/data"),
    (rule("unit", unit=UNIT, by=SECOND), "row-holds-already", "/data"),
    (proposing(off("2026-03-04"), by=None), "proposal-without-person", "/data/by"),
    (proposing(off("2026-03-03"), by=SECOND), "proposal-repeated", "/data"),
    (proposing(off("2026-03-05")), "row-holds-already", "/data"),
    (proposing(off("2026-03-05"), row="another"), "day-already-so", "/data/day"),
    (proposing(off("2026-03-07")), "day-already-so", "/data/day"),
    (proposing(work("2026-03-04")), "day-already-so", "/data/day"),
    (proposing(work("2026-03-04", unit=UNIT)), "day-already-so", "/data/day"),
    (proposing(off("2026-03-07", unit=UNIT)), "day-already-so", "/data/day"),
    (proposing(published()), "row-holds-already", "/data"),
    (proposing(published(last="2026-06-30")), "published-already", "/data/day"),
    (
        proposing(published("2027-02-01", "2027-12-31")),
        "published-with-gap",
        "/data/counterpart",
    ),
    (proposing(published("2027-12-31", "2027-01-31")), "wrong-order", "/data/counterpart"),
    (proposing(published("2027-01-01", "2027-12-31"), unit=UNIT), "bad-value", "/data/unit"),
    (proposing_rule("new", valid_from="2025-12-31"), "rule-overlaps", "/data/valid_from"),
    (proposing_rule("new", valid_from="2020-01-01"), "rule-overlaps", "/data/valid_from"),
    (
        proposing_rule("new", unit=UNIT, valid_from="2030-01-01"),
        "rule-overlaps",
        "/data/valid_from",
    ),
    (proposing_rule("unit", unit=OTHER), "rule-id-taken", "/data/rule"),
    (
        proposing_rule("new", channel="post", limit=RuleLimit(unit="hours")),
        "limit-not-allowed",
        "/data/limit/value",
    ),
    (rule("new", value=0), "limit-not-allowed", "/data/limit/value"),
    (withdrawn("2026-03-03", by=None), "withdrawal-without-person", "/data/by"),
    (withdrawn("2026-03-04"), "withdrawal-without-proposal", "/data"),
    (withdrawn("2026-03-05"), "withdrawal-of-held", "/data"),
    (
        RuleWithdrawn.model_validate(rule("unit", unit=UNIT).model_dump()),
        "withdrawal-of-held",
        "/data",
    ),
]

PASSES: list[EventData] = [
    approved("2026-03-03", SECOND),
    approved("2026-03-03", SECOND, verified=True),
    rule(valid_from="2026-01-01", by=SECOND),
    off("2026-03-04"),  # The baseline of an installation: nobody's change.
    rule("baseline"),
    procedure(),
    proposing(off("2026-03-03"), reason="closure"),  # Proposed anew, with other content.
    proposing(off("2026-03-05"), source="NĐ khác"),  # The source of a row is put right.
    proposing(work("2026-03-05")),  # What holds is undone.
    proposing(off("2026-01-05")),  # A swap that was announced late.
    proposing(off("2027-02-08")),  # A year that is not published yet.
    proposing(work("2026-03-07", unit=UNIT)),
    proposing(off("2026-03-04", unit=OTHER)),
    proposing(published("2027-01-01", "2027-12-31")),
    proposing_rule("new", channel="online", valid_from="2025-07-01"),
    proposing_rule("held", valid_from="2025-07-01", valid_to="2025-12-01"),
    proposing_rule("new", unit=OTHER, limit=RuleLimit(unit="same_day")),
    withdrawn("2026-03-03"),
    withdrawn("2026-03-03", by=SECOND),
    withdrawn("2026-03-05", by=None),  # The baseline is put right.
    RuleWithdrawn.model_validate(rule(by=SECOND).model_dump()),
]


@pytest.mark.parametrize(("data", "broken", "path"), REFUSED)
def test_refuses(data: EventData, broken: str, path: str) -> None:
    """Each refusal says which rule, where, what is wrong, and what to do, twice."""
    (found,) = change_faults(view(), data)
    assert (found.rule, found.path) == (broken, path)
    assert all((found.detail, found.remedy, found.detail_vi, found.remedy_vi))


@pytest.mark.parametrize("data", PASSES)
def test_lets_pass(data: EventData) -> None:
    """A second person approves what was proposed; a baseline row is nobody's change."""
    assert change_faults(view(), data) == []


def test_an_approval_is_judged_by_what_holds_now() -> None:
    """Another row was approved in between: the proposal is no longer as it was judged."""
    before = view_of(published(), proposed("2026-03-03", by=FIRST))
    in_between = view_of(off("2026-03-03").model_copy(update={"row": "swap"}), view=before)
    assert change_faults(before, approved("2026-03-03", SECOND)) == []
    (found,) = change_faults(in_between, approved("2026-03-03", SECOND))
    assert found.rule == "day-already-so"


def test_a_first_calendar_can_be_proposed() -> None:
    """Where nothing is published, nothing is so already."""
    assert change_faults(Reference.empty(), proposing(off("2026-03-03"))) == []
    assert change_faults(Reference.empty(), proposing(published())) == []


def spans() -> Reference:
    """Return a year, two proposed days of the next, and the proposal to publish it."""
    return view_of(
        published(),
        proposing(off("2027-02-08")),
        proposing(off("2028-01-03")),
        proposing(published("2027-01-01", "2027-12-31"), row="VN-published-2027"),
    )


def second(last: str = "2027-12-31") -> CalendarApproved:
    """Approve the span."""
    row = published("2027-01-01", last).model_dump()
    return CalendarApproved.model_validate({**row, "row": "VN-published-2027", "by": SECOND})


def test_a_span_waits_for_its_days() -> None:
    """Else appointment dates would be printed across days off that are not decided yet."""
    (found,) = change_faults(spans(), second())
    assert (found.rule, found.path) == ("published-before-its-days", "/data/day")
    assert "2027-02-08" in found.detail


@pytest.mark.parametrize("decided", [withdrawn("2027-02-08"), approved("2027-02-08", SECOND)])
def test_a_span_may_be_approved_once_its_days_are_decided(decided: EventData) -> None:
    """A day after the span does not hold it up; neither does a past one."""
    view = view_of(decided, proposing(off("2026-03-03")), view=spans())
    assert change_faults(view, second()) == []
