"""Refused records as operators see and retry them."""

from dataclasses import dataclass, field

import pytest

from shared.subjects.decide_refused import DecideRefused, Queue
from shared.subjects.document import Document, Outgoing
from shared.subjects.refused import Waiting
from shared.subjects.relay import Relay
from tests.fakes.counting import START, NamesCodec
from tests.fakes.subjects import MemoryArchive, MemoryPublisher, MemorySubjects

pytestmark = pytest.mark.asyncio
TOPIC = "motcua.notices.v1"


@dataclass
class Service:
    """Two collections with outboxes, and a broker that refuses what the test names."""

    broker: MemoryPublisher = field(default_factory=MemoryPublisher)

    def __post_init__(self) -> None:
        queues = [Queue(name, self._relay()) for name in ("notices", "answers")]
        self.decider = DecideRefused(queues)

    def _relay(self) -> Relay[list[str]]:
        return Relay(
            MemorySubjects(NamesCodec()), self.broker, MemoryArchive(), wall_now=lambda: START
        )

    async def send(self, queue: int, subject: str, *ids: str) -> None:
        """Decide and publish entries of one subject."""
        relay = self.decider.queues[queue].relay
        document: Document[list[str]] = Document(
            subject, state=[], added=[Outgoing(one, TOPIC, subject, {"id": one}) for one in ids]
        )
        await relay.store.save([document], pending_at=START)
        await relay.publish([document])


async def test_what_is_refused_is_listed_shown_and_counted() -> None:
    """Of every collection; with what waits behind it."""
    service = Service()
    assert await service.decider.impaired() is None
    service.broker.too_large = {"1", "5"}
    await service.send(0, "a|b", "1", "2")
    await service.send(1, "c", "5")
    await service.send(1, "d", "6")

    listed = await service.decider.list(limit=9)
    assert {(one.id, one.event_id, one.events) for one in listed} == {
        ("refused|notices|a|b", "1", 2),
        ("refused|answers|c", "5", 1),
    }
    one = await service.decider.get("refused|notices|a|b")
    assert one is not None
    assert (one.subject, one.value, one.error) == (
        "a|b",
        {"id": "1"},
        "MessageSizeTooLargeError",
    )
    for unknown in ("refused|notices|c", "refused|none|c", "other|answers|c"):
        assert await service.decider.get(unknown) is None
    assert await service.decider.count() == [
        Waiting(TOPIC, "MessageSizeTooLargeError", "record", 2)
    ]
    said = await service.decider.impaired()
    assert said is not None
    assert said.startswith("2 subjects wait behind a refused record (event ")


async def test_a_topic_that_takes_nothing_is_counted_but_no_refused_record() -> None:
    """Readiness names the topic otherwise."""
    service = Service()
    service.broker.missing = {TOPIC}
    await service.send(0, "a", "1")
    assert [one.scope for one in await service.decider.count()] == ["topic"]
    assert await service.decider.impaired() is None


async def test_a_retry_says_what_it_did() -> None:
    """A dry run does nothing."""
    service = Service()
    service.broker.too_large = {"1"}
    await service.send(0, "a", "1", "2")
    (refused,) = await service.decider.list(limit=9)

    dry = await service.decider.retry(refused, dry_run=True)
    again = await service.decider.retry(refused, dry_run=False)
    assert (dry.done, dry.reason) == (False, "")
    assert (again.done, again.reason) == (
        False,
        "MessageSizeTooLargeError: 1: too large",
    )
    service.broker.too_large.clear()
    done = await service.decider.retry(refused, dry_run=False)
    assert (done.done, done.published) == (True, 2)
    assert service.broker.ids() == ["1", "2"]
    assert await service.decider.list(limit=9) == []
