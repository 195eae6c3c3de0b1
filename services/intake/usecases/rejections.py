"""Rejections whose topic takes nothing: kept in the store, and published later in order."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from typing_extensions import override

from services.intake.ports import RejectionStore
from shared.events.topics import REJECTED
from shared.subjects.document import Outgoing
from shared.subjects.ports import Publisher
from shared.subjects.refused import RefusedRecord, place

KEPT_MAX: Final = 100_000
"""How many rejections of one publisher are kept. A rejection beyond that is not kept: its
publisher still gets the answer by the event's receipt."""

BATCH_MAX: Final = 500
BATCHES_MAX: Final = 20
"""How many batches of one publisher a pass publishes."""

RETRY_AFTER: Final = timedelta(seconds=10)
"""How long a topic is left alone after it took nothing."""


@dataclass(slots=True)
class TopicBacklog:
    """What is known of one topic whose rejections wait.

    Attributes:
        count: How many wait in the store.
        not_kept: How many were not kept, since `KEPT_MAX` were waiting.
        reason: Why the topic took nothing last; empty while that is not known.
        again_at: From when on it is tried again, in wall time.
    """

    count: int = 0
    not_kept: int = 0
    reason: str = ""
    again_at: datetime | None = None


@dataclass(slots=True)
class PublishRejections(Publisher):
    """A publisher that refuses no rejection: what a topic does not take is kept in the store.

    So one publisher's missing topic stops neither its own events nor those of others. While
    rejections of a topic wait, newer ones are kept behind them. Within a replica the order of
    each topic is kept; among replicas it is that of the wall clocks.
    """

    downstream: Publisher
    store: RejectionStore
    wall_now: Callable[[], datetime]
    backlogs: dict[str, TopicBacklog] = field(default_factory=dict)
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    @override
    async def publish(self, outgoing: Sequence[Outgoing]) -> Sequence[RefusedRecord]:
        topics = sorted({out.topic for out in outgoing if is_rejection(out)})
        if not topics:
            return await self.downstream.publish(outgoing)
        async with AsyncExitStack() as stack:
            for topic in topics:  # Always in the same order, so that two calls cannot block.
                await stack.enter_async_context(self._lock(topic))
            kept = [out for out in outgoing if out.topic in self.backlogs]
            direct = [out for out in outgoing if out.topic not in self.backlogs]
            refused = await self.downstream.publish(direct)
            lacking = {place(one.outgoing) for one in refused if is_rejection(one.outgoing)}
            await self._keep([*kept, *(out for out in direct if place(out) in lacking)])
            self._note(refused)
            return [one for one in refused if not is_rejection(one.outgoing)]

    async def publish_waiting(self) -> int:
        """Publish what waits, in order within each topic; return how many.

        Raises:
            UnavailableError: brokers or store are away; the rest waits on.
        """
        waiting = await self.store.waiting()
        for topic, count in waiting.items():
            self.backlogs.setdefault(topic, TopicBacklog()).count = count
        published = 0
        for topic in [*self.backlogs]:
            async with self._lock(topic):
                published += await self._publish_topic(topic)
        return published

    def waiting(self) -> Mapping[str, int]:
        """Return how many rejections of each topic wait, as far as known."""
        return {topic: one.count for topic, one in self.backlogs.items()}

    async def impaired(self) -> str | None:
        """Return which topics take no rejections, and what to do; None if all do."""
        return "; ".join(_sentence(*one) for one in sorted(self.backlogs.items())) or None

    async def _publish_topic(self, topic: str) -> int:
        backlog = self.backlogs[topic]
        if backlog.again_at is not None and self.wall_now() < backlog.again_at:
            return 0
        published = 0
        for _ in range(BATCHES_MAX):
            batch = await self.store.oldest(topic, BATCH_MAX)
            if not batch:
                del self.backlogs[topic]
                break
            refused = await self.downstream.publish(batch)
            lacking = {one.outgoing.id for one in refused}
            taken = [out.id for out in batch if out.id not in lacking]
            await self.store.remove(taken)
            published += len(taken)
            backlog.count = max(0, backlog.count - len(taken))
            if refused:
                self._note(refused)
                break
        return published

    async def _keep(self, rejections: Sequence[Outgoing]) -> None:
        by_topic: dict[str, list[Outgoing]] = {}
        for out in rejections:
            by_topic.setdefault(out.topic, []).append(out)
        for topic, some in by_topic.items():
            backlog = self.backlogs.setdefault(topic, TopicBacklog())
            room = max(0, KEPT_MAX - backlog.count)
            await self.store.keep(some[:room], at=self.wall_now())
            backlog.count += len(some[:room])
            backlog.not_kept += len(some[room:])

    def _note(self, refused: Sequence[RefusedRecord]) -> None:
        for one in refused:
            backlog = self.backlogs.get(one.outgoing.topic)
            if backlog is not None:
                backlog.reason = f"{one.error}: {one.sentence}"
                backlog.again_at = self.wall_now() + RETRY_AFTER

    def _lock(self, topic: str) -> asyncio.Lock:
        return self._locks.setdefault(topic, asyncio.Lock())


def is_rejection(out: Outgoing) -> bool:
    """Return whether a record goes to a publisher's topic of rejections."""
    return is_topic_of_rejections(out.topic)


def is_topic_of_rejections(topic: str) -> bool:
    """Return whether publishers read on a topic what was not accepted."""
    return topic.startswith(REJECTED)


def _sentence(topic: str, backlog: TopicBacklog) -> str:
    reason = backlog.reason or f"{topic} took nothing before this process began"
    lost = f"; {backlog.not_kept} more were not kept" if backlog.not_kept else ""
    return (
        f"{backlog.count} rejections wait in the store for {topic}{lost}; they are published "
        f"by themselves once it takes them ({reason})"
    )
