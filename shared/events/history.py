"""What really happened: a subject's history with its corrections applied.

Every service keeps what it has applied of a subject and folds it again when a correction comes.
This is the one rule by which they do.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from shared.events.answers import Corrected
from shared.events.envelope import Event
from shared.events.registry import REGISTRY


@dataclass(frozen=True, slots=True)
class Effective:
    """The events that hold, in the order of what happened, and what could not be applied."""

    events: tuple[Event, ...]
    unknown: tuple[Event, ...]
    """Corrections of events that this history does not have, or with data of another type."""


def effective(history: Sequence[Event]) -> tuple[Event, ...]:
    """Give the events that hold, ordered by when they happened, then by sequence.

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
    held.sort(key=lambda event: (event.time, _sequence(event)))
    return Effective(events=tuple(held), unknown=tuple(unknown))


def _sequence(event: Event) -> int:
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
