"""The watch over a service's own topics, wired the same in every service that writes."""

import asyncio

from shared.events.topics import PROGRESS, TOPICS
from shared.kafka.broker import ServiceBroker
from shared.kafka.written_ends import COMPARE_S, SAVE_S, WatchWrittenEnds
from shared.mongo.client import Mongo
from shared.mongo.written_ends import MongoWrittenEnds
from shared.ops.health import Health
from shared.ops.supervise import Supervisor
from shared.subjects.errors import UnavailableError

PART = "topics"
"""The name under which readiness says what the topics lack."""


def written_by(service: str) -> frozenset[str]:
    """Return the canonical topics that a service writes from its store.

    Progress is not one: intake says anew how far it has read, and nobody needs old marks.
    """
    return frozenset(
        topic.name for topic in TOPICS.values() if topic.writer == service and topic != PROGRESS
    )


def watch_written_ends(
    service: str,
    mongo: Mongo,
    broker: ServiceBroker,
    supervisor: Supervisor,
    health: Health,
    ready: asyncio.Event,
) -> WatchWrittenEnds:
    """Add the tasks and the check; the caller awaits `begin` before `ready` is set."""
    watch = WatchWrittenEnds(written_by(service), MongoWrittenEnds(mongo), broker.ends)
    broker.publisher.on_acknowledged = watch.acknowledged

    async def save() -> None:
        if ready.is_set():
            try:
                await watch.save()
            except UnavailableError:
                return  # Readiness names the store; what was acknowledged is kept here.

    async def compare() -> None:
        if ready.is_set():
            try:
                await watch.compare()
            except UnavailableError:
                return  # Readiness names what is away; nothing is known of the topics.

    async def missing() -> str | None:
        return watch.missing()

    broker.on_published = save
    supervisor.every(SAVE_S, "written ends", save)
    supervisor.every(COMPARE_S, "topics", compare)
    health.watch(PART, missing)
    return watch
