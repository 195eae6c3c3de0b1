"""The embedded Apache Kafka: one KRaft broker, its data in a folder of ours."""

import base64
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.engines import probe
from deploy.engines.artefacts import KafkaArtefacts
from deploy.engines.errors import EngineError
from deploy.engines.ports import HOST
from deploy.engines.process import ChildProcess
from deploy.engines.waiting import START_WAIT_S, Wait

NAME: Final = "kafka"
STOP_WAIT_S: Final = 20.0
FORMAT_NAME: Final = "kafka-format"
FORMAT_POLL_S: Final = 0.05
CLUSTER_ID_BYTES: Final = 16
HEAP: Final = ("-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
LOGGING: Final = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
    "--sun-misc-unsafe-memory-access=allow",  # Kafka unmaps its files so; Java 25 would warn.
)

PROPERTIES: Final = """\
# Written anew at every start; what is changed here is lost.
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
controller.quorum.voters=1@{host}:{controller_port}
log.dirs={log_dirs}
# deploy/topics.py creates topics, never a client.
auto.create.topics.enable=false
# One broker holds one copy; clients still ask for acks=all.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
# A consumer that was away for a month goes on where it stopped.
offsets.retention.minutes=43200
# The largest record of ours (6 MiB, inbound) and its batch.
message.max.bytes=7340032
replica.fetch.max.bytes=7340032
log.cleaner.dedupe.buffer.size=16777216
# Back within seconds after a crash.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""


@dataclass(slots=True)
class Kafka:
    """A broker that can be started, stopped, killed and started again on its data."""

    folder: Path
    port: int
    controller_port: int
    artefacts: KafkaArtefacts
    process: ChildProcess
    start_wait_s: float = START_WAIT_S

    @classmethod
    def at(
        cls,
        folder: Path,
        *,
        port: int,
        controller_port: int,
        artefacts: KafkaArtefacts,
        start_wait_s: float = START_WAIT_S,
    ) -> "Kafka":
        """Describe the broker whose data live in `folder`; nothing starts yet."""
        arguments = ("-cp", artefacts.classpath, "kafka.Kafka")
        process = ChildProcess(
            NAME,
            (
                str(artefacts.java),
                *HEAP,
                *LOGGING,
                *arguments,
                str(folder / "server.properties"),
            ),
            folder,
        )
        return cls(folder, port, controller_port, artefacts, process, start_wait_s)

    @property
    def ports(self) -> tuple[int, ...]:
        """Where it listens: for clients, and for itself."""
        return (self.port, self.controller_port)

    @property
    def bootstrap(self) -> str:
        """The address that clients start from."""
        return f"{HOST}:{self.port}"

    def start(self) -> None:
        """Start the broker; the first time, give its folder an identity."""
        self.folder.mkdir(parents=True, exist_ok=True)
        properties = self.folder / "server.properties"
        properties.write_text(
            PROPERTIES.format(
                host=HOST,
                port=self.port,
                controller_port=self.controller_port,
                log_dirs=self.folder / "log",
            ),
            encoding="utf-8",
        )
        if not (self.folder / "log" / "meta.properties").exists():
            self._format(properties)
        self.process.start()

    def _format(self, properties: Path) -> None:
        cluster = cluster_id(secrets.token_bytes(CLUSTER_ID_BYTES))
        java = (str(self.artefacts.java), *LOGGING, "-XX:TieredStopAtLevel=1")
        tool = ("-cp", self.artefacts.classpath, "kafka.tools.StorageTool", "format")
        command = [*java, *tool, "-t", cluster, "-c", str(properties)]
        formatting = ChildProcess(FORMAT_NAME, command, self.folder)
        wait = Wait("Kafka's folder", formatting.log, self.start_wait_s)
        formatting.start()
        try:
            while formatting.alive:
                wait.check("it is not formatted yet")
                time.sleep(FORMAT_POLL_S)
        finally:
            formatting.stop(0.0)  # It writes its mark last, so a start that failed begins anew.
        if formatting.returncode != 0:
            raise EngineError(
                f"Kafka could not prepare {self.folder}: {formatting.last_words()} (all of it "
                f"in {formatting.log})"
            )

    def ready(self) -> bool:
        """Return whether the broker serves requests."""
        return probe.kafka_answers(HOST, self.port)

    def stop(self) -> None:
        """Stop in order: logs are closed, so that the next start has nothing to recover."""
        self.process.stop(STOP_WAIT_S)


def cluster_id(drawn: bytes) -> str:
    """Spell 16 bytes as Kafka spells a cluster's identity: 22 characters, a letter first.

    The storage tool takes one that begins with `-` for an option.
    """
    assert len(drawn) == CLUSTER_ID_BYTES, "as long as Kafka's own"
    first = drawn[0] & 0b0111_1111  # The upper half of the alphabet ends with - and _.
    return base64.urlsafe_b64encode(bytes([first]) + drawn[1:]).decode("ascii").rstrip("=")
