"""The view of the reference data: what holds when, and what is shared between views."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from shared.calendar.errors import DateOutsideCalendarError
from shared.calendar.limits import LimitUnit
from shared.calendar.zone import ICT
from shared.events.reference import (
    AgencyNamed,
    CalendarApproved,
    CalendarWithdrawn,
    ProcedureExpired,
    RuleProposed,
)
from shared.reference.errors import (
    NoCalendarError,
    NoRuleError,
    UnknownProcedureError,
    UnknownUnitError,
)
from shared.reference.proposals import approval_of, withdrawal_of
from shared.reference.view import Reference, apply, as_if
from tests.unit.reference.events import (
    OTHER,
    SOURCE,
    UNIT,
    assigned,
    event,
    off,
    procedure,
    proposed,
    published,
    row_of,
    rule,
    unit_changed,
    view_of,
    work,
)

AT = datetime(2026, 1, 1, tzinfo=ICT)
MONDAY = date(2026, 3, 2)


def test_an_empty_view_knows_nothing_and_says_so() -> None:
    """Each look-up has an error of its own kind."""
    view = Reference.empty()
    with pytest.raises(UnknownUnitError, match=UNIT):
        view.unit(UNIT)
    with pytest.raises(UnknownUnitError):
        view.opening(UNIT)
    with pytest.raises(UnknownProcedureError, match=r"1\.004873"):
        view.procedure("1.004873")
    with pytest.raises(NoRuleError):
        view.rule("1.004873", MONDAY)
    with pytest.raises(NoRuleError):
        view.rule_version("marital-1", 1)
    with pytest.raises(NoCalendarError):
        _ = view.calendar
    assert view.horizon is None
    assert not view.has_unit(UNIT)
    assert not view.has_procedure("1.004873")


def test_an_event_is_applied_once() -> None:
    """A repeat or an older event changes nothing, and gives the very same view."""
    view = view_of(unit_changed(), unit_changed(OTHER))
    assert view.version == 2
    assert apply(view, event(unit_changed(close="16:00"), 2)) is view
    assert view.unit(UNIT).name == "Xã thử"


def test_only_what_moves_dates_counts_as_law() -> None:
    """Roles and proposals leave the dates of open dossiers alone."""
    view = view_of(unit_changed(), published())
    assert view.law == 2
    view = view_of(assigned("p-06112-director", "director"), proposed("2026-03-03"), view=view)
    assert (view.version, view.law) == (4, 2)
    assert view_of(off("2026-03-03"), view=view).law == 5


def test_the_calendar_is_built_once_and_shared() -> None:
    """What an event does not touch costs nothing, however many units there are."""
    view = view_of(unit_changed(), unit_changed(OTHER), published())
    calendar, opening = view.calendar, view.opening(UNIT)
    assert view.opening(OTHER) is opening
    later = view_of(assigned("p-06112-director", "director"), proposed("2026-03-03"), view=view)
    assert later.calendar is calendar
    assert later.opening(UNIT) is opening
    changed = view_of(off("2026-03-03"), view=later)
    assert changed.calendar is not calendar
    assert changed.calendar.version == changed.version
    assert calendar.is_working(date(2026, 3, 3))
    assert not changed.calendar.is_working(date(2026, 3, 3))


def test_a_units_own_rows_change_only_when_it_is_open() -> None:
    """A closure moves no statutory day, and no other unit."""
    view = view_of(
        unit_changed(), unit_changed(OTHER), published(),
        off("2026-03-02", unit=UNIT, reason="closure"), work("2026-03-07", unit=UNIT),
    )  # fmt: skip
    assert view.calendar.is_working(MONDAY)
    assert view.opening(UNIT).sessions(MONDAY) == ()
    assert len(view.opening(OTHER).sessions(MONDAY)) == 2
    assert len(view.opening(UNIT).sessions(date(2026, 3, 7))) == 2
    assert not view.calendar.is_working(date(2026, 3, 7))


def test_new_opening_hours_hold_at_once() -> None:
    """A unit that changes its hours gets another opening calendar, the others keep theirs."""
    view = view_of(unit_changed(), unit_changed(OTHER), published())
    other = view.opening(OTHER)
    view = view_of(unit_changed(close="16:30"), view=view)
    assert view.opening(UNIT).close_of(MONDAY).hour == 16
    assert view.opening(OTHER) is other


def test_a_withdrawn_row_holds_no_more() -> None:
    """Withdrawing takes back an approved row, or a proposal that nobody approved."""
    view = view_of(published(), off("2026-03-02"), proposed("2026-03-03"))
    withdrawn = CalendarWithdrawn.model_validate(row_of(off("2026-03-02")))
    dropped = CalendarWithdrawn.model_validate(row_of(off("2026-03-03")))
    after = view_of(withdrawn, dropped, view=view)
    assert after.calendar.is_working(MONDAY)
    assert not after.proposals


def test_of_two_rows_for_one_day_the_later_approved_holds() -> None:
    """A correction of a correction is the last word."""
    again = row_of(work("2026-03-02")) | {"row": "VN-other"}
    view = view_of(published(), off("2026-03-02"), CalendarApproved.model_validate(again))
    assert view.calendar.is_working(MONDAY)
    assert not view_of(off("2026-03-02"), view=view).calendar.is_working(MONDAY)


def test_what_is_published_must_have_no_gap() -> None:
    """A year that nobody published ends the calendar before it."""
    view = view_of(published("2026-01-01", "2026-12-31"), published("2028-01-01", "2028-12-31"))
    assert view.horizon == date(2026, 12, 31)
    view = view_of(published("2027-01-01", "2027-12-31"), view=view)
    assert view.horizon == date(2028, 12, 31)
    with pytest.raises(DateOutsideCalendarError):
        view.calendar.is_working(date(2029, 1, 1))


def test_a_row_goes_on_from_what_is_published_before() -> None:
    """Without its first day a row of the horizon extends what there is; alone it is nothing."""
    extension = published("2026-01-01", "2027-01-31").model_copy(update={"counterpart": None})
    assert view_of(extension).horizon is None
    assert view_of(published(), extension).horizon == date(2027, 1, 31)


def test_the_rule_row_of_the_day_of_receipt_holds() -> None:
    """A new row holds for what is received in its validity; open dossiers keep theirs."""
    view = view_of(
        rule("old", value=5, valid_to="2026-03-02"),
        rule("new", value=3, valid_from="2026-03-02"),
    )
    assert view.rule("1.004873", date(2026, 3, 1)).limit.value == 5
    assert view.rule("1.004873", MONDAY).rule == "new"
    with pytest.raises(NoRuleError, match="2025-06-30"):
        view.rule("1.004873", date(2025, 6, 30))


def test_a_row_that_is_approved_again_keeps_its_older_version() -> None:
    """A dossier names the row and the version it was received under."""
    view = view_of(rule(value=5), rule(value=3))
    assert view.rule("1.004873", MONDAY).limit.value == 3
    assert view.rule_version("marital-1", 1).limit.value == 5
    assert view.rule_version("marital-1", 2).limit.unit is LimitUnit.WORKING_DAYS


def test_the_narrower_row_goes_first() -> None:
    """A row of the unit before all units, of the channel before all channels."""
    view = view_of(
        rule("unit", value=1, unit=UNIT), rule("channel", value=2, channel="online"),
        rule("all", value=5, valid_from="2026-01-01"),
    )  # fmt: skip
    assert view.rule("1.004873", MONDAY, unit=UNIT, channel="online").rule == "unit"
    assert view.rule("1.004873", MONDAY, unit=OTHER, channel="online").rule == "channel"
    assert view.rule("1.004873", MONDAY, unit=OTHER, channel="direct").rule == "all"


def test_a_proposed_rule_counts_for_nothing() -> None:
    """It waits for a second person, and is settled when it is approved."""
    proposal = RuleProposed.model_validate(rule().model_dump())
    view = view_of(proposal)
    assert set(view.proposals) == {"rule:marital-1"}
    with pytest.raises(NoRuleError):
        view.rule("1.004873", MONDAY)
    approved = view_of(rule(), view=view)
    assert not approved.proposals
    assert approved.rule("1.004873", MONDAY).limit.value == 3


def test_a_change_can_be_previewed_and_leaves_no_trace() -> None:
    """What a proposal would bring is computed on a view beside the one that holds."""
    view = view_of(published(), off("2026-03-04"), rule(), proposed("2026-03-02"))
    row = view.proposals["calendar:VN-2026-03-02"].data
    preview = as_if(view, approval_of(row), "preview", AT)
    assert not preview.calendar.is_working(MONDAY)
    withdrawn = CalendarWithdrawn.model_validate(row_of(off("2026-03-04")))
    assert as_if(view, withdrawn, "preview", AT).calendar.is_working(date(2026, 3, 4))
    assert as_if(view, rule(value=2), "preview", AT).rule("1.004873", MONDAY).limit.value == 2
    assert view.calendar.is_working(MONDAY)
    assert view.rule("1.004873", MONDAY).limit.value == 3


def test_a_preview_is_the_view_that_the_approval_gives() -> None:
    """The same calendars, the same version, the same cause: nothing is worked out twice."""
    view = view_of(published(), proposed("2026-03-02"))
    approval = approval_of(view.proposals["calendar:VN-2026-03-02"].data, "p-20-officer-2")
    before, after = as_if(view, approval, "row-3", AT), view_of(approval, view=view)
    assert before == replace(after, proposals=view.proposals)
    assert (after.law, after.proposals) == (3, {})


def test_a_proposal_remembers_who_proposed_it_and_when() -> None:
    """A new proposal of the same row takes the place of the old one; withdrawn, it is gone."""
    view = view_of(published(), proposed("2026-03-02"), proposed("2026-03-02", by="p-20-b"))
    proposal = view.proposals["calendar:VN-2026-03-02"]
    assert (proposal.data.by, proposal.event) == ("p-20-b", "row-3")
    withdrawn = view_of(withdrawal_of(proposal.data, "p-20-b"), view=view)
    assert not withdrawn.proposals
    assert withdrawn.law == view.law, "a proposal moved nothing, so its end moves nothing"


def test_what_can_have_moved_a_date_is_remembered_with_its_reason() -> None:
    """Dates that move name the decision that moved them."""
    view = view_of(
        published(), off("2026-03-04", unit=UNIT), rule(), assigned("p-a", "director")
    )
    known = [
        (one.version, one.event, one.reason, one.unit, one.procedure) for one in view.changes()
    ]
    assert known == [
        (1, "row-1", "calendar", None, None),
        (2, "row-2", "calendar", UNIT, None),
        (3, "row-3", "rule", None, "1.004873"),
    ]


def test_the_law_of_an_earlier_version_is_what_it_was_then() -> None:
    """Calendars, rules and catalogue of then; the people who are there now."""
    events = [published(), off("2026-03-04"), rule(), *(rule(value=n) for n in range(4, 80))]
    first, third = view_of(*events[:1]), view_of(*events[:3])
    view = view_of(assigned("p-a", "director"), view=view_of(*events))
    for version, then in ((1, first), (3, third)):
        found = view.then(version)
        assert (found.law, found.rules) == (then.law, then.rules)
        assert found.calendars.rows == then.calendars.rows
        assert found.organisation == view.organisation
    assert [view.then(law).law for law in range(len(events))] == list(range(len(events)))
    assert view.then(view.law) is view
    assert view.then(view.version + 1) is view
    assert view.then(0).law == 0
    assert [one.version for one in view.changes(after=len(events) - 2)] == [
        len(events) - 1,
        len(events),
    ]


def test_a_procedure_comes_into_force_and_expires() -> None:
    """What expired stays known: its dossiers are still open."""
    expired = ProcedureExpired(procedure="1.004873", expired_on=MONDAY, source=SOURCE)
    view = view_of(procedure(effective_from="2026-01-01"), expired)
    row = view.procedure("1.004873")
    assert not row.in_force(date(2025, 12, 31))
    assert row.in_force(date(2026, 3, 1))
    assert not row.in_force(MONDAY)
    assert view.has_procedure("1.004873")
    unknown = ProcedureExpired(procedure="1.000001", expired_on=MONDAY)
    assert view_of(unknown, view=view).procedures == view.procedures


def test_an_agency_is_called_by_its_last_name() -> None:
    """By its own code; a unit by either of its two; whom nobody has named, by the code."""

    def named(code: str, name: str) -> AgencyNamed:
        return AgencyNamed(agency=code, name=name, source=SOURCE)

    view = view_of(unit_changed(), named("thue", "Chi cục Thuế"), named("thue", "Thuế cơ sở"))
    assert view.agency_name("thue") == "Thuế cơ sở"
    assert view.agency_name(UNIT) == view.agency_name(view.unit(UNIT).electronic_id)
    assert view.agency_name(UNIT) == view.unit(UNIT).name
    assert view.agency_name("G99") == "G99"
    assert view.law == view_of(unit_changed()).law, "a name moves no date"


def test_a_sensitive_procedure_has_a_neutral_name() -> None:
    """What the name alone would tell is not said in a message."""
    view = view_of(procedure(sensitive=True, neutral_name="Thủ tục hành chính"))
    assert view.procedure("1.004873").public_name == "Thủ tục hành chính"
    assert view_of(procedure()).procedure("1.004873").public_name.startswith("Cấp Giấy")


def test_calendar_obligations_open_from_the_day_given_and_never_before() -> None:
    """A unit says itself from when it owes what the calendar opens."""
    view = view_of(unit_changed(obligations_from="2026-11-01"), unit_changed(OTHER))
    assert view.obligations_from(UNIT) == date(2026, 11, 1)
    assert view.obligations_from(OTHER) is None
