"""Both embedded engines of one data folder: started together, told apart by handle."""

import json
import os
import time
from collections.abc import Mapping
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

READY_WAIT_S: Final = 90.0
POLL_S: Final = 0.05
PORTS_FILE: Final = "ports.json"
PORT_NAMES: Final = ("kafka", "controller", "store")


class Engine(Protocol):
    """What both engines can do."""

    process: ChildProcess

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
        folder = folder.resolve()
        numbers = _kept_ports(folder)
        kafka = Kafka.at(
            folder / "kafka",
            port=numbers["kafka"],
            controller_port=numbers["controller"],
            artefacts=kafka_artefacts(environ),
        )
        store = Store.at(folder / "store", port=numbers["store"], binary=store_binary())
        return cls(folder, kafka, store)

    def start(self) -> None:
        """Start both and wait until both answer.

        Raises:
            PortTakenError: another program listens where one of them was to.
            EngineError: one stopped, or did not answer in time; what started is stopped.
        """
        remedy = f"stop that program, or delete {self.folder / PORTS_FILE} to pick other ports"
        for port, purpose in (
            (self.kafka.port, "the embedded Kafka"),
            (self.kafka.controller_port, "the embedded Kafka's controller"),
            (self.store.port, "the embedded store"),
        ):
            ports.insist(port, purpose, remedy)
        try:
            self.store.start()
            self.kafka.start()
            wait_ready(self.store)
            wait_ready(self.kafka)
        except BaseException:
            self.stop()
            raise

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


def wait_ready(engine: Engine, wait_s: float = READY_WAIT_S) -> None:
    """Wait until an engine that was started answers.

    Raises:
        EngineError: it stopped, or did not answer in time; with the end of its log.
    """
    until = time.monotonic() + wait_s
    while not engine.ready():
        process = engine.process
        if not process.alive:
            raise EngineError(
                f"the embedded {process.name} stopped with code {process.returncode} while it "
                f"was starting: {process.last_words()} (all of it in {process.log})"
            )
        if time.monotonic() > until:
            raise EngineError(
                f"the embedded {process.name} did not answer within {wait_s:.0f} s; "
                f"see {process.log}"
            )
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
