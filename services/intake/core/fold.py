"""Folding what arrives into one subject's document: numbers, status, canonical events.

Pure: the same document, arrivals, reference and time give the same result.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from services.intake.core.arrivals import Arrival
from services.intake.core.held import Held
from services.intake.core.judge import judge
from services.intake.core.order import (
    hold,
    is_out_of_order,
    joining,
    missing,
    with_key_fault,
)
from services.intake.core.receipts import is_same
from services.intake.core.standing import after
from services.intake.core.state import REFERENCE_SUBJECT, Fact, Subject
from shared.events.codes import publisher_of
from shared.events.envelope import Event, to_document
from shared.events.faults import Fault, fault, id_reused
from shared.events.inbound import Added, InboundEvent
from shared.events.lookup import lookup_hash, lookup_secret
from shared.events.numbering import NumberingRights
from shared.events.place import HELD_MAX, is_of_order
from shared.events.topics import DOSSIERS
from shared.events.transitions import MAY_FOLLOW_THE_END, Status, mark_of
from shared.reference.view import Reference
from shared.subjects.document import Document, Outgoing

AFTER_END: Final = "after-end"
BEFORE_START: Final = "before-start"


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


@dataclass(frozen=True, slots=True)
class Waiting:
    """The event is held until its predecessor comes, or until it is rejected."""

    until: datetime
    waits_for: tuple[str, ...]
    faults: tuple[Fault, ...]
    repeated: bool = False


Verdict = Applied | Refused | Waiting


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a fold may look at besides the document and the arrivals.

    `held_for` is how long an event waits for its predecessor.
    """

    now: datetime
    reference: Reference
    lookup: LookupKeys
    held_for: timedelta
    rights: NumberingRights = field(default_factory=NumberingRights)


@dataclass(slots=True)
class Folding:
    """What became of each arrival, and of events that had waited, by their receipts' keys."""

    verdicts: list[Verdict]
    released: dict[str, tuple[Held, Applied]] = field(default_factory=dict)


def fold(
    document: Document[Subject], arrivals: Sequence[Arrival], circumstances: Circumstances
) -> Folding:
    """Fold arrivals of one subject into its document, in order, and say what became of each.

    The document is changed in place; it stays as it was if nothing was applied or held, but for
    the current codes of its units.
    """
    folding = Folding([])
    if circumstances.reference.units.aliases:
        current = circumstances.reference.current
        arrivals = [one.under(current) for one in arrivals]
        document.state = document.state and document.state.under(current)
    for arrival in arrivals:
        folding.verdicts.append(_fold_one(document, arrival, circumstances, folding))
    for index, arrival in enumerate(arrivals):
        since = folding.released.get(arrival.receipt.key)
        if isinstance(folding.verdicts[index], Waiting) and since is not None:
            folding.verdicts[index] = since[1]
    return folding


def with_fresh_contacts(
    document: Document[Subject], arrivals: Sequence[Arrival], circumstances: Circumstances
) -> list[int]:
    """Return the places of the arrivals whose contact is to be numbered.

    Of those that will be recorded or held, and of no other. The contact of one that is held is
    numbered at once: its values are kept nowhere but on their way to the contacts' topic.
    """
    places = [
        place
        for place, one in enumerate(arrivals)
        if one.event.contact is not None and one.contact_version is None
    ]
    if not places or document.id == REFERENCE_SUBJECT:
        return places
    trial = replace(document, emitted=dict(document.emitted), added=[])
    verdicts = fold(trial, arrivals, circumstances).verdicts
    return [place for place in places if _is_news(verdicts[place])]


def _is_news(verdict: Verdict) -> bool:
    return not isinstance(verdict, Refused) and not verdict.repeated


def _fold_one(
    document: Document[Subject],
    arrival: Arrival,
    circumstances: Circumstances,
    folding: Folding,
) -> Verdict:
    subject = document.state or Subject()
    again = _known(subject, arrival)
    if again is not None:
        return again
    faults = _faults(subject, arrival, circumstances)
    out_of_order = bool(faults) and is_out_of_order(subject, arrival, faults)
    if faults and not out_of_order:
        return Refused(tuple(with_key_fault(arrival, faults)))
    if subject.held or out_of_order:
        held = [one.arrival for one in subject.held]
        chosen = _joining(subject, [*held, arrival], circumstances)
        if any(one is arrival for one in chosen):
            applied = _record(document, chosen, circumstances, folding)[arrival.receipt.key]
            _release(document, circumstances, folding)
            return applied
    if out_of_order:
        return _hold(document, subject, arrival, faults, circumstances)
    applied = _apply(document, arrival, circumstances)
    _release(document, circumstances, folding)
    return applied


def _release(
    document: Document[Subject], circumstances: Circumstances, folding: Folding
) -> None:
    """Record what fits by now of the events that wait, as after a correction."""
    state = document.state
    if state is not None and state.held:
        held = [one.arrival for one in state.held]
        _record(document, _joining(state, held, circumstances), circumstances, folding)


def _faults(subject: Subject, arrival: Arrival, circumstances: Circumstances) -> list[Fault]:
    return judge(
        subject,
        arrival,
        now=circumstances.now,
        reference=circumstances.reference,
        rights=circumstances.rights,
    )


def _joining(
    subject: Subject, arrivals: Sequence[Arrival], circumstances: Circumstances
) -> list[Arrival]:
    """Return those that are recorded now, together, in the order of occurrence."""
    judged = [(one, _faults(subject, one, circumstances)) for one in arrivals]
    return joining(subject, [one for one, faults in judged if is_of_order(faults)])


def _known(subject: Subject, arrival: Arrival) -> Verdict | None:
    """Return the verdict of an earlier time; ids are unique within a publisher."""
    event = arrival.event
    fact = known_fact(subject, event.publisher, event.id)
    if fact is not None:
        if not is_same(fact.fingerprint, arrival.fingerprint, arrival.as_sent, event):
            return Refused((id_reused(),))
        return replace(applied_before(subject, event.topic.name, fact), repeated=True)
    for held in subject.held:
        if (held.event.id, held.event.publisher) == (event.id, event.publisher):
            if held.fingerprint != arrival.fingerprint:
                return Refused((id_reused(),))
            return Waiting(held.until, held.waits_for, held.faults, repeated=True)
    return None


def known_fact(subject: Subject, publisher: str, event_id: str) -> Fact | None:
    """Return the fact that a publisher's event is, if it was applied."""
    for fact in subject.facts:
        if fact.id == event_id and publisher_of(fact.source) == publisher:
            return fact
    return None


def applied_before(subject: Subject, topic: str, fact: Fact) -> Applied:
    """Return the verdict on an event that is a fact."""
    return Applied(
        topic=topic,
        sequence=fact.sequence,
        status=subject.status,
        recorded_at=fact.recorded_at,
        inconsistency=fact.inconsistency,
        first=fact.sequence == 1,
    )


def _hold(
    document: Document[Subject],
    subject: Subject,
    arrival: Arrival,
    faults: Sequence[Fault],
    circumstances: Circumstances,
) -> Verdict:
    waits_for = missing(subject, arrival)
    if waits_for is None:
        return Refused(tuple(faults))
    if len(subject.held) >= HELD_MAX:
        return Refused((fault("too-many-waiting", "/subject", limit=HELD_MAX), *faults))
    until = circumstances.now + circumstances.held_for
    held = hold(arrival, faults, waits_for, until=until)
    document.state = replace(subject, held=(*subject.held, held))
    return Waiting(until, waits_for, held.faults)


def _record(
    document: Document[Subject],
    chosen: Sequence[Arrival],
    circumstances: Circumstances,
    folding: Folding,
) -> dict[str, Applied]:
    """Number what is chosen, in its order, and note what of it had waited."""
    recorded: dict[str, Applied] = {}
    for one in chosen:
        recorded[one.receipt.key] = _apply(document, one, circumstances)
    state = document.state or Subject()
    for held in state.held:
        if held.receipt_key in recorded:
            folding.released[held.receipt_key] = (held, recorded[held.receipt_key])
    left = tuple(held for held in state.held if held.receipt_key not in recorded)
    document.state = replace(state, held=left)
    return recorded


def _apply(
    document: Document[Subject], arrival: Arrival, circumstances: Circumstances
) -> Applied:
    subject = document.state or Subject()
    event = arrival.event
    topic = event.topic.name
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
    state = after(subject, event, fact, arrival.contact_version)
    state = state.under(circumstances.reference.current)
    canonical = _canonical(event, state, sequence, mark, circumstances)
    document.state = state
    document.emitted[topic] = sequence
    document.added.append(outgoing_of(canonical))
    return Applied(
        topic=topic,
        sequence=sequence,
        status=state.status,
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


def _mark(subject: Subject, event: InboundEvent) -> str | None:
    """Return what imported history is marked with, by the table and by its moments."""
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


def _canonical(
    event: InboundEvent,
    state: Subject,
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
            receivingunit=state.receiving,
            competentunit=state.competent,
            referenceversion=circumstances.reference.version,
            contactversion=state.contact_version,
            inconsistency=mark,
            data=data,
        ),
    )
