"""Facts that reach us after decisions they were before, and decisions that nobody looked at.

What was recorded under a law was promised, and ended, under it: the state is the same as if
everything had been heard at once, and what people were told meanwhile is taken back.
"""

from datetime import date
from typing import Any

from tests.unit.workflow.province import (
    SUBTRACTING,
    TEN_DAYS,
    THREE_DAYS,
    UNIT,
    day_off,
    day_worked,
)
from tests.unit.workflow.scenario import Scenario, moment

OPENED = "2026-01-05 09:00"


def accepted(procedure: str = THREE_DAYS) -> Scenario:
    """Return a dossier that was accepted on Monday at nine."""
    scenario = Scenario()
    scenario.accepted(OPENED, procedure, version=scenario.reference.version)
    return scenario


def corrects(
    scenario: Scenario, when: str, wrong: str, time: str | None, **data: object
) -> str:
    """Put an event at another time, or strike it."""
    right = None if time is None else {"time": moment(time).isoformat(), "data": data}
    return scenario.happens(
        "dossier.corrected", when, replaces=wrong, right=right, reason="wrong", by="p-clerk"
    )


def test_an_end_is_judged_by_the_law_that_it_was_recorded_under() -> None:
    """It was late on Thursday evening. That Wednesday was off was decided after that."""
    scenario = accepted()
    before = scenario.reference.version
    scenario.walks_to("2026-01-08 20:00")
    scenario.decides(day_off(date(2026, 1, 7)))
    scenario.walks_to("2026-01-08 21:00")
    assert scenario.obligation().due == moment("2026-01-09 17:00")
    scenario.happens("dossier.completed", "2026-01-08 19:00", result="KQ.1", version=before)
    deadline = scenario.obligation()
    assert (deadline.why, deadline.in_time) == ("completed", False)
    assert deadline.cycles[-1].due == moment("2026-01-08 17:00")


def test_a_promise_is_as_it_was_printed_however_late_we_hear_of_it() -> None:
    """It was printed before Saturday became a working day, and may not come earlier by that."""
    scenario = Scenario()
    before = scenario.reference.version
    scenario.jumps_to("2026-01-06 09:00")
    scenario.decides(day_worked(date(2026, 1, 11)))
    scenario.accepted(OPENED, TEN_DAYS, version=before)
    printed = scenario.obligation().due
    scenario.sweeps()
    assert scenario.obligation().due == printed == moment("2026-01-16 17:00")
    assert scenario.obligation().limit == moment("2026-01-16 00:00")


def test_a_fact_that_comes_late_leaves_what_was_told_and_still_is_due() -> None:
    """It was given to somebody before the decision; nothing else about it is different."""
    scenario = accepted(TEN_DAYS)
    before = scenario.reference.version
    scenario.walks_to("2026-01-13 09:00")
    scenario.decides(day_off(date(2026, 1, 14)))
    scenario.walks_to("2026-01-13 10:00")
    scenario.heard()
    scenario.happens("dossier.arrived", "2026-01-06 10:00", version=before)
    assert scenario.heard() == []


def test_what_a_late_fact_shows_to_have_been_wrong_is_taken_back() -> None:
    """The applicant was asked before the decision: nothing had been due since."""
    scenario = accepted(TEN_DAYS)
    before = scenario.reference.version
    scenario.walks_to("2026-01-12 08:00")
    scenario.decides(day_off(date(2026, 1, 14)))
    scenario.walks_to("2026-01-12 09:00")
    scenario.heard()
    scenario.happens(
        "dossier.supplement_requested",
        "2026-01-06 10:00",
        items=["a"],
        number=1,
        in_person=True,
        version=before,
    )
    assert [line for line in scenario.heard() if "dossier_deadline" in line] == [
        "withdrawn dossier_deadline/1 half (suspended)",
        "suspended dossier_deadline since Tue 6 Jan 10:00",
    ]


def test_decisions_that_nobody_looked_at_are_counted_one_after_the_other() -> None:
    """The first printed a later date, which the second, that undid it, moved no earlier."""
    prompt, late = accepted(), accepted()
    for scenario in (prompt, late):
        scenario.jumps_to("2026-01-06 09:00")
        scenario.decides(day_off(date(2026, 1, 7)))
        if scenario is prompt:
            scenario.sweeps()
        scenario.jumps_to("2026-01-06 10:00")
        scenario.decides(day_worked(date(2026, 1, 7)))
        scenario.sweeps()
        assert scenario.obligation().due == moment("2026-01-09 17:00")
        assert scenario.obligation().limit == moment("2026-01-09 00:00")
    assert prompt.heard()[-2:] == late.heard()[-2:]


def test_a_dossier_that_is_moved_later_is_counted_by_what_then_held() -> None:
    """A decision on the hours of the unit that gets it is one of its own, too."""
    scenario = accepted(TEN_DAYS)
    before = scenario.reference.version
    scenario.walks_to("2026-01-07 09:00")
    scenario.decides(day_off(date(2026, 1, 8), unit="06040"))
    scenario.sweeps()
    scenario.happens(
        "dossier.moved",
        "2026-01-06 09:00",
        from_unit=UNIT,
        to_unit="06040",
        units=(UNIT, "06040"),
        version=before,
    )
    assert scenario.obligation().unit == "06040"
    assert scenario.state is not None
    assert scenario.state.law == scenario.reference.law


def test_silence_that_was_consent_is_not_touched_by_what_comes_after_it() -> None:
    """It lapsed at midnight, whether anybody had looked or not."""
    scenario = accepted(TEN_DAYS)
    scenario.happens("dossier.confirmation_requested", "2026-01-06 09:00")
    scenario.heard()
    scenario.happens("dossier.assigned", "2026-01-08 09:00", handler="p-handler")
    asked = scenario.obligation("applicant_confirmation")
    assert (asked.why, asked.persons) == ("consent_by_silence", {})
    assert scenario.heard() == [
        "Thu 8 Jan 00:00 applicant_confirmation/1 go_on → province late 9 h",
        "discharged applicant_confirmation consent_by_silence in time",
    ]


def test_an_end_by_itself_that_comes_again_is_said_again() -> None:
    """A correction opened it once more; the second end is another event than the first."""
    scenario = accepted(TEN_DAYS)
    form = scenario.happens("dossier.confirmation_requested", "2026-01-06 09:00")
    scenario.walks_to("2026-01-08 08:00")
    corrects(scenario, "2026-01-08 09:00", form, "2026-01-07 09:00")
    scenario.walks_to("2026-01-09 08:00")
    ends = [one for one in scenario.everything if one.name == "obligation.discharged"]
    assert [one.data["why"] for one in ends] == ["consent_by_silence"] * 2
    assert len({one.id for one in ends}) == len(ends)


def test_a_corrected_beginning_moves_the_beginning_of_its_stretch() -> None:
    """The date is the other system's and stays; what was due before the beginning was not."""
    scenario = Scenario()
    given: dict[str, Any] = {
        "procedure": THREE_DAYS,
        "channel": "online",
        "given": "2026-01-07T17:00:00+07:00",
    }
    wrong = scenario.happens("dossier.accepted", OPENED, **given)
    scenario.walks_to("2026-01-08 18:00")
    scenario.heard()
    corrects(scenario, "2026-01-08 19:00", wrong, "2026-01-07 18:00", **given)
    (cycle,) = [one for one in scenario.obligation().cycles if not one.replaced]
    assert cycle.opened == moment("2026-01-07 18:00")
    standing = {one.rung for one in cycle.rungs if one.status == "raised"}
    assert standing == {"overdue_1", "breach"}
    corrects(scenario, "2026-01-08 20:00", wrong, "2026-01-06 10:00", **given)
    scenario.walks_to("2026-01-09 18:00")
    (cycle,) = [one for one in scenario.obligation().cycles if not one.replaced]
    assert cycle.opened == moment("2026-01-06 10:00")
    overdue = cycle.find("overdue")
    assert overdue is not None
    assert overdue.status in {"raised", "skipped"}


def test_what_is_taken_back_is_named_as_it_was_told() -> None:
    """People heard of it under the first cycle; a decision has replaced that since."""
    scenario = accepted(TEN_DAYS)
    scenario.walks_to("2026-01-12 09:00")
    scenario.decides(day_off(date(2026, 1, 14)))
    scenario.walks_to("2026-01-12 10:00")
    assert scenario.obligation().cycle_number == 2
    scenario.heard()
    corrects(
        scenario,
        "2026-01-12 11:00",
        f"{scenario.subject}-1",
        "2026-01-12 08:00",
        procedure=TEN_DAYS,
        channel="online",
    )
    assert "withdrawn dossier_deadline/1 half (correction)" in scenario.heard()


def test_what_is_owed_no_more_cannot_be_done_after_that() -> None:
    """The other agency finished when the dossier had been withdrawn: its step was void."""
    scenario = accepted(SUBTRACTING)
    limit = {"unit": "working_days", "value": 2}
    step: dict[str, Any] = {"step": "tax", "agency": "G12.20"}
    scenario.happens("dossier.step_started", "2026-01-05 10:00", **step, limit=limit)
    scenario.happens("dossier.withdrawn", "2026-01-06 10:00")
    scenario.happens("dossier.step_finished", "2026-01-12 10:00", **step)
    scenario.walks_to("2026-01-13 09:00")
    owed = scenario.obligation("agency_step:tax")
    assert owed.void
    assert owed.discharged_at == moment("2026-01-06 10:00")
    assert not [one for one in scenario.everything if one.name == "obligation.breached"]


def test_what_ended_while_it_stood_does_not_stand_again_by_a_correction() -> None:
    """The refusal came while the applicant was waited for; a proof of the notice is struck."""
    scenario = accepted(TEN_DAYS)
    asked = scenario.happens(
        "dossier.supplement_requested",
        "2026-01-05 10:00",
        items=["a"],
        number=1,
        in_person=True,
    )
    scenario.happens("dossier.refused", "2026-01-05 11:00", reason="x")
    proof = scenario.happens(
        "notice.proven",
        "2026-01-05 12:00",
        notice="n-1",
        about=asked,
        about_name="dossier.supplement_requested",
        at=moment("2026-01-05 11:30"),
    )
    scenario.heard()
    corrects(scenario, "2026-01-05 13:00", proof, None)
    assert scenario.heard() == []
    assert scenario.obligation().suspended_since is None
