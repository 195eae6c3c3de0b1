"""Canonical topics published again from the stores, where they lack what the stores have.

Everything comes with its own id and sequence and in the order of its subject, so readers that
have applied it already change nothing. A run that is stopped is run again: it publishes what is
then still missing.
"""

import threading
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from deploy.errors import CommandError
from deploy.installation import SERVICES, Installation
from deploy.restore.archived import ArchivedTopic
from deploy.restore.contacts import ContactsTopic
from deploy.topics import admin_of
from shared.events.topics import (
    CENTRES,
    CONTACTS,
    DOSSIERS,
    NOTICES,
    OBLIGATIONS,
    REFERENCE,
    Topic,
)
from shared.kafka.ends import PartitionEnds
from shared.kafka.publisher import KafkaPublisher
from shared.kafka.topic_reading import TopicReading
from shared.mongo.client import Mongo
from shared.mongo.read_positions import MongoReadPositions
from shared.mongo.written_ends import MongoWrittenEnds
from shared.subjects.refused import RefusedRecord
from shared.subjects.written_ends import Place, WrittenEnds

RESTORED: Final = (REFERENCE, CONTACTS, DOSSIERS, CENTRES, OBLIGATIONS, NOTICES)
"""In the order in which readers need them: no event waits for what comes after it."""

DATABASE: Final = "motcua_{service}"
SAY_EVERY: Final = 20_000
CLIENT_ID: Final = "motcua-restore"

Say = Callable[[str], None]


class StoreBehindError(CommandError):
    """A topic has records that the store does not know."""


class RefusedError(CommandError):
    """The broker answers and does not take a record."""


class StoppedError(CommandError):
    """The restore was asked to end before it was done."""


@dataclass(frozen=True, slots=True)
class TopicRestored:
    """What a run found and did on one topic.

    Attributes:
        topic: Its name.
        published: How many records were missing, and are published unless it was a dry run.
        tombstones: How many of them say that a contact was erased.
        lost: How many contacts have a version whose values no store has.
    """

    topic: str
    published: int
    tombstones: int = 0
    lost: int = 0


async def restore_topics(
    installation: Installation,
    *,
    dry_run: bool = False,
    say: Say = lambda _line: None,
    stopping: threading.Event | None = None,
) -> list[TopicRestored]:
    """Publish what the canonical topics lack; then record where they end.

    Nothing is published before every topic was read and compared.

    Args:
        installation: Where topics and stores are.
        dry_run: Only count.
        say: Takes a line of progress now and then.
        stopping: Ends the run after the batch in hand, once it is set.

    Raises:
        StoreBehindError: a topic has what the store does not know; nothing was published.
        RefusedError: the broker does not take a record; the next run goes on.
        StoppedError: `stopping` was set; the same.
        CommandError: a topic is missing.
        UnavailableError: the broker or a store does not answer.
    """
    await _insist_there(installation)
    async with AsyncExitStack() as stack:
        stores = await stack.enter_async_context(_stores(installation))
        compared: list[_Compared] = []
        for topic in RESTORED:
            one = _Compared.of(topic, stores, installation)
            compared.append(one)
            await stack.enter_async_context(one.reading)
            await one.reading.catch_up()
            if isinstance(one.content, ContactsTopic):
                await one.content.compare()
            _insist_not_stopped(stopping)
        _insist_known(compared)
        publisher = KafkaPublisher(installation.kafka, client_id=CLIENT_ID)
        stack.push_async_callback(publisher.stop)
        done: list[TopicRestored] = []
        for one in compared:
            done.append(await one.publish(None if dry_run else publisher, say, stopping))
            if not dry_run:
                await one.record_ends(stores)
        return done


async def short_topics(installation: Installation) -> dict[Place, int]:
    """Return the partitions that end before their written ends, and where they end.

    It asks for ends only, so it costs little however much the topics hold.

    Raises:
        UnavailableError: the broker or a store does not answer.
    """
    async with _stores(installation) as stores:
        known = WrittenEnds()
        for mongo in stores.values():
            known.refresh(await MongoWrittenEnds(mongo).load())
        ends = PartitionEnds(installation.kafka, client_id=f"{CLIENT_ID}-ends")
        try:
            there = await ends.partitions({topic for topic, _ in known.rows})
            known.compare(
                await ends.high_watermarks([one for one in known.rows if one in there])
            )
        finally:
            await ends.stop()
    return {place: row.found for place, row in known.short().items() if row.found is not None}


@dataclass(frozen=True, slots=True)
class _Compared:
    """One topic, and what a store knows of it."""

    topic: Topic
    content: ArchivedTopic | ContactsTopic
    reading: TopicReading

    @classmethod
    def of(
        cls, topic: Topic, stores: Mapping[str, Mongo], installation: Installation
    ) -> "_Compared":
        content: ArchivedTopic | ContactsTopic
        if topic == CONTACTS:
            content = ContactsTopic(stores["intake"], stores["notifications"])
        else:
            content = ArchivedTopic(topic, stores[topic.writer])
        reading = TopicReading(
            installation.kafka, topic.name, content.take, client_id=CLIENT_ID
        )
        return cls(topic, content, reading)

    async def publish(
        self, into: KafkaPublisher | None, say: Say, stopping: threading.Event | None
    ) -> TopicRestored:
        """Publish what is missing, batch by batch; None only counts."""
        count = tombstones = 0
        async for lacking in self.content.lacking():
            _insist_not_stopped(stopping)
            if into is not None:
                # A service may have published and archived some of these since the last read.
                await self.reading.catch_up()
            batch = self.content.still(lacking)
            if into is not None:
                insist_taken(await into.publish(batch))
            before, count = count, count + len(batch)
            tombstones += sum(1 for out in batch if out.value is None)
            if into is not None and count // SAY_EVERY > before // SAY_EVERY:
                say(f"{self.topic.name}: {count} records published")
        lost = self.content.lost if isinstance(self.content, ContactsTopic) else 0
        return TopicRestored(self.topic.name, count, tombstones, lost)

    async def record_ends(self, stores: Mapping[str, Mongo]) -> None:
        """Record where the topic ends, now that it has everything, and have its readers go on.

        A reader halted a partition whose first records were deleted before it had read them.
        """
        ends = await self.reading.catch_up()
        await MongoWrittenEnds(stores[self.topic.writer]).restored(
            {(self.topic.name, partition): end for partition, end in ends.items()}
        )
        for reader in self.topic.readers:
            await MongoReadPositions(stores[reader]).pass_over_restored([self.topic.name])


@asynccontextmanager
async def _stores(installation: Installation) -> AsyncIterator[Mapping[str, Mongo]]:
    stores = {
        service: Mongo(installation.mongo_url, DATABASE.format(service=service))
        for service in SERVICES
    }
    try:
        yield stores
    finally:
        for mongo in stores.values():
            await mongo.close()


async def _insist_there(installation: Installation) -> None:
    async with admin_of(installation.kafka) as admin:
        names = await admin.names()
    missing = [topic.name for topic in RESTORED if topic.name not in names]
    if missing:
        raise CommandError(
            f"{len(missing)} of {len(RESTORED)} topics are missing ({', '.join(missing)}): "
            "create them with `motcua topics provision`, then run this again"
        )


def _insist_known(compared: Iterable[_Compared]) -> None:
    """Raise where a topic has what its store does not know.

    Raises:
        StoreBehindError: one has; nothing was published.
    """
    found: list[str] = []
    for one in compared:
        content = one.content
        count = (
            len(content.unknown)
            if isinstance(content, ContactsTopic)
            else content.unknown_count
        )
        if count:
            # A contact's key may name a person; an event's id does not.
            shown = "" if isinstance(content, ContactsTopic) else f" ({content.unknown[0]})"
            found.append(f"{one.topic.name} has {count} records{shown}")
    if found:
        raise StoreBehindError(
            f"{'; '.join(found)} that the store does not know, so the store is behind its "
            "topics: bring it up to them with `motcua restore store`. Nothing was published"
        )


def insist_taken(refused: Sequence[RefusedRecord]) -> None:
    """Raise where the broker did not take a record.

    Raises:
        RefusedError: it refuses one; what came before it is published.
    """
    if refused:
        first = refused[0]
        raise RefusedError(
            f"the broker refuses {len(refused)} records of {first.outgoing.topic}, event "
            f"{first.outgoing.id} first: {first.error}: {first.sentence}. Then run this again"
        )


def _insist_not_stopped(stopping: threading.Event | None) -> None:
    if stopping is not None and stopping.is_set():
        raise StoppedError("the restore of topics was stopped; run it again and it goes on")


def summary(done: Sequence[TopicRestored], *, dry_run: bool) -> list[str]:
    """Return the lines that say what a run did."""
    verb = "are missing" if dry_run else "were missing and are published"
    lines = [_line(one, verb) for one in done if one.published or one.lost]
    if not any(one.published for one in done):
        lines.append(f"nothing is missing on the {len(done)} canonical topics")
    return lines


def _line(one: TopicRestored, verb: str) -> str:
    line = f"{one.topic}: {one.published} records {verb}"
    if one.tombstones:
        line += f", {one.tombstones} of them for erased contacts"
    if one.lost:
        line += (
            f"; {one.lost} contacts are lost, since no store has their values: send them again"
        )
    return line
