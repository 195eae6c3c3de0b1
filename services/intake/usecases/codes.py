"""Drawing dossier codes at a counter: the next number of a prefix and local day."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from services.intake.core.state import Subject
from services.intake.ports import CodeCounter
from shared.events.numbering import CodePattern, NumberedUnit
from shared.subjects.errors import UnavailableError
from shared.subjects.ports import SubjectStore

LOOKS_MAX: Final = 100
"""How many times one request looks for a free code before it is answered with 503."""
CODES_A_LOOK: Final = 100
"""How many codes in a row are looked up at once."""


@dataclass(frozen=True, slots=True)
class DrawCodes:
    """Draws codes; two units that share a prefix share its numbers."""

    counter: CodeCounter
    subjects: SubjectStore[Subject]
    pattern: CodePattern

    async def next(self, unit: NumberedUnit, day: date) -> str:
        """Return the next code, which somebody else may have opened a dossier under.

        Raises:
            UnavailableError: the store does not answer.
        """
        number = await self.counter.next(self.pattern.prefix(unit).text, day)
        return self._code(unit, day, number)

    async def next_free(self, unit: NumberedUnit, day: date) -> str:
        """Return the next code that has no dossier yet.

        A registered publisher may have taken many in a row, and so may the counters of an
        earlier version, which ran per unit: those are passed over together.

        Raises:
            UnavailableError: the store does not answer, or too many codes are taken; the next
                request goes on after those.
        """
        prefix = self.pattern.prefix(unit).text
        for _ in range(LOOKS_MAX):
            number = await self.counter.next(prefix, day)
            codes = [self._code(unit, day, number + step) for step in range(CODES_A_LOOK)]
            taken = await self.subjects.load(codes)
            free = next(
                (step for step, code in enumerate(codes) if code not in taken), CODES_A_LOOK
            )
            if free == 0:
                return codes[0]
            await self.counter.skip(prefix, day, number + free - 1)
        raise UnavailableError("very many codes of today are taken: try again")

    def bears(self, code: str, unit: NumberedUnit) -> bool:
        """Return whether a code bears the prefix of a unit."""
        parts = self.pattern.read(code)
        return parts is not None and parts.prefix.names(unit)

    def _code(self, unit: NumberedUnit, day: date, number: int) -> str:
        return self.pattern.code(
            unit=unit.code, electronic_id=unit.electronic_id, day=day, number=number
        )
