"""docker-compose.yml, checked by the real `docker-compose` and against what we build."""

import re
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.installation import HTTP_PORT_BASE, SERVICES
from deploy.supervisor.plan import settings_class
from shared.ops.settings import variables_of

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(sysconfig.get_path("scripts"))
OURS = ("prepare", "reference", *SERVICES)
RUN_BY_US = (*OURS, "auditor", "load")
ENGINES = {"kafka", "mongo"}
OBSERVABILITY = {"prometheus", "alertmanager", "grafana"}


def compose(*arguments: str) -> str:
    """Run the real docker-compose; it needs no Docker to read a file."""
    done = subprocess.run(
        [SCRIPTS / "docker-compose", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr.lower(), done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    """Every service of every profile, as docker-compose understands the file."""
    known = ("core", "full", "observability", "load")
    profiles = [word for name in known for word in ("--profile", name)]
    parsed: dict[str, dict[str, Any]] = yaml.safe_load(compose(*profiles, "config"))
    return parsed["services"]


@pytest.mark.parametrize("profile", ["core", "full", "observability", "load"])
def test_docker_compose_accepts_every_profile(profile: str) -> None:
    """The real program reads it without a word."""
    assert compose("--profile", profile, "config", "-q") == ""


def test_the_file_follows_the_published_schema() -> None:
    """The compose specification's own schema."""
    done = subprocess.run(
        [
            SCRIPTS / "check-jsonschema",
            *("--builtin-schema", "vendor.compose-spec"),
            ROOT / "docker-compose.yml",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_plain_up_starts_everything_but_the_load() -> None:
    """No profile named: what `.env` says."""
    plain = set(compose("config", "--services").split())

    assert plain >= {*OURS, *ENGINES, *OBSERVABILITY, "mail"}
    assert plain == set(compose("--profile", "full", "config", "--services").split())


def test_core_is_the_engines_and_what_is_ours() -> None:
    """Nothing that only watches."""
    core = set(compose("--profile", "core", "config", "--services").split())

    assert core == {*OURS, *ENGINES}


@pytest.mark.parametrize("name", RUN_BY_US)
def test_what_is_ours_runs_as_nobody_on_a_file_system_it_cannot_write(
    services: dict[str, dict[str, Any]], name: str
) -> None:
    """A fixed user, no capability, a read-only root."""
    service = services[name]

    assert service["user"] == "10001:10001"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_gets_only_settings_it_knows(
    services: dict[str, dict[str, Any]], name: str
) -> None:
    """An unknown one would stop its start."""
    given = set(services[name]["environment"])

    assert given <= variables_of(settings_class(name))
    port = str(HTTP_PORT_BASE + SERVICES.index(name))
    assert services[name]["environment"]["MOTCUA_HTTP_PORT"] == port
    assert port in services[name]["healthcheck"]["test"]
    assert services[name]["command"][-1] == f"services.{name}.main"
    assert services[name]["stop_grace_period"] == "30s"


def test_secrets_stand_in_files_and_only_their_maker_can_write_them(
    services: dict[str, dict[str, Any]],
) -> None:
    """No variable holds one; the services' view of the folder is read-only."""
    for name in SERVICES:
        environment = services[name]["environment"]
        assert environment["MOTCUA_SECRET_FILE"].startswith("/var/lib/motcua/")
        mounts = {one["target"]: one for one in services[name]["volumes"]}
        assert mounts["/var/lib/motcua"]["read_only"] is True
    mounts = {one["target"]: one for one in services["prepare"]["volumes"]}
    assert "read_only" not in mounts["/var/lib/motcua"]


def test_every_port_is_for_this_machine_alone(services: dict[str, dict[str, Any]]) -> None:
    """Who wants more puts a proxy with TLS in front."""
    for name, service in services.items():
        for port in service.get("ports", ()):
            assert port["host_ip"] == "127.0.0.1", name


def test_every_image_that_is_not_ours_has_a_fixed_tag(
    services: dict[str, dict[str, Any]],
) -> None:
    """`latest` is another program every week."""
    for name, service in services.items():
        if name not in RUN_BY_US and not service["image"].startswith("motcua:"):
            assert re.search(r":v?\d+\.\d+", service["image"]), name


def test_every_file_that_is_mounted_is_there(services: dict[str, dict[str, Any]]) -> None:
    """Docker would make an empty folder in the place of a missing file."""
    for name, service in services.items():
        for mount in service.get("volumes", ()):
            if mount["type"] == "bind":
                assert Path(mount["source"]).exists(), f"{name}: {mount['source']}"


def test_the_image_is_built_from_the_lock() -> None:
    """With hashes, without building anything, and not as root."""
    dockerfile = (ROOT / "deploy" / "docker" / "Dockerfile").read_text(encoding="utf-8")

    assert "--require-hashes --only-binary :all: -r /tmp/runtime.txt" in dockerfile
    assert "COPY requirements/runtime.txt /tmp/runtime.txt" in dockerfile
    assert re.search(r"^USER 10001:10001$", dockerfile, re.MULTILINE)
    assert ":latest" not in dockerfile
