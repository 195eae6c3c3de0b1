"""Topics as they are on a broker: list, describe, create, and how far groups have read."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, TypeVar

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.structs import OffsetAndMetadata

from shared.kafka.cluster import Cluster
from shared.kafka.connect import connect
from shared.kafka.disconnect import disconnect
from shared.subjects.errors import UnavailableError

REQUEST_S_MAX: Final = 30.0
"""How long a question is asked again, of whichever broker answers."""

TRY_S_MAX: Final = 8.0
"""How long one broker may take; one that hangs must not use up the time of the others."""

PAUSE_S: Final = 0.2
LISTED_LOOKS_MAX: Final = 150
"""How often it is asked whether a broker lists a new topic; one that just started is slow."""

ALREADY_EXISTS: Final = TopicAlreadyExistsError.errno
NO_LEADER: Final = -1

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic as it is to be, or as it is; `replication` is that of its least partition."""

    name: str
    partitions: int
    config: Mapping[str, str]
    replication: int = 1


@dataclass(frozen=True, slots=True)
class PartitionReplicas:
    """Which brokers keep a partition: all of them, and those that are in step.

    Attributes:
        leader: The broker that clients write to; None while there is none.
        replicas: The brokers that are to keep it, the preferred leader first.
        in_sync: Those of them that have everything that was acknowledged.
    """

    partition: int
    leader: int | None
    replicas: tuple[int, ...]
    in_sync: tuple[int, ...]

    @property
    def behind(self) -> tuple[int, ...]:
        """The brokers that are to keep it and are not in step."""
        return tuple(broker for broker in self.replicas if broker not in self.in_sync)


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
                await connect(self._client)
        except (KafkaError, TimeoutError, OSError) as error:
            await disconnect(self._client)
            raise UnavailableError(f"no Kafka answers at {self._cluster}") from error
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect."""
        await disconnect(self._client)

    async def names(self) -> frozenset[str]:
        """Return the names of all topics that are there.

        Raises:
            UnavailableError: no broker answers.
        """
        return frozenset(await self._ask(self._client.list_topics))

    async def brokers(self) -> frozenset[int]:
        """Return the ids of the brokers that the cluster counts as alive.

        Raises:
            UnavailableError: no broker answers.
        """
        cluster = await self._ask(self._client.describe_cluster)
        return frozenset(int(broker["node_id"]) for broker in cluster["brokers"])

    async def cluster_id(self) -> str:
        """Return what the cluster calls itself: made with its first disk, and never changed.

        Raises:
            UnavailableError: no broker answers.
        """
        return str((await self._ask(self._client.describe_cluster))["cluster_id"])

    async def listed_everywhere(self, names: Collection[str]) -> bool:
        """Return whether each broker that is alive lists these topics, with their leaders.

        A broker learns of a new topic on its own; asked before, it calls the topic missing.

        Raises:
            UnavailableError: no broker answers.
        """
        for broker in await self.brokers():
            try:
                async with asyncio.timeout(TRY_S_MAX):
                    answer = await self._client._send_request(  # noqa: SLF001 -- The public way asks any broker.
                        MetadataRequest(sorted(names)), broker
                    )
            except (KafkaError, TimeoutError):
                return False
            topics = answer.to_object()["topics"]
            if any(topic["error_code"] or not topic["partitions"] for topic in topics):
                return False
            partitions = [_replicas(one) for topic in topics for one in topic["partitions"]]
            if any(one.leader is None for one in partitions):
                return False
        return True

    async def describe(self, names: Collection[str]) -> dict[str, TopicSpec]:
        """Return those of the named topics that are there, with their whole configuration.

        Raises:
            UnavailableError: no broker answers.
        """
        found = await self.replicas(names)
        if not found:
            return {}
        configs = await self._configs(found)
        return {
            name: TopicSpec(
                name,
                len(partitions),
                configs[name],
                min(len(one.replicas) for one in partitions),
            )
            for name, partitions in found.items()
        }

    async def replicas(
        self, names: Collection[str]
    ) -> dict[str, tuple[PartitionReplicas, ...]]:
        """Return who keeps each partition of those of the named topics that are there.

        Raises:
            UnavailableError: no broker answers.
        """
        there = sorted(set(names) & await self.names())
        if not there:
            return {}
        topics = await self._ask(lambda: self._client.describe_topics(there))
        return {
            str(topic["topic"]): tuple(
                _replicas(one)
                for one in sorted(topic["partitions"], key=lambda one: int(one["partition"]))
            )
            for topic in topics
            if topic["partitions"]
        }

    async def _configs(self, names: Iterable[str]) -> dict[str, dict[str, str]]:
        resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        found: dict[str, dict[str, str]] = {}
        for response in await self._ask(lambda: self._client.describe_configs(resources)):
            for code, message, _kind, name, entries in response.resources:
                if code != 0:
                    raise TopicRefusedError(f"topic {name} cannot be described: {message}")
                found[name] = {entry[0]: entry[1] for entry in entries}
        return found

    async def create(self, topics: Sequence[TopicSpec]) -> None:
        """Create topics and return when a broker lists them; one that is there stays as it is.

        Raises:
            TopicRefusedError: the broker refused one.
            UnavailableError: no broker answers, or none lists them in time; some topics may
                have been created.
        """
        if not topics:
            return
        new = [
            NewTopic(
                topic.name,
                num_partitions=topic.partitions,
                replication_factor=topic.replication,
                topic_configs=dict(topic.config),
            )
            for topic in topics
        ]
        response = await self._ask(lambda: self._client.create_topics(new), REQUEST_S_MAX)
        for name, code, message in response.topic_errors:
            if code not in (0, ALREADY_EXISTS):
                raise TopicRefusedError(
                    f"topic {name} was refused: {message or f'code {code}'}"
                )
        wanted = {topic.name for topic in topics}
        for _ in range(LISTED_LOOKS_MAX):
            if wanted <= await self.names():
                return
            await asyncio.sleep(PAUSE_S)
        raise UnavailableError("the brokers do not list topics that they created")

    async def delete(self, names: Sequence[str]) -> None:
        """Delete topics that tests or a finished replay leave behind.

        Raises:
            UnavailableError: no broker answers.
        """
        if names:
            await self._ask(lambda: self._client.delete_topics(list(names)), REQUEST_S_MAX)

    async def committed(self, group: str) -> dict[TopicPartition, int]:
        """Return the next offset that a group will read, of each partition it committed.

        A broker that no group has used yet makes its coordinator at the first question.

        Raises:
            UnavailableError: it does not come about.
        """
        offsets: Mapping[TopicPartition, OffsetAndMetadata] = await self._ask(
            lambda: self._client.list_consumer_group_offsets(group)
        )
        return {partition: committed.offset for partition, committed in offsets.items()}

    async def _ask(
        self, question: Callable[[], Awaitable[Answer]], try_s_max: float = TRY_S_MAX
    ) -> Answer:
        """Ask until a broker answers: aiokafka picks one, and it may be the one that is away.

        Raises:
            UnavailableError: none answered in time; the text says what the last one said.
            KafkaError: the answer is a refusal that asking again would not change.
        """
        said = "no answer"
        try:
            async with asyncio.timeout(REQUEST_S_MAX):
                while True:
                    try:
                        async with asyncio.timeout(try_s_max):
                            return await question()
                    except TimeoutError:
                        said = "no answer"
                    except KafkaError as error:
                        if not error.retriable:
                            raise
                        said = type(error).__name__
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(TRY_S_MAX):
                            await self._client._client.force_metadata_update()  # noqa: SLF001 -- There is no public way.
                    await asyncio.sleep(PAUSE_S)
        except TimeoutError:
            raise UnavailableError(f"no Kafka answers at {self._cluster} ({said})") from None


def _replicas(partition: Mapping[str, object]) -> PartitionReplicas:
    """Return a partition as the broker's metadata describes it."""
    leader, replicas, in_sync = (partition[name] for name in ("leader", "replicas", "isr"))
    assert isinstance(leader, int), "a broker's id"
    assert isinstance(replicas, list | tuple), "ids of brokers"
    assert isinstance(in_sync, list | tuple), "ids of brokers"
    return PartitionReplicas(
        partition=int(str(partition["partition"])),
        leader=None if leader == NO_LEADER else leader,
        replicas=tuple(map(int, replicas)),
        in_sync=tuple(map(int, in_sync)),
    )
