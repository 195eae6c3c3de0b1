"""A running notifications service on real engines, with a mail sink that is not ours."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from httpx2 import ASGITransport, AsyncClient

from services.notifications.main import Notifications, build
from services.notifications.settings import NotificationsSettings
from shared.events.envelope import Event, decode
from shared.events.topics import NOTICES, inbound
from shared.kafka.publisher import KafkaPublisher
from shared.kafka.whole import WholeTopic
from shared.ops.clock import ClockFile
from shared.subjects.document import Outgoing
from shared.subjects.records import Record
from shared.web.keys import mint
from tests.fakes.level import begin_at_the_ends
from tests.fakes.mail_sink import Sink
from tests.fakes.notified import MONDAY, outgoing

WAIT_S = 80.0


@dataclass
class Heard:
    """Reads everything that notifications says on one topic."""

    values: list[bytes] = field(default_factory=list)

    async def apply(self, records: Sequence[Record]) -> None:
        """Keep what was said."""
        self.values.extend(record.value or b"" for record in records)

    def events(self) -> list[Event]:
        """Return what was said, decoded."""
        return [decode(value) for value in self.values]


@dataclass
class Running:
    """The service under test and the world around it."""

    service: Notifications
    app: Any
    clock: ClockFile
    keys: Path
    publisher: KafkaPublisher
    notices: Heard
    answers: Heard
    sink: Sink

    async def say(self, *what: Event | Outgoing) -> None:
        """Publish events and contacts, in order."""
        for one in what:
            out = outgoing(one) if isinstance(one, Event) else one
            await self.publisher.publish([out])

    def told(self, subject: str) -> list[Event]:
        """Return what was told about one subject's notices."""
        return [
            event
            for event in self.notices.events()
            if getattr(event.data, "cause", None) == subject
        ]

    def answered(self, subject: str) -> list[Event]:
        """Return what was published as answers about one subject."""
        return [event for event in self.answers.events() if event.subject == subject]

    async def rests(self) -> None:
        """Wait until two accounts in a row are the same and nothing is on its way."""
        last: object = None

        async def resting() -> bool:
            nonlocal last
            status = dict(await self.service.status())
            same = status == last
            last = status
            consumption = self.service.consumption
            behind = await consumption.end_offsets() != consumption.next_offsets
            return same and not status["outbox"] and not behind

        await eventually(resting)

    def client(self, **headers: str) -> AsyncClient:
        """Return a client of the pages and the API."""
        transport = ASGITransport(app=self.app)
        return AsyncClient(transport=transport, base_url="http://notices", headers=headers)

    def key(self, **who: Any) -> dict[str, str]:  # noqa: ANN401 -- What a key is minted with.
        """Mint a key and return the header that carries it."""
        return {"authorization": f"Bearer {mint(self.keys, days=1, **who)}"}


async def eventually(
    condition: Callable[[], Any], *, seconds_max: float = WAIT_S, pause: float = 0.05
) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(seconds_max):
        while True:
            answer = condition()
            if asyncio.iscoroutine(answer):
                answer = await answer
            if answer:
                return
            await asyncio.sleep(pause)


@dataclass
class Engines:
    """Where the engines of the test session are."""

    kafka: str
    mongo: str


@asynccontextmanager
async def running(
    folder: Path,
    engines: Engines,
    sink: Sink,
    *,
    now: datetime = MONDAY,
    **more: Any,  # noqa: ANN401 -- Settings.
) -> AsyncIterator[Running]:
    """Run the service within this loop."""
    clock = ClockFile(folder / "clock")
    clock.start(now=now, rate=0)
    secret = folder / "secret"
    if not secret.exists():
        secret.write_bytes(secrets.token_bytes(32))
    mint(folder / "keys.json", role="operator", units="*", days=1)
    settings = NotificationsSettings(
        kafka_bootstrap=(engines.kafka,),
        mongo_url=engines.mongo,
        mongo_database=more.pop("database", f"t{secrets.token_hex(6)}"),
        keys_file=folder / "keys.json",
        secret_file=secret,
        clock_file=folder / "clock",
        smtp_host=sink.host,
        smtp_port=sink.port,
        mail_from="motcua@province.test",
        **{"retry_scale": 0.05, **more},
    )
    await begin_at_the_ends(engines.kafka, engines.mongo, settings.mongo_database)
    app = build(settings)
    service: Notifications = app.state.notifications
    publisher = KafkaPublisher([engines.kafka], client_id="test")
    notices, answers = Heard(), Heard()
    stopping = asyncio.Event()
    listening = [
        asyncio.create_task(
            WholeTopic([engines.kafka], topic, heard.apply, client_id="test").run(stopping)
        )
        for topic, heard in (
            (NOTICES.name, notices),
            (inbound("notifications").name, answers),
        )
    ]
    await service.supervisor.start()
    try:
        await eventually(lambda: not service.broker.missing())
        yield Running(
            service, app, clock, folder / "keys.json", publisher, notices, answers, sink
        )
    finally:
        stopping.set()
        await service.stop()
        await asyncio.gather(*listening)
        await publisher.stop()
