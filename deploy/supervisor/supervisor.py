"""Starts an installation, keeps its processes running, and stops them in the right order.

Everything is a child of this process and ends with it. Services are stopped before the
engines that they write to; an engine that died comes back on its data.
"""

import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from deploy.engines import ports
from deploy.engines.artefacts import KAFKA_VERSION
from deploy.engines.embedded import Engine, kafka_at, start_engines, store_at
from deploy.engines.errors import StartLateError
from deploy.engines.kafka import Kafka
from deploy.engines.process import ChildProcess
from deploy.engines.waiting import SETTING, Say, Wait
from deploy.errors import CommandError
from deploy.imports.sending import NoAnswerError
from deploy.installation import (
    AUDITOR,
    PRIVATE_FOLDER,
    Installation,
    State,
    insist_restored,
    write_state,
)
from deploy.reference.load import PUBLISHER
from deploy.reference.send import send_reference
from deploy.settings_file import write_settings
from deploy.supervisor.asking import Readiness, readiness
from deploy.supervisor.first_start import FIRST_KEYS, prepare_secrets
from deploy.supervisor.kept import Kept
from deploy.supervisor.plan import Plan, ServiceSpec
from deploy.supervisor.topics import KeepTopics

#: What people open there, where they do.
SHOWS: Final = {
    "workflow": " (what is mine, today, slips of apology)",
    "reporting": " (figures, board, dossiers, look-up)",
    AUDITOR: "/metrics (recounts what was to be raised and told)",
}
REFERENCE_MARK: Final = "reference-loaded"
SERVICE_STOP_WAIT_S: Final = 25.0
POLL_S: Final = 0.2
MEBIBYTE: Final = 1024 * 1024
FREE_BYTES_MIN: Final = 512 * MEBIBYTE
RESTORE_STORE: Final = "motcua restore store"
"""In a sentence of readiness: the service goes on by this command, and by nothing else."""

HOPELESS_EXIT_CODES: Final = frozenset({2, 3})  # A wrong setting, a port that is taken.


@dataclass(slots=True)
class Supervisor:
    """The processes of one installation. The caller holds the folder (`installation.hold`)."""

    plan: Plan
    say: Say
    engines: list[Engine] = field(default_factory=list)
    services: dict[str, ChildProcess] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)
    state: State | None = None
    topics: KeepTopics | None = None
    first_keys: Sequence[str] = ()  # Made at this start, to be shown once.
    waits_for_person: set[str] = field(default_factory=set)

    @property
    def installation(self) -> Installation:
        """Where everything is, once the engines have started."""
        assert self.state is not None, "the engines have started"
        return Installation(self.plan.data, self.state)

    def start(self) -> None:
        """Start everything and wait until every service, and the auditor, is ready.

        Raises:
            CommandError: something did not start; what did is for the caller to stop.
        """
        self.plan.data.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        insist_restored(self.plan.data)
        insist_space(self.plan.data)
        write_settings(self.plan.data, self.plan.settings)
        for spec in self.plan.processes:
            self._process(spec).end_leftover()
            ports.insist(
                spec.port,
                f"the service {spec.name}",
                "stop that program, or choose other ports with --http-port-base",
            )
        self._start_engines()
        assert self.state is not None, "the engines have started"
        self.topics = KeepTopics(
            self.installation,
            self.plan.durability,
            next((one for one in self.engines if isinstance(one, Kafka)), None),
            self.plan.start_wait_s,
            self.say,
        )
        self.topics.make()
        self.first_keys = prepare_secrets(self.plan.data)
        self._start_services()
        self.wait_ready()
        if self.plan.load_reference and not self.waits_for_person:
            self._load_reference()
        self._write("running")
        self._say_where()

    def tend(self) -> None:
        """Look after every process once: notice who ended, start again whose pause is over."""
        said = [sentence for one in self.kept if (sentence := one.tend(time.monotonic()))]
        for sentence in said:
            self.say(sentence)
        if self.topics is not None:
            self.topics.look()
        if said and self.state is not None:
            self._write(self.state.phase)

    def stop(self) -> None:
        """Stop the services, then the engines; each gets the time it needs."""
        self.kept.clear()
        if self.topics is not None:
            self.topics.stop()
        if self.state is not None:
            self._write("stopping")
        for process in self.services.values():
            process.signal(process.stop_signal)
        until = time.monotonic() + SERVICE_STOP_WAIT_S
        for process in self.services.values():
            process.stop(max(0.0, until - time.monotonic()))
        for engine in reversed(self.engines):
            engine.stop()
        if self.state is not None:
            self._write("stopped")

    def wait_ready(self) -> None:
        """Wait until every service is ready, and start again those that end meanwhile.

        One that goes on by a command of a person alone is named, and not waited for.

        Raises:
            CommandError: one cannot start, or is not ready in time; with what it says.
        """
        waiting = {spec.name: spec for spec in self.plan.processes}
        self.waits_for_person.clear()
        wait = self._wait("the services", None)
        while waiting:
            self.tend()
            said = {name: self._ask(spec) for name, spec in waiting.items()}
            self._hand_over(said)
            waiting = {
                name: waiting[name]
                for name, answer in said.items()
                if not answer.ready and name not in self.waits_for_person
            }
            if waiting:
                wait.what = ", ".join(waiting)
                wait.log = self.services[next(iter(waiting))].log
                wait.check("; ".join(_missing(name, said[name]) for name in waiting))
                time.sleep(POLL_S)

    def _hand_over(self, said: Mapping[str, Readiness]) -> None:
        """Say which services wait for a person's command; nobody waits for those here."""
        for name, answer in said.items():
            sentence = next(
                (why for why in answer.missing.values() if RESTORE_STORE in why), None
            )
            if sentence is not None and name not in self.waits_for_person:
                self.say(f"{name} waits: {sentence}")
                self.waits_for_person.add(name)

    def _ask(self, spec: ServiceSpec) -> Readiness:
        process = self.services[spec.name]
        if process.returncode in HOPELESS_EXIT_CODES:
            raise CommandError(f"{spec.name} cannot start: {_sentence_of(process)}")
        return readiness(spec.url)

    def _wait(self, what: str, log: Path | None) -> Wait:
        return Wait(what, log, self.plan.start_wait_s, self.say)

    def _start_engines(self) -> None:
        data = self.plan.data / "engines"
        bootstrap, mongo_url = self.plan.kafka_bootstrap, self.plan.mongo_url
        versions: dict[str, str] = {}
        if mongo_url is None:
            store = store_at(data)
            mongo_url = store.url
            versions["store"] = store.version
            self.engines.append(store)
        if bootstrap is None:
            kafka = kafka_at(data)
            bootstrap = (kafka.bootstrap,)
            versions["kafka"] = KAFKA_VERSION
            self.engines.append(kafka)
        start_engines(self.engines, wait_s=self.plan.start_wait_s, say=self.say)
        for engine in self.engines:
            self.say(f"{engine.process.name} {versions[engine.process.name]} answers")
        self.kept += [Kept(engine.process, engine.start) for engine in self.engines]
        clock = self.plan.clock_file
        self.state = State(
            kafka_bootstrap=bootstrap,
            mongo_url=mongo_url,
            services={spec.name: spec.url for spec in self.plan.services},
            versions=versions,
            clock_file=None if clock is None else str(clock),
            supervisor=os.getpid(),
            auditor=None if self.plan.auditor is None else self.plan.auditor.url,
        )

    def _start_services(self) -> None:
        self._write("starting")  # The auditor reads there where the engines are.
        for spec in self.plan.processes:
            process = self.services[spec.name] = self._process(spec)
            kept = Kept(process, process.start)
            self.kept.append(kept)
            kept.begin(time.monotonic())
        self._write("starting")

    def _load_reference(self) -> None:
        """Send the bundled reference data once; what an operator loads later is his own."""
        done = self.plan.data / REFERENCE_MARK
        if done.exists():
            return
        key = self.installation.publisher_key(PUBLISHER)
        wait_s = self.plan.start_wait_s
        try:
            sent = send_reference(
                self.installation.http("intake"), key, patience_s=wait_s, tell=self.say
            )
        except NoAnswerError as error:
            log = self.plan.data / "logs" / "intake.log"
            raise StartLateError(
                f"the reference data were not loaded within {wait_s:g} s ({error}); see {log}; "
                f"if the machine is slow, set {SETTING} to more and start again"
            ) from error
        rows = len(sent.ids)
        done.write_text(f"{rows}\n", encoding="ascii")
        self.say(f"reference data: intake has recorded {rows} rows")

    def _process(self, spec: ServiceSpec) -> ChildProcess:
        where: Mapping[str, str] = {}
        if self.state is not None:
            where = {"MOTCUA_KAFKA_BOOTSTRAP": ",".join(self.state.kafka_bootstrap)}
            if self.plan.mongo_url is None:
                where = {**where, "MOTCUA_MONGO_URL": self.state.mongo_url}
        return ChildProcess(
            spec.name, spec.command, self.plan.data / "logs", {**spec.environ, **where}
        )

    def _write(self, phase: str) -> None:
        assert self.state is not None, "the engines have started"
        processes = [*(engine.process for engine in self.engines), *self.services.values()]
        self.state = self.state.now(
            phase, {one.name: one.pid for one in processes if one.pid is not None}
        )
        write_state(self.plan.data, self.state)

    def _say_where(self) -> None:
        for spec in self.plan.processes:
            self.say(f"{spec.name} {spec.url}{SHOWS.get(spec.name, '')}")
        if self.first_keys:
            self.say(f"the first keys are in {self.plan.data / FIRST_KEYS}")


def insist_space(folder: Path, needed_bytes: int = FREE_BYTES_MIN) -> None:
    """Return when the disk has room to start on.

    Raises:
        CommandError: it has not; an engine that meets a full disk stops in the middle.
    """
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise CommandError(
            f"the disk of {folder} has {free // MEBIBYTE} MiB left, and an installation needs "
            f"{needed_bytes // MEBIBYTE} MiB to start: make room, or name another folder with "
            "--data or MOTCUA_DATA"
        )


def _missing(name: str, answer: Readiness) -> str:
    missing = ", ".join(f"{part}: {why}" for part, why in answer.missing.items())
    return f"{name} lacks {missing or 'something that it does not name'}"


def _sentence_of(process: ChildProcess) -> str:
    """Return what a service said on its way out: the last sentence that is for a person."""
    lines = process.log.read_text(encoding="utf-8", errors="replace").splitlines()
    sentences = [line.removeprefix("motcua: ") for line in lines if line.startswith("motcua: ")]
    return sentences[-1] if sentences else process.last_words()
