"""A subject's past: its events, decoded only when somebody looks at them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shared.events.envelope import Event, from_document, to_document


class Past:
    """The events applied to a subject, in the order of their numbers.

    Most looks at a subject need none of them, and what was stored once is stored again as it
    is: so they stay in stored form until they are asked for.
    """

    __slots__ = ("_documents", "_events")

    def __init__(self, documents: Sequence[Mapping[str, Any]] = ()) -> None:
        self._documents: list[Mapping[str, Any]] = list(documents)
        self._events: list[Event] | None = None if documents else []

    def __iter__(self) -> Iterator[Event]:
        """Yield the events."""
        return iter(self._decoded())

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._documents)

    def append(self, event: Event) -> None:
        """Add the newest event."""
        self._decoded().append(event)
        self._documents.append(to_document(event))

    def knows(self, name: str) -> bool:
        """Say whether an event of that name is among them."""
        return any(event.name == name for event in self)

    def documents(self) -> list[Mapping[str, Any]]:
        """Return the events in stored form."""
        return list(self._documents)

    def _decoded(self) -> list[Event]:
        if self._events is None:
            self._events = [from_document(document) for document in self._documents]
        return self._events
