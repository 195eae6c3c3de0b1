"""Events as a fact's document keeps them, without what the document says anyway.

Moments are kept as text, because the store's own instants end at the millisecond.
"""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from shared.events.envelope import Event
from shared.events.registry import REGISTRY

KEPT_MAX: Final = 20_000
"""How many events are kept; some 2 kB each."""

Key = tuple[str, str, str, int | None]
_KEPT: Final = {
    "r": "receivingunit",
    "c": "competentunit",
    "x": "inconsistency",
}


def moment_to_text(moment: datetime) -> str:
    """Write a moment so that text order is order in time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def moment_from_text(text: str) -> datetime:
    """Read a moment; the inverse of `moment_to_text`."""
    return datetime.fromisoformat(text)


class KeptEvents:
    """The events seen last, with their stored form, so that neither is made again and again.

    A history only grows: each save writes, and each load reads, mostly events seen before.
    """

    def __init__(self, most: int = KEPT_MAX) -> None:
        self._most = most
        self._kept: OrderedDict[Key, tuple[Event, dict[str, Any]]] = OrderedDict()

    def document(self, event: Event) -> dict[str, Any]:
        """Write an event; what comes back is shared and must not be changed."""
        key = (event.subject, event.source, event.id, event.sequence)
        kept = self._kept.get(key)
        if kept is not None and kept[0] is event:
            return kept[1]
        document = event_to_document(event)
        self._keep(key, event, document)
        return document

    def event(self, subject: str, document: Mapping[str, Any]) -> Event:
        """Read an event."""
        key = (subject, document["o"], document["i"], document["q"])
        kept = self._kept.get(key)
        if kept is not None and kept[1] == document:
            return kept[0]
        event = event_from_document(subject, document)
        self._keep(key, event, dict(document))
        return event

    def _keep(self, key: Key, event: Event, document: dict[str, Any]) -> None:
        self._kept[key] = (event, document)
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)


def event_to_document(event: Event) -> dict[str, Any]:
    """Write an event of a subject for its document."""
    document: dict[str, Any] = {
        "i": event.id,
        "o": event.source,
        "n": event.name,
        "q": event.sequence,
        "t": moment_to_text(event.time),
        "d": event.data.model_dump(mode="json", exclude_none=True, exclude_defaults=True),
    }
    if event.recordedtime is not None:
        document["w"] = moment_to_text(event.recordedtime)
    for short, name in _KEPT.items():
        value = getattr(event, name)
        if value is not None:
            document[short] = value
    if event.backfill:
        document["b"] = True
    return document


def event_from_document(subject: str, document: Mapping[str, Any]) -> Event:
    """Read an event back; it was checked when it first came, so it is not checked again."""
    name = document["n"]
    recorded = document.get("w")
    return Event.model_construct(
        id=document["i"],
        source=document["o"],
        name=name,
        subject=subject,
        time=moment_from_text(document["t"]),
        sequence=document["q"],
        recordedtime=None if recorded is None else moment_from_text(recorded),
        receivingunit=document.get("r"),
        competentunit=document.get("c"),
        inconsistency=document.get("x"),
        backfill=document.get("b", False),
        data=REGISTRY[name].model.model_validate(document["d"]),
    )
