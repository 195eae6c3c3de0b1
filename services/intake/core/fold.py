"""Folding what arrives into one subject's document: numbers, status, canonical events.

Pure: the same document, arrivals, reference and time give the same result.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from services.intake.core.arrivals import Arrival
from services.intake.core.judge import judge
from services.intake.core.state import Fact, Subject
from shared.events.answers import Corrected
from shared.events.codes import publisher_of
from shared.events.dossiers import DossierAccepted, DossierMoved, DossierSubmitted
from shared.events.envelope import Event, to_document
from shared.events.faults import Fault, id_reused
from shared.events.history import effective
from shared.events.inbound import Added, InboundEvent
from shared.events.lookup import lookup_hash, lookup_secret
from shared.events.model import EventData
from shared.events.numbering import NumberingRights
from shared.events.topics import DOSSIERS
from shared.events.transitions import ENDED, Status, mark_of, recorded_status
from shared.reference.view import Reference
from shared.subjects.document import Document, Outgoing

AFTER_END: Final = "after-end"
BEFORE_START: Final = "before-start"

MAY_FOLLOW_THE_END: Final = frozenset(
    {
        "dossier.returned",
        "dossier.paid",
        "dossier.corrected",
        "obligation.acknowledged",
        "notice.proven",
        "notice.undeliverable",
    }
)
"""What rightly happens after a dossier has ended, so that history is not marked for it."""


@dataclass(frozen=True, slots=True)
class LookupKeys:
    """The two keys of the look-up secret, each derived for its purpose."""

    secret: bytes
    hash: bytes

    def secret_of(self, code: str) -> str:
        """Return the secret that is printed on a dossier's slip."""
        return lookup_secret(self.secret, code)

    def hash_of(self, code: str) -> str:
        """Return what the dossier's first event carries."""
        return lookup_hash(self.hash, code, self.secret_of(code))


@dataclass(frozen=True, slots=True)
class Applied:
    """The event is part of its subject's history."""

    topic: str
    sequence: int
    status: Status | None
    recorded_at: datetime | None
    inconsistency: str | None = None
    first: bool = False
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The event changed nothing."""

    faults: tuple[Fault, ...]


Verdict = Applied | Refused


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a fold may look at besides the document and the arrivals."""

    now: datetime
    reference: Reference
    lookup: LookupKeys
    rights: NumberingRights = field(default_factory=NumberingRights)


def fold(
    document: Document[Subject], arrivals: Sequence[Arrival], circumstances: Circumstances
) -> list[Verdict]:
    """Fold arrivals of one subject into its document, in order, and say what became of each.

    The document is changed in place; nothing is added to it if nothing was applied.
    """
    return [_fold_one(document, arrival, circumstances) for arrival in arrivals]


def _fold_one(
    document: Document[Subject], arrival: Arrival, circumstances: Circumstances
) -> Verdict:
    subject = document.state or Subject()
    event = arrival.event
    topic = event.topic.name
    known = _known(subject, event)
    if known is not None:
        if known.fingerprint != arrival.fingerprint:
            return Refused((id_reused(),))
        return Applied(
            topic=topic,
            sequence=known.sequence,
            status=subject.status,
            recorded_at=known.recorded_at,
            inconsistency=known.inconsistency,
            first=known.sequence == 1,
            repeated=True,
        )
    faults = judge(
        subject,
        arrival,
        now=circumstances.now,
        reference=circumstances.reference,
        rights=circumstances.rights,
    )
    if faults:
        return Refused(tuple(faults))
    sequence = document.emitted.get(topic, 0) + 1
    mark = _mark(subject, event)
    fact = Fact(
        source=event.source,
        id=event.id,
        fingerprint=arrival.fingerprint,
        name=event.name,
        time=event.time,
        sequence=sequence,
        recorded_at=circumstances.now,
        data=event.data.document(),
        backfill=event.backfill,
        inconsistency=mark,
    )
    after = _after(subject, event, fact, arrival.contact_version)
    canonical = _canonical(event, after, sequence, mark, circumstances)
    document.state = after
    document.emitted[topic] = sequence
    document.added.append(outgoing_of(canonical))
    return Applied(
        topic=topic,
        sequence=sequence,
        status=after.status,
        recorded_at=circumstances.now,
        inconsistency=mark,
        first=sequence == 1,
    )


def outgoing_of(event: Event) -> Outgoing:
    """Return a canonical event as an outbox entry; ids are unique within their source only."""
    return Outgoing(
        id=f"{event.source}#{event.id}",
        topic=event.topic.name,
        key=event.subject,
        value=to_document(event),
    )


def _known(subject: Subject, event: InboundEvent) -> Fact | None:
    """Return the fact that this event already is: ids are unique within a publisher."""
    for fact in subject.facts:
        if fact.id == event.id and publisher_of(fact.source) == event.publisher:
            return fact
    return None


def _mark(subject: Subject, event: InboundEvent) -> str | None:
    """Return what imported history is marked with: the table's refusal, or an odd order."""
    if not event.backfill or event.topic is not DOSSIERS:
        return None
    by_table = mark_of(subject.status, event.name, was_accepted=subject.was_accepted)
    if by_table is not None:
        return by_table
    if subject.opened_at is not None and event.time < subject.opened_at:
        return BEFORE_START
    ended = subject.ended_at is not None and event.time > subject.ended_at
    if ended and event.name not in MAY_FOLLOW_THE_END:
        return AFTER_END
    return None


def _after(
    subject: Subject, event: InboundEvent, fact: Fact, contact_version: int | None
) -> Subject:
    """Return the subject with one more fact."""
    facts = (*subject.facts, fact)
    known = replace(
        subject,
        facts=facts,
        opened_at=subject.opened_at or event.time,
        contact_version=contact_version or subject.contact_version,
    )
    if event.matter is not None:
        return replace(known, receiving=event.matter.unit, competent=event.matter.unit)
    if not subject.facts:
        competent = event.competentunit or event.receivingunit
        known = replace(known, receiving=event.receivingunit, competent=competent)
    if isinstance(event.data, Corrected):
        return _refolded(known, event.subject)
    return _moved_on(known, event.name, event.time, event.data)


def _moved_on(subject: Subject, name: str, time: datetime, data: EventData) -> Subject:
    """Return the subject after one event of a dossier, legal or recorded as it is."""
    status, _ = recorded_status(subject.status, name, was_accepted=subject.was_accepted)
    procedure, competent = subject.procedure, subject.competent
    if isinstance(data, DossierSubmitted | DossierAccepted):
        procedure = procedure or data.procedure
    if isinstance(data, DossierMoved):
        competent = data.to_unit
    ended_at = subject.ended_at
    if status in ENDED and subject.status not in ENDED:
        ended_at = time
    return replace(
        subject,
        status=status,
        was_accepted=subject.was_accepted or name == "dossier.accepted",
        procedure=procedure,
        competent=competent,
        ended_at=ended_at,
    )


def _refolded(subject: Subject, code: str) -> Subject:
    """Fold a dossier's whole history again, now that one event of it was corrected."""
    competent = _first_competent(subject)
    again = replace(
        subject,
        status=None,
        was_accepted=False,
        procedure=None,
        competent=competent,
        opened_at=None,
        ended_at=None,
    )
    for event in effective([fact.as_event(code) for fact in subject.facts]):
        again = replace(again, opened_at=again.opened_at or event.time)
        again = _moved_on(again, event.name, event.time, event.data)
    return again


def _first_competent(subject: Subject) -> str | None:
    """Return the unit that was competent before any move."""
    for fact in subject.facts:
        if fact.name == "dossier.moved":
            return str(fact.data["from_unit"])
    return subject.competent


def _canonical(
    event: InboundEvent,
    after: Subject,
    sequence: int,
    mark: str | None,
    circumstances: Circumstances,
) -> Event:
    data = event.data
    if sequence == 1 and event.topic is DOSSIERS:
        changes: dict[str, Any] = {"lookup_hash": circumstances.lookup.hash_of(event.subject)}
        data = data.model_copy(update=changes)
    return event.recorded(
        sequence=sequence,
        recordedtime=circumstances.now,
        added=Added(
            receivingunit=after.receiving,
            competentunit=after.competent,
            referenceversion=circumstances.reference.version,
            contactversion=after.contact_version,
            inconsistency=mark,
            data=data,
        ),
    )
