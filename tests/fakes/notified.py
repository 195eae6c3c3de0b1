"""Events as intake and workflow would write them, for notifications to read."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.events.contacts import Contact, contact_document
from shared.events.envelope import Event, to_document, topic_of
from shared.events.model import EventData
from shared.events.obligations import (
    ObligationOpened,
    ObligationRungReached,
    ObligationRungWithdrawn,
)
from shared.events.topics import CONTACTS, OBLIGATIONS
from shared.subjects.document import Outgoing

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""09:00 in the authority's zone, a working Monday."""

UNIT = "06112"
PROCEDURE = "1.004873"


@dataclass
class Numbered:
    """Numbers events per subject and topic, as their writers do."""

    now: datetime = MONDAY
    last: Counter[tuple[str, str]] = field(default_factory=Counter)

    def event(
        self,
        subject: str,
        data: EventData,
        *,
        time: datetime | None = None,
        event_id: str | None = None,
        **envelope: Any,  # noqa: ANN401 -- Any attribute of the envelope.
    ) -> Event:
        """Return the next event of a subject."""
        name = topic_of(data.NAME, subject).name
        self.last[name, subject] += 1
        sequence = self.last[name, subject]
        return Event(
            id=event_id or f"{subject}:{name}:{sequence}",
            source="urn:motcua:publisher:test",
            name=data.NAME,
            subject=subject,
            time=time or self.now,
            sequence=sequence,
            recordedtime=time or self.now,
            receivingunit=envelope.pop("unit", UNIT),
            data=data,
            **envelope,
        )


def opened(*, due: datetime | None = None, kind: str = "dossier_deadline") -> ObligationOpened:
    """Return an obligation that opens."""
    date = due or MONDAY + timedelta(days=3)
    return ObligationOpened(
        obligation=kind, kind=kind, unit=UNIT, opened_at=MONDAY, due=date, limit=date
    )


def reached(  # noqa: PLR0913 -- The fields that tests vary.
    persons: Sequence[str],
    *,
    rung: str = "due",
    role: Any = "chairman",  # noqa: ANN401 -- One of the roles.
    kind: str = "dossier_deadline",
    cycle: int = 1,
    repeat: int = 0,
    due: datetime | None = None,
    at: datetime | None = None,
) -> ObligationRungReached:
    """Return a rung that is reached."""
    return ObligationRungReached(
        obligation=kind,
        kind=kind,
        unit=UNIT,
        cycle=cycle,
        rung=rung,
        rung_at=at or MONDAY,
        role=role,
        persons=tuple(persons),
        due=due or MONDAY,
        repeat=repeat,
        statutory=rung == "due",
    )


def withdrawn(rung: str = "due", *, cycle: int = 1) -> ObligationRungWithdrawn:
    """Return a rung that is taken back."""
    return ObligationRungWithdrawn(
        obligation="dossier_deadline",
        kind="dossier_deadline",
        unit=UNIT,
        cycle=cycle,
        rung=rung,
        why="overtaken",
        cause="event-1",
    )


def contact(
    key: str,
    *,
    version: int = 1,
    role: Any = "applicant",  # noqa: ANN401 -- One of the roles.
    **parts: Any,  # noqa: ANN401 -- The parts of a contact.
) -> Outgoing:
    """Return a contact on its topic."""
    told = Contact(key=key, version=version, role=role, recordedtime=MONDAY, **parts)
    return Outgoing(f"{key}:{version}", CONTACTS.name, key, contact_document(told))


def outgoing(event: Event) -> Outgoing:
    """Return an event on its topic."""
    return Outgoing(event.id, event.topic.name, event.subject, to_document(event))


OBLIGATIONS_TOPIC = OBLIGATIONS.name
