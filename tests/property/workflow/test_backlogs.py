"""Backlogs in any order and at any pace: alerted is what the rule says, and nothing else.

Intake and workflow run on one clock; dossiers reach them weeks late, by several publishers at
once. The oracle shares no code with them: it walks the arrivals, second by second.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.simulation.scenarios.backlog import (
    CAME,
    LEVELS,
    Arrival,
    Dossier,
    Fate,
    brought,
    counted,
    expected,
)
from tests.simulation.scenarios.verbs import inbound
from tests.simulation.scenarios.worlds import world

PUBLISHERS: Final = ("bpi", "demo", "portal")
WAIT_S, WAIT_S_MAX = 60, 900
PAUSES_S: Final = (0, 0, 1, 5, 20, 45, 59, 60, 61, 200)
DOSSIERS_MAX: Final = 6
ASSIGNED: Final = "dossier.assigned"
SETTINGS: Final = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@dataclass(frozen=True)
class Coming:
    """One event on its way: of which dossier, from whom, and after how many seconds."""

    dossier: Dossier
    publisher: str
    event: Mapping[str, Any]
    second: int


@st.composite
def backlogs(draw: st.DrawFn) -> list[Coming]:
    """Draw dossiers, and in which order and when their events reach us."""
    left: list[list[tuple[Dossier, str, Mapping[str, Any]]]] = []
    for number in range(draw(st.integers(1, DOSSIERS_MAX))):
        publisher = draw(st.sampled_from(PUBLISHERS))
        fate = draw(st.sampled_from(list(Fate)))
        one = Dossier(f"ANY-{number + 1:04d}", fate, publisher)
        events: list[tuple[Dossier, str, Mapping[str, Any]]] = [
            (one, publisher, event) for event in one.events()
        ]
        if draw(st.booleans()):
            other = draw(st.sampled_from(PUBLISHERS))
            events.insert(1, (one, other, _assigned(one, other)))
        left.append(events)
    coming: list[Coming] = []
    second = 0
    while left:
        events = left[draw(st.integers(0, len(left) - 1))]
        second += draw(st.sampled_from(PAUSES_S))
        coming.append(Coming(*events.pop(0), second))
        left = [each for each in left if each]
    return coming


def _assigned(one: Dossier, publisher: str) -> Mapping[str, Any]:
    at = one.accepted + timedelta(minutes=5)
    data = {"handler": "p-06112-handler"}
    return inbound(f"{one.code}-given", ASSIGNED, one.code, at, data, publisher=publisher)


@SETTINGS
@given(backlogs())
def test_what_a_backlog_ends_while_it_comes_is_not_alerted(coming: list[Coming]) -> None:
    """The rest is alerted once; a pause that is too long ends the wait, and so does the cap."""
    arrivals = [
        Arrival(CAME + timedelta(seconds=one.second), one.publisher, one.event)
        for one in coming
    ]
    found = counted(asyncio.run(brought(world("quiet"), arrivals, together_ms=1)))
    too_early = alerted_while_it_came(coming)
    every = {one.dossier for one in coming}
    quiet = [one for one in every if one.code not in too_early]
    owed = expected(quiet)
    for obligation in LEVELS:
        for one in every:
            which = (one.code, obligation)
            if one in quiet:
                assert found.alerts[which] == owed.alerts[which], which
                assert found.breaches[which] == owed.breaches[which], which
                assert found.withdrawn[which] == 0, which
            else:
                assert found.alerts[which] == 1, which
    codes = {one.code for one in quiet}
    skipped = {key: count for key, count in found.skipped.items() if key[0] in codes}
    assert skipped == +owed.skipped


def alerted_while_it_came(coming: Sequence[Coming]) -> set[str]:
    """Return the dossiers whose wait is over, by the rule, before their end reaches us."""
    last_late: dict[str, int] = {}
    first: dict[str, int] = {}
    newest: dict[str, tuple[int, str]] = {}
    alerted: set[str] = set()
    for one in coming:
        for code, (recorded, publisher) in newest.items():
            quiet_since = max(recorded, last_late.get(publisher, recorded))
            if min(quiet_since + WAIT_S, first[code] + WAIT_S_MAX) < one.second:
                alerted.add(code)
        code = one.dossier.code
        last_late[one.publisher] = one.second
        first.setdefault(code, one.second)
        newest[code] = (one.second, one.publisher)
        if str(one.event["type"]).endswith(".completed.v1"):
            del newest[code]
    ends = {one.dossier.code for one in coming if one.dossier.fate is not Fate.OPEN}
    return alerted & ends


@SETTINGS
@given(backlogs(), st.randoms(use_true_random=False))
def test_the_order_of_a_burst_changes_nothing(coming: list[Coming], chance: Any) -> None:  # noqa: ANN401
    """All within a minute, in whatever order: each dossier's events keep theirs."""
    arranged = list(coming)
    chance.shuffle(arranged)
    left: dict[str, list[Coming]] = {}
    for one in coming:
        left.setdefault(one.dossier.code, []).append(one)
    together = [
        replace(left[one.dossier.code].pop(0), second=number)
        for number, one in enumerate(arranged)
    ]
    assert len(together) < WAIT_S
    assert not alerted_while_it_came(together)
    arrivals = [
        Arrival(CAME + timedelta(seconds=one.second), one.publisher, one.event)
        for one in together
    ]
    found = counted(asyncio.run(brought(world("quiet"), arrivals, together_ms=1)))
    owed = expected({one.dossier for one in coming})
    assert (found.alerts, found.breaches) == (owed.alerts, owed.breaches)
    assert (found.skipped, found.withdrawn) == (owed.skipped, owed.withdrawn)
