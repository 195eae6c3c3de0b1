"""An event loop whose clock leaps to the next timer, so that hours of waiting take no time."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from typing_extensions import override

ResultT = TypeVar("ResultT")


class _LeapingSelector(selectors.SelectSelector):
    """A selector that adds the time it should wait to the clock instead."""

    def __init__(self) -> None:
        super().__init__()
        self.leapt_s = 0.0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing is due any more, and nobody will call"
        self.leapt_s += max(0.0, timeout)
        return super().select(0)


class LeapingLoop(asyncio.SelectorEventLoop):
    """A loop for work that waits for timers and for other tasks only, never for a socket."""

    def __init__(self) -> None:
        self._leaping = _LeapingSelector()
        super().__init__(self._leaping)

    @override
    def time(self) -> float:
        return self._leaping.leapt_s


def run_leaping(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Run to the end on a clock that leaps."""
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        return runner.run(work)
