"""The embedded engines themselves: their data outlive stops and crashes, and they never us."""

import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from pymongo import MongoClient

from deploy.engines import ports
from deploy.engines.embedded import EmbeddedEngines
from deploy.engines.errors import EngineError, PortTakenError
from deploy.engines.kafka import Kafka
from deploy.engines.process import started_at
from deploy.engines.store import Store
from shared.kafka.admin import TopicAdmin, TopicSpec

pytestmark = pytest.mark.connected

TOPIC = "kept.by.the.broker"
END_S = 10.0


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEngines]:
    """Engines that this module may stop and kill."""
    with EmbeddedEngines.at(tmp_path_factory.mktemp("own")) as engines:
        asyncio.run(create_topic(engines))
        yield engines


async def create_topic(engines: EmbeddedEngines) -> None:
    """Create the topic that the tests write to."""
    async with TopicAdmin([engines.kafka.bootstrap]) as admin:
        await admin.create([TopicSpec(TOPIC, 1, {})])


async def publish(kafka: Kafka, value: bytes) -> None:
    """Publish one record and wait until it is acknowledged."""
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all") as producer:
        await producer.send_and_wait(TOPIC, value)


async def values(kafka: Kafka) -> list[bytes | None]:
    """Read the topic from its beginning to its end."""
    async with AIOKafkaConsumer(
        TOPIC, bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest"
    ) as consumer:
        partitions = consumer.assignment()
        ends = await consumer.end_offsets(partitions)
        read: list[bytes | None] = []
        while any([await consumer.position(one) < ends[one] for one in partitions]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                read += [record.value for record in records]
        return read


def insert(store: Store, name: str) -> None:
    """Insert one document and wait until it is durable."""
    with MongoClient[dict[str, str]](store.url) as client:
        client["kept"]["documents"].insert_one({"_id": name})


def names(store: Store) -> set[str]:
    """Return what is in the store."""
    with MongoClient[dict[str, str]](store.url) as client:
        return {document["_id"] for document in client["kept"]["documents"].find()}


def test_a_second_start_finds_its_data(own: EmbeddedEngines) -> None:
    """Stopped in order and started again on the same folder, at the same ports."""
    asyncio.run(publish(own.kafka, b"before the stop"))
    insert(own.store, "before the stop")

    own.stop()
    again = EmbeddedEngines.at(own.folder)
    assert again.kafka.bootstrap == own.kafka.bootstrap
    with again:
        assert b"before the stop" in asyncio.run(values(again.kafka))
        assert "before the stop" in names(again.store)
    own.start()


def test_a_broker_that_was_killed_comes_back_with_what_it_acknowledged(
    own: EmbeddedEngines,
) -> None:
    """Kill -9 of the broker."""
    asyncio.run(publish(own.kafka, b"before the crash"))

    own.kafka.process.kill()
    assert own.kafka.process.returncode == -signal.SIGKILL
    assert not own.kafka.ready()
    own.bring_back(own.kafka)

    assert b"before the crash" in asyncio.run(values(own.kafka))


def test_a_store_that_was_killed_comes_back_with_what_it_acknowledged(
    own: EmbeddedEngines,
) -> None:
    """Kill -9 of the store."""
    for number in range(50):
        insert(own.store, f"before the crash {number}")

    own.store.process.kill()
    assert not own.store.ready()
    own.bring_back(own.store)

    assert {f"before the crash {number}" for number in range(50)} <= names(own.store)


def test_two_installations_run_side_by_side(own: EmbeddedEngines, tmp_path: Path) -> None:
    """Another folder has other ports and other data."""
    insert(own.store, "of the first")

    with EmbeddedEngines.at(tmp_path / "second") as second:
        assert set(second.kafka.ports).isdisjoint(own.kafka.ports)
        assert "of the first" not in names(second.store)
        assert own.kafka.ready()


def test_a_port_that_is_taken_is_said_in_one_sentence(tmp_path: Path) -> None:
    """The port that the folder keeps belongs to another program by now."""
    engines = EmbeddedEngines.at(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", engines.kafka.port))
        other.listen()

        with pytest.raises(PortTakenError) as refused:
            engines.start()

    sentence = str(refused.value)
    assert str(engines.kafka.port) in sentence
    assert "ports.json" in sentence
    assert "\n" not in sentence
    assert not engines.store.process.alive, "nothing is left running"


def test_an_engine_that_cannot_start_says_why_and_leaves_nothing_running(
    tmp_path: Path,
) -> None:
    """A data folder that another version of the broker could not read."""
    engines = EmbeddedEngines.at(tmp_path)
    log = engines.kafka.folder / "log"
    log.mkdir(parents=True)
    (log / "meta.properties").write_text("version=1\nnode.id=7\ncluster.id=other\n")

    with pytest.raises(EngineError, match="kafka stopped with code") as refused:
        engines.start()

    assert str(engines.kafka.process.log) in str(refused.value)
    assert not engines.store.process.alive


def test_engines_end_with_us_even_when_we_are_killed(tmp_path: Path) -> None:
    """Kill -9 of the process that started them; the next start is free to use the folder."""
    pids = killed_starter(tmp_path)

    # Started again at once, as an impatient person would: they may still be dying.
    with EmbeddedEngines.at(tmp_path) as again:
        assert again.kafka.ready()
        assert again.kafka.process.pid not in pids
        assert [pid for pid in pids if started_at(pid) is not None] == []


def test_engines_end_with_us_though_nobody_starts_them_again(tmp_path: Path) -> None:
    """Kill -9 of the process that started them; their ports are free, and nothing runs."""
    pids = killed_starter(tmp_path)

    until = time.monotonic() + END_S
    while any(started_at(pid) is not None for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)
    assert [pid for pid in pids if started_at(pid) is not None] == []
    engines = EmbeddedEngines.at(tmp_path)
    assert all(ports.is_free(port) for port in (*engines.kafka.ports, *engines.store.ports))


def killed_starter(folder: Path) -> list[int]:
    """Start engines in another process, kill that with -9, and return theirs."""
    script = (
        "import sys, time; from pathlib import Path\n"
        "from deploy.engines.embedded import EmbeddedEngines\n"
        "engines = EmbeddedEngines.at(Path(sys.argv[1])); engines.start()\n"
        "print(engines.kafka.process.pid, engines.store.process.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        pids = [int(pid) for pid in starter.stdout.readline().split()]
        assert len(pids) == 2
        starter.kill()
    return pids
