"""Who may do what on a cluster that asks who one is: derived from the contract of topics.

The right to write to `motcua.inbound.<publisher>.v1` *is* the publisher's identity, since a
consumer cannot see who wrote a record: on a cluster without these rights anybody is anybody.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from deploy.durability import INTERNAL
from deploy.installation import SERVICES
from deploy.topics import PUBLISHERS
from shared.events.topics import PROGRESS, TOPICS, Topic, inbound, rejected, replay

Resource = Literal["topic", "group", "cluster"]
Operation = Literal[
    "Read", "Write", "Describe", "Create", "Delete", "DescribeConfigs", "IdempotentWrite"
]

OPERATOR: Final = "motcua-operator"
CLUSTER: Final = "kafka-cluster"
ALL_INBOUND: Final = "motcua.inbound."
ALL_REJECTED: Final = "motcua.rejected."
ALL_TOPICS: Final = "motcua."

READ: Final[tuple[Operation, ...]] = ("Read", "Describe")
WRITE: Final[tuple[Operation, ...]] = ("Write", "Describe")


@dataclass(frozen=True, slots=True)
class Acl:
    """One right: operations on what has this name, or with `prefix` begins with it."""

    resource: Resource
    name: str
    operations: tuple[Operation, ...]
    prefix: bool = False


def user_of_service(service: str) -> str:
    """Name a service's user on the cluster."""
    return f"motcua-{service}"


def user_of_publisher(publisher: str) -> str:
    """Name a publisher's user on the cluster."""
    return f"motcua-publisher-{publisher}"


def acls_of_service(service: str) -> tuple[Acl, ...]:
    """Return what one of the four needs, and no more."""
    assert service in SERVICES, "a service of ours"
    return tuple(_of_service(service))


def _of_service(service: str) -> Iterator[Acl]:
    for topic in TOPICS.values():
        if operations := _operations(topic, service):
            yield Acl("topic", topic.name, operations)
    yield Acl("topic", replay(service).name, READ)
    yield Acl("group", service, READ)
    if not any(service == topic.writer for topic in TOPICS.values()):
        # Every service has an idempotent producer; one that writes nowhere gets an id so.
        yield Acl("cluster", CLUSTER, ("IdempotentWrite",))
    if service == "intake":
        yield Acl("topic", ALL_INBOUND, READ, prefix=True)
        # Read once its store was lost: what was rejected before is not received again.
        yield Acl("topic", ALL_REJECTED, ("Read", *WRITE), prefix=True)
    if service in PUBLISHERS:  # It tells intake what people answered, under its own name.
        yield Acl("topic", inbound(service).name, WRITE)
    if service == "workflow":  # Its pages say what became of what was sent from them.
        yield Acl("topic", rejected(service).name, READ)


def acls_of_publisher(publisher: str) -> tuple[Acl, ...]:
    """Return what a publisher needs: its door, and what was refused of its events."""
    return (
        Acl("topic", inbound(publisher).name, WRITE),
        Acl("topic", rejected(publisher).name, READ),
        Acl("group", f"{publisher}.", READ, prefix=True),
    )


def acls_of_operator() -> tuple[Acl, ...]:
    """Return what `motcua topics`, `replay` and `progress` need."""
    return (
        Acl(
            "topic",
            ALL_TOPICS,
            ("Create", "Delete", "Describe", "DescribeConfigs", "Read"),
            prefix=True,
        ),
        Acl("topic", "motcua.replay.", ("Write",), prefix=True),
        Acl("topic", PROGRESS.name, ("Write",)),
        *(Acl("topic", name, ("Describe",)) for name in INTERNAL),
        *(Acl("group", service, ("Describe",)) for service in SERVICES),
        Acl("cluster", CLUSTER, ("Describe",)),
    )


def _operations(topic: Topic, service: str) -> tuple[Operation, ...]:
    """Return what the contract has a service do with a topic, in the broker's words."""
    if service == topic.writer:
        # A writer compares its store with what it has written, also with contacts, before it
        # begins (decision 0037).
        return ("Read", "Write", "Describe")
    return READ if service in topic.readers else ()
