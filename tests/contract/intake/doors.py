"""Both doors around one intake in memory, as a client and as a publisher meet them."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from services.intake.adapters.counting import CountEvents
from services.intake.adapters.http.catalogue import catalogue_router
from services.intake.adapters.http.changes import changes_router
from services.intake.adapters.http.contacts import contacts_router
from services.intake.adapters.http.door import Door
from services.intake.adapters.http.dossiers import dossiers_router
from services.intake.adapters.http.events import events_router
from services.intake.adapters.http.grants import grants_router
from services.intake.adapters.http.in_force import in_force_router
from services.intake.adapters.http.losses import losses_router
from services.intake.adapters.kafka import KafkaDoor
from services.intake.adapters.outboxes import Outboxes
from services.intake.settings import IntakeSettings
from services.intake.usecases.heartbeats import WatchConnections
from shared.events.partitioner import partition_of
from shared.events.topics import PARTITIONS, inbound, rejected
from shared.ops.health import Health
from shared.ops.metrics import Metrics
from shared.subjects.records import Record
from shared.web.app import build_app
from shared.web.keys import mint
from shared.web.probes import Probes
from tests.fakes.intake import UNIT, World

PUBLISHER = "demo"
Headers = Sequence[tuple[str, bytes]]


@dataclass
class Keys:
    """One key of each kind that the routes know."""

    publisher: str
    clerk: str
    director: str
    province: str
    first: str
    second: str
    loader: str
    operator: str
    elsewhere: str
    portal: str


class HttpDoor:
    """The real application over a world in memory."""

    def __init__(self, world: World, folder: Path) -> None:
        secret, keys = folder / "secret", folder / "keys.json"
        secret.write_bytes(bytes(range(64)))
        self.keys = Keys(
            publisher=mint(keys, role="publisher", publisher=PUBLISHER),
            clerk=mint(keys, role="clerk", units={UNIT}),
            director=mint(keys, role="director", units={UNIT}),
            province=mint(keys, role="province"),
            first=mint(keys, role="province", person="p-20-officer-1"),
            second=mint(keys, role="province", person="p-20-officer-2"),
            loader=mint(keys, role="publisher", publisher="province"),
            operator=mint(keys, role="operator"),
            elsewhere=mint(keys, role="clerk", units={"06001"}),
            portal=mint(keys, role="publisher", publisher="counter"),
        )
        settings = IntakeSettings(keys_file=keys, secret_file=secret)
        metrics = Metrics(CollectorRegistry(), process=False)
        outboxes = Outboxes(None, None)  # type: ignore[arg-type]  # Only its depth is asked.
        self.door = Door(
            world.receive,
            world.dossiers,
            world.receive.contacts,
            WatchConnections(world.presences, world.receive, world.clock, timedelta(minutes=5)),
            world.relay,
            outboxes,
            CountEvents(metrics),
            outbox_documents_max=100,
        )
        self.app: FastAPI = build_app(
            settings,
            title="intake",
            probes=Probes(Health(), metrics, _status),
            routers=[
                events_router(self.door),
                dossiers_router(self.door),
                contacts_router(self.door),
                catalogue_router(self.door),
                in_force_router(self.door),
                changes_router(self.door),
                grants_router(self.door),
                losses_router(self.door, world.accepting),
            ],
        )

    @asynccontextmanager
    async def client(self, key: str | None = None) -> AsyncIterator[httpx2.AsyncClient]:
        """Give a client that shows a key."""
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(
            transport=transport,
            base_url="http://intake",
            headers={"accept-language": "en", **headers},
        ) as client:
            yield client

    def use(self, world: World) -> None:
        """Stand before another world, with the same keys."""
        door = self.door
        door.receive, door.dossiers = world.receive, world.dossiers
        door.contacts, door.relay = world.receive.contacts, world.relay
        door.connections = WatchConnections(
            world.presences, world.receive, world.clock, timedelta(minutes=5)
        )
        door.outboxes.depth = 0

    async def post(
        self, value: bytes, attributes: dict[str, bytes], headers: dict[str, bytes]
    ) -> httpx2.Response:
        """Send one event as the publisher."""
        sent = {**headers, **{f"ce-{name}": text for name, text in attributes.items()}}
        async with self.client(self.keys.publisher) as client:
            raw = [(name.encode(), text) for name, text in sent.items()]
            return await client.post("/v1/events", content=value, headers=raw)


def kafka_door(world: World) -> KafkaDoor:
    """Put the Kafka door together."""
    metrics = Metrics(CollectorRegistry(), process=False)
    return KafkaDoor(
        world.receive, world.relay, world.publishing, world.clock, CountEvents(metrics)
    )


def record(
    value: bytes | None, offset: int, headers: Headers = (), publisher: str = PUBLISHER
) -> Record:
    """Make a record as the broker would hand it over, keyed by its subject if it has one."""
    key = _subject(value, headers)
    partition = 0 if key is None else partition_of(key, PARTITIONS)
    return Record(inbound(publisher).name, partition, offset, key, value, tuple(headers))


def _subject(value: bytes | None, headers: Headers) -> bytes | None:
    try:
        read = json.loads(value or b"")
    except (ValueError, RecursionError):
        return dict(headers).get("ce_subject")
    named = read.get("subject") if isinstance(read, dict) else None
    return str(named).encode() if named else dict(headers).get("ce_subject")


def rejections(world: World, publisher: str = PUBLISHER) -> list[dict[str, Any]]:
    """Return what was refused, as its publisher reads it."""
    topic = rejected(publisher).name
    return [out.value for out in world.publisher.published if out.topic == topic]


def lines(events: Sequence[dict[str, Any]]) -> bytes:
    """Write events as NDJSON."""
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


async def _status() -> dict[str, Any]:
    return {}
