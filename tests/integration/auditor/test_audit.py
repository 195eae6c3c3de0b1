"""The auditor on a real store and a real broker: it reads 0, and finds what was done to it."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from deploy.auditor.core.report import Report
from deploy.auditor.running import Scope, audit
from deploy.engines.embedded import EmbeddedEngines
from deploy.topics import provision
from shared.events.envelope import to_document
from shared.kafka.publisher import KafkaPublisher
from shared.mongo.archive import MongoArchive
from shared.mongo.client import Mongo
from shared.subjects.document import Outgoing
from tests.property.auditor.played import Played
from tests.property.auditor.stories import START, fact, play
from tests.unit.workflow.province import THREE_DAYS, province_events

pytestmark = pytest.mark.connected
UPTO = START + timedelta(days=10)
Json = dict[str, Any]


@pytest.fixture(scope="module")
def own_engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEngines]:
    """Engines of our own: the auditor reads the services' own databases."""
    with EmbeddedEngines.at(tmp_path_factory.mktemp("auditor")) as started:
        asyncio.run(provision([started.kafka.bootstrap]))
        yield started


def quiet_province() -> list[Json]:
    """Return the reference data, without anything that the calendar asks for."""
    events = [to_document(event) for event in province_events()]
    for event in events:
        event["data"].pop("obligations_from", None)
    return events


async def keep(engines: EmbeddedEngines, service: str, topic: str, events: list[Json]) -> None:
    """Put events into a service's archive, as its relay does."""
    mongo = Mongo(engines.store.url, f"motcua_{service}")
    archive = MongoArchive(mongo)
    await archive.prepare()
    await archive.insert(
        [
            Outgoing(one["id"], topic, one["data"].get("cause_key", one["subject"]), one)
            for one in events
        ]
    )
    await mongo.close()


async def look(engines: EmbeddedEngines, unit: str | None = None) -> Report:
    """Audit everything up to the end of the story."""
    chosen = Scope(UPTO, timedelta(), unit)
    return await audit(engines.store.url, (engines.kafka.bootstrap,), chosen)


@pytest.mark.asyncio
async def test_it_reads_0_and_then_finds_what_is_missing(own_engines: EmbeddedEngines) -> None:
    """A rung and a notice are taken out of the archives: both are named."""
    accepted = {"procedure": THREE_DAYS, "channel": "online"}
    played: Played = play([fact("dossier.accepted", START, 1, accepted)], until=UPTO)
    notices = [
        {**one, "data": {**one["data"], "cause_key": played.subject}}
        for one in played.notices()
    ]
    facts = [to_document(event) for event in played.facts]
    await keep(own_engines, "intake", "motcua.reference.v1", quiet_province())
    await keep(own_engines, "intake", "motcua.dossiers.v1", facts)
    await keep(own_engines, "workflow", "motcua.obligations.v1", played.obligations())
    await keep(own_engines, "notifications", "motcua.notices.v1", notices)
    publisher = KafkaPublisher([own_engines.kafka.bootstrap], client_id="test")
    mark = {"input": "http", "partition": 0, "through": UPTO.isoformat()}
    await publisher.publish([Outgoing("http/0", "motcua.progress.v1", "http/0", mark)])
    await publisher.stop()

    whole = await look(own_engines)
    assert [one.text() for one in whole.shown] == []
    assert whole.expected == whole.done
    assert (whole.subjects, whole.expected.total()) == (1, 10)
    assert any("roster_gap" in one for one in whole.not_audited)
    elsewhere = await look(own_engines, unit="06040")
    assert elsewhere.expected.total() == 0

    workflow = Mongo(own_engines.store.url, "motcua_workflow")
    taken = await workflow.collection("archive").delete_many({"event.data.rung": "overdue"})
    await workflow.close()
    assert taken == 1
    robbed = await look(own_engines)
    cell = ("06112", "dossier_deadline", "overdue")
    assert (robbed.ok, dict(robbed.missing), robbed.gap(cell)) == (False, {cell: 1}, 1)
