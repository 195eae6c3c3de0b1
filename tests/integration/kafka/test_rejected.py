"""What a publisher of ours learns of what was refused, from a real broker."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from deploy.engines.embedded import EmbeddedEngines
from shared.events.faults import Fault, fault
from shared.events.rejections import Rejection, fault_rows, rejection_document, value_hash
from shared.events.topics import rejected
from shared.kafka import rejected as module
from shared.kafka.admin import TopicAdmin, TopicSpec
from shared.kafka.publisher import KafkaPublisher
from shared.kafka.rejected import RejectionReader
from shared.subjects.document import Outgoing

pytestmark = [pytest.mark.connected, pytest.mark.asyncio]

NAME = "reader-under-test"
SOON_S = 30


def refusal(event_id: str, *faults: Fault) -> Outgoing:
    """Return a rejection as intake publishes it."""
    rejection = Rejection(
        event_id=event_id,
        publisher=NAME,
        hash=value_hash(event_id.encode()),
        at=datetime(2026, 11, 23, 2, tzinfo=UTC),
        faults=fault_rows(faults),
    )
    return Outgoing(
        id=f"{event_id}@",
        topic=rejected(NAME).name,
        key=rejection.key,
        value=rejection_document(rejection),
    )


@pytest_asyncio.fixture
async def publisher(engines: EmbeddedEngines) -> AsyncIterator[KafkaPublisher]:
    """Intake's side of the topic."""
    bootstrap = engines.kafka.bootstrap
    async with TopicAdmin([bootstrap]) as admin:
        await admin.create([TopicSpec(rejected(NAME).name, 1, {})])
    made = KafkaPublisher([bootstrap], client_id="test")
    yield made
    await made.stop()


async def test_a_publisher_learns_why_by_the_id_of_what_it_sent(
    engines: EmbeddedEngines, publisher: KafkaPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what was refused before it began; of two reasons the last; the latest are kept."""
    monkeypatch.setattr(module, "KEPT_MAX", 3)
    early, late = fault("day-already-so", "/data/day"), fault("approval-differs", "/data")
    await publisher.publish([refusal("first", early), refusal("second", early)])
    await publisher.publish_raw([(rejected(NAME).name, b"x", b"{", ())])
    reader = RejectionReader([engines.kafka.bootstrap], NAME, client_id="test")
    stopping = asyncio.Event()
    running = asyncio.create_task(reader.run(stopping))
    try:
        async with asyncio.timeout(SOON_S):
            await reader.caught_up.wait()
        assert reader.of("first") == (early,)
        assert reader.of("never sent") == ()
        await publisher.publish([refusal("first", late), refusal("third", late, early)])
        await publisher.publish([refusal("fourth", late)])
        async with asyncio.timeout(SOON_S):
            while not reader.of("fourth"):  # noqa: ASYNC110 -- Pages ask it now and then.
                await asyncio.sleep(0.05)
        assert reader.of("first") == (late,)
        assert reader.of("third") == (late, early)
        assert reader.of("second") == (), "the oldest is forgotten"
    finally:
        stopping.set()
        await running
