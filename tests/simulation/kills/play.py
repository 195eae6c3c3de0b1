"""Days of a province in lock-step, a step at a time, while processes die."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiokafka.errors import KafkaError
from typing_extensions import override

from deploy.demo.actor import Running, acts_until
from deploy.demo.heads import Deed
from deploy.demo.lockstep import LockStep, step_after, step_at
from deploy.demo.province import CheckIn, Month, Turn
from deploy.demo.stage import Stage


class WatchedLockStep(LockStep):
    """A lock-step clock that tells when it moves: then everybody has work."""

    busy: Callable[[], None]

    @override
    async def move_to(self, moment: datetime) -> bool:
        self.busy()
        return await super().move_to(moment)

    @override
    async def _behind(self, reading: Mapping[str, Any]) -> list[str]:
        try:
            return await super()._behind(reading)
        except (KafkaError, OSError, KeyError):
            return ["the broker is away"]


@dataclass
class Play:
    """How far the days have been played."""

    playing: Stage
    clock: LockStep
    month: Month
    runs: list[Running] = field(default_factory=list)
    at_centres: list[CheckIn | Turn | Deed] = field(default_factory=list)
    steps: int = 0

    def __post_init__(self) -> None:
        self.runs = [Running(story) for story in self.month.stories]
        self.at_centres = self.month.at_centres

    async def step(self) -> None:
        """Move to the next step at which anything happens, let it happen, come to rest."""
        moment = self._next()
        at_rest = await self.clock.move_to(moment)
        self.playing.staff.read_mail(moment)
        if await self._happen(moment) or not at_rest:
            await self.clock.rest()
            self.playing.staff.read_mail(moment)
        self.steps += 1

    async def _happen(self, moment: datetime) -> bool:
        moved = await self.playing.staff.answer(moment) > 0
        here = [one for one in self.at_centres if one.at <= moment]
        self.at_centres = self.at_centres[len(here) :]
        while (due := acts_until(self.runs, moment)) or here:
            await self.playing.actor.act(due, here)
            here, moved = [], True
        self.runs = [run for run in self.runs if run.due is not None]
        return moved

    def _next(self) -> datetime:
        happening = [act.at for run in self.runs if (act := run.due) is not None]
        happening += [one.at for one in self.at_centres[:1]]
        answer = self.playing.staff.next_answer()
        happening += [] if answer is None else [answer]
        steps = [step_at(min(happening))] if happening else []
        due = self.clock.next_due()
        steps += [] if due is None else [step_after(due)]
        return max(min(steps, default=step_after(self.clock.now)), step_after(self.clock.now))
