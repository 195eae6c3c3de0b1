"""The embedded store: SecantusDB's native server over WiredTiger, in a process of its own.

It is a program beside ours, never a library inside: its licence (GPL-2.0) stays its own.
"""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from deploy.engines import probe
from deploy.engines.ports import HOST
from deploy.engines.process import ChildProcess

NAME: Final = "store"
STOP_WAIT_S: Final = 20.0
FLAGS: Final = (
    "--sync-on-commit",  # Else a crash loses writes that were acknowledged.
    "--data-nonlogged",  # Log the oplog, checkpoint the data: back within seconds.
    *("--checkpoint-seconds", "15"),
    *("--log-file-max", "128MB"),
    *("--cache-size", "512M"),
    *("--log-level", "ERROR"),
)


@dataclass(slots=True)
class Store:
    """A store that can be started, stopped, killed and started again on its data."""

    folder: Path
    port: int
    process: ChildProcess

    @classmethod
    def at(cls, folder: Path, *, port: int, binary: Path) -> "Store":
        """Describe the store whose data live in `folder`; nothing starts yet."""
        where = ("--host", HOST, "--port", str(port), "--storage-path", str(folder / "data"))
        # A configuration named here, empty, keeps it from finding one somewhere else.
        config = ("--config", str(folder / "empty.toml"))
        process = ChildProcess(NAME, (str(binary), *config, *where, *FLAGS), folder)
        return cls(folder, port, process)

    @property
    def version(self) -> str:
        """The version of the package that carries the server."""
        try:
            return f"SecantusDB {version('SecantusDB')}"
        except PackageNotFoundError:  # The binary stands on the path, without its package.
            return "SecantusDB"

    @property
    def ports(self) -> tuple[int, ...]:
        """Where it listens."""
        return (self.port,)

    @property
    def url(self) -> str:
        """The address that drivers connect to."""
        return f"mongodb://{HOST}:{self.port}/?directConnection=true"

    def start(self) -> None:
        """Start the store."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "empty.toml").touch()
        self.process.start()

    def ready(self) -> bool:
        """Return whether the store serves requests."""
        return probe.store_answers(HOST, self.port)

    def stop(self) -> None:
        """Stop in order, with a last checkpoint."""
        self.process.stop(STOP_WAIT_S)
