"""Ports, and what holds them: the dying programs of a run that was killed, or strangers."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.engines import ports
from deploy.engines.errors import EngineError, PortTakenError
from deploy.engines.process import ChildProcess, started_at

#: Listens, says where, then ends its first thread alone, as a kill may for a moment.
HEADLESS = """
import ctypes, socket, threading, time
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
threading.Thread(target=time.sleep, args=(600,)).start()
ctypes.CDLL(None).pthread_exit(None)
"""
WAIT_S = 10.0


@contextmanager
def headless() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run a program whose first thread is gone while another one holds a port."""
    with subprocess.Popen(
        [sys.executable, "-c", HEADLESS], stdout=subprocess.PIPE, text=True
    ) as program:
        try:
            assert program.stdout is not None
            port = int(program.stdout.readline())
            until = time.monotonic() + WAIT_S
            while state(program.pid) != "Z":
                assert time.monotonic() < until, "its first thread does not end"
                time.sleep(0.01)
            yield program, port
        finally:
            program.kill()


def state(pid: int) -> str:
    """Return the letter that the kernel gives to a process, which is its first thread's."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    return stat.rpartition(")")[2].split()[0]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_leftover_is_ended_though_its_first_thread_is_gone(tmp_path: Path) -> None:
    """The others still hold the port: it is not free before they are gone too."""
    with headless() as (program, port):
        started = started_at(program.pid)
        assert started is not None
        assert not ports.is_free(port)
        (tmp_path / "leftover.pid").write_text(f"{program.pid}\n", encoding="ascii")
        beside = tmp_path / "leftover.pid-started"
        beside.write_text(f"{started + 1}\n", encoding="ascii")
        ChildProcess("leftover", ("none",), tmp_path).end_leftover()
        assert not ports.is_free(port), "another process has that number by now"
        beside.write_text(f"{started}\n", encoding="ascii")

        ChildProcess("leftover", ("none",), tmp_path).end_leftover()

        assert ports.is_free(port)


def test_a_process_that_is_not_there_runs_not() -> None:
    """One that ended and was collected has no start."""
    with subprocess.Popen([sys.executable, "-c", ""]) as program:
        program.wait()
    assert started_at(program.pid) is None


def test_ports_in_a_row_avoid_each_one_that_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a program holds it or it is promised to one; too many are refused."""
    first = ports.pick(row=8)
    monkeypatch.setattr(ports, "FIRST_PORT", first)
    monkeypatch.setattr(ports, "LAST_PORT", first + 7)
    with socket.create_server((ports.HOST, first + 1)):
        assert ports.pick([first + 5], row=3) == first + 2
        with pytest.raises(EngineError, match="no 7 free ports in a row"):
            ports.pick(row=7)


def test_a_port_that_is_being_released_is_waited_for() -> None:
    """Whoever holds it is about to let go."""
    with socket.create_server(("127.0.0.1", 0)) as holding:
        port = holding.getsockname()[1]
        release = threading.Timer(ports.POLL_S * 2, holding.close)
        release.start()
        ports.insist(port, "the embedded kafka", "nothing", wait_s=WAIT_S)
        release.join()
    assert ports.is_free(port)


def test_a_port_that_another_program_keeps_is_said_in_one_sentence() -> None:
    """The patience has an end, and the sentence says what to do."""
    with socket.create_server(("127.0.0.1", 0)) as holding:
        port = holding.getsockname()[1]
        with pytest.raises(PortTakenError) as refused:
            ports.insist(port, "the embedded kafka", "stop that program", wait_s=0.0)
    sentence = f"port {port}, which the embedded kafka was to have, is taken by another program"
    assert str(refused.value) == f"{sentence}: stop that program"
