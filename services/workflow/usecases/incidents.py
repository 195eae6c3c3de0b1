"""Common causes in a pass: what gathers now, what is released, what their hearers are told."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.workflow.core.codec import shard_of
from services.workflow.core.emissions import Emitter
from services.workflow.core.fold import tell_incidents
from services.workflow.core.gathering import standing
from services.workflow.core.incident import Incident, Incidents
from services.workflow.core.model import Subject
from services.workflow.core.province import matter_of, tell_province
from services.workflow.ports import IncidentIndex
from shared.events.codes import PROVINCE
from shared.reference.view import Reference
from shared.subjects.change import ChangeSubjects
from shared.subjects.document import Document
from shared.subjects.fold import Context, Emission

LOOK: Final = timedelta(minutes=1)
"""What others gathered on the incidents of our shards is looked for this often."""


@dataclass(slots=True)
class GatherOnIncidents:
    """What a sweep asks and does about incidents.

    Incidents are read from the matters themselves, by index, at each pass: there is no copy
    that could be behind them. A dossier grouped by a view that was old is found by the next
    look of whoever holds its shard, or by its own timer.
    """

    index: IncidentIndex
    change: ChangeSubjects[Subject]
    _active: Sequence[tuple[str, Incident]] = ()
    _released: tuple[frozenset[str], frozenset[int]] | None = None
    _looked_at: datetime | None = None
    _seen: frozenset[str] = frozenset()

    async def standing(self, reference: Reference, now: datetime) -> Incidents:
        """Return the incidents that gather now.

        Raises:
            UnavailableError: the store did not answer.
        """
        self._active = await self.index.active()
        return standing((incident for _, incident in self._active), reference, now)

    def may_release(self, shards: Collection[int], gathering: Incidents) -> bool:
        """Say whether something may hang on an incident that gathers no more."""
        return self._released != (gathering.ids, frozenset(shards))

    async def released(
        self, shards: Collection[int], gathering: Incidents, *, limit: int
    ) -> Sequence[str]:
        """Return the subjects in which something hangs on an incident that gathers no more.

        Raises:
            UnavailableError: the store did not answer.
        """
        return await self.index.hanging_elsewhere(shards, than=gathering.ids, limit=limit)

    def all_released(self, shards: Collection[int], gathering: Incidents) -> None:
        """Remember that nothing does, until an incident ends or our shards change."""
        self._released = (gathering.ids, frozenset(shards))

    def looked_away(self) -> None:
        """Forget what was released: others may hold our shards while an incident lasts."""
        self._released = None

    async def tell(
        self, shards: Collection[int], gathering: Incidents, now: datetime, *, grouped: bool
    ) -> Sequence[Emission]:
        """Tell the hearers of the incidents of these shards what hangs on them.

        Args:
            shards: The shards of the matters that are ours.
            gathering: The incidents that gather now.
            now: The time by which the law runs.
            grouped: Whether this pass gathered something: then it is told at once.

        Raises:
            UnavailableError: store or broker did not answer; the next look tells it.
        """
        there = frozenset(one.id for _, one in self._active)
        rested = self._looked_at is None or now - self._looked_at >= LOOK
        if not there or not (grouped or rested or there != self._seen):
            return ()
        own = {at for at, one in self._active if not one.common and shard_of(at) in shards}
        of_province = {
            matter_of(system): system
            for system in {one.system for _, one in self._active} - {None}
            if system is not None and shard_of(matter_of(system)) in shards
        }
        told_here = {
            one.id
            for at, one in self._active
            if not one.common and (at in own or one.system in of_province.values())
        }
        hanging = await self.index.hanging(told_here)
        links = [one for _, one in self._active if not one.common]
        fresh = {one.id for here in gathering.by_unit.values() for one in here}
        said: list[Emission] = []

        def decide(document: Document[Subject], context: Context) -> Sequence[Emission] | None:
            emissions: list[Emission] = []
            if document.state is not None and document.id in own:
                found = tell_incidents(document.state, hanging, gathering.common, context)
                emissions.extend(found or ())
            if (system := of_province.get(document.id)) is not None:
                lost = [one for one in links if one.system == system]
                state = document.state or Subject(document.id, PROVINCE)
                emit = Emitter(state, cause=f"sweep:{document.id}")
                young = [one for one in lost if one.id in fresh]
                now = context.now
                tell_province(state, lost, young, hanging, context.reference, now, emit)
                if emit.emissions:
                    document.state = state
                emissions.extend(emit.emissions)
            said.extend(emissions)
            return emissions or None

        matters = {at for at, one in self._active if at in own and hanging.get(one.id)}
        named = sorted(matters | set(of_province))
        if named:
            await self.change(named, decide, create=True)
        self._looked_at, self._seen = now, there
        return said
