"""A scenario in which notices fail: the alerts of a level, and whom no channel reaches."""

from typing import Any, Final

from shared.events.obligations import ObligationRungReached
from tests.fakes.emitted import read_back
from tests.unit.workflow.scenario import Scenario

REACHED: Final = ObligationRungReached.NAME


def alerts(scenario: Scenario, level: str) -> list[tuple[str, ObligationRungReached]]:
    """Return the alerts of a level so far, each with the id of its event."""
    found = []
    for emission in scenario.everything:
        data = read_back(emission)
        if isinstance(data, ObligationRungReached) and data.rung == level:
            found.append((emission.id, data))
    return found


def roles(scenario: Scenario, level: str) -> list[str]:
    """Return the roles that got a level, in the order of its alerts."""
    return [alert.role for _, alert in alerts(scenario, level)]


def fails(
    scenario: Scenario, when: str, level: str, person: str | None = None, *, number: int = -1
) -> None:
    """Record that no channel reaches a person of an alert: the first one of the last."""
    about, alert = alerts(scenario, level)[number]
    data: dict[str, Any] = {
        "notice": f"n-{len(scenario.everything)}",
        "about": about,
        "about_name": REACHED,
        "at": scenario.now,
        "obligation": alert.obligation,
        "cycle": alert.cycle,
        "rung": level,
        "person": person or alert.persons[0],
    }
    scenario.happens("notice.undeliverable", when, publisher="notifications", **data)
