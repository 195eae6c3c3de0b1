"""When intake has told how far it has read, and when there is more to tell."""

from datetime import UTC, datetime, timedelta

import pytest

from services.intake.usecases.progress import PublishProgress
from services.intake.usecases.work import InWork
from shared.ops.clock import FixedClock
from tests.fakes.subjects import MemoryPublisher

NOON = datetime(2026, 8, 3, 5, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
HELD = ("motcua.inbound.demo.v1", 0)
GIVEN = ("motcua.inbound.demo.v1", 1)


class Inbound:
    """Where partitions stand, as the test says."""

    def __init__(self) -> None:
        self.ends = {HELD: 3}
        self.offsets = {HELD: 3}

    async def high_watermarks(self) -> dict[tuple[str, int], int]:
        """Return the high watermarks."""
        return dict(self.ends)

    async def next_offsets(self) -> dict[tuple[str, int], int]:
        """Return the positions."""
        return dict(self.offsets)


async def _nothing_pending() -> datetime | None:
    return None


@pytest.mark.asyncio
async def test_a_clock_that_stands_leaves_nothing_more_to_tell() -> None:
    """Until it moves on, a partition is given to us, or one is read that lagged."""
    clock, inbound = FixedClock(NOON), Inbound()
    progress = PublishProgress(
        inbound, MemoryPublisher(), InWork(clock), _nothing_pending, http_number=0
    )
    assert not progress.stands_at(NOON, inbound.offsets)
    await progress()
    assert progress.stands_at(NOON, inbound.offsets)

    clock.advance(QUARTER)
    inbound.ends[HELD] = 4
    assert not progress.stands_at(clock.now(), inbound.offsets)
    await progress()
    assert not progress.stands_at(clock.now(), inbound.offsets)
    inbound.offsets[HELD] = 4
    await progress()
    assert progress.stands_at(clock.now(), inbound.offsets)

    inbound.ends[GIVEN] = inbound.offsets[GIVEN] = 0
    assert not progress.stands_at(clock.now(), inbound.offsets)
    await progress()
    assert progress.stands_at(clock.now(), inbound.offsets)
