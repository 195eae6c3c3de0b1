"""What a subject's facts amount to: status, units, procedure, beginning and end.

A dossier's events count in the order in which they happened. One that is recorded after what
happened later, or a correction, makes the whole history count again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from services.intake.core.state import Fact, Subject
from shared.events.answers import Corrected
from shared.events.dossiers import DossierAccepted, DossierMoved, DossierSubmitted
from shared.events.history import effective, in_order
from shared.events.inbound import InboundEvent
from shared.events.place import Step
from shared.events.transitions import ENDED, recorded_status

CORRECTED: Final = "dossier.corrected"
_BEGINNINGS: Final = frozenset({DossierSubmitted.NAME, DossierAccepted.NAME})


@dataclass(frozen=True, slots=True)
class Happened:
    """One event that holds, with the data that it has by now."""

    name: str
    time: datetime
    sequence: int
    data: Mapping[str, Any]


def happened(subject: Subject, code: str) -> list[Happened]:
    """Return the events that hold, corrections applied, in the order of occurrence."""
    if any(fact.name == CORRECTED for fact in subject.facts):
        return [
            Happened(event.name, event.time, event.sequence or 0, event.data.document())
            for event in effective([fact.as_event(code) for fact in subject.facts])
        ]
    return in_order(
        [Happened(fact.name, fact.time, fact.sequence, fact.data) for fact in subject.facts]
    )


def steps(subject: Subject, code: str) -> list[Step]:
    """Return a dossier's history as the place of a further event depends on it."""
    return [Step.of(one) for one in happened(subject, code)]


def after(
    subject: Subject, event: InboundEvent, fact: Fact, contact_version: int | None
) -> Subject:
    """Return the subject with one more fact."""
    receiving, competent, matter = subject.receiving, subject.competent, event.matter
    if matter is not None:
        receiving = competent = matter.unit
    elif not subject.facts:
        receiving = event.receivingunit
        competent = event.competentunit or receiving
    known = replace(
        subject,
        facts=(*subject.facts, fact),
        opened_at=subject.opened_at or event.time,
        contact_version=contact_version or subject.contact_version,
        receiving=receiving,
        competent=competent,
    )
    if matter is not None:
        return known
    late = subject.latest_at is not None and event.time <= subject.latest_at
    if late or isinstance(event.data, Corrected):
        return _refolded(known, event.subject)
    return _moved_on(known, Happened(event.name, event.time, fact.sequence, fact.data))


def _refolded(subject: Subject, code: str) -> Subject:
    """Count a dossier's whole history again, in the order of occurrence."""
    history = happened(subject, code)
    first = next((one for one in history if one.name in _BEGINNINGS), None)
    again = replace(
        subject,
        status=None,
        was_accepted=False,
        procedure=None,
        competent=_first_competent(subject),
        opened_at=first.time if first else next((one.time for one in history), None),
        ended_at=None,
        latest_at=None,
    )
    for one in history:
        again = _moved_on(again, one)
    return again


def _moved_on(subject: Subject, one: Happened) -> Subject:
    """Return the subject after one event of a dossier, legal or recorded as it is."""
    status, _ = recorded_status(subject.status, one.name, was_accepted=subject.was_accepted)
    procedure, competent = subject.procedure, subject.competent
    if one.name in _BEGINNINGS:
        procedure = procedure or str(one.data["procedure"])
    if one.name == DossierMoved.NAME:
        competent = str(one.data["to_unit"])
    ended_at = subject.ended_at
    if status in ENDED and subject.status not in ENDED:
        ended_at = one.time
    return replace(
        subject,
        status=status,
        was_accepted=subject.was_accepted or one.name == DossierAccepted.NAME,
        procedure=procedure,
        competent=competent,
        ended_at=ended_at,
        latest_at=max(subject.latest_at or one.time, one.time),
    )


def _first_competent(subject: Subject) -> str | None:
    """Return the unit that was competent before any move."""
    moves = [fact for fact in subject.facts if fact.name == DossierMoved.NAME]
    first = min(moves, key=lambda fact: (fact.time, fact.sequence), default=None)
    return subject.competent if first is None else str(first.data["from_unit"])
