"""A child process that never outlives us, and that is ended by its id and nothing else.

Its id is kept in a file beside its log, with the moment the kernel started it: a leftover
of a run that ended badly is recognised by both, so no other program is ever taken for it.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from deploy.engines.errors import EngineError

LAUNCHER: Final = Path(__file__).with_name("launch.py")
LOG_BYTES_MAX: Final = 32 * 1024 * 1024
LOG_TAIL_LINES: Final = 5
KILL_WAIT_S: Final = 10.0
POLL_S: Final = 0.02
START_TIME_FIELD: Final = 21 - 2  # proc(5): field 22, counted after the name's bracket.
ENDED: Final = ("Z", "X")  # proc(5): waits to be collected, or is being so.


@cache
def _starter() -> ThreadPoolExecutor:
    """Return the one thread that starts children.

    The kernel ties a child to the *thread* that started it, so that must be one which
    lives as long as this process does, whatever thread asks.
    """
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="starts-children")


@dataclass(slots=True)
class ChildProcess:
    """One program with its log and its pid file, in the folder `folder`.

    The pid file holds one number, as other tools read it. When the process started stands in
    a file beside it: the kernel gives a number again, and a stranger must not be ended.
    """

    name: str
    command: Sequence[str]
    folder: Path
    environ: Mapping[str, str] | None = None  # None: ours.
    stop_signal: signal.Signals = signal.SIGTERM
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        """The file that takes what the program prints."""
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        """The process id, or None when it does not run."""
        return self._process.pid if self._process is not None and self.alive else None

    @property
    def alive(self) -> bool:
        """Whether the program runs now."""
        return self._process is not None and self._process.poll() is None

    @property
    def returncode(self) -> int | None:
        """How the last run ended, or None while it runs."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """Start the program; what an earlier run left behind is ended first."""
        assert not self.alive, f"{self.name} runs already"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.end_leftover()
        self.trim_log()
        self._process = _starter().submit(self._spawn).result()
        started = started_at(self._process.pid)
        if started is not None:
            self._started_file.write_text(f"{started}\n", encoding="ascii")
            self._pid_file.write_text(f"{self._process.pid}\n", encoding="ascii")

    def _spawn(self) -> subprocess.Popen[bytes]:
        launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid())]
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603  Our own commands.
                [*launcher, *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=None if self.environ is None else dict(self.environ),
                start_new_session=True,  # Ctrl-C is for us, who stop things in their order.
            )

    def stop(self, wait_s: float) -> None:
        """Ask the program to stop, and end it when it has not within `wait_s` seconds."""
        if self._process is None:
            return
        if self.alive:
            self._process.send_signal(self.stop_signal)
            try:
                self._process.wait(wait_s)
            except subprocess.TimeoutExpired:
                self.kill()
        self._pid_file.unlink(missing_ok=True)
        self._started_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """End the program at once, as a crash would."""
        if self._process is not None and self.alive:
            self._process.kill()
            self._process.wait(KILL_WAIT_S)

    def signal(self, number: signal.Signals) -> None:
        """Send the program a signal, if it runs."""
        if self._process is not None and self.alive:
            self._process.send_signal(number)

    def trim_log(self, bytes_max: int = LOG_BYTES_MAX) -> None:
        """Set a long log aside, in place of the one set aside before, and begin anew.

        The program appends, so it goes on at the new beginning; what it prints between the
        copy and the cut is lost, and no more.
        """
        if self.log.exists() and self.log.stat().st_size > bytes_max:
            shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
            os.truncate(self.log, 0)

    def last_words(self) -> str:
        """Return the end of the log, for a message that says why it stopped."""
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return " / ".join(line.strip() for line in lines[-LOG_TAIL_LINES:] if line.strip())

    @property
    def _pid_file(self) -> Path:
        return self.folder / f"{self.name}.pid"

    @property
    def _started_file(self) -> Path:
        return self.folder / f"{self.name}.pid-started"

    def end_leftover(self) -> None:
        """End what a run left behind that could not stop its children.

        Raises:
            EngineError: it does not end.
        """
        try:
            pid = int(self._pid_file.read_text(encoding="ascii"))
            started = int(self._started_file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return
        if started_at(pid) != started:
            return  # The number belongs to nobody, or to somebody else by now.
        with contextlib.suppress(ProcessLookupError):  # It was dying already.
            os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + KILL_WAIT_S
        while started_at(pid) == started:
            if time.monotonic() > until:
                raise EngineError(
                    f"{self.name} of an earlier run (process {pid}) could not be ended"
                )
            time.sleep(POLL_S)


def started_at(pid: int) -> int | None:
    """Return when the kernel started a process, in its ticks; None when it does not run.

    It runs as long as any of its threads does: the first one of a program that was killed may
    be gone while others still hold its ports and files.
    """
    process = Path(f"/proc/{pid}")
    started = _stat(process)
    if started is None or not any(_runs(thread) for thread in _threads(process)):
        return None
    return int(started[START_TIME_FIELD])


def _threads(process: Path) -> list[Path]:
    try:
        return list((process / "task").iterdir())
    except OSError:
        return []


def _runs(thread: Path) -> bool:
    stat = _stat(thread)
    return stat is not None and stat[0] not in ENDED


def _stat(process: Path) -> list[str] | None:
    """Return what the kernel says of a process or thread after its name: state, parent, …."""
    try:
        stat = (process / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return stat.rpartition(")")[2].split()
