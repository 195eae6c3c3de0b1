"""What is being recorded at this moment and not yet durable."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from shared.subjects.ports import Clock


@dataclass(slots=True)
class InWork:
    """The recording times of what is on its way to the store.

    The HTTP door's progress mark may not pass them.
    """

    clock: Clock
    _moments: dict[int, datetime] = field(default_factory=dict)
    _next: int = 0

    @contextmanager
    def begin(self) -> Iterator[datetime]:
        """Give the recording time, and hold the mark back until the block has ended."""
        token, self._next = self._next, self._next + 1
        now = self.clock.now()
        self._moments[token] = now
        try:
            yield now
        finally:
            del self._moments[token]

    def moments(self) -> list[datetime]:
        """Return what is being recorded now."""
        return list(self._moments.values())
