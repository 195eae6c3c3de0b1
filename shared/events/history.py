"""What really happened: a subject's history with its corrections applied, in order.

Every service keeps what it has applied of a subject. It folds that again when a correction
comes, or an event that happened before others which are recorded. This is the one rule by which
they do.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise
from typing import Final, Protocol, TypeVar

from pydantic import ValidationError

from shared.events.answers import Corrected
from shared.events.envelope import Event
from shared.events.registry import REGISTRY
from shared.events.transitions import BEGINNING, ENDED, NAMES, TABLE, Course, follow


class Happening(Protocol):
    """What has a place in the order of occurrence."""

    @property
    def name(self) -> str:
        """The event's name."""

    @property
    def time(self) -> datetime:
        """When it happened."""

    @property
    def sequence(self) -> int | None:
        """Which one of its subject it is."""


HappeningT = TypeVar("HappeningT", bound=Happening)


def _ranks() -> dict[str, tuple[int, int]]:
    """Rank the names that move a status: what ends a dossier last, else as in the table."""
    ranks: dict[str, tuple[int, int]] = {}
    for number, row in enumerate(TABLE):
        if row.to is not None:
            ranks.setdefault(row.name, (2 if row.to in ENDED else 1, number))
    return ranks


_RANKS: Final = _ranks()
_UNMOVED: Final = (0, 0)


@dataclass(frozen=True, slots=True)
class Effective:
    """The events that hold, in the order of what happened, and what could not be applied."""

    events: tuple[Event, ...]
    unknown: tuple[Event, ...]
    """Corrections of events that this history does not have, or with data of another type."""


def effective(history: Sequence[Event]) -> tuple[Event, ...]:
    """Give the events that hold, in the order of occurrence (`in_order`).

    A replaced event keeps its id and sequence and has the right time and data; a struck one is
    gone. Corrections themselves are not among them. The last correction of an event holds, and
    a correction that was itself corrected holds as corrected.
    """
    return apply_corrections(history).events


def apply_corrections(history: Sequence[Event]) -> Effective:
    """Give what holds, and beside it the corrections that name nothing known."""
    recorded = sorted(history, key=_sequence)
    corrections = [event for event in recorded if isinstance(event.data, Corrected)]
    right: dict[tuple[str, str], Corrected] = {}
    unknown: list[Event] = []
    for event in reversed(corrections):
        data = _as_corrected(event, right)
        if data is None:
            continue
        targets = [item for item in recorded if _is_target(item, data) and item is not event]
        if not targets:
            unknown.append(event)
        for target in targets:
            right.setdefault((target.source, target.id), data)
    held: list[Event] = []
    for event in recorded:
        if isinstance(event.data, Corrected):
            continue
        try:
            replaced = _replaced(event, right.get((event.source, event.id)))
        except ValidationError:
            unknown.extend(item for item in corrections if _is_target(event, item.data))
            replaced = event
        if replaced is not None:
            held.append(replaced)
    return Effective(events=tuple(in_order(held)), unknown=tuple(unknown))


def in_order(history: Iterable[HappeningT]) -> list[HappeningT]:
    """Order a subject's events by when they happened; those of one instant by the table.

    Of one instant comes first what the transition table allows then: events that move no
    status, by sequence; events that do, as the table lists them; what ends the dossier last.
    What the table allows in no place comes when nothing else is left, by sequence.
    """
    held = sorted(history, key=_when)
    if not any(_may_change_places(one, other) for one, other in pairwise(held)):
        return held
    ordered: list[HappeningT] = []
    course = BEGINNING
    for _, instant in groupby(held, key=lambda one: one.time):
        for one, after, _legal in through(course, list(instant)):
            ordered.append(one)
            course = after
    return ordered


def _may_change_places(one: Happening, other: Happening) -> bool:
    """Say whether the table may order two neighbours otherwise than by sequence.

    Also two that move no status: the table may allow only the later of them then.
    """
    named = one.name in NAMES or other.name in NAMES
    return one.time == other.time and one.name != other.name and named


def through(
    course: Course, instant: Sequence[HappeningT]
) -> Iterator[tuple[HappeningT, Course, bool]]:
    """Yield the events of one instant in order: each, the course after it, whether legal."""
    left = sorted(instant, key=lambda one: (_RANKS.get(one.name, _UNMOVED), _sequence(one)))
    while left:
        chosen = next((one for one in left if follow(course, one.name)[1]), None)
        if chosen is None:
            chosen = min(left, key=_sequence)
        left.remove(chosen)
        course, legal = follow(course, chosen.name)
        yield chosen, course, legal


def _when(event: Happening) -> tuple[datetime, int]:
    return (event.time, _sequence(event))


def _sequence(event: Happening) -> int:
    return event.sequence or 0


def _is_target(event: Event, data: object) -> bool:
    return (
        isinstance(data, Corrected)
        and event.id == data.replaces
        and data.replaces_source in {None, event.source}
    )


def _as_corrected(event: Event, right: dict[tuple[str, str], Corrected]) -> Corrected | None:
    """Give what a correction says after later corrections of it; None when it was struck."""
    assert isinstance(event.data, Corrected), "asked of corrections only"
    later = right.get((event.source, event.id))
    if later is None:
        return event.data
    if later.right is None:
        return None
    return type(event.data).model_validate(later.right.data)


def _replaced(event: Event, correction: Corrected | None) -> Event | None:
    """Give the event with its right time and data; None when it was struck."""
    if correction is None:
        return event
    if correction.right is None:
        return None
    model = REGISTRY[event.name].model
    kept = {"lookup_hash": getattr(event.data, "lookup_hash", None)}
    fields = {**correction.right.data, **{k: v for k, v in kept.items() if v is not None}}
    data = model.model_validate(fields)
    return event.model_copy(update={"time": correction.right.time, "data": data})
