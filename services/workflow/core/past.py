"""A subject's past: its events, decoded only when somebody looks at them."""

from collections.abc import Iterator, Sequence

from shared.events.envelope import Event, decode, encode
from shared.events.units import Current, event_under


class Past:
    """The events applied to a subject, in the order of their numbers.

    Most looks at a subject need none of them, and what came once is stored as it came: so they
    stay the bytes of their records until they are asked for. Then they are read with `current`,
    which gives the units their codes of now.
    """

    __slots__ = ("_current", "_events", "_values")

    def __init__(self, values: Sequence[bytes] = (), current: Current | None = None) -> None:
        self._values: list[bytes] = list(values)
        self._current = current
        self._events: list[Event] | None = None if values else []

    def __iter__(self) -> Iterator[Event]:
        """Yield the events."""
        return iter(self._decoded())

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._values)

    def append(self, event: Event) -> None:
        """Add the newest event."""
        self._values.append(encode(event))
        if self._events is not None:
            self._events.append(event)

    def knows(self, name: str) -> bool:
        """Say whether an event of that name is among them."""
        return any(event.name == name for event in self)

    def values(self) -> list[bytes]:
        """Return the events in stored form."""
        return list(self._values)

    def _decoded(self) -> list[Event]:
        if self._events is None:
            self._events = [decode(value) for value in self._values]
            if self._current is not None:
                self._events = [event_under(event, self._current) for event in self._events]
        return self._events
