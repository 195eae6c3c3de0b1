"""An installation: one data folder, and where everything that runs on it is found.

`motcua up` writes `state.json` into the folder; every other command reads it. On clusters,
where nothing of ours starts the services, the environment says the same.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Final, Self

import typer

from deploy.durability import ALONE, Durability
from deploy.errors import CommandError
from shared.kafka.cluster import Cluster
from shared.ops.settings import KafkaSettings, load, secret_in_file

SERVICES: Final = ("intake", "workflow", "notifications", "reporting")
AUDITOR: Final = "auditor"
SUPERVISED: Final = (*SERVICES, AUDITOR)
"""What `motcua up` keeps running beside the engines, in the order of its ports."""
HTTP_PORT_BASE: Final = 8710
HOST: Final = "127.0.0.1"
PRIVATE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700
STATE_FORMAT: Final = 1
RESTORE_UNFINISHED: Final = "restore-unfinished"
"""In the data folder while a backup is being put in its place; holds the backup's path."""

DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        envvar="MOTCUA_DATA",
        help="The installation's data folder.",
        show_default="~/.local/share/motcua",
    ),
]


class NoInstallationError(CommandError):
    """There is no installation where the command looked, or it does not run."""


class AlreadyRunningError(CommandError):
    """Another process runs the installation of this folder."""


@dataclass(frozen=True, slots=True)
class State:
    """What `motcua up` says about the installation while it runs."""

    kafka_bootstrap: tuple[str, ...]
    mongo_url: str
    services: Mapping[str, str]  # Base address of each.
    pids: Mapping[str, int] = field(default_factory=dict)  # Of what it started.
    versions: Mapping[str, str] = field(default_factory=dict)  # Of the embedded engines.
    clock_file: str | None = None
    phase: str = "starting"  # starting, running, stopping, stopped; elsewhere.
    supervisor: int = 0  # The process that wrote this, which may be gone.
    auditor: str | None = None  # Its base address, where one is kept running.

    def now(self, phase: str, pids: Mapping[str, int]) -> "State":
        """Return the state with another phase, and the processes that run now."""
        return replace(self, phase=phase, pids=dict(pids))


def data_folder(data: Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the data folder that is meant: the one given, or else the user's own."""
    if data is not None:
        return data.expanduser().absolute()
    if named := environ.get("MOTCUA_DATA"):
        return Path(named).expanduser().absolute()
    base = environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "motcua"


@dataclass(frozen=True, slots=True)
class Installation:
    """Where the parts of one installation are."""

    data: Path
    state: State

    @classmethod
    def find(cls, data: Path | None = None, environ: Mapping[str, str] = os.environ) -> Self:
        """Find the installation of a folder, or the one that the environment describes.

        Raises:
            NoInstallationError: neither the folder nor the environment describes one.
        """
        folder = data_folder(data, environ)
        try:
            return cls(folder, read_state(folder))
        except FileNotFoundError:
            return cls(folder, _state_of_environment(folder, environ))

    @property
    def running(self) -> bool:
        """Whether a `motcua up` holds the folder now."""
        return holder_of(self.data) is not None

    def http(self, service: str) -> str:
        """Return the base address of a service, without a slash at its end."""
        return self.state.services[service]

    @property
    def kafka_bootstrap(self) -> tuple[str, ...]:
        """The brokers to ask first."""
        return self.state.kafka_bootstrap

    @property
    def kafka_is_embedded(self) -> bool:
        """Whether the broker is ours: one, alone."""
        return "kafka" in self.state.versions

    def durability(self, stated: Durability | None) -> Durability | None:
        """Return how new topics are kept: as stated, else one copy on the embedded broker.

        None: nothing states it; then the topics that are there may.
        """
        return ALONE if stated is None and self.kafka_is_embedded else stated

    @property
    def kafka(self) -> Cluster:
        """The brokers, and how they are spoken to; embedded ones ask no questions.

        Raises:
            SettingError: the environment does not say how, or a certificate cannot be read.
        """
        if self.kafka_is_embedded:
            return Cluster(self.state.kafka_bootstrap)
        return Cluster.of(load(KafkaSettings, kafka_bootstrap=self.state.kafka_bootstrap))

    @property
    def mongo_url(self) -> str:
        """The address of the store."""
        return self.state.mongo_url

    @property
    def keys_file(self) -> Path:
        """The file of hashed API keys."""
        return Path(os.environ.get("MOTCUA_KEYS_FILE") or self.data / "keys.json")

    @property
    def secret_file(self) -> Path:
        """The file of the installation's secret."""
        return Path(os.environ.get("MOTCUA_SECRET_FILE") or self.data / "secret")

    @property
    def clock_file(self) -> Path | None:
        """The file of the simulated clock; None when the real one runs."""
        return None if self.state.clock_file is None else Path(self.state.clock_file)

    @property
    def operator_key(self) -> str:
        """The key by which commands on this machine ask the services.

        Raises:
            NoInstallationError: there is none here.
        """
        return self._key("operator")

    def publisher_key(self, publisher: str) -> str:
        """Return the key by which commands on this machine publish over HTTP.

        Raises:
            NoInstallationError: there is none for this publisher here.
        """
        return self._key(f"publisher-{publisher}")

    def _key(self, name: str) -> str:
        path = local_key_file(self.data, name)
        if name == "operator" and (given := os.environ.get("MOTCUA_KEY")):
            return given
        try:
            return path.read_text(encoding="ascii").strip()
        except OSError as error:
            raise NoInstallationError(
                f"there is no key in {path} ({error.strerror}): start the installation "
                "with `motcua up`, or make one with `motcua keys add`"
            ) from error


def local_key_file(data: Path, name: str) -> Path:
    """Name the file of a key that only commands on this machine use."""
    return data / ("operator.key" if name == "operator" else f"keys/{name}.key")


def read_state(folder: Path) -> State:
    """Read what `motcua up` wrote.

    Raises:
        FileNotFoundError: nothing was ever started in this folder.
        NoInstallationError: the file is not one of ours.
    """
    path = folder / "state.json"
    try:
        written: dict[str, Any] = json.loads(path.read_bytes())
        if written.pop("format") != STATE_FORMAT:
            raise NoInstallationError(f"{path} was written by another version of motcua")
        written["kafka_bootstrap"] = tuple(written["kafka_bootstrap"])
        return State(**written)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoInstallationError(f"{path} cannot be read: {error}") from error


def write_state(folder: Path, state: State) -> None:
    """Write the state whole, for the owner's eyes alone: an address may hold a password."""
    path = folder / "state.json"
    partial = path.with_suffix(".partial")
    partial.touch(mode=PRIVATE)
    partial.write_text(json.dumps({"format": STATE_FORMAT, **asdict(state)}, indent=1) + "\n")
    partial.replace(path)


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Hold the folder, so that one process at a time runs its installation.

    Raises:
        AlreadyRunningError: another process holds it.
        CommandError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        lock = (folder / "lock").open("a+", encoding="ascii")
    except OSError as error:
        raise CommandError(
            f"the data folder {folder} cannot be written ({error.strerror}): "
            "name another one with --data or MOTCUA_DATA"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRunningError(
                f"motcua already runs in {folder} (process {_pid_in(folder)}): see "
                "`motcua status`, stop it with `motcua down`, or name another one with --data"
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def insist_restored(folder: Path) -> None:
    """Return when no restore was interrupted in this folder.

    Raises:
        CommandError: one was; store and keys may not belong together.
    """
    with suppress(FileNotFoundError):
        source = (folder / RESTORE_UNFINISHED).read_text(encoding="utf-8").strip()
        raise CommandError(
            f"a restore into {folder} was interrupted: finish it with "
            f"`motcua restore backup {source} --yes`"
        )


def holder_of(folder: Path) -> int | None:
    """Return the process that runs the folder's installation, or None when none does."""
    try:
        with (folder / "lock").open("r", encoding="ascii") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return _pid_in(folder)
    except FileNotFoundError:
        return None
    return None


def _pid_in(folder: Path) -> int | None:
    with suppress(OSError, ValueError):
        return int((folder / "lock").read_text(encoding="ascii"))
    return None


def _state_of_environment(folder: Path, environ: Mapping[str, str]) -> State:
    bootstrap = environ.get("MOTCUA_KAFKA_BOOTSTRAP")
    # It may hold a password, and so stand in a file.
    mongo_url = secret_in_file("mongo_url", environ) or environ.get("MOTCUA_MONGO_URL")
    if not bootstrap or not mongo_url:
        raise NoInstallationError(
            f"there is no installation in {folder}: start one with `motcua up`, name its "
            "folder with --data or MOTCUA_DATA, or set MOTCUA_KAFKA_BOOTSTRAP and "
            "MOTCUA_MONGO_URL (or MOTCUA_MONGO_URL_FILE)"
        )
    base = int(environ.get("MOTCUA_HTTP_PORT_BASE") or HTTP_PORT_BASE)
    services = {
        name: environ.get(f"MOTCUA_{name.upper()}_URL", f"http://{HOST}:{base + index}")
        for index, name in enumerate(SERVICES)
    }
    return State(
        kafka_bootstrap=tuple(part.strip() for part in bootstrap.split(",") if part.strip()),
        mongo_url=mongo_url,
        services=services,
        clock_file=environ.get("MOTCUA_CLOCK_FILE"),
        phase="elsewhere",
    )
