"""How many brokers keep each record, and what a cluster lacks of it; nothing here asks one.

`acks=all` waits for the replicas that are in step. Only `min.insync.replicas` says how many
these must be, so the two numbers are stated, and checked, together (decision 0032).
"""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import typer

from deploy.errors import CommandError, SettingError
from shared.kafka.admin import PartitionReplicas, TopicSpec

RECOMMENDED: Final = 3
REPLICATION_MAX: Final = 7
NAMES_MAX: Final = 3
MIN_INSYNC: Final = "min.insync.replicas"
UNCLEAN: Final = "unclean.leader.election.enable"
REPLICATION_VARIABLE: Final = "MOTCUA_TOPIC_REPLICATION"
MIN_INSYNC_VARIABLE: Final = "MOTCUA_TOPIC_MIN_INSYNC"
RUNBOOK: Final = "deploy/runbook/adding-a-broker.md"

INTERNAL: Final = ("__consumer_offsets", "__transaction_state")
"""Topics of Kafka itself: how far groups have read, and the transactions of publishers."""

ReplicationOption = Annotated[
    int | None,
    typer.Option(
        "--replication",
        envvar=REPLICATION_VARIABLE,
        min=1,
        max=REPLICATION_MAX,
        help="How many brokers keep each record: 3 on a cluster, 1 on a single broker.",
        show_default="1 on the embedded broker, else as the topics that are there",
    ),
]
MinInsyncOption = Annotated[
    int | None,
    typer.Option(
        "--min-insync",
        envvar=MIN_INSYNC_VARIABLE,
        min=1,
        max=REPLICATION_MAX,
        help="How many of them must have a record before it is acknowledged.",
        show_default="more than half of an odd number, half of an even one",
    ),
]


class NotDurableError(CommandError):
    """Too few brokers answer, or topics have fewer replicas than wanted."""


@dataclass(frozen=True, slots=True, order=True)
class Durability:
    """How many brokers keep each record, and how many must before it is acknowledged."""

    replication: int
    min_insync: int

    def __post_init__(self) -> None:
        """Refuse numbers under which nothing could be written, or which make no sense."""
        if not 1 <= self.replication <= REPLICATION_MAX:
            raise SettingError(
                f"the replication is wrong ({self.replication}): give a number from 1 to "
                f"{REPLICATION_MAX}, {RECOMMENDED} on a cluster"
            )
        if not 1 <= self.min_insync <= self.replication:
            raise SettingError(
                f"min.insync is wrong ({self.min_insync}): give a number from 1 to the "
                f"replication, which is {self.replication}"
            )

    @classmethod
    def of(cls, replication: int, min_insync: int | None = None) -> "Durability":
        """Return both numbers; min.insync follows from the replication unless it is given."""
        return cls(
            replication, usual_min_insync(replication) if min_insync is None else min_insync
        )

    def config(self) -> dict[str, str]:
        """Return the settings of a topic that go with the replication."""
        return {MIN_INSYNC: str(self.min_insync), UNCLEAN: "false"}


def usual_min_insync(replication: int) -> int:
    """Return how many replicas must have a record: 2 of 3, and 1 of 2 or of 1.

    One broker of two may then be away without stopping the publishers.
    """
    return max(1, (replication + 1) // 2)


ALONE: Final = Durability(1, 1)
"""One broker alone keeps one copy: the embedded one."""


def stated(replication: int | None, min_insync: int | None) -> Durability | None:
    """Return what the operator stated, or None.

    Raises:
        SettingError: the numbers make no sense, or one comes without the other.
    """
    if replication is not None:
        return Durability.of(replication, min_insync)
    if min_insync is not None:
        raise SettingError(
            f"--min-insync ({MIN_INSYNC_VARIABLE}) goes with --replication "
            f"({REPLICATION_VARIABLE}): state both"
        )
    return None


def stated_in(environ: Mapping[str, str] = os.environ) -> Durability | None:
    """Return what the environment states, or None.

    Raises:
        SettingError: a value is no number, or makes no sense.
    """
    return stated(_number(environ, REPLICATION_VARIABLE), _number(environ, MIN_INSYNC_VARIABLE))


def _number(environ: Mapping[str, str], name: str) -> int | None:
    given = environ.get(name)
    if not given:
        return None
    if not given.isdecimal():
        raise SettingError(
            f"{name} is wrong ({given!r}): give a number from 1 to {REPLICATION_MAX}"
        )
    return int(given)


def to_create_with(
    wanted: Durability | None, brokers: Collection[int], there: Mapping[str, TopicSpec]
) -> Durability:
    """Decide the durability of new topics.

    Args:
        wanted: What was stated; None: as the topics of the contract that are there.
        brokers: Which brokers answer.
        there: The topics of the contract that are there.

    Raises:
        SettingError: nothing was stated, and the topics that are there give no answer.
        NotDurableError: fewer brokers answer than wanted, or several answer and one copy is
            wanted.
    """
    chosen = wanted or _as(there.values(), brokers)
    if len(brokers) < chosen.replication:
        raise NotDurableError(
            f"{chosen.replication} brokers are to keep each record, and "
            f"{_answering(brokers)}: start the others and run it again; no topic was created"
        )
    if chosen.replication == 1 < len(brokers):
        raise NotDurableError(
            f"replication 1 is for one broker alone, and {_answering(brokers)}: state "
            f"--replication {min(RECOMMENDED, len(brokers))} (or {REPLICATION_VARIABLE}); no "
            "topic was created"
        )
    return chosen


def _as(there: Iterable[TopicSpec], brokers: Collection[int]) -> Durability:
    found = sorted({durability_of(spec) for spec in there})
    if not found:
        why = "nothing states how many brokers are to keep each record"
    elif len(found) > 1:
        why = "the topics that are there differ in their replication or min.insync"
    elif found[0].replication >= min(RECOMMENDED, len(brokers)):
        return found[0]
    else:
        why = (
            f"the topics that are there have replication {found[0].replication}, and "
            f"{_answering(brokers)}"
        )
    raise SettingError(
        f"{why}: state it with --replication or {REPLICATION_VARIABLE}, {RECOMMENDED} on a "
        f"cluster of {RECOMMENDED} brokers or more, 1 on a broker that is alone; no topic was "
        "created"
    )


def durability_of(spec: TopicSpec) -> Durability:
    """Return what a topic on a broker has; min.insync counts up to its replicas."""
    least = int(spec.config.get(MIN_INSYNC, "1"))
    return Durability(min(spec.replication, REPLICATION_MAX), min(least, spec.replication))


def expected(
    wanted: Durability | None, brokers: Collection[int], there: Iterable[TopicSpec]
) -> Durability:
    """Return what every topic is compared with.

    Where nothing was stated it is the most that any topic has, and no less than the brokers
    that answer allow, up to the recommended number.
    """
    if wanted is not None:
        return wanted
    most = max((spec.replication for spec in there), default=1)
    return Durability.of(max(most, min(RECOMMENDED, len(brokers))))


@dataclass(frozen=True, slots=True)
class Finding:
    """What a topic lacks, and what to do about it."""

    topic: str
    lacks: str
    remedy: str


def findings_of_config(spec: TopicSpec, wanted: Durability) -> Iterator[Finding]:
    """Yield what the settings of a topic lack."""
    least = int(spec.config.get(MIN_INSYNC, "1"))
    if least > spec.replication:
        yield Finding(
            spec.name,
            f"{MIN_INSYNC} is {least} and replication {spec.replication}, so that nothing can "
            "be written",
            f"kafka-configs.sh --add-config {MIN_INSYNC}={wanted.min_insync}, after there are "
            f"{wanted.replication} replicas",
        )
    elif least != wanted.min_insync:
        yield Finding(
            spec.name,
            f"{MIN_INSYNC} is {least} instead of {wanted.min_insync}",
            f"kafka-configs.sh --add-config {MIN_INSYNC}={wanted.min_insync}",
        )
    if wanted.replication > 1 and spec.config.get(UNCLEAN) == "true":
        yield Finding(
            spec.name,
            f"{UNCLEAN} is true, so a leader may lack acknowledged records",
            f"kafka-configs.sh --add-config {UNCLEAN}=false",
        )


def findings_of_replicas(
    topic: str, partitions: Sequence[PartitionReplicas], wanted: Durability
) -> Iterator[Finding]:
    """Yield what the partitions of a topic lack."""
    counts = sorted({len(one.replicas) for one in partitions})
    if counts != [wanted.replication]:
        has = " and ".join(map(str, counts))
        yield Finding(
            topic,
            f"replication is {has} instead of {wanted.replication}",
            f"`motcua topics reassignment --replication {wanted.replication}` writes the plan "
            "for kafka-reassign-partitions.sh",
        )
    if behind := sorted({broker for one in partitions for broker in one.behind}):
        count = sum(1 for one in partitions if one.behind)
        yield Finding(
            topic,
            f"{count} of {len(partitions)} partitions are not in step on broker "
            f"{', '.join(map(str, behind))}",
            "start that broker, or wait until it has caught up",
        )
    if leaderless := [one.partition for one in partitions if one.leader is None]:
        yield Finding(
            topic,
            f"{len(leaderless)} of {len(partitions)} partitions have no leader",
            "start the brokers that keep them",
        )


def sentence_of(findings: Iterable[Finding]) -> str:
    """Say what is lacking, the same once for all topics, and how it is mended."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for one in findings:
        grouped.setdefault((one.lacks, one.remedy), []).append(one.topic)
    said = [
        f"{_named(sorted(topics))}: {lacks} ({remedy})"
        for (lacks, remedy), topics in grouped.items()
    ]
    return f"{'; '.join(said)}. Step by step: {RUNBOOK}"


def _named(topics: Sequence[str]) -> str:
    shown = ", ".join(topics[:NAMES_MAX])
    more = len(topics) - NAMES_MAX
    return f"{shown} and {more} more topics" if more > 0 else shown


def _answering(brokers: Collection[int]) -> str:
    """Say which brokers answer."""
    ids = ", ".join(map(str, sorted(brokers)))
    return f"{len(brokers)} answer ({ids})" if brokers else "none answers"


def reassignment(
    topics: Mapping[str, Sequence[PartitionReplicas]],
    brokers: Collection[int],
    replication: int,
) -> dict[str, Any]:
    """Plan more replicas, in the form that kafka-reassign-partitions.sh reads.

    Each partition keeps the replicas it has, its preferred leader first. Those that are added
    go to the brokers that keep the fewest. A partition with enough replicas is left out.

    Raises:
        NotDurableError: fewer brokers answer than wanted.
    """
    if len(brokers) < replication:
        raise NotDurableError(
            f"{replication} brokers are to keep each record, and {_answering(brokers)}: start "
            "the others and run it again"
        )
    kept = dict.fromkeys(sorted(brokers), 0)
    for partitions in topics.values():
        for broker in (broker for one in partitions for broker in one.replicas):
            kept[broker] = kept.get(broker, 0) + 1
    moves: list[dict[str, Any]] = []
    for topic, partitions in sorted(topics.items()):
        for one in partitions:
            replicas = list(one.replicas)
            while len(replicas) < replication:
                free = [broker for broker in sorted(brokers) if broker not in replicas]
                chosen = min(free, key=lambda broker: kept[broker])
                kept[chosen] += 1
                replicas.append(chosen)
            if len(replicas) > len(one.replicas):
                moves.append({"topic": topic, "partition": one.partition, "replicas": replicas})
    return {"version": 1, "partitions": moves}
