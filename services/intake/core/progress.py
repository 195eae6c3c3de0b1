"""How far intake has read: the marks that workflow waits for before it raises anything.

A mark says: everything that reached this input before the moment is on the canonical topics.
A record of an open transaction has reached it, though nobody may read it yet: samples are of
the high watermark, and the mark waits until the transaction has ended.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

SAMPLES_MAX: Final = 2_000  # At two a second, what piles up in some 15 minutes of one batch.

Partition = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Sample:
    """A partition's high watermark at a moment, which was taken before the broker was asked."""

    moment: datetime
    end: int


@dataclass(slots=True)
class Marks:
    """The samples of each partition held that its position has not passed yet."""

    samples: dict[Partition, list[Sample]] = field(default_factory=dict)
    reached: dict[Partition, datetime] = field(default_factory=dict)

    def sample(self, moment: datetime, ends: dict[Partition, int]) -> None:
        """Remember where each partition ends, and forget partitions that went elsewhere."""
        for partition in [known for known in self.samples if known not in ends]:
            del self.samples[partition]
            self.reached.pop(partition, None)
        for partition, end in ends.items():
            kept = self.samples.setdefault(partition, [])
            if kept and kept[-1].end == end:
                kept[-1] = Sample(max(kept[-1].moment, moment), end)
            elif len(kept) < SAMPLES_MAX:
                kept.append(Sample(moment, end))

    def advance(self, positions: dict[Partition, int]) -> dict[Partition, datetime]:
        """Return the mark of each partition whose position has passed a sample."""
        for partition, position in positions.items():
            kept = self.samples.get(partition, [])
            passed = [sample for sample in kept if sample.end <= position]
            if passed:
                mark = passed[-1].moment
                self.reached[partition] = max(self.reached.get(partition, mark), mark)
                # The last one stays: an idle partition's next sample only moves its moment.
                self.samples[partition] = kept[len(passed) - 1 :]
        return dict(self.reached)


def http_mark(
    now: datetime, in_work: Iterable[datetime], oldest_pending: datetime | None
) -> datetime:
    """Return the mark of the HTTP door.

    Args:
        now: Taken before `in_work` and `oldest_pending` were looked at.
        in_work: The recording times of requests that are not durable yet.
        oldest_pending: The least recording time that still waits in an outbox.
    """
    candidates = [now, *in_work]
    if oldest_pending is not None:
        candidates.append(oldest_pending)
    return min(candidates)
