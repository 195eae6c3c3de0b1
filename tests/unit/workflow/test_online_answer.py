"""The answer to an online dossier: 8 opening hours from its receipt by the system."""

from typing import Any

import pytest

from tests.unit.workflow.province import THREE_DAYS
from tests.unit.workflow.scenario import Scenario, moment

SENT = "2026-01-05 09:00"
ASKED: dict[str, Any] = {"items": ("a",), "number": 1, "in_person": False}


def sent(when: str = SENT, channel: str = "online") -> Scenario:
    """Return a scenario of a dossier that was sent."""
    scenario = Scenario(now=moment(when))
    scenario.happens("dossier.submitted", when, procedure=THREE_DAYS, channel=channel)
    return scenario


def answers(scenario: Scenario) -> list[str]:
    """Return what was emitted of answers, and forget the rest."""
    return [line for line in scenario.heard() if "online_answer" in line]


def test_nobody_answers() -> None:
    """The division head is alerted after an hour and at half; at the end the province."""
    scenario = sent()
    scenario.walks_to("2026-01-08 08:00")
    assert answers(scenario) == [
        "opened online_answer/1 due Tue 6 Jan 09:30",
        "Mon 5 Jan 10:00 online_answer/1 arrived → division_head",
        "Mon 5 Jan 15:00 online_answer/1 half → division_head",
        "Tue 6 Jan 07:54 online_answer/1 most → director",
        "breached online_answer/1 at Tue 6 Jan 09:30",
        "Tue 6 Jan 09:30 online_answer/1 overdue → chairman",
        "Wed 7 Jan 17:00 online_answer/1 overdue_1 → province",
    ]


def test_in_the_night_the_staff_is_alerted_within_two_hours_all_the_same() -> None:
    """The hours of the answer run from the opening; those of the alert by the clock."""
    scenario = sent("2026-01-09 21:00")
    scenario.walks_to("2026-01-09 23:00")
    assert answers(scenario) == [
        "opened online_answer/1 due Mon 12 Jan 08:00",
        "Fri 9 Jan 22:00 online_answer/1 arrived → division_head",
    ]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("dossier.accepted", {"procedure": THREE_DAYS, "channel": "online"}),
        ("dossier.refused", {"reason": "not_competent"}),
        ("dossier.supplement_requested", ASKED),
    ],
)
def test_each_of_the_three_answers_discharges_it(name: str, data: dict[str, Any]) -> None:
    """Accepted, refused, or what to mend: the applicant knows where they are."""
    scenario = sent()
    scenario.happens(name, "2026-01-05 09:30", **data)
    assert answers(scenario)[-1] == "discharged online_answer answered in time"
    scenario.walks_to("2026-01-20 08:00")
    assert answers(scenario) == []


def test_a_mended_dossier_is_answered_anew() -> None:
    """The system has received it again; the second answer has a date of its own."""
    scenario = sent()
    scenario.walks_to("2026-01-06 09:31")
    answers(scenario)
    scenario.happens("dossier.supplement_requested", "2026-01-06 09:31", **ASKED)
    scenario.happens("dossier.supplement_received", "2026-01-07 08:00", items=("a",))
    scenario.accepted("2026-01-07 08:30")
    assert answers(scenario) == [
        "discharged online_answer answered late",
        "opened online_answer:2/1 due Thu 8 Jan 08:30",
        "discharged online_answer:2 answered in time",
    ]


def test_a_supplement_after_acceptance_asks_for_no_answer() -> None:
    """From then on the limit of the procedure runs."""
    scenario = sent()
    scenario.accepted("2026-01-05 10:00")
    answers(scenario)
    scenario.happens("dossier.supplement_requested", "2026-01-05 11:00", **ASKED)
    scenario.happens("dossier.supplement_received", "2026-01-06 08:00", items=("a",))
    assert answers(scenario) == []


def test_who_withdraws_needs_no_answer() -> None:
    """It is void, not late, however long it had been waiting."""
    scenario = sent()
    scenario.happens("dossier.withdrawn", "2026-01-05 09:30")
    assert answers(scenario)[-1] == "discharged online_answer not_owed void"


@pytest.mark.parametrize("channel", ["direct", "post"])
def test_only_what_is_sent_online_asks_for_it(channel: str) -> None:
    """At the counter the slip is the answer."""
    assert answers(sent(channel=channel)) == []


@pytest.mark.parametrize(
    ("day", "due"), [("2025-06-30", None), ("2025-07-01", "Wed 2 Jul 09:30")]
)
def test_no_text_asked_for_it_before_july_2025(day: str, due: str | None) -> None:
    """The decree that asks for it is in force from 1 July 2025."""
    found = answers(sent(f"{day} 09:00"))
    assert found == ([] if due is None else [f"opened online_answer/1 due {due}"])


def test_a_submission_that_is_struck_asks_for_nothing() -> None:
    """What was recorded by mistake is void, and its alert withdrawn."""
    scenario = sent()
    scenario.walks_to("2026-01-05 11:00")
    answers(scenario)
    event = f"{scenario.subject}-1"
    scenario.accepted("2026-01-05 11:30")
    answers(scenario)
    scenario.happens(
        "dossier.corrected", "2026-01-05 12:00", replaces=event, reason="wrong", by="p-a"
    )
    assert answers(scenario) == [
        "withdrawn online_answer/1 arrived (struck)",
        "discharged online_answer struck void",
    ]
