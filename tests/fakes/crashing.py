"""A process that dies at a chosen step: before or after any call of a port."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any


class DiedError(Exception):
    """The process is gone; nothing of ours may catch this."""


@dataclass
class Fuse:
    """Counts the steps of a process and ends it at one of them."""

    burns_at: int | None = None
    steps: int = 0
    trace: str = ""

    def step(self, name: str) -> None:
        """Pass one step, or die at it."""
        self.steps += 1
        if self.steps == self.burns_at:
            self.trace = name
            raise DiedError(name)


class Crashing:
    """A port whose every asynchronous call may be the last thing that the process does."""

    def __init__(self, port: Any, fuse: Fuse) -> None:  # noqa: ANN401 -- Any port.
        self._port = port
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- As above.
        found = getattr(self._port, name)
        if not callable(found) or name.startswith("_"):
            return found
        call: Callable[..., Awaitable[Any]] = found

        async def watched(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 -- As above.
            label = f"{type(self._port).__name__}.{name}"
            self._fuse.step(f"before {label}")
            answer = await call(*arguments, **named)
            self._fuse.step(f"after {label}")
            return answer

        return watched
