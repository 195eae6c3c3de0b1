"""Watchdog of a consumer: records wait, and the client has stopped fetching them.

aiokafka's client can stop working for good when a broker dies under load. A quiet topic, a
paused process, a rebalance, a slow fetch or a broker that is away is none of that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from shared.subjects.read_positions import Place

STUCK_S: Final = 120.0
"""For how long the same next offset must have waited."""

LOOK_S_MAX: Final = 10.0
"""How much of the time between two looks counts: a process that was paused saw none of it."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a consumer found.

    Attributes:
        now_s: By a clock that never goes back.
        ends: The last stable offset of each partition held, as the broker answers.
        next_offsets: Our position in each, by what is durable.
        fetched_at: When the client's last fetch of each ended, by any clock; a change counts.
        in_hand: Whether the handler has a batch.
        halted: Partitions that are not to be read, so that nothing is expected of the client.
    """

    now_s: float
    ends: Mapping[Place, int]
    next_offsets: Mapping[Place, int]
    fetched_at: Mapping[Place, int]
    in_hand: bool
    halted: frozenset[Place] = frozenset()


@dataclass(slots=True)
class Wait:
    """A next offset that has something to read after it.

    Attributes:
        next_offset: The offset that waits.
        since_s: When it was first seen waiting.
        idle_s: For how long we have watched since, without a fetch and without a batch in hand.
        fetched_at: As the last look found it.
    """

    next_offset: int
    since_s: float
    idle_s: float
    fetched_at: int | None


@dataclass(slots=True)
class Watchdog:
    """Remembers what waits from look to look; one for each subscription.

    Attributes:
        limit_s: After how much idle time the client counts as stuck.
        look_s_max: How much of the time between two looks counts.
        waits: What the last look found waiting.
    """

    limit_s: float = STUCK_S
    look_s_max: float = LOOK_S_MAX
    waits: dict[Place, Wait] = field(default_factory=dict)
    _looked_at_s: float | None = None

    def look(self, look: Look) -> None:
        """Compare what waits now with what waited at the look before."""
        before_s = look.now_s if self._looked_at_s is None else self._looked_at_s
        step_s = min(look.now_s - before_s, self.look_s_max)
        self._looked_at_s = look.now_s
        waits: dict[Place, Wait] = {}
        for place, next_offset in look.next_offsets.items():
            if look.ends.get(place, next_offset) <= next_offset:
                continue
            fetched_at = look.fetched_at.get(place)
            wait = self.waits.get(place)
            if wait is None or wait.next_offset != next_offset:
                wait = Wait(next_offset, look.now_s, 0.0, fetched_at)
            elif look.in_hand or place in look.halted or wait.fetched_at != fetched_at:
                wait.idle_s, wait.fetched_at = 0.0, fetched_at
            else:
                wait.idle_s += step_s
            waits[place] = wait
        self.waits = waits

    def forget(self) -> None:
        """Begin anew: the broker did not answer, so nothing is known of what waits."""
        self.waits.clear()

    def waited_s(self, topic: str, now_s: float) -> float:
        """Return for how long the topic's longest waiting next offset has been seen waiting."""
        since = [wait.since_s for (name, _), wait in self.waits.items() if name == topic]
        return max(0.0, now_s - min(since)) if since else 0.0

    def stuck(self) -> Place | None:
        """Return a partition that has waited for too long; None while the client works."""
        return next(
            (place for place, wait in self.waits.items() if wait.idle_s >= self.limit_s), None
        )
