"""Time is fast-forwarded, and people get exactly the messages of the tables and no others."""

import pytest

from tests.simulation.scenarios.reading import messages, records
from tests.simulation.scenarios.script import Scenario, play, scenarios


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario.title)
def test_exactly_these_messages(scenario: Scenario) -> None:
    """The whole list is compared, so that one message too many fails too."""
    house = play(scenario)
    assert messages(house) == list(scenario.messages)
    if scenario.records is not None:
        assert records(house) == list(scenario.records)
