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
