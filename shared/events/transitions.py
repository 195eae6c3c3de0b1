"""The ten statuses of the national portal and the one table of what may follow what.

The numbers are `TrangThaiHoSo` 1–10. The table is data, and published with the contract.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Literal


class Status(IntEnum):
    """A dossier's status; the number is the national one."""

    SUBMITTED = 1
    ACCEPTED = 2
    REFUSED = 3
    PROCESSING = 4
    SUPPLEMENT_REQUESTED = 5
    PAYMENT_REQUESTED = 6
    WITHDRAWN = 7
    STOPPED = 8
    COMPLETED = 9
    RETURNED = 10


OPEN: Final = frozenset({Status(number) for number in (1, 2, 4, 5, 6)})
ENDED: Final = frozenset(Status) - OPEN

When = Literal["always", "before_acceptance", "after_acceptance"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `to` None leaves the status; a start of None is no dossier yet.

    `marked`: such an event is allowed after the end, but imported history that has one is
    marked `after-end`, because it says that work went on in a dossier that had ended.
    """

    name: str
    start: frozenset[Status | None]
    to: Status | None
    when: When = "always"
    marked: bool = False


def _row(
    name: str,
    start: tuple[int | None, ...],
    to: int | None,
    when: When = "always",
    *,
    marked: bool = False,
) -> Row:
    return Row(
        name=name,
        start=frozenset(None if number is None else Status(number) for number in start),
        to=None if to is None else Status(to),
        when=when,
        marked=marked,
    )


_ANY = tuple(int(status) for status in Status)
_OPEN = (1, 2, 4, 5, 6)
_WORK = (2, 4, 5, 6)

TABLE: Final[tuple[Row, ...]] = (
    _row("dossier.submitted", (None,), 1),
    _row("dossier.accepted", (None, 1), 2),
    _row("dossier.accepted", (5,), 2, "before_acceptance"),
    _row("dossier.refused", (1, 2, 4, 5, 6), 3),
    _row("dossier.arrived", _OPEN, None),
    _row("dossier.assigned", (2, 4), 4),
    _row("dossier.assigned", (5, 6), None),
    _row("dossier.step_started", _WORK, None),
    _row("dossier.step_finished", _WORK, None),
    _row("dossier.step_finished", (9,), None, marked=True),
    _row("dossier.supplement_requested", (1, 2, 4), 5),
    _row("dossier.supplement_received", (5,), 1, "before_acceptance"),
    _row("dossier.supplement_received", (5,), 4, "after_acceptance"),
    _row("dossier.confirmation_requested", _WORK, None),
    _row("dossier.confirmed", _WORK, None),
    _row("dossier.payment_requested", (2, 4), 6),
    _row("dossier.paid", (6,), 4),
    _row("dossier.paid", (2, 4, 5, 9), None),
    _row("dossier.apology_issued", _WORK, None),
    _row("dossier.extended", _WORK, None),
    _row("dossier.moved", _OPEN, None),
    _row("dossier.withdrawn", (1, 2, 4, 5, 6), 7),
    _row("dossier.stopped", (2, 4, 5, 6), 8),
    _row("dossier.completed", (2, 4, 6), 9),
    _row("dossier.returned", (9,), 10),
    _row("dossier.result_disputed", (9, 10), None),
    _row("dossier.result_corrected", (9, 10), None),
    _row("dossier.corrected", _ANY, None),
    _row("obligation.acknowledged", _ANY, None),
    _row("notice.proven", _ANY, None),
    _row("notice.undeliverable", _ANY, None),
)


def _indexed() -> Mapping[tuple[str, Status | None, bool], Row]:
    index: dict[tuple[str, Status | None, bool], Row] = {}
    for row in TABLE:
        for status in row.start:
            for was_accepted in (False, True):
                if row.when == ("before_acceptance" if was_accepted else "after_acceptance"):
                    continue
                assert (row.name, status, was_accepted) not in index, "two rows for one case"
                index[row.name, status, was_accepted] = row
    return index


_INDEX: Final = _indexed()
NAMES: Final = frozenset(row.name for row in TABLE)

MAY_FOLLOW_THE_END: Final = frozenset(
    row.name for row in TABLE if row.start & ENDED and not row.marked
)
"""What rightly happens after a dossier has ended, so that imported history is not marked."""

Course = tuple[Status | None, bool]
"""Where a dossier is: its status, and whether it was ever accepted."""

BEGINNING: Final[Course] = (None, False)


class IllegalTransition(Exception):  # noqa: N818  # It is an answer, not an accident.
    """The table has no row for this event in this status."""

    def __init__(
        self, name: str, current: Status | None, allowed: frozenset[Status | None]
    ) -> None:
        super().__init__(f"{name} may not follow status {current}")
        self.name = name
        self.current = current
        self.allowed = allowed


def allowed_from(name: str) -> frozenset[Status | None]:
    """Give the statuses in which an event may come; None among them: as the first one."""
    return frozenset(status for row in TABLE if row.name == name for status in row.start)


def next_status(current: Status | None, name: str, *, was_accepted: bool) -> Status:
    """Give the status after an event; `was_accepted` says whether it was ever accepted.

    Raises:
        IllegalTransition: The table has no row for it.
    """
    row = _INDEX.get((name, current, was_accepted))
    if row is None:
        raise IllegalTransition(name, current, allowed_from(name))
    if row.to is not None:
        return row.to
    assert current is not None, "a first event always sets a status"
    return current


def is_legal(current: Status | None, name: str, *, was_accepted: bool) -> bool:
    """Say whether the table has a row for it."""
    return (name, current, was_accepted) in _INDEX


def recorded_status(
    current: Status | None, name: str, *, was_accepted: bool
) -> tuple[Status | None, bool]:
    """Give the status after an event that is recorded as it is, and whether the table has it.

    For imported history and refolds. What the table would refuse counts with its moment, moves
    an open dossier where the event has one plain target, and never leaves an ended status.
    """
    if is_legal(current, name, was_accepted=was_accepted):
        return next_status(current, name, was_accepted=was_accepted), True
    if current in ENDED:
        return current, False
    targets = {row.to for row in TABLE if row.name == name and row.to is not None}
    if name == "dossier.supplement_received":
        return (Status.PROCESSING if was_accepted else Status.SUBMITTED), False
    return (targets.pop() if len(targets) == 1 else current), False


Mark = Literal["before-start", "after-end", "illegal-transition"]


def mark_of(current: Status | None, name: str, *, was_accepted: bool) -> Mark | None:
    """Give the inconsistency mark of an imported event; None where the table has it."""
    if is_legal(current, name, was_accepted=was_accepted):
        return None
    if current is None:
        return "before-start"
    return "after-end" if current in ENDED else "illegal-transition"


def follow(course: Course, name: str) -> tuple[Course, bool]:
    """Give the course after an event that is recorded as it is, and whether the table has it.

    What is no event of a dossier changes nothing and is always in order.
    """
    if name not in NAMES:
        return course, True
    status, was_accepted = course
    after, legal = recorded_status(status, name, was_accepted=was_accepted)
    return (after, was_accepted or name == "dossier.accepted"), legal
