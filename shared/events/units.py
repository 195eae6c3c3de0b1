"""The unit codes that an event names, replaced by current ones.

A unit keeps its identity when its code changes, and history keeps the codes that were sent. So
an event is read under the codes of now wherever it is judged, counted or shown. Subjects and
ids are names and stay as they are.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from shared.events.answers import Corrected
from shared.events.envelope import Event
from shared.events.inbound import InboundEvent
from shared.events.model import EventData
from shared.events.reference import UnitChanged

Current = Callable[[str], str]
"""Returns the current code of the unit that has or had a code; an unknown code as it is."""

FIELDS: Final = ("unit", "from_unit", "to_unit")
"""The fields of an event's data that hold one unit code."""

LISTS: Final = ("units",)
"""The fields of an event's data that hold several."""

AnyEvent = TypeVar("AnyEvent", Event, InboundEvent)
DataT = TypeVar("DataT", bound=EventData)


def as_they_are(code: str) -> str:
    """Return a code as it is, where no unit has a former code."""
    return code


def event_under(event: AnyEvent, current: Current) -> AnyEvent:
    """Return an event with current unit codes; the event itself where it has them already."""
    changes: dict[str, Any] = {}
    for name in ("receivingunit", "competentunit"):
        code = getattr(event, name)
        if code is not None and current(code) != code:
            changes[name] = current(code)
    data = data_under(event.data, current)
    if data is not event.data:
        changes["data"] = data
    if not changes:
        return event
    if isinstance(event, InboundEvent):
        return replace(event, **changes)
    return event.model_copy(update=changes)


def data_under(data: DataT, current: Current) -> DataT:
    """Return an event's data with current unit codes.

    The row of a unit names the code that it gives, so it stays as it is.
    """
    if isinstance(data, UnitChanged):
        return data
    if isinstance(data, Corrected):
        changes = _right_under(data, current)
    else:
        changes = fields_under(vars(data), current)
    return data.model_copy(update=changes) if changes else data


def fields_under(fields: Mapping[str, Any], current: Current) -> dict[str, Any]:
    """Return the fields with unit codes that have other codes now, with these."""
    changes: dict[str, Any] = {}
    for name in FIELDS:
        code = fields.get(name)
        if isinstance(code, str) and current(code) != code:
            changes[name] = current(code)
    for name in LISTS:
        codes = fields.get(name)
        if codes and any(current(code) != code for code in codes):
            changes[name] = tuple(dict.fromkeys(map(current, codes)))
    return changes


def _right_under(data: Corrected, current: Current) -> dict[str, Any]:
    changes = {} if data.right is None else fields_under(data.right.data, current)
    if data.right is None or not changes:
        return {}
    return {
        "right": data.right.model_copy(update={"data": {**data.right.data, **changes}}),
    }
