"""Events of one instant, in the order that the national statuses allow.

Written from the published table of transitions by hand; nothing of the services is used.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from deploy.auditor.core.history import Fact

_WORK: Final = (2, 4, 5, 6)
_OPEN: Final = (1, *_WORK)
_ENDED: Final = {3, 7, 8, 9, 10}

MOVES: Final[dict[str, dict[int, int]]] = {
    "dossier.submitted": {0: 1},
    "dossier.accepted": {0: 2, 1: 2, 5: 2},
    "dossier.assigned": {2: 4, 4: 4, 5: 5, 6: 6},
    "dossier.supplement_requested": {1: 5, 2: 5, 4: 5},
    "dossier.supplement_received": {5: 4},
    "dossier.payment_requested": {2: 6, 4: 6},
    "dossier.paid": {2: 2, 4: 4, 5: 5, 6: 4, 9: 9},
    "dossier.refused": dict.fromkeys(_OPEN, 3),
    "dossier.withdrawn": dict.fromkeys(_OPEN, 7),
    "dossier.stopped": dict.fromkeys(_WORK, 8),
    "dossier.completed": {2: 9, 4: 9, 6: 9},
    "dossier.returned": {9: 10},
}
"""What moves a status, in the order in which such events of one instant are taken."""

STAYS: Final[dict[str, tuple[int, ...]]] = {
    "dossier.arrived": _OPEN,
    "dossier.moved": _OPEN,
    "dossier.step_started": _WORK,
    "dossier.step_finished": (*_WORK, 9),
    "dossier.confirmation_requested": _WORK,
    "dossier.confirmed": _WORK,
    "dossier.apology_issued": _WORK,
    "dossier.extended": _WORK,
    "dossier.result_disputed": (9, 10),
    "dossier.result_corrected": (9, 10),
    "obligation.acknowledged": tuple(range(1, 11)),
    "notice.proven": tuple(range(1, 11)),
    "notice.undeliverable": tuple(range(1, 11)),
}

ALWAYS: Final[dict[str, int]] = {
    "dossier.submitted": 1,
    "dossier.accepted": 2,
    "dossier.assigned": 4,
    "dossier.supplement_requested": 5,
    "dossier.payment_requested": 6,
    "dossier.paid": 4,
    "dossier.refused": 3,
    "dossier.withdrawn": 7,
    "dossier.stopped": 8,
    "dossier.completed": 9,
    "dossier.returned": 10,
}
"""Where what is recorded against the table leaves an open dossier."""

_ORDER: Final = {name: number for number, name in enumerate(MOVES, start=1)}


def by_moment(facts: Iterable[Fact]) -> list[Fact]:
    """Order facts by their moments; those of one moment as the statuses allow."""
    known = sorted(facts, key=lambda fact: (fact.time, fact.sequence))
    ordered: list[Fact] = []
    status, accepted = 0, False
    while known:
        together = [fact for fact in known if fact.time == known[0].time]
        known = known[len(together) :]
        while together:
            fact = _next(together, status, accepted=accepted)
            together.remove(fact)
            ordered.append(fact)
            status = after(fact.name, status, accepted=accepted)
            accepted = accepted or fact.name == "dossier.accepted"
    return ordered


def _next(facts: Sequence[Fact], status: int, *, accepted: bool) -> Fact:
    """Return what comes next: what is allowed, and of that what moves nothing first."""
    found = [fact for fact in facts if allowed(fact.name, status, accepted=accepted)]
    if not found:
        return min(facts, key=lambda fact: fact.sequence)
    return min(found, key=lambda fact: (_ORDER.get(fact.name, 0), fact.sequence))


def allowed(name: str, status: int, *, accepted: bool) -> bool:
    """Say whether an event may come in a status; 0 is no dossier yet."""
    if name in MOVES:
        again = name == "dossier.accepted" and accepted and status not in {0, 1}
        return status in MOVES[name] and not again
    return name not in STAYS or status in STAYS[name]


def after(name: str, status: int, *, accepted: bool) -> int:
    """Return the status after an event that was recorded, allowed or not."""
    if status in _ENDED and name != "dossier.returned":
        return status
    if name == "dossier.supplement_received":
        return 4 if accepted else 1
    if allowed(name, status, accepted=accepted):
        return MOVES.get(name, {}).get(status, status)
    return status if status in _ENDED else ALWAYS.get(name, status)
