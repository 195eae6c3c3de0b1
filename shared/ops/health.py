"""Whether a service lives and is ready, what it lacks if not, and what works only in part."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

# A check gives None when all is well, or else a short phrase that says what is missing.
Check = Callable[[], Awaitable[str | None]]

CHECK_SECONDS_MAX = 2.0
DRAINING = "draining"


@dataclass(frozen=True)
class Readiness:
    """The outcome of all checks.

    Attributes:
        missing: The checks that failed, and what each of them lacks.
        impaired: What works only in part while the service is ready, and what to do about it.
    """

    missing: Mapping[str, str] = field(default_factory=dict)
    impaired: Mapping[str, str] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        """Tell whether nothing is missing."""
        return not self.missing


class Health:
    """The named checks of one service. Every part adds its own when it is wired."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self._watched: dict[str, Check] = {}
        self._draining = asyncio.Event()
        self._closed: Callable[[], str | None] = _open

    @property
    def names(self) -> tuple[str, ...]:
        """Name the checks, in the order they were added."""
        return tuple(self._checks)

    @property
    def watched(self) -> tuple[str, ...]:
        """Name the parts that may be impaired, in the order they were added."""
        return tuple(self._watched)

    def add(self, name: str, check: Check) -> None:
        """Add a check; its name is what an operator reads when it fails."""
        assert name not in self._checks, f"the check {name} is there already"
        self._checks[name] = check

    def watch(self, name: str, check: Check) -> None:
        """Add a check of a part without which the rest goes on.

        What it finds is named on readiness; the service stays ready, since a load balancer
        must not take away what works.
        """
        assert name not in self._watched, f"the part {name} is watched already"
        self._watched[name] = check

    def close_while(self, closed: Callable[[], str | None]) -> None:
        """Have every request refused for as long as `closed` gives a sentence."""
        self._closed = closed

    @property
    def closed(self) -> str | None:
        """Return why no request is answered; None while requests are."""
        return self._closed()

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
        missing, impaired = await asyncio.gather(_failed(self._checks), _failed(self._watched))
        return Readiness(missing, impaired)


async def _failed(checks: Mapping[str, Check]) -> dict[str, str]:
    answers = await asyncio.gather(*(_ask(check) for check in checks.values()))
    return {
        name: answer for name, answer in zip(checks, answers, strict=True) if answer is not None
    }


async def _ask(check: Check) -> str | None:
    try:
        async with asyncio.timeout(CHECK_SECONDS_MAX):
            return await check()
    except TimeoutError:
        return f"no answer within {CHECK_SECONDS_MAX:g} s"
    except Exception as error:  # noqa: BLE001 -- A check that breaks is a check that fails.
        return f"the check failed ({type(error).__name__})"


def _open() -> str | None:
    return None
