"""The watchdog on a real broker: it acts on a dead client, and on nothing else."""

import asyncio
import contextlib
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiokafka.conn import AIOKafkaConnection
from prometheus_client import CollectorRegistry

from deploy.engines.embedded import EmbeddedEngines
from shared.kafka.consumer import Consumption
from shared.kafka.measure import LagMeter
from shared.kafka.watchdog import LOOK_S_MAX, STUCK_S
from shared.ops.metrics import Metrics
from shared.subjects.errors import UnavailableError
from shared.subjects.records import Record
from shared.web.app import STOP_SECONDS_MAX
from tests.integration.kafka.test_consumer import consuming, make_topic, produce, until
from tests.integration.kafka.watched import LIMIT_S

pytestmark = [pytest.mark.connected, pytest.mark.asyncio, pytest.mark.timeout(240)]

LOOKS = int(STUCK_S / LOOK_S_MAX) + 2
AGE = "motcua_oldest_unprocessed_event_age_seconds"


@dataclass
class Watch:
    """A lag meter whose clock only the test moves."""

    topic: str
    now_s: float = 0.0
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        """Make the meter."""
        metrics = Metrics(self.registry, process=False)
        self.meter = LagMeter(metrics, "g", clock_s=lambda: self.now_s)

    async def look(self, consumption: Consumption, times: int = 1) -> tuple[str, int] | None:
        """Measure that many times, ten seconds apart; return what counts as stuck."""
        for _ in range(times):
            self.now_s += LOOK_S_MAX
            await self.meter(consumption)
        return self.meter.watchdog.stuck()

    def age_s(self) -> float | None:
        """Return the age of the topic's oldest event, as the gauge has it."""
        return self.registry.get_sample_value(AGE, {"group": "g", "topic": self.topic})


async def ignore(_records: Sequence[Record]) -> None:
    """Handle a batch by doing nothing."""


async def test_a_client_that_stopped_fetching_is_found(
    kafka_bootstrap: str, unique: str
) -> None:
    """As aiokafka's does for good when its task ends: the member lives, records wait."""
    await make_topic(kafka_bootstrap, unique, 1)
    watch = Watch(unique)
    async with consuming(kafka_bootstrap, unique, ignore) as (_, consumption):
        await until(lambda: bool(consumption.next_offsets))
        assert consumption.consumer is not None
        fetcher = consumption.consumer._fetcher  # noqa: SLF001 -- There is no public way.
        fetcher._fetch_task.cancel()  # noqa: SLF001 -- That is the fault.
        # What is in flight would end between two looks, and count as a fetch.
        await until(lambda: not fetcher._in_flight)  # noqa: SLF001 -- There is no public way.
        assert await watch.look(consumption, LOOKS) is None
        await produce(kafka_bootstrap, unique, [b"waits"])
        assert await watch.look(consumption, LOOKS) == (unique, 0)
        assert watch.age_s() == LOOK_S_MAX * (LOOKS - 1)


async def test_a_quiet_topic_and_a_slow_batch_are_no_fault(
    kafka_bootstrap: str, unique: str
) -> None:
    """However far the clock moves; the age is the record's own while it is in hand."""
    await make_topic(kafka_bootstrap, unique, 1)
    watch, at_work, go_on = Watch(unique), asyncio.Event(), asyncio.Event()

    async def slowly(_records: Sequence[Record]) -> None:
        at_work.set()
        await go_on.wait()

    async with consuming(kafka_bootstrap, unique, slowly) as (_, consumption):
        await until(lambda: bool(consumption.look(0, {}).fetched_at))
        before = consumption.look(0, {}).fetched_at
        await until(lambda: consumption.look(0, {}).fetched_at != before)
        assert await watch.look(consumption, LOOKS) is None
        assert watch.age_s() == 0.0
        await produce(kafka_bootstrap, unique, [b"one", b"two"])
        await at_work.wait()
        assert await watch.look(consumption, LOOKS) is None
        assert watch.meter.watchdog.waits
        go_on.set()
        await until(lambda: consumption.next_offsets == {(unique, 0): 2})
        assert await watch.look(consumption) is None
        assert watch.age_s() == 0.0


async def test_a_rebalance_is_no_fault(kafka_bootstrap: str, unique: str) -> None:
    """It waits for the batch in hand; what is given up is no longer ours to wait for."""
    await make_topic(kafka_bootstrap, unique, 4)
    watch, at_work, go_on = Watch(unique), asyncio.Event(), asyncio.Event()

    async def slowly(_records: Sequence[Record]) -> None:
        at_work.set()
        await go_on.wait()

    group = f"g-{unique}"
    async with consuming(kafka_bootstrap, unique, slowly, group=group) as (_, first):
        await until(lambda: len(first.next_offsets) == 4)
        values = [f"v{number}".encode() for number in range(40)]
        await produce(kafka_bootstrap, unique, values)
        await at_work.wait()
        async with consuming(kafka_bootstrap, unique, ignore, group=group) as (_, second):
            assert await watch.look(first, LOOKS) is None
            go_on.set()
            await until(lambda: len(second.next_offsets) == 2)
            await until(lambda: len(first.next_offsets) == 2)
            await until(lambda: first.handled + second.handled >= len(values))
            assert await watch.look(first) is None
            assert watch.meter.watchdog.waits.keys() <= first.next_offsets.keys()


@pytest.fixture
def own_engines(tmp_path: Path) -> Iterator[EmbeddedEngines]:
    """Engines that this test may stop."""
    with EmbeddedEngines.at(tmp_path / "engines") as engines:
        yield engines


async def test_a_broker_that_answers_late_or_is_restarted_is_no_fault(
    own_engines: EmbeddedEngines, unique: str
) -> None:
    """Nothing is known of what waits while nobody answers; afterwards it is seen anew."""
    kafka = own_engines.kafka
    await make_topic(kafka.bootstrap, unique, 1)
    watch = Watch(unique)
    async with consuming(kafka.bootstrap, unique, ignore) as (_, consumption):
        await until(lambda: bool(consumption.next_offsets))
        assert kafka.process.pid is not None
        os.kill(kafka.process.pid, signal.SIGSTOP)  # The fetch in flight takes as long as this.
        with pytest.raises(UnavailableError):
            await watch.look(consumption)
        os.kill(kafka.process.pid, signal.SIGCONT)
        await produce(kafka.bootstrap, unique, [b"after a late answer"])
        await until(lambda: consumption.handled == 1, seconds=60)

        kafka.process.kill()
        with pytest.raises(UnavailableError):
            await watch.look(consumption)
        assert not watch.meter.watchdog.waits
        await asyncio.to_thread(own_engines.bring_back, kafka)
        await produce(kafka.bootstrap, unique, [b"after a restart"])
        async with asyncio.timeout(60):
            while consumption.handled < 2:
                watch.now_s += 0.5
                with contextlib.suppress(UnavailableError):
                    await watch.meter(consumption)
                assert watch.meter.watchdog.stuck() is None
                await asyncio.sleep(0.5)
        assert await watch.look(consumption) is None


async def test_a_service_stops_though_its_broker_does_not_answer(
    own_engines: EmbeddedEngines, unique: str
) -> None:
    """It cannot leave its group then; within a service's limit all is closed and ended."""
    kafka = own_engines.kafka
    await make_topic(kafka.bootstrap, unique, 1)
    assert kafka.process.pid is not None
    before = asyncio.all_tasks()
    async with consuming(kafka.bootstrap, unique, ignore) as (service, consumption):
        await until(lambda: bool(consumption.next_offsets))
        await consumption.end_offsets()
        os.kill(kafka.process.pid, signal.SIGSTOP)
        try:
            async with asyncio.timeout(STOP_SECONDS_MAX):
                await service.stop()
        finally:
            os.kill(kafka.process.pid, signal.SIGCONT)
    # By `type`: `isinstance` asks a weak proxy's object, which may be gone.
    found = (one for one in gc.get_objects() if issubclass(type(one), AIOKafkaConnection))
    assert [one for one in found if one.connected()] == []
    assert asyncio.all_tasks() - before == set()


@asynccontextmanager
async def child(bootstrap: str, topic: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the watched consumer as a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.kafka.watched",
        bootstrap,
        topic,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


async def test_a_paused_process_is_no_fault(kafka_bootstrap: str, unique: str) -> None:
    """Records arrive while it is paused for longer than the limit; it wakes and reads them."""
    await make_topic(kafka_bootstrap, unique, 1)
    await produce(kafka_bootstrap, unique, [b"before"])
    async with child(kafka_bootstrap, unique) as process:
        assert process.stdout is not None
        assert await line(process.stdout) == "handled ['before']"
        for number in range(3):
            process.send_signal(signal.SIGSTOP)
            await produce(kafka_bootstrap, unique, [f"while paused {number}".encode()])
            await asyncio.sleep(2 * LIMIT_S)  # The pause itself is what is tried.
            process.send_signal(signal.SIGCONT)
            assert await line(process.stdout) == f"handled ['while paused {number}']"


async def line(stdout: asyncio.StreamReader) -> str:
    """Read the next line that the child prints."""
    async with asyncio.timeout(60):
        return (await stdout.readline()).decode().strip()
