"""Topics as they are on a broker: list, describe, create, and how far groups have read."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    KafkaError,
    TopicAlreadyExistsError,
)
from aiokafka.structs import OffsetAndMetadata

from shared.kafka.cluster import Cluster
from shared.subjects.errors import UnavailableError

REQUEST_S_MAX: Final = 30.0
COORDINATOR_PAUSE_S: Final = 0.2
ALREADY_EXISTS: Final = TopicAlreadyExistsError.errno
REPLICAS_MAX: Final = 3


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic as it is to be, or as it is."""

    name: str
    partitions: int
    config: Mapping[str, str]


class TopicRefusedError(Exception):
    """The broker refused to make or to describe a topic; the text says which and why."""


class TopicAdmin:
    """An admin client, for deployment and tests; services never create a topic.

    Use it as an asynchronous context manager.
    """

    def __init__(self, where: Cluster | Sequence[str]) -> None:
        self._cluster = Cluster.at(where)
        self._client = AIOKafkaAdminClient(
            **self._cluster.options(),
            client_id="motcua-admin",
            request_timeout_ms=int(REQUEST_S_MAX * 1000),
        )

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            UnavailableError: no broker answers.
        """
        try:
            async with asyncio.timeout(REQUEST_S_MAX):
                await self._client.start()
        except (KafkaError, TimeoutError, OSError) as error:
            await self._client.close()
            raise UnavailableError(f"no Kafka answers at {self._cluster}") from error
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect."""
        await self._client.close()

    async def names(self) -> frozenset[str]:
        """Return the names of all topics that are there."""
        return frozenset(await self._client.list_topics())

    async def describe(self, names: Collection[str]) -> dict[str, TopicSpec]:
        """Return those of the named topics that are there, with their whole configuration."""
        there = sorted(set(names) & await self.names())
        if not there:
            return {}
        partitions = {
            str(topic["topic"]): len(topic["partitions"])
            for topic in await self._client.describe_topics(there)
        }
        configs = await self._configs(there)
        return {name: TopicSpec(name, partitions[name], configs[name]) for name in there}

    async def _configs(self, names: Iterable[str]) -> dict[str, dict[str, str]]:
        resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        found: dict[str, dict[str, str]] = {}
        for response in await self._client.describe_configs(resources):
            for code, message, _kind, name, entries in response.resources:
                if code != 0:
                    raise TopicRefusedError(f"topic {name} cannot be described: {message}")
                found[name] = {entry[0]: entry[1] for entry in entries}
        return found

    async def create(self, topics: Sequence[TopicSpec]) -> None:
        """Create topics; one that is there already is left as it is.

        A cluster of three brokers or more keeps three copies, of which two must have a record
        before it counts as written; a smaller one keeps as many as it has brokers.

        Raises:
            TopicRefusedError: the broker refused one.
        """
        if not topics:
            return
        cluster = await self._client.describe_cluster()
        replicas = min(REPLICAS_MAX, len(cluster["brokers"]))
        safety = {"min.insync.replicas": str(replicas - 1)} if replicas == REPLICAS_MAX else {}
        response = await self._client.create_topics(
            [
                NewTopic(
                    topic.name,
                    num_partitions=topic.partitions,
                    replication_factor=replicas,
                    topic_configs={**safety, **topic.config},
                )
                for topic in topics
            ]
        )
        for name, code, message in response.topic_errors:
            if code not in (0, ALREADY_EXISTS):
                raise TopicRefusedError(
                    f"topic {name} was refused: {message or f'code {code}'}"
                )

    async def delete(self, names: Sequence[str]) -> None:
        """Delete topics that tests or a finished replay leave behind."""
        if names:
            await self._client.delete_topics(list(names))

    async def committed(self, group: str) -> dict[TopicPartition, int]:
        """Return the next offset that a group will read, of each partition it committed.

        A broker that no group has used yet makes its coordinator at the first question.

        Raises:
            UnavailableError: it does not come about.
        """
        try:
            async with asyncio.timeout(REQUEST_S_MAX):
                offsets = await self._offsets(group)
        except TimeoutError:
            raise UnavailableError(f"no coordinator of the group {group} answers") from None
        return {partition: committed.offset for partition, committed in offsets.items()}

    async def _offsets(self, group: str) -> Mapping[TopicPartition, OffsetAndMetadata]:
        while True:
            try:
                found: Mapping[
                    TopicPartition, OffsetAndMetadata
                ] = await self._client.list_consumer_group_offsets(group)
            except GroupCoordinatorNotAvailableError:
                await asyncio.sleep(COORDINATOR_PAUSE_S)
            else:
                return found
