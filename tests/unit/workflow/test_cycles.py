"""Supplements, new dates, the calendar, corrections: cycles end and begin, dates move."""

from datetime import date

import pytest

from tests.unit.workflow.province import (
    OTHER_UNIT,
    SAME_DAY,
    SUBTRACTING,
    TEN_DAYS,
    THREE_DAYS,
    UNIT,
    day_off,
    day_worked,
    published_through,
)
from tests.unit.workflow.scenario import Scenario, moment

OPENED = "2026-01-05 09:00"


def heard(scenario: Scenario) -> list[str]:
    """Return what was emitted but of the closing that each wait calls for, and forget it."""
    return [line for line in scenario.heard() if "supplement_closing" not in line]


def accepted(procedure: str = TEN_DAYS) -> Scenario:
    """Return a dossier that was accepted on Monday at nine and given to somebody."""
    scenario = Scenario()
    scenario.accepted(OPENED, procedure)
    scenario.assigned(OPENED)
    heard(scenario)
    return scenario


def asked(scenario: Scenario, when: str, *, in_person: bool = True, number: int = 1) -> str:
    """Ask the applicant for a supplement."""
    return scenario.happens(
        "dossier.supplement_requested",
        when,
        items=["giay-khai-sinh"],
        number=number,
        in_person=in_person,
    )


def brought(scenario: Scenario, when: str) -> str:
    """Let the applicant bring it."""
    return scenario.happens("dossier.supplement_received", when, items=["giay-khai-sinh"])


def test_while_the_applicant_is_waited_for_nothing_climbs() -> None:
    """A request handed over in person is proven at once: the law's clock stands."""
    scenario = accepted(THREE_DAYS)
    asked(scenario, "2026-01-06 09:00")
    scenario.walks_to("2026-02-06 09:00")
    assert heard(scenario) == [
        "suspended dossier_deadline since Tue 6 Jan 09:00",
        "suspended apology_slip since Tue 6 Jan 09:00",
        "opened supplement_notice/1 due Thu 8 Jan 17:00",
        "discharged supplement_notice requested in time",
    ]
    assert scenario.obligation().due is None


def test_the_receipt_restarts_the_clock() -> None:
    """The day of the receipt is the new day 0, and the whole ladder begins again."""
    scenario = accepted(THREE_DAYS)
    asked(scenario, "2026-01-06 09:00")
    scenario.walks_to("2026-01-08 14:00")
    heard(scenario)
    brought(scenario, "2026-01-08 14:00")
    scenario.walks_to("2026-01-12 18:00")
    assert heard(scenario) == [
        "resumed dossier_deadline/2 due Mon 12 Jan 17:00",
        "due dossier_deadline/2 Thu 8 Jan 17:00 → Mon 12 Jan 17:00 (supplement)",
        "resumed apology_slip/2 due Sat 10 Jan 17:00",
        "due apology_slip/2 Wed 7 Jan 17:00 → Sat 10 Jan 17:00 (supplement)",
        "Fri 9 Jan 17:00 apology_slip/2 draft → director",
        "Sat 10 Jan 07:30 dossier_deadline/2 half → handler",
        "Sat 10 Jan 17:00 apology_slip/2 last_moment → chairman",
        "Mon 12 Jan 07:30 dossier_deadline/2 most → division_head",
        "Mon 12 Jan 17:00 dossier_deadline/2 overdue → chairman",
    ]


def test_both_clocks_of_the_worked_example() -> None:
    """Accepted Monday, asked Tuesday, brought Thursday: law Monday 12, index Saturday 10."""
    scenario = accepted(THREE_DAYS)
    asked(scenario, "2026-01-06 09:00")
    brought(scenario, "2026-01-08 14:00")
    deadline = scenario.obligation()
    assert deadline.due == moment("2026-01-12 17:00")
    assert deadline.limit == moment("2026-01-13 00:00")
    assert deadline.index_due == moment("2026-01-10 17:00")


def test_a_rule_that_subtracts_moves_the_end_by_the_wait() -> None:
    """Two counted days of waiting move the last day by two; half is not told again."""
    scenario = accepted(SUBTRACTING)
    scenario.walks_to("2026-01-12 09:00")
    asked(scenario, "2026-01-12 09:00")
    heard(scenario)
    brought(scenario, "2026-01-14 09:00")
    scenario.walks_to("2026-01-16 08:00")
    assert heard(scenario) == [
        "resumed dossier_deadline/2 due Tue 20 Jan 17:00",
        "due dossier_deadline/2 Fri 16 Jan 17:00 → Tue 20 Jan 17:00 (supplement)",
        "resumed apology_slip/2 due Mon 19 Jan 17:00",
        "due apology_slip/2 Thu 15 Jan 17:00 → Mon 19 Jan 17:00 (supplement)",
        "Fri 16 Jan 07:30 dossier_deadline/2 most → division_head",
    ]


def test_an_unproven_request_stops_nothing_until_it_is_proven() -> None:
    """For the law a wait counts from the proven arrival of the notice."""
    scenario = accepted()
    request = asked(scenario, "2026-01-06 09:00", in_person=False)
    assert heard(scenario) == [
        "opened supplement_notice/1 due Thu 8 Jan 17:00",
        "discharged supplement_notice requested in time",
    ]
    assert scenario.obligation().index_due is None
    scenario.happens(
        "notice.proven",
        "2026-01-07 10:00",
        notice="n-1",
        about=request,
        about_name="dossier.supplement_requested",
        at=moment("2026-01-07 09:30"),
    )
    assert heard(scenario) == [
        "suspended dossier_deadline since Wed 7 Jan 09:30",
        "suspended apology_slip since Wed 7 Jan 09:30",
    ]


def test_a_request_before_acceptance_is_no_wait() -> None:
    """Nothing runs yet, so nothing can stand."""
    scenario = Scenario()
    scenario.happens(
        "dossier.submitted", "2026-01-05 08:00", procedure=TEN_DAYS, channel="online"
    )
    asked(scenario, "2026-01-05 08:30")
    brought(scenario, "2026-01-05 08:45")
    scenario.accepted(OPENED, TEN_DAYS)
    assert [line for line in heard(scenario) if "online_answer" not in line] == [
        "opened dossier_deadline/1 due Fri 16 Jan 17:00",
        "opened apology_slip/1 due Thu 15 Jan 17:00",
    ]


def test_a_wait_that_opens_before_a_rung_withdraws_it() -> None:
    """The request was handed over on Friday; we learn it on Monday."""
    scenario = accepted()
    scenario.walks_to("2026-01-12 08:00")
    assert heard(scenario) == ["Sat 10 Jan 07:30 dossier_deadline/1 half → handler"]
    scenario.happens(
        "dossier.supplement_requested",
        "2026-01-09 16:00",
        recorded="2026-01-12 08:00",
        items=["x"],
        number=1,
        in_person=True,
    )
    assert heard(scenario) == [
        "withdrawn dossier_deadline/1 half (suspended)",
        "suspended dossier_deadline since Fri 9 Jan 16:00",
        "suspended apology_slip since Fri 9 Jan 16:00",
        "opened supplement_notice/1 due Thu 8 Jan 17:00",
        "breached supplement_notice/1 at Fri 9 Jan 00:00",
        "discharged supplement_notice requested late",
    ]


def test_a_second_request_is_flagged_and_late_by_the_index() -> None:
    """It happened, so it is recorded; staff may ask once."""
    scenario = accepted()
    for day, number in (("06", 1), ("08", 2)):
        asked(scenario, f"2026-01-{day} 09:00", number=number)
        brought(scenario, f"2026-01-{day} 15:00")
    scenario.happens("dossier.completed", "2026-01-09 09:00", result="KQ.1")
    deadline = scenario.obligation()
    assert "second_request" in deadline.flags
    assert (deadline.in_time, deadline.by_limit, deadline.by_index) == (True, True, False)


def test_a_withdrawal_while_waiting_counts_at_the_request() -> None:
    """The promise had not passed when the applicant was asked."""
    scenario = accepted(THREE_DAYS)
    asked(scenario, "2026-01-06 09:00")
    heard(scenario)
    scenario.happens("dossier.withdrawn", "2026-01-20 09:00")
    assert heard(scenario) == [
        "discharged dossier_deadline withdrawn in time",
        "discharged apology_slip not_needed void",
    ]


def test_a_new_date_moves_the_promise_and_neither_limit_nor_index() -> None:
    """The ladder follows the promise; the statutory end passes all the same."""
    scenario = accepted()
    scenario.walks_to("2026-01-15 09:00")
    heard(scenario)
    scenario.happens(
        "dossier.apology_issued", "2026-01-15 09:00", reason="workload", agency="A"
    )
    scenario.happens("dossier.extended", "2026-01-15 09:00", new_date="2026-01-22")
    scenario.walks_to("2026-01-22 18:00")
    assert heard(scenario) == [
        "discharged apology_slip issued in time",
        "due dossier_deadline/2 Fri 16 Jan 17:00 → Thu 22 Jan 17:00 (extension)",
        "breached dossier_deadline/2 at Sat 17 Jan 00:00",
        "Thu 22 Jan 17:00 dossier_deadline/2 overdue → chairman",
    ]
    assert scenario.obligation().index_due == moment("2026-01-16 17:00")


def test_a_new_date_after_the_limit_is_no_second_breach_of_it() -> None:
    """The limit was missed once; the new date begins a promise, and moves no limit."""
    scenario = accepted(THREE_DAYS)
    scenario.walks_to("2026-01-12 09:00")
    assert "breached dossier_deadline/1 at Fri 9 Jan 00:00" in heard(scenario)
    scenario.happens("dossier.extended", "2026-01-12 09:00", new_date="2026-01-20")
    scenario.walks_to("2026-01-20 18:00")
    assert heard(scenario) == [
        "due dossier_deadline/2 Thu 8 Jan 17:00 → Tue 20 Jan 17:00 (extension)",
        "discharged apology_slip issued late",
        "Tue 20 Jan 17:00 dossier_deadline/2 overdue → chairman",
    ]


def test_a_new_date_that_turns_out_to_precede_the_limit_runs_into_it() -> None:
    """It was given on Wednesday, not on the Monday after: the breach is the new date's."""
    scenario = accepted(THREE_DAYS)
    scenario.walks_to("2026-01-12 09:00")
    given = scenario.happens("dossier.extended", "2026-01-12 09:00", new_date="2026-01-20")
    heard(scenario)
    scenario.happens(
        "dossier.corrected",
        "2026-01-12 10:00",
        replaces=given,
        reason="wrong_time",
        by="p-clerk",
        right={"time": "2026-01-07T09:00:00+07:00", "data": {"new_date": "2026-01-20"}},
    )
    scenario.walks_to("2026-01-12 11:00")
    of_deadline = [line for line in heard(scenario) if "dossier_deadline" in line]
    assert [line for line in of_deadline if "breach" in line] == [
        "withdrawn dossier_deadline/1 breach (extension)",
        "breached dossier_deadline/3 at Fri 9 Jan 00:00",
    ]


def test_a_second_new_date_moves_nothing() -> None:
    """It is recorded and flagged."""
    scenario = accepted()
    scenario.happens("dossier.extended", "2026-01-14 09:00", new_date="2026-01-22")
    heard(scenario)
    scenario.happens("dossier.extended", "2026-01-20 09:00", new_date="2026-01-29")
    scenario.sweeps()
    assert scenario.obligation().due == moment("2026-01-22 17:00")
    assert "second_extension" in scenario.obligation().flags


def test_across_boundaries_the_clock_starts_on_arrival() -> None:
    """Received at one commune for another: day 0 is when the competent agency has it."""
    scenario = Scenario()
    scenario.accepted(OPENED, THREE_DAYS, units=(OTHER_UNIT, UNIT))
    scenario.happens("dossier.arrived", "2026-01-06 09:00", units=(OTHER_UNIT, UNIT))
    assert heard(scenario) == [
        "opened dossier_deadline/1 due –",
        "due dossier_deadline/1 – → Fri 9 Jan 17:00 (arrival)",
        "opened apology_slip/1 due Thu 8 Jan 17:00",
    ]


def test_an_apology_before_the_arrival_leaves_no_slip_to_give() -> None:
    """The receiving commune apologised before the competent agency had it: nothing hangs on."""
    scenario = Scenario()
    scenario.accepted(OPENED, THREE_DAYS, units=(OTHER_UNIT, UNIT))
    units = (OTHER_UNIT, UNIT)
    scenario.happens(
        "dossier.apology_issued", "2026-01-05 10:00", units=units, reason="x", agency="UB"
    )
    scenario.happens("dossier.arrived", "2026-01-06 09:00", units=units)
    assert heard(scenario) == [
        "opened dossier_deadline/1 due –",
        "due dossier_deadline/1 – → Fri 9 Jan 17:00 (arrival)",
        "opened apology_slip/1 due Thu 8 Jan 17:00",
        "discharged apology_slip issued in time",
    ]
    scenario.walks_to("2026-01-09 18:00")
    assert not any("apology_slip" in line for line in heard(scenario))


def test_paper_that_comes_late_on_the_last_published_day_is_to_be_handed_over() -> None:
    """It is owed, and without a date until the next year is published."""
    scenario = Scenario(now=moment("2026-12-31 15:30"))
    scenario.accepted("2026-12-31 15:30", TEN_DAYS, channel="direct")
    assert heard(scenario) == [
        "opened dossier_deadline/1 due –",
        "opened hand_over/1 due –",
    ]
    assert scenario.obligation("hand_over").no_deadline == "beyond_horizon"
    scenario.decides(published_through(date(2027, 12, 31)))
    scenario.sweeps()
    assert "due hand_over/1 – → Fri 1 Jan 08:30 (calendar)" in heard(scenario)


def test_a_last_day_off_leaves_no_next_working_day() -> None:
    """The year ends with a day off: the next working day is not published yet."""
    scenario = Scenario(now=moment("2026-12-30 15:30"))
    scenario.decides(day_off(date(2026, 12, 31)))
    scenario.accepted("2026-12-30 15:30", TEN_DAYS, channel="direct")
    assert scenario.obligation("hand_over").no_deadline == "beyond_horizon"


def test_a_new_day_off_moves_what_is_open() -> None:
    """The limit is counted anew; what was told and still holds is not told again."""
    scenario = accepted()
    scenario.walks_to("2026-01-13 09:00")
    heard(scenario)
    scenario.decides(day_off(date(2026, 1, 15)))
    scenario.walks_to("2026-01-19 18:00")
    assert heard(scenario) == [
        "due dossier_deadline/2 Fri 16 Jan 17:00 → Mon 19 Jan 17:00 (calendar)",
        "due apology_slip/2 Thu 15 Jan 17:00 → Fri 16 Jan 17:00 (calendar)",
        "Wed 14 Jan 07:30 dossier_deadline/2 most → division_head",
        "Wed 14 Jan 17:00 apology_slip/2 draft → director",
        "Fri 16 Jan 17:00 apology_slip/2 last_moment → chairman",
        "Mon 19 Jan 17:00 dossier_deadline/2 overdue → chairman",
    ]


@pytest.mark.parametrize("late", ["2026-12-15 09:00", "2026-12-22 09:00", "2026-12-28 09:00"])
def test_a_reminder_that_another_overtook_is_not_raised_by_a_longer_calendar(late: str) -> None:
    """More reminders become known, and those that have passed stay as they were."""
    scenario = Scenario(now=moment("2026-11-30 09:00"))
    scenario.accepted("2026-11-30 09:00", THREE_DAYS)
    scenario.jumps_to(late)
    scenario.sweeps()
    assert any("overdue_5" in line for line in heard(scenario))
    scenario.decides(published_through(date(2027, 12, 31)))
    scenario.sweeps()
    assert heard(scenario) == []


def test_a_promise_never_moves_earlier() -> None:
    """A Saturday that is worked after all shortens the statute, not what was printed."""
    scenario = accepted()
    scenario.decides(day_worked(date(2026, 1, 11)))
    scenario.walks_to("2026-01-05 10:00")
    assert scenario.obligation().due == moment("2026-01-16 17:00")
    assert scenario.obligation().limit == moment("2026-01-16 00:00")


def test_a_rung_told_too_early_by_the_old_calendar_is_withdrawn_and_comes_again() -> None:
    """Wednesday turns out to have been a day off: overdue is a day later."""
    scenario = accepted(THREE_DAYS)
    scenario.walks_to("2026-01-08 18:00")
    heard(scenario)
    scenario.decides(day_off(date(2026, 1, 7)))
    scenario.walks_to("2026-01-09 18:00")
    assert heard(scenario) == [
        "withdrawn dossier_deadline/1 most (calendar)",
        "withdrawn dossier_deadline/1 overdue (calendar)",
        "due dossier_deadline/2 Thu 8 Jan 17:00 → Fri 9 Jan 17:00 (calendar)",
        "due apology_slip/2 Wed 7 Jan 17:00 → Thu 8 Jan 17:00 (calendar)",
        "Fri 9 Jan 07:30 dossier_deadline/2 most → division_head",
        "Fri 9 Jan 17:00 dossier_deadline/2 overdue → chairman",
    ]


def test_what_has_ended_keeps_the_dates_it_ended_under() -> None:
    """A later change of the calendar does not judge it anew."""
    scenario = accepted(THREE_DAYS)
    scenario.walks_to("2026-01-08 18:00")
    scenario.happens("dossier.completed", "2026-01-08 18:00", result="KQ.1")
    heard(scenario)
    scenario.decides(day_off(date(2026, 1, 7)))
    scenario.happens("dossier.returned", "2026-01-09 09:00", how="direct")
    assert heard(scenario) == []
    assert scenario.obligation().in_time is False


def test_past_the_published_days_nothing_is_guessed() -> None:
    """The obligation stands without a date until the next year is published."""
    scenario = Scenario(now=moment("2026-12-29 08:00"))
    scenario.accepted("2026-12-29 09:00", TEN_DAYS)
    assert heard(scenario) == ["opened dossier_deadline/1 due –"]
    assert scenario.obligation().no_deadline == "beyond_horizon"
    scenario.decides(published_through(date(2027, 12, 31)))
    scenario.sweeps()
    assert heard(scenario) == [
        "due dossier_deadline/1 – → Tue 12 Jan 17:00 (calendar)",
        "opened apology_slip/1 due Mon 11 Jan 17:00",
    ]


def test_a_procedure_without_a_rule_has_no_date() -> None:
    """It is open, and it ends undated."""
    scenario = Scenario()
    scenario.accepted(OPENED, "1.000009")
    scenario.walks_to("2026-03-05 09:00")
    scenario.happens("dossier.completed", "2026-03-05 09:00", result="KQ.1")
    assert heard(scenario) == [
        "opened dossier_deadline/1 due –",
        "discharged dossier_deadline completed undated",
    ]


def test_a_deadline_given_by_the_source_system_is_taken_as_it_is() -> None:
    """No roll, no close, no wait moves it."""
    scenario = Scenario()
    scenario.accepted(OPENED, SAME_DAY, given=moment("2026-01-11 10:30"))
    asked(scenario, "2026-01-06 09:00")
    assert heard(scenario)[0] == "opened dossier_deadline/1 due Sun 11 Jan 10:30"
    assert scenario.obligation().limit == moment("2026-01-11 10:30")
    assert scenario.obligation().status == "open"


def test_a_corrected_start_moves_the_date_and_withdraws_what_was_too_early() -> None:
    """It was accepted on Tuesday, not on Monday."""
    scenario = accepted(THREE_DAYS)
    scenario.walks_to("2026-01-07 08:00")
    heard(scenario)
    scenario.happens(
        "dossier.corrected",
        "2026-01-07 09:00",
        replaces=f"{scenario.subject}-1",
        reason="wrong_time",
        by="p-clerk",
        right={
            "time": "2026-01-06T10:00:00+07:00",
            "data": {"procedure": THREE_DAYS, "channel": "online"},
        },
    )
    scenario.walks_to("2026-01-08 08:00")
    assert heard(scenario) == [
        "withdrawn dossier_deadline/1 half (correction)",
        "due dossier_deadline/2 Thu 8 Jan 17:00 → Fri 9 Jan 17:00 (correction)",
        "withdrawn apology_slip/1 draft (correction)",
        "due apology_slip/2 Wed 7 Jan 17:00 → Thu 8 Jan 17:00 (correction)",
        "Wed 7 Jan 17:00 apology_slip/2 draft → director",
        "Thu 8 Jan 07:30 dossier_deadline/2 half → handler",
    ]


def test_a_struck_acceptance_voids_what_it_opened() -> None:
    """It was another dossier."""
    scenario = accepted(THREE_DAYS)
    scenario.walks_to("2026-01-07 08:00")
    heard(scenario)
    scenario.happens(
        "dossier.corrected",
        "2026-01-07 09:00",
        replaces=f"{scenario.subject}-1",
        reason="wrong_dossier",
        by="p-clerk",
    )
    scenario.walks_to("2026-01-20 09:00")
    assert heard(scenario) == [
        "withdrawn dossier_deadline/1 half (struck)",
        "discharged dossier_deadline struck void",
        "withdrawn apology_slip/1 draft (struck)",
        "discharged apology_slip struck void",
    ]


def test_a_struck_end_lets_the_ladder_go_on() -> None:
    """The rungs that the end had silenced are told, and their lateness is not ours."""
    scenario = accepted(THREE_DAYS)
    scenario.walks_to("2026-01-07 08:00")
    end = scenario.happens("dossier.completed", "2026-01-07 08:30", result="KQ.1")
    scenario.walks_to("2026-01-08 08:00")
    heard(scenario)
    scenario.happens(
        "dossier.corrected",
        "2026-01-08 09:00",
        replaces=end,
        reason="wrong_dossier",
        by="p-clerk",
    )
    scenario.walks_to("2026-01-08 18:00")
    assert heard(scenario) == [
        "opened dossier_deadline/1 due Thu 8 Jan 17:00",
        "opened apology_slip/1 due Wed 7 Jan 17:00",
        "Thu 8 Jan 07:30 dossier_deadline/1 most → division_head",
        "Wed 7 Jan 17:00 apology_slip/1 last_moment → chairman",
        "Thu 8 Jan 17:00 dossier_deadline/1 overdue → chairman",
    ]


def test_a_moved_dossier_is_owed_by_the_other_unit_on_the_same_date() -> None:
    """The next rung goes to the people of the unit that has it now."""
    scenario = accepted(THREE_DAYS)
    scenario.happens(
        "dossier.moved",
        "2026-01-06 09:00",
        from_unit=UNIT,
        to_unit=OTHER_UNIT,
    )
    scenario.walks_to("2026-01-08 08:00")
    assert heard(scenario) == [
        "Tue 6 Jan 17:00 apology_slip/1 draft → director",
        "Wed 7 Jan 07:30 dossier_deadline/1 half → handler",
        "Wed 7 Jan 17:00 apology_slip/1 last_moment → chairman",
        "Thu 8 Jan 07:30 dossier_deadline/1 most → division_head",
    ]
    assert scenario.everything[-1].competentunit == OTHER_UNIT
    assert scenario.state is not None
    assert scenario.state.unit == OTHER_UNIT


def test_a_new_date_stays_promised_though_its_day_becomes_a_day_off() -> None:
    """What was promised to the citizen never moves earlier with the calendar."""
    scenario = accepted(THREE_DAYS)
    scenario.happens("dossier.extended", "2026-01-06 09:00", new_date=date(2026, 1, 20))
    heard(scenario)
    scenario.decides(day_off(date(2026, 1, 20)))
    scenario.walks_to("2026-01-08 18:00")
    assert scenario.obligation().due == moment("2026-01-20 17:00")


def test_what_was_due_before_the_calendar_changed_is_still_told() -> None:
    """Nobody had looked since it fell due, and then its cycle got other dates."""
    scenario = accepted(THREE_DAYS)
    scenario.walks_to("2026-01-08 18:00")
    heard(scenario)
    scenario.jumps_to("2026-01-09 18:00")
    scenario.decides(day_off(date(2026, 1, 12)))
    scenario.sweeps()
    told = [line for line in heard(scenario) if "overdue_1" in line]
    assert told == ["Fri 9 Jan 17:00 dossier_deadline/2 overdue_1 → province"]


def test_what_was_due_before_the_calendar_changed_is_not_forgotten_in_the_store() -> None:
    """An event comes first when we are back, and the state is stored before anybody looks."""
    scenario = accepted(THREE_DAYS)
    scenario.walks_to("2026-01-08 18:00")
    heard(scenario)
    scenario.jumps_to("2026-01-09 18:00")
    scenario.decides(day_off(date(2026, 1, 12)))
    scenario.assigned("2026-01-09 18:10", "p-other")
    scenario.walks_to("2026-01-09 18:15")
    told = [line for line in heard(scenario) if "overdue_1" in line]
    assert told == ["Fri 9 Jan 17:00 dossier_deadline/2 overdue_1 → province"]


def test_what_falls_due_between_a_decision_and_our_return_is_told() -> None:
    """A Sunday is worked after all: 80 % are used a day earlier, while we are down."""
    scenario = accepted()
    scenario.walks_to("2026-01-12 08:00")
    heard(scenario)
    scenario.jumps_to("2026-01-12 12:00")
    scenario.decides(day_worked(date(2026, 1, 11)))
    scenario.jumps_to("2026-01-13 18:00")
    scenario.sweeps()
    told = [line for line in heard(scenario) if "most" in line]
    assert told == ["Tue 13 Jan 07:30 dossier_deadline/2 most → division_head late 10 h"]


def test_what_a_decision_showed_to_be_too_early_comes_again_however_late_we_look() -> None:
    """Overdue by a day was told on Friday; a day off puts it to Saturday, which we miss."""
    scenario = accepted(THREE_DAYS)
    scenario.walks_to("2026-01-09 18:00")
    heard(scenario)
    scenario.decides(day_off(date(2026, 1, 7)))
    scenario.jumps_to("2026-01-10 18:15")
    scenario.sweeps()
    assert [line for line in heard(scenario) if "dossier_deadline" in line] == [
        "withdrawn dossier_deadline/1 overdue_1 (calendar)",
        "withdrawn dossier_deadline/1 breach (calendar)",
        "due dossier_deadline/2 Thu 8 Jan 17:00 → Fri 9 Jan 17:00 (calendar)",
        "breached dossier_deadline/2 at Sat 10 Jan 00:00",
        "Sat 10 Jan 17:00 dossier_deadline/2 overdue_1 → province late 1 h",
    ]


def test_an_end_that_is_corrected_to_later_leaves_no_rung_without_a_word() -> None:
    """What should have been told before the real end is recorded as not told."""
    scenario = accepted(THREE_DAYS)
    done = scenario.happens("dossier.completed", "2026-01-05 10:00", result="KQ.1")
    scenario.happens("dossier.returned", "2026-01-07 09:00", how="direct")
    heard(scenario)
    scenario.happens(
        "dossier.corrected",
        "2026-01-07 10:00",
        replaces=done,
        right=None,
        reason="wrong_dossier",
        by="p-06112-director",
    )
    assert "skipped dossier_deadline/1 half (returned)" in heard(scenario)


def test_what_was_void_and_is_struck_withdraws_what_was_told() -> None:
    """A step that is not owed any more turns out never to have begun."""
    scenario = accepted(TEN_DAYS)
    begun = scenario.happens(
        "dossier.step_started",
        "2026-01-05 10:00",
        step="tax",
        agency="TAX",
        limit={"unit": "working_days", "value": 1},
    )
    scenario.walks_to("2026-01-06 18:00")
    scenario.happens("dossier.withdrawn", "2026-01-06 18:30")
    heard(scenario)
    scenario.happens(
        "dossier.corrected",
        "2026-01-07 10:00",
        replaces=begun,
        right=None,
        reason="wrong_dossier",
        by="p-06112-director",
    )
    assert "withdrawn agency_step:tax/1 overdue (struck)" in heard(scenario)


def test_a_request_known_before_the_acceptance_is_judged_by_it() -> None:
    """Imported history comes in any order; the same facts give the same obligations."""
    scenario = Scenario()
    asked(scenario, "2026-01-12 09:00")
    scenario.happens(
        "dossier.accepted",
        "2026-01-05 09:00",
        recorded="2026-01-20 09:00",
        backfill=True,
        procedure=THREE_DAYS,
        channel="online",
    )
    assert "opened supplement_notice/1 due Thu 8 Jan 17:00" in heard(scenario)
