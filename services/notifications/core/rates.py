"""How much one recipient is sent: a bucket for each, and merging instead of flooding."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

MERGED_MAX: Final = 50
"""How many notices one message may carry; the rest goes in the next."""

DIGEST_MAX: Final = 1_500
"""How many notices one digest may carry: their marks fit into the headers that relays take."""

ItemT = TypeVar("ItemT")
KeyT = TypeVar("KeyT", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `burst` messages at once, and one more every `interval` (GCRA)."""

    burst: int
    interval: timedelta

    def __post_init__(self) -> None:
        """Refuse a rate that lets nothing through."""
        assert self.burst >= 1, "a rate lets something through"
        assert self.interval > timedelta(0), "an interval is positive"

    def take(self, drained_at: datetime | None, now: datetime) -> "Taking":
        """Try to take one message out of a bucket.

        Args:
            drained_at: The bucket: the moment when it will be full again; None for a new one.
            now: The moment of the attempt.
        """
        full_at = max(drained_at or now, now)
        earliest = full_at + self.interval - self.interval * self.burst
        if earliest > now:
            return Taking(allowed=False, drained_at=full_at, again_at=earliest)
        return Taking(allowed=True, drained_at=full_at + self.interval, again_at=now)


@dataclass(frozen=True, slots=True)
class Taking:
    """What came of taking one: the new bucket, and when the next try makes sense."""

    allowed: bool
    drained_at: datetime
    again_at: datetime


@dataclass(frozen=True, slots=True)
class Crowd(Generic[KeyT, ItemT]):
    """The notices that one recipient is to get by one channel in one pass, oldest first."""

    key: KeyT
    items: Sequence[ItemT]


def crowds(pairs: Sequence[tuple[KeyT, ItemT]]) -> list[Crowd[KeyT, ItemT]]:
    """Gather what goes to the same place, in the order in which each place first came up."""
    gathered: dict[KeyT, list[ItemT]] = {}
    for key, item in pairs:
        gathered.setdefault(key, []).append(item)
    return [Crowd(key, items) for key, items in gathered.items()]


def parcel(items: Sequence[ItemT], *, merge_from: int) -> list[list[ItemT]]:
    """Split a crowd into messages: one each while few, merged from `merge_from` upwards."""
    assert merge_from > 1, "one notice is not merged"
    if len(items) < merge_from:
        return [[item] for item in items]
    return [list(items[i : i + MERGED_MAX]) for i in range(0, len(items), MERGED_MAX)]


def digests(items: Sequence[ItemT]) -> list[list[ItemT]]:
    """Put everything that waited for one person into one message, as far as it holds."""
    return [list(items[i : i + DIGEST_MAX]) for i in range(0, len(items), DIGEST_MAX)]
