"""The watch over a writer's topics: what it asks, stores, reports and takes back."""

from collections.abc import Collection
from dataclasses import dataclass, field

import pytest

from shared.kafka.written_ends import WatchWrittenEnds
from shared.subjects.written_ends import Place, WrittenEnd
from tests.fakes.subjects import MemoryWrittenEnds

pytestmark = pytest.mark.asyncio

TOPIC = "motcua.obligations.v1"
PLACE = (TOPIC, 3)


@dataclass
class Broker:
    """Answers where partitions end; asked of one that is not there, it fails the test."""

    ends: dict[Place, int] = field(default_factory=dict)

    async def partitions(self, topics: Collection[str]) -> frozenset[Place]:
        """Return the partitions that are there."""
        return frozenset(place for place in self.ends if place[0] in topics)

    async def high_watermarks(self, partitions: Collection[Place]) -> dict[Place, int]:
        """Return their ends."""
        return {place: self.ends[place] for place in partitions}


async def test_what_was_acknowledged_is_stored_once() -> None:
    """Only of the service's own topics, and only what is new."""
    store, broker = MemoryWrittenEnds(), Broker({PLACE: 5})
    watch = WatchWrittenEnds([TOPIC], store, broker)
    await watch.begin()
    watch.acknowledged(*PLACE, 4)
    watch.acknowledged("motcua.progress.v1", 0, 9)
    await watch.save()
    assert store.rows == {PLACE: WrittenEnd(5)}
    store.rows.clear()
    await watch.save()
    assert not store.rows


async def test_a_topic_without_its_records_is_named_until_it_is_restored() -> None:
    """Also by a process that has just begun, and that has written nothing."""
    store, broker = MemoryWrittenEnds({PLACE: WrittenEnd(5)}), Broker({PLACE: 2})
    watch = WatchWrittenEnds([TOPIC], store, broker)
    await watch.begin()
    assert watch.missing() is None
    await watch.compare()
    assert watch.missing() == (
        f"{TOPIC}/3 ended at 2, and 5 were acknowledged. The store has every event: publish "
        "what is missing with `motcua restore topics`"
    )
    assert store.rows[PLACE].found == 2
    broker.ends[PLACE] = 5
    await watch.compare()
    assert watch.missing() is not None
    await store.restored({PLACE: 5})
    await watch.compare()
    assert watch.missing() is None


async def test_a_topic_that_is_gone_is_not_asked_for_its_ends() -> None:
    """The broker would not answer, and nothing would be known of the others."""
    other = ("motcua.notices.v1", 0)
    rows = {PLACE: WrittenEnd(5), other: WrittenEnd(1)}
    watch = WatchWrittenEnds([TOPIC, other[0]], MemoryWrittenEnds(rows), Broker({other: 1}))
    await watch.begin()
    await watch.compare()
    said = watch.missing()
    assert said is not None
    assert said.startswith(f"{TOPIC}/3 is missing, and 5 records were acknowledged. ")
