"""A running workflow on real engines, with a clock that stands until it is told."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from services.workflow.main import Workflow, build
from services.workflow.settings import WorkflowSettings
from shared.events.envelope import Event, decode, to_document
from shared.events.progress import ProgressMark, progress_document
from shared.events.topics import OBLIGATIONS, PROGRESS, REFERENCE
from shared.kafka.publisher import KafkaPublisher
from shared.kafka.whole import WholeTopic
from shared.ops.clock import ClockFile
from shared.subjects.document import Outgoing
from shared.subjects.records import Record
from shared.web.keys import mint
from tests.fakes.level import begin_at_the_ends

WAIT_S = 30.0


@dataclass
class Input:
    """Writes what intake would write."""

    publisher: KafkaPublisher

    async def reference(self, events: Sequence[Event]) -> None:
        """Publish reference events."""
        await self._publish(REFERENCE.name, events)

    async def events(self, events: Sequence[Event]) -> None:
        """Publish canonical events."""
        for event in events:
            await self._publish(event.topic.name, [event])

    async def mark(self, through: datetime) -> None:
        """Publish how far intake has read."""
        mark = ProgressMark(input="http", partition=0, through=through)
        await self.publisher.publish(
            [Outgoing(mark.key, PROGRESS.name, mark.key, progress_document(mark))]
        )

    async def _publish(self, topic: str, events: Sequence[Event]) -> None:
        await self.publisher.publish(
            [Outgoing(e.id, topic, e.subject, to_document(e)) for e in events]
        )


@dataclass
class Heard:
    """Reads everything that workflow says."""

    bootstrap: str
    events: list[Event] = field(default_factory=list)

    async def apply(self, records: Sequence[Record]) -> None:
        """Keep what was said."""
        self.events.extend(decode(record.value or b"") for record in records)

    def of(self, subject: str) -> list[Event]:
        """Return what was said of one subject, in the order of its topic."""
        return [event for event in self.events if event.subject == subject]


@dataclass
class Running:
    """The service under test and the world around it."""

    service: Workflow
    app: Any
    clock: ClockFile
    key: str
    input: Input
    heard: Heard

    async def moves_to(self, when: datetime) -> None:
        """Let the clock leap, let intake's mark follow, and wait until all is at rest."""
        self.clock.advance(when)
        await self.input.mark(when)
        await self.rests(when)

    async def rests(self, now: datetime) -> None:
        """Wait until two accounts in a row are the same, nothing lags, all is swept."""
        last: object = None

        async def resting() -> bool:
            nonlocal last
            status = dict(await self.service.status())
            swept = status["marks"]["swept_to"]
            same = status == last
            last = status
            still = not status["outbox"] and not any(status["lag"].values())
            done = swept is not None and datetime.fromisoformat(swept) >= now
            return same and still and done

        await eventually(resting)


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


def settings_of(
    folder: Path, bootstrap: str, mongo_url: str, *, database: str | None = None
) -> WorkflowSettings:
    """Return the settings of a service in a folder of its own."""
    keys, secret = folder / "keys.json", folder / "secret"
    if not secret.exists():
        secret.write_bytes(secrets.token_bytes(32))
    return WorkflowSettings(
        kafka_bootstrap=(bootstrap,),
        mongo_url=mongo_url,
        mongo_database=database or f"t{secrets.token_hex(6)}",
        keys_file=keys,
        secret_file=secret,
        clock_file=folder / "clock",
        sweep_ms=50,
    )


@asynccontextmanager
async def running(
    folder: Path, bootstrap: str, mongo_url: str, *, now: datetime
) -> AsyncIterator[Running]:
    """Run the service within this loop."""
    clock = ClockFile(folder / "clock")
    clock.start(now=now, rate=0)
    key = mint(folder / "keys.json", role="province", days=1)
    settings = settings_of(folder, bootstrap, mongo_url)
    await begin_at_the_ends(bootstrap, mongo_url, settings.mongo_database)
    app = build(settings)
    service: Workflow = app.state.workflow
    publisher = KafkaPublisher([bootstrap], client_id="test")
    heard = Heard(bootstrap)
    stopping = asyncio.Event()
    listener = WholeTopic([bootstrap], OBLIGATIONS.name, heard.apply, client_id="test")
    listening = asyncio.create_task(listener.run(stopping))
    try:
        async with service.runtime.lifespan():
            yield Running(service, app, clock, key, Input(publisher), heard)
    finally:
        stopping.set()
        await listening
        await publisher.stop()


def as_json(value: object) -> Any:  # noqa: ANN401 -- Whatever JSON holds.
    """Return a value as a client would read it."""
    return orjson.loads(orjson.dumps(value, default=str))
