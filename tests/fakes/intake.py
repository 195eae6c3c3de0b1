"""Intake on our own fakes: the real use cases, core and codecs, without an engine."""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from typing_extensions import override

from deploy.reference.load import bundled_reference
from services.intake.core.arrivals import Sender
from services.intake.core.contacts import ContactCodec, ContactState
from services.intake.core.fold import LookupKeys
from services.intake.core.receipts import Outcome, Receipt, ReceiptKey
from services.intake.core.state import HELD_UNTIL, Subject, SubjectCodec
from services.intake.ports import AcceptedLoss, Grant, Presence
from services.intake.usecases.answers import Answer
from services.intake.usecases.codes import DrawCodes
from services.intake.usecases.contacts import KeepContacts
from services.intake.usecases.counter import ReceiveDossier
from services.intake.usecases.entries import Candidate, Settled
from services.intake.usecases.grants import GrantBook
from services.intake.usecases.held import ExpireHeld, asked_again
from services.intake.usecases.losses import AcceptLosses
from services.intake.usecases.receive import ReceiveEvents
from services.intake.usecases.references import ReferenceBook
from services.intake.usecases.rejections import PublishRejections
from services.intake.usecases.relaying import RelayOutboxes
from services.intake.usecases.work import InWork
from shared.events.envelope import Event, from_document
from shared.events.numbering import CodePattern, NumberingRights
from shared.events.topics import CONTACTS, REFERENCE
from shared.ops.clock import FixedClock
from shared.reference.view import Reference
from shared.subjects.document import Outgoing
from shared.subjects.relay import Relay
from tests.fakes.read_positions import MemoryReadPositions
from tests.fakes.subjects import MemoryArchive, MemoryPublisher, MemorySubjects

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # Monday, 9:00 in Lạng Sơn.
UNIT, OTHER_UNIT, THIRD_UNIT = "06112", "06001", "05977"
PROCEDURE = "1.004873"
NUMBERING, NUMBERS_FOR = "demo", "H37.*"
"""The publisher that is registered to number for every commune in each world."""
LOOKUP = LookupKeys(b"s" * 32, b"h" * 32)


@cache
def reference() -> Reference:
    """The bundled reference data, read once."""
    return bundled_reference()


@cache
def units() -> tuple[str, ...]:
    """Some real units of the province, in order."""
    return tuple(sorted(reference().units))


@dataclass
class MemoryReceipts:
    """Receipts in a dict."""

    kept: dict[str, Receipt] = field(default_factory=dict)

    async def open(self, receipts: Sequence[Receipt]) -> list[Receipt | None]:
        standing = []
        for one in receipts:
            found = self.kept.get(one.key)
            standing.append(found)
            if found is None:
                self.kept[one.key] = one
        return standing

    async def take_over(self, receipts: Sequence[Receipt]) -> frozenset[str]:
        for one in receipts:
            if one.key in self.kept and self.kept[one.key].outcome is not Outcome.APPLIED:
                self.kept[one.key] = replace(one, code=self.kept[one.key].code)
        return frozenset(
            one.key
            for one in receipts
            if (found := self.kept.get(one.key)) is not None
            and (found.outcome, found.fingerprint) == (Outcome.OPEN, one.fingerprint)
        )

    async def close(self, receipts: Sequence[Receipt]) -> None:
        for one in receipts:
            if self.kept[one.key].outcome is not Outcome.APPLIED:
                kept = json.loads(json.dumps(dict(one.answer)))  # As a store would.
                closed = one.closed(one.outcome, kept)
                self.kept[one.key] = replace(closed, code=self.kept[one.key].code)

    async def find(self, keys: Collection[str]) -> dict[str, Receipt]:
        return {key: self.kept[key] for key in keys if key in self.kept}

    async def move(self, receipt: Receipt, code: str) -> Receipt:
        found = self.kept[receipt.key]
        if found.outcome is not Outcome.APPLIED and found.code == receipt.code:
            self.kept[receipt.key] = replace(found, code=code)
        return self.kept[receipt.key]


@dataclass
class MemoryCounter:
    """Numbers in a dict."""

    last: dict[tuple[str, date], int] = field(default_factory=dict)

    async def next(self, prefix: str, day: date) -> int:
        self.last[prefix, day] = self.last.get((prefix, day), 0) + 1
        return self.last[prefix, day]

    async def skip(self, prefix: str, day: date, through: int) -> None:
        self.last[prefix, day] = max(self.last.get((prefix, day), 0), through)


@dataclass
class MemoryRejections:
    """Rejections that wait, in a dict that keeps their order."""

    kept: dict[str, Outgoing] = field(default_factory=dict)

    async def keep(self, rejections: Sequence[Outgoing], *, at: datetime) -> None:
        assert at.tzinfo is not None, "an instant is aware"
        for out in rejections:
            self.kept.setdefault(out.id, out)

    async def waiting(self) -> Mapping[str, int]:
        return Counter(out.topic for out in self.kept.values())

    async def oldest(self, topic: str, limit: int) -> Sequence[Outgoing]:
        return [out for out in self.kept.values() if out.topic == topic][:limit]

    async def remove(self, ids: Collection[str]) -> None:
        for one in ids:
            self.kept.pop(one, None)


@dataclass
class MemoryGrants:
    """The register of numbering rights in a dict."""

    kept: dict[tuple[str, str], Grant] = field(default_factory=dict)

    async def read(self) -> list[Grant]:
        return [self.kept[key] for key in sorted(self.kept)]

    async def add(self, grant: Grant) -> bool:
        key = (grant.publisher, grant.numbers_for)
        return self.kept.setdefault(key, grant) is grant

    async def remove(self, publisher: str, numbers_for: str | None) -> int:
        gone = [
            key for key in self.kept if key[0] == publisher and numbers_for in {None, key[1]}
        ]
        for key in gone:
            del self.kept[key]
        return len(gone)


@dataclass
class MemoryHeld:
    """Finds held events in the fake of the subjects' store."""

    subjects: Any

    async def over(self, now: datetime, limit: int) -> list[str]:
        found = [
            (row["state"][HELD_UNTIL], one)
            for one, row in self.subjects.rows.items()
            if row["state"] is not None and row["state"].get(HELD_UNTIL) is not None
        ]
        return [one for until, one in sorted(found) if until <= now][:limit]


@dataclass
class ArchiveHistory:
    """The published reference events, in the archive's fake."""

    archive: MemoryArchive

    async def after(self, version: int) -> list[Event]:
        events = [
            from_document(out.value)
            for (topic, _), out in self.archive.kept.items()
            if topic == REFERENCE.name and out.value is not None
        ]
        later = [event for event in events if (event.sequence or 0) > version]
        return sorted(later, key=lambda event: event.sequence or 0)

    async def published(self, ids: Collection[str]) -> frozenset[str]:
        return frozenset(one for one in ids if (REFERENCE.name, one) in self.archive.kept)


@dataclass
class MemoryPresences:
    """Connections in a dict."""

    kept: dict[str, Presence] = field(default_factory=dict)

    async def beat(self, subject: str, now: datetime) -> Presence | None:
        before = self.kept.get(subject)
        self.kept[subject] = Presence(subject, now, before.lost_at if before else None)
        return before

    async def known(self, subjects: Collection[str]) -> frozenset[str]:
        return frozenset(subjects) & self.kept.keys()

    async def silent(self, since: datetime, limit: int) -> list[Presence]:
        found = [
            one for one in self.kept.values() if one.lost_at is None and one.last_seen <= since
        ]
        return found[:limit]

    async def lost(self, subject: str, last_seen: datetime) -> None:
        if self.kept[subject].last_seen == last_seen:
            self.kept[subject] = Presence(subject, last_seen, last_seen)

    async def found(self, subject: str, lost_at: datetime) -> None:
        known = self.kept[subject]
        if known.lost_at == lost_at:
            self.kept[subject] = Presence(subject, known.last_seen)

    async def adopt(self, subject: str, *, lost_at: datetime | None, now: datetime) -> None:
        self.kept[subject] = Presence(subject, lost_at or now, lost_at)

    async def seen_again(self, now: datetime) -> None:
        for subject, one in self.kept.items():
            if one.lost_at is None:
                self.kept[subject] = Presence(subject, now)


class MemoryLosses:
    """What was accepted as lost, each once."""

    def __init__(self) -> None:
        self.kept: list[AcceptedLoss] = []

    async def keep(self, accepted: AcceptedLoss) -> AcceptedLoss:
        for one in self.kept:
            if one.loss == accepted.loss:
                return one
        self.kept.append(accepted)
        return accepted

    async def newest(self, *, limit: int) -> Sequence[AcceptedLoss]:
        return sorted(self.kept, key=lambda one: one.at, reverse=True)[:limit]


class ContactlessArchive(MemoryArchive):
    """An archive that keeps no contacts, as the real one is told not to."""

    @override
    async def insert(self, outgoing: Sequence[Outgoing]) -> None:
        await super().insert([out for out in outgoing if out.topic != CONTACTS.name])


class World:
    """One intake with everything around it in memory.

    Parts may be given, so that a second process finds what the first one left.
    """

    def __init__(
        self,
        view: Reference | None = None,
        now: datetime = NOW,
        pattern: CodePattern | None = None,
    ) -> None:
        self.pattern = pattern or CodePattern()
        self.clock = FixedClock(now)
        self.wall = now
        self.in_any_order = True
        self.subjects: Any = MemorySubjects[Subject](SubjectCodec())
        self.contacts: Any = MemorySubjects[ContactState](ContactCodec())
        self.receipts: Any = MemoryReceipts()
        self.publisher: Any = MemoryPublisher()
        self.rejections: Any = MemoryRejections()
        self.archive: Any = ContactlessArchive()
        self.codes: Any = MemoryCounter()
        self.grants: Any = MemoryGrants()
        self.grants.kept[NUMBERING, NUMBERS_FOR] = Grant(NUMBERING, NUMBERS_FOR, "op", now)
        self.taken: list[str] = []
        self.presences: Any = MemoryPresences()
        self.held: Any = MemoryHeld(self.subjects)
        self.read_positions = MemoryReadPositions()
        self.losses = MemoryLosses()
        self.view = reference() if view is None else view
        self.start()

    def start(self) -> None:
        """Put a fresh process together on whatever the ports hold."""
        self.publishing = PublishRejections(self.publisher, self.rejections, lambda: self.wall)
        relays = (
            Relay(self.subjects, self.publishing, self.archive, wall_now=lambda: self.wall),
            Relay(self.contacts, self.publishing, self.archive, wall_now=lambda: self.wall),
        )
        self.relay = RelayOutboxes(*relays, lambda: self.wall)
        self.references = ReferenceBook(
            self.subjects, ArchiveHistory(self.archive), self.view, loaded=True
        )
        self.receive = ReceiveEvents(
            self.subjects,
            self.receipts,
            KeepContacts(self.contacts, relays[1], lambda: self.wall),
            self.references,
            InWork(self.clock),
            lambda: self.wall,
            LOOKUP,
            b"f" * 32,
            GrantBook(self.grants, NumberingRights(self.pattern)),
        )
        self.dossiers = ReceiveDossier(
            self.receive,
            DrawCodes(self.codes, self.subjects, self.pattern),
            self.taken.append,
        )
        self.accepting = AcceptLosses(
            self.read_positions,
            self.losses,
            self.receive,
            self.relay,
            self.publisher,
            self.clock,
        )
        self.expire = ExpireHeld(
            self.subjects, self.held, self.receipts, self.clock, lambda: self.wall
        )

    async def settle(self, *events: Mapping[str, Any], publisher: str = "demo") -> Settled:
        """Send events in by the common door, and leave them in the outboxes."""
        candidates = [
            replace(Candidate.of(event), in_any_order=self.in_any_order) for event in events
        ]
        return await self.receive(Sender(publisher), candidates)

    async def send(self, *events: Mapping[str, Any], publisher: str = "demo") -> list[Answer]:
        """Send events in and publish what follows."""
        settled = await self.settle(*events, publisher=publisher)
        await self.relay.now(settled)
        return settled.answers

    async def expires(self) -> int:
        """Expire what has waited long enough, publish the rejections; return how many."""
        expired = await self.expire()
        await self.relay.now(Settled([], expired.documents))
        return expired.count

    async def receipt(self, event_id: str, publisher: str = "demo") -> Answer:
        """Ask what became of an event."""
        key = ReceiptKey(publisher, event_id).text()
        found = (await self.receipts.find([key]))[key]
        return await asked_again(self.subjects, publisher, found)

    def stream(self, topic: str) -> list[dict[str, Any]]:
        """Return what was published on a topic, each id once, in order."""
        seen: dict[str, dict[str, Any]] = {}
        for out in self.publisher.published:
            if out.topic == topic and out.value is not None:
                seen.setdefault(out.id, out.value)
        return list(seen.values())

    def later(self, **by: float) -> None:
        """Let time pass, simulated and real."""
        self.clock.advance(timedelta(**by))
        self.wall += timedelta(**by)


def event(
    name: str,
    subject: str,
    data: Mapping[str, Any] | None = None,
    *,
    number: int = 0,
    publisher: str = "demo",
    **attributes: Any,  # noqa: ANN401 -- Whatever an envelope may bear.
) -> dict[str, Any]:
    """Make an inbound event; its id follows from what it says."""
    made: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"{name}-{subject.replace('/', '.')}-{number}",
        "source": f"urn:motcua:publisher:{publisher}",
        "type": f"vn.motcua.{name}.v1",
        "subject": subject,
        "time": "2026-11-23T08:00:00+07:00",
        "data": dict(data or {}),
    }
    if name in {"dossier.accepted", "dossier.submitted"}:
        made["receivingunit"] = UNIT
        made["data"] = {"procedure": PROCEDURE, "channel": "direct"} | made["data"]
    return {key: item for key, item in (made | attributes).items() if item is not None}


def history(code: str, **attributes: Any) -> list[dict[str, Any]]:  # noqa: ANN401 -- As above.
    """Make a dossier's whole life, legal in this order."""
    steps: list[tuple[str, dict[str, Any]]] = [
        ("dossier.submitted", {}),
        ("dossier.accepted", {}),
        ("dossier.assigned", {"handler": "p-06112-handler-1"}),
        ("dossier.supplement_requested", {"items": ["KQ.1"], "number": 1, "in_person": True}),
        ("dossier.supplement_received", {"items": ["KQ.1"]}),
        ("dossier.step_started", {"step": "verify", "agency": "H37.19"}),
        ("dossier.step_finished", {"step": "verify", "agency": "H37.19"}),
        ("dossier.completed", {"result": "KQ.G15.000032"}),
        ("dossier.returned", {"how": "direct"}),
    ]
    return [
        event(
            name,
            code,
            data,
            number=index,
            time=f"2026-11-{10 + index}T08:00:00+07:00",
            **attributes,
        )
        for index, (name, data) in enumerate(steps)
    ]
