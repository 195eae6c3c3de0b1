"""Every topic, declared once: key, partitions, retention, who writes and who reads.

Topics are created by `deploy`, never by a client. All keyed topics have the same number of
partitions, so that one subject has one partition number everywhere.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from shared.events.codes import PUBLISHER_PATTERN

PARTITIONS: Final = 12
FOREVER: Final = -1
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
#: The largest value that is taken, and the largest record of every topic that we write.
RECORD_BYTES_MAX: Final = 1024 * 1024
#: The largest record that an inbound topic holds: a value above `RECORD_BYTES_MAX` is rejected
#: with a reason, which its publisher would not get from a broker that refuses it.
INBOUND_RECORD_BYTES_MAX: Final = 6 * 1024 * 1024

Cleanup = Literal["delete", "compact"]


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `retention_ms` -1 is for ever; `key` says what a record is keyed by."""

    name: str
    says: str
    key: str
    writer: str
    readers: tuple[str, ...]
    partitions: int = PARTITIONS
    cleanup: Cleanup = "delete"
    retention_ms: int = FOREVER
    max_message_bytes: int = RECORD_BYTES_MAX
    timestamp_type: Literal["CreateTime", "LogAppendTime"] = "CreateTime"
    personal: bool = False
    max_compaction_lag_ms: int | None = None

    @property
    def config(self) -> dict[str, str]:
        """The topic's settings, as the broker spells them."""
        settings = {
            "cleanup.policy": self.cleanup,
            "retention.ms": str(self.retention_ms),
            "max.message.bytes": str(self.max_message_bytes),
            "message.timestamp.type": self.timestamp_type,
        }
        if self.max_compaction_lag_ms is not None:
            settings["max.compaction.lag.ms"] = str(self.max_compaction_lag_ms)
            settings["segment.ms"] = str(self.max_compaction_lag_ms)
        return settings


_ALL = ("workflow", "notifications", "reporting")

DOSSIERS: Final = Topic(
    name="motcua.dossiers.v1",
    says="What happens to dossiers, numbered per dossier.",
    key="dossier code",
    writer="intake",
    readers=_ALL,
)
CENTRES: Final = Topic(
    name="motcua.centres.v1",
    says="What happens in a centre's matters, numbered per matter.",
    key="<unit>/<kind>/<id>",
    writer="intake",
    readers=_ALL,
)
REFERENCE: Final = Topic(
    name="motcua.reference.v1",
    says="Calendar, rules, catalogue and organisation; one sequence for the topic.",
    key="subject",
    writer="intake",
    readers=("intake", *_ALL),
    partitions=1,
)
CONTACTS: Final = Topic(
    name="motcua.contacts.v1",
    says="Contacts of applicants and staff; personal data, erased by a tombstone.",
    key="dossier code or person id",
    writer="intake",
    readers=("notifications",),
    cleanup="compact",
    personal=True,
    max_compaction_lag_ms=DAY_MS,
)
OBLIGATIONS: Final = Topic(
    name="motcua.obligations.v1",
    says="What is owed, by when, and who is told; numbered per subject.",
    key="dossier code or <unit>/<kind>/<id>",
    writer="workflow",
    readers=("notifications", "reporting"),
)
NOTICES: Final = Topic(
    name="motcua.notices.v1",
    says="What becomes of each notice; numbered per notice.",
    key="the key of the notice's cause",
    writer="notifications",
    readers=("reporting",),
)
PROGRESS: Final = Topic(
    name="motcua.progress.v1",
    says="How far intake has read each inbound partition; when it last recorded late events.",
    key="<inbound topic>/<partition>",
    writer="intake",
    readers=("intake", "workflow"),
    partitions=1,
    cleanup="compact",
)

TOPICS: Final[Mapping[str, Topic]] = {
    topic.name: topic
    for topic in (DOSSIERS, CENTRES, REFERENCE, CONTACTS, OBLIGATIONS, NOTICES, PROGRESS)
}
REJECTED: Final = "motcua.rejected."
"""How the name of each topic of rejections begins."""

GROUPS: Final = ("intake", "workflow", "notifications", "reporting")

_INBOUND = re.compile(r"motcua\.inbound\.([a-z][a-z0-9-]{1,30})\.v1")


def inbound(publisher: str) -> Topic:
    """Name the topic that one publisher alone may write to.

    Raises:
        ValueError: The name has not the shape of a publisher's.
    """
    return Topic(
        name=f"motcua.inbound.{_checked(publisher)}.v1",
        says=f"What {publisher} publishes; personal data may pass, so it is kept 72 hours.",
        key="subject",
        writer=publisher,
        readers=("intake",),
        retention_ms=72 * HOUR_MS,
        max_message_bytes=INBOUND_RECORD_BYTES_MAX,
        timestamp_type="LogAppendTime",
        personal=True,
    )


def rejected(publisher: str) -> Topic:
    """Name the topic on which a publisher reads what was refused, and why.

    Raises:
        ValueError: The name has not the shape of a publisher's.
    """
    return Topic(
        name=f"{REJECTED}{_checked(publisher)}.v1",
        says=f"What was refused of {publisher}'s events: id, path, rule, remedy, hash.",
        key="event id",
        writer="intake",
        readers=(publisher,),
        partitions=1,
        retention_ms=30 * DAY_MS,
    )


def replay(group: str) -> Topic:
    """Name the topic that one consumer group alone reads to its end before the live ones.

    Raises:
        ValueError: No such group.
    """
    if group not in GROUPS:
        raise ValueError(f"no such group: {group!r}; there are {', '.join(GROUPS)}")
    return Topic(
        name=f"motcua.replay.{group}.v1",
        says=f"What {group} reads again, on command.",
        key="as on the topic it comes from",
        writer="any service, on command",
        readers=(group,),
        retention_ms=7 * DAY_MS,
    )


def partitions_written(topic: str) -> int | None:
    """Return how many partitions of a topic we write to; None where all that there are.

    Partitions that an operator added stay empty: a subject keeps its partition, and with it its
    place among the shards.
    """
    if topic in TOPICS:
        return TOPICS[topic].partitions
    if topic.startswith(REJECTED):
        return 1
    return PARTITIONS if topic in _REPLAYED else None


def publisher_of_topic(topic: str) -> str | None:
    """Read the publisher from an inbound topic's name; None for any other topic."""
    found = _INBOUND.fullmatch(topic)
    return found.group(1) if found else None


_REPLAYED: Final = frozenset(replay(group).name for group in GROUPS)


def _checked(publisher: str) -> str:
    if re.fullmatch(PUBLISHER_PATTERN.strip("^$"), publisher) is None:
        raise ValueError(f"not a publisher's name: {publisher!r}")
    return publisher
