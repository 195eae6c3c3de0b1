"""Positions, groups and trimmed logs: one partition in a bad state stops no other.

Services run in this process on the tier's broker and store, each with a database of its own.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from pydantic import SecretStr

from deploy.topics import provision
from services.intake.adapters.kafka import GROUP
from services.intake.settings import IntakeSettings
from shared.events.topics import CENTRES, DOSSIERS, inbound, rejected
from shared.kafka.admin import TopicAdmin, TopicSpec
from shared.kafka.whole import read_to_end
from shared.ops.clock import ClockFile
from shared.subjects.records import Record
from shared.web.keys import mint
from tests.fakes.intake import NOW, event
from tests.integration.intake.running import (
    Running,
    running,
    with_reference,
    worked_off,
)
from tests.integration.kafka.test_consumer import until

pytestmark = [
    pytest.mark.recovery,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]

PARTITION: Final = 3
ELSEWHERE: Final = 5


class Publishers:
    """Two publishers, one broker, and a place of their own in the store.

    Attributes:
        trimmed: The publisher whose partition 3 is trimmed.
        other: The one that must not notice.
    """

    def __init__(self, bootstrap: str, unique: str, settings: IntakeSettings) -> None:
        self.bootstrap = bootstrap
        self.trimmed, self.other = f"{unique}a", f"{unique}b"
        self.settings = settings
        self.key = mint(settings.keys_file, role="operator", note="a test")
        self.sent = 0

    async def make(self) -> None:
        """Create their topics."""
        topics = [
            each(one) for one in (self.trimmed, self.other) for each in (inbound, rejected)
        ]
        await provision([self.bootstrap], topics, durability=None)

    async def send(self, publisher: str, partition: int, codes: Sequence[str]) -> None:
        """Send a submitted dossier for each code, all to one partition."""
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap)
        await producer.start()
        try:
            for code in codes:
                made = event(
                    "dossier.submitted", code, {"channel": "online"}, publisher=publisher
                )
                await producer.send_and_wait(
                    inbound(publisher).name,
                    json.dumps(made).encode(),
                    key=code.encode(),
                    partition=partition,
                    headers=[("content-type", b"application/cloudevents+json")],
                )
        finally:
            await producer.stop()

    @asynccontextmanager
    async def intake(self) -> AsyncIterator[Running]:
        """Run intake until the block ends."""
        async with running(self.settings, self.key) as one:
            with_reference(one.intake)
            yield one

    async def dossiers(self) -> set[str]:
        """Return the codes that are on the canonical topic."""
        records = await read_to_end([self.bootstrap], DOSSIERS.name)
        return {(record.key or b"").decode() for record in records}


@pytest.fixture
def publishers(kafka_bootstrap: str, mongo_url: str, unique: str, tmp_path: Path) -> Publishers:
    """Two publishers and the settings of one intake."""
    (tmp_path / "secret").write_bytes(os.urandom(48))
    ClockFile(tmp_path / "clock").write(now=NOW, rate=1)
    settings = IntakeSettings(
        kafka_bootstrap=(kafka_bootstrap,),
        mongo_url=SecretStr(mongo_url),
        mongo_database=unique,
        keys_file=tmp_path / "keys.json",
        secret_file=tmp_path / "secret",
        http_port=0,
        clock_file=tmp_path / "clock",
    )
    return Publishers(kafka_bootstrap, unique, settings)


def codes(publisher: str, name: str, count: int) -> list[str]:
    """Return codes that nobody else uses."""
    return [f"{publisher.upper()}.{name}-{number:04d}" for number in range(count)]


async def trim(bootstrap: str, topic: str, partition: int, *, before: int) -> None:
    """Delete records, as retention does."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.delete_records({TopicPartition(topic, partition): RecordsToDelete(before)})
    finally:
        await admin.close()


async def impaired(client: httpx2.AsyncClient) -> Mapping[str, str]:
    """Return what works only in part; the service is ready all the same."""
    answer = await client.get("/readyz")
    assert answer.status_code == 200, answer.text
    found: Mapping[str, str] = answer.json().get("impaired", {})
    return found


def rows(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Return what records say."""
    return [json.loads(record.value or b"{}") for record in records]


async def test_a_trimmed_inbound_partition_halts_alone_until_its_loss_is_accepted(
    publishers: Publishers,
) -> None:
    """The publisher learns what to send again, the audit who decided; nothing else waits."""
    await publishers.make()
    trimmed, other = publishers.trimmed, publishers.other
    first, lost, left = (codes(trimmed, name, 2) for name in ("FIRST", "LOST", "LEFT"))
    await publishers.send(trimmed, PARTITION, first)
    async with publishers.intake() as one:
        await worked_off(one.intake)
    await publishers.send(trimmed, PARTITION, [*lost, *left])
    await trim(publishers.bootstrap, inbound(trimmed).name, PARTITION, before=4)

    async with publishers.intake() as one:
        beside = [*codes(trimmed, "BESIDE", 1), *codes(other, "OTHER", 1)]
        await publishers.send(trimmed, ELSEWHERE, beside[:1])
        await publishers.send(other, PARTITION, beside[1:])
        await until_there(publishers, beside)
        sentence = (await impaired(one.client))["partitions"]
        assert f"{inbound(trimmed).name}/{PARTITION} is halted" in sentence
        assert "offsets 2 to 3, written between" in sentence
        assert f"motcua topics accept-loss {trimmed} --partition {PARTITION}" in sentence
        assert not await publishers.dossiers() & {*lost, *left}

        asked = {"publisher": trimmed, "by": "p-20-officer-1", "why": "closed for Tết"}
        answer = await one.client.post("/v1/losses/accept", json=asked)
        assert [row["partition"] for row in answer.json()["losses"]] == [PARTITION]
        assert "partitions" in await impaired(one.client)
        answer = await one.client.post("/v1/losses/accept", json={**asked, "dry_run": False})
        assert answer.json()["done"], answer.text
        await until_there(publishers, left)
        await until_async(lambda: gone(one.client, "partitions"))
        await worked_off(one.intake)

    (record,) = rows(await read_to_end([publishers.bootstrap], rejected(trimmed).name))
    assert [fault["rule"] for fault in record["faults"]] == ["deleted-unread"]
    accepted = [
        row
        for row in rows(await read_to_end([publishers.bootstrap], CENTRES.name))
        if row["subject"].startswith(f"20/loss/{trimmed}-")
    ]
    assert [row["data"]["by"] for row in accepted] == ["p-20-officer-1"]
    assert not await publishers.dossiers() & set(lost)


async def test_offsets_that_a_stranger_moved_skip_nothing_and_the_stranger_is_named(
    publishers: Publishers,
) -> None:
    """It joins the group of intake, reads to the end, commits, and goes."""
    await publishers.make()
    trimmed = publishers.trimmed
    before, during = codes(trimmed, "BEFORE", 2), codes(trimmed, "DURING", 12)
    async with publishers.intake() as one:
        await publishers.send(trimmed, PARTITION, before)
        await until_there(publishers, before)
        stranger = AIOKafkaConsumer(
            inbound(trimmed).name,
            bootstrap_servers=publishers.bootstrap,
            group_id=GROUP,
            client_id="statistics",
            auto_offset_reset="latest",
            partition_assignment_strategy=(RangePartitionAssignor,),
        )
        await stranger.start()
        try:
            await until(lambda: bool(stranger.assignment()))
            await one.intake.group.look()
            sentence = (await impaired(one.client))["group"]
            assert "client id 'statistics' at 127.0.0.1" in sentence
            for number, code in enumerate(during):
                await publishers.send(trimmed, number, [code])
            await stranger.seek_to_end()
            ends = {tp: await stranger.position(tp) for tp in stranger.assignment()}
            await stranger.commit(ends)
        finally:
            await stranger.stop()
        await until_there(publishers, during)
        await one.intake.group.look()
        assert "group" not in await impaired(one.client)


async def test_an_inbound_topic_that_was_made_anew_is_read_from_its_beginning(
    publishers: Publishers,
) -> None:
    """While intake runs and while it is away; the new log may be the longer one."""
    await publishers.make()
    topic = inbound(publishers.trimmed)
    old, new, last = (codes(publishers.trimmed, name, 2) for name in ("OLD", "NEW", "LAST"))
    async with publishers.intake() as one:
        await publishers.send(publishers.trimmed, PARTITION, old)
        await until_there(publishers, old)
        await worked_off(one.intake)
    await replace(publishers.bootstrap, topic.name, topic.partitions)
    await publishers.send(publishers.trimmed, PARTITION, [*new, *new])
    async with publishers.intake() as one:
        await until_there(publishers, new)
        await worked_off(one.intake)
        await replace(publishers.bootstrap, topic.name, topic.partitions)
        await publishers.send(publishers.trimmed, PARTITION, last)
        await until_there(publishers, last)


async def until_async(holds: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    """Wait until a question is answered with yes."""
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110 - the broker or a service knows.
            await asyncio.sleep(0.2)


async def until_there(publishers: Publishers, wanted: Sequence[str]) -> None:
    """Wait until dossiers are on the canonical topic."""

    async def there() -> bool:
        return set(wanted) <= await publishers.dossiers()

    await until_async(there)


async def gone(client: httpx2.AsyncClient, part: str) -> bool:
    """Return whether a part works wholly again."""
    return part not in await impaired(client)


async def replace(bootstrap: str, topic: str, partitions: int) -> None:
    """Delete a topic and make it again, empty."""
    async with TopicAdmin([bootstrap]) as admin:
        await admin.delete([topic])

        async def deleted() -> bool:
            return topic not in await admin.names()

        await until_async(deleted)
        await admin.create([TopicSpec(topic, partitions, {})])
