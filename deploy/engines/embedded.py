"""Both embedded engines of one data folder: started together, told apart by handle."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from deploy.engines import ports
from deploy.engines.artefacts import kafka_artefacts, store_binary
from deploy.engines.errors import EngineError
from deploy.engines.kafka import Kafka
from deploy.engines.process import ChildProcess
from deploy.engines.store import Store
from deploy.engines.waiting import Say, Wait, start_wait_s

POLL_S: Final = 0.05
PORTS_FILE: Final = "ports.json"
PORT_NAMES: Final = ("kafka", "controller", "store")


class Engine(Protocol):
    """What both engines can do."""

    process: ChildProcess

    @property
    def ports(self) -> tuple[int, ...]:
        """Where it listens."""

    def start(self) -> None:
        """Start, without waiting until it answers."""

    def ready(self) -> bool:
        """Return whether it answers."""

    def stop(self) -> None:
        """Stop in order."""


@dataclass(slots=True)
class EmbeddedEngines:
    """A broker and a store with their data in `folder`.

    Use it as a context manager, or call `start` and `stop`. To see what a crash does, take
    one by its handle: `engines.kafka.process.kill()`, then `engines.bring_back(engines.kafka)`.
    """

    folder: Path
    kafka: Kafka
    store: Store

    @classmethod
    def at(cls, folder: Path, environ: Mapping[str, str] = os.environ) -> Self:
        """Describe the engines of a folder, which keeps their ports from start to start.

        Raises:
            ArtefactsUnavailableError: what they are made of could not be fetched.
        """
        return cls(folder, kafka_at(folder, environ), store_at(folder))

    def start(self) -> None:
        """Start both and wait until both answer.

        Raises:
            PortTakenError: another program listens where one of them was to.
            EngineError: one stopped, or did not answer in time; what started is stopped.
        """
        start_engines((self.store, self.kafka))

    def bring_back(self, engine: Engine) -> None:
        """Start an engine that was killed or died, and wait until it answers."""
        engine.start()
        wait_ready(engine)

    def stop(self) -> None:
        """Stop both in order; one that never started is left alone."""
        self.kafka.stop()
        self.store.stop()

    def __enter__(self) -> Self:
        """Start both."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop both."""
        self.stop()


def kafka_at(folder: Path, environ: Mapping[str, str] = os.environ) -> Kafka:
    """Describe the broker of a folder.

    Raises:
        ArtefactsUnavailableError: what it is made of could not be fetched.
    """
    numbers = _kept_ports(folder.absolute())
    return Kafka.at(
        folder.absolute() / "kafka",
        port=numbers["kafka"],
        controller_port=numbers["controller"],
        artefacts=kafka_artefacts(environ),
        start_wait_s=start_wait_s(environ),
    )


def store_at(folder: Path) -> Store:
    """Describe the store of a folder.

    Raises:
        ArtefactsUnavailableError: it is not installed.
    """
    numbers = _kept_ports(folder.absolute())
    return Store.at(folder.absolute() / "store", port=numbers["store"], binary=store_binary())


def start_engines(
    engines: Sequence[Engine], *, wait_s: float | None = None, say: Say = lambda _said: None
) -> None:
    """Start engines together and wait until all answer, at most `wait_s` for each.

    Raises:
        PortTakenError: another program listens where one of them was to.
        EngineError: one stopped, or did not answer in time; what started is stopped.
    """
    for engine in engines:
        kept = engine.process.folder.parent / PORTS_FILE
        engine.process.end_leftover()
        for port in engine.ports:
            ports.insist(
                port,
                f"the embedded {engine.process.name}",
                f"stop that program, or delete {kept} to pick other ports",
            )
    try:
        for engine in engines:
            engine.start()
        for engine in engines:
            wait_ready(engine, wait_s, say)
    except BaseException:
        for engine in reversed(engines):
            engine.stop()
        raise


def wait_ready(
    engine: Engine, wait_s: float | None = None, say: Say = lambda _said: None
) -> None:
    """Wait until an engine that was started answers; None: as long as the setting says.

    Raises:
        EngineError: it stopped, with the end of its log, or did not answer in time.
    """
    process = engine.process
    seconds = start_wait_s() if wait_s is None else wait_s
    wait = Wait(f"the embedded {process.name}", process.log, seconds, say)
    while not engine.ready():
        if not process.alive:
            raise EngineError(
                f"the embedded {process.name} stopped with code {process.returncode} while it "
                f"was starting: {process.last_words()} (all of it in {process.log})"
            )
        wait.check("it does not answer")
        time.sleep(POLL_S)


def _kept_ports(folder: Path) -> dict[str, int]:
    """Return the ports of this folder, picked the first time and kept from then on."""
    kept = folder / PORTS_FILE
    if kept.exists():
        try:
            numbers = {name: int(port) for name, port in json.loads(kept.read_bytes()).items()}
        except (ValueError, AttributeError, TypeError) as error:
            raise EngineError(
                f"{kept} cannot be read ({error}): delete it to pick other ports"
            ) from error
        if numbers.keys() >= set(PORT_NAMES):
            return numbers
    picked: dict[str, int] = {}
    for name in PORT_NAMES:
        picked[name] = ports.pick(picked.values())
    folder.mkdir(parents=True, exist_ok=True)
    partial = kept.with_suffix(".partial")
    partial.write_text(json.dumps(picked), encoding="utf-8")
    partial.replace(kept)
    return picked
