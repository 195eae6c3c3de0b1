"""Kills processes with -9 while they work, and sees that they come back."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from deploy.engines.process import ChildProcess
from deploy.supervisor.asking import readiness
from deploy.supervisor.supervisor import Supervisor

VICTIMS: Final = ("intake", "workflow", "notifications", "reporting", "kafka", "store")
PAIR_SHARE: Final = 0.25
DELAY_S_MAX: Final = 0.8
BACK_S_MAX: Final = 90.0
POLL_S: Final = 0.1
KILLED: Final = -9


@dataclass
class Killer:
    """A seeded killer: in turn, in an order of chance, each victim while work is going on.

    Attributes:
        wanted: How many kills there are to be.
        victims: Who is to be killed, each once in every round.
        kills: How many each victim has had.
        back_s: How long each was away, from kill to ready.
        by_itself: Processes that ended though nobody killed them.
    """

    supervisor: Supervisor
    wanted: int
    seed: int
    tell: Callable[[str], None]
    victims: Sequence[str] = VICTIMS
    kills: Counter[str] = field(default_factory=Counter)
    back_s: list[float] = field(default_factory=list)
    by_itself: list[str] = field(default_factory=list)
    working: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._chance = random.Random(f"kills/{self.seed}")
        self._turn: list[str] = []

    @property
    def done(self) -> bool:
        """Whether all kills have been made."""
        return self.kills.total() >= self.wanted

    def heard(self, sentence: str) -> None:
        """Listen to the supervisor: who ended without being killed?"""
        name, ended, code = sentence.partition(" ended with code ")
        if ended and int(code.split(";")[0]) != KILLED:
            self.by_itself.append(f"{name} ended by itself with code {code}")

    async def run(self) -> None:
        """Kill until enough have been killed."""
        while not self.done:
            self.working.clear()
            await self.working.wait()
            await asyncio.sleep(self._chance.uniform(0, DELAY_S_MAX))
            victims = {self.next()}
            if self._chance.random() < PAIR_SHARE:
                victims.add(self.next())
            for victim in sorted(victims):
                await self.kill(victim)
            await self.wait_back(victims)

    def next(self) -> str:
        """Choose who is next; nobody comes again before everybody had a turn."""
        if not self._turn:
            self._turn = self._chance.sample(self.victims, len(self.victims))
        return self._turn.pop()

    async def kill(self, victim: str) -> None:
        """Kill one with -9."""
        await asyncio.to_thread(self._process(victim).kill)
        self.kills[victim] += 1
        for kept in self.supervisor.kept:
            kept.failures = 0  # It did not fail at starting, so it need not start slower.

    def _process(self, name: str) -> ChildProcess:
        supervisor = self.supervisor
        engines = {engine.process.name: engine.process for engine in supervisor.engines}
        return engines.get(name) or supervisor.services[name]

    async def wait_back(self, victims: Collection[str]) -> None:
        """Wait until the victims are ready again; the others may still be recovering."""
        began = time.monotonic()
        missing: list[str] = ["?"]
        while missing:
            if time.monotonic() - began > BACK_S_MAX:
                raise AssertionError(f"after killing {victims} not ready: {missing}")
            await asyncio.sleep(POLL_S)
            missing = await asyncio.to_thread(self._missing, victims)
        self.back_s.append(time.monotonic() - began)
        self.tell(
            f"kill {self.kills.total()}: {' and '.join(sorted(victims))}, "
            f"back in {self.back_s[-1]:.1f} s"
        )

    def _missing(self, victims: Collection[str]) -> list[str]:
        supervisor = self.supervisor
        away = [
            one.process.name
            for one in supervisor.engines
            if one.process.name in victims and not (one.process.alive and one.ready())
        ]
        away += [
            f"{spec.name} ({answer.missing})"
            for spec in supervisor.plan.services
            if spec.name in victims and not (answer := readiness(spec.url)).ready
        ]
        return away
