"""The transition table, against the same table written out by hand."""

import itertools

import pytest

from shared.events.registry import REGISTRY
from shared.events.transitions import (
    ENDED,
    NAMES,
    OPEN,
    IllegalTransition,
    Status,
    allowed_from,
    is_legal,
    mark_of,
    next_status,
    recorded_status,
)

#: Event → {status before: status after}; 0 stands for no dossier yet. A pair of afters is
#: (before acceptance, after acceptance), with None where the table has no row.
BY_HAND: dict[str, dict[int, int | tuple[int | None, int | None]]] = {
    "dossier.submitted": {0: 1},
    "dossier.accepted": {0: 2, 1: 2, 5: (2, None)},
    "dossier.refused": dict.fromkeys((1, 2, 4, 5, 6), 3),
    "dossier.arrived": {n: n for n in (1, 2, 4, 5, 6)},
    "dossier.assigned": {2: 4, 4: 4, 5: 5, 6: 6},
    "dossier.step_started": {n: n for n in (2, 4, 5, 6)},
    "dossier.step_finished": {n: n for n in (2, 4, 5, 6, 9)},
    "dossier.supplement_requested": {1: 5, 2: 5, 4: 5},
    "dossier.supplement_received": {5: (1, 4)},
    "dossier.confirmation_requested": {n: n for n in (2, 4, 5, 6)},
    "dossier.confirmed": {n: n for n in (2, 4, 5, 6)},
    "dossier.payment_requested": {2: 6, 4: 6},
    "dossier.paid": {6: 4, 2: 2, 4: 4, 5: 5, 9: 9},
    "dossier.apology_issued": {n: n for n in (2, 4, 5, 6)},
    "dossier.extended": {n: n for n in (2, 4, 5, 6)},
    "dossier.moved": {n: n for n in (1, 2, 4, 5, 6)},
    "dossier.withdrawn": dict.fromkeys((1, 2, 4, 5, 6), 7),
    "dossier.stopped": dict.fromkeys((2, 4, 5, 6), 8),
    "dossier.completed": dict.fromkeys((2, 4, 6), 9),
    "dossier.returned": {9: 10},
    "dossier.result_disputed": {9: 9, 10: 10},
    "dossier.result_corrected": {9: 9, 10: 10},
    "dossier.corrected": {n: n for n in range(1, 11)},
    "obligation.acknowledged": {n: n for n in range(1, 11)},
    "notice.proven": {n: n for n in range(1, 11)},
    "notice.undeliverable": {n: n for n in range(1, 11)},
}


def test_open_and_ended_part_the_ten_statuses() -> None:
    """Open are 1, 2, 4, 5, 6; the other five are ended."""
    assert {int(status) for status in OPEN} == {1, 2, 4, 5, 6}
    assert {int(status) for status in ENDED} == {3, 7, 8, 9, 10}


def test_every_type_of_a_dossier_is_in_the_table() -> None:
    """A type that intake would write to the dossiers' topic has its rows."""
    on_dossiers = {
        name
        for name, kind in REGISTRY.items()
        if name.startswith("dossier.") or kind.topic is None
    }
    assert on_dossiers == NAMES == BY_HAND.keys()


@pytest.mark.parametrize(
    ("name", "before", "was_accepted"),
    list(itertools.product(BY_HAND, range(11), (False, True))),
)
def test_the_table_is_as_written_by_hand(name: str, before: int, *, was_accepted: bool) -> None:
    """Each event in each status gives the status written by hand, or is illegal."""
    current = Status(before) if before else None
    expected = BY_HAND[name].get(before)
    if isinstance(expected, tuple):
        expected = expected[was_accepted]
    if expected is None:
        assert not is_legal(current, name, was_accepted=was_accepted)
        with pytest.raises(IllegalTransition):
            next_status(current, name, was_accepted=was_accepted)
    else:
        assert next_status(current, name, was_accepted=was_accepted) == expected


def test_an_illegal_transition_says_what_is_allowed() -> None:
    """The refusal can name the statuses in which the event comes."""
    with pytest.raises(IllegalTransition) as refused:
        next_status(Status.REFUSED, "dossier.completed", was_accepted=True)
    assert refused.value.allowed == allowed_from("dossier.completed")
    assert {int(status or 0) for status in refused.value.allowed} == {2, 4, 6}


@pytest.mark.parametrize(
    ("name", "current", "accepted", "after", "mark"),
    [
        ("dossier.completed", None, False, Status.COMPLETED, "before-start"),
        ("dossier.step_started", None, False, None, "before-start"),
        ("dossier.assigned", Status.COMPLETED, True, Status.COMPLETED, "after-end"),
        ("dossier.accepted", Status.RETURNED, True, Status.RETURNED, "after-end"),
        ("dossier.completed", Status.SUBMITTED, False, Status.COMPLETED, "illegal-transition"),
        ("dossier.supplement_received", Status.ACCEPTED, True, Status.PROCESSING, None),
        ("dossier.accepted", Status.SUBMITTED, False, Status.ACCEPTED, None),
    ],
)
def test_history_is_recorded_as_it_is_and_never_leaves_an_ended_status(
    name: str, current: Status | None, after: Status | None, mark: str | None, *, accepted: bool
) -> None:
    """What the table would refuse is marked; it moves an open dossier, never an ended one."""
    status, legal = recorded_status(current, name, was_accepted=accepted)
    assert status == after
    if mark is not None:
        assert not legal
        assert mark_of(current, name, was_accepted=accepted) == mark
    else:
        assert legal == (mark_of(current, name, was_accepted=accepted) is None)
