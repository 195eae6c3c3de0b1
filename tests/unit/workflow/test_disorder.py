"""Events of a dossier that are recorded after what happened later: dates and verdicts follow.

What workflow decides is read back by reporting, so that both come to the same verdict.
"""

from itertools import permutations
from typing import Any

import pytest

from services.reporting.core.derive import derive
from services.reporting.core.fact import Fact
from services.reporting.core.state import FactState
from shared.events.envelope import Event
from tests.fakes.emitted import read_back
from tests.unit.workflow.province import THREE_DAYS
from tests.unit.workflow.scenario import CODE, Scenario, moment

Told = tuple[str, str, dict[str, Any]]
ACCEPTED = "2026-01-05 09:00"
ASKED: Told = (
    "dossier.supplement_requested",
    "2026-01-06 09:00",
    {"items": ["a"], "number": 1, "in_person": True},
)
BROUGHT: Told = ("dossier.supplement_received", "2026-01-13 09:00", {"items": ["a"]})
COMPLETED: Told = ("dossier.completed", "2026-01-14 10:00", {"result": "KQ.1"})
ALL = (ASKED, BROUGHT, COMPLETED)


def told(*acts: Told) -> Scenario:
    """Record an acceptance, then the acts in the order given, each on the evening of all."""
    scenario = Scenario()
    scenario.accepted(ACCEPTED, THREE_DAYS)
    for name, when, data in acts:
        scenario.happens(name, when, recorded="2026-01-14 18:00", **data)
    return scenario


def fact_of(scenario: Scenario) -> Fact:
    """Return what reporting makes of the dossier's events and of what workflow said."""
    assert scenario.state is not None, "something happened"
    state = FactState(CODE)
    for event in scenario.state.history:
        state.take(event)
    for number, one in enumerate(scenario.everything, start=1):
        state.take(
            Event(
                id=one.id,
                source="urn:motcua:service:workflow",
                name=one.name,
                subject=CODE,
                time=one.time,
                sequence=number,
                recordedtime=scenario.now,
                data=read_back(one),
            )
        )
    found = derive(state, lambda _procedure: "field")
    assert found is not None
    return found


@pytest.mark.parametrize("order", list(permutations(ALL)), ids=lambda acts: acts[0][0])
def test_verdicts_do_not_depend_on_the_order_of_recording(order: tuple[Told, ...]) -> None:
    """The applicant was waited for a week: the dossier ended in time, whatever came first."""
    scenario = told(*order)
    deadline = scenario.obligation()
    assert (deadline.why, deadline.in_time, deadline.by_limit) == ("completed", True, True)
    assert deadline.discharged_at == moment(COMPLETED[1])
    fact = fact_of(scenario)
    assert (fact.law, fact.index, fact.ended) == (
        "on_time",
        "on_time",
        moment(COMPLETED[1]),
    )
    assert [(one.requested, one.received) for one in fact.waits] == [
        (moment(ASKED[1]), moment(BROUGHT[1]))
    ]


def test_a_late_end_is_the_first_one_again() -> None:
    """The result was handed over before we heard that it was ready: it was ready in time."""
    scenario = Scenario()
    scenario.accepted(ACCEPTED, THREE_DAYS)
    scenario.happens("dossier.returned", "2026-01-14 10:00", how="direct")
    assert scenario.obligation().in_time is False
    scenario.happens(
        "dossier.completed", "2026-01-07 10:00", recorded="2026-01-14 11:00", result="KQ.1"
    )
    assert scenario.obligation().in_time is True
    assert fact_of(scenario).law == "on_time"


def test_an_alert_that_a_late_event_shows_to_have_been_wrong_is_withdrawn() -> None:
    """It was raised while the applicant was being waited for."""
    scenario = Scenario()
    scenario.accepted(ACCEPTED, THREE_DAYS)
    scenario.walks_to("2026-01-09 09:00")
    raised = [one for one in scenario.everything if one.name == "obligation.rung_reached"]
    assert raised
    name, when, data = ASKED
    scenario.happens(name, when, recorded="2026-01-09 09:00", **data)
    withdrawn = [one for one in scenario.everything if one.name == "obligation.rung_withdrawn"]
    assert withdrawn


ONE_INSTANT = "2026-01-06 07:30"
TIES: dict[str, tuple[str, tuple[Told, Told], str]] = {
    "arrived, refused": (
        "hand_over",
        (
            ("dossier.arrived", ONE_INSTANT, {}),
            ("dossier.refused", ONE_INSTANT, {"reason": "x"}),
        ),
        "handed_over",
    ),
    "assigned, withdrawn": (
        "hand_over",
        (
            ("dossier.assigned", ONE_INSTANT, {"handler": "p-a"}),
            ("dossier.withdrawn", ONE_INSTANT, {}),
        ),
        "handed_over",
    ),
    "finished, stopped": (
        "agency_step:tax",
        (
            ("dossier.step_finished", ONE_INSTANT, {"step": "tax", "agency": "G12.20"}),
            ("dossier.stopped", ONE_INSTANT, {"reason": "x"}),
        ),
        "done",
    ),
    "confirmed, withdrawn": (
        "applicant_confirmation",
        (("dossier.confirmed", ONE_INSTANT, {}), ("dossier.withdrawn", ONE_INSTANT, {})),
        "confirmed",
    ),
}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "late"])
@pytest.mark.parametrize("tie", list(TIES))
def test_of_one_instant_the_table_decides_what_came_first(
    tie: str, order: tuple[int, int]
) -> None:
    """Whichever was recorded first: what was done was done before the dossier ended."""
    obligation, acts, why = TIES[tie]
    scenario = Scenario()
    scenario.accepted("2026-01-05 16:00", channel="direct")
    scenario.happens(
        "dossier.step_started",
        "2026-01-05 16:10",
        step="tax",
        agency="G12.20",
        limit={"unit": "working_days", "value": 1},
    )
    scenario.happens("dossier.confirmation_requested", "2026-01-05 16:20")
    for place in order:
        name, when, data = acts[place]
        scenario.happens(name, when, recorded="2026-01-06 08:00", **data)
    assert scenario.obligation(obligation).why == why
    assert not scenario.obligation(obligation).void


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "late"])
def test_of_two_ends_of_one_instant_the_table_decides_which_holds(
    order: tuple[int, int],
) -> None:
    """The deadline ends in the same way, whichever end was recorded first."""
    acts: tuple[Told, Told] = (
        ("dossier.refused", ONE_INSTANT, {"reason": "x"}),
        ("dossier.stopped", ONE_INSTANT, {"reason": "x"}),
    )
    scenario = told(*(acts[place] for place in order))
    assert scenario.obligation().why == "refused"


def test_a_struck_assignment_names_nobody() -> None:
    """One that is recorded late is the last that holds: alerts go to that person."""
    scenario = Scenario()
    scenario.accepted(ACCEPTED)
    wrong = scenario.assigned("2026-01-05 12:00", "p-wrong")
    scenario.happens(
        "dossier.corrected", "2026-01-05 12:30", replaces=wrong, reason="wrong", by="p-a"
    )
    scenario.happens(
        "dossier.assigned", "2026-01-05 11:00", recorded="2026-01-05 13:00", handler="p-right"
    )
    assert scenario.obligation().persons == {"handler": ("p-right",)}
