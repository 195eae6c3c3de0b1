"""What time alone brings about: rungs, breaches, broken promises, lapses; and new counts."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from services.workflow.core.counting import recount
from services.workflow.core.fold import sweep
from services.workflow.core.incident import Incidents
from services.workflow.core.law import law_of
from services.workflow.core.model import Subject
from services.workflow.ports import ObligationIndex
from services.workflow.usecases.freshness import Fresh, Freshness, ReadTogether
from services.workflow.usecases.incidents import GatherOnIncidents
from shared.events.obligations import ObligationRungReached
from shared.events.progress import LATE_WAIT
from shared.subjects.change import ChangeSubjects, Decide
from shared.subjects.document import Document
from shared.subjects.fold import Context, Emission
from shared.subjects.ports import Clock, ReferenceSource

BATCH_SUBJECTS_MAX: Final = 500
"""How many subjects are read, decided and written together."""

LOOK_SUBJECTS_MAX: Final = 5_000
"""How many subjects one question to the index names."""

PASS_LOOKS_MAX: Final = 4
"""A pass ends after this many questions, so that other work gets its turn."""


Decision = Callable[[Subject, Context], Sequence[Emission] | None]


@dataclass(slots=True)
class Swept:
    """What one pass did.

    Attributes:
        upto: Up to when it looked; None if it could not look at all.
        complete: Whether nothing before `upto` was left, on any shard of ours.
        incomplete_since: Since when data may be missing.
        subjects: How many subjects changed.
        recounted: How many were counted anew.
        emissions: What followed, for metrics.
    """

    upto: datetime | None = None
    complete: bool = False
    incomplete_since: datetime | None = None
    subjects: int = 0
    recounted: int = 0
    emissions: list[Emission] = field(default_factory=list)


@dataclass(slots=True)
class SweepObligations:
    """One pass over what is due, by index, oldest first, in bounded batches.

    It begins only once our positions have passed the ends that the broker told after intake's
    marks were read: what the marks speak of has then been applied here, incidents included.
    What is overdue waits `late_wait` for the rest of a publisher's backlog.
    """

    index: ObligationIndex
    change: ChangeSubjects[Subject]
    freshness: Freshness
    reading: ReadTogether
    reference: ReferenceSource
    clock: Clock
    incidents: GatherOnIncidents
    late_wait: timedelta = LATE_WAIT

    async def __call__(self) -> Swept:
        """Sweep once.

        Raises:
            UnavailableError: store or broker did not answer; what was done is done.
        """
        now = self.clock.now()
        fresh = self.freshness.look(now)
        if fresh is None:
            return Swept()
        readable = await self.reading.look(fresh)
        shards, fresh = readable.shards, readable.fresh
        result = Swept(upto=fresh.upto, incomplete_since=fresh.incomplete_since)
        if not shards:
            self.incidents.looked_away()
            return result
        counted = await self._recount(shards, result)
        # Read before anything climbs: an incident that ends meanwhile is met by the next pass.
        gathering = await self.incidents.standing(self.reference.current(), now)
        swept = await self._sweep(shards, fresh, gathering, result)
        freed = await self._release(shards, fresh, gathering, result)
        grouped = any(
            said.name == ObligationRungReached.NAME and said.data.get("incident") is not None
            for said in result.emissions
        )
        told = await self.incidents.tell(shards, gathering, now, grouped=grouped)
        result.emissions.extend(told)
        result.complete = counted and swept and freed and readable.whole
        return result

    async def _recount(self, shards: Collection[int], result: Swept) -> bool:
        """Count anew what was counted under an older law; say whether all of it is done."""
        law = law_of(self.reference.current())

        async def behind() -> Sequence[str]:
            return await self.index.behind(shards, law=law, limit=LOOK_SUBJECTS_MAX)

        def counted(subjects: int) -> None:
            result.recounted += subjects

        return await self._pass(behind, self._decide(result, _count_anew), counted)

    async def _sweep(
        self, shards: Collection[int], fresh: Fresh, gathering: Incidents, result: Swept
    ) -> bool:
        async def due() -> Sequence[str]:
            return await self.index.due(shards, before=fresh.upto, limit=LOOK_SUBJECTS_MAX)

        return await self._climb(due, fresh, gathering, result)

    async def _release(
        self, shards: Collection[int], fresh: Fresh, gathering: Incidents, result: Swept
    ) -> bool:
        """Look at once at what hangs on an incident that gathers no more."""
        if not self.incidents.may_release(shards, gathering):
            return True

        async def hanging() -> Sequence[str]:
            return await self.incidents.released(shards, gathering, limit=LOOK_SUBJECTS_MAX)

        done = await self._climb(hanging, fresh, gathering, result)
        if done:
            self.incidents.all_released(shards, gathering)
        return done

    async def _climb(
        self,
        look: Callable[[], Awaitable[Sequence[str]]],
        fresh: Fresh,
        gathering: Incidents,
        result: Swept,
    ) -> bool:
        def climb(subject: Subject, context: Context) -> Sequence[Emission] | None:
            return sweep(
                subject,
                context,
                upto=fresh.upto,
                incomplete_since=fresh.incomplete_since,
                incidents=gathering,
                late=fresh.late,
                late_wait=self.late_wait,
            )

        def counted(subjects: int) -> None:
            result.subjects += subjects

        return await self._pass(look, self._decide(result, climb), counted)

    async def _pass(
        self,
        look: Callable[[], Awaitable[Sequence[str]]],
        decide: Decide[Subject],
        counted: Callable[[int], None],
    ) -> bool:
        """Decide what a question to the index names, in its order; say whether all is done."""
        seen: Sequence[str] = ()
        for _ in range(PASS_LOOKS_MAX):
            ids = await look()
            if not ids or ids == seen:
                return not ids
            seen = ids
            for start in range(0, len(ids), BATCH_SUBJECTS_MAX):
                batch = ids[start : start + BATCH_SUBJECTS_MAX]
                counted(len(await self.change(batch, decide)))
        return False

    @staticmethod
    def _decide(result: Swept, decision: Decision) -> Decide[Subject]:
        def decide(document: Document[Subject], context: Context) -> Sequence[Emission] | None:
            if document.state is None:
                return None
            emissions = decision(document.state, context)
            if emissions is not None:
                result.emissions.extend(emissions)
            return emissions

        return decide


def _count_anew(subject: Subject, context: Context) -> Sequence[Emission]:
    return recount(subject, context)
