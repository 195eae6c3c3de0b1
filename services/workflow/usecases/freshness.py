"""Up to which moment may we act? Never on stale data, and never silent for ever."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.workflow.ports import Progress, WallClock

STILL_SECONDS_MAX: Final = 15 * 60
"""How long intake's least mark may stand still before we act on what we have."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """What may be acted on.

    Attributes:
        upto: Everything that happened before this moment is known, or has to do.
        incomplete_since: Since when data may be missing; None while all is well.
    """

    upto: datetime
    incomplete_since: datetime | None = None


class Freshness:
    """Watches intake's least mark."""

    def __init__(
        self,
        progress: Progress,
        wall: WallClock,
        *,
        still_seconds_max: float = STILL_SECONDS_MAX,
    ) -> None:
        self._progress = progress
        self._wall = wall
        self._still_seconds_max = still_seconds_max
        self._mark: datetime | None = None
        self._moved_at = wall()

    def look(self, now: datetime) -> Fresh | None:
        """Say up to when everything is known; None while that cannot be said yet.

        A mark at `now` is as fresh as can be, however long the clock stands.
        """
        mark = self._progress.least()
        if mark != self._mark or (mark is not None and mark >= now):
            self._mark, self._moved_at = mark, self._wall()
        if self._wall() - self._moved_at >= self._still_seconds_max:
            return Fresh(now, mark or now)
        return None if mark is None else Fresh(min(mark, now))
