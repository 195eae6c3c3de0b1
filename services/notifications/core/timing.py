"""When a notice may go: quiet hours in the authority's zone, and the pace of retries."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from shared.calendar.zone import ICT

BACKOFF: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""Pauses after each refusal; after the last one a notice has waited 75 hours.

Source: Standard Webhooks 1.0, which other providers bear as well.
"""

HORIZON: Final = timedelta(hours=80)
"""How long after the first try a channel is given up, whatever the count."""

WAIT_FIRST: Final = timedelta(milliseconds=500)
WAIT_LONGEST: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Between `opens` and `closes`, local time, routine notices may go."""

    opens: time = time(7)
    closes: time = time(21)

    def open_from(self, now: datetime) -> datetime:
        """Return `now` if routine notices may go, else the next moment when they may."""
        local = now.astimezone(ICT)
        if self.opens <= local.time() < self.closes:
            return now
        day = local.date() if local.time() < self.opens else local.date() + timedelta(days=1)
        return datetime.combine(day, self.opens, ICT).astimezone(now.tzinfo)


@dataclass(frozen=True, slots=True)
class Pace:
    """How a refused message is tried again.

    `scale` shortens every pause alike, for demonstrations that run on a fast clock.
    """

    steps: tuple[timedelta, ...] = BACKOFF
    horizon: timedelta = HORIZON
    scale: float = 1.0

    def next_try(
        self,
        notice_id: str,
        attempt: int,
        *,
        tried_since: datetime,
        wall: datetime,
        wanted: timedelta | None = None,
    ) -> datetime | None:
        """Return when to try again, or None when the channel is to be given up.

        Args:
            notice_id: Spreads the retries of a crowd, the same way each time.
            attempt: How many tries there were, from 1.
            tried_since: When the first of them was.
            wall: The moment now.
            wanted: What the provider asked for (`Retry-After`); never shortens a pause.
        """
        assert attempt >= 1, "a retry follows a try"
        if attempt > len(self.steps):
            return None
        pause = self.steps[attempt - 1] * self.scale * spread(notice_id, attempt)
        if wanted is not None:
            pause = max(pause, wanted)
        due = wall + pause
        return due if due - tried_since <= self.horizon else None


def spread(notice_id: str, attempt: int) -> float:
    """Return a factor from 0.8 to 1.2 that is the same for the same notice and attempt."""
    digest = hashlib.sha256(f"{notice_id}/{attempt}".encode()).digest()
    return 0.8 + 0.4 * int.from_bytes(digest[:4], "big") / 0xFFFF_FFFF


def next_look(*, waits_since: datetime | None, wall: datetime) -> datetime:
    """Return when to look again for what comes from upstream: twice as late each time."""
    waited = wall - (waits_since or wall)
    return wall + min(max(WAIT_FIRST, waited), WAIT_LONGEST)
