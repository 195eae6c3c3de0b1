"""A service as a process: it starts, says why it cannot, and stops in order."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

PROGRAMME = (
    "import sys\n"
    "from shared.ops.run import run_service\n"
    "from tests.unit.web.service import ExampleSettings, build\n"
    "sys.exit(run_service(ExampleSettings, build))\n"
)
START_SECONDS_MAX = 30.0


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Give the environment of a process that starts well."""
    (tmp_path / "secret").write_bytes(b"s" * 32)
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("MOTCUA_")},
        "PYTHONPATH": str(Path(__file__).parents[3]),
        "MOTCUA_KEYS_FILE": str(tmp_path / "keys.json"),
        "MOTCUA_SECRET_FILE": str(tmp_path / "secret"),
        "MOTCUA_HTTP_PORT": str(_free_port()),
        "EXAMPLE_STOPPED_FILE": str(tmp_path / "stopped"),
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _start(environment: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAMME],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def running(environment: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """Start the service and wait until it lives."""
    process = _start(environment)
    address = f"http://127.0.0.1:{environment['MOTCUA_HTTP_PORT']}/livez"
    until = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx2.get(address).is_success:
                break
        except httpx2.TransportError:
            time.sleep(0.05)
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_in_order(
    running: "subprocess.Popen[str]", environment: dict[str, str], number: signal.Signals
) -> None:
    """A signal stops it in order."""
    running.send_signal(number)
    output, errors = running.communicate(timeout=20)
    assert running.returncode == 0
    assert Path(environment["EXAMPLE_STOPPED_FILE"]).read_text() == "stopped in order"
    assert errors == ""
    lines = [json.loads(line) for line in output.splitlines()]
    assert lines[-1]["event"] == "stopped"
    assert {line["service"] for line in lines} == {"example"}


def test_a_taken_port_is_one_sentence(environment: dict[str, str]) -> None:
    """A taken port is one sentence."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = _start(environment | {"MOTCUA_HTTP_PORT": str(port)})
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 3
    assert errors.count("\n") == 1
    assert f"Port {port} on 127.0.0.1 is taken" in errors
    assert "MOTCUA_HTTP_PORT" in errors


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("MOTCUA_HTTP_PORT", "eighty", "MOTCUA_HTTP_PORT is wrong"),
        ("MOTCUA_HTTP_POTR", "8710", "did you mean MOTCUA_HTTP_PORT"),
        ("MOTCUA_SECRET_FILE", "/nowhere", "MOTCUA_SECRET_FILE names /nowhere"),
        ("MOTCUA_KEYS_FILE", "/", "MOTCUA_KEYS_FILE is wrong"),
    ],
)
def test_a_wrong_setting_is_one_sentence(
    environment: dict[str, str], name: str, value: str, said: str
) -> None:
    """A wrong setting is one sentence."""
    process = _start(environment | {name: value})
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 2
    assert errors.count("\n") == 1
    assert said in errors
    assert output == ""
