"""The closing of a dossier whose applicant did not supplement it in 15 days."""

from datetime import date
from typing import Any

import pytest

from tests.unit.workflow.province import TEN_DAYS, day_off
from tests.unit.workflow.scenario import Scenario, moment

ASKED = "2026-03-03 10:00"
CLOSES = "opened supplement_closing/1 due Thu 19 Mar 17:00"


def asked(when: str = ASKED, *, in_person: bool = True) -> Scenario:
    """Return a scenario of a dossier that waits for its applicant."""
    scenario = Scenario(now=moment("2026-03-02 09:00"))
    scenario.accepted("2026-03-02 09:00", TEN_DAYS)
    scenario.assigned("2026-03-02 09:00")
    scenario.happens(
        "dossier.supplement_requested", when, items=("a",), number=1, in_person=in_person
    )
    return scenario


def closings(scenario: Scenario) -> list[str]:
    """Return what was emitted of closings, and forget the rest."""
    return [line for line in scenario.heard() if "supplement_closing" in line]


def test_nobody_closes_it() -> None:
    """The handler is alerted around the applicant's last day, 18 March, then others."""
    scenario = asked()
    scenario.walks_to("2026-03-25 08:00")
    assert closings(scenario) == [
        CLOSES,
        "Fri 13 Mar 17:00 supplement_closing/1 reminder → handler",
        "Thu 19 Mar 09:00 supplement_closing/1 close → handler",
        "breached supplement_closing/1 at Thu 19 Mar 17:00",
        "Thu 19 Mar 17:00 supplement_closing/1 overdue → director",
        "Tue 24 Mar 17:00 supplement_closing/1 overdue_3 → chairman",
    ]
    assert scenario.obligation("dossier_deadline").open, "nothing closes automatically"


def test_the_stop_for_that_reason_discharges_it() -> None:
    """On the next working day it is in time."""
    scenario = asked()
    scenario.happens("dossier.stopped", "2026-03-19 09:00", reason="not_supplemented")
    assert closings(scenario)[-1] == "discharged supplement_closing closed in time"
    assert scenario.obligation("supplement_closing").flags == ()


def test_a_closing_before_the_applicants_time_is_over_is_flagged() -> None:
    """The law gives the applicant 15 days, to the end of the last."""
    scenario = asked()
    scenario.happens("dossier.stopped", "2026-03-18 16:00", reason="not_supplemented")
    assert closings(scenario)[-1] == "discharged supplement_closing closed in time"
    assert scenario.obligation("supplement_closing").flags == ("closed_early",)


def test_a_closing_at_the_end_of_the_applicants_time_is_not_early() -> None:
    """The last day ends at 24:00, and that moment is not before it."""
    scenario = asked()
    scenario.happens("dossier.stopped", "2026-03-19 00:00", reason="not_supplemented")
    assert scenario.obligation("supplement_closing").flags == ()


OTHER_ENDS = pytest.mark.parametrize(
    ("name", "data"),
    [
        ("dossier.supplement_received", {"items": ("a",)}),
        ("dossier.withdrawn", {}),
        ("dossier.refused", {"reason": "not_eligible"}),
        ("dossier.stopped", {"reason": "no_result"}),
    ],
)


@OTHER_ENDS
def test_what_else_ends_the_wait_makes_it_void(name: str, data: dict[str, Any]) -> None:
    """Also when the applicant's time is over, until the dossier should have been closed."""
    scenario = asked()
    scenario.walks_to("2026-03-19 08:00")
    closings(scenario)
    scenario.happens(name, "2026-03-19 17:00", **data)
    assert closings(scenario)[-1] == "discharged supplement_closing not_owed void"


@OTHER_ENDS
def test_what_ends_the_wait_after_that_leaves_it_late(name: str, data: dict[str, Any]) -> None:
    """The dossier should have been closed by then: a later end does not undo it."""
    scenario = asked()
    scenario.walks_to("2026-03-20 08:00")
    closings(scenario)
    scenario.happens(name, "2026-03-20 09:00", **data)
    assert closings(scenario)[-1] == "discharged supplement_closing not_owed late"


def test_without_proof_the_applicants_time_has_not_begun() -> None:
    """It begins with the proven arrival, whenever that is recorded."""
    scenario = asked(in_person=False)
    event = f"{scenario.subject}-3"
    scenario.walks_to("2026-03-05 08:00")
    assert closings(scenario) == []
    scenario.happens(
        "notice.proven",
        "2026-03-05 08:00",
        notice="n1",
        about=event,
        about_name="dossier.supplement_requested",
        at=moment("2026-03-05 07:45"),
    )
    assert closings(scenario) == ["opened supplement_closing/1 due Mon 23 Mar 17:00"]


def test_a_proof_of_before_the_request_begins_nothing_earlier() -> None:
    """A channel's clock may be slow: the applicant's time begins with the request then."""
    scenario = asked(in_person=False)
    scenario.happens(
        "notice.proven",
        "2026-03-03 10:05",
        notice="n1",
        about=f"{scenario.subject}-3",
        about_name="dossier.supplement_requested",
        at=moment("2026-03-02 16:00"),
    )
    assert closings(scenario) == [CLOSES]


def test_a_new_day_off_moves_the_end_of_the_applicants_time() -> None:
    """18 March becomes a day off: the last day is the 19th, the closing due on the 20th."""
    scenario = asked()
    closings(scenario)
    scenario.decides(day_off(date(2026, 3, 18)))
    scenario.sweeps()
    assert closings(scenario) == [
        "due supplement_closing/2 Thu 19 Mar 17:00 → Fri 20 Mar 17:00 (calendar)"
    ]


def test_events_say_until_when_the_applicant_may_act() -> None:
    """To the end of the last day, for pages and for the notice to the applicant."""
    scenario = asked()
    scenario.walks_to("2026-03-14 08:00")
    said = {
        emission.name: emission.data["applicant_until"]
        for emission in scenario.everything
        if emission.data.get("kind") == "supplement_closing"
    }
    until = "2026-03-19T00:00:00+07:00"
    assert said == {"obligation.opened": until, "obligation.rung_reached": until}
