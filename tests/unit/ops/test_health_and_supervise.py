"""Readiness names what is missing; a background task that crashes comes back."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry

from shared.ops import health as health_module
from shared.ops import supervise
from shared.ops.health import Health
from shared.ops.metrics import Metrics
from shared.ops.supervise import CRASHES_UNTIL_NOT_READY, Supervisor


@pytest.fixture
def health() -> Health:
    """Give a service's checks, none yet."""
    return Health()


@pytest.fixture
def supervisor(health: Health, monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    """Give a supervisor that loses no time."""
    monkeypatch.setattr(supervise, "BACKOFF_SECONDS_MIN", 0.001)
    monkeypatch.setattr(supervise, "BACKOFF_SECONDS_MAX", 0.002)
    return Supervisor(health, Metrics(CollectorRegistry(), process=False))


async def _fine() -> str | None:
    return None


async def _missing() -> str | None:
    return "no answer from 127.0.0.1:9092"


async def _broken() -> str | None:
    raise RuntimeError("a secret")


async def _hangs() -> str | None:
    await asyncio.sleep(60)
    return None


@pytest.mark.asyncio
async def test_all_is_well_when_every_check_passes(health: Health) -> None:
    """All is well when every check passes."""
    health.add("store", _fine)
    assert (await health.readiness()).ready


@pytest.mark.asyncio
async def test_what_is_missing_is_named(
    health: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is missing is named."""
    monkeypatch.setattr(health_module, "CHECK_SECONDS_MAX", 0.01)
    health.add("store", _fine)
    health.add("broker", _missing)
    health.add("bug", _broken)
    health.add("slow", _hangs)
    readiness = await health.readiness()
    assert not readiness.ready
    assert readiness.missing == {
        "broker": "no answer from 127.0.0.1:9092",
        "bug": "the check failed (RuntimeError)",
        "slow": "no answer within 0.01 s",
    }


@pytest.mark.asyncio
async def test_what_works_in_part_is_named_and_the_rest_goes_on(health: Health) -> None:
    """What works in part is named and the rest goes on."""
    health.add("store", _fine)
    health.watch("kafka topics", _missing)
    health.watch("kafka group", _fine)
    readiness = await health.readiness()
    assert readiness.ready
    assert readiness.impaired == {"kafka topics": "no answer from 127.0.0.1:9092"}
    assert health.watched == ("kafka topics", "kafka group")


@pytest.mark.asyncio
async def test_a_process_about_to_stop_is_not_ready(health: Health) -> None:
    """A process about to stop is not ready."""
    health.drain()
    await asyncio.wait_for(health.drained(), 1)
    assert not (await health.readiness()).ready


@pytest.mark.asyncio
async def test_a_loop_runs_again_and_stops(supervisor: Supervisor) -> None:
    """A loop runs again and stops."""
    passes = 0
    enough = asyncio.Event()

    async def work() -> None:
        nonlocal passes
        passes += 1
        if passes == 3:
            enough.set()

    supervisor.every(0.001, "sweep", work)
    await supervisor.start()
    await asyncio.wait_for(enough.wait(), 5)
    await supervisor.stop()
    stopped_at = passes
    await asyncio.sleep(0.02)
    assert passes == stopped_at


@pytest.mark.asyncio
async def test_whoever_wakes_a_loop_ends_its_pause(supervisor: Supervisor) -> None:
    """Each wake brings one more pass, and a stop does not wait for the pause either."""
    passes: asyncio.Queue[None] = asyncio.Queue()
    wake = asyncio.Event()

    async def work() -> None:
        passes.put_nowait(None)

    supervisor.every(3_600, "sweep", work, wake=wake)
    await supervisor.start()
    await asyncio.wait_for(passes.get(), 5)
    for _ in range(3):
        wake.set()
        await asyncio.wait_for(passes.get(), 5)
    await asyncio.sleep(0)
    assert passes.empty()
    assert not wake.is_set()
    await asyncio.wait_for(supervisor.stop(), 5)


@pytest.mark.asyncio
async def test_a_crashing_task_flips_readiness_and_heals(
    supervisor: Supervisor, health: Health
) -> None:
    """A crashing task flips readiness and heals."""
    broken = True
    crashed, healed = asyncio.Event(), asyncio.Event()
    crashes = 0

    async def work() -> None:
        nonlocal crashes
        if not broken:
            healed.set()
            return
        crashes += 1
        if crashes > CRASHES_UNTIL_NOT_READY:
            crashed.set()
        raise ValueError("the name of somebody")

    supervisor.every(0.001, "relay", work)
    await supervisor.start()
    await asyncio.wait_for(crashed.wait(), 5)
    missing = (await health.readiness()).missing
    assert "ValueError" in missing["task relay"]
    assert "somebody" not in missing["task relay"]
    broken = False
    await asyncio.wait_for(healed.wait(), 5)
    await asyncio.sleep(0.01)
    assert (await health.readiness()).ready
    await supervisor.stop()


@pytest.mark.asyncio
async def test_a_lasting_task_is_started_anew_when_it_ends(supervisor: Supervisor) -> None:
    """A lasting task is started anew when it ends."""
    starts = 0
    twice = asyncio.Event()

    async def work() -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            return
        twice.set()
        await asyncio.sleep(60)

    supervisor.keep("reader", work)
    await supervisor.start()
    await asyncio.wait_for(twice.wait(), 5)
    await asyncio.wait_for(supervisor.stop(), 2)
    assert starts == 2


@pytest.mark.asyncio
async def test_stopping_lets_a_pass_finish(supervisor: Supervisor) -> None:
    """Stopping lets a pass finish."""
    begun, finished = asyncio.Event(), False

    async def work() -> None:
        nonlocal finished
        begun.set()
        await asyncio.sleep(0.05)
        finished = True

    supervisor.every(60, "relay", work)
    await supervisor.start()
    await begun.wait()
    await supervisor.stop()
    assert finished


@pytest.mark.asyncio
async def test_stopping_cancels_what_takes_too_long(supervisor: Supervisor) -> None:
    """Stopping cancels what takes too long."""
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        await asyncio.sleep(60)

    supervisor.every(60, "relay", work)
    await supervisor.start()
    await begun.wait()
    await asyncio.wait_for(supervisor.stop(seconds_max=0.01), 2)
