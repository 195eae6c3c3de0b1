"""Whether a service lives and is ready, and what it misses if not."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

# A check gives None when all is well, or else a short phrase that says what is missing.
Check = Callable[[], Awaitable[str | None]]

CHECK_SECONDS_MAX = 2.0
DRAINING = "draining"


@dataclass(frozen=True)
class Readiness:
    """The outcome of all checks: the names of those that failed, and what each misses."""

    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        """Tell whether nothing is missing."""
        return not self.missing


class Health:
    """The named checks of one service. Every part adds its own when it is wired."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self._draining = asyncio.Event()

    @property
    def names(self) -> tuple[str, ...]:
        """Name the checks, in the order they were added."""
        return tuple(self._checks)

    def add(self, name: str, check: Check) -> None:
        """Add a check; its name is what an operator reads when it fails."""
        assert name not in self._checks, f"the check {name} is there already"
        self._checks[name] = check

    def drain(self) -> None:
        """Say that this process is about to stop: no longer ready, still alive."""
        self._draining.set()

    @property
    def draining(self) -> bool:
        """Tell whether the process is about to stop."""
        return self._draining.is_set()

    async def drained(self) -> None:
        """Wait until the process is about to stop; ends long answers such as live updates."""
        await self._draining.wait()

    async def readiness(self) -> Readiness:
        """Run all checks side by side, each within its time."""
        if self.draining:
            return Readiness({DRAINING: "the service is stopping"})
        answers = await asyncio.gather(*(_ask(check) for check in self._checks.values()))
        return Readiness(
            {
                name: answer
                for name, answer in zip(self._checks, answers, strict=True)
                if answer is not None
            }
        )


async def _ask(check: Check) -> str | None:
    try:
        async with asyncio.timeout(CHECK_SECONDS_MAX):
            return await check()
    except TimeoutError:
        return f"no answer within {CHECK_SECONDS_MAX:g} s"
    except Exception as error:  # noqa: BLE001 -- A check that breaks is a check that fails.
        return f"the check failed ({type(error).__name__})"
