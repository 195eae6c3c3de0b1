"""A child process that is started again when it ends, more slowly while it keeps ending."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from deploy.engines.process import ChildProcess

FIRST_PAUSE_S: Final = 0.5
PAUSE_S_MAX: Final = 30.0
STEADY_S: Final = 60.0  # Who has run this long has not failed at starting.


@dataclass(slots=True)
class Kept:
    """One process, with what is known of its last starts. Times are of a monotonic clock."""

    process: ChildProcess
    start: Callable[[], None]
    failures: int = 0
    _started: float = 0.0
    _again_at: float | None = None

    @property
    def name(self) -> str:
        """The name of the process."""
        return self.process.name

    def begin(self, now: float) -> None:
        """Start it."""
        self._started, self._again_at = now, None
        self.start()

    def tend(self, now: float) -> str | None:
        """Notice that it ended, or start it again when its pause is over; say what was done."""
        if self.process.alive:
            self.process.trim_log()
            if now - self._started >= STEADY_S:
                self.failures = 0
            return None
        if self._again_at is None:
            pause = min(FIRST_PAUSE_S * 2.0**self.failures, PAUSE_S_MAX)
            self.failures += 1
            self._again_at = now + pause
            code = self.process.returncode
            return f"{self.name} ended with code {code}; it starts again in {pause:g} s"
        if now >= self._again_at:
            self.begin(now)
            return f"{self.name} started again (process {self.process.pid})"
        return None
