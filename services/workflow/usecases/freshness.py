"""Up to which moment may we act? Never on stale data, and never silent for ever."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.workflow.ports import Ends, Holding, Progress, WallClock

STILL_SECONDS_MAX: Final = 15 * 60
"""How long intake's least mark may stand still before we act on what we have."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """What may be acted on.

    Attributes:
        upto: Everything that happened before this moment is known, or has to do.
        incomplete_since: Since when data may be missing; None while all is well.
        late: When the last late event of each publisher was recorded.
    """

    upto: datetime
    incomplete_since: datetime | None = None
    late: Mapping[str, datetime] = field(default_factory=dict)


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
        mark, late = self._progress.least(), self._progress.late()
        if mark != self._mark or (mark is not None and mark >= now):
            self._mark, self._moved_at = mark, self._wall()
        if self._wall() - self._moved_at >= self._still_seconds_max:
            return Fresh(now, mark or now, late)
        return None if mark is None else Fresh(min(mark, now), late=late)


@dataclass(frozen=True, slots=True)
class Readable:
    """What may be swept now.

    Attributes:
        shards: Which shards.
        fresh: Up to when, and since when data may be missing.
        whole: Whether that is all of our shards.
    """

    shards: frozenset[int]
    fresh: Fresh
    whole: bool


@dataclass(frozen=True, slots=True)
class _Awaited:
    """Ends, asked for after marks were read, that our shards have not all passed yet."""

    held: frozenset[int]
    fresh: Fresh
    ends: Ends
    since: float


@dataclass(slots=True)
class ReadTogether:
    """Lets no shard be swept ahead of another of ours that is behind the same marks.

    What befell a centre stands on one shard and its dossiers on others: were those swept while
    the centre's waits to be read, each dossier would be told of by itself. The ends are those
    of one moment, so a stream that never pauses is passed all the same; and a shard that does
    not move holds the others up no longer than a mark that stands still.
    """

    holding: Holding
    wall: WallClock
    still_seconds_max: float = STILL_SECONDS_MAX
    _awaited: _Awaited | None = field(default=None)

    async def look(self, fresh: Fresh) -> Readable:
        """Say which shards may be swept, and up to when; none while some are behind.

        Raises:
            UnavailableError: the broker did not say how far there is to read.
        """
        held = self.holding.shards()
        if fresh.incomplete_since is not None:
            self._awaited = None
            return Readable(held, fresh, whole=True)
        awaited = self._awaited
        if awaited is None or awaited.held != held:
            since = self.wall() if awaited is None else awaited.since
            awaited = _Awaited(held, fresh, await self.holding.ends(), since)
        passed = self.holding.passed(awaited.ends)
        if passed == held:
            self._awaited = None
            return Readable(held, awaited.fresh, whole=True)
        self._awaited = awaited
        if self.wall() - awaited.since < self.still_seconds_max:
            return Readable(frozenset(), awaited.fresh, whole=False)
        return Readable(self.holding.passed(await self.holding.ends()), fresh, whole=False)
