"""An acknowledgement is a promise with a day; and a message that reaches nobody goes on."""

from datetime import date

from shared.events.reference import LeaveRecorded, RoleEnded
from tests.unit.workflow.province import FIRST, UNIT
from tests.unit.workflow.scenario import Scenario

OPENED = "2026-01-05 09:00"
CHAIRMAN = "p-06112-chairman"


def overdue() -> Scenario:
    """Return a dossier on the evening of its last day, overdue."""
    scenario = Scenario()
    scenario.accepted(OPENED)
    scenario.assigned(OPENED)
    scenario.walks_to("2026-01-08 18:00")
    scenario.heard()
    return scenario


def asked(scenario: Scenario) -> None:
    """Ask the applicant for a supplement, across the counter."""
    scenario.happens(
        "dossier.supplement_requested",
        "2026-01-08 18:10",
        items=["x"],
        number=1,
        in_person=True,
    )


def test_a_promise_is_taken_and_keeps_no_later_rung_away() -> None:
    """The province hears on the next day all the same: a promise is not the law."""
    scenario = overdue()
    scenario.acknowledged("2026-01-08 18:30", "overdue", "2026-01-12")
    scenario.walks_to("2026-01-09 18:00")
    assert scenario.heard() == [
        "breached dossier_deadline/1 at Fri 9 Jan 00:00",
        "breached apology_slip/1 at Fri 9 Jan 00:00",
        "Fri 9 Jan 17:00 dossier_deadline/1 overdue_1 → province",
    ]


def test_a_broken_promise_is_told_to_the_next_role() -> None:
    """At the close of the promised day it expires."""
    scenario = overdue()
    scenario.acknowledged("2026-01-08 18:30", "overdue", "2026-01-10")
    scenario.walks_to("2026-01-10 16:00")
    scenario.heard()
    scenario.walks_to("2026-01-12 12:00")
    assert scenario.heard() == [
        f"Sat 10 Jan 17:00 dossier_deadline/1 promise_broken → province broken by {CHAIRMAN}"
    ]


def test_a_kept_promise_is_no_news() -> None:
    """The result came before the promised day closed."""
    scenario = overdue()
    scenario.acknowledged("2026-01-08 18:30", "overdue", "2026-01-10")
    scenario.walks_to("2026-01-10 09:00")
    scenario.heard()
    scenario.happens("dossier.completed", "2026-01-10 09:00", result="KQ.1")
    scenario.walks_to("2026-01-20 09:00")
    assert scenario.heard() == [
        "discharged dossier_deadline completed late",
        "discharged apology_slip never_issued late",
    ]


def test_a_promise_silences_the_reminders_of_its_rung_until_its_day_closes() -> None:
    """Two reminders fall before the promised day; both are recorded as skipped."""
    scenario = overdue()
    scenario.walks_to("2026-01-15 09:00")
    scenario.heard()
    scenario.acknowledged("2026-01-15 09:00", "overdue_5", "2026-01-29", by="p-20-province")
    scenario.walks_to("2026-02-05 09:00")
    assert scenario.heard() == [
        "skipped dossier_deadline/1 overdue_5 (acknowledged)",
        "skipped dossier_deadline/1 overdue_5 (acknowledged)",
        "Thu 29 Jan 17:00 dossier_deadline/1 promise_broken → province broken by p-20-province",
        "Wed 4 Feb 17:00 dossier_deadline/1 overdue_5~3 → province",
    ]


def test_a_second_promise_takes_the_place_of_the_first() -> None:
    """Only the last day promised can be broken."""
    scenario = overdue()
    scenario.acknowledged("2026-01-08 18:30", "overdue", "2026-01-09")
    scenario.acknowledged("2026-01-08 18:40", "overdue", "2026-01-13")
    scenario.walks_to("2026-01-14 09:00")
    broken = [line for line in scenario.heard() if "promise_broken" in line]
    assert broken == [
        f"Tue 13 Jan 17:00 dossier_deadline/1 promise_broken → province broken by {CHAIRMAN}"
    ]


def test_what_is_discharged_cannot_be_acknowledged() -> None:
    """The answer came too late."""
    scenario = overdue()
    scenario.happens("dossier.completed", "2026-01-08 18:10", result="KQ.1")
    scenario.heard()
    scenario.acknowledged("2026-01-08 18:30", "overdue", "2026-01-12")
    assert scenario.heard() == ["refused dossier_deadline overdue (discharged)"]


def test_a_rung_that_was_not_reached_cannot_be_acknowledged() -> None:
    """Nobody was told of it."""
    scenario = overdue()
    scenario.acknowledged("2026-01-08 18:30", "overdue_3", "2026-01-12")
    assert scenario.heard() == ["refused dossier_deadline overdue_3 (rung_not_reached)"]


def test_a_day_that_has_passed_cannot_be_promised() -> None:
    """Yesterday is no promise."""
    scenario = overdue()
    scenario.acknowledged("2026-01-08 18:30", "overdue", "2026-01-07")
    assert scenario.heard() == ["refused dossier_deadline overdue (promise_in_the_past)"]


def test_an_old_cycle_cannot_be_acknowledged() -> None:
    """The clock restarted since."""
    scenario = overdue()
    scenario.happens(
        "dossier.supplement_requested",
        "2026-01-08 18:10",
        items=["x"],
        number=1,
        in_person=True,
    )
    scenario.heard()
    scenario.acknowledged("2026-01-08 18:20", "overdue", "2026-01-12")
    scenario.happens("dossier.supplement_received", "2026-01-09 09:00", items=["x"])
    scenario.acknowledged("2026-01-09 09:10", "overdue", "2026-01-12")
    refused = [line for line in scenario.heard() if line.startswith("refused")]
    assert refused == [
        "refused dossier_deadline overdue (suspended)",
        "refused dossier_deadline overdue (cycle_over)",
    ]


def test_an_unknown_obligation_cannot_be_acknowledged() -> None:
    """The refusal names what was asked for."""
    scenario = overdue()
    scenario.acknowledged(
        "2026-01-08 18:30", "overdue", "2026-01-12", obligation="agency_step:tax"
    )
    assert scenario.heard() == ["refused agency_step:tax overdue (unknown_obligation)"]


def test_a_promise_ends_with_its_cycle() -> None:
    """After a restart nobody is told that it was broken."""
    scenario = overdue()
    scenario.acknowledged("2026-01-08 18:05", "overdue", "2026-01-09")
    scenario.happens(
        "dossier.supplement_requested",
        "2026-01-08 18:10",
        items=["x"],
        number=1,
        in_person=True,
    )
    scenario.heard()
    scenario.walks_to("2026-01-20 09:00")
    assert scenario.heard() == []


def test_a_person_on_leave_is_stood_in_for() -> None:
    """The deputy hears what the Chairman would."""
    scenario = Scenario()
    scenario.accepted(OPENED)
    scenario.assigned(OPENED)
    scenario.decides(
        LeaveRecorded(
            person=CHAIRMAN,
            unit=UNIT,
            first_day=date(2026, 1, 8),
            last_day=date(2026, 1, 9),
            deputy="p-06112-deputy",
        )
    )
    scenario.walks_to("2026-01-08 18:00")
    assert scenario.persons_of("overdue") == ("p-06112-deputy",)


def test_a_vacant_chair_passes_the_rung_to_the_province_and_opens_a_gap() -> None:
    """No dead ends; the gap closes when the chair is filled or nothing hangs on it."""
    scenario = Scenario()
    scenario.accepted(OPENED)
    scenario.assigned(OPENED)
    scenario.decides(RoleEnded(person=CHAIRMAN, role="chairman", unit=UNIT, ended_on=FIRST))
    scenario.walks_to("2026-01-08 16:00")
    scenario.heard()
    scenario.walks_to("2026-01-08 18:00")
    scenario.happens("dossier.completed", "2026-01-08 18:00", result="KQ.1")
    assert scenario.heard() == [
        "Thu 8 Jan 17:00 dossier_deadline/1 overdue → province",
        "discharged dossier_deadline completed late",
        "discharged apology_slip not_needed void",
        f"gap closed {UNIT}:chairman (discharged)",
    ]


def test_a_message_that_reaches_nobody_goes_to_the_next_role_at_once() -> None:
    """The Chairman has no channel that works: the province hears the same rung."""
    scenario = overdue()
    scenario.happens(
        "notice.undeliverable",
        "2026-01-08 18:20",
        notice="n-1",
        about="e-1",
        about_name="obligation.rung_reached",
        at="2026-01-08T18:19:00+07:00",
        obligation="dossier_deadline",
        cycle=1,
        rung="overdue",
        person=CHAIRMAN,
    )
    assert scenario.heard() == [
        "Thu 8 Jan 17:00 dossier_deadline/1 overdue → province",
        f"gap opened {UNIT}:chairman:unreachable (unreachable)",
    ]


def test_an_applicants_notice_concerns_no_level() -> None:
    """An applicant's notice that fails concerns no rung."""
    scenario = overdue()
    scenario.happens(
        "notice.undeliverable",
        "2026-01-08 18:20",
        notice="n-1",
        about="e-1",
        about_name="dossier.accepted",
        at="2026-01-08T18:19:00+07:00",
    )
    assert scenario.heard() == []
