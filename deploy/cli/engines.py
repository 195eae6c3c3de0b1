"""`motcua up`, `down` and `status`: run an installation on this machine."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Annotated, Final, NoReturn, TextIO

import typer

from deploy.durability import MinInsyncOption, ReplicationOption, stated
from deploy.engines.waiting import Wait
from deploy.errors import CommandError
from deploy.installation import (
    HTTP_PORT_BASE,
    PRIVATE_FOLDER,
    DataOption,
    Installation,
    NoInstallationError,
    State,
    data_folder,
    hold,
    holder_of,
    read_state,
)
from deploy.supervisor.first_start import FIRST_KEYS, prepare_secrets
from deploy.supervisor.overview import healthy, lines, overview
from deploy.supervisor.plan import plan_for
from deploy.supervisor.supervisor import Supervisor
from deploy.topics import provision

WATCH_S: Final = 0.5
START_STEPS: Final = 6
"""Kafka's folder, store, broker, topics, services, reference data: each takes its own time."""
DOWN_WAIT_S: Final = 90.0
POLL_S: Final = 0.1
LOG: Final = "motcua.log"
ERROR_PREFIX: Final = "motcua: "


class StopAskedError(BaseException):
    """Somebody asked for the end, by Ctrl-C or `motcua down`; ends any wait at once."""


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("up")(up)
    app.command("down")(down)
    app.command("status")(status)
    app.command("prepare")(prepare)


def up(
    *,
    data: DataOption = None,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Leave it running and return.")
    ] = False,
    http_port_base: Annotated[
        int | None,
        typer.Option(
            help="The first of five HTTP ports.",
            show_default=f"as last time, or {HTTP_PORT_BASE}",
        ),
    ] = None,
) -> None:
    """Start the four services, their auditor and the engines they need, on a data folder.

    Each step may take MOTCUA_START_WAIT_S seconds; raise it on a slow machine.
    """
    folder = data_folder(data)
    if detach:
        _up_detached(folder, http_port_base)
        return
    signal.signal(signal.SIGTERM, _ask_to_stop)
    signal.signal(signal.SIGINT, _ask_to_stop)
    with hold(folder):
        supervisor = Supervisor(plan_for(folder, http_port_base), _say)
        try:
            supervisor.start()
            if sys.stdout.isatty():  # A log must not hold them.
                _say("\n".join(supervisor.first_keys))
            _say(f"running on {folder}; Ctrl-C or `motcua down` stops it")
            while True:
                supervisor.tend()
                time.sleep(WATCH_S)
        except StopAskedError:
            _say("stopping")
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            supervisor.stop()
    _say("stopped")


def down(*, data: DataOption = None) -> None:
    """Stop the installation that runs on a data folder; the data stay."""
    folder = data_folder(data)
    pid = holder_of(folder)
    if pid is None:
        raise NoInstallationError(f"nothing runs in {folder}")
    _signal(pid)
    until = time.monotonic() + DOWN_WAIT_S
    while holder_of(folder) == pid:
        if time.monotonic() > until:
            raise CommandError(
                f"process {pid} has not stopped after {DOWN_WAIT_S:.0f} s; see {folder / LOG}"
            )
        time.sleep(POLL_S)
    _say("stopped")


def status(
    *,
    data: DataOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say where everything is and how it is; exit with 0 only when all is well."""
    said = overview(Installation.find(data))
    if as_json:
        typer.echo(json.dumps(said, indent=2, ensure_ascii=False))
    else:
        for line in lines(said):
            typer.echo(line)
    if not healthy(said):
        raise typer.Exit(1)


def prepare(
    *,
    data: DataOption = None,
    operator_key_to: Annotated[
        Path | None,
        typer.Option(help="Also write the operator's key here, for Prometheus to read."),
    ] = None,
    topics: Annotated[
        bool, typer.Option(help="Make the topics too; Strimzi makes them from its manifests.")
    ] = True,
    replication: ReplicationOption = None,
    min_insync: MinInsyncOption = None,
) -> None:
    """Make secret, first keys and topics, for services that something else starts.

    Containers and clusters run it before the services; again, it makes only what is missing.
    """
    folder = data_folder(data)
    durability = stated(replication, min_insync)
    if topics:
        installation = Installation.find(folder)
        done = asyncio.run(
            provision(installation.kafka, durability=installation.durability(durability))
        )
        _say(f"topics: {len(done.created)} created")
        for sentence in done.left_alone():
            _say(f"topics: {sentence}")
    else:
        folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    with hold(folder):
        first_keys = prepare_secrets(folder)
    if operator_key_to is not None:
        operator_key_to.write_text((folder / "operator.key").read_text("ascii"), "ascii")
    _say(
        f"keys: {len(first_keys)} made, in {folder / FIRST_KEYS}"
        if first_keys
        else "keys: kept"
    )


def _up_detached(folder: Path, http_port_base: int | None) -> None:
    """Start the same command as a process of its own, and wait until it is ready."""
    with hold(folder):
        plan = plan_for(folder, http_port_base)  # A wrong setting is reported at the terminal.
    first_time = not (folder / FIRST_KEYS).exists()
    command = [sys.executable, "-m", "deploy.cli.main", "up", "--data", str(folder)]
    if http_port_base is not None:
        command += ["--http-port-base", str(http_port_base)]
    log = folder / LOG
    with log.open("ab") as out:
        said_from = out.tell()
        process = subprocess.Popen(  # noqa: S603  Our own command.
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    # The process ends by itself, with a sentence, when one step takes too long; this limit is
    # for one that does not.
    wait = Wait("the installation", log, START_STEPS * plan.start_wait_s + DOWN_WAIT_S)
    with log.open(encoding="utf-8", errors="replace") as written:
        written.seek(said_from)
        while not _runs(folder, process.pid):
            _show(written)
            if process.poll() is not None:
                raise CommandError(_last_sentence(log, said_from))
            try:
                wait.check()
            except BaseException:
                _end(process)
                raise
            time.sleep(POLL_S)
        _show(written)
    if first_time and sys.stdout.isatty():
        _say((folder / FIRST_KEYS).read_text(encoding="utf-8").rstrip())


def _show(written: TextIO) -> None:
    """Show what the process has written since; why it ended is for our own last sentence."""
    for line in written:
        if not line.startswith(ERROR_PREFIX):
            sys.stdout.write(line)
    sys.stdout.flush()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop an installation and return when it holds its folder no more.

    One that does not stop in time is killed, and its children end with it.
    """
    process.terminate()
    try:
        process.wait(DOWN_WAIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _runs(folder: Path, pid: int) -> bool:
    """Return whether the process has brought the installation up."""
    if holder_of(folder) != pid:
        return False
    state = _state(folder)
    return state is not None and state.supervisor == pid and state.phase == "running"


def _state(folder: Path) -> State | None:
    try:
        return read_state(folder)
    except FileNotFoundError:
        return None


def _last_sentence(log: Path, said_from: int) -> str:
    with log.open(encoding="utf-8", errors="replace") as written:
        written.seek(said_from)
        said = [line.strip() for line in written if line.strip()]
    return said[-1].removeprefix(ERROR_PREFIX) if said else f"it did not start; see {log}"


def _signal(pid: int) -> None:
    os.kill(pid, signal.SIGTERM)


def _ask_to_stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise StopAskedError


def _say(sentence: str) -> None:
    typer.echo(sentence)
    sys.stdout.flush()
