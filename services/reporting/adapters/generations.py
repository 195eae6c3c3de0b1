"""Generations: a rebuild fills the next set of collections while the old one serves."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from services.reporting.adapters.desk import Desk
from services.reporting.adapters.facts import MongoFacts
from services.reporting.adapters.hearing import MongoHearing
from services.reporting.adapters.rolls import MongoRolls
from services.reporting.usecases.listing import ListRows
from services.reporting.usecases.reading import Gate, ReadFigures
from services.reporting.usecases.refresh import RefreshRolls
from shared.events.units import Current
from shared.mongo.client import Mongo
from shared.reference.units import Units

SERVING: Final = "serving"


@dataclass(slots=True)
class Generation:
    """One set of collections, and the use cases over it."""

    number: int
    facts: MongoFacts
    rolls: MongoRolls
    hearing: MongoHearing
    gate: Gate

    def serve(self, desk: Desk) -> None:
        """Let pages and API read this generation from now on."""
        desk.facts = self.facts
        desk.figures = ReadFigures(self.rolls, self.hearing, self.gate)
        desk.rows = ListRows(self.facts, self.rolls, self.gate)


def generation_of(
    mongo: Mongo, number: int, *, maker: str, facts: MongoFacts, current: Current
) -> Generation:
    """Put one generation together."""
    rolls = MongoRolls(mongo, generation=number, maker=maker)
    hearing = MongoHearing(mongo, generation=number, current=current)
    return Generation(number, facts, rolls, hearing, Gate(RefreshRolls(facts, rolls)))


@dataclass(slots=True)
class Generations:
    """Knows which generation serves, and hands over once the next one has caught up."""

    mongo: Mongo
    filling: Generation
    desk: Desk
    caught_up: Callable[[], Awaitable[bool]]
    units: Callable[[], Units]
    serving: int = 0

    async def begin(self) -> None:
        """Serve what served last: the one being filled, or the one before it."""
        row = await self.mongo.collection("generation").find_one({"_id": SERVING})
        self.serving = int(row["number"]) if row else self.filling.number
        if self.serving < self.filling.number:
            facts = MongoFacts.of(self.mongo, self.serving, self.units)
            old = generation_of(
                self.mongo,
                self.serving,
                maker="reader",
                facts=facts,
                current=lambda code: self.units().current(code),
            )
            old.serve(self.desk)
        else:
            await self._hand_over()

    async def look(self) -> None:
        """Hand over when the generation being filled has read everything there is."""
        if 0 < self.serving < self.filling.number and await self.caught_up():
            await self._hand_over()

    async def _hand_over(self) -> None:
        self.filling.serve(self.desk)
        self.serving = self.filling.number
        await self.mongo.collection("generation").replace(
            {"_id": SERVING, "number": self.serving}
        )
