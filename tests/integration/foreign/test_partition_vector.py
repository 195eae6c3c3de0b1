"""The vector that publishers check themselves by, against the clients that they use."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import confluent_kafka
import pytest

from deploy.engines.embedded import EmbeddedEngines
from shared.events.topics import PARTITIONS, replay
from tests.contract.events.test_partition_vector import read_vector

pytestmark = [pytest.mark.foreign, pytest.mark.connected, pytest.mark.timeout(300)]

ROOT: Final = Path(__file__).parents[3]
PAGE: Final = ROOT / "shared" / "events" / "clients.md"
TOPIC: Final = replay("reporting").name
WAIT_S: Final = 60


def test_java_chooses_the_partitions_of_the_vector() -> None:
    """The client by which all others are measured."""
    vector = read_vector()
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.foreign.java_partitions", str(PARTITIONS)],
        input="".join(f"{key}\n" for key in vector).encode(),
        capture_output=True,
        check=False,
        timeout=WAIT_S,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    assert [int(line) for line in done.stdout.split()] == list(vector.values())


def test_librdkafka_agrees_with_the_setting_that_the_page_names(
    engines: EmbeddedEngines,
) -> None:
    """Every key is in place."""
    vector = read_vector()
    assert _placed(engines.kafka.bootstrap, list(vector), "murmur2_random") == vector


def test_librdkafka_without_it_has_as_many_in_place_as_the_page_says(
    engines: EmbeddedEngines,
) -> None:
    """The count in the table's row is what its default does."""
    vector = read_vector()
    row = re.search(r"^\| librdkafka [^|]*\| (\d+) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert row is not None, "the page has a row for librdkafka"

    placed = _placed(engines.kafka.bootstrap, list(vector), None)

    assert sum(placed[key] == vector[key] for key in vector) == int(row[1])


def _placed(bootstrap: str, keys: list[str], partitioner: str | None) -> dict[str, int]:
    """Send one record for each key; return the partition on which the broker has it."""
    placed: dict[str, int] = {}

    def delivered(error: object, message: confluent_kafka.Message) -> None:
        assert error is None, error
        key, partition = message.key(), message.partition()
        assert isinstance(key, bytes)
        assert partition is not None
        placed[key.decode()] = partition

    setting = {} if partitioner is None else {"partitioner": partitioner}
    producer = confluent_kafka.Producer({"bootstrap.servers": bootstrap, **setting})
    for key in keys:
        producer.produce(TOPIC, key=key.encode(), value=b"x", on_delivery=delivered)
    assert producer.flush(WAIT_S) == 0
    return placed
