"""The whole of notifications in memory: its use cases on fakes of its ports, no engine."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from services.notifications.adapters.names import ReferenceNames
from services.notifications.adapters.render import FileRenderer
from services.notifications.core.acknowledge import Answers, AnswersCodec
from services.notifications.core.cause import Cause
from services.notifications.core.contact import Contact
from services.notifications.core.folding import FoldCause
from services.notifications.core.letter import Links
from services.notifications.core.notice import Channel, Notice, Taken
from services.notifications.core.policy import Rules
from services.notifications.core.rates import Rate
from services.notifications.core.settling import Accepted, Outcome, SettlingRules
from services.notifications.core.stored import CauseCodec, NoticeCodec
from services.notifications.core.timing import Pace, QuietHours
from services.notifications.core.verdict import Verdict, VerdictCodec
from services.notifications.ports import ChannelPort, Message
from services.notifications.usecases.answering import AnswerRungs
from services.notifications.usecases.contacts import ApplyContacts
from services.notifications.usecases.judging import JudgeReach
from services.notifications.usecases.knowing import KnowNotices
from services.notifications.usecases.planning import SERVICE, PlanNotices
from services.notifications.usecases.reaching import KnowReach
from services.notifications.usecases.receipts import ApplyReceipts
from services.notifications.usecases.sending import LEASE, SendDue
from services.notifications.usecases.stepping import StepNotices
from services.notifications.usecases.throttle import Throttle
from services.notifications.usecases.writing import WriteMessages
from shared.events.centres import CoverageReachChecked
from shared.events.envelope import Event, from_document
from shared.events.topics import CONTACTS, NOTICES, inbound
from shared.ops.clock import FixedClock
from shared.reference.view import Reference
from shared.subjects.apply import ApplyBatch
from shared.subjects.change import ChangeSubjects
from shared.subjects.document import Document, Outgoing
from shared.subjects.records import Record
from shared.subjects.relay import LEFT_BEHIND_AFTER, Relay
from tests.fakes.notified import MONDAY
from tests.fakes.subjects import (
    FixedReference,
    MemoryArchive,
    MemoryParking,
    MemoryPublisher,
    MemorySubjects,
)

WALL = datetime(2030, 1, 1, tzinfo=UTC)


@cache
def renderer() -> FileRenderer:
    """Return the one renderer of all worlds; its templates are compiled once."""
    return FileRenderer()


class MemoryNotices:
    """The queries of notices, over documents in memory."""

    def __init__(self, subjects: MemorySubjects[Notice]) -> None:
        self.subjects = subjects

    def all(self) -> list[Notice]:
        """Return every notice."""
        rows = self.subjects.rows.values()
        return [NoticeCodec().from_document(row["state"]) for row in rows]

    async def due(
        self, channel: Channel, *, now: datetime, wall: datetime, limit: int
    ) -> Sequence[Document[Notice]]:
        """Return what is due, in the order of lanes."""
        rows = [
            row
            for row in self.subjects.rows.values()
            if row["channel"] == channel.value
            and (
                (row.get("next_at") and row["next_at"] <= now)
                or (row.get("wall_at") and row["wall_at"] <= wall)
            )
        ]
        rows.sort(key=lambda row: (row["lane"], row.get("next_at") or row["wall_at"]))
        found = await self.subjects.load([row["_id"] for row in rows[:limit]])
        return list(found.values())

    async def held_for(
        self, contact: str, channel: Channel, *, limit: int
    ) -> Sequence[Document[Notice]]:
        """Return what is held back for one recipient."""
        rows = [
            row
            for row in self.subjects.rows.values()
            if row.get("held_for") == contact and row["channel"] == channel.value
        ]
        rows.sort(key=lambda row: (row["lane"], row.get("next_at") or row["wall_at"]))
        found = await self.subjects.load([row["_id"] for row in rows[:limit]])
        return list(found.values())

    async def awaiting(self, contacts: Collection[str]) -> Sequence[str]:
        """Return who waits for a contact."""
        rows = self.subjects.rows.values()
        return [row["_id"] for row in rows if row.get("awaits") in contacts]

    async def of_subject(self, subject: str, *, limit: int) -> Sequence[Notice]:
        """Return a subject's notices."""
        return [one for one in self.all() if one.plan.subject == subject][:limit]

    async def by_reference(self, channel: Channel, provider_ref: str) -> Sequence[str]:
        """Return what travelled under a provider's id."""
        return [
            one.id
            for one in self.all()
            if one.provider_ref == provider_ref and one.plan.channel is channel
        ]

    async def shown_to(self, persons: Collection[str], *, limit: int) -> Sequence[str]:
        """Return unseen inbox notices."""
        rows = self.subjects.rows.values()
        return [row["_id"] for row in rows if row.get("shown_to") in persons][:limit]

    async def earliest(self) -> datetime | None:
        """Return the earliest moment."""
        rows = self.subjects.rows.values()
        return min((row["next_at"] for row in rows if row.get("next_at")), default=None)

    async def next_due(self, channel: Channel) -> tuple[datetime | None, datetime | None]:
        """Return a channel's next moments."""
        rows = [row for row in self.subjects.rows.values() if row["channel"] == channel.value]
        return (
            min((row["next_at"] for row in rows if row.get("next_at")), default=None),
            min((row["wall_at"] for row in rows if row.get("wall_at")), default=None),
        )

    async def unfinished(
        self, *, earliest: datetime | None, now: datetime, wall: datetime
    ) -> Mapping[str, int]:
        """Count what is due."""
        assert earliest == await self.earliest()
        return Counter(
            one.reason or one.state.value
            for one in self.all()
            if (one.next_at and one.next_at <= now) or (one.wall_at and one.wall_at <= wall)
        )


@dataclass
class MemoryCauses:
    """Causes in memory."""

    subjects: MemorySubjects[Cause]

    async def get(self, subjects: Collection[str]) -> Mapping[str, Cause]:
        """Return causes."""
        found = await self.subjects.load(subjects)
        return {key: one.state for key, one in found.items() if one.state is not None}


@dataclass
class MemoryContacts:
    """Contacts in memory."""

    kept: dict[str, Contact] = field(default_factory=dict)

    async def get(self, keys: Collection[str]) -> Mapping[str, Contact]:
        """Return contacts."""
        return {key: self.kept[key] for key in keys if key in self.kept}

    async def keep(self, contacts: Sequence[Contact]) -> None:
        """Keep contacts."""
        self.kept.update({one.key: one for one in contacts})


@dataclass
class MemoryAnswers:
    """Answers in memory."""

    subjects: MemorySubjects[Answers]

    async def of_keys(self, keys: Collection[str]) -> Mapping[str, Answers]:
        """Return answers."""
        found = await self.subjects.load(keys)
        return {key: one.state for key, one in found.items() if one.state is not None}


@dataclass
class MemoryEndpoints:
    """Endpoints in memory."""

    gone: set[str] = field(default_factory=set)

    async def disabled(self) -> frozenset[str]:
        """Return those that are gone."""
        return frozenset(self.gone)

    async def disable(self, endpoint: str, *, at: datetime) -> None:
        """Remember one."""
        assert at.tzinfo is not None
        self.gone.add(endpoint)


@dataclass
class MemoryTold:
    """What was published, as the archive keeps it."""

    archive: MemoryArchive

    async def of_causes(self, subjects: Collection[str]) -> Mapping[str, Sequence[Event]]:
        """Return what was told of these subjects' notices."""
        told: dict[str, list[Event]] = {}
        for (topic, _), out in self.archive.kept.items():
            if topic == NOTICES.name and out.key in subjects and out.value is not None:
                event = from_document(out.value)
                told.setdefault(event.subject, []).append(event)
        return {key: sorted(events, key=_number) for key, events in told.items()}


def _number(event: Event) -> int:
    return event.sequence or 0


@dataclass
class MemorySaidVerdicts:
    """What was said of whom no channel reaches, as the archive keeps it."""

    archive: MemoryArchive

    async def last(self, subjects: Collection[str]) -> Mapping[str, Event]:
        """Return the last verdict that was said of each of these matters."""
        events = [
            from_document(out.value)
            for (topic, _), out in self.archive.kept.items()
            if topic == inbound("notifications").name and out.value is not None
        ]
        said = [one for one in events if one.name == CoverageReachChecked.NAME]
        said.sort(key=lambda one: one.time)
        return {one.subject: one for one in said if one.subject in subjects}


@dataclass
class MemoryNights:
    """The mark of the last night that was checked."""

    kept: date | None = None

    async def last(self) -> date | None:
        """Return it."""
        return self.kept

    async def keep(self, night: date) -> None:
        """Move it on."""
        self.kept = night if self.kept is None else max(night, self.kept)


@dataclass
class MemoryReading:
    """How far contacts are read: to their end, unless a test says otherwise."""

    end: int = 1
    at: int = 1

    async def ends(self) -> Mapping[tuple[str, int], int]:
        """Return where the contacts end."""
        return {(CONTACTS.name, 0): self.end}

    def passed(self, ends: Mapping[tuple[str, int], int]) -> bool:
        """Say whether they are read to these ends."""
        return all(self.at >= end for end in ends.values())


@dataclass
class Quiet:
    """A probe that keeps what it is told."""

    refusals: list[tuple[Channel, str]] = field(default_factory=list)

    def settled(self, notice: Notice, outcome: Outcome, *, seconds: float) -> None:
        """Keep nothing."""
        del notice, outcome
        assert seconds >= 0

    def refused(self, channel: Channel, reason: str) -> None:
        """Keep a refusal."""
        self.refusals.append((channel, reason))


@dataclass
class Recorder:
    """A channel that keeps what it takes, and answers as it is told to."""

    answers: list[Outcome] = field(default_factory=list)
    taken: list[Message] = field(default_factory=list)
    lookups: list[Outcome | None] = field(default_factory=list)

    async def send(self, message: Message) -> Outcome:
        """Take a message, unless the next answer is another one."""
        if self.answers:
            return self.answers.pop(0)
        self.taken.append(message)
        return accepted(message)

    async def look_up(self, notice: Notice) -> Outcome | None:
        """Answer a question about a lost answer."""
        assert notice.message
        return self.lookups.pop(0) if self.lookups else None


def accepted(message: Message) -> Outcome:
    """Return the answer of a provider that took a message."""
    return Accepted(
        Taken("a" * 64, "x…@y", message.content.version, message.language, message.id, "250")
    )


class World:
    """Notifications without engines, with a clock and a wall clock that stand until told."""

    def __init__(
        self,
        *,
        rules: Rules | None = None,
        now: datetime = MONDAY,
        ports: Mapping[Channel, ChannelPort] | None = None,
        person: Rate | None = None,
        reference: Reference | None = None,
    ) -> None:
        self.clock = FixedClock(now)
        self.wall = WALL
        self.rules = rules or Rules()
        self.reference = FixedReference(reference or Reference.empty())
        self.person = person or Rate(6, timedelta(minutes=10))
        self.cause_rows = MemorySubjects[Cause](CauseCodec())
        self.notice_rows = MemorySubjects[Notice](NoticeCodec())
        self.answer_rows = MemorySubjects[Answers](AnswersCodec())
        self.verdict_rows = MemorySubjects[Verdict](VerdictCodec())
        self.nights = MemoryNights()
        self.reading = MemoryReading()
        self.contacts = MemoryContacts()
        self.endpoints = MemoryEndpoints()
        self.publisher = MemoryPublisher()
        self.archive = MemoryArchive()
        self.parking = MemoryParking()
        self.mail = Recorder()
        self.ports: dict[Channel, ChannelPort] = {
            Channel.EMAIL: self.mail,
            **{channel: Recorder() for channel in self.rules.channels - {Channel.EMAIL}},
            **(ports or {}),
        }
        if self.rules.endpoints:
            self.ports.setdefault(Channel.WEBHOOK, Recorder())
        self.probe = Quiet()
        self.start()

    def wall_now(self) -> datetime:
        """Return wall time."""
        return self.wall

    def monotonic(self) -> float:
        """Return wall time as a clock that only grows."""
        return (self.wall - WALL).total_seconds()

    def start(self) -> None:
        """Put the use cases together, as a fresh process would; the rows stay."""
        self.notices = MemoryNotices(self.notice_rows)
        self.causes = MemoryCauses(self.cause_rows)
        self.planning = PlanNotices(
            self.notice_rows, self.publisher, self.reference, self.clock, self.wall_now
        )
        self.notice_relay = Relay[Notice](
            self.notice_rows, self.planning, self.archive, wall_now=lambda: self.wall
        )
        self.planning.relay = self.notice_relay
        self.cause_relay = Relay[Cause](
            self.cause_rows, self.planning, self.archive, wall_now=lambda: self.wall
        )
        self.answer_relay = Relay[Answers](
            self.answer_rows, self.planning, self.archive, wall_now=lambda: self.wall
        )
        self.steps = StepNotices(
            self.notice_rows,
            self.notice_relay,
            self._changing(self.notice_rows, self.notice_relay),
            self.contacts,
            self.reference,
            self.clock,
            self.wall_now,
        )
        self.apply = ApplyBatch[Cause](
            SERVICE,
            self.cause_rows,
            FoldCause(self.rules),
            self.cause_relay,
            self.parking,
            self.reference,
            self.clock,
            self.wall_now,
        )
        self.apply_contacts = ApplyContacts(
            self.contacts, self.notices, self.steps, self.parking, self.clock, self.wall_now
        )
        self.verdict_relay = Relay[Verdict](
            self.verdict_rows, self.planning, self.archive, wall_now=lambda: self.wall
        )
        self.judging = JudgeReach(
            KnowReach(
                self.contacts,
                self.endpoints,
                self.reference.current,
                self.rules,
                self.clock,
            ),
            self._changing(self.verdict_rows, self.verdict_relay),
            self.verdict_rows,
            MemorySaidVerdicts(self.archive),
            self.nights,
            self.reading,
            self.reference.current,
            self.clock,
            self.monotonic,
        )
        self.apply_contacts.heard = self.judging.hear
        self.settling = SettlingRules(Pace())
        self.receipts = ApplyReceipts(self.notices, self.steps, self.settling, self.clock)
        self.answers = AnswerRungs(
            self.causes,
            MemoryAnswers(self.answer_rows),
            self._changing(self.answer_rows, self.answer_relay),
            self.clock,
        )
        self.senders = {channel: self._sender(channel) for channel in self.ports}

    def rebuild(self) -> None:
        """Lose causes and notices, and start on what the archive keeps."""
        self.cause_rows.rows.clear()
        self.notice_rows.rows.clear()
        self.answer_rows.rows.clear()
        self.verdict_rows.rows.clear()
        self.nights.kept = None
        self.start()
        self.planning.told = MemoryTold(self.archive)
        self.planning.rebuilding = True

    def _changing(self, rows: MemorySubjects[Any], relay: Relay[Any]) -> ChangeSubjects[Any]:
        return ChangeSubjects(SERVICE, rows, relay, self.reference, self.clock, self.wall_now)

    def _sender(self, channel: Channel) -> SendDue:
        know = KnowNotices(
            self.causes,
            self.contacts,
            self.notice_rows,
            self.endpoints,
            frozenset(one.id for one in self.rules.endpoints),
        )
        write = WriteMessages(
            renderer(),
            lambda: ReferenceNames(self.reference.current()),
            lambda plan, _: Links(answer=f"http://x/a/{plan.id}", desk="http://x/inbox"),
        )
        fast = Rate(1_000_000, timedelta(microseconds=1))
        return SendDue(
            channel,
            self.ports[channel],
            self.notices,
            self.steps,
            know,
            write,
            Throttle(self.person, fast, 3, self.wall_now),
            self.settling,
            self.clock,
            self.wall_now,
            self.probe,
            asyncio.Event(),
            QuietHours(),
            LEASE,
        )

    async def hear(self, *what: Event | Outgoing) -> None:
        """Apply events and contacts, as they come off their topics."""
        for one in what:
            if isinstance(one, Event):
                await self.apply.apply_events([one])
            else:
                await self.apply_contacts([record_of(one)])

    async def sweep(self) -> None:
        """Publish what was left behind."""
        later = self.wall + LEFT_BEHIND_AFTER * 2
        relays: tuple[Relay[Any], ...] = (
            self.cause_relay,
            self.notice_relay,
            self.answer_relay,
            self.verdict_relay,
        )
        for relay in relays:
            await relay.sweep_left_behind(wall_now=later)

    async def work(self, *, passes: int = 20) -> None:
        """Send until nothing is due at this moment."""
        for _ in range(passes):
            looked = [await sender() for sender in self.senders.values()]
            if not any(looked):
                return

    async def pass_time(
        self, *, simulated: timedelta = timedelta(0), wall: float = 0.0
    ) -> None:
        """Let time pass, then work."""
        self.clock.advance(simulated)
        self.wall += timedelta(seconds=wall)
        await self.work()

    def states(self) -> dict[str, int]:
        """Count notices by state."""
        counted: dict[str, int] = {}
        for notice in self.notices.all():
            counted[notice.state.value] = counted.get(notice.state.value, 0) + 1
        return counted

    def told(self, topic_part: str = "notices") -> list[str]:
        """Return the names of what was published, in order."""
        return [
            ".".join(str(out.value["type"]).split(".")[2:4])
            for out in self.publisher.published
            if topic_part in out.topic and out.value is not None
        ]


def record_of(out: Outgoing) -> Record:
    """Return what was published as it comes off its topic."""
    import orjson  # noqa: PLC0415 -- Only here.

    value = None if out.value is None else orjson.dumps(out.value)
    return Record(out.topic, 0, 0, out.key.encode(), value)
