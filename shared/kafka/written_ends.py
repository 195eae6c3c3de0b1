"""Watches whether the topics that a service writes still have what was acknowledged."""

from collections.abc import Collection
from typing import Final, Protocol

from shared.ops.log import logger
from shared.subjects.ports import WrittenEndStore
from shared.subjects.written_ends import Place, WrittenEnd, WrittenEnds, sentence_of

SAVE_S: Final = 1.0
"""How often new ends are stored. A crash loses a second of them, so a loss of just the last
records before it is not seen; the outboxes have those until they are cleared."""

COMPARE_S: Final = 10.0

LOG = logger(__name__)


class Ends(Protocol):
    """Where partitions end; `shared.kafka.ends.PartitionEnds` asks the broker."""

    async def partitions(self, topics: Collection[str]) -> frozenset[Place]:
        """Return every partition of those of the topics that are there."""
        ...

    async def high_watermarks(self, partitions: Collection[Place]) -> dict[Place, int]:
        """Return the high watermark of each partition, which must be there."""
        ...


class WatchWrittenEnds:
    """Keeps the written ends of `topics`, and finds those that end before them.

    `acknowledged` is the hook of the publisher. What another topic acknowledges is not kept.
    """

    def __init__(self, topics: Collection[str], store: WrittenEndStore, ends: Ends) -> None:
        self._topics = frozenset(topics)
        self._store = store
        self._ends = ends
        self._known = WrittenEnds()
        self._reported: frozenset[Place] = frozenset()

    def acknowledged(self, topic: str, partition: int, offset: int) -> None:
        """Note what the broker has acknowledged."""
        if topic in self._topics:
            self._known.acknowledged(topic, partition, offset)

    async def begin(self) -> None:
        """Read what is recorded; call it before anything is published.

        Raises:
            UnavailableError: the store does not answer.
        """
        self._known.begin(await self._stored())

    async def save(self) -> None:
        """Store what has changed.

        Raises:
            UnavailableError: the store does not answer; it is stored the next time.
        """
        waiting = frozenset(self._known.unsaved)
        if not waiting:
            return
        rows = {place: self._known.rows[place] for place in waiting}
        await self._store.save(rows)
        self._known.unsaved -= {
            place for place, row in rows.items() if self._known.rows[place] == row
        }

    async def compare(self) -> None:
        """Compare the written ends with where the topics end now.

        Raises:
            UnavailableError: the store or the broker does not answer.
        """
        self._known.refresh(await self._stored())
        asked = [place for place in self._known.rows if place[0] in self._topics]
        there = await self._ends.partitions({topic for topic, _ in asked})
        self._known.compare(
            await self._ends.high_watermarks([place for place in asked if place in there])
        )
        self._report()
        await self.save()

    def missing(self) -> str | None:
        """Say what the topics lack, and the command; None while they have everything."""
        return sentence_of(self._known.short())

    async def _stored(self) -> dict[Place, WrittenEnd]:
        stored = await self._store.load()
        return {place: row for place, row in stored.items() if place[0] in self._topics}

    def _report(self) -> None:
        """Log each partition once when it is found short, and once when it is restored."""
        short = self._known.short()
        for place in short.keys() - self._reported:
            topic, partition = place
            row = short[place]
            LOG.error(
                "topic_lost_records",
                topic=topic,
                partition=partition,
                ends_at=row.found,
                written_end=row.next,
                remedy="motcua restore topics",
            )
        for topic, partition in sorted(self._reported - short.keys()):
            LOG.info("topic_restored", topic=topic, partition=partition)
        self._reported = frozenset(short)
