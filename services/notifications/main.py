"""Composition root of notifications: the one place that knows every concrete class."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final, TypeVar

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles
from typing_extensions import override

from services.notifications.adapters.answering import (
    inbox_router,
    token_router,
)
from services.notifications.adapters.api import (
    notices_router,
    policy_router,
    reach_router,
    receipts_router,
)
from services.notifications.adapters.channels import Channels, receipt_secrets
from services.notifications.adapters.links import MakeLinks
from services.notifications.adapters.measuring import CountNotices, MeasureSending
from services.notifications.adapters.names import ReferenceNames
from services.notifications.adapters.pages import STATIC, Pages
from services.notifications.adapters.reach import judging, verdicts_in
from services.notifications.adapters.recovery import forgetting, recover
from services.notifications.adapters.render import FileRenderer
from services.notifications.adapters.store import (
    MongoAnswers,
    MongoCauses,
    MongoContacts,
    MongoEndpoints,
    MongoNotices,
    unpublished,
)
from services.notifications.core.cause import Cause
from services.notifications.core.folding import PLANS_TOPIC, FoldCause
from services.notifications.core.settling import SettlingRules
from services.notifications.core.stored import CauseCodec
from services.notifications.core.timing import Pace
from services.notifications.settings import DEFAULT_RATES, NotificationsSettings, quiet_of
from services.notifications.usecases.answering import AnswerRungs
from services.notifications.usecases.contacts import ApplyContacts
from services.notifications.usecases.knowing import KnowNotices
from services.notifications.usecases.looping import KeepSending
from services.notifications.usecases.planning import SERVICE, PlanNotices
from services.notifications.usecases.proving import ProveNotices
from services.notifications.usecases.reaching import KnowReach
from services.notifications.usecases.receipts import ApplyReceipts
from services.notifications.usecases.sending import SendDue
from services.notifications.usecases.stepping import StepNotices
from services.notifications.usecases.throttle import Throttle
from services.notifications.usecases.writing import WriteMessages
from shared.events.topics import CONTACTS, DOSSIERS, OBLIGATIONS
from shared.mongo.client import Mongo
from shared.ops.clock import wall_now
from shared.ops.run import run_service
from shared.ops.settings import derive_key
from shared.service.read_again import ReadAgain
from shared.service.runtime import Runtime
from shared.subjects.change import ChangeSubjects
from shared.subjects.decide_refused import Queue
from shared.subjects.ports import Publisher, SubjectStore
from shared.subjects.records import Record
from shared.subjects.relay import Relay
from shared.web.app import build_app, mount_public
from shared.web.parked import parked_router
from shared.web.probes import Probes
from shared.web.refused import refused_router

TOPICS: Final = (CONTACTS.name, DOSSIERS.name, OBLIGATIONS.name)
SWEEP_S: Final = 2.0
MEASURE_S: Final = 5.0
JUDGE_S: Final = 0.1
"""How often it is asked whether a day has begun; that costs nothing."""

FINISH_S: Final = 8.0
"""How long a stop waits for the messages in hand."""

StateT = TypeVar("StateT")


class Notifications(Runtime[Cause]):
    """The running service: causes in the common machinery, notices and answers beside them."""

    def __init__(self, settings: NotificationsSettings) -> None:
        self.own = settings
        self.file = settings.channels()
        self.rules = settings.rules(self.file).under(self._current)
        self.quiet = quiet_of(self.file)
        self.rates = {**DEFAULT_RATES, **self.file.rates}
        secret = settings.secret()
        self.token_key = derive_key(secret, "acknowledge-token")
        self.proof_key = derive_key(secret, "notice-proof")
        super().__init__(
            settings,
            codec=CauseCodec(self._current),
            collection="causes",
            publisher=self._planning,
            never_archived=[PLANS_TOPIC],
        )
        self.causes = MongoCauses(self.subjects)
        self.contacts = MongoContacts(self.mongo)
        self.endpoints = MongoEndpoints(self.mongo)
        self.reach = KnowReach(
            self.contacts, self.endpoints, self.reference.current, self.rules, self.clock
        )
        self._relays()
        self.read_again = ReadAgain(forgetting(self.mongo), lambda: self.consumption)
        recover(self, self.notices, self.planning, TOPICS)
        self.beginning.append(self.read_again.begin)
        self._senders()
        self._readers()
        self._tasks()

    def _current(self, code: str) -> str:
        """Return the code that a unit has now."""
        return self.reference.current().current(code)

    def _planning(self, publisher: Publisher, mongo: Mongo) -> Publisher:
        """Return the publisher of all outboxes: plans stay in the house, the rest goes out."""
        self.notices = MongoNotices(mongo, self._current)
        self.counting = CountNotices(publisher, self.metrics)
        self.planning = PlanNotices(
            self.notices.subjects,
            self.counting,
            self.reference,
            self.clock,
            wall_now,
            self.wake,
        )
        return self.planning

    def _relay(self, store: SubjectStore[StateT]) -> Relay[StateT]:
        return Relay(store, self.planning, self.archive, self.ownership, wall_now=wall_now)

    def _relays(self) -> None:
        """Tie what changes notices and answers."""
        self.notice_relay = self._relay(self.notices.subjects)
        self.planning.relay = self.notice_relay
        self.answers = MongoAnswers(self.mongo)
        self.answer_relay = self._relay(self.answers.subjects)
        self.verdicts = verdicts_in(self.mongo, self._current)
        self.verdict_relay = self._relay(self.verdicts)
        self.refused.queues += [
            Queue("notices", self.notice_relay),
            Queue("answers", self.answer_relay),
            Queue("verdicts", self.verdict_relay),
        ]
        self.preparing += [
            self.notices.subjects.prepare,
            self.answers.subjects.prepare,
            self.verdicts.prepare,
        ]
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
        """Tie one sender for each channel that is switched on."""
        self.measuring = MeasureSending(self.metrics)
        self.settling = SettlingRules(
            Pace(scale=self.own.retry_scale), self.file.proven_when_taken
        )
        self.channels = Channels.of(self.own, self.file, self.endpoints)
        know = KnowNotices(
            self.causes,
            self.contacts,
            self.notices.subjects,
            self.endpoints,
            frozenset(endpoint.id for endpoint in self.rules.endpoints),
        )
        links = MakeLinks(
            self.own.public_url, self.token_key, timedelta(days=self.own.link_days), wall_now
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
                self.stopping,
                self.quiet,
                timedelta(seconds=self.own.lease_seconds),
            )
            waits = (self.ready, self.reference.caught_up, self.read_again.done)
            self.senders.append(
                KeepSending(
                    send,
                    self.notices,
                    self.clock,
                    wall_now,
                    waits,
                    self.stopping,
                    self.broker.pulse.work,
                )
            )

    def _readers(self) -> None:
        """Tie what reads: events into causes, contacts into theirs, people's answers."""
        self.apply_contacts = ApplyContacts(
            self.contacts,
            self.notices,
            self.steps,
            self.parking,
            self.clock,
            wall_now,
            self.wake,
        )
        consumption = self.consume(FoldCause(self.rules), TOPICS)
        relay = self.verdict_relay
        self.judging = judging(self.mongo, self.reach, relay, consumption, self.reference)
        self.apply_contacts.heard = self.judging.hear
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
        self.prove = ProveNotices(self.notices.subjects, self.notices, self.proof_key)

    def _tasks(self) -> None:
        self.supervise()
        self.read_again.watch(self.supervisor, self.health)
        self.supervisor.every(SWEEP_S, "notice outboxes", self._sweep)
        self.supervisor.every(MEASURE_S, "notices", self._measure_notices)
        self.supervisor.every(JUDGE_S, "reach", self._judge)
        for sender in self.senders:
            self.supervisor.keep(f"send {sender.send.channel.value}", sender)

    def wake(self) -> None:
        """Let the senders look at once."""
        for sender in self.senders:
            sender.wake()

    def names(self) -> ReferenceNames:
        """Give the names as the reference data have them now."""
        return ReferenceNames(self.reference.current())

    @override
    async def _handle(self, records: Sequence[Record]) -> None:
        """Contacts first: what the events of the same batch speak of is then there."""
        contacts = [record for record in records if record.topic == CONTACTS.name]
        events = [record for record in records if record.topic != CONTACTS.name]
        if contacts:
            await self.apply_contacts(contacts)
        if events:
            await super()._handle(events)

    async def _sweep(self) -> None:
        """Publish what a crash left behind."""
        if self.ready.is_set():
            await self.notice_relay.sweep_left_behind(wall_now=wall_now())
            await self.answer_relay.sweep_left_behind(wall_now=wall_now())
            await self.verdict_relay.sweep_left_behind(wall_now=wall_now())

    async def _judge(self) -> None:
        """Say of a day that begins whom no channel reaches."""
        if self.ready.is_set() and self.reference.caught_up.is_set():
            await self.judging()

    async def _measure_notices(self) -> None:
        if not self.ready.is_set():
            return
        now = self.clock.now()
        for channel in self.channels.ports:
            due, oldest = await self.notices.waiting(channel, now=now)
            self.metrics.notices_waiting.labels(channel.value).set(due)
            age = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
            self.metrics.notice_oldest_waiting_age.labels(channel.value).set(age)

    @override
    async def outbox_depth(self) -> int:
        """Return how many documents of any kind wait to be relayed."""
        stores = (self.subjects, self.notices.subjects, self.answers.subjects, self.verdicts)
        return sum([await unpublished(store.collection) for store in stores])

    @override
    async def account(self) -> dict[str, Any]:
        """Return the common account and that of the senders.

        `outbox` counts what is unpublished or on its way to a provider, so that 0 is rest;
        `held_up` says by what.
        """
        account = await super().account()
        earliest = await self.notices.earliest()
        held_up = await self.notices.unfinished(
            earliest=earliest, now=self.clock.now(), wall=wall_now()
        )
        unfinished = sum(held_up.values())
        return {
            **account,
            "at_rest_counters": {
                **account["at_rest_counters"],
                **dict(sorted(self.counting.totals.items())),
                **dict(sorted(self.measuring.totals.items())),
            },
            "outbox": account["outbox"] + unfinished,
            "next_at": earliest.isoformat() if earliest else None,
            "marks": {
                "unpublished": account["outbox"],
                "unfinished": unfinished,
                "unchecked": int(self.judging.waits),
            },
            "held_up": dict(sorted(held_up.items())),
        }

    async def status(self) -> Mapping[str, Any]:
        """Give the service's own account."""
        return await self.account()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Run the background work around the serving; messages in hand are finished first."""
        await self.supervisor.start()
        try:
            yield
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Stop sending, then consuming; flush and close."""
        self.stopping.set()
        self.wake()
        finished = [asyncio.create_task(sender.finished()) for sender in self.senders]
        await asyncio.wait(finished, timeout=FINISH_S)
        for waiting in finished:
            waiting.cancel()
        await self.broker.stop()
        await self.supervisor.stop()
        await self.channels.close()
        await self.mongo.close()


def build(settings: NotificationsSettings) -> FastAPI:
    """Wire the service; nothing connects until the server starts it."""
    service = Notifications(settings)
    pages = Pages(service.answering, service.names, service.clock, wall_now, service.token_key)
    rates = {channel.value: rate.model_dump() for channel, rate in service.rates.items()}
    app = build_app(
        settings,
        title="motcua notifications",
        probes=Probes(service.health, service.metrics, service.status, service.broker.pulse),
        routers=[
            notices_router(service.prove),
            policy_router(service.rules, service.quiet, rates),
            reach_router(service.reach),
            receipts_router(service.receipts, receipt_secrets(service.file)),
            token_router(pages),
            inbox_router(service.receipts, settings.desk_url),
            parked_router(service.deciding(), service.parking),
            refused_router(service.refused),
        ],
        lifespan=service.serving,
        current_unit=lambda code: service.reference.current().current(code),
    )
    app.state.notifications = service
    mount_public(app, "/assets", StaticFiles(directory=STATIC))
    return app


if __name__ == "__main__":
    sys.exit(run_service(NotificationsSettings, build))
