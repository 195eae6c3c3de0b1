"""Whether what was forgotten has been read again: until then nobody acts on what is known."""

import asyncio
from collections.abc import Callable, Collection

from shared.kafka.consumer import Consumption
from shared.mongo.begin_again import MongoForgetting
from shared.ops.health import Health
from shared.ops.supervise import Supervisor
from shared.subjects.begin_again import Place
from shared.subjects.errors import UnavailableError

LOOK_S = 1.0


class ReadAgain:
    """Compares positions with the ends that were noted when subjects were forgotten.

    Attributes:
        done: Set while every partition held has been read to its noted end.
    """

    def __init__(
        self, forgetting: MongoForgetting, consumption: Callable[[], Consumption]
    ) -> None:
        self._forgetting = forgetting
        self._consumption = consumption
        self._left: Collection[Place] = ()
        self._begun = False
        self.done = asyncio.Event()

    def watch(self, supervisor: Supervisor, health: Health) -> None:
        """Look every second, and say on readiness what is still to be read."""
        supervisor.every(LOOK_S, "read again", self._look)
        health.watch("read again", self._impaired)

    async def begin(self) -> None:
        """Learn what is to be read again; call it once the store is level.

        Raises:
            UnavailableError: the store does not answer.
        """
        self._left = (await self._forgetting.again()).keys()
        self._begun = True
        if not self._left:
            self.done.set()

    async def _look(self) -> None:
        if not self._begun or self.done.is_set():
            return
        again = await self._forgetting.again()
        consumption = self._consumption()
        at = consumption.next_offsets
        try:
            ends = await consumption.end_offsets()
        except UnavailableError:
            return  # Readiness names the broker; the next look asks again.
        # A log that was made anew meanwhile may end before the end that was noted.
        passed = {
            place
            for place, end in again.items()
            if place in at and place in ends and at[place] >= min(end, ends[place])
        }
        for place in passed:
            await self._forgetting.is_read(place)
        self._left = again.keys() - passed
        if at and self._left.isdisjoint(at):
            self.done.set()

    async def _impaired(self) -> str | None:
        if self.done.is_set() or not self._left:
            return None
        return (
            f"what the store had lost is read again, and {len(self._left)} partitions are not "
            "read to their end yet; until then nothing is raised or sent"
        )
