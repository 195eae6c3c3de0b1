"""Every night: does each rung of each ladder have somebody to hear it, in every unit?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.workflow.core.codec import shard_of
from services.workflow.core.emissions import Emitter
from services.workflow.core.model import Subject
from services.workflow.core.reach import check, coverage_subject, seats, walk
from services.workflow.ports import CalendarMarks, Holding
from shared.calendar.zone import legal_day
from shared.reference.view import Reference
from shared.subjects.change import ChangeSubjects
from shared.subjects.document import Document
from shared.subjects.fold import Context, Emission
from shared.subjects.ports import Clock, ReferenceSource


@dataclass(slots=True)
class CheckReachability:
    """Checks the units of our shards once a day, as the day begins.

    The first day is not checked: while an installation is set up, units come before people.
    """

    change: ChangeSubjects[Subject]
    marks: CalendarMarks
    holding: Holding
    reference: ReferenceSource
    clock: Clock
    _seen: tuple[date, frozenset[int]] | None = None

    async def __call__(self) -> Sequence[Emission]:
        """Check what has not been checked today; return what was said.

        Raises:
            UnavailableError: the store did not answer.
        """
        today, shards = legal_day(self.clock.now()), self.holding.shards()
        reference = self.reference.current()
        if not shards or not reference.units or (today, shards) == self._seen:
            return ()
        through = await self.marks.opened_through(shards)
        due = {shard for shard, day in through.items() if day < today}
        units = {coverage_subject(unit, reference.units): unit for unit in reference.units}
        said: list[Emission] = []
        ours = [subject for subject in units if shard_of(subject) in due]

        def decide(document: Document[Subject], context: Context) -> Sequence[Emission] | None:
            subject = document.state or Subject(document.id, units[document.id])
            emit = Emitter(subject, cause=f"reachability:{today.isoformat()}")
            if not check(subject, context.reference, context.now, emit):
                return None
            document.state = subject
            said.extend(emit.emissions)
            return emit.emissions

        if ours:
            await self.change(ours, decide, create=True)
        await self.marks.set_opened_through(shards, today)
        self._seen = (today, shards)
        return said


def reachability_view(
    reference: Reference, now: datetime, units: Sequence[str]
) -> dict[str, Any]:
    """Return who would hear each rung today, unit by unit, and where nobody would."""
    return {
        "at": now.isoformat(),
        "units": [_unit(unit, reference, now) for unit in units],
    }


def _unit(unit: str, reference: Reference, now: datetime) -> dict[str, Any]:
    walked = list(walk(unit, reference, now))
    return {
        "unit": unit,
        "name": reference.units[unit].name,
        "seats": [
            {"role": seat.role, "persons": list(seat.persons), "why": seat.why}
            for seat in seats(unit, reference, now)
        ],
        "passed_over": [
            {
                "kind": one.kind,
                "rung": one.rung,
                "role": one.role,
                "heard_by": one.heard_by,
                "persons": list(one.persons),
            }
            for one in walked
            if one.role not in {"handler", one.heard_by}
        ],
        "dead_ends": sum(one.heard_by is None for one in walked),
    }
