"""Where an event belongs in its dossier's history: it fits, it waits, or it is refused."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from shared.events.history import in_order
from shared.events.place import (
    HELD_MAX,
    MISSING_MAX,
    Step,
    fitting,
    missing_for,
    waits_for,
)
from shared.events.transitions import Status

EIGHT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)

SHORT = {
    "submitted": "dossier.submitted",
    "accepted": "dossier.accepted",
    "assigned": "dossier.assigned",
    "asked": "dossier.supplement_requested",
    "brought": "dossier.supplement_received",
    "invoiced": "dossier.payment_requested",
    "paid": "dossier.paid",
    "finished": "dossier.step_finished",
    "moved": "dossier.moved",
    "withdrawn": "dossier.withdrawn",
    "completed": "dossier.completed",
    "returned": "dossier.returned",
}


def story(*told: str) -> list[Step]:
    """Read `name@minute` as steps, numbered in the order in which they were told."""
    return [step(one, number) for number, one in enumerate(told, start=1)]


def step(told: str, number: int = 99) -> Step:
    """Read one step."""
    name, _, minute = told.partition("@")
    return Step(SHORT[name], EIGHT + timedelta(minutes=int(minute)), number)


def names(steps: Sequence[Step]) -> list[str]:
    """Return the short names of steps, in their order."""
    long = {name: short for short, name in SHORT.items()}
    return [long[one.name] for one in steps]


@pytest.mark.parametrize(
    ("told", "ordered"),
    [
        # Of one instant comes first what the table allows; however they were recorded.
        (("asked@1", "accepted@1"), "accepted asked"),
        (("accepted@1", "asked@1"), "accepted asked"),
        (("submitted@0", "asked@1", "accepted@1"), "submitted accepted asked"),
        (("accepted@0", "paid@1", "invoiced@1"), "accepted invoiced paid"),
        (("accepted@0", "asked@1", "asked@2", "brought@2"), "accepted asked brought asked"),
        (("accepted@0", "completed@1", "assigned@1"), "accepted assigned completed"),
        (("accepted@0", "returned@1", "completed@1"), "accepted completed returned"),
        (("completed@1", "finished@1", "accepted@0"), "accepted finished completed"),
        # What the table allows nowhere keeps the order of recording.
        (("withdrawn@1", "completed@1", "accepted@0"), "accepted withdrawn completed"),
        (("completed@0", "returned@0", "submitted@0"), "submitted completed returned"),
    ],
)
def test_events_of_one_instant_are_ordered_by_the_table(
    told: tuple[str, ...], ordered: str
) -> None:
    """One rule for every service; it does not depend on the numbers where the table decides."""
    assert names(in_order(story(*told))) == ordered.split()


def test_steps_of_one_instant_that_move_no_status_keep_their_numbers() -> None:
    """The end of one step and the start of the next, in one second, stay as recorded."""
    told = [
        Step("dossier.accepted", EIGHT, 1),
        Step("dossier.step_finished", EIGHT, 2),
        Step("dossier.step_started", EIGHT, 3),
    ]
    assert in_order(reversed(told)) == told


@pytest.mark.parametrize(
    ("history", "waiting", "joined"),
    [
        # The second request came before the first receipt.
        (("accepted@0", "asked@1"), ("asked@3", "brought@2"), "brought asked"),
        # Taken for the first receipt at first; the two between fit as a pair only.
        (("accepted@0", "asked@1", "brought@4"), ("asked@3",), ""),
        (("accepted@0", "asked@1", "brought@4"), ("asked@3", "brought@2"), "brought asked"),
        # Ended meanwhile: a whole wait before the end fits, half of one does not.
        (("accepted@0", "completed@9"), ("asked@1",), ""),
        (("accepted@0", "completed@9"), ("asked@1", "brought@2"), "asked brought"),
        (("accepted@0", "completed@9"), ("asked@10", "brought@11"), ""),
        # What can follow in several places takes the most that fit.
        (("accepted@0", "asked@1"), ("completed@3", "returned@4"), ""),
        (
            ("accepted@0", "asked@1"),
            ("returned@4", "completed@3", "brought@2"),
            "brought completed returned",
        ),
        (("accepted@5",), ("submitted@4",), "submitted"),
        (("accepted@5",), ("submitted@6",), ""),
        (("accepted@0",), ("withdrawn@1", "completed@2", "returned@3"), "completed returned"),
    ],
)
def test_what_fits_is_recorded_together(
    history: tuple[str, ...], waiting: tuple[str, ...], joined: str
) -> None:
    """The most that are legal at their places and make nothing recorded illegal."""
    held = [step(one, 50 + number) for number, one in enumerate(waiting)]
    assert names(fitting(story(*history), held)) == joined.split()


def test_recorded_disorder_hinders_nothing() -> None:
    """Imported history that the table would not have does not keep a live event out."""
    history = story("completed@0", "accepted@1")
    assert fitting(history, [step("returned@2")]) == (step("returned@2"),)


def test_many_events_of_one_instant_are_bounded() -> None:
    """Twenty that wait at one instant cost no more than a few selections."""
    held = [step("paid@1", 50 + number) for number in range(HELD_MAX)]
    assert len(fitting(story("accepted@0"), held)) == HELD_MAX


@pytest.mark.parametrize(
    ("history", "event", "expected"),
    [
        (("accepted@0", "asked@1"), "asked@3", "brought"),
        (("accepted@0", "asked@1"), "completed@3", "brought"),
        (("accepted@0", "asked@1"), "returned@3", "brought completed"),
        (("accepted@0",), "returned@3", "completed"),
        (("accepted@0",), "returned@0", "completed"),
        (("accepted@0",), "brought@3", "asked"),
        (("accepted@0", "invoiced@1"), "asked@3", "paid"),
        (("submitted@0",), "assigned@1", "accepted"),
        (("submitted@0", "asked@1"), "asked@2", "brought"),
        # Dated before what was asked: another request is missing before it.
        (("accepted@0", "asked@5"), "brought@4", "asked"),
        # Dated before the end: what makes the rest legal again is missing behind it.
        (("accepted@0", "completed@9"), "asked@5", "brought"),
        (("accepted@0", "asked@1", "brought@9"), "brought@5", "asked"),
    ],
)
def test_an_event_names_what_it_waits_for(
    history: tuple[str, ...], event: str, expected: str
) -> None:
    """The fewest events that would make it, and all that is recorded, legal."""
    found = missing_for(story(*history), step(event))
    assert found is not None
    assert list(found) == [SHORT[one] for one in expected.split()]
    assert len(found) <= MISSING_MAX


@pytest.mark.parametrize(
    ("history", "event"),
    [
        (("accepted@0",), "accepted@1"),
        (("accepted@0",), "submitted@1"),
        (("submitted@0",), "submitted@1"),
        (("accepted@0", "completed@9"), "assigned@10"),
        (("accepted@0", "completed@9"), "completed@5"),
        (("accepted@0", "completed@9", "returned@10"), "returned@11"),
        (("accepted@0", "withdrawn@9"), "completed@10"),
        (("accepted@0", "withdrawn@9"), "completed@5"),
    ],
)
def test_what_nothing_can_make_legal_waits_for_nothing(
    history: tuple[str, ...], event: str
) -> None:
    """A second beginning, a second end and work after the end are refused at once."""
    assert missing_for(story(*history), step(event)) is None


def test_the_published_table_agrees_with_the_rule() -> None:
    """In an open status, what is not allowed waits, but for a second beginning."""
    for status in (Status.ACCEPTED, Status.PROCESSING, Status.PAYMENT_REQUESTED):
        for name in SHORT.values():
            expected = name not in {"dossier.submitted", "dossier.accepted"}
            found = waits_for(status, name, was_accepted=True)
            assert (found is not None) == expected, (status, name)
    for status in (Status.REFUSED, Status.WITHDRAWN, Status.STOPPED, Status.RETURNED):
        assert all(
            waits_for(status, name, was_accepted=True) is None for name in SHORT.values()
        )
