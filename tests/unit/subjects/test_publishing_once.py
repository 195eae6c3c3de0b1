"""How often an event reaches the broker, when broker, store and processes are slow, or die.

Replicas share one store. Each decides events, publishes them by the direct path, or leaves them
to its sweep; every call lasts as long as a drawn delay says, on a clock that leaps.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from shared.service.runtime import LEFT_BEHIND_S
from shared.subjects.document import Document, Outgoing
from shared.subjects.errors import UnavailableError
from shared.subjects.ownership import (
    BEAT_S,
    DOUBT_S,
    TAKEOVER_LOOKS,
    OwnerRow,
    Owners,
    SharedOwnership,
    SoleOwner,
)
from shared.subjects.ports import Archive, SubjectStore
from shared.subjects.refused import RefusedRecord
from shared.subjects.relay import LEFT_BEHIND_AFTER, PAUSE_S, PAUSES_MAX, Relay
from tests.fakes.counting import START, NamesCodec
from tests.fakes.leaping import run_leaping
from tests.fakes.subjects import MemoryArchive, MemoryOwners, MemorySubjects

TOPIC = "motcua.notices.v1"
SUBJECTS = [f"H37.112-260105-{number:04}" for number in range(300)]
BATCH = 25
BATCHES = 24
IN_BACKGROUND_MAX = 4
REST_S_MAX = 3_600.0


@dataclass(frozen=True)
class Speed:
    """How long a call to the broker, a call to the store, and work between them may take."""

    broker_s: float = 0.0
    store_s: float = 0.0
    work_s: float = 0.0


SPEEDS = {
    "fast": Speed(0.02, 0.01, 0.01),
    "slow broker": Speed(broker_s=12.0),
    "slow store": Speed(store_s=3.0),
    "slow machine": Speed(4.0, 1.0, 12.0),
    "very slow": Speed(20.0, 6.0, 20.0),
}


@dataclass
class Broker:
    """Keeps what it takes, in the middle of a call."""

    taken: list[Outgoing] = field(default_factory=list)

    def repeats(self) -> int:
        """Return how many records came for an event that was there."""
        return len(self.taken) - len({out.id for out in self.taken})

    def subjects(self) -> Mapping[str, list[int]]:
        """Return each subject's numbers as they came."""
        came: dict[str, list[int]] = {}
        for out in self.taken:
            came.setdefault(out.key, []).append(int((out.value or {})["sequence"]))
        return came


@dataclass
class Site:
    """What the replicas share, and how slow it is."""

    speed: Speed
    draw: random.Random
    broker: Broker = field(default_factory=Broker)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    owners: dict[str, OwnerRow] = field(default_factory=dict)
    archive: MemoryArchive = field(default_factory=MemoryArchive)
    names: int = 0

    async def wait(self, seconds_max: float) -> None:
        """Take some time."""
        await asyncio.sleep(self.draw.uniform(0.2, 1.0) * seconds_max)

    def new_name(self) -> str:
        """Return a name that no process had."""
        self.names += 1
        return f"replica-{self.names}"

    def waiting(self) -> int:
        """Return how many entries are in outboxes."""
        return sum(len(row["outbox"]) for row in self.rows.values())


class Slow:
    """A port each of whose calls takes time before and after its effect."""

    def __init__(self, port: object, wait: Callable[[], Awaitable[None]]) -> None:
        self._port = port
        self._wait = wait

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        call = getattr(self._port, name)

        async def slowly(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - of any port.
            await self._wait()
            answer = await call(*arguments, **named)
            await self._wait()
            return answer

        return slowly


class Taking:
    """The broker as a publisher sees it."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def publish(self, outgoing: Sequence[Outgoing]) -> Sequence[RefusedRecord]:
        """Take these, slowly."""
        await self._site.wait(self._site.speed.broker_s / 2)
        self._site.broker.taken.extend(outgoing)
        await self._site.wait(self._site.speed.broker_s / 2)
        return ()


def wall_now() -> datetime:
    """Return the wall time by the clock that leaps."""
    return START + timedelta(seconds=asyncio.get_running_loop().time())


class Replica:
    """One process: its relay, its row, its background work."""

    def __init__(self, site: Site, *, sole: bool = False) -> None:
        self.site = site
        self.fails = False

        async def store_wait() -> None:
            if self.fails:
                raise UnavailableError("away")
            await site.wait(site.speed.store_s / 2)

        owners = MemoryOwners(site.owners)
        rows = MemorySubjects(NamesCodec(), site.rows, lambda: owners.name)
        self.store = cast("SubjectStore[list[str]]", Slow(rows, store_wait))
        self.ownership = SharedOwnership(
            cast("Owners", Slow(owners, store_wait)),
            site.new_name,
            wall_now,
            asyncio.get_running_loop().time,
        )
        archive = cast("Archive", Slow(site.archive, store_wait))
        owning = SoleOwner() if sole else self.ownership
        self.relay = Relay[list[str]](
            self.store, Taking(site), archive, owning, wall_now=wall_now
        )
        self.background: set[asyncio.Task[Any]] = set()
        self.tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin, then renew and sweep again and again."""
        await self.ownership.begin()
        self.tasks = [
            asyncio.create_task(self.every(BEAT_S, self.ownership.beat)),
            asyncio.create_task(self.every(LEFT_BEHIND_S, self.sweep)),
        ]

    async def every(self, seconds: float, work: Callable[[], Awaitable[object]]) -> None:
        """Do it again and again, as the supervisor of a service does."""
        while True:
            with contextlib.suppress(UnavailableError):  # Tried again.
                await work()
            await asyncio.sleep(seconds)

    async def sweep(self) -> None:
        """Publish what waits."""
        await self.relay.sweep_left_behind(wall_now=wall_now())

    async def die(self) -> None:
        """End everything that runs, wherever it is."""
        for task in [*self.tasks, *self.background]:
            task.cancel()
        await asyncio.gather(*self.tasks, *self.background, return_exceptions=True)

    async def decide(self, subjects: Collection[str]) -> list[Document[list[str]]]:
        """Decide one more event of each subject, durably; return the copies that won."""
        found = await self.store.load(subjects)
        documents = [found.get(one) or Document(one, state=[]) for one in subjects]
        for document in documents:
            last = document.emitted.get(TOPIC, 0) + 1
            document.emitted[TOPIC] = last
            value = {"sequence": last, "subject": document.id}
            document.added.append(Outgoing(f"{document.id}#{last}", TOPIC, document.id, value))
        losers = await self.store.save(documents, pending_at=wall_now())
        return [document for document in documents if document.id not in losers]

    async def work(self, batches: int) -> None:
        """Decide batches; publish each at once, or in the background unless too much is."""
        for number in range(batches):
            documents = await self.decide(self.site.draw.sample(SUBJECTS, BATCH))
            await self.site.wait(self.site.speed.work_s)
            if number % 2 == 0:
                await self.publish(documents)
            elif len(self.background) < IN_BACKGROUND_MAX:
                task = asyncio.create_task(self.publish(documents))
                self.background.add(task)
                task.add_done_callback(self.background.discard)

    async def publish(self, documents: Sequence[Document[list[str]]]) -> None:
        """Publish by the direct path; what it cannot, the sweep does."""
        try:
            await self.relay.publish(documents)
        except UnavailableError:
            return

    async def rest(self) -> None:
        """Wait until no outbox holds anything."""
        async with asyncio.timeout(REST_S_MAX):
            while self.site.waiting():  # noqa: ASYNC110 - the clock leaps, and this is a step.
                await asyncio.sleep(1.0)
            await asyncio.gather(*self.background)


def check_order(broker: Broker) -> None:
    """First appearances come as 1, 2, 3 … for every subject."""
    for subject, numbers in broker.subjects().items():
        fresh = list(dict.fromkeys(numbers))
        assert fresh == list(range(1, len(fresh) + 1)), (subject, numbers)


async def busy(speed: Speed, seed: int, replicas: int, *, sole: bool = False) -> Site:
    """Run replicas at a speed until all is published."""
    site = Site(speed, random.Random(seed))
    running = [Replica(site, sole=sole) for _ in range(replicas)]
    for one in running:
        await one.start()
    # Two tasks of each: batches overlap within a process, and between them.
    await asyncio.gather(*(one.work(BATCHES) for one in running for _ in range(2)))
    for one in running:
        await one.rest()
    for one in running:
        await one.die()
    return site


@pytest.mark.parametrize(
    ("speed", "replicas"),
    [*((speed, number) for speed in SPEEDS for number in (1, 2)), ("slow machine", 3)],
)
def test_an_event_is_published_once_at_any_speed(speed: str, replicas: int) -> None:
    """Thousands of events, no failure: one record each, in order; nobody took over."""
    site = run_leaping(busy(SPEEDS[speed], replicas, replicas))
    written = sum(row["version"] for row in site.rows.values())
    assert written >= 1_000
    assert len({out.id for out in site.broker.taken}) == written
    assert site.broker.repeats() == 0, (speed, list(site.owners.values()))
    check_order(site.broker)
    assert all(row.heir is None for row in site.owners.values())


def test_without_ownership_replicas_repeat() -> None:
    """The measurement sees what it is for: sweeps that know nothing of the other process."""
    site = run_leaping(busy(SPEEDS["slow machine"], 1, 2, sole=True))
    assert site.broker.repeats() > len(site.broker.taken) // 10


def test_what_a_dead_process_left_is_published_by_another() -> None:
    """After so many looks and a sweep; it died while some of it was on its way."""

    async def scene() -> tuple[Site, float]:
        site = Site(SPEEDS["fast"], random.Random(7))
        first, second = Replica(site), Replica(site)
        await first.start()
        await second.start()
        await first.work(4)
        documents = await first.decide(SUBJECTS)
        dying = asyncio.create_task(first.publish(documents))
        first.background.add(dying)
        await asyncio.sleep(0.005)
        await first.die()
        died_at = asyncio.get_running_loop().time()
        await second.rest()
        took_s = asyncio.get_running_loop().time() - died_at
        await second.die()
        return site, took_s

    site, took_s = run_leaping(scene())
    assert took_s < (TAKEOVER_LOOKS + 3) * BEAT_S + LEFT_BEHIND_S + 2.0
    check_order(site.broker)
    assert set(site.broker.subjects()) == set(SUBJECTS)
    assert site.broker.repeats() <= len(SUBJECTS)


def test_a_process_that_stood_still_repeats_nothing_that_another_published() -> None:
    """It held a batch in hand; meanwhile an heir published it; it goes on under a new name."""

    async def scene() -> tuple[Site, Replica]:
        site = Site(SPEEDS["fast"], random.Random(7))
        first, second = Replica(site), Replica(site)
        await first.start()
        await second.start()
        documents = await first.decide(SUBJECTS)
        for task in first.tasks:
            task.cancel()
        await second.rest()
        await first.publish(documents)
        await first.publish(await first.decide(SUBJECTS))
        await first.sweep()
        await second.rest()
        await second.die()
        return site, first

    site, first = run_leaping(scene())
    assert first.ownership.lost == 1
    assert site.broker.repeats() == 0
    assert len(site.broker.taken) == 2 * len(SUBJECTS)
    check_order(site.broker)


def test_a_later_event_waits_for_an_earlier_one_of_another_process() -> None:
    """The other is slow, not dead: its event goes first, and each is published by its owner."""

    async def scene() -> Site:
        site = Site(SPEEDS["fast"], random.Random(7))
        first, second = Replica(site), Replica(site)
        await first.start()
        await second.start()
        earlier = await first.decide(SUBJECTS[:1])
        later = await second.decide(SUBJECTS[:1])
        waiting = asyncio.create_task(second.relay.publish(later))
        await asyncio.sleep(4.0)
        assert not waiting.done()
        assert await first.relay.publish(earlier) == 1
        assert await waiting == 1
        await first.die()
        await second.die()
        return site

    site = run_leaping(scene())
    assert site.broker.subjects() == {SUBJECTS[0]: [1, 2]}


def test_what_waits_too_long_for_another_process_is_left_to_the_sweep() -> None:
    """The first process lives and never publishes: the second gives up, and loses nothing."""

    async def scene() -> Site:
        site = Site(SPEEDS["fast"], random.Random(7))
        first, second = Replica(site), Replica(site)
        await first.start()
        await second.start()
        first.tasks[1].cancel()  # It does not sweep.
        await first.decide(SUBJECTS[:1])
        later = await second.decide([SUBJECTS[0], SUBJECTS[1]])
        began_at = asyncio.get_running_loop().time()
        with pytest.raises(UnavailableError, match="another process"):
            await second.relay.publish(later)
        assert asyncio.get_running_loop().time() - began_at >= PAUSES_MAX * PAUSE_S
        assert site.broker.subjects() == {SUBJECTS[1]: [1]}
        await first.relay.sweep_left_behind(wall_now=wall_now() + LEFT_BEHIND_AFTER)
        await second.rest()
        await first.die()
        await second.die()
        return site

    site = run_leaping(scene())
    assert site.broker.subjects()[SUBJECTS[0]] == [1, 2]
    assert site.broker.repeats() == 0


def test_what_the_broker_took_is_not_published_again_because_the_store_failed() -> None:
    """Archive and store did not answer after the publication: only they are tried again."""

    async def scene() -> Site:
        site = Site(SPEEDS["fast"], random.Random(7))
        one = Replica(site)
        await one.start()
        documents = await one.decide(SUBJECTS)
        sending = asyncio.create_task(one.relay.publish(documents))
        while not site.broker.taken:  # noqa: ASYNC110 - the clock leaps, and this is a step.
            await asyncio.sleep(0.001)
        one.fails = True
        with pytest.raises(UnavailableError):
            await sending
        await asyncio.sleep(60.0)
        one.fails = False
        await one.rest()
        await one.die()
        return site

    site = run_leaping(scene())
    assert site.broker.repeats() == 0
    assert len(site.archive.kept) == len(SUBJECTS)


def test_a_copy_that_the_sweep_overtook_is_not_published_again() -> None:
    """The direct path comes with it long after it was saved, when the sweep was through."""

    async def scene() -> Site:
        site = Site(SPEEDS["fast"], random.Random(7))
        one = Replica(site)
        await one.start()
        documents = await one.decide(SUBJECTS)
        await one.rest()
        assert len(site.broker.taken) == len(SUBJECTS)
        assert await one.relay.publish(documents) == 0
        await one.die()
        return site

    assert run_leaping(scene()).broker.repeats() == 0


def test_doubt_ends() -> None:
    """Long after a loss the direct path asks no more; an heir is no owner for ever."""

    async def scene() -> None:
        site = Site(SPEEDS["fast"], random.Random(7))
        one = Replica(site)
        await one.start()
        assert await one.ownership.confirm()
        (row,) = site.owners.values()
        site.owners[row.owner] = OwnerRow(row.owner, row.beats, heir="somebody")
        await asyncio.sleep(2 * BEAT_S)
        assert not await one.ownership.confirm()
        assert one.ownership.lost == 1
        await asyncio.sleep(DOUBT_S)
        assert await one.ownership.confirm()
        await one.die()

    run_leaping(scene())
