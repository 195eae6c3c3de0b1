"""Late events: until when an overdue moment waits for the rest of a backlog (decision 0028).

A moment is overdue at once when it lies before the recording of the event that shows it. More
of that publisher's backlog may still be on its way, and may end what seems overdue. So the
moment waits until nothing late has come for a while, and never longer than `LATE_WAIT_MAX`.
"""

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from shared.events.codes import publisher_of
from shared.events.envelope import Event
from shared.events.progress import LATE_WAIT_MAX

OWN: Final = frozenset({"notifications", "workflow"})
"""Our own publishers: what they send answers us, and is no part of anybody's backlog."""

RECORDINGS_MAX: Final = 64
"""How many recordings of one subject are kept; the newest and the earliest stay."""


@dataclass(frozen=True, slots=True)
class Recordings:
    """When a subject's events were recorded, as far as a wait can depend on it.

    Attributes:
        publisher: Who sent the newest event.
        moments: When events were recorded, earliest first, each moment once: the newest, those
            less than `LATE_WAIT_MAX` before it, and the last one before these.
        late: When the last late event of that publisher was recorded, as far as a sweep has
            taken it into account.
    """

    publisher: str
    moments: tuple[datetime, ...]
    late: datetime | None = None

    @property
    def newest(self) -> datetime:
        """When the newest event was recorded."""
        return self.moments[-1]


def with_event(known: Recordings | None, event: Event, now: datetime) -> Recordings | None:
    """Return the recordings with those of one more event.

    Imported history starts no wait: nobody is alerted of what it shows. Nor do our own
    acknowledgements and proofs.
    """
    publisher = publisher_of(event.source)
    if publisher is None or publisher in OWN or event.backfill:
        return known
    recorded = event.recordedtime or now
    if known is None:
        return Recordings(publisher, (recorded,))
    if recorded < known.newest:
        return replace(known, moments=_kept(tuple(sorted({*known.moments, recorded}))))
    moments = known.moments
    if recorded > known.newest:
        moments = _kept((*moments, recorded))
    late = known.late if publisher == known.publisher else None
    return Recordings(publisher, moments, late)


def with_late(known: Recordings, late: datetime | None) -> Recordings:
    """Return the recordings with the publisher's last late event, if that is news."""
    if late is None or (known.late is not None and late <= known.late):
        return known
    return replace(known, late=late)


def ready_at(
    recordings: Recordings | None, at: datetime, *, known_at: datetime, wait: timedelta
) -> datetime:
    """Return after which moment something that is due `at` is acted on.

    Args:
        recordings: Those of its subject; None while no publisher has sent anything.
        at: Its own moment.
        known_at: When that moment was given to it: no earlier recording made it overdue.
        wait: How long nothing late must have come.

    Returns:
        `at` itself, unless the newest event was recorded after it.
    """
    if recordings is None or at >= recordings.newest:
        return at
    newest = recordings.newest
    quiet_since = newest if recordings.late is None else max(newest, recordings.late)
    first = next(
        (moment for moment in recordings.moments if moment > at and moment >= known_at), newest
    )
    return min(quiet_since + wait, first + LATE_WAIT_MAX)


def _kept(moments: tuple[datetime, ...]) -> tuple[datetime, ...]:
    """Leave out the recordings that no wait depends on any more.

    What the last one before `LATE_WAIT_MAX` made overdue has waited long enough, and so has
    whatever an earlier one did.
    """
    since = moments[-1] - LATE_WAIT_MAX
    kept = moments[max(0, bisect_right(moments, since) - 1) :]
    return kept if len(kept) <= RECORDINGS_MAX else (*kept[: RECORDINGS_MAX - 1], kept[-1])
