"""Background work of a service: kept running, restarted with backoff, stopped with grace."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from shared.ops.clock import wall_now
from shared.ops.health import Health
from shared.ops.metrics import Metrics

BACKOFF_SECONDS_MIN = 0.2
BACKOFF_SECONDS_MAX = 30.0
CRASHES_UNTIL_NOT_READY = 3
STEADY_SECONDS = 60.0
STOP_SECONDS_MAX = 8.0

_log = structlog.stdlib.get_logger(__name__)

Work = Callable[[], Awaitable[None]]


@dataclass
class _Task:
    name: str
    work: Work
    every_seconds: float | None
    wake: asyncio.Event | None = None
    crashes: int = 0
    last_error: str = ""

    async def readiness(self) -> str | None:
        if self.crashes < CRASHES_UNTIL_NOT_READY:
            return None
        return f"failed {self.crashes} times in a row ({self.last_error})"


class Supervisor:
    """Runs named background tasks for as long as the service lives.

    A pass that raises is counted, logged and tried again after a growing, jittered pause;
    after three in a row the readiness of the service names the task.
    """

    def __init__(self, health: Health, metrics: Metrics) -> None:
        self._health = health
        self._metrics = metrics
        self._tasks: list[_Task] = []
        self._running: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()

    @property
    def stopping(self) -> bool:
        """Tell whether the tasks were asked to end."""
        return self._stopping.is_set()

    def every(
        self, seconds: float, name: str, work: Work, *, wake: asyncio.Event | None = None
    ) -> None:
        """Run `work` again and again, `seconds` after its last pass ended.

        Whoever sets `wake` ends the pause early, but none that a failure brought about.
        """
        assert seconds > 0, "a loop has an interval"
        self._add(_Task(name, work, seconds, wake))

    def keep(self, name: str, work: Work) -> None:
        """Keep `work` running: it lasts, and is started anew when it ends or raises."""
        self._add(_Task(name, work, None))

    def _add(self, task: _Task) -> None:
        assert not self._running, "tasks are named before the start"
        self._health.add(f"task {task.name}", task.readiness)
        self._tasks.append(task)

    async def start(self) -> None:
        """Start every task."""
        assert not self._running, "started once"
        self._running = [
            asyncio.create_task(self._supervise(task), name=task.name) for task in self._tasks
        ]

    async def stop(self, seconds_max: float = STOP_SECONDS_MAX) -> None:
        """Let passes under way finish, then cancel what is left; at most `seconds_max`."""
        self._stopping.set()
        for task in self._tasks:
            if task.wake is not None:
                task.wake.set()
        lasting = {task.name for task in self._tasks if task.every_seconds is None}
        for running in self._running:
            if running.get_name() in lasting:
                running.cancel()
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=seconds_max)
            for running in late:
                _log.warning("task_cancelled", task=running.get_name())
                running.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)
        self._running = []

    async def _supervise(self, task: _Task) -> None:
        while not self.stopping:
            if task.wake is not None:
                task.wake.clear()
            pause = await self._run_once(task)
            await self._pause(pause, self._stopping if task.crashes else task.wake)

    async def _run_once(self, task: _Task) -> float:
        """Do one pass and say how long to wait before the next."""
        started = time.monotonic()
        try:
            await task.work()
        except Exception as error:  # noqa: BLE001 -- Whatever it is, the task goes on.
            if time.monotonic() - started >= STEADY_SECONDS:
                task.crashes = 0
            task.crashes += 1
            task.last_error = type(error).__name__
            self._metrics.task_runs.labels(task.name, "failed").inc()
            _log.exception("task_failed", task=task.name, attempt=task.crashes)
            return _backoff_seconds(task.crashes)
        task.crashes = 0
        self._metrics.task_runs.labels(task.name, "done").inc()
        self._metrics.task_last_success.labels(task.name).set(wall_now().timestamp())
        return BACKOFF_SECONDS_MIN if task.every_seconds is None else task.every_seconds

    async def _pause(self, seconds: float, wake: asyncio.Event | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await (wake or self._stopping).wait()
        except TimeoutError:
            return  # The pause is over.


def _backoff_seconds(crashes: int) -> float:
    ceiling = min(BACKOFF_SECONDS_MAX, BACKOFF_SECONDS_MIN * 2 ** min(crashes, 16))
    return random.uniform(ceiling / 2, ceiling)  # noqa: S311 -- Jitter, no secret.
