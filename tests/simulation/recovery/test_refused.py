"""What a real broker refuses: who waits, who does not, and how it goes on."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
import pytest_asyncio
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from pydantic import SecretStr

from deploy.topics import provision
from services.intake.main import Intake, build_around
from services.intake.settings import IntakeSettings
from shared.events.topics import DOSSIERS, inbound, rejected
from shared.kafka.admin import TopicAdmin, TopicSpec
from shared.kafka.publisher import KafkaPublisher
from shared.kafka.whole import read_to_end
from shared.mongo.archive import MongoArchive
from shared.mongo.client import Mongo
from shared.mongo.subjects import MongoSubjects
from shared.ops.clock import ClockFile, wall_now
from shared.subjects.decide_refused import DecideRefused, Queue
from shared.subjects.document import Document, Outgoing
from shared.subjects.errors import RefusedRecordError
from shared.subjects.relay import Relay
from tests.fakes.counting import NamesCodec
from tests.fakes.intake import NOW, event
from tests.fakes.level import begin_at_the_ends
from tests.integration.intake.running import with_reference

pytestmark = [pytest.mark.recovery, pytest.mark.asyncio, pytest.mark.timeout(120)]

WAIT_S_MAX: Final = 60.0
SMALL: Final = 20_000
LARGE: Final = 100_000
LATER: Final = timedelta(hours=1)


class Site:
    """Outboxes in a real store, and a relay to a real broker."""

    def __init__(self, bootstrap: str, mongo: Mongo) -> None:
        self.bootstrap = bootstrap
        self.store = MongoSubjects(mongo, "subjects", NamesCodec())
        self.archive = MongoArchive(mongo)
        self.publisher = KafkaPublisher([bootstrap], client_id="test")
        self.relay = Relay(self.store, self.publisher, self.archive, wall_now=wall_now)
        self.decider = DecideRefused([Queue("subjects", self.relay)])
        self.numbers = 0

    async def send(self, topic: str, subject: str, size: int = 0) -> Document[list[str]]:
        """Decide one event of a subject and publish it."""
        found = await self.store.load([subject])
        document = found.get(subject) or Document[list[str]](subject, state=[])
        self.numbers += 1
        name = f"{subject}-{self.numbers}"
        # Every part differs from the others, so that compression does not make it small.
        value = {"id": name, "filling": [number * 7_919 for number in range(size // 8)]}
        document.added = [Outgoing(name, topic, subject, value)]
        await self.store.save([document], pending_at=wall_now())
        await self.relay.publish([document])
        return document

    async def ids(self, topic: str) -> list[str]:
        """Return what a topic has, in order."""
        records = await read_to_end([self.bootstrap], topic)
        return [json.loads(record.value or b"{}")["id"] for record in records]


@pytest_asyncio.fixture
async def site(kafka_bootstrap: str, mongo_url: str, unique: str) -> AsyncIterator[Site]:
    """A store of the test's own."""
    mongo = Mongo(mongo_url, unique)
    made = Site(kafka_bootstrap, mongo)
    await made.store.prepare()
    await made.archive.prepare()
    yield made
    await made.publisher.stop()
    await mongo.drop()
    await mongo.close()


async def create(bootstrap: str, name: str, **config: str) -> None:
    """Create a topic with one partition."""
    async with TopicAdmin([bootstrap]) as admin:
        await admin.create([TopicSpec(name, 1, config)])


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for it."""
    async with asyncio.timeout(WAIT_S_MAX):
        while not await holds():  # noqa: ASYNC110 - Kafka tells nobody.
            await asyncio.sleep(0.1)


async def test_a_record_that_is_too_large_waits_with_its_subject(
    site: Site, unique: str
) -> None:
    """Others go on by the same connection; the command works once the limit is raised."""
    topic = f"{unique}.events"
    await create(site.bootstrap, topic, **{"max.message.bytes": str(SMALL)})
    await site.send(topic, "a")
    producer = await site.publisher.producers.shared()
    large, behind = await site.send(topic, "b", LARGE), await site.send(topic, "b")
    await asyncio.gather(*(site.send(topic, f"c{number}") for number in range(9)))

    assert (len(large.unpublished()), len(behind.unpublished())) == (1, 2)
    assert len(await site.ids(topic)) == 10
    assert site.publisher.alive
    said = await site.decider.impaired()
    assert said is not None
    assert "MessageSizeTooLargeError" in said
    assert large.unpublished()[0].id in said
    (refused,) = await site.decider.list(limit=9)
    again = await site.decider.retry(refused, dry_run=False)
    assert (again.done, again.published) == (False, 0)
    assert await site.publisher.producers.shared() is not producer, "its numbers were spent"

    await raise_limit(site.bootstrap, topic)
    done = await site.decider.retry(refused, dry_run=False)
    assert (done.done, done.published) == (True, 2)
    assert (await site.ids(topic))[-2:] == [refused.event_id, behind.unpublished()[-1].id]
    assert await site.decider.impaired() is None


async def raise_limit(bootstrap: str, topic: str) -> None:
    """Do what the sentence says."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        config = {"max.message.bytes": str(2 * LARGE)}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, config)])
    finally:
        await admin.close()


async def test_a_missing_topic_keeps_only_what_goes_to_it(site: Site, unique: str) -> None:
    """Once it is there, the sweep publishes what waited, in order."""
    topic, missing = f"{unique}.there", f"{unique}.missing"
    await create(site.bootstrap, topic)
    await site.send(missing, "a")
    await site.send(missing, "a")
    await site.send(topic, "b")
    assert len(await site.ids(topic)) == 1
    sentence = site.publisher.refusing()[missing]
    assert sentence.startswith("UnknownTopicOrPartitionError (event a-1)")
    assert await site.decider.impaired() is None, "it is the topic, not a record"

    await create(site.bootstrap, missing)

    async def published() -> bool:
        return await site.relay.sweep_left_behind(wall_now=wall_now() + LATER) == 2

    await until(published)
    assert await site.ids(missing) == ["a-1", "a-2"]
    assert site.publisher.refusing() == {}


async def test_an_error_that_the_client_does_not_know_is_the_records(
    site: Site, unique: str
) -> None:
    """A compacted topic takes no record without a key; the others are taken."""
    topic = f"{unique}.compacted"
    await create(site.bootstrap, topic, **{"cleanup.policy": "compact"})
    value = json.dumps({"id": "x"}).encode()
    with pytest.raises(RefusedRecordError, match=r"^1 records were not taken: "):
        await site.publisher.publish_raw(
            [(topic, None, value, ()), *[(topic, b"k", value, ())] * 3]
        )
    assert await site.ids(topic) == ["x"] * 3


async def test_a_publisher_without_its_topic_of_rejections_stops_nobody(
    kafka_bootstrap: str, mongo_url: str, unique: str, tmp_path: Path
) -> None:
    """Its own events and those of others are applied; its rejection comes when it can."""
    name = f"half-{unique}"
    await provision([kafka_bootstrap], [inbound(name)])
    own = settings(kafka_bootstrap, mongo_url, unique, tmp_path)
    await begin_at_the_ends(kafka_bootstrap, mongo_url, own.mongo_database)
    intake = Intake(own)
    app = build_around(intake)
    publisher = KafkaPublisher([kafka_bootstrap], client_id="test")
    codes = {"demo": f"{unique}-D".upper(), name: f"{unique}-H".upper()}
    wrong = json.dumps({"specversion": "1.0", "id": unique}).encode()

    async def applied() -> bool:
        records = await read_to_end([kafka_bootstrap], DOSSIERS.name)
        return {code.encode() for code in codes.values()} <= {one.key for one in records}

    async def rejection() -> bool:
        return await rejected_ids(kafka_bootstrap, name) == [unique]

    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url="http://intake"
        ) as client,
    ):

        async def answer() -> dict[str, Any]:
            found: dict[str, Any] = (await client.get("/readyz")).json()
            return found

        async def impaired() -> bool:
            return rejected(name).name in answer_of(await answer())

        async def all_is_well() -> bool:
            return "impaired" not in await answer()

        with_reference(intake)
        await publisher.publish_raw([(inbound(name).name, b"x", wrong, ())])
        await until(impaired)
        for one, code in codes.items():
            sent = json.dumps(event("dossier.accepted", code, publisher=one)).encode()
            await publisher.publish_raw([(inbound(one).name, code.encode(), sent, ())])
        await until(applied)
        assert "`motcua topics provision`" in answer_of(await answer())

        await provision([kafka_bootstrap], [rejected(name)])
        await until(rejection)
        await until(all_is_well)
    await publisher.stop()


def answer_of(readiness: dict[str, Any]) -> str:
    """Return what readiness says of rejections, while it is ready."""
    return str(readiness.get("impaired", {}).get("rejections", ""))


def settings(bootstrap: str, url: str, database: str, folder: Path) -> IntakeSettings:
    """Return the settings of an intake with a store of its own."""
    (folder / "secret").write_bytes(os.urandom(48))
    ClockFile(folder / "clock").write(now=NOW, rate=1)
    return IntakeSettings(
        kafka_bootstrap=(bootstrap,),
        mongo_url=SecretStr(url),
        mongo_database=database,
        keys_file=folder / "keys.json",
        secret_file=folder / "secret",
        http_port=0,
        clock_file=folder / "clock",
    )


async def rejected_ids(bootstrap: str, publisher: str) -> Sequence[str]:
    """Return the ids of the events that a publisher's topic says were rejected."""
    records = await read_to_end([bootstrap], rejected(publisher).name)
    return [json.loads(record.value or b"{}")["event_id"] for record in records]
