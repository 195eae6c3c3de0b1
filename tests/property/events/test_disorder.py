"""Places in a history, against the same rules written by hand and against trying everything.

The oracle is the auditor's table of statuses, which shares no code with the contract's.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Final

from hypothesis import example, given, settings
from hypothesis import strategies as st

from deploy.auditor.core.history import Fact
from deploy.auditor.core.instants import MOVES, STAYS, after, allowed, by_moment
from shared.events.history import in_order
from shared.events.place import Step, fitting, missing_for

START: Final = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
NAMES: Final = sorted([*MOVES, *STAYS])
DOSSIERS: Final = sorted(name for name in NAMES if name.startswith("dossier."))


@st.composite
def steps(draw: st.DrawFn, *, longest: int, minutes: int) -> list[Step]:
    """Draw events of one dossier, many of them of one instant, numbered in any order."""
    told = draw(
        st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, minutes)), max_size=longest)
    )
    return [
        Step(name, START + timedelta(minutes=minute), number)
        for number, (name, minute) in enumerate(told, start=1)
    ]


def fact_of(step: Step) -> Fact:
    """Return the step as the auditor reads one."""
    return Fact(
        id=str(step.sequence),
        name=step.name,
        source="urn:motcua:publisher:demo",
        time=step.time,
        sequence=step.sequence,
        recorded=step.time,
        competent=None,
        receiving=None,
        backfill=False,
        version=0,
        data={},
    )


def legal(ordered: Sequence[Fact]) -> list[int]:
    """Return the numbers of those that are allowed where they are."""
    status, accepted, found = 0, False, []
    for one in ordered:
        if allowed(one.name, status, accepted=accepted):
            found.append(one.sequence)
        status = after(one.name, status, accepted=accepted)
        accepted = accepted or one.name == "dossier.accepted"
    return found


AFTER_THE_END: Final = [
    Step("dossier.apology_issued", START + timedelta(minutes=1), 1),
    Step("dossier.stopped", START, 2),
    Step("notice.proven", START + timedelta(minutes=1), 3),
]
"""Neither of the last two moves a status, and only one of them is allowed there."""


@given(steps(longest=9, minutes=4))
@example(AFTER_THE_END)
@settings(max_examples=200, deadline=None)
def test_services_and_auditor_order_alike(told: list[Step]) -> None:
    """However many happened at one instant, and however lawless they are."""
    ordered = [one.sequence for one in in_order(told)]
    assert ordered == [one.sequence for one in by_moment(map(fact_of, told))]


@given(steps(longest=6, minutes=30), steps(longest=4, minutes=30))
@settings(max_examples=100, deadline=None)
def test_what_fits_is_the_most_that_can(history: list[Step], waiting: list[Step]) -> None:
    """No larger selection is legal at its places without making a recorded event illegal."""
    held = [replace(one, sequence=one.sequence + 50) for one in waiting]
    chosen = fitting(history, held)
    before = set(legal(by_moment(map(fact_of, history))))

    def fits(selection: Sequence[Step]) -> bool:
        numbers = {one.sequence for one in selection}
        found = legal(by_moment(map(fact_of, [*history, *selection])))
        return before | numbers <= set(found)

    assert fits(chosen)
    assert list(chosen) == [one for one in in_order([*history, *chosen]) if one in chosen]
    sizes = range(len(chosen) + 1, len(held) + 1)
    larger = [one for size in sizes for one in combinations(held, size) if fits(one)]
    assert larger == []


@given(steps(longest=5, minutes=30), st.tuples(st.sampled_from(DOSSIERS), st.integers(0, 30)))
@settings(max_examples=100, deadline=None)
def test_what_is_missing_makes_it_fit(history: list[Step], event: tuple[str, int]) -> None:
    """What an event waits for can come at some moments, and then all of it fits together.

    Within one instant the table orders anew with each event that comes, so that more may turn
    out to be missing; there only the answer for the event alone is exact.
    """
    name, minute = event
    step = Step(name, START + timedelta(minutes=minute), 50)
    expected = missing_for(history, step)
    alone = fitting(history, [step]) == (step,)
    assert (expected == ()) == alone
    moments_of = [one.time for one in [*history, step]]
    if not expected or len(set(moments_of)) < len(moments_of):
        return
    moments = sorted(
        {one.time + timedelta(seconds=by) for one in [*history, step] for by in (-20, 0, 20)}
    )
    selections: list[list[Step]] = [[]]
    for number, missing in enumerate(expected, start=60):
        selections = [
            [*some, Step(missing, at + timedelta(seconds=number - 60), number)]
            for some in selections
            for at in moments
        ]
    assert any(len(fitting(history, [step, *some])) == len(some) + 1 for some in selections)
