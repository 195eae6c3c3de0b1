"""Every other kind, opened, climbed and ended by its own rule; and the page of them all."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.workflow.core.kinds.centre_head import quarters_of, staff_changes_of
from services.workflow.core.kinds.registry import CALENDAR_KINDS, KINDS
from services.workflow.core.ladder import LAST_ROLE, FromDue, Ladder, Rung
from services.workflow.usecases.kinds_page import kinds_page
from services.workflow.usecases.kinds_view import kinds_file, kinds_view
from shared.events.reference import (
    LeaveRecorded,
    ProcedureDecided,
    ProcedureExpired,
    RoleAssigned,
    RoleEnded,
)
from shared.events.registry import REGISTRY
from tests.unit.workflow.province import (
    SOURCE,
    TEN_DAYS,
    UNIT,
    day_off,
    published_through,
)
from tests.unit.workflow.scenario import Scenario, moment

PAGE = Path("services/workflow/kinds.md")
DATA = Path("services/workflow/kinds.json")
OPENED = "2026-01-05 09:00"


def matter(kind: str, own_id: str = "m-1", now: str = "2026-01-05 08:00") -> Scenario:
    """Return a scenario of a centre's matter."""
    return Scenario(subject=f"{UNIT}/{kind}/{own_id}", now=moment(now))


def of(scenario: Scenario, obligation: str) -> list[str]:
    """Return what was said of one obligation, and forget the rest."""
    return [
        line for line in scenario.heard() if f"{obligation}/" in f"{line}/".replace(" ", "/")
    ]


def test_the_page_is_what_the_data_say() -> None:
    """Nobody edits it by hand."""
    assert PAGE.read_text(encoding="utf-8") == kinds_page()


def test_the_data_file_is_what_the_data_say() -> None:
    """To write it anew: `python -m services.workflow.usecases.kinds_view > …/kinds.json`."""
    assert DATA.read_text(encoding="utf-8") == kinds_file()


def test_the_kinds_are_given_as_data() -> None:
    """Programs that share no code with the engine read ladders from here."""
    listed = {row["kind"]: row for row in kinds_view()}
    assert set(listed) == set(KINDS)
    assert [rung["id"] for rung in listed["dossier_deadline"]["ladder"]] == [
        "half",
        "most",
        "overdue",
        "overdue_1",
        "overdue_3",
        "overdue_5",
    ]
    assert listed["dossier_deadline"]["ladder"][0]["when"] == {"share_percent": 50}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.id)
def test_a_kind_watches_events_that_there_are(kind: object) -> None:
    """A misspelt name would never open anything."""
    assert getattr(kind, "watches") <= REGISTRY.keys()  # noqa: B009 - mypy sees an object here.


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.id)
def test_every_ladder_leads_to_where_somebody_always_is(kind: object) -> None:
    """From whichever rung, the chain of roles reaches the province."""
    ladder = getattr(kind, "ladder")  # noqa: B009 - as above.
    names = [rung.id for rung in ladder.rungs]
    assert len(names) == len(set(names))
    assert all(LAST_ROLE in ladder.roles_from(name) for name in names)


def test_what_the_calendar_opens_names_its_subjects() -> None:
    """On an ordinary day the sessions; on the first of a month the self-assessments too."""
    reference = Scenario().reference
    by_kind = {
        kind.id: [subject for subject, _ in kind.opens_on(reference, date(2026, 4, 1))]
        for kind in CALENDAR_KINDS
        if kind.opens_on is not None
    }
    assert f"{UNIT}/duty/2026-04-01/am" in by_kind["duty"]
    assert f"{UNIT}/conditions/2026-04" in by_kind["conditions"]
    assert by_kind["posting"] == []


def test_the_step_of_another_agency() -> None:
    """It is counted from the moment the agency has the dossier, and blamed on nobody else."""
    scenario = Scenario()
    scenario.accepted(OPENED, TEN_DAYS)
    scenario.assigned(OPENED)
    scenario.happens(
        "dossier.step_started",
        "2026-01-06 09:00",
        step="tax",
        agency="G12.20",
        limit={"unit": "working_days", "value": 2},
    )
    scenario.walks_to("2026-01-09 18:00")
    scenario.happens("dossier.step_finished", "2026-01-09 18:00", step="tax", agency="G12.20")
    assert of(scenario, "agency_step:tax") == [
        "opened agency_step:tax/1 due Thu 8 Jan 17:00",
        "Thu 8 Jan 07:30 agency_step:tax/1 most → handler",
        "Thu 8 Jan 17:00 agency_step:tax/1 overdue → director",
        "breached agency_step:tax/1 at Fri 9 Jan 00:00",
        "Fri 9 Jan 17:00 agency_step:tax/1 overdue_1 → chairman",
        "discharged agency_step:tax done late",
    ]


def test_silence_of_the_applicant_is_consent() -> None:
    """After a day the handler hears that they may go on; nobody breached anything."""
    scenario = Scenario()
    scenario.accepted(OPENED, TEN_DAYS)
    scenario.assigned(OPENED)
    scenario.happens("dossier.confirmation_requested", "2026-01-06 10:00")
    scenario.walks_to("2026-01-08 09:00")
    assert of(scenario, "applicant_confirmation") == [
        "opened applicant_confirmation/1 due Thu 8 Jan 00:00",
        "Thu 8 Jan 00:00 applicant_confirmation/1 go_on → handler",
        "discharged applicant_confirmation consent_by_silence in time",
    ]


def test_what_silence_consented_to_keeps_how_it_ended() -> None:
    """Neither another form, nor a day off, nor the dossier's end opens or voids it again."""
    scenario = Scenario()
    scenario.accepted(OPENED, TEN_DAYS)
    scenario.happens("dossier.confirmation_requested", "2026-01-06 10:00")
    scenario.walks_to("2026-01-08 09:00")
    scenario.heard()
    scenario.happens("dossier.confirmation_requested", "2026-01-08 09:00")
    scenario.decides(day_off(date(2026, 1, 7)))
    scenario.walks_to("2026-01-12 09:00")
    scenario.happens("dossier.completed", "2026-01-12 09:00", result="KQ.1")
    scenario.walks_to("2026-01-13 09:00")
    assert of(scenario, "applicant_confirmation") == []
    confirmation = scenario.obligation("applicant_confirmation")
    assert (confirmation.why, confirmation.void) == ("consent_by_silence", False)
    assert confirmation.discharged_at == moment("2026-01-08 00:00")


def test_a_dossier_that_ended_before_the_silence_did_asks_for_no_consent() -> None:
    """It was withdrawn in time; we learn it a day later."""
    scenario = Scenario()
    scenario.accepted(OPENED, TEN_DAYS)
    scenario.happens("dossier.confirmation_requested", "2026-01-06 10:00")
    scenario.walks_to("2026-01-09 09:00")
    scenario.happens("dossier.withdrawn", "2026-01-07 15:00", recorded="2026-01-09 09:00")
    confirmation = scenario.obligation("applicant_confirmation")
    assert (confirmation.why, confirmation.void) == ("not_owed", True)


def test_an_applicant_who_confirms_ends_the_wait() -> None:
    """Within the day."""
    scenario = Scenario()
    scenario.accepted(OPENED, TEN_DAYS)
    scenario.happens("dossier.confirmation_requested", "2026-01-06 10:00")
    scenario.happens("dossier.confirmed", "2026-01-06 15:00")
    assert of(scenario, "applicant_confirmation") == [
        "opened applicant_confirmation/1 due Thu 8 Jan 00:00",
        "discharged applicant_confirmation confirmed in time",
    ]


def test_a_petition_is_classified_answered_and_published() -> None:
    """Two, fifteen and two working days."""
    scenario = matter("petition")
    scenario.happens("petition.received", OPENED, channel="direct")
    scenario.happens("petition.classified", "2026-01-06 09:00", outcome="accepted")
    scenario.happens("petition.answered", "2026-01-20 09:00", by="p-a")
    scenario.happens("petition.published", "2026-01-23 09:00")
    assert scenario.heard() == [
        "opened petition_classify/1 due Wed 7 Jan 17:00",
        "opened petition_answer/1 due Fri 23 Jan 17:00",
        "discharged petition_classify classified in time",
        "skipped petition_answer/1 most (answered)",
        "discharged petition_answer answered in time",
        "opened petition_publish/1 due Thu 22 Jan 17:00",
        "skipped petition_publish/1 most (published)",
        "skipped petition_publish/1 overdue (published)",
        "breached petition_publish/1 at Fri 23 Jan 00:00",
        "discharged petition_publish published late",
    ]


def test_a_petition_to_be_completed_has_five_days() -> None:
    """The outcome decides which of the two limits holds."""
    scenario = matter("petition")
    scenario.happens("petition.received", OPENED, channel="direct")
    scenario.happens("petition.classified", "2026-01-10 09:00", outcome="supplement")
    assert scenario.obligation("petition_classify").in_time is True


def test_a_refused_petition_needs_no_answer() -> None:
    """It is void, not late."""
    scenario = matter("petition")
    scenario.happens("petition.received", OPENED, channel="direct")
    scenario.heard()
    scenario.happens("petition.classified", "2026-01-06 09:00", outcome="refused")
    assert scenario.heard() == [
        "discharged petition_classify classified in time",
        "discharged petition_answer not_owed void",
    ]


def test_a_request_for_support_is_the_province_s_to_assign_and_to_resolve() -> None:
    """In opening hours of the province: four to assign, sixteen to resolve."""
    scenario = matter("support")
    scenario.happens("support.requested", OPENED, topic="software", by="p-a")
    scenario.walks_to("2026-01-05 15:00")
    scenario.happens("support.assigned", "2026-01-05 15:00", to="p-20-helper")
    scenario.walks_to("2026-01-07 12:00")
    scenario.happens("support.resolved", "2026-01-07 12:00", by="p-20-helper")
    assert scenario.heard() == [
        "opened support_assign/1 due Mon 5 Jan 15:00",
        "opened support_resolve/1 due Wed 7 Jan 10:00",
        "discharged support_assign assigned in time",
        "Tue 6 Jan 16:18 support_resolve/1 most → handler",
        "breached support_resolve/1 at Wed 7 Jan 10:00",
        "Wed 7 Jan 10:00 support_resolve/1 overdue → province",
        "discharged support_resolve resolved late",
    ]


def test_a_defect_is_repaired_by_its_priority() -> None:
    """A high one within a working day."""
    scenario = matter("defect")
    scenario.happens("defect.reported", OPENED, item="wifi", priority="high", by="p-a")
    scenario.walks_to("2026-01-06 18:00")
    assert scenario.heard() == [
        "opened defect_repair/1 due Tue 6 Jan 17:00",
        "Tue 6 Jan 07:30 defect_repair/1 most → director",
        "Tue 6 Jan 17:00 defect_repair/1 overdue → chairman",
    ]


def test_each_loss_of_a_connection_is_one_of_its_own() -> None:
    """The second one is named by its number."""
    scenario = matter("connection", "dkkd")
    scenario.happens("connection.lost", OPENED)
    scenario.walks_to("2026-01-05 09:30")
    scenario.happens("connection.restored", "2026-01-05 09:30")
    scenario.happens("connection.lost", "2026-01-05 14:00")
    assert scenario.heard() == [
        "opened connection/1 due Mon 5 Jan 15:00",
        "Mon 5 Jan 09:15 connection/1 down → director",
        "discharged connection restored in time",
        "opened connection:2/1 due Tue 6 Jan 08:30",
    ]


def test_an_interruption_is_to_end_within_four_opening_hours() -> None:
    """Director after a quarter of an hour, province after an hour."""
    scenario = matter("interruption")
    scenario.happens("centre.interrupted", OPENED, cause="power")
    scenario.walks_to("2026-01-05 10:30")
    assert scenario.heard() == [
        "opened interruption/1 due Mon 5 Jan 15:00",
        "Mon 5 Jan 09:15 interruption/1 down → director",
        "Mon 5 Jan 10:00 interruption/1 down_60 → province",
    ]


@pytest.mark.parametrize(("starts", "judged"), [("13", "in time"), ("12", "late")])
def test_a_planned_outage_is_announced_seven_working_days_before(
    starts: str, judged: str
) -> None:
    """Monday the 5th is seven working days before Tuesday the 13th, Saturday worked."""
    scenario = matter("outage")
    scenario.happens(
        "outage.planned",
        OPENED,
        starts=f"2026-01-{starts}T08:00:00+07:00",
        ends=f"2026-01-{starts}T12:00:00+07:00",
        cause="upgrade",
    )
    assert scenario.heard()[-1] == f"discharged outage_notice announced {judged}"


def test_a_request_about_personal_data_has_two_clocks() -> None:
    """A first reply in two working days, erasure in twenty days."""
    scenario = matter("datarequest")
    scenario.happens("datarequest.received", OPENED, right="erase")
    assert scenario.heard() == [
        "opened datarequest_reply/1 due Wed 7 Jan 17:00",
        "opened datarequest/1 due Mon 26 Jan 17:00",
    ]


def test_the_self_assessment_is_owed_by_the_last_working_day_of_the_month() -> None:
    """The Director is reminded three days before; a report ends it."""
    scenario = matter("conditions", "2026-04", "2026-04-01 00:00")
    scenario.opens()
    scenario.walks_to("2026-04-25 08:00")
    assert scenario.heard() == [
        "opened conditions/1 due Wed 29 Apr 17:00",
        "Thu 23 Apr 17:00 conditions/1 reminder → director",
    ]
    scenario.happens(
        "conditions.reported",
        "2026-04-28 09:00",
        items=[{"item": "wifi", "state": "good"}],
        by="p-a",
    )
    assert scenario.heard() == ["discharged conditions reported in time"]


def test_the_meeting_with_the_agencies_is_due_by_the_quarters_last_working_day() -> None:
    """A quarter that began before the unit's obligations is not there."""
    scenario = matter("meeting", "2026-Q2", "2026-04-01 00:00")
    scenario.opens()
    assert scenario.heard() == ["opened meeting/1 due Tue 30 Jun 17:00"]
    scenario.happens(
        "meeting.held", "2026-06-30 17:01", agencies=["H37.19"], minutes="12/BB", by="p-a"
    )
    assert scenario.heard()[-1] == "discharged meeting held late"
    begun_since = matter("meeting", "2026-Q1", "2026-01-05 08:00")
    begun_since.opens()
    assert begun_since.heard() == []


def test_a_quarter_opens_one_meeting_of_every_centre() -> None:
    """On its first day, and on no other."""
    reference = Scenario().reference
    quarters = list(quarters_of(reference, date(2026, 7, 1)))
    assert ("20/meeting/2026-Q3", "20") in quarters
    assert len(quarters) == len(reference.units)
    assert list(quarters_of(reference, date(2026, 8, 1))) == []
    assert list(quarters_of(reference, date(2026, 7, 2))) == []


def test_a_change_of_roles_opens_a_staff_list_for_its_day() -> None:
    """A beginning and an end each do; one that is recorded a month late does not."""
    scenario = Scenario()
    changed = date(2026, 3, 2)
    scenario.decides(
        RoleEnded(person=f"p-{UNIT}-director", role="director", unit=UNIT, ended_on=changed)
    )
    begins = RoleAssigned(person="p-new", role="director", unit=UNIT, from_day=date(2026, 3, 9))
    scenario.decides(begins)
    ended, begun = (f"{UNIT}/staff_posting/2026-03-0{day}" for day in (2, 9))
    assert list(staff_changes_of(scenario.reference, date(2026, 3, 1))) == []
    assert list(staff_changes_of(scenario.reference, changed)) == [(ended, UNIT)]
    both = [(ended, UNIT), (begun, UNIT)]
    assert list(staff_changes_of(scenario.reference, date(2026, 4, 1))) == both
    assert list(staff_changes_of(scenario.reference, date(2026, 4, 2))) == [(begun, UNIT)]


def test_the_staff_list_is_due_five_working_days_after_the_change() -> None:
    """A list that is posted on the sixth day is late."""
    scenario = matter("staff_posting", "2026-03-02", "2026-03-02 08:00")
    scenario.opens()
    staff = [{"person": "p-a", "role": "director"}]
    scenario.happens("staff.posted", "2026-03-10 08:00", staff=staff, by="p-a")
    heard = scenario.heard()
    assert heard[0] == "opened staff_posting/1 due Mon 9 Mar 17:00"
    assert heard[-1] == "discharged staff_posting published late"


SECONDED: dict[str, Any] = {"person": "p-b", "agency": "G12.20", "from_day": date(2025, 12, 15)}


def test_the_note_of_a_month_opens_once_the_month_before_has_its_own() -> None:
    """A missing one stays open; months before the secondment was registered have no note."""
    scenario = matter("secondment")
    until = date(2026, 12, 14)
    scenario.happens("secondment.started", OPENED, **SECONDED, until_day=until)
    assert "opened secondment_note:2026-01/1 due Fri 30 Jan 17:00" in scenario.heard()
    scenario.happens("secondment.assessed", "2026-01-30 10:00", month="2026-01", by="p-a")
    assert "opened secondment_note:2026-02/1 due Fri 27 Feb 17:00" in scenario.heard()
    scenario.happens("secondment.assessed", "2026-03-27 10:00", month="2026-03", by="p-a")
    assert scenario.state is not None
    named = [name.partition(":") for name in scenario.state.obligations]
    months = [month for kind, _, month in named if kind == "secondment_note"]
    assert months == ["2026-01", "2026-02", "2026-03", "2026-04"]
    scenario.happens("secondment.ended", "2026-04-10 10:00", by="p-a")
    assert scenario.obligation("secondment_note:2026-02").open
    assert scenario.obligation("secondment_end").in_time is True


@pytest.mark.parametrize(
    ("until", "ended", "flagged"),
    [
        (date(2026, 12, 14), None, False),
        (date(2026, 12, 13), None, True),
        (date(2028, 12, 14), None, False),
        (date(2028, 12, 15), None, True),
        (date(2028, 12, 14), "2026-06-01 10:00", True),
        (date(2026, 6, 1), "2026-12-14 10:00", False),
    ],
)
def test_a_term_outside_12_to_36_months_is_flagged(
    until: date,
    ended: str | None,
    flagged: bool,  # noqa: FBT001 - a case.
) -> None:
    """Nothing is refused; once it has ended, the real end counts."""
    scenario = matter("secondment")
    scenario.happens("secondment.started", OPENED, **SECONDED, until_day=until)
    if ended is not None:
        scenario.happens("secondment.ended", ended, by="p-a")
    assert bool(scenario.obligation("secondment_end").flags) == flagged


def test_a_month_that_ends_past_the_published_days_waits_for_its_date() -> None:
    """It is owed and marked; the next calendar brings the date."""
    scenario = matter("conditions", "2027-01", "2027-01-01 00:00")
    scenario.opens()
    assert scenario.heard() == ["opened conditions/1 due –"]
    assert scenario.obligation("conditions").no_deadline == "beyond_horizon"
    scenario.decides(published_through(date(2027, 12, 31)))
    scenario.sweeps()
    assert scenario.heard() == ["due conditions/1 – → Fri 29 Jan 17:00 (calendar)"]


def test_a_decision_is_posted_within_five_working_days_and_taken_down_when_it_expires() -> None:
    """Both stand on one matter: the procedure and the day of the decision."""
    decided = ProcedureDecided(
        procedure="1.000050",
        name="Procedure",
        field="ho_tich",
        decided_on=date(2026, 1, 6),
        source=SOURCE,
    )
    scenario = matter("posting", "1.000050/2026-01-06", "2026-01-06 08:00")
    scenario.decides(decided)
    scenario.opens()
    scenario.happens("posting.published", "2026-01-09 09:00", procedure="1.000050")
    scenario.now = moment("2026-03-02 08:00")
    scenario.decides(ProcedureExpired(procedure="1.000050", expired_on=date(2026, 3, 2)))
    scenario.sweeps()
    assert scenario.heard() == [
        "opened posting/1 due Mon 12 Jan 17:00",
        "discharged posting published in time",
        "opened posting_withdrawal/1 due Mon 9 Mar 17:00",
    ]


def test_a_roster_of_people_on_leave_is_a_gap() -> None:
    """The Director hears at once; a new roster ends it."""
    scenario = matter("duty", "2026-01-07/am")
    scenario.decides(
        LeaveRecorded(
            person="p-a", unit=UNIT, first_day=date(2026, 1, 7), last_day=date(2026, 1, 8)
        )
    )
    scenario.happens("duty.rostered", OPENED, persons=["p-a"])
    scenario.walks_to("2026-01-05 09:30")
    scenario.happens("duty.rostered", "2026-01-05 10:00", persons=["p-b"])
    assert of(scenario, "roster_gap") == [
        "opened roster_gap/1 due Wed 7 Jan 07:30",
        "Mon 5 Jan 09:05 roster_gap/1 gap → director",
        "discharged roster_gap filled in time",
    ]


def test_a_field_of_administration_may_have_a_ladder_of_its_own() -> None:
    """Others go by the kind's."""
    own = Ladder((Rung("overdue", FromDue(0), "province", "Quá hạn", "Overdue"),))
    kind = replace(KINDS["dossier_deadline"], ladders={"dat_dai": own})
    assert kind.ladder_for("dat_dai") is own
    assert kind.ladder_for("ho_tich") is kind.ladder
    assert kind.ladder_for(None) is kind.ladder
