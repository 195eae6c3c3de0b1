"""Looks into the brokers' metadata, bounded by their answers: a topic, or a leader."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import TopicAuthorizationFailedError, UnknownTopicOrPartitionError

ANSWERS_MAX: Final = 30
"""How many answers in a row may lack a topic or a leader; one that was just made is not on
every broker at once."""

ANSWERS_AGAIN: Final = 2
"""How many are enough where it was lacking before; the first may have been under way."""

ANSWER_PAUSE_S: Final = 0.1

FoundT = TypeVar("FoundT")


async def partitions_of(producer: AIOKafkaProducer, topic: str, answers: int) -> int:
    """Return how many partitions a topic has.

    Raises:
        BrokerResponseError: the topic is missing, or we may not know of it.
    """
    client = producer.client
    ask_for(producer, topic)

    def known() -> int | None:
        if topic in client.cluster.unauthorized_topics:
            return 0
        partitions = client.cluster.partitions_for_topic(topic)
        return None if partitions is None else len(partitions)

    count = await found(producer, known, answers)
    if count:
        return count
    client._topics.discard(topic)  # noqa: SLF001 -- Or each refresh would ask and log again.
    if count is None:
        raise UnknownTopicOrPartitionError
    raise TopicAuthorizationFailedError


def ask_for(producer: AIOKafkaProducer, topic: str) -> None:
    """Make the client ask for a topic that its metadata lacks."""
    if producer.client.cluster.partitions_for_topic(topic) is None:
        producer.client.add_topic(topic)


def leader_of(producer: AIOKafkaProducer, topic: str, partition: int) -> int | None:
    """Return the broker that leads a partition, by the last answer; None if there is none."""
    leader: int | None = producer.client.cluster.leader_for_partition(
        TopicPartition(topic, partition)
    )
    return None if leader == -1 else leader


async def found(
    producer: AIOKafkaProducer, find: Callable[[], FoundT | None], answers: int
) -> FoundT | None:
    """Look into the metadata until it is there, or so many answers of brokers lack it.

    While no broker answers it goes on looking; whoever called ends the waiting.
    """
    while True:
        one = find()
        if one is not None or answers == 0:
            return one
        if await producer.client.force_metadata_update():
            answers -= 1
            if find() is None and answers:
                await asyncio.sleep(ANSWER_PAUSE_S)
        else:
            await asyncio.sleep(ANSWER_PAUSE_S)
