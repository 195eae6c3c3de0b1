"""What intake says of late events: by publisher, beside its marks, over a restart too."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.intake.usecases.late import PUBLISHERS_MAX, LateEvents
from services.intake.usecases.progress import PublishProgress
from shared.events.progress import LATE_WAIT_MAX, ProgressMark, is_late
from shared.kafka.progress import ProgressReader
from shared.subjects.records import Record
from tests.fakes.intake import World, event
from tests.fakes.subjects import MemoryPublisher

NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


async def _nothing_pending() -> datetime | None:
    return None


class NoInbound:
    """A replica that holds no partition."""

    async def high_watermarks(self) -> dict[tuple[str, int], int]:
        """Return the ends."""
        return {}

    async def next_offsets(self) -> dict[tuple[str, int], int]:
        """Return the positions."""
        return {}


def telling(world: World, number: int = 0) -> PublishProgress:
    """Return what publishes this intake's marks."""
    return PublishProgress(
        NoInbound(),
        MemoryPublisher(),
        world.receive.in_work,
        _nothing_pending,
        number,
        world.receive.late,
    )


def last(progress: PublishProgress) -> dict[str, Any]:
    """Return the last mark that was published."""
    publisher = progress.publisher
    assert isinstance(publisher, MemoryPublisher)
    value = publisher.published[-1].value
    assert value is not None
    return value


async def sent(world: World, number: int, at: datetime, **more: Any) -> None:  # noqa: ANN401 -- Any attribute.
    """Let a dossier be accepted that happened at a moment."""
    publisher = more.pop("publisher", "demo")
    made = event(
        "dossier.accepted",
        f"LATE-{number:04d}",
        publisher=publisher,
        time=at.isoformat(),
        number=number,
        **more,
    )
    (answer,) = await world.send(made, publisher=publisher)
    assert answer.is_applied, answer.faults


@pytest.mark.asyncio
async def test_the_mark_names_the_last_late_event_of_each_publisher() -> None:
    """Of those recorded more than a minute after they happened, and of no other."""
    world = World(now=NOON)
    progress = telling(world)
    await sent(world, 1, NOON - MINUTE)
    await progress()
    assert "late" not in last(progress)
    await sent(world, 2, NOON - MINUTE - timedelta(seconds=1))
    world.later(seconds=30)
    await sent(world, 3, NOON - timedelta(days=3), publisher="portal")
    await sent(world, 4, NOON + timedelta(seconds=29), publisher="portal")
    world.later(seconds=1)
    await progress()
    mark = ProgressMark.model_validate(last(progress))
    assert mark.late == {"demo": NOON, "portal": NOON + timedelta(seconds=30)}
    assert mark.through == NOON + timedelta(seconds=31)


@pytest.mark.asyncio
async def test_what_is_older_than_the_longest_wait_is_left_out() -> None:
    """So the mark stays small, however many publishers there are."""
    world = World(now=NOON)
    progress = telling(world)
    await sent(world, 1, NOON - timedelta(days=1))
    world.later(minutes=15)
    await progress()
    assert "late" in last(progress)
    world.later(seconds=1)
    await progress()
    assert "late" not in last(progress)


@pytest.mark.asyncio
async def test_imported_history_and_a_repeat_are_not_late() -> None:
    """History is always late, and alarms nobody; a repeat was recorded before."""
    world = World(now=NOON)
    old = NOON - timedelta(days=300)
    await sent(world, 1, old, publisher="import", backfill=True)
    assert world.receive.late.lately(NOON) == {}
    await sent(world, 2, old)
    world.later(minutes=5)
    await sent(world, 2, old)
    assert world.receive.late.lately(NOON + 5 * MINUTE) == {"demo": NOON}


@pytest.mark.asyncio
async def test_a_restart_goes_on_from_the_mark_that_was_published_last() -> None:
    """It is read once, before the first mark of the new process replaces it."""
    world = World(now=NOON)
    before = telling(world)
    await sent(world, 1, NOON - timedelta(days=1))
    world.later(seconds=1)
    await before()
    published, asked = last(before), list[int]()

    async def read() -> ProgressMark | None:
        asked.append(1)
        return ProgressMark.model_validate(published)

    world.start()
    after = telling(world)
    await after.remember(read)
    await after.remember(read)
    world.later(seconds=1)
    await after()
    assert len(asked) == 1
    assert last(after)["late"] == published["late"]


def test_only_so_many_publishers_are_remembered() -> None:
    """Those whose late events are the newest."""
    late = LateEvents()
    moments = {f"p-{number}": NOON + number * MINUTE / 1_000 for number in range(1_100)}
    late.keep(moments)
    kept = late.lately(NOON + MINUTE)
    assert len(kept) == PUBLISHERS_MAX
    assert "p-0" not in kept
    assert "p-1099" in kept


@pytest.mark.asyncio
async def test_a_reader_takes_the_newest_of_all_replicas() -> None:
    """Each replica says what it recorded itself; a mark that is retired says nothing more."""
    reader = ProgressReader(["127.0.0.1:1"], client_id="test")

    async def hears(number: int, **late: datetime) -> None:
        mark = ProgressMark(input="http", partition=number, through=NOON, late=late or None)
        value = mark.model_dump_json(exclude_none=True).encode()
        await reader._apply([Record("t", 0, 0, mark.key.encode(), value)])  # noqa: SLF001 -- As its topic calls it.

    await hears(0, demo=NOON, portal=NOON + MINUTE)
    await hears(1, demo=NOON + MINUTE, portal=NOON)
    assert reader.late() == {"demo": NOON + MINUTE, "portal": NOON + MINUTE}
    await hears(1)
    assert reader.late() == {"demo": NOON, "portal": NOON + MINUTE}
    await reader._apply([Record("t", 0, 0, b"http/0", None)])  # noqa: SLF001 -- As its topic calls it.
    assert (reader.late(), reader.least()) == ({}, NOON)


def test_an_event_is_late_by_more_than_the_wait() -> None:
    """Not at the very moment."""
    assert not is_late(NOON, NOON + MINUTE, wait=MINUTE)
    assert is_late(NOON, NOON + MINUTE + timedelta(microseconds=1), wait=MINUTE)
    assert LATE_WAIT_MAX > MINUTE
