"""Rounds, their spread, and how noisy the machine was meanwhile."""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

NOISE_LOOPS: Final = 2_000_000
NOISE_ROUNDS: Final = 5


@dataclass
class Rounds:
    """The same thing measured several times."""

    values: list[float] = field(default_factory=list)

    def add(self, value: float) -> None:
        """Keep one round."""
        self.values.append(value)

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    def text(self, digits: int = 0) -> str:
        """Write median and spread: `median (min-max)`."""
        median, least, most = self.median, min(self.values), max(self.values)
        return f"{median:,.{digits}f} ({least:,.{digits}f}-{most:,.{digits}f})"


@dataclass
class Budget:
    """How long one measurement may go on; a round that was begun is finished."""

    seconds: float
    began: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> bool:
        """Whether another round may begin."""
        return time.monotonic() - self.began < self.seconds


Say = Callable[[str], None]


def table(title: str, rows: Sequence[tuple[str, str]], say: Say) -> None:
    """Print one measurement's rows under each other."""
    width = max(len(name) for name, _ in rows)
    say(f"\n{title}")
    for name, value in rows:
        say(f"  {name:<{width}}  {value}")


def noise() -> Rounds:
    """Time a fixed piece of work, in milliseconds: what the machine gives us just now."""
    rounds = Rounds()
    for _ in range(NOISE_ROUNDS):
        began, total = time.perf_counter(), 0
        for number in range(NOISE_LOOPS):
            total += number
        rounds.add((time.perf_counter() - began) * 1_000)
    return rounds


def machine() -> str:
    """Say what it runs on and how busy that is."""
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    return f"{os.cpu_count()} cores, load {load}; fixed work {noise().text(1)} ms"
