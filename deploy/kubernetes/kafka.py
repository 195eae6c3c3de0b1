"""Topics and users as Strimzi keeps them: the contract's topics, and the rights to each."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from deploy.acls import (
    OPERATOR,
    Acl,
    acls_of_operator,
    acls_of_publisher,
    acls_of_service,
    user_of_publisher,
    user_of_service,
)
from deploy.durability import RECOMMENDED, Durability
from deploy.installation import SERVICES
from deploy.topics import PUBLISHERS, wanted
from shared.events.topics import GROUPS, Topic, replay

API: Final = "kafka.strimzi.io/v1"
CLUSTER: Final = "motcua"
DURABILITY: Final = Durability.of(RECOMMENDED)
BELONGS: Final = {"strimzi.io/cluster": CLUSTER}

Manifest = Mapping[str, Any]


def topics() -> Iterator[Manifest]:
    """Yield every topic of an installation with its first publishers."""
    for topic in (*wanted(), *map(replay, GROUPS)):
        yield _topic(topic)


def users() -> Iterator[Manifest]:
    """Yield every service, the operator, and the publishers that are not services of ours."""
    for service in SERVICES:
        yield _user(user_of_service(service), acls_of_service(service))
    yield _user(OPERATOR, acls_of_operator())
    for publisher in PUBLISHERS:
        if publisher not in SERVICES:
            yield _user(user_of_publisher(publisher), acls_of_publisher(publisher))


def _topic(topic: Topic) -> Manifest:
    return {
        "apiVersion": API,
        "kind": "KafkaTopic",
        "metadata": {"name": topic.name, "labels": BELONGS},
        "spec": {
            "partitions": topic.partitions,
            "replicas": DURABILITY.replication,
            "config": {**topic.config, **DURABILITY.config()},
        },
    }


def _user(name: str, acls: Sequence[Acl]) -> Manifest:
    return {
        "apiVersion": API,
        "kind": "KafkaUser",
        "metadata": {"name": name, "labels": BELONGS},
        "spec": {
            "authentication": {"type": "scram-sha-512"},
            "authorization": {"type": "simple", "acls": [_acl(acl) for acl in acls]},
        },
    }


def _acl(acl: Acl) -> Manifest:
    resource: dict[str, str] = {"type": acl.resource}
    if acl.resource != "cluster":
        resource |= {"name": acl.name, "patternType": "prefix" if acl.prefix else "literal"}
    return {"resource": resource, "operations": [*acl.operations], "host": "*"}
