"""Composition root of notifications: the one place that knows every concrete class."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.staticfiles import StaticFiles

from services.notifications.adapters.api import (
    notices_router,
    policy_router,
    receipts_router,
)
from services.notifications.adapters.channels import Channels, receipt_secrets
from services.notifications.adapters.links import MakeLinks
from services.notifications.adapters.measuring import CountNotices, MeasureSending
from services.notifications.adapters.names import ReferenceNames
from services.notifications.adapters.pages import STATIC, Pages, inbox_router, token_router
from services.notifications.adapters.render import FileRenderer
from services.notifications.adapters.store import (
    MongoAnswers,
    MongoCauses,
    MongoContacts,
    MongoEndpoints,
    MongoNotices,
    unpublished,
)
from services.notifications.core.acknowledge import Answers
from services.notifications.core.cause import Cause
from services.notifications.core.folding import PLANS_TOPIC, FoldCause
from services.notifications.core.notice import Notice
from services.notifications.core.settling import SettlingRules
from services.notifications.core.timing import Pace
from services.notifications.settings import (
    DEFAULT_RATES,
    NotificationsSettings,
    quiet_of,
)
from services.notifications.usecases.answering import AnswerRungs
from services.notifications.usecases.contacts import ApplyContacts
from services.notifications.usecases.knowing import KnowNotices
from services.notifications.usecases.looking import LookAtInbox
from services.notifications.usecases.looping import KeepSending
from services.notifications.usecases.planning import SERVICE, PlanNotices
from services.notifications.usecases.proving import ProveNotices
from services.notifications.usecases.receipts import ApplyReceipts
from services.notifications.usecases.sending import SendDue
from services.notifications.usecases.stepping import StepNotices
from services.notifications.usecases.throttle import Throttle
from services.notifications.usecases.writing import WriteMessages
from shared.events.topics import CONTACTS, DOSSIERS, OBLIGATIONS
from shared.kafka.broker import ServiceBroker
from shared.kafka.reference import ReferenceReader
from shared.mongo.archive import MongoArchive
from shared.mongo.client import Mongo
from shared.mongo.parking import MongoParking
from shared.ops.clock import Clock, open_clock, wall_now
from shared.ops.health import Health
from shared.ops.metrics import Metrics
from shared.ops.run import run_service
from shared.ops.settings import derive_key
from shared.ops.supervise import Supervisor
from shared.subjects.apply import ApplyBatch
from shared.subjects.change import ChangeSubjects
from shared.subjects.decide_parked import DecideParked
from shared.subjects.errors import UnavailableError
from shared.subjects.records import Record
from shared.subjects.relay import Relay
from shared.web.app import build_app, mount_public
from shared.web.parked import parked_router
from shared.web.probes import Probes

SWEEP_S: Final = 2.0
PREPARE_S: Final = 1.0
MEASURE_S: Final = 5.0


class Notifications:
    """The parts of the running service and the work that goes on in the background."""

    def __init__(self, settings: NotificationsSettings) -> None:
        self.settings = settings
        self.file = settings.channels()
        self.rules = settings.rules(self.file)
        self.quiet = quiet_of(self.file)
        self.rates = {**DEFAULT_RATES, **self.file.rates}
        secret = settings.secret()
        self.token_key = derive_key(secret, "acknowledge-token")
        self.proof_key = derive_key(secret, "notice-proof")
        self.clock: Clock = open_clock(settings.clock_file)
        self.health = Health()
        self.metrics = Metrics(CollectorRegistry())
        self.supervisor = Supervisor(self.health, self.metrics)
        self.mongo = Mongo(
            settings.mongo_url.get_secret_value(),
            settings.mongo_database,
            driver=settings.mongo_driver,
        )
        self.broker = ServiceBroker(
            settings.kafka_bootstrap,
            service=settings.service,
            instance=settings.instance,
            registry=self.metrics.registry,
        )
        self.reference = ReferenceReader(
            settings.kafka_bootstrap,
            client_id=f"motcua-{SERVICE}-{settings.instance}-reference",
        )
        self.stopping = asyncio.Event()
        self.ready = asyncio.Event()
        self._stores()
        self._writers()
        self._senders()
        self._readers()
        self._tasks()

    def _stores(self) -> None:
        self.notices = MongoNotices(self.mongo)
        self.causes = MongoCauses(self.mongo)
        self.answers = MongoAnswers(self.mongo)
        self.contacts = MongoContacts(self.mongo)
        self.endpoints = MongoEndpoints(self.mongo)
        self.parking = MongoParking(self.mongo)
        self.archive = MongoArchive(self.mongo, never={PLANS_TOPIC})

    def _writers(self) -> None:
        """Tie what changes documents: a relay for each collection, one publisher for all."""
        self.counting = CountNotices(self.broker.publisher, self.metrics)
        self.planning = PlanNotices(
            self.notices.subjects,
            self.counting,
            self.reference,
            self.clock,
            wall_now,
            self.wake,
        )
        self.notice_relay = Relay[Notice](self.notices.subjects, self.planning, self.archive)
        self.planning.relay = self.notice_relay
        self.cause_relay = Relay[Cause](self.causes.subjects, self.planning, self.archive)
        self.answer_relay = Relay[Answers](self.answers.subjects, self.planning, self.archive)
        self.steps = StepNotices(
            self.notices.subjects,
            self.notice_relay,
            ChangeSubjects(
                SERVICE,
                self.notices.subjects,
                self.notice_relay,
                self.reference,
                self.clock,
                wall_now,
            ),
            self.contacts,
            self.reference,
            self.clock,
            wall_now,
        )

    def _senders(self) -> None:
        self.measuring = MeasureSending(self.metrics)
        self.settling = SettlingRules(
            Pace(scale=self.settings.retry_scale), self.file.proven_when_taken
        )
        self.channels = Channels.of(self.settings, self.file, self.endpoints)
        know = KnowNotices(
            self.causes,
            self.contacts,
            self.notices.subjects,
            self.endpoints,
            frozenset(endpoint.id for endpoint in self.rules.endpoints),
        )
        links = MakeLinks(
            self.settings.public_url,
            self.token_key,
            timedelta(days=self.settings.link_days),
            wall_now,
        )
        write = WriteMessages(FileRenderer(), self.names, links)
        self.senders: list[KeepSending] = []
        for channel, port in self.channels.ports.items():
            rate = self.rates[channel]
            send = SendDue(
                channel,
                port,
                self.notices,
                self.steps,
                know,
                write,
                Throttle(rate.person, rate.provider, rate.merge_from, wall_now),
                self.settling,
                self.clock,
                wall_now,
                self.measuring,
                self.quiet,
                timedelta(seconds=self.settings.lease_seconds),
            )
            self.senders.append(
                KeepSending(send, self.notices, self.clock, wall_now, self.ready, self.stopping)
            )

    def _readers(self) -> None:
        """Tie what reads: events into causes, contacts into theirs, people's answers."""
        self.apply = ApplyBatch[Cause](
            SERVICE,
            self.causes.subjects,
            FoldCause(self.rules),
            self.cause_relay,
            self.parking,
            self.reference,
            self.clock,
            wall_now,
        )
        self.apply_contacts = ApplyContacts(
            self.contacts,
            self.notices,
            self.steps,
            self.parking,
            self.clock,
            wall_now,
            self.wake,
        )
        self.consumption = self.broker.consume(
            self._on_records,
            group=SERVICE,
            topics=[CONTACTS.name, DOSSIERS.name, OBLIGATIONS.name],
        )
        self.receipts = ApplyReceipts(self.notices, self.steps, self.settling, self.clock)
        self.answering = AnswerRungs(
            self.causes,
            self.answers,
            ChangeSubjects(
                SERVICE,
                self.answers.subjects,
                self.answer_relay,
                self.reference,
                self.clock,
                wall_now,
            ),
            self.clock,
        )
        self.looking = LookAtInbox(self.causes, self.answers, self.receipts)
        self.prove = ProveNotices(self.notices.subjects, self.notices, self.proof_key)

    def _tasks(self) -> None:
        self.health.add("store", self._store)
        self.health.add("kafka", self._kafka)
        self.health.add("reference", self._reference)
        self.supervisor.every(PREPARE_S, "prepare", self._prepare)
        self.supervisor.keep("reference", self._read_reference)
        self.supervisor.keep("kafka", self._consume)
        self.supervisor.every(SWEEP_S, "outboxes", self._sweep)
        self.supervisor.every(MEASURE_S, "measure", self._measure)
        for sender in self.senders:
            self.supervisor.keep(f"send {sender.send.channel.value}", sender)

    def wake(self) -> None:
        """Let the senders look at once."""
        for sender in self.senders:
            sender.wake()

    def names(self) -> ReferenceNames:
        """Give the names as the reference data have them now."""
        return ReferenceNames(self.reference.current())

    async def _on_records(self, records: Sequence[Record]) -> None:
        """Contacts first: what the events of the same batch speak of is then there."""
        contacts = [record for record in records if record.topic == CONTACTS.name]
        events = [record for record in records if record.topic != CONTACTS.name]
        if contacts:
            await self.apply_contacts(contacts)
        if events:
            await self.apply(events)

    async def _store(self) -> str | None:
        try:
            await self.mongo.ping()
        except UnavailableError:
            return "the store does not answer"
        return None

    async def _kafka(self) -> str | None:
        return "; ".join(self.broker.missing()) or None

    async def _reference(self) -> str | None:
        if self.reference.failure is not None:
            return self.reference.failure
        return None if self.reference.caught_up.is_set() else "the reference data is not read"

    async def _prepare(self) -> None:
        """Create indexes once, before anything is written."""
        if self.ready.is_set():
            return
        for store in (self.notices, self.causes, self.answers):
            await store.subjects.prepare()
        await self.parking.prepare()
        await self.archive.prepare()
        self.ready.set()

    async def _read_reference(self) -> None:
        await self.reference.run(self.stopping)

    async def _consume(self) -> None:
        """Consume once store and reference are there: before that every batch would fail."""
        await self.ready.wait()
        await self.reference.caught_up.wait()
        await self.broker.run(self.stopping)

    async def _sweep(self) -> None:
        """Publish what a crash left behind."""
        if not self.ready.is_set():
            return
        await self.cause_relay.sweep_left_behind(wall_now=wall_now())
        await self.notice_relay.sweep_left_behind(wall_now=wall_now())
        await self.answer_relay.sweep_left_behind(wall_now=wall_now())

    async def _measure(self) -> None:
        if not self.ready.is_set():
            return
        depth = await self._unpublished()
        self.metrics.outbox_depth.set(depth)
        now = self.clock.now()
        for channel in self.channels.ports:
            due, oldest = await self.notices.waiting(channel, now=now)
            self.metrics.notices_waiting.labels(channel.value).set(due)
            age = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
            self.metrics.notice_oldest_waiting_age.labels(channel.value).set(age)

    async def _unpublished(self) -> int:
        stores = (self.causes, self.notices, self.answers)
        return sum([await unpublished(store.subjects.collection) for store in stores])

    async def status(self) -> Mapping[str, Any]:
        """Give the service's own account."""
        lag: dict[str, int] = {}
        for (topic, _), count in (await self.consumption.lag()).items():
            lag[topic] = lag.get(topic, 0) + count
        now = self.clock.now()
        unfinished = await self.notices.unfinished(now=now, wall=wall_now())
        unpublished_count = await self._unpublished()
        earliest = await self.notices.earliest()
        return {
            "service": SERVICE,
            "now": now.isoformat(),
            "at_rest_counters": {
                **dict(sorted(self.counting.totals.items())),
                **dict(sorted(self.measuring.totals.items())),
                "handled": self.consumption.handled,
            },
            "lag": lag,
            "outbox": unpublished_count + unfinished,
            "next_at": earliest.isoformat() if earliest else None,
            "marks": {"unpublished": unpublished_count, "unfinished": unfinished},
            "parked": await self.parking.count(),
            "referenceversion": self.reference.current().version,
        }

    async def stop(self) -> None:
        """Stop consuming, finish what is being sent, flush, close."""
        self.stopping.set()
        self.wake()
        await self.supervisor.stop()
        await self.broker.stop()
        await self.channels.close()
        await self.mongo.close()


def build(settings: NotificationsSettings) -> FastAPI:
    """Wire the service; nothing connects until the server starts it."""
    service = Notifications(settings)
    pages = Pages(
        service.answering,
        service.looking,
        service.names,
        service.clock,
        wall_now,
        service.token_key,
    )

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        await service.supervisor.start()
        try:
            yield
        finally:
            await service.stop()

    rates = {channel.value: rate.model_dump() for channel, rate in service.rates.items()}
    app = build_app(
        settings,
        title="motcua notifications",
        probes=Probes(service.health, service.metrics, service.status),
        routers=[
            notices_router(service.prove),
            policy_router(service.rules, service.quiet, rates),
            receipts_router(service.receipts, receipt_secrets(service.file)),
            token_router(pages),
            inbox_router(pages),
            parked_router(DecideParked(service.apply, service.parking), service.parking),
        ],
        lifespan=lifespan,
    )
    app.state.notifications = service
    mount_public(app, "/assets", StaticFiles(directory=STATIC))
    return app


if __name__ == "__main__":
    sys.exit(run_service(NotificationsSettings, build))
