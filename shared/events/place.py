"""The place of an event in its dossier's history: it fits there, or it waits for another.

A publisher's events may arrive in another order than they happened in. Intake, `motcua check`
and the published contract decide by the two functions below, from the transition table alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import chain, combinations, groupby
from typing import Final

from shared.events.faults import Fault
from shared.events.history import Happening, in_order, through
from shared.events.transitions import BEGINNING, TABLE, Course, Status, follow, is_legal

MISSING_MAX: Final = 2
"""How many events may be missing before one that waits.

From any status of an open dossier two are enough for whatever can still follow.
"""

HELD_MAX: Final = 20
"""How many events of one subject may wait at a time."""

ORDER_RULES: Final = frozenset(
    {"illegal-transition", "wait-ends-before-it-starts", "overlapping-waits"}
)
"""What is wrong with an event only because of what is, or is not yet, recorded before it."""

SAME_INSTANT_MAX: Final = 4
"""Of how many waiting events of one instant every selection is tried."""


@dataclass(frozen=True, slots=True)
class Step:
    """As much of an event as its place depends on."""

    name: str
    time: datetime
    sequence: int

    @classmethod
    def of(cls, event: Happening) -> "Step":
        """Return the step that a recorded event is."""
        return cls(event.name, event.time, event.sequence or 0)


def is_of_order(faults: Sequence[Fault]) -> bool:
    """Return whether nothing is wrong but the order of events."""
    return all(one.rule in ORDER_RULES for one in faults)


Ways = dict[Course, tuple[Step, ...]]


def fitting(history: Sequence[Step], waiting: Sequence[Step]) -> tuple[Step, ...]:
    """Return the most of `waiting` that fit into a history together, in order of occurrence.

    Each is legal at its place, and no recorded event that was legal becomes illegal. A recorded
    event that is illegal without them, as imported history has it, hinders nothing.
    Sequences are unique among both.
    """
    if not waiting:
        return ()
    before, later, legal = _parted(history, min(one.time for one in waiting))
    ways: Ways = {before: ()}
    wanted = frozenset(one.sequence for one in waiting)
    for instant in _instants([*later, *waiting]):
        recorded = [one for one in instant if one.sequence not in wanted]
        candidates = [one for one in instant if one.sequence in wanted]
        after: Ways = {}
        for course, joined in ways.items():
            for chosen in _choices(candidates):
                found = _pass(course, [*recorded, *chosen], legal | _numbers(chosen))
                if found is None:
                    continue
                reached, ordered = found
                more = (*joined, *(one for one in ordered if one.sequence in wanted))
                if reached not in after or len(more) > len(after[reached]):
                    after[reached] = more
        ways = after
    return max(ways.values(), key=len)


def missing_for(history: Sequence[Step], event: Step) -> tuple[str, ...] | None:
    """Return the events, by name, that would make one fit if they came; None if none can.

    The fewest, at most `MISSING_MAX`; before it, or between it and a later event that it would
    make illegal. What is missing may be of its own instant, before or after what is recorded.
    Among events of one instant more may turn out to be missing once these have come: the table
    then orders the instant anew.
    """
    before, later, legal = _parted(history, event.time)
    needed = legal | {event.sequence}
    same = [one for one in later if one.time == event.time]
    rest = list(_instants(later[len(same) :]))
    routes = [[[event, *same], *rest]]
    if all(one.sequence in legal for one in same):
        # One that is illegal may take the event's place as soon as what is missing has come.
        routes += [[same, [event], *rest], [[event], same, *rest]]
    found = [_missing_on(before, route, needed) for route in routes]
    return min((one for one in found if one is not None), key=len, default=None)


def _missing_on(
    course: Course, instants: Sequence[Sequence[Step]], needed: frozenset[int]
) -> tuple[str, ...] | None:
    """Return the fewest events that lead through these instants; None if too many would."""
    ways: dict[Course, tuple[str, ...]] = {course: ()}
    for instant in instants:
        after: dict[Course, tuple[str, ...]] = {}
        for start, names in _with_missing(ways).items():
            found = _pass(start, instant, needed)
            if found is not None and len(names) < len(after.get(found[0], _TOO_MANY)):
                after[found[0]] = names
        ways = after
    return min(ways.values(), key=len, default=None)


def waits_for(status: Status, name: str, *, was_accepted: bool) -> tuple[str, ...] | None:
    """Return what an event waits for that comes as the latest one in a status; None: nothing.

    () where the table allows it.
    """
    ways = _reached((status, was_accepted), MISSING_MAX)
    return min(
        (names for course, names in ways.items() if _allows(course, name)),
        key=len,
        default=None,
    )


_TOO_MANY: Final = ("",) * (MISSING_MAX + 1)


def _allows(course: Course, name: str) -> bool:
    return is_legal(course[0], name, was_accepted=course[1])


def _parted(
    history: Sequence[Step], moment: datetime
) -> tuple[Course, list[Step], frozenset[int]]:
    """Return the course before a moment, what is recorded from then on, and what is legal."""
    course, before = BEGINNING, BEGINNING
    later: list[Step] = []
    legal: set[int] = set()
    for instant in _instants(in_order(history)):
        if instant[0].time >= moment:
            later += instant
        for one, after, is_right in through(course, instant):
            course = after
            if is_right:
                legal.add(one.sequence)
        if not later:
            before = course
    return before, later, frozenset(legal)


def _instants(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Yield the steps of each instant, in order of time."""
    for _, instant in groupby(sorted(steps, key=_time), key=_time):
        yield list(instant)


def _time(step: Step) -> datetime:
    return step.time


def _pass(
    course: Course, instant: Sequence[Step], needed: frozenset[int]
) -> tuple[Course, list[Step]] | None:
    """Go through an instant; None where one that must be legal is not."""
    ordered: list[Step] = []
    for one, after, legal in through(course, instant):
        if not legal and one.sequence in needed:
            return None
        ordered.append(one)
        course = after
    return course, ordered


def _choices(candidates: Sequence[Step]) -> Iterator[tuple[Step, ...]]:
    """Yield selections of one instant's candidates, the empty one first."""
    if len(candidates) <= SAME_INSTANT_MAX:
        sizes = range(len(candidates) + 1)
        yield from chain.from_iterable(combinations(candidates, size) for size in sizes)
        return
    yield ()
    yield from ((one,) for one in candidates)
    yield from (tuple(candidates[:size]) for size in range(2, len(candidates) + 1))


def _numbers(steps: Sequence[Step]) -> frozenset[int]:
    return frozenset(one.sequence for one in steps)


def _with_missing(
    ways: Mapping[Course, tuple[str, ...]],
) -> dict[Course, tuple[str, ...]]:
    """Return the courses that some more missing events would lead to, with the fewest."""
    found: dict[Course, tuple[str, ...]] = {}
    for course, names in ways.items():
        for reached, more in _reached(course, MISSING_MAX - len(names)).items():
            if len(names) + len(more) < len(found.get(reached, _TOO_MANY)):
                found[reached] = (*names, *more)
    return found


@cache
def _reached(course: Course, missing_max: int) -> dict[Course, tuple[str, ...]]:
    """Return every course that at most so many events lead to, with the fewest of them."""
    found: dict[Course, tuple[str, ...]] = {course: ()}
    edge = [course]
    for _ in range(missing_max):
        further: list[Course] = []
        for start in edge:
            for name in _MOVERS:
                if not _allows(start, name):
                    continue
                reached, _ = follow(start, name)
                if reached not in found:
                    found[reached] = (*found[start], name)
                    further.append(reached)
        edge = further
    return found


_RECEIVED: Final = "dossier.supplement_received"
_MOVERS: Final = sorted(
    dict.fromkeys(row.name for row in TABLE if row.to is not None),
    key=lambda name: name != _RECEIVED,
)
"""As in the table, but first what a dossier in 5 waits for: it names the likelier route."""
