"""Provision topics: create what is missing, name what differs, never change what is there.

A topic that differs from the contract is a matter for a person, not for a start script; it
does not keep the others from being created. More partitions than declared are no difference:
Kafka cannot take them away, and our writers use the declared ones alone.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from deploy.durability import (
    ALONE,
    INTERNAL,
    Durability,
    Finding,
    NotDurableError,
    expected,
    findings_of_config,
    findings_of_replicas,
    reassignment,
    sentence_of,
    to_create_with,
)
from deploy.engines.waiting import Wait, start_wait_s
from deploy.errors import CommandError
from shared.events.topics import TOPICS, Topic, inbound, publisher_of_topic, rejected
from shared.kafka.admin import TopicAdmin, TopicRefusedError, TopicSpec
from shared.kafka.cluster import Cluster
from shared.subjects.errors import UnavailableError

#: Who may publish from the first day; others come with `motcua topics add-publisher`.
PUBLISHERS: Final = ("counter", "import", "notifications", "province", "workflow")
LISTED_PAUSE_S: Final = 0.1
DIFFERING_MAX: Final = 3
"""How many topics that differ one sentence describes."""


class BrokerAwayError(CommandError):
    """The broker does not answer, or not yet as it will; the same command may succeed later."""


class TopicsDifferError(CommandError):
    """A topic is missing, or is there and not as the contract says."""


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What a provisioning run found and did.

    Attributes:
        created: The topics that were missing.
        kept: Those that were there, and were left as they are.
        differs: In what some of these differ from the contract, and how each is put right.
        lacks: What replicas, and settings that go with them, `check` would find missing.
    """

    created: tuple[str, ...]
    kept: tuple[str, ...]
    differs: str | None = None
    lacks: str | None = None

    def left_alone(self) -> tuple[str, ...]:
        """Return a sentence for each kind of thing that a person must put right."""
        said = (self.differs, self.lacks)
        return tuple(f"kept as it is, but {sentence}" for sentence in said if sentence)


@dataclass(frozen=True, slots=True)
class Checked:
    """How many topics were checked, and what each of them has."""

    topics: int
    durability: Durability


def wanted(publishers: Iterable[str] = PUBLISHERS) -> tuple[Topic, ...]:
    """Return every topic of an installation with these publishers."""
    names = sorted(set(publishers))
    doors = [make(name) for name in names for make in (inbound, rejected)]
    return (*TOPICS.values(), *doors)


def differences(topic: Topic, found: TopicSpec) -> list[str]:
    """Say in what a topic differs from the contract, each with the tool that puts it right."""
    said = []
    if found.partitions < topic.partitions:
        said.append(
            f"it has {found.partitions} partitions instead of {topic.partitions} "
            f"(kafka-topics.sh --alter --topic {topic.name} --partitions {topic.partitions})"
        )
    wrong = {
        name: value for name, value in topic.config.items() if found.config.get(name) != value
    }
    if wrong:
        listed = ", ".join(
            f"{name} is {found.config.get(name)} instead of {value}"
            for name, value in wrong.items()
        )
        settings = ",".join(f"{name}={value}" for name, value in wrong.items())
        said.append(
            f"{listed} (kafka-configs.sh --alter --entity-type topics --entity-name "
            f"{topic.name} --add-config {settings})"
        )
    return said


async def provision(
    where: Cluster | Sequence[str],
    topics: Sequence[Topic] | None = None,
    *,
    durability: Durability | None = ALONE,
) -> Provisioned:
    """Create the topics that are missing, and name what differs of those that are there.

    Topics that are there are kept as they are, with the replicas that they have: a start must
    not fail for a broker that is away, nor for an older choice.

    Args:
        where: The cluster.
        topics: What is asked for; None: an installation with the first publishers.
        durability: How new topics are kept; None: as those that are there.

    Raises:
        NotDurableError: fewer brokers answer than are to keep each record; nothing is created.
        SettingError: nothing states how many are to, and the topics that are there do not say.
        CommandError: no broker answers, or one refused.
    """
    asked = wanted() if topics is None else topics
    async with admin_of(where) as admin:
        found = await admin.describe([topic.name for topic in asked])
        missing = [topic for topic in asked if topic.name not in found]
        if missing:
            chosen = to_create_with(durability, await admin.brokers(), await _there(admin))
            await admin.create([_spec(topic, chosen) for topic in missing])
            await _until_there(admin, [topic.name for topic in missing])
        findings, _ = await _findings(admin, found, durability)
    return Provisioned(
        created=tuple(topic.name for topic in missing),
        kept=tuple(sorted(found)),
        differs=_differing([topic for topic in asked if topic.name in found], found),
        lacks=sentence_of(findings) if findings else None,
    )


async def check(
    where: Cluster | Sequence[str],
    topics: Sequence[Topic] | None = None,
    *,
    durability: Durability | None = None,
) -> Checked:
    """Check that all topics are there as declared, each on as many brokers as wanted.

    Args:
        where: The cluster.
        topics: What is to be there; None: an installation with the first publishers.
        durability: What each topic is to have; None: the most that any has, and no less than
            the brokers that answer allow, up to three.

    Raises:
        TopicsDifferError: one is missing, or differs from the contract.
        NotDurableError: one has fewer replicas, or fewer in step, than wanted.
        CommandError: no broker answers.
    """
    asked = wanted() if topics is None else topics
    async with admin_of(where) as admin:
        found = await admin.describe([topic.name for topic in asked])
        wrong = []
        if missing := [topic.name for topic in asked if topic.name not in found]:
            wrong.append(
                f"{len(missing)} of {len(asked)} topics are missing, {missing[0]} for one: "
                "create them with `motcua topics provision`"
            )
        if differs := _differing([topic for topic in asked if topic.name in found], found):
            wrong.append(differs)
        if wrong:
            raise TopicsDifferError("; ".join(wrong))
        findings, compared = await _findings(admin, found, durability)
    if findings:
        raise NotDurableError(sentence_of(findings))
    return Checked(len(asked), compared)


async def plan_reassignment(
    where: Cluster | Sequence[str], topics: Sequence[Topic], replication: int
) -> Mapping[str, Any]:
    """Plan the replicas that topics, and those of Kafka itself, lack; nothing is changed.

    Raises:
        NotDurableError: fewer brokers answer than are to keep each record.
        CommandError: no broker answers.
    """
    async with admin_of(where) as admin:
        found = await admin.replicas([*(topic.name for topic in topics), *INTERNAL])
        return reassignment(found, await admin.brokers(), replication)


async def known_publishers(where: Cluster | Sequence[str]) -> frozenset[str]:
    """Return the publishers that have a topic to write to.

    Raises:
        CommandError: the broker is away.
    """
    async with admin_of(where) as admin:
        names = await admin.names()
    return frozenset(name for topic in names if (name := publisher_of_topic(topic)))


@asynccontextmanager
async def admin_of(where: Cluster | Sequence[str]) -> AsyncIterator[TopicAdmin]:
    """Connect to the broker; what it refuses stops the command with a sentence."""
    try:
        async with TopicAdmin(where) as admin:
            yield admin
    except UnavailableError as error:
        raise BrokerAwayError(str(error)) from error
    except TopicRefusedError as error:
        raise CommandError(str(error)) from error


def _differing(topics: Sequence[Topic], found: Mapping[str, TopicSpec]) -> str | None:
    """Say in what topics that are there differ from the contract; None if in nothing."""
    differing = {
        topic.name: said for topic in topics if (said := differences(topic, found[topic.name]))
    }
    if not differing:
        return None
    shown = [
        f"topic {name} differs from the contract: {'; '.join(said)}"
        for name, said in differing.items()
    ]
    more = len(shown) - DIFFERING_MAX
    return "; ".join(shown[:DIFFERING_MAX]) + (f"; and {more} more topics" if more > 0 else "")


def _spec(topic: Topic, durability: Durability) -> TopicSpec:
    return TopicSpec(
        topic.name,
        topic.partitions,
        {**topic.config, **durability.config()},
        durability.replication,
    )


async def _there(admin: TopicAdmin) -> dict[str, TopicSpec]:
    """Return the contract's own topics that are there; they say how new ones are kept."""
    return await admin.describe([topic.name for topic in TOPICS.values()])


async def _findings(
    admin: TopicAdmin, found: Mapping[str, TopicSpec], durability: Durability | None
) -> tuple[list[Finding], Durability]:
    """Compare topics, and those of Kafka itself, with what each is to have."""
    compared = expected(durability, await admin.brokers(), found.values())
    replicas = await admin.replicas([*found, *INTERNAL])
    findings = [one for spec in found.values() for one in findings_of_config(spec, compared)]
    for name, partitions in replicas.items():
        findings += findings_of_replicas(name, partitions, compared)
    return findings, compared


async def _until_there(admin: TopicAdmin, names: Sequence[str]) -> None:
    """Wait until every broker tells clients of every new topic, and who leads it.

    Raises:
        StartLateError: one does not, for as long as a start may take.
    """
    wait = Wait("the new topics", None, start_wait_s())
    while names and not await admin.listed_everywhere(names):
        wait.check(f"not every broker lists the {len(names)} new topics yet")
        await asyncio.sleep(LISTED_PAUSE_S)
