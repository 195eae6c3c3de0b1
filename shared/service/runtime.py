"""What every consuming service is put together from, wired once and the same everywhere.

A service adds its own parts (a sweep, senders, pages) to `supervisor`, `health` and its app.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final, Generic, TypeVar

from prometheus_client import CollectorRegistry

from shared.events.envelope import Event
from shared.kafka.broker import ServiceBroker
from shared.kafka.cluster import Cluster
from shared.kafka.consumer import Consumption
from shared.kafka.measure import BatchMeter
from shared.kafka.members import GroupMembers
from shared.kafka.reference import ReferenceReader
from shared.mongo.archive import MongoArchive
from shared.mongo.client import Mongo
from shared.mongo.collection import Order
from shared.mongo.owners import beat, leave, share_outboxes
from shared.mongo.parking import MongoParking
from shared.mongo.read_positions import MongoReadPositions
from shared.mongo.reference_versions import MongoReferenceVersions
from shared.mongo.subjects import MongoSubjects
from shared.ops.clock import Clock, open_clock, wall_now
from shared.ops.health import Health
from shared.ops.metrics import Metrics
from shared.ops.settings import ServiceSettings
from shared.ops.supervise import Supervisor
from shared.service.group import GroupWatch
from shared.service.refusals import Refusals
from shared.service.store_level import StoreLevel
from shared.service.written_ends import watch_written_ends, written_by
from shared.subjects.adoption import Adopter
from shared.subjects.apply import ApplyBatch
from shared.subjects.change import ChangeSubjects
from shared.subjects.decide_parked import DecideParked
from shared.subjects.decide_refused import DecideRefused, Queue
from shared.subjects.document import Document
from shared.subjects.errors import UnavailableError
from shared.subjects.fold import Fold, event_subject, event_topic
from shared.subjects.ownership import BEAT_S
from shared.subjects.ports import Publisher, StateCodec
from shared.subjects.records import Record
from shared.subjects.refused import Scope
from shared.subjects.relay import Relay
from shared.web.probes import Probes

PREPARE_S: Final = 1.0
LEFT_BEHIND_S: Final = 2.0
MEASURE_S: Final = 10.0
NOTE_S: Final = 2.0
"""How often the version of the reference data is kept, where it is new."""

EVER: Final = timedelta(days=1)

StateT = TypeVar("StateT")


class Runtime(Generic[StateT]):
    """The parts of one running consumer, and the work that goes on in its background.

    Attributes:
        ready: Set once the store is prepared; nothing is consumed before.
        stopping: Set when the service is to end.
        preparing: What a service prepares in the store besides, in order.
        store_level: Whether the store has what the topics that the service writes have.
        beginning: What a service does once its store is known to be level, in order.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        *,
        codec: StateCodec[StateT],
        indexes: Sequence[Order] = (),
        collection: str = "subjects",
        publisher: Callable[[Publisher, Mongo], Publisher] | None = None,
        never_archived: Sequence[str] = (),
    ) -> None:
        """Put the parts together; nothing connects yet.

        Args:
            settings: The service's settings.
            codec: Between its state and the store.
            indexes: What it queries its subjects by.
            collection: Where its subjects are.
            publisher: Wraps the publisher of its outboxes, if some entries stay in the house.
            never_archived: Topics that the archive does not keep.
        """
        self.settings = settings
        self.service = settings.service
        self.clock: Clock = open_clock(settings.clock_file)
        self.health = Health()
        self.metrics = Metrics(CollectorRegistry())
        self.supervisor = Supervisor(self.health, self.metrics)
        self.mongo = Mongo(
            settings.mongo_url.get_secret_value(),
            settings.mongo_database,
            driver=settings.mongo_driver,
        )
        self.client_id = f"motcua-{self.service}-{settings.instance}"
        self.cluster = Cluster.of(settings)
        self.broker = ServiceBroker(
            self.cluster,
            service=self.service,
            instance=settings.instance,
            registry=self.metrics.registry,
            ignored=self.metrics.ignore_committed,
        )
        self.read_positions = MongoReadPositions(self.mongo, filled=[collection])
        self.reference = ReferenceReader(
            self.cluster,
            client_id=self.client_id,
            versions=MongoReferenceVersions(self.mongo),
        )
        self.subjects = MongoSubjects[StateT](self.mongo, collection, codec, indexes=indexes)
        self.archive = MongoArchive(self.mongo, never=never_archived)
        self.parking = MongoParking(self.mongo)
        own: Publisher = self.broker.publisher
        publishing = own if publisher is None else publisher(own, self.mongo)
        self.ownership = share_outboxes(self.mongo, settings.instance)
        self.relay = Relay(
            self.subjects, publishing, self.archive, self.ownership, wall_now=wall_now
        )
        self.ready = asyncio.Event()
        self.refused = DecideRefused([Queue(collection, self.relay)])
        self.stopping = asyncio.Event()
        self.preparing: list[Callable[[], Awaitable[None]]] = [
            self.ownership.begin,
            self.subjects.prepare,
            self.archive.prepare,
            self.parking.prepare,
            self.read_positions.prepare,
            self.reference.begin,
        ]
        self.store_level = StoreLevel(self.mongo, self.cluster, client_id=self.client_id)
        self.beginning: list[Callable[[], Awaitable[None]]] = []
        self._prepared = False
        self._watch_kafka()

    def _watch_kafka(self) -> None:
        """Watch the group's members, what brokers refuse, and the topics that we write."""
        members = GroupMembers.of_service(self.cluster, self.service, self.client_id)
        self.group = GroupWatch(self.broker, members, self.metrics)
        self.refusals = Refusals(
            self.broker.publisher, self.refused, self.metrics, self.ready.is_set
        )
        if written_by(self.service):
            watch = watch_written_ends(
                self.service,
                self.mongo,
                self.broker,
                self.supervisor,
                self.health,
                self.ready,
            )
            self.beginning.append(watch.begin)

    def compare(self, adopter: Adopter) -> None:
        """Compare the store with the service's own topics before anything else happens."""
        self.store_level.compare(adopter, self.ownership, self.health)

    def consume(
        self,
        fold: Fold[StateT],
        topics: Sequence[str],
        *,
        subject_of: Callable[[Event], str] = event_subject,
        stream_of: Callable[[Event], str] = event_topic,
        wants: Callable[[Event], bool] = lambda _event: True,
        after: Callable[[Sequence[Document[StateT]]], Awaitable[None]] | None = None,
    ) -> Consumption:
        """Declare what is consumed and how it is folded; call it once, before `supervise`."""
        self.apply = ApplyBatch[StateT](
            service=self.service,
            store=self.subjects,
            fold=fold,
            relay=self.relay,
            parking=self.parking,
            reference=self.reference,
            clock=self.clock,
            wall_now=wall_now,
            wants=wants,
            subject_of=subject_of,
            stream_of=stream_of,
            after=after,
        )
        self.meter = BatchMeter(self.metrics, self.service, self.apply)
        self.consumption = self.broker.consume(
            self._handle,
            group=self.service,
            stored=self.read_positions,
            topics=topics,
            replay=True,
        )
        return self.consumption

    def changing(self) -> ChangeSubjects[StateT]:
        """Return the way to change subjects for another reason than an event."""
        return ChangeSubjects(
            self.service, self.subjects, self.relay, self.reference, self.clock, wall_now
        )

    def deciding(self) -> DecideParked[StateT]:
        """Return what the operators' desk for parked records works with."""
        return DecideParked(self.apply, self.parking)

    def supervise(self) -> None:
        """Add the checks and tasks that every consumer has."""
        self.health.add("store", self._store_missing)
        self.health.add("kafka", self._kafka_missing)
        self.health.add("reference", self._reference_missing)
        self.refusals.watch(self.health)
        self.supervisor.every(PREPARE_S, "prepare", self._prepare)
        self.supervisor.keep("reference", lambda: self.reference.run(self.stopping))
        self.supervisor.every(NOTE_S, "reference version", self._note_reference)
        self.supervisor.keep("kafka", self._run_broker)
        self.supervisor.every(BEAT_S, "outbox owner", self._beat)
        self.supervisor.every(LEFT_BEHIND_S, "outboxes", self._publish_left_behind)
        self.supervisor.every(MEASURE_S, "measure", self._measure)
        self.group.add_to(self.supervisor, self.health)

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Run the background work around the serving."""
        await self.supervisor.start()
        try:
            yield
        finally:
            self.stopping.set()
            await self.broker.stop()
            await self.supervisor.stop()
            await self.group.stop()
            await leave(self.ownership)
            await self.mongo.close()

    def probes(self, more: Callable[[], Awaitable[Mapping[str, Any]]] | None = None) -> Probes:
        """Return the probes; `more` adds to the account of /statusz or replaces parts of it."""

        async def status() -> Mapping[str, Any]:
            account = await self.account()
            return account if more is None else {**account, **await more()}

        return Probes(self.health, self.metrics, status, self.broker.pulse)

    async def account(self) -> dict[str, Any]:
        """Return what every consumer says of itself."""
        return {
            "service": self.service,
            "now": self.clock.now().isoformat(),
            "at_rest_counters": {
                "applied": self.meter.applied,
                "repeated": self.meter.repeated,
                "handled": self.consumption.handled,
            },
            "lag": self.consumption.lag_seen(),
            "positions": self.consumption.position_sums(),
            "outbox": await self.outbox_depth(),
            "next_at": None,
            "parked": await self.parking.count(),
            "referenceversion": self.reference.current().version,
        }

    async def outbox_depth(self) -> int:
        """Return how many documents wait to be relayed."""
        return await self.subjects.collection.count({"pending_at": {"$lte": wall_now() + EVER}})

    async def _handle(self, records: Sequence[Record]) -> None:
        await self.meter.handle(records)

    async def _store_missing(self) -> str | None:
        try:
            await self.mongo.ping()
        except UnavailableError:
            return "the store does not answer"
        return None

    async def _kafka_missing(self) -> str | None:
        return "; ".join(self.broker.missing()) or None

    async def _reference_missing(self) -> str | None:
        return self.reference.missing()

    async def _note_reference(self) -> None:
        if self.ready.is_set():
            try:
                await self.reference.note()
            except UnavailableError:
                return  # Readiness names the store; the version is kept the next time.

    async def _prepare(self) -> None:
        if self.ready.is_set():
            return
        if not self._prepared:
            for prepare in self.preparing:
                await prepare()
            self._prepared = True
        if not await self.store_level():
            return
        for begin in self.beginning:
            await begin()
        self.ready.set()

    async def _run_broker(self) -> None:
        """Consume once the store is there: before that every batch would fail."""
        await self.ready.wait()
        await self.broker.run(self.stopping)

    async def _beat(self) -> None:
        if self.ownership.has_begun:
            await beat(self.ownership)

    async def _publish_left_behind(self) -> None:
        if self.ready.is_set():
            await self.relay.sweep_left_behind(wall_now=wall_now())

    async def _measure(self) -> None:
        if not self.ready.is_set():
            return
        await self.meter.measure(self.consumption)
        self.metrics.outbox_depth.set(await self.outbox_depth())
        await self.refusals.measure()
        oldest = await self.subjects.collection.find(
            # What waits behind a refused record has a measure of its own, and may last.
            {
                "pending_at": {"$lte": wall_now() + EVER},
                "refused.scope": {"$ne": Scope.RECORD.value},
            },
            sort=[("pending_at", 1)],
            limit=1,
            projection={"pending_at": 1},
        )
        age = (wall_now() - oldest[0]["pending_at"]).total_seconds() if oldest else 0.0
        self.metrics.outbox_oldest_age.set(max(0.0, age))
