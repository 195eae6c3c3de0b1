"""Kafka transactions at intake: events applied once or never, and no mark left behind."""

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import datetime

import pytest
from prometheus_client import CollectorRegistry

from deploy.marks import UnreadError, retire_publisher
from deploy.topics import provision
from services.intake.settings import IntakeSettings
from shared.events.topics import DOSSIERS, inbound, rejected
from shared.web.keys import mint
from tests.fakes.intake import event
from tests.integration.intake.running import ends, read, running, with_reference
from tests.integration.kafka.publishing import Client, Publisher, publishing

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]

WAIT_S = 90.0
STRUCTURED = {"content-type": "application/cloudevents+json"}
COMMITTED, ABORTED, LEFT_OPEN, MIXED = range(4)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "client", ["librdkafka", pytest.param("java", marks=pytest.mark.nightly)]
)
async def test_marks_follow_the_clock_once_a_transaction_has_ended(
    client: Client, settings: IntakeSettings, kafka_bootstrap: str, unique: str
) -> None:
    """Until then only the mark of its own partition stands; intake is ready and not behind."""
    publisher = f"p-{unique}"[:31]
    topic = inbound(publisher).name
    await provision([kafka_bootstrap], [inbound(publisher), rejected(publisher)])
    key = mint(settings.keys_file, role="operator")
    since = await ends(kafka_bootstrap, DOSSIERS)
    async with (
        running(settings, key) as one,
        publishing(client, kafka_bootstrap) as publishes,
    ):
        intake = one.intake
        with_reference(intake)
        marks: Mapping[str, datetime] = intake.mark.progress.published
        places = [f"{topic}/{number}" for number in range(4)]
        await until(lambda: all(place in marks for place in places))
        await all_kinds(publishes, topic, publisher, unique)
        opened = intake.clock.now()
        others = [place for place in places if place != places[LEFT_OPEN]]
        await until(lambda: all(marks[place] > opened for place in others))
        assert marks[places[LEFT_OPEN]] <= opened
        assert (await intake.status())["lag"][topic] == 0
        assert (await one.client.get("/readyz")).status_code == 200
        await until(lambda: open_ages(intake.metrics.registry) == {places[LEFT_OPEN]})
        assert intake.lag.watchdog.stuck() is None
        with pytest.raises(UnreadError, match=f"a transaction is open on {topic}, partition 2"):
            await retire_publisher([kafka_bootstrap], publisher, do=False)

        await publishes.die()
        died = intake.clock.now()
        await until(lambda: marks[places[LEFT_OPEN]] > died)
        await until(lambda: not open_ages(intake.metrics.registry))
        assert (await intake.status())["lag"][topic] == 0
        await until(lambda: not intake.consumption.positions.uncommitted())
        assert await retire_publisher([kafka_bootstrap], publisher, do=False)
    published = [json.loads(one.value) for one in await read(kafka_bootstrap, DOSSIERS, since)]
    mine = [one["subject"] for one in published if one["subject"].startswith(unique)]
    assert sorted(mine) == sorted(f"{unique}-{name}" for name in ("x", "a", "c"))


async def all_kinds(publishes: Publisher, topic: str, publisher: str, unique: str) -> None:
    """One transaction of each kind, and one aborted between plain records."""

    async def send(partition: int, name: str, *, within: str = "") -> None:
        value = json.dumps(event("dossier.accepted", f"{unique}-{name}", publisher=publisher))
        await publishes.send(topic, partition, value, name=within, headers=STRUCTURED)

    good, bad, left = f"{unique}-good", f"{unique}-bad", f"{unique}-left"
    await publishes.begin(good)
    await send(COMMITTED, "x", within=good)
    await publishes.commit(good)
    await publishes.begin(bad)
    await send(ABORTED, "never-1", within=bad)
    await publishes.abort(bad)
    await send(MIXED, "a")
    await publishes.begin(bad)
    await send(MIXED, "never-2", within=bad)
    await send(MIXED, "c")
    await publishes.abort(bad)
    await publishes.begin(left, timeout_ms=20_000)
    await send(LEFT_OPEN, "never-3", within=left)


def open_ages(registry: CollectorRegistry) -> set[str]:
    """Return the partitions that the metric of open transactions names."""
    return {
        f"{sample.labels['topic']}/{sample.labels['partition']}"
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "motcua_open_transaction_age_seconds"
    }


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition; fail when it does not come."""
    async with asyncio.timeout(WAIT_S):
        while not condition():  # noqa: ASYNC110 -- The condition is anything that the test sees.
            await asyncio.sleep(0.05)
