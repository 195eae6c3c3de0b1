"""Intake, workflow and notifications in one process, on one clock that leaps to what is next.

The use cases, cores and codecs are the services' own; store, broker, archive and channels are
our fakes. What one service publishes the next one reads, in order, so a scenario sees what
people would get and when, to the second.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from typing_extensions import override

from services.notifications.core.acknowledge import Matter
from services.notifications.core.notice import Channel, Plan
from services.notifications.core.policy import Rules
from services.notifications.core.rates import Rate
from services.notifications.core.settling import Never, Outcome
from services.notifications.ports import Message
from services.workflow.usecases.freshness import STILL_SECONDS_MAX
from shared.calendar.zone import ICT, ONE_DAY, legal_day
from shared.events.envelope import Event, from_document
from shared.events.model import EventData
from shared.events.topics import CENTRES, CONTACTS, DOSSIERS
from shared.ops.clock import FixedClock
from shared.reference.view import Reference
from shared.subjects.document import Outgoing
from tests.fakes import intake as intake_fakes
from tests.fakes.notified import contact
from tests.fakes.subjects import MemoryPublisher
from tests.fakes.workflow import Durable, Process
from tests.unit.notifications.world import Recorder
from tests.unit.notifications.world import World as Notifications
from tests.unit.workflow.province import decide

BEHIND: Final = timedelta(seconds=1)
"""A rung is due before the moment up to which is swept: we look just after it."""

CANONICAL: Final = (DOSSIERS.name, CENTRES.name)
INBOUND: Final = "motcua.inbound."
EVERY_CHANNEL: Final = frozenset({Channel.EMAIL, Channel.ZALO, Channel.SMS, Channel.INBOX})


@dataclass(frozen=True)
class Sent:
    """One message as its channel took it."""

    at: datetime
    channel: Channel
    message: Message

    @property
    def plans(self) -> Sequence[Plan]:
        """What it tells of, in the order of its text."""
        return [notice.plan for notice in self.message.notices]


@dataclass
class Sink(Recorder):
    """A channel that writes down what it takes, and refuses some recipients for good."""

    channel: Channel = Channel.EMAIL
    clock: FixedClock = field(
        default_factory=lambda: FixedClock(datetime.min.replace(tzinfo=UTC))
    )
    log: list[Sent] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    @override
    async def send(self, message: Message) -> Outcome:
        """Take a message, unless its recipient is one of those refused."""
        if message.notices[0].plan.contact in self.refused:
            return Never("address_refused")
        outcome = await super().send(message)
        self.log.append(Sent(self.clock.now(), self.channel, message))
        return outcome


class House:
    """Three services and their surroundings."""

    def __init__(
        self,
        reference: Reference,
        now: datetime,
        *,
        rate: Rate | None = None,
        channels: frozenset[Channel] = EVERY_CHANNEL,
    ) -> None:
        self.clock = FixedClock(now)
        self.began = self.clock.now()
        self.intake = intake_fakes.World(reference, now)
        self.intake.clock = self.clock
        self.intake.start()
        self.durable = Durable(reference, self.clock)
        self.durable.mark.at = self.clock.now()
        self.workflow = Process(self.durable)
        self.messages: list[Sent] = []
        self.sinks = {
            channel: Sink(channel=channel, clock=self.clock, log=self.messages)
            for channel in channels
        }
        self.notifications = Notifications(
            rules=Rules(channels),
            now=now,
            ports=self.sinks,
            person=rate,
            reference=reference,
        )
        self.notifications.clock = self.clock
        self.notifications.start()
        self._wall_began = self.notifications.wall
        self.stopped: set[str] = set()
        self.stands_still = False
        self._read: dict[tuple[str, int], int] = {}
        self._contacts: set[str] = set()

    # What happens outside.

    async def sent(self, event: Mapping[str, Any], publisher: str) -> None:
        """Let a publisher's event come in; the scenario is wrong if intake refuses it."""
        (answer,) = await self.intake.send(event, publisher=publisher)
        faults = [f"{one.rule} {one.path}" for one in answer.faults]
        assert answer.is_applied, f"{event['type']} was refused: {faults}"
        await self.settles()

    async def arrive(self, events: Sequence[Mapping[str, Any]], publisher: str) -> None:
        """Let several events of one publisher come in together, in this order."""
        for answer in await self.intake.send(*events, publisher=publisher):
            assert answer.is_applied, answer.faults
        await self.settles()

    async def decides(self, data: EventData) -> None:
        """Let the reference data change, for everybody at once."""
        view = decide(self.durable.reference, data, self.clock.now())
        self.intake.references.view = view
        self.durable.reference = view
        self.notifications.reference.reference = view
        await self.settles()

    async def answers(self, matter: Matter, *, cause: str, promised: date) -> None:
        """Let a person answer by the link of a message."""
        standing = await self.notifications.answers.answer(
            matter, cause=cause, promised=promised.isoformat(), through="link"
        )
        assert standing.closed is None, f"nothing to answer: {standing.closed}"
        await self.settles()

    async def reachable(self, *persons: str) -> None:
        """Give people of the organisation an address."""
        for person in persons:
            if person not in self._contacts:
                self._contacts.add(person)
                email = f"{person}@example.test"
                told = contact(person, role="staff", email=email, zalo="0912345678")
                await self.notifications.hear(told)

    async def erased(self, person: str) -> None:
        """Let a person's contact be erased for good."""
        await self.notifications.hear(Outgoing(person, CONTACTS.name, person, None))

    def refuses(self, person: str, *channels: Channel) -> None:
        """Let providers refuse a person's address for good."""
        for channel in channels or tuple(self.sinks):
            self.sinks[channel].refused.add(person)

    def stops(self, service: str) -> None:
        """Take a service away; what it would read waits."""
        self.stopped.add(service)

    async def starts(self, service: str) -> None:
        """Bring it back, as a fresh process."""
        self.stopped.remove(service)
        if service == "workflow":
            self.workflow = Process(self.durable)
        else:
            self.notifications.start()
        await self.settles()

    # Time.

    async def walks_to(self, until: datetime) -> None:
        """Let time pass, from one moment at which something is due to the next."""
        until = until.astimezone(UTC)
        while self.clock.now() < until:
            self._set(min(until, await self._next()))
            await self.settles()

    async def settles(self) -> None:
        """Let everybody read, look and send until nobody has anything left to do."""
        while True:
            before = self._progress()
            await self._carry()
            if not self.stands_still:
                self.durable.mark.at = self.clock.now()
                self.durable.mark.lately = self.intake.receive.late.lately(self.clock.now())
            if "workflow" not in self.stopped:
                await self.workflow.looks()
                await self._carry()
            if "notifications" not in self.stopped:
                await self.notifications.judging()
                await self._carry()
                await self.notifications.work()
                await self._carry()
            if self._progress() == before:
                return

    def leaps_to(self, now: datetime) -> None:
        """Let the clock show another time; nobody looks meanwhile."""
        self._set(now.astimezone(UTC))

    def _set(self, now: datetime) -> None:
        self.clock.instant = now
        passed = now - self.began
        self.durable.wall = passed.total_seconds()
        self.intake.wall = now
        self.notifications.wall = self._wall_began + passed

    async def _next(self) -> datetime:
        """Return the next moment after now at which somebody has something to do."""
        now = self.clock.now()
        day = datetime.combine(legal_day(now) + ONE_DAY, datetime.min.time(), ICT)
        moments: list[datetime] = [day]
        if "workflow" not in self.stopped:
            earliest = await self.workflow.index.earliest(now=now)
            moments += [earliest + BEHIND] if earliest else []
            if self.stands_still and self.durable.mark.at is not None:
                patience = timedelta(seconds=STILL_SECONDS_MAX)
                moments.append(self.durable.mark.at + patience)
        if "notifications" not in self.stopped:
            walls = self.began - self._wall_began
            for channel in self.sinks:
                at, wall = await self.notifications.notices.next_due(channel)
                moments += [moment for moment in (at, wall and wall + walls) if moment]
        return min(moment.astimezone(UTC) for moment in moments if moment > now)

    # The topics.

    def _progress(self) -> tuple[int, ...]:
        publishers = (
            self.intake.publisher,
            self.durable.publisher,
            self.notifications.publisher,
        )
        return (*(len(one.published) for one in publishers), sum(self._read.values()))

    async def _carry(self) -> None:
        """Bring what was published to whoever reads it, until all of it is read."""
        while True:
            before = self._progress()
            await self._to_workflow()
            await self._to_notifications()
            await self._to_intake()
            if self._progress() == before:
                return

    async def _to_workflow(self) -> None:
        for out in self._new("workflow", self.intake.publisher):
            if out.topic in CANONICAL:
                await self.workflow.applies([_event(out)])

    async def _to_notifications(self) -> None:
        for out in self._new("notifications", self.intake.publisher):
            if out.topic == CONTACTS.name:
                await self.notifications.hear(out)
            elif out.topic == DOSSIERS.name:
                await self.notifications.hear(_event(out))
        said = [_event(out) for out in self._new("notifications", self.durable.publisher)]
        if said:
            await self.notifications.apply.apply_events(said)

    async def _to_intake(self) -> None:
        for out in self._new("intake", self.notifications.publisher):
            if out.topic.startswith(INBOUND) and out.value is not None:
                (answer,) = await self.intake.send(out.value, publisher="notifications")
                assert answer.is_applied, answer.faults

    def _new(self, reader: str, topics: MemoryPublisher) -> list[Outgoing]:
        """Return what a reader has not read yet of a service's topics; then it has."""
        if reader in self.stopped:
            return []
        route = (reader, id(topics))
        first, self._read[route] = self._read.get(route, 0), len(topics.published)
        return topics.published[first:]


def _event(out: Outgoing) -> Event:
    assert out.value is not None, "events say something"
    return from_document(out.value)
