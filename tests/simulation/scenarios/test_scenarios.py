"""Time is fast-forwarded, and people get exactly the messages of the tables and no others."""

import re
from functools import cache

import pytest

from services.notifications.core.words import WORDS
from services.workflow.core.kinds.registry import KINDS
from services.workflow.core.ladder import BROKEN
from tests.simulation.scenarios.house import House
from tests.simulation.scenarios.reading import messages, records
from tests.simulation.scenarios.script import Scenario, play, scenarios

SCENARIOS = scenarios()
TOLD = re.compile(r"(?P<kind>[a-z_]+)(?::[^ /]+)?/\d+ (?P<rung>[a-z0-9_]+)(?P<again>~\d)?")


@cache
def played(scenario: int) -> House:
    """Play a scenario once for all who look at it."""
    return play(SCENARIOS[scenario])


@pytest.mark.parametrize("number", range(len(SCENARIOS)), ids=lambda n: SCENARIOS[n].title)
def test_exactly_these_messages(number: int) -> None:
    """The whole list is compared, so that one message too many fails too."""
    scenario: Scenario = SCENARIOS[number]
    house = played(number)
    assert messages(house) == list(scenario.messages)
    if scenario.records is not None:
        assert records(house) == list(scenario.records)


def test_every_rung_of_every_kind_is_told_in_a_scenario() -> None:
    """A ladder that nobody has seen climbed is a ladder that may not work."""
    told = {
        (found["kind"], found["rung"])
        for scenario in SCENARIOS
        for line in scenario.messages
        for found in TOLD.finditer(line)
    }
    ladders = {(kind.id, rung.id) for kind in KINDS.values() for rung in kind.ladder.rungs}
    assert ladders - told == set()
    assert ("dossier_deadline", BROKEN) in told


def test_every_reason_that_people_are_given_has_words() -> None:
    """A code of ours says nothing to a supervisor."""
    reasons = {
        plan.facts["why"]
        for number in range(len(SCENARIOS))
        for sent in played(number).messages
        for plan in sent.plans
        if "why" in plan.facts
    }
    assert reasons <= WORDS["reason"].keys()
