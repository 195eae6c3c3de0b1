"""A service asks about its new partitions until the brokers answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, KafkaTimeoutError

from shared.kafka.assignment import TRIES_MAX, PersistentListener
from shared.subjects.errors import UnavailableError

PARTITIONS = (TopicPartition("motcua.dossiers.v1", 3),)


@dataclass
class Subscription:
    """A subscription whose brokers fail as listed, and then answer.

    Attributes:
        failures: What each next question ends with.
        held: The partitions that it knows to hold.
    """

    failures: list[Exception] = field(default_factory=list)
    group: str = "workflow"
    stopping: bool = False
    asked: int = 0
    held: set[TopicPartition] = field(default_factory=set)
    stopped_for: list[str] = field(default_factory=list)

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        self.held -= set(revoked)

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        self.asked += 1
        if self.failures:
            raise self.failures.pop(0)
        self.held |= set(assigned)

    def stop_for(self, reason: str) -> None:
        self.stopped_for.append(reason)


@pytest.mark.asyncio
async def test_partitions_without_a_leader_are_asked_about_again() -> None:
    """The first question fails twice, in either way, and the partitions are held after all."""
    subscription = Subscription([KafkaTimeoutError(), UnavailableError("no store")])
    listener = PersistentListener(subscription, pause_s=0)

    await listener.on_partitions_assigned(PARTITIONS)

    assert (subscription.asked, subscription.held) == (3, set(PARTITIONS))
    assert subscription.stopped_for == []
    await listener.on_partitions_revoked(PARTITIONS)
    assert subscription.held == set()


@pytest.mark.asyncio
async def test_brokers_that_never_answer_stop_the_service() -> None:
    """It refuses to go on, rather than to read what it does not count as held."""
    subscription = Subscription([KafkaTimeoutError() for _ in range(TRIES_MAX + 1)])

    with pytest.raises(KafkaError):
        await PersistentListener(subscription, pause_s=0).on_partitions_assigned(PARTITIONS)

    assert subscription.asked == TRIES_MAX
    assert len(subscription.stopped_for) == 1
    assert "workflow" in subscription.stopped_for[0]


@pytest.mark.asyncio
async def test_a_service_that_stops_asks_no_more() -> None:
    """Its client waits for the listener before it disconnects."""
    subscription = Subscription([KafkaTimeoutError()], stopping=True)

    await PersistentListener(subscription, pause_s=0).on_partitions_assigned(PARTITIONS)

    assert (subscription.asked, subscription.held) == (1, set())


@pytest.mark.asyncio
async def test_a_fault_of_ours_is_not_repeated() -> None:
    """Asking again would not help; aiokafka logs it."""
    subscription = Subscription([RuntimeError("a fault")])

    with pytest.raises(RuntimeError):
        await PersistentListener(subscription, pause_s=0).on_partitions_assigned(PARTITIONS)

    assert subscription.asked == 1
