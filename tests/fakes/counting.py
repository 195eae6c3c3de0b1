"""A service small enough to check by hand: it keeps the names it saw and says each back."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.events.dossiers import DossierAssigned
from shared.events.envelope import Event
from shared.events.obligations import ObligationRungSkipped
from shared.subjects.errors import UnfoldableError
from shared.subjects.fold import Context, Emission, Folded

START = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
POISON = "p-poison"


class NamesCodec:
    """Keeps the list of names as it is."""

    def to_document(self, state: list[str]) -> dict[str, Any]:
        return {"names": list(state)}

    def from_document(self, document: Mapping[str, Any]) -> list[str]:
        return list(document["names"])

    def index(self, state: list[str]) -> dict[str, Any]:
        return {"count": len(state) or None}


def say_back(state: list[str] | None, event: Event, _context: Context) -> Folded[list[str]]:
    """Remember who was assigned and emit one event for it; refuse the poisonous one."""
    assert isinstance(event.data, DossierAssigned)
    if event.data.handler == POISON:
        raise UnfoldableError("poison")
    said = ObligationRungSkipped(
        obligation="dossier_deadline",
        kind="dossier_deadline",
        cycle=1,
        unit="06112",
        rung="half",
        rung_at=event.time,
        why="superseded",
    )
    emission = Emission(
        f"said-{event.id}", "obligation.rung_skipped", data=said.document(), time=event.time
    )
    return Folded([*(state or []), event.data.handler], [emission])


def assigned(code: str, sequence: int, handler: str | None = None) -> Event:
    """Return the canonical event that assigns a handler, `p-<sequence>` unless named."""
    return Event(
        id=f"{code}-{sequence}",
        source="urn:motcua:publisher:demo",
        name="dossier.assigned",
        subject=code,
        time=START + timedelta(hours=sequence),
        sequence=sequence,
        recordedtime=START + timedelta(hours=sequence),
        referenceversion=0,
        data=DossierAssigned(handler=handler or f"p-{sequence}"),
    )
