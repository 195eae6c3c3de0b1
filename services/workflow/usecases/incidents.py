"""Common causes in a pass: what gathers now, what is released, what their hearers are told."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.workflow.core.codec import shard_of
from services.workflow.core.fold import tell_incidents
from services.workflow.core.gathering import standing
from services.workflow.core.incident import Hanging, Incident, Incidents
from services.workflow.core.model import Subject
from services.workflow.ports import IncidentIndex
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

    async def tell(
        self, shards: Collection[int], now: datetime, *, grouped: bool
    ) -> Sequence[Emission]:
        """Tell the hearers of the incidents of these shards what hangs on them.

        Args:
            shards: The shards of the matters that are ours.
            now: The time by which the law runs.
            grouped: Whether this pass gathered something: then it is told at once.

        Raises:
            UnavailableError: store or broker did not answer; the next look tells it.
        """
        rested = self._looked_at is None or now - self._looked_at >= LOOK
        if not self._active or not (grouped or rested):
            return ()
        ours = [(at, one) for at, one in self._active if shard_of(at) in shards]
        hanging: dict[str, Sequence[Hanging]] = {}
        for _, one in ours:
            hanging[one.id] = await self.index.hanging(one.id)
        matters = {at for at, one in ours if hanging[one.id]}
        said: list[Emission] = []

        def decide(document: Document[Subject], context: Context) -> Sequence[Emission] | None:
            if document.state is None:
                return None
            emissions = tell_incidents(document.state, hanging, context)
            said.extend(emissions or ())
            return emissions

        if matters:
            await self.change(matters, decide)
        self._looked_at = now
        return said
