"""What intake knows of one subject: enough to judge the next event and to fold again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from services.intake.core.held import Held, held_read, held_written
from shared.events.envelope import Event
from shared.events.model import instant_text
from shared.events.registry import REGISTRY
from shared.events.transitions import ENDED, Status
from shared.events.units import Current, event_under

FACTS_MAX: Final = 2_000
"""How many events one subject may have; a document has to stay well under 16 MB."""

HELD_UNTIL: Final = "held_until"
"""The field of the state by which held events are found: when the first of them expires."""

REFERENCE_SUBJECT: Final = "~reference"
"""The document that numbers the reference topic; `~` begins no subject of an event."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One event that was applied, as much of it as a refold or a repeat needs."""

    source: str
    id: str
    fingerprint: str
    name: str
    time: datetime
    sequence: int
    recorded_at: datetime
    data: Mapping[str, Any]
    backfill: bool = False
    inconsistency: str | None = None

    def as_event(self, subject: str) -> Event:
        """Return the fact as the event it was, for folding again."""
        model = REGISTRY[self.name].model
        return Event(
            id=self.id,
            source=self.source,
            name=self.name,
            subject=subject,
            time=self.time,
            sequence=self.sequence,
            backfill=self.backfill,
            inconsistency=self.inconsistency,
            recordedtime=self.recorded_at,
            data=model.model_validate(dict(self.data)),
        )


@dataclass(frozen=True, slots=True)
class Subject:
    """A dossier or a matter as intake sees it.

    `latest_at` is the time of the latest event that holds; `held` are events that wait for
    their predecessor, in the order in which they arrived.
    """

    status: Status | None = None
    was_accepted: bool = False
    receiving: str | None = None
    competent: str | None = None
    procedure: str | None = None
    contact_version: int | None = None
    opened_at: datetime | None = None
    ended_at: datetime | None = None
    latest_at: datetime | None = None
    facts: tuple[Fact, ...] = ()
    held: tuple[Held, ...] = ()

    @property
    def units(self) -> frozenset[str]:
        """Return the units that may send events of this subject."""
        return frozenset(unit for unit in (self.receiving, self.competent) if unit is not None)

    def under(self, current: Current) -> "Subject":
        """Return the subject with current unit codes; its facts stay as they were recorded."""
        receiving = None if self.receiving is None else current(self.receiving)
        competent = None if self.competent is None else current(self.competent)
        held = tuple(replace(one, event=event_under(one.event, current)) for one in self.held)
        under = replace(self, receiving=receiving, competent=competent, held=held)
        return self if under == self else under

    @property
    def has_ended(self) -> bool:
        """Return whether the dossier has left the open statuses."""
        return self.status in ENDED


class SubjectCodec:
    """The named pair between a subject's state and what the store keeps."""

    def to_document(self, state: Subject) -> dict[str, Any]:
        """Write the state."""
        return {
            "status": None if state.status is None else int(state.status),
            "was_accepted": state.was_accepted,
            "receiving": state.receiving,
            "competent": state.competent,
            "procedure": state.procedure,
            "contact_version": state.contact_version,
            "opened_at": _written(state.opened_at),
            "ended_at": _written(state.ended_at),
            "latest_at": _written(state.latest_at),
            "facts": [_fact_written(fact) for fact in state.facts],
            **_held_written(state.held),
        }

    def from_document(self, document: Mapping[str, Any]) -> Subject:
        """Read the state."""
        status = document["status"]
        return Subject(
            status=None if status is None else Status(status),
            was_accepted=document["was_accepted"],
            receiving=document["receiving"],
            competent=document["competent"],
            procedure=document["procedure"],
            contact_version=document["contact_version"],
            opened_at=_read(document["opened_at"]),
            ended_at=_read(document["ended_at"]),
            latest_at=_read(document["latest_at"]),
            facts=tuple(_fact_read(fact) for fact in document["facts"]),
            held=tuple(held_read(one) for one in document.get("held", ())),
        )

    def index(self, state: Subject) -> dict[str, Any]:
        """Nothing is asked by anything but the subject, and what the state holds."""
        del state
        return {}


def _held_written(held: tuple[Held, ...]) -> dict[str, Any]:
    if not held:
        return {}
    until = min(one.until for one in held)
    return {"held": [held_written(one) for one in held], HELD_UNTIL: until}


def _fact_written(fact: Fact) -> dict[str, Any]:
    written: dict[str, Any] = {
        "s": fact.source,
        "i": fact.id,
        "f": fact.fingerprint,
        "n": fact.name,
        "t": instant_text(fact.time),
        "q": fact.sequence,
        "r": instant_text(fact.recorded_at),
        "d": dict(fact.data),
    }
    if fact.backfill:
        written["b"] = True
    if fact.inconsistency is not None:
        written["m"] = fact.inconsistency
    return written


def _fact_read(stored: Mapping[str, Any]) -> Fact:
    return Fact(
        source=stored["s"],
        id=stored["i"],
        fingerprint=stored["f"],
        name=stored["n"],
        time=datetime.fromisoformat(stored["t"]),
        sequence=stored["q"],
        recorded_at=datetime.fromisoformat(stored["r"]),
        data=stored["d"],
        backfill=stored.get("b", False),
        inconsistency=stored.get("m"),
    )


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else instant_text(moment)


def _read(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
