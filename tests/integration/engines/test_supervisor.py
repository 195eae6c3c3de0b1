"""The supervisor, with real engines and services small enough to misbehave on command."""

import json
import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.engines import ports
from deploy.engines.embedded import EmbeddedEngines
from deploy.engines.errors import PortTakenError, StartLateError
from deploy.errors import CommandError
from deploy.installation import AlreadyRunningError, Installation, hold, holder_of
from deploy.supervisor.overview import healthy, lines, overview
from deploy.supervisor.plan import Plan, ServiceSpec
from deploy.supervisor.supervisor import Supervisor, insist_space
from shared.web.keys import KeyRing

pytestmark = pytest.mark.connected

DUMMY = str(Path(__file__).with_name("dummy.py"))


def service(folder: Path, name: str, how: str = "") -> ServiceSpec:
    """Return a dummy service on a free port."""
    port = ports.pick()
    environ = {**os.environ, "DUMMY_FOLDER": str(folder)}
    command = (sys.executable, DUMMY, str(port), how)
    return ServiceSpec(name, command, environ, port, f"http://127.0.0.1:{port}")


def plan(
    folder: Path,
    engines: EmbeddedEngines,
    *services: ServiceSpec,
    auditor: ServiceSpec | None = None,
) -> Plan:
    """Plan an installation on engines that run already."""
    bootstrap = (engines.kafka.bootstrap,)
    return Plan(
        folder,
        services,
        kafka_bootstrap=bootstrap,
        mongo_url=engines.store.url,
        load_reference=False,
        auditor=auditor,
    )


@pytest.fixture
def started(tmp_path: Path, engines: EmbeddedEngines) -> Iterator[Supervisor]:
    """A running installation of two services."""
    specs = service(tmp_path, "intake"), service(tmp_path, "workflow")
    auditor = service(tmp_path, "auditor")
    planned = plan(tmp_path, engines, *specs, auditor=auditor)
    supervisor = Supervisor(planned, lambda _said: None)
    try:
        with hold(tmp_path):
            supervisor.start()
            yield supervisor
    finally:
        supervisor.stop()


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait a while for something that comes by itself."""
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.05)


def test_other_commands_find_what_runs(started: Supervisor, engines: EmbeddedEngines) -> None:
    """The state file says where everything is, and the keys work."""
    found = Installation.find(started.plan.data, {})

    assert found.http("intake") == started.plan.services[0].url
    assert found.kafka_bootstrap == (engines.kafka.bootstrap,)
    assert found.mongo_url == engines.store.url
    assert found.running
    ring = KeyRing(found.keys_file)
    operator, importer = ring.find(found.operator_key), ring.find(found.publisher_key("import"))
    assert operator is not None
    assert operator.role == "operator"
    assert importer is not None
    assert importer.publisher == "import"


def test_secrets_are_for_the_owner_alone(started: Supervisor) -> None:
    """The state may hold the store's password, so it counts as one."""
    data = started.plan.data
    for name in ("secret", "first-keys.txt", "operator.key", "keys/publisher-import.key"):
        assert stat.S_IMODE((data / name).stat().st_mode) == 0o600, name
    assert stat.S_IMODE((data / "state.json").stat().st_mode) == 0o600
    assert len(started.first_keys) == 4


def test_status_tells_health_lag_and_parked(started: Supervisor) -> None:
    """All well; then one service misses its store, by its own account."""
    found = Installation.find(started.plan.data, {})
    said = overview(found)
    assert healthy(said)
    assert said["services"]["intake"]["lag"] == {"a.topic": 3}
    assert said["services"]["intake"]["parked"] == 1
    assert "ready, 3 events waiting, 1 parked, " in "\n".join(lines(said))
    assert all(one["mib"] > 1 for one in (*said["services"].values(), said["auditor"]))

    missing = {"ready": False, "missing": {"store": "no answer"}}
    (started.plan.data / "missing.json").write_text(json.dumps(missing))

    said = overview(found)
    assert not healthy(said)
    assert "NOT READY (store: no answer)" in "\n".join(lines(said))


def test_status_names_what_works_only_in_part(started: Supervisor) -> None:
    """A service that is ready and impaired is named with the sentence; it is not all well."""
    found = Installation.find(started.plan.data, {})
    partly = {"ready": True, "impaired": {"kafka partitions": "one waits"}}
    (started.plan.data / "impaired.json").write_text(json.dumps(partly))
    said = overview(found)
    assert not healthy(said)
    assert all(service["ready"] for service in said["services"].values())
    assert "IMPAIRED (kafka partitions: one waits)" in "\n".join(lines(said))


@pytest.mark.parametrize("name", ["intake", "auditor"])
def test_a_service_that_dies_is_started_again(started: Supervisor, name: str) -> None:
    """Killed with -9: another process takes its place, and the state names it."""
    first = started.services[name].pid
    started.services[name].kill()

    def came_back() -> bool:
        started.tend()
        pid = started.services[name].pid
        return pid is not None and pid != first

    wait_until(came_back)
    started.wait_ready()
    state = Installation.find(started.plan.data, {}).state
    assert state.pids[name] == started.services[name].pid


def test_status_tells_what_the_last_audit_came_to(started: Supervisor) -> None:
    """Nothing yet; then what it found, which is no matter of health; then nobody answers."""
    found = Installation.find(started.plan.data, {})
    assert "the first audit is under way" in "\n".join(lines(overview(found)))

    last = {
        "expected": 3903,
        "missing": 2,
        "unexpected": 1,
        "upto": "2026-11-27T09:00:00+07:00",
    }
    (started.plan.data / "last.json").write_text(json.dumps({"last": last}))
    said = overview(found)
    assert healthy(said)
    assert "3903 rungs recounted up to 2026-11-27T09:00:00+07:00, 3 DIFFERENCES" in "\n".join(
        lines(said)
    )

    started.services["auditor"].kill()
    assert not healthy(overview(found))


def test_a_second_up_on_the_folder_is_refused(started: Supervisor) -> None:
    """One process at a time runs a folder; the sentence says which."""
    with (
        pytest.raises(AlreadyRunningError, match=f"process {os.getpid()}"),
        hold(started.plan.data),
    ):
        pytest.fail("held twice")
    assert holder_of(started.plan.data) == os.getpid()


def test_services_stop_in_order(started: Supervisor) -> None:
    """Each is asked, and says that it stopped by itself."""
    started.stop()

    stopped = (started.plan.data / "stopped").read_text().split()
    assert sorted(stopped) == sorted(str(spec.port) for spec in started.plan.processes)
    assert Installation.find(started.plan.data, {}).state.phase == "stopped"


def test_a_second_start_keeps_keys_and_secret(tmp_path: Path, engines: EmbeddedEngines) -> None:
    """What was made at the first start is never made again."""
    kept: list[tuple[str, str]] = []
    shown: list[int] = []
    for _ in range(2):
        supervisor = Supervisor(
            plan(tmp_path, engines, service(tmp_path, "intake")), lambda _said: None
        )
        try:
            supervisor.start()
        finally:
            supervisor.stop()
        kept.append(((tmp_path / "secret").read_text(), (tmp_path / "keys.json").read_text()))
        shown.append(len(supervisor.first_keys))
    assert kept[0] == kept[1]
    assert shown == [4, 0]


def test_a_taken_http_port_is_one_sentence(tmp_path: Path, engines: EmbeddedEngines) -> None:
    """Another program listens where a service was to."""
    spec = service(tmp_path, "intake")
    with socket.socket() as other:
        other.bind(("127.0.0.1", spec.port))
        other.listen()

        with pytest.raises(PortTakenError, match=f"port {spec.port}, which the service intake"):
            Supervisor(plan(tmp_path, engines, spec), lambda _said: None).start()


def test_a_wrong_setting_stops_the_start_with_its_name(
    tmp_path: Path, engines: EmbeddedEngines
) -> None:
    """What the service says on its way out is what the person reads; no restart is tried."""
    spec = service(tmp_path, "intake", "wrong-setting")
    supervisor = Supervisor(plan(tmp_path, engines, spec), lambda _said: None)
    try:
        with pytest.raises(CommandError, match="MOTCUA_DUMMY is wrong: give a number"):
            supervisor.start()
    finally:
        supervisor.stop()


def test_a_second_start_after_a_time_out_works(
    tmp_path: Path, engines: EmbeddedEngines
) -> None:
    """A service that is slow to get ready: what lacks, for how long, its log, the setting."""
    specs = service(tmp_path, "intake"), service(tmp_path, "workflow")
    missing = tmp_path / "missing.json"
    missing.write_text(json.dumps({"ready": False, "missing": {"store": "no answer"}}))
    hasty = replace(plan(tmp_path, engines, *specs), start_wait_s=0.1)
    said: list[str] = []
    first = Supervisor(hasty, said.append)
    with hold(tmp_path):
        with pytest.raises(StartLateError) as late:
            first.start()
        first.stop()
    for words in ("intake", "0.1 s", str(tmp_path / "logs" / "intake.log")):
        assert words in str(late.value)
    assert "MOTCUA_START_WAIT_S" in str(late.value)
    assert not any(process.alive for process in first.services.values())
    assert list(tmp_path.rglob("*.pid")) == []
    assert holder_of(tmp_path) is None
    assert Installation.find(tmp_path, {}).state.phase == "stopped"

    missing.unlink()
    second = Supervisor(plan(tmp_path, engines, *specs), said.append)
    with hold(tmp_path):
        try:
            second.start()
            assert Installation.find(tmp_path, {}).state.phase == "running"
        finally:
            second.stop()


def test_an_installation_brings_its_own_engines(tmp_path: Path) -> None:
    """Nothing is named, so both engines are started; one that dies comes back."""
    specs = (service(tmp_path, "intake"),)
    supervisor = Supervisor(Plan(tmp_path, specs, load_reference=False), lambda _said: None)
    try:
        supervisor.start()
        said = overview(Installation.find(tmp_path, {}))
        assert said["engines"]["kafka"]["embedded"]
        assert said["engines"]["store"]["answers"]

        supervisor.engines[0].process.kill()
        assert not overview(Installation.find(tmp_path, {}))["engines"]["store"]["answers"]

        def came_back() -> bool:
            supervisor.tend()
            return supervisor.engines[0].ready()

        wait_until(came_back)
    finally:
        supervisor.stop()
    seen = json.loads((tmp_path / f"seen-{specs[0].port}.json").read_text())
    assert seen["MOTCUA_KAFKA_BOOTSTRAP"] == Installation.find(tmp_path, {}).kafka_bootstrap[0]
    assert not any(engine.process.alive for engine in supervisor.engines)


def test_nothing_is_found_where_nothing_was_started(tmp_path: Path) -> None:
    """The sentence names the folder, the command and the variables."""
    done = subprocess.run(
        [sys.executable, "-m", "deploy.cli.main", "status", "--data", str(tmp_path / "none")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert str(tmp_path / "none") in done.stderr
    assert "motcua up" in done.stderr


def test_a_disk_without_room_is_said_before_anything_starts(tmp_path: Path) -> None:
    """No disk has an exbibyte left."""
    insist_space(tmp_path)
    with pytest.raises(CommandError, match="MiB left, and an installation needs"):
        insist_space(tmp_path, needed_bytes=2**60)
