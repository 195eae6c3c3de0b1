"""`motcua up --detach`, `status`, `down`: the whole installation, as an operator runs it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.engines import ports
from deploy.engines.process import started_at
from deploy.installation import SERVICES, SUPERVISED, holder_of
from deploy.supervisor import asking

pytestmark = [pytest.mark.connected, pytest.mark.timeout(1000)]


@dataclass
class Motcua:
    """The command line on one data folder."""

    data: Path
    port_base: int

    def run(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a command and wait for it."""
        return subprocess.run(
            [sys.executable, "-m", "deploy.cli.main", *arguments, "--data", str(self.data)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **environ},
            timeout=900,
        )

    def up(self, **environ: str) -> subprocess.CompletedProcess[str]:
        """Start it and leave it running."""
        return self.run("up", "--detach", "--http-port-base", str(self.port_base), **environ)

    def status(self) -> dict[str, Any]:
        """Return what status says, for programs."""
        said: dict[str, Any] = json.loads(self.run("status", "--json").stdout)
        return said


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Motcua]:
    """An installation that runs by itself, on engines of its own."""
    motcua = Motcua(tmp_path_factory.mktemp("up") / "data", ports.pick(row=len(SUPERVISED)))
    hasty = motcua.up(MOTCUA_START_WAIT_S="0.05")
    assert (hasty.returncode, hasty.stderr.count("\n")) == (1, 1)
    assert "within 0.05 s" in hasty.stderr
    assert "set MOTCUA_START_WAIT_S to more" in hasty.stderr
    assert ".log" in hasty.stderr
    # Nothing is left in the way of a start that has its time.
    assert holder_of(motcua.data) is None
    assert list(motcua.data.rglob("*.pid")) == []
    done = motcua.up()
    try:
        assert done.returncode == 0, done.stderr
        assert f"intake http://127.0.0.1:{motcua.port_base}" in done.stdout
        yield motcua
    finally:
        if holder_of(motcua.data) is not None:
            motcua.run("down")


def test_status_is_healthy_and_names_everything(installation: Motcua) -> None:
    """Exit code 0; addresses, process ids, versions; the figures that services tell."""
    done = installation.run("status", "--json")
    said = json.loads(done.stdout)

    assert done.returncode == 0, said
    assert said["phase"] == "running"
    assert said["engines"]["kafka"]["version"] == "4.4.0"
    assert all(engine["pid"] > 0 for engine in said["engines"].values())
    assert set(said["services"]) == set(SERVICES)
    assert said["auditor"]["ready"]
    assert said["auditor"]["url"].endswith(f":{installation.port_base + len(SERVICES)}")
    for service in said["services"].values():
        assert service["ready"], service
        assert service["parked"] == 0


def test_the_auditor_recounts_by_itself(installation: Motcua) -> None:
    """A province in which nothing has happened yet reads 0, and is measured."""
    until = time.monotonic() + 60
    while (last := installation.status()["auditor"]["last"]) is None:
        assert time.monotonic() < until, "no audit was made"
        time.sleep(0.5)
    assert (last["missing"], last["unexpected"]) == (0, 0)
    url = installation.status()["auditor"]["url"]
    assert "motcua_audit_subjects" in asking.get(f"{url}/metrics").decode()


def test_other_commands_work_on_it(installation: Motcua) -> None:
    """They find addresses and keys in the data folder."""
    assert "topics are as the contract says" in installation.run("topics", "check").stdout
    added = installation.run("topics", "add-publisher", "hospital")
    assert "created motcua.inbound.hospital.v1" in added.stdout
    again = installation.run("topics", "add-publisher", "hospital", "--numbers-for", "06112")
    assert "kept motcua.inbound.hospital.v1\n" in again.stdout
    assert "hospital now numbers for 06112" in again.stdout
    unknown = installation.run("numbering", "add", "hospital", "99999")
    assert unknown.returncode == 1
    assert "/numbers_for" in unknown.stderr
    assert "hospital" in installation.run("numbering", "list").stdout
    gone = installation.run("topics", "retire-publisher", "hospital", "--yes")
    assert "1 rights to number removed" in gone.stdout, gone.stderr
    assert "hospital" not in installation.run("numbering", "list").stdout
    refused = installation.run("topics", "add-publisher", "Not A Name")
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1


def test_a_second_up_is_refused_in_one_sentence(installation: Motcua) -> None:
    """The sentence names the process that runs it."""
    done = installation.up()

    assert done.returncode == 1
    assert f"process {holder_of(installation.data)}" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_taken_port_is_one_sentence(installation: Motcua, tmp_path: Path) -> None:
    """Another folder, the same ports: nothing is started for it."""
    other = Motcua(tmp_path / "other", installation.port_base)

    done = other.up()

    assert done.returncode == 1
    assert f"port {installation.port_base}" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (other.data / "engines").exists()


def test_a_service_that_is_killed_comes_back(installation: Motcua) -> None:
    """kill -9 of one process: the supervisor starts it again, and it is ready."""  # noqa: D403
    pid = installation.status()["services"]["workflow"]["pid"]
    os.kill(pid, signal.SIGKILL)

    until = time.monotonic() + 60
    while time.monotonic() < until:
        service = installation.status()["services"]["workflow"]
        if service["ready"] and service["pid"] != pid:
            return
        time.sleep(0.5)
    pytest.fail("it did not come back")


def test_nothing_outlives_a_supervisor_that_is_killed(installation: Motcua) -> None:
    """kill -9 of the supervisor: all its children end, and a new start finds the data."""  # noqa: D403
    before = installation.status()
    pids = [
        *(engine["pid"] for engine in before["engines"].values()),
        *(service["pid"] for service in before["services"].values()),
        before["auditor"]["pid"],
    ]
    supervisor = holder_of(installation.data)
    assert supervisor is not None
    os.kill(supervisor, signal.SIGKILL)

    until = time.monotonic() + 20
    # What has ended may still stand in /proc, for as long as nobody collects it.
    while any(started_at(pid) is not None for pid in pids) and time.monotonic() < until:
        time.sleep(0.1)
    assert [pid for pid in pids if started_at(pid) is not None] == []

    assert installation.run("status").returncode == 1
    again = installation.up()
    assert again.returncode == 0, again.stderr
    assert "created" not in again.stdout, "the topics are there already"
    assert "rows loaded" not in again.stdout, "the reference data are there already"
    assert installation.run("status").returncode == 0


def test_down_stops_everything_and_keeps_the_data(installation: Motcua) -> None:
    """Exit code 0, ports free, a second `down` says that nothing runs."""
    done = installation.run("down")

    assert done.returncode == 0, done.stderr
    assert holder_of(installation.data) is None
    assert ports.is_free(installation.port_base)
    again = installation.run("down")
    assert again.returncode == 1
    assert "nothing runs" in again.stderr
    assert (installation.data / "secret").exists()


def test_a_wrong_setting_is_said_at_the_terminal(tmp_path: Path) -> None:
    """Exit code 2 and the name, before anything starts; detached or not."""
    motcua = Motcua(tmp_path / "data", ports.pick(row=len(SUPERVISED)))
    for detach in ((), ("--detach",)):
        done = motcua.run("up", *detach, MOTCUA_LOG_LEVL="debug")
        assert done.returncode == 2
        assert done.stderr == (
            "motcua: MOTCUA_LOG_LEVL is no setting of motcua: remove it or mend its name\n"
        )


def test_artefacts_that_cannot_be_fetched_are_one_sentence(tmp_path: Path) -> None:
    """An empty cache and no repository: how to get on is in the sentence."""
    motcua = Motcua(tmp_path / "data", ports.pick(row=len(SUPERVISED)))

    done = motcua.run(
        "up",
        "--http-port-base",
        str(motcua.port_base),
        MOTCUA_CACHE_DIR=str(tmp_path / "cache"),
        MOTCUA_MAVEN_URL="http://127.0.0.1:9/maven2",
    )

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "MOTCUA_KAFKA_BOOTSTRAP" in done.stderr
