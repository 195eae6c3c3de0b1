"""Taking events in: histories grow, cells are marked, units are heard from."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.reporting.core.state import FactState, subject_of
from services.reporting.ports import Hearing, Rolls
from shared.events.codes import publisher_of
from shared.events.envelope import Event
from shared.subjects.document import Document
from shared.subjects.fold import Context, Folded

SETTLED_MAX: Final = 200_000
"""How many subjects this process remembers to have marked."""


def fold(state: FactState | None, event: Event, context: Context) -> Folded[FactState]:
    """Take one event into a subject's histories; figures are worked out when it is stored."""
    kept = state or FactState(subject_of(event))
    kept.take(event)
    code = getattr(event.data, "procedure", None)
    if code is not None and code not in kept.fields:
        procedure = context.reference.procedures.get(code)
        if procedure is not None:
            kept.fields[code] = procedure.field
            if procedure.online_level is not None:
                kept.levels[code] = procedure.online_level
    return Folded(kept)


@dataclass(slots=True)
class MarkCells:
    """Marks the cells that saved facts changed, before their position is committed.

    What a crash left unmarked is not known afterwards. So a subject that this process has not
    marked itself at its last version has all its cells marked.
    """

    rolls: Rolls
    _settled: OrderedDict[str, int] = field(default_factory=OrderedDict)

    async def __call__(self, documents: Sequence[Document[FactState]]) -> None:
        """Mark what these documents changed."""
        cells: set[str] = set()
        versions: dict[str, int] = {}
        for document in documents:
            state = document.state
            if state is None:
                continue
            changed = state.dirty is not None
            known = self._settled.get(document.id) == document.version
            cells |= state.to_count_anew() if known and changed else set(state.touched)
            versions[document.id] = document.version + changed
        if cells:
            await self.rolls.mark(cells)
        for subject, version in versions.items():
            self._settled[subject] = version
            self._settled.move_to_end(subject)
        while len(self._settled) > SETTLED_MAX:
            self._settled.popitem(last=False)


async def note_heard(hearing: Hearing, events: Sequence[Event]) -> None:
    """Note which units were heard from; imported history tells nothing about today."""
    moments: dict[str, datetime] = {}
    for event in events:
        if event.backfill or event.recordedtime is None:
            continue
        if publisher_of(event.source) in {None, "notifications", "workflow"}:
            continue  # What our own services say proves nothing about a centre.
        for unit in {event.receivingunit, event.competentunit} - {None}:
            assert unit is not None, "taken out above"
            moments[unit] = max(moments.get(unit, event.recordedtime), event.recordedtime)
    if moments:
        await hearing.heard(moments)
