"""A store that is set back under a process that runs: it publishes nothing more."""

from datetime import UTC, datetime

import pytest

from shared.subjects.errors import UnavailableError
from shared.subjects.ownership import BEAT_S, TAKEOVER_LOOKS, SharedOwnership
from tests.fakes.subjects import MemoryOwners

pytestmark = pytest.mark.asyncio

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


class Seconds:
    """A clock that moves on with each beat."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def process(owners: MemoryOwners, seconds: Seconds, name: str = "one") -> SharedOwnership:
    """Return the ownership of a process."""
    names = iter([name, f"{name}-again"])
    return SharedOwnership(owners, lambda: next(names), lambda: NOW, seconds)


async def beats(ownership: SharedOwnership, seconds: Seconds, times: int) -> None:
    """Renew a few times."""
    for _ in range(times):
        seconds.now += BEAT_S
        await ownership.beat()


async def test_a_row_that_is_gone_shows_it() -> None:
    """No process ever removes the row of another one that has no heir."""
    owners, seconds = MemoryOwners(), Seconds()
    one = process(owners, seconds)
    await one.begin()
    await beats(one, seconds, 3)
    assert await one.confirm()
    owners.table.clear()
    await beats(one, seconds, 1)
    assert one.set_back
    with pytest.raises(UnavailableError):
        await one.confirm()
    assert owners.table == {}


async def test_a_row_that_was_renewed_more_often_shows_it() -> None:
    """A copy that was taken while the process ran has its row, as it was."""
    owners, seconds = MemoryOwners(), Seconds()
    one = process(owners, seconds)
    await one.begin()
    await beats(one, seconds, 2)
    copy = dict(owners.table)
    await beats(one, seconds, 5)
    owners.table.clear()
    owners.table.update(copy)
    await beats(one, seconds, 1)
    assert one.set_back


async def test_a_process_that_lost_its_row_to_an_heir_goes_on() -> None:
    """That happens to one that was paused, and has nothing to do with the store."""
    owners, seconds = MemoryOwners(), Seconds()
    one, other = process(owners, seconds), process(owners, seconds, "other")
    await one.begin()
    await other.begin()
    await beats(other, seconds, TAKEOVER_LOOKS + 2)
    await beats(one, seconds, 3)
    assert (one.lost, one.set_back) == (1, False)
    await beats(one, seconds, 3)
    assert not one.set_back
