"""The hand-over of paper: the same day, the next morning, or elsewhere in one working day."""

import pytest

from tests.unit.workflow.province import OTHER_UNIT, TEN_DAYS, UNIT, open_until
from tests.unit.workflow.scenario import Scenario, moment


def received(
    when: str, channel: str = "direct", units: tuple[str, str] = (UNIT, UNIT)
) -> Scenario:
    """Return a scenario of a dossier that was received."""
    scenario = Scenario(now=moment(when))
    scenario.accepted(when, TEN_DAYS, channel=channel, units=units)
    return scenario


def hand_overs(scenario: Scenario) -> list[str]:
    """Return what was emitted of the hand-over, and forget the rest."""
    return [line for line in scenario.heard() if "hand_over" in line]


@pytest.mark.parametrize(
    ("when", "due"),
    [
        ("2026-01-05 08:00", "Mon 5 Jan 17:00"),
        ("2026-01-05 15:00", "Mon 5 Jan 17:00"),
        ("2026-01-05 15:01", "Tue 6 Jan 08:30"),
        ("2026-01-09 15:30", "Sat 10 Jan 08:30"),
        ("2026-01-11 09:00", "Mon 12 Jan 08:30"),
        ("2025-06-30 15:01", "Tue 1 Jul 08:30"),
        ("2025-07-01 15:00", "Tue 1 Jul 17:00"),
    ],
)
def test_by_when_it_goes_on(when: str, due: str) -> None:
    """By 15:00 on the same day; later, or on a day off, in the first hour of the next."""
    assert hand_overs(received(when)) == [f"opened hand_over/1 due {due}"]


@pytest.mark.parametrize(
    ("when", "due"),
    [
        ("2026-01-05 14:29", "Mon 5 Jan 14:30"),
        ("2026-01-05 14:30", "Tue 6 Jan 08:30"),
        ("2026-01-05 14:45", "Tue 6 Jan 08:30"),
    ],
)
def test_where_the_counter_closes_before_three(when: str, due: str) -> None:
    """What came after the close cannot go on that day, though it is not 15:00 yet."""
    scenario = Scenario(now=moment(when))
    scenario.decides(open_until("14:30"))
    scenario.accepted(when, TEN_DAYS, channel="direct")
    assert hand_overs(scenario) == [f"opened hand_over/1 due {due}"]


def test_before_the_decree_what_came_by_three_was_not_watched() -> None:
    """It went on at once."""
    assert hand_overs(received("2025-06-30 15:00")) == []


def test_to_another_place_it_has_one_working_day() -> None:
    """Whatever the hour of its receipt; its arrival discharges it."""
    scenario = received("2026-01-05 15:30", units=(OTHER_UNIT, UNIT))
    assert hand_overs(scenario) == ["opened hand_over/1 due Tue 6 Jan 17:00"]
    assert scenario.obligation("hand_over").unit == OTHER_UNIT, "who received it must send it"
    scenario.happens("dossier.arrived", "2026-01-06 10:00", units=(OTHER_UNIT, UNIT))
    assert hand_overs(scenario) == ["discharged hand_over handed_over in time"]


def test_nobody_hands_it_over() -> None:
    """The Director is alerted when it is due."""
    scenario = received("2026-01-05 15:30")
    scenario.walks_to("2026-01-06 09:00")
    scenario.assigned("2026-01-06 09:00")
    assert hand_overs(scenario) == [
        "opened hand_over/1 due Tue 6 Jan 08:30",
        "breached hand_over/1 at Tue 6 Jan 08:30",
        "Tue 6 Jan 08:30 hand_over/1 overdue → director",
        "discharged hand_over handed_over late",
    ]


def test_a_file_that_was_sent_online_has_no_paper() -> None:
    """Nothing is to be handed over."""
    assert hand_overs(received("2026-01-05 09:00", channel="online")) == []


def test_a_dossier_that_is_withdrawn_stays_where_it_is() -> None:
    """It is void."""
    scenario = received("2026-01-05 09:00", channel="post")
    scenario.happens("dossier.withdrawn", "2026-01-05 10:00")
    assert hand_overs(scenario)[-1] == "discharged hand_over not_owed void"
