"""A consumer harmed at any call to the outside, or at any two, has its effects exactly once."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from functools import cache
from itertools import product
from typing import Any

import pytest

from shared.events.obligations import ObligationRungSkipped
from shared.events.topics import OBLIGATIONS
from shared.subjects import ports
from shared.subjects.document import Document
from shared.subjects.errors import UnavailableError
from shared.subjects.fold import Context, Emission
from tests.fakes.counting import POISON, START, assigned
from tests.simulation.crash_points.harm import DiedError, Harm, Script, harms_at
from tests.simulation.crash_points.house import Disk, Process, records

CODE, OTHER, SICK = "H37.112-260105-0031", "H37.112-260105-0032", "H37.112-260105-0033"
STARTS_MAX = 10
PORTS = (
    ports.SubjectStore,
    ports.Publisher,
    ports.Archive,
    ports.ParkingDesk,
    ports.ReferenceSource,
)
#: Lists and look-ups only read, and no use case calls them.
READ_BY_PAGES_ALONE = {
    *("ParkingDesk.list", "ParkingDesk.get", "ParkingDesk.decided"),
    *("SubjectStore.refused", "SubjectStore.count_refused"),
}

Work = Callable[[Process], Awaitable[None]]


async def two_batches(process: Process) -> None:
    """Two subjects with a gap, a repeat, one that cannot be folded, one that is no event."""
    gap = [assigned(OTHER, 1), assigned(OTHER, 3)]
    sick = [assigned(SICK, 1), assigned(SICK, 2, POISON), assigned(SICK, 3)]
    first = [assigned(CODE, 1), assigned(CODE, 2), assigned(CODE, 3), *gap, *sick]
    await process.apply(records(first, b"no event"))
    await process.apply(records([assigned(CODE, 2), assigned(OTHER, 2)]))


async def sweep_and_climb(process: Process) -> None:
    """A decision by time on one subject that is known and one that is new."""
    await process.apply(records([assigned(CODE, 1)]))
    await process.change([CODE, OTHER], climb, create=True)


async def left_behind(process: Process) -> None:
    """What an earlier process left in its outboxes goes out by the sweep alone."""
    await process.sweep()


async def discard_with_another_behind(process: Process) -> None:
    """An operator discards a parked event; of those behind it one is bad as well."""
    parked = process.desk.parked.get(f"motcua.dossiers.v1|{SICK}|2")
    while parked is not None:
        verdict = await process.decide.discard(parked, who="o", why="test", dry_run=False)
        if verdict.done:
            return


async def retry_what_waited(process: Process) -> None:
    """An operator retries a parked event that can be folded by now."""
    await process.apply(records([assigned(SICK, 1), assigned(SICK, 2)]))
    (parked,) = [*process.desk.parked.values()] or [None]
    if parked is not None:
        await process.decide.retry(parked, who="o", dry_run=False)


async def retry_what_was_refused(process: Process) -> None:
    """A topic takes nothing until it is created; an operator retries, the sweep the rest."""
    await process.apply(records([assigned(CODE, 1), assigned(OTHER, 1)]))
    process.disk.publisher.missing.clear()
    await process.apply(records([assigned(CODE, 2)]))
    await process.relay.retry(CODE)


def climb(document: Document[list[str]], context: Context) -> list[Emission] | None:
    """Decide by level: what is said once is not said again."""
    if "swept" in (document.state or ()):
        return None
    document.state = [*(document.state or ()), "swept"]
    said = ObligationRungSkipped(
        obligation="dossier_deadline",
        kind="dossier_deadline",
        cycle=1,
        unit="06112",
        rung="half",
        rung_at=context.now,
        why="superseded",
    )
    identity = f"swept-{document.id}"
    return [Emission(identity, "obligation.rung_skipped", said.document(), START)]


def nothing_before() -> Disk:
    """Return a disk on which nothing happened yet."""
    return Disk()


def missing_topic() -> Disk:
    """Return a disk beside brokers that lack the topic of obligations."""
    disk = Disk()
    disk.publisher.missing = {OBLIGATIONS.name}
    return disk


def outboxes_before() -> Disk:
    """Return a disk on which a process died before it published anything."""
    _, calls = calm("two batches")
    disk = Disk()
    script = Script({calls.calls.index("Publisher.publish") + 1: Harm.DIE_BEFORE})
    with pytest.raises(DiedError):
        run(two_batches(Process(disk, script)))
    assert any(row["outbox"] for row in disk.store.rows.values())
    return disk


def poison_twice() -> Disk:
    """Return a disk on which a bad event waits for an operator, and another behind it."""
    disk = Disk()
    sick = [assigned(SICK, 1), assigned(SICK, 2, POISON), assigned(SICK, 3)]
    sick += [assigned(SICK, 4, POISON), assigned(SICK, 5)]
    run(Process(disk, Script()).apply(records(sick)))
    return disk


def poison_before() -> Disk:
    """Return a disk on which an event was parked that could not be folded then."""
    disk = Disk()
    sick = records([assigned(SICK, 1), assigned(SICK, 2, POISON)])
    run(Process(disk, Script()).apply(sick))
    (parked,) = disk.parking.parked.values()
    assert parked.event is not None
    parked.event["data"]["handler"] = "p-2"
    return disk


CASES: Mapping[str, tuple[Work, Callable[[], Disk]]] = {
    "two batches": (two_batches, nothing_before),
    "a sweep that climbs": (sweep_and_climb, nothing_before),
    "outboxes left behind": (left_behind, outboxes_before),
    "discarding a parked event": (discard_with_another_behind, poison_twice),
    "retrying a parked event": (retry_what_waited, poison_before),
    "retrying a refused event": (retry_what_was_refused, missing_topic),
}


@cache
def _runner() -> asyncio.Runner:
    return asyncio.Runner()


def run(work: Coroutine[Any, Any, Any]) -> None:
    """Run to the end; on one loop for all, since there are thousands of runs."""
    _runner().run(work)


@pytest.fixture(scope="module", autouse=True)
def _closed_loop() -> Iterator[None]:
    yield
    _runner().close()
    _runner.cache_clear()


async def live_through(disk: Disk, script: Script, work: Work) -> None:
    """Do the work as a service would: a dead process is started anew, an error tried again."""
    process = Process(disk, script)
    for _ in range(STARTS_MAX):
        try:
            await work(process)
            await process.sweep()
        except DiedError:
            process = Process(disk, script)
        except UnavailableError:
            continue  # The same process tries the same batch again.
        else:
            return
    raise AssertionError(f"not done after {STARTS_MAX} starts")


def calm(name: str) -> tuple[dict[str, Any], Script]:
    """Return what a run without harm leaves, and the calls that it made."""
    work, before = CASES[name]
    disk, script = before(), Script()
    run(live_through(disk, script, work))
    return disk.result(), script


@pytest.mark.parametrize("name", CASES)
def test_harm_at_one_point(name: str) -> None:
    """Each call, in each way: the effects are those of a run without harm."""
    work, before = CASES[name]
    expected, script = calm(name)
    for point, label in enumerate(script.calls, 1):
        for harm in harms_at(label):
            disk, harmed = before(), Script({point: harm})
            run(live_through(disk, harmed, work))
            assert harmed.met, (label, harm)
            assert disk.result() == expected, f"{label}, call {point}: {harm.value}"


@pytest.mark.parametrize("name", CASES)
def test_harm_at_two_points(name: str) -> None:
    """A second harm while the first is being mended."""
    work, before = CASES[name]
    expected, script = calm(name)
    pairs = product(range(1, len(script.calls) + 1), (1, 2, 4), Harm, Harm)
    for point, after, one, two in pairs:
        # An unknown result is an answer of `save` alone; the points shift once harm was done.
        if Harm.DONE_BUT_UNKNOWN in (one, two):
            continue
        disk, harmed = before(), Script({point: one, point + after: two})
        run(live_through(disk, harmed, work))
        assert disk.result() == expected, f"calls {point} and {point + after}: {one}, {two}"


def test_no_call_is_left_out() -> None:
    """Every call that the ports offer is made, and so harmed, in some case above."""
    offered = {
        f"{port.__name__}.{name}"
        for port in PORTS
        for name, found in inspect.getmembers(port, inspect.iscoroutinefunction)
        if not name.startswith("_")
    }
    made = {label for name in CASES for label in calm(name)[1].calls}
    assert made - {"Marks.after"} == offered - READ_BY_PAGES_ALONE


def test_harm_is_seen() -> None:
    """The comparison notices an effect that happened twice, or not at all."""
    expected, _ = calm("two batches")
    disk = Disk()
    run(live_through(disk, Script(), two_batches))
    disk.publisher.published.pop()
    assert disk.result() != expected
    disk = Disk()
    run(live_through(disk, Script(), two_batches))
    disk.store.rows[CODE]["state"]["names"].append("p-1")
    assert disk.result() != expected
