"""The four services as workloads, alike but for one table; their auditor; the loading job."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from deploy.acls import OPERATOR, user_of_service
from deploy.installation import AUDITOR, HTTP_PORT_BASE, SUPERVISED
from deploy.kubernetes.kafka import CLUSTER
from deploy.kubernetes.pods import KAFKA_CA, SECRETS, SETTINGS, pod
from shared.events.topics import PARTITIONS, TOPICS

PART_OF: Final = {"app.kubernetes.io/part-of": "motcua"}
STARTUP_S: Final = 120
KEYS_OF_THE_AUDITOR: Final = {"keys.json": "keys.json"}  # Hashes, not the secret.
KEYS_OF_THE_LOADER: Final = {"publisher-province.key": "keys/publisher-province.key"}

Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """What differs between the services.

    Attributes:
        replicas: How many there are at the start.
        stateful: Whether a replica keeps its number: intake's marks are kept by it.
        lag: Above how many waiting records another replica is started; None for never.
    """

    replicas: int
    stateful: bool = False
    lag: int | None = None


SHAPES: Final[Mapping[str, Shape]] = {
    "intake": Shape(replicas=2, stateful=True),
    "workflow": Shape(replicas=2, lag=5_000),
    "notifications": Shape(replicas=2, lag=5_000),
    "reporting": Shape(replicas=1),  # One process counts what it has taken in.
}
REPLICAS_MAX: Final = PARTITIONS // 2


def port_of(name: str) -> int:
    """Return the port on which a service, or their auditor, listens."""
    return HTTP_PORT_BASE + SUPERVISED.index(name)


def settings() -> Manifest:
    """Return what all services are told alike; an overlay changes the addresses."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": SETTINGS, "labels": PART_OF},
        "data": {
            "MOTCUA_KAFKA_BOOTSTRAP": f"{CLUSTER}-kafka-bootstrap:9093",
            "MOTCUA_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "MOTCUA_KAFKA_CA_FILE": f"{SECRETS}/kafka-ca/ca.crt",
            "MOTCUA_KAFKA_PASSWORD_FILE": f"{SECRETS}/kafka/password",
            "MOTCUA_MONGO_URL_FILE": f"{SECRETS}/store/url",
            "MOTCUA_KEYS_FILE": f"{SECRETS}/installation/keys.json",
            "MOTCUA_SECRET_FILE": f"{SECRETS}/installation/secret",
            "MOTCUA_HTTP_HOST": "0.0.0.0",  # noqa: S104  A pod's own address.
        },
    }


def service(name: str) -> Iterator[Manifest]:
    """Yield a service's workload, its address, and how many of it may be away at once."""
    yield _workload(name)
    yield _address(name)
    yield {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": _metadata(name),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": _selector(name)}},
    }


def auditor() -> Iterator[Manifest]:
    """Yield the auditor, which reads what the services archived; one is enough."""
    port = port_of(AUDITOR)
    container = {
        "name": AUDITOR,
        "command": [
            *("motcua", "audit", "--every", "15m"),
            *("--host", "0.0.0.0", "--port", str(port)),  # noqa: S104  A pod's own address.
        ],
        "env": [{"name": "MOTCUA_DATA", "value": f"{SECRETS}/installation"}],
        "ports": [{"name": "http", "containerPort": port}],
        **_probes(),
    }
    yield {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(AUDITOR),
        "spec": {
            "replicas": 1,
            "strategy": {"type": "Recreate"},  # Two would only count the same twice.
            "selector": {"matchLabels": _selector(AUDITOR)},
            "template": {
                "metadata": {"labels": {**_selector(AUDITOR), **PART_OF}},
                "spec": pod(OPERATOR, container, KEYS_OF_THE_AUDITOR),
            },
        },
    }
    yield _address(AUDITOR)


def reference_job() -> Manifest:
    """Return the job that loads the bundled reference data; again, it records what is new."""
    loader = pod(
        OPERATOR,
        {
            "name": "reference",
            "command": ["motcua", "reference", "load"],
            "env": [
                {"name": "MOTCUA_INTAKE_URL", "value": f"http://intake:{port_of('intake')}"},
                {"name": "MOTCUA_DATA", "value": f"{SECRETS}/installation"},
            ],
        },
        KEYS_OF_THE_LOADER,
    )
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": _metadata("reference"),
        "spec": {
            "backoffLimit": 10,
            "template": {
                "metadata": {"labels": {**_selector("reference"), **PART_OF}},
                "spec": {**loader, "restartPolicy": "OnFailure"},
            },
        },
    }


def scaling(name: str) -> Iterator[Manifest]:
    """Yield what starts more replicas while records wait, and by whose right it looks."""
    shape = SHAPES[name]
    assert shape.lag is not None, "a service that is scaled"
    yield {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "TriggerAuthentication",
        "metadata": _metadata(name),
        "spec": {
            "secretTargetRef": [
                {"parameter": "password", "name": user_of_service(name), "key": "password"},
                {"parameter": "ca", "name": KAFKA_CA, "key": "ca.crt"},
            ]
        },
    }
    yield {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": _metadata(name),
        "spec": {
            "scaleTargetRef": {"name": name},
            "minReplicaCount": shape.replicas,  # Sweeps and retries go on when nothing comes.
            "maxReplicaCount": REPLICAS_MAX,
            "cooldownPeriod": 900,  # Each step stops all consumers for a moment.
            "triggers": [_lag_of(name, topic, shape.lag) for topic in _topics_of(name)],
        },
    }


def network() -> Iterator[Manifest]:
    """Yield who may speak to whom: nobody, but for what is named."""
    mine = {"matchLabels": PART_OF}
    yield _policy("closed", {"podSelector": mine, "policyTypes": ["Ingress", "Egress"]})
    ports = [{"protocol": "TCP", "port": port_of(name)} for name in SUPERVISED]
    namespaces = {"matchLabels": {"motcua.vn/may-call": "true"}}
    yield _policy(
        "callers",
        {
            "podSelector": mine,
            "policyTypes": ["Ingress"],
            "ingress": [
                {
                    "from": [{"namespaceSelector": namespaces}, {"podSelector": mine}],
                    "ports": ports,
                }
            ],
        },
    )
    engines = [9093, 27_017]
    yield _policy(
        "engines",
        {
            "podSelector": mine,
            "policyTypes": ["Egress"],
            "egress": [
                {"ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]},
                {"ports": [{"protocol": "TCP", "port": port} for port in engines]},
                {"to": [{"podSelector": mine}], "ports": ports[:1]},
            ],
        },
    )
    yield _policy(
        "providers",
        {
            "podSelector": {"matchLabels": _selector("notifications")},
            "policyTypes": ["Egress"],
            "egress": [
                {"ports": [{"protocol": "TCP", "port": one} for one in (25, 465, 587, 443)]}
            ],
        },
    )


def _workload(name: str) -> Manifest:
    shape = SHAPES[name]
    container = {
        "name": name,
        "command": ["python", "-m", f"services.{name}.main"],
        "env": [{"name": "MOTCUA_HTTP_PORT", "value": str(port_of(name))}, _instance(shape)],
        "ports": [{"name": "http", "containerPort": port_of(name)}],
        **_probes(),
    }
    spec: dict[str, Any] = {
        "replicas": shape.replicas,
        "selector": {"matchLabels": _selector(name)},
        "template": {
            "metadata": {"labels": {**_selector(name), **PART_OF}},
            "spec": {**pod(user_of_service(name), container), **_spread(name)},
        },
    }
    if shape.stateful:
        spec |= {"serviceName": name, "podManagementPolicy": "Parallel"}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet" if shape.stateful else "Deployment",
        "metadata": _metadata(name),
        "spec": spec,
    }


def _instance(shape: Shape) -> Manifest:
    label = "apps.kubernetes.io/pod-index"
    path = f"metadata.labels['{label}']" if shape.stateful else "metadata.name"
    return {"name": "MOTCUA_INSTANCE", "valueFrom": {"fieldRef": {"fieldPath": path}}}


def _spread(name: str) -> Manifest:
    """Keep the replicas of a service on different machines where there are some."""
    return {
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": _selector(name)},
            }
        ]
    }


def _probes() -> Manifest:
    def ask(path: str, **how: int) -> Manifest:
        return {"httpGet": {"path": path, "port": "http"}, "timeoutSeconds": 5, **how}

    return {
        "startupProbe": ask("/livez", periodSeconds=2, failureThreshold=STARTUP_S // 2),
        "livenessProbe": ask("/livez", periodSeconds=10, failureThreshold=6),
        "readinessProbe": ask("/readyz", periodSeconds=5, failureThreshold=3),
    }


def _address(name: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(name),
        "spec": {
            "selector": _selector(name),
            "ports": [{"name": "http", "port": port_of(name), "targetPort": "http"}],
        },
    }


def _topics_of(name: str) -> Iterator[str]:
    return (
        topic.name
        for topic in TOPICS.values()
        if name in topic.readers and topic.partitions == PARTITIONS and not topic.personal
    )


def _lag_of(name: str, topic: str, lag: int) -> Manifest:
    return {
        "type": "kafka",
        "metadata": {
            "bootstrapServers": f"{CLUSTER}-kafka-bootstrap:9093",
            "consumerGroup": name,
            "topic": topic,
            "lagThreshold": str(lag),
            "activationLagThreshold": "0",
            "limitToPartitionsWithLag": "true",
            "tls": "enable",
            "sasl": "scram_sha512",
            "username": user_of_service(name),
        },
        "authenticationRef": {"name": name},
    }


def _policy(name: str, spec: Manifest) -> Manifest:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": _metadata(f"motcua-{name}"),
        "spec": spec,
    }


def _selector(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": name}


def _metadata(name: str) -> Manifest:
    return {"name": name, "labels": {**_selector(name), **PART_OF}}
