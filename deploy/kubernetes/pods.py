"""The pod that every workload runs: as nobody, with what it may know and no more."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from deploy.kubernetes.kafka import CLUSTER

IMAGE: Final = "motcua"
"""Named in an overlay's `images:`, with the registry and the digest."""

USER_ID: Final = 10_001
SECRETS: Final = "/etc/motcua"
KAFKA_CA: Final = f"{CLUSTER}-cluster-ca-cert"  # Strimzi makes it.
INSTALLATION: Final = "motcua-installation"
STORE: Final = "motcua-store"
SETTINGS: Final = "motcua-settings"
GRACE_S: Final = 30  # Longer than a service takes to finish what it has begun.
KEYS_OF_A_SERVICE: Final = {"keys.json": "keys.json", "secret": "secret"}
INSTALLATION_VOLUME: Final = "installation"


def own_settings(service: str) -> str:
    """Name the map of what one service alone is told; it need not be there."""
    return f"{SETTINGS}-{service}"


def pod(
    user: str, container: Mapping[str, Any], keys: Mapping[str, str] = KEYS_OF_A_SERVICE
) -> dict[str, Any]:
    """Return a pod that runs as nobody, on a file system that it cannot write to.

    Args:
        user: Whom the brokers see.
        container: Name, command, environment and what else is its own.
        keys: What it is given of the installation's secret, and as which file.
    """
    secrets = {"kafka-ca": KAFKA_CA, "kafka": user, "store": STORE}
    return {
        "automountServiceAccountToken": False,
        # Else MOTCUA_KAFKA_BOOTSTRAP_PORT and the like come in, which are no settings of ours.
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_S,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER_ID,
            "runAsGroup": USER_ID,
            "fsGroup": USER_ID,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(user, container, (*secrets, INSTALLATION_VOLUME))],
        "volumes": list(_volumes(secrets, keys)),
    }


def _container(
    user: str, own: Mapping[str, Any], mounted: tuple[str, ...]
) -> Mapping[str, Any]:
    return {
        **own,
        "image": IMAGE,
        "env": [{"name": "MOTCUA_KAFKA_USER", "value": user}, *own["env"]],
        "envFrom": [
            {"configMapRef": {"name": SETTINGS}},
            {"configMapRef": {"name": own_settings(own["name"]), "optional": True}},
        ],
        "resources": {
            "requests": {"cpu": "250m", "memory": "256Mi"},
            "limits": {"memory": "512Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108  An empty volume.
            *(
                {"name": name, "mountPath": f"{SECRETS}/{name}", "readOnly": True}
                for name in mounted
            ),
        ],
    }


def _volumes(
    secrets: Mapping[str, str], keys: Mapping[str, str]
) -> Iterator[Mapping[str, Any]]:
    yield {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}}
    for name, secret in secrets.items():
        yield {"name": name, "secret": {"secretName": secret, "defaultMode": 0o440}}
    yield {
        "name": INSTALLATION_VOLUME,
        "secret": {
            "secretName": INSTALLATION,
            "defaultMode": 0o440,
            "items": [{"key": key, "path": path} for key, path in keys.items()],
        },
    }
