"""Three real brokers on this machine, each a controller too, to be killed and brought back.

They are the embedded Kafka's program with the settings of a cluster: three replicas, of which
two must have a record, and no election of a broker that lacks acknowledged records.
"""

import asyncio
import secrets
import subprocess
import time
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.durability import Durability
from deploy.engines.artefacts import KafkaArtefacts, kafka_artefacts
from deploy.engines.embedded import wait_ready
from deploy.engines.kafka import CLUSTER_ID_BYTES, HEAP, LOGGING, STOP_WAIT_S, cluster_id
from deploy.engines.ports import HOST, pick
from deploy.engines.probe import kafka_answers
from deploy.engines.process import ChildProcess
from shared.kafka.admin import PartitionReplicas, TopicAdmin
from shared.subjects.errors import UnavailableError

SIZE: Final = 3
WANTED: Final = Durability.of(SIZE)
START_S_MAX: Final = 300.0
IN_STEP_S_MAX: Final = 300.0
POLL_S: Final = 0.3
FORMAT_S_MAX: Final = 120

Condition = Callable[[TopicAdmin], Awaitable[bool]]

PROPERTIES: Final = """\
process.roles=broker,controller
node.id={number}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
controller.quorum.voters={voters}
log.dirs={log}
auto.create.topics.enable=false
unclean.leader.election.enable=false
min.insync.replicas=2
default.replication.factor=3
offsets.topic.replication.factor=3
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=3
share.coordinator.state.topic.min.isr=2
share.coordinator.state.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
message.max.bytes=7340032
replica.fetch.max.bytes=7340032
log.cleaner.dedupe.buffer.size=16777216
# A broker that was killed is replaced within seconds; one that only waits for a processor,
# among three Java machines on two, is not.
broker.session.timeout.ms=6000
broker.heartbeat.interval.ms=500
controller.quorum.fetch.timeout.ms=6000
controller.quorum.election.timeout.ms=3000
controller.quorum.election.backoff.max.ms=2000
"""


@dataclass(slots=True)
class Broker:
    """One of the three: what the engines' own start and wait need."""

    number: int
    port: int
    process: ChildProcess

    @property
    def ports(self) -> tuple[int, ...]:
        """Where clients find it."""
        return (self.port,)

    def start(self) -> None:
        """Start it, without waiting."""
        self.process.start()

    def ready(self) -> bool:
        """Return whether it serves requests."""
        return kafka_answers(HOST, self.port)

    def stop(self) -> None:
        """Stop it in order."""
        self.process.stop(STOP_WAIT_S)


@dataclass(slots=True)
class Brokers:
    """The three, by their numbers."""

    by_number: dict[int, Broker]

    @property
    def bootstrap(self) -> tuple[str, ...]:
        """The addresses of all."""
        return tuple(f"{HOST}:{one.port}" for one in self.by_number.values())

    def kill(self, *numbers: int) -> None:
        """End brokers as a crash would; return when they are gone."""
        for number in numbers:
            self.by_number[number].process.kill()

    def bring_back(self, *numbers: int) -> None:
        """Start brokers on their data and wait until each answers."""
        for number in numbers:
            self.by_number[number].start()
        for number in numbers:
            wait_ready(self.by_number[number], START_S_MAX)

    def restore(self) -> None:
        """Bring back whoever does not run."""
        away = [number for number, one in self.by_number.items() if not one.process.alive]
        self.bring_back(*away)

    async def replicas(self, topic: str) -> tuple[PartitionReplicas, ...]:
        """Return who keeps each partition of a topic."""
        async with TopicAdmin(self.bootstrap) as admin:
            return (await admin.replicas([topic]))[topic]

    async def until_known(self, numbers: Collection[int]) -> None:
        """Wait until the cluster counts exactly these as alive."""
        await self._until(lambda admin: _counts(admin, frozenset(numbers)), "brokers")

    async def until_in_step(self) -> None:
        """Wait until every replica of every topic has everything."""
        await self._until(_in_step, "replicas in step")

    async def _until(self, holds: Condition, what: str) -> None:
        until = time.monotonic() + IN_STEP_S_MAX
        while True:
            try:
                async with TopicAdmin(self.bootstrap) as admin:
                    if await holds(admin):
                        return
            except UnavailableError:
                pass  # Asked again; who is to be there may only just have started.
            assert time.monotonic() < until, f"not all {what} within {IN_STEP_S_MAX:.0f} s"
            await asyncio.sleep(POLL_S)


async def _counts(admin: TopicAdmin, numbers: frozenset[int]) -> bool:
    return await admin.brokers() == numbers


async def _in_step(admin: TopicAdmin) -> bool:
    if len(await admin.brokers()) < SIZE:
        return False
    topics = await admin.replicas(await admin.names())
    partitions = [one for kept in topics.values() for one in kept]
    return not any(one.behind or one.leader is None for one in partitions)


@contextmanager
def three_brokers(folder: Path) -> Iterator[Brokers]:
    """Start three brokers on free ports, and stop them afterwards."""
    artefacts = kafka_artefacts()
    first = pick(row=2 * SIZE)
    numbers = range(1, SIZE + 1)
    voters = ",".join(f"{number}@{HOST}:{first + SIZE + number - 1}" for number in numbers)
    identity = cluster_id(secrets.token_bytes(CLUSTER_ID_BYTES))
    made: dict[int, Broker] = {}
    for number in numbers:
        port = first + number - 1
        own = folder / f"broker-{number}"
        own.mkdir(parents=True)
        (own / "server.properties").write_text(
            PROPERTIES.format(
                number=number,
                host=HOST,
                port=port,
                controller=port + SIZE,
                voters=voters,
                log=own / "log",
            ),
            encoding="utf-8",
        )
        _format(artefacts, identity, own / "server.properties")
        made[number] = Broker(number, port, _process(artefacts, number, own))
    brokers = Brokers(made)
    try:
        brokers.bring_back(*numbers)
        yield brokers
    finally:
        for broker in made.values():  # At once: one alone has no quorum to stop in order.
            broker.process.kill()


def _process(artefacts: KafkaArtefacts, number: int, folder: Path) -> ChildProcess:
    program = ("-cp", artefacts.classpath, "kafka.Kafka", str(folder / "server.properties"))
    command = (str(artefacts.java), *HEAP, *LOGGING, *program)
    return ChildProcess(f"kafka-{number}", command, folder)


def _format(artefacts: KafkaArtefacts, identity: str, properties: Path) -> None:
    java = (str(artefacts.java), *LOGGING, "-XX:TieredStopAtLevel=1")
    tool = ("-cp", artefacts.classpath, "kafka.tools.StorageTool", "format")
    subprocess.run(
        [*java, *tool, "-t", identity, "-c", str(properties)],
        check=True,
        capture_output=True,
        timeout=FORMAT_S_MAX,
    )
