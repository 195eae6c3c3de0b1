"""The manifests: what the code says today, valid, and complete in themselves."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from deploy.acls import user_of_service
from deploy.installation import AUDITOR, SERVICES, Installation
from deploy.kubernetes.__main__ import BASE, manifests
from deploy.kubernetes.pods import SECRETS, own_settings
from deploy.supervisor.plan import settings_class
from deploy.topics import wanted
from shared.events.topics import GROUPS, replay
from shared.ops.settings import COMMAND_LINE_ONLY, variables_of

KUBERNETES = "1.31"
OF_OPERATORS = {
    "kafka.strimzi.io/v1",
    "keda.sh/v1alpha1",
    "monitoring.coreos.com/v1",
    "kustomize.config.k8s.io/v1beta1",
}
MADE_BY_STRIMZI = {"motcua-cluster-ca-cert"}
PROMETHEUS = BASE.parents[1] / "prometheus" / "prometheus.yml"
OVERLAY = BASE.parent / "overlays" / "example" / "kustomization.yaml"


def documents() -> list[dict[str, Any]]:
    """Every manifest of the base."""
    return [
        one
        for path in sorted(BASE.glob("*.yaml"))
        for one in yaml.safe_load_all(path.read_text(encoding="utf-8"))
    ]


def pods() -> Iterator[Mapping[str, Any]]:
    """The pod of every workload and job."""
    for one in documents():
        if one["kind"] in {"Deployment", "StatefulSet", "Job"}:
            yield one["spec"]["template"]["spec"]


def test_the_files_are_what_the_code_writes() -> None:
    """`python -m deploy.kubernetes` would change nothing."""
    found = {path.name: path.read_text(encoding="utf-8") for path in BASE.glob("*.yaml")}

    assert found == manifests()


@pytest.mark.parametrize(
    "document",
    [one for one in documents() if one["apiVersion"] not in OF_OPERATORS],
    ids=lambda one: f"{one['kind']}-{one['metadata']['name']}",
)
def test_kubernetes_own_schemas_accept_it(document: dict[str, Any]) -> None:
    """Strictly: a field that it does not know is an error."""
    kubernetes_validate.validate(document, KUBERNETES, strict=True)


def test_a_wrong_field_would_be_seen() -> None:
    """The check above can fail."""
    wrong = next(one for one in documents() if one["kind"] == "Deployment")
    wrong["spec"]["replica"] = 2

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES, strict=True)


def test_every_topic_of_the_contract_is_there_with_its_settings() -> None:
    """The same partitions and configuration as `motcua topics check` insists on."""
    found = {
        one["metadata"]["name"]: one["spec"] for one in documents() if _is(one, "KafkaTopic")
    }

    for topic in (*wanted(), *map(replay, GROUPS)):
        spec = found.pop(topic.name)
        assert spec["partitions"] == topic.partitions
        assert spec["config"].items() >= topic.config.items()
    assert not found


def test_each_service_comes_in_as_itself_and_each_user_exists() -> None:
    """Name and password are of one user; nobody borrows another's."""
    users = {one["metadata"]["name"] for one in documents() if _is(one, "KafkaUser")}
    for pod in pods():
        (container,) = pod["containers"]
        user = next(e["value"] for e in container["env"] if e["name"] == "MOTCUA_KAFKA_USER")
        volumes = {one["name"]: one for one in pod["volumes"]}
        assert volumes["kafka"]["secret"]["secretName"] == user
        assert user in users
        if container["name"] in SERVICES:
            assert user == user_of_service(container["name"])


def test_every_variable_is_one_that_the_service_knows() -> None:
    """What a service does not know stops its start."""
    config = next(one for one in documents() if one["kind"] == "ConfigMap")
    for pod in pods():
        (container,) = pod["containers"]
        name = container["name"]
        known = variables_of(settings_class(name if name in SERVICES else "intake"))
        given = {*config["data"], *(one["name"] for one in container["env"])}
        assert pod["enableServiceLinks"] is False, "links bring variables of their own"
        outside = {"MOTCUA_INTAKE_URL"} if name not in SERVICES else set()
        assert given - known - COMMAND_LINE_ONLY - outside == set()


def test_what_runs_beside_the_services_finds_brokers_and_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job and the auditor read their settings as the command line does."""
    config = next(one for one in documents() if one["kind"] == "ConfigMap")["data"]
    url = "mongodb://motcua:secret@mongo-0.mongo:27017/?replicaSet=rs0"
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "url").write_text(f"{url}\n", encoding="utf-8")
    beside = [one["containers"][0] for one in pods()]
    beside = [one for one in beside if one["name"] not in SERVICES]

    assert {one["name"] for one in beside} == {"reference", AUDITOR}
    for container in beside:
        given = {**config, **{one["name"]: one["value"] for one in container["env"]}}
        with monkeypatch.context() as environment:
            for name, value in given.items():
                environment.setenv(name, value.replace(SECRETS, str(tmp_path)))
            installation = Installation.find(None)
            assert installation.mongo_url == url
            assert installation.kafka_bootstrap == (config["MOTCUA_KAFKA_BOOTSTRAP"],)


def test_prometheus_is_told_of_everything_that_runs() -> None:
    """By the same jobs and names as in compose, so that rules and boards hold for both."""
    monitors = [one for one in documents() if _is(one, "ServiceMonitor")]
    labels = [
        {label["targetLabel"]: label["replacement"] for label in endpoint["relabelings"]}
        for one in monitors
        for endpoint in one["spec"]["endpoints"]
    ]
    compose = yaml.safe_load(PROMETHEUS.read_text(encoding="utf-8"))["scrape_configs"]
    assert sorted(labels, key=str) == sorted(
        (
            {"job": job["job_name"], "service": each["labels"]["service"]}
            for job in compose
            for each in job["static_configs"]
            if "labels" in each
        ),
        key=str,
    )


def test_every_secret_is_named_in_the_readme() -> None:
    """Whoever installs it learns what to make, with all its keys."""
    readme = (BASE.parent / "README.md").read_text(encoding="utf-8")
    for pod in pods():
        for volume in pod["volumes"]:
            secret = volume.get("secret")
            if secret is None:
                continue
            assert f"`{secret['secretName']}`" in readme
            for item in secret.get("items", []):
                assert f"`{item['key']}`" in readme


def test_every_pod_runs_as_nobody() -> None:
    """No privilege, no writable root, no token of the cluster."""
    for pod in pods():
        assert pod["securityContext"]["runAsNonRoot"]
        assert not pod["automountServiceAccountToken"]
        for container in pod["containers"]:
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"]
            assert not context["allowPrivilegeEscalation"]
            assert context["capabilities"] == {"drop": ["ALL"]}


def test_what_time_brings_about_goes_on_when_no_event_comes() -> None:
    """Scaling never takes the last replica away, nor gives more than can have partitions."""
    scaled = [one["spec"] for one in documents() if _is(one, "ScaledObject")]

    assert {one["scaleTargetRef"]["name"] for one in scaled} == {"workflow", "notifications"}
    assert all(1 <= one["minReplicaCount"] <= one["maxReplicaCount"] <= 12 for one in scaled)


def test_the_overlay_tells_each_service_what_it_knows() -> None:
    """Its base exists, and its settings are those of the services that they are for."""
    overlay = yaml.safe_load(OVERLAY.read_text(encoding="utf-8"))
    base, settings = ((OVERLAY.parent / one).resolve() for one in overlay["resources"])

    assert base == BASE
    for one in yaml.safe_load_all(settings.read_text(encoding="utf-8")):
        kubernetes_validate.validate(one, KUBERNETES, strict=True)
        (service,) = [
            name for name in SERVICES if own_settings(name) == one["metadata"]["name"]
        ]
        assert one["data"].keys() <= variables_of(settings_class(service))


def _is(document: Mapping[str, Any], kind: str) -> bool:
    return bool(document["kind"] == kind)
