"""Notices of a level fail in any order, and whoever holds which role: the level only goes on.

A level never returns to a role that it found unreachable or vacant, and asks no person twice.
It ends with somebody who may be reached, or at the provincial centre with that role's gap
open. The chains of roles are written here by hand, from the pages of the kinds.
"""

from collections.abc import Callable
from typing import Final

from hypothesis import strategies as st

from shared.events.reference import RoleAssigned, RoleEnded
from tests.property.workflow.test_any_delay import few_and_many
from tests.unit.workflow.province import FIRST, PROVINCE, ROLES, UNIT
from tests.unit.workflow.scenario import Scenario
from tests.unit.workflow.unreachable import alerts, fails

FEW: Final = 60
PEOPLE: Final = ("p-a", "p-b", "p-c")
"""So few that one person holds several roles at times."""

UPWARD: Final = {
    "half": ("handler", "division_head", "chairman", "province"),
    "most": ("division_head", "chairman", "province"),
    "overdue": ("chairman", "province"),
    "overdue_1": ("province",),
    "draft": ("director", "chairman", "province"),
    "promise_broken": ("division_head", "chairman", "province"),
    "down": ("director", "chairman", "province"),
    "down_60": ("province",),
}
"""Level to the roles that can get it, first to last; a commitment here is the handler's."""


def _dossier(until: str) -> Callable[[Scenario], None]:
    def told(scenario: Scenario) -> None:
        scenario.accepted("2026-01-05 09:00")
        scenario.assigned("2026-01-05 09:00", "p-a")
        scenario.walks_to(until)

    return told


def _broken(scenario: Scenario) -> None:
    _dossier("2026-01-07 08:00")(scenario)
    scenario.acknowledged("2026-01-07 08:00", "half", "2026-01-07", by="p-a")
    scenario.walks_to("2026-01-07 18:00")


def _interrupted(until: str) -> Callable[[Scenario], None]:
    def told(scenario: Scenario) -> None:
        scenario.subject = f"{UNIT}/interruption/m-1"
        scenario.happens("centre.interrupted", "2026-01-05 09:00", cause="x")
        scenario.walks_to(until)

    return told


STORIES: Final = {
    "half": _dossier("2026-01-07 08:00"),
    "most": _dossier("2026-01-08 08:00"),
    "overdue": _dossier("2026-01-08 18:00"),
    "overdue_1": _dossier("2026-01-09 18:00"),
    "draft": _dossier("2026-01-07 08:00"),
    "promise_broken": _broken,
    "down": _interrupted("2026-01-05 09:30"),
    "down_60": _interrupted("2026-01-05 10:30"),
}


def _staffed(data: st.DataObject) -> tuple[Scenario, dict[str, set[str]]]:
    """Draw who holds which role; the handler is the dossier's own."""
    scenario, held = Scenario(), {"handler": {"p-a"}}
    for unit, role in [*((UNIT, role) for role in ROLES), (PROVINCE, "province")]:
        held[role] = set(data.draw(st.sets(st.sampled_from(PEOPLE), max_size=2), label=role))
        usual = f"p-{unit}-{role.replace('_', '-')}"
        scenario.decides(
            RoleEnded.model_validate(
                {"person": usual, "role": role, "unit": unit, "ended_on": FIRST}
            )
        )
        for person in sorted(held[role]):
            scenario.decides(
                RoleAssigned.model_validate(
                    {"person": person, "role": role, "unit": unit, "from_day": FIRST}
                )
            )
    return scenario, held


def a_level_only_goes_on(data: st.DataObject) -> None:
    """Whatever fails, and in which order."""
    scenario, held = _staffed(data)
    level = data.draw(st.sampled_from(sorted(UPWARD)), label="level")
    STORIES[level](scenario)
    failed: set[tuple[int, str]] = set()
    while data.draw(st.integers(0, 4), label="goes on"):
        left = [
            (number, person)
            for number, (_, alert) in enumerate(alerts(scenario, level))
            for person in alert.persons
            if (number, person) not in failed
        ]
        if not left:
            break
        number, person = data.draw(st.sampled_from(left), label="fails")
        failed.add((number, person))
        when = scenario.now.strftime("%Y-%m-%d %H:%M")
        fails(scenario, when, level, person, number=number)
    _only_goes_on(scenario, level, held, {person for _, person in failed})


def _only_goes_on(
    scenario: Scenario, level: str, held: dict[str, set[str]], failed: set[str]
) -> None:
    got = [alert for _, alert in alerts(scenario, level)]
    places = [UPWARD[level].index(alert.role) for alert in got]
    assert places == sorted(set(places)), "a role got it again"
    asked = [person for alert in got for person in alert.persons]
    assert len(asked) == len(set(asked)), "a person was asked again"
    for role in UPWARD[level][: places[-1]]:
        assert held[role] <= failed, "a role was passed over of which somebody may be reached"
    last = got[-1]
    if not set(last.persons) <= failed:
        return
    assert last.role == "province", "it ended before the province"
    assert scenario.state is not None, "something has happened"
    why = "" if not held["province"] else ":unreachable"
    assert f"{PROVINCE}:province{why}" in scenario.state.gaps


test_upward, test_upward_many = few_and_many(a_level_only_goes_on, FEW)
