"""The published vector of partitions: what it covers, and two partitioners that agree."""

from pathlib import Path
from typing import Final

import pytest
from aiokafka.partitioner import murmur2

from shared.events.partitioner import partition_of
from shared.events.topics import PARTITIONS

VECTOR: Final = Path(__file__).parents[3] / "shared" / "events" / "vectors" / "partitions.tsv"
KEYS: Final = 1_000
SIGN: Final = 0x8000_0000


def read_vector() -> dict[str, int]:
    """Return each key of the vector with its partition."""
    lines = VECTOR.read_text(encoding="utf-8").splitlines()
    pairs = (line.split("\t") for line in lines)
    return {key: int(partition) for key, partition in pairs}


@pytest.fixture(scope="module")
def vector() -> dict[str, int]:
    """The vector, read once."""
    return read_vector()


def test_aiokafka_agrees_with_the_vector(vector: dict[str, int]) -> None:
    """An implementation that shares no code with ours computes the same partitions."""
    hashed = {key: murmur2(key.encode()) for key in vector}
    assert vector == {key: (value & ~SIGN) % PARTITIONS for key, value in hashed.items()}


def test_our_partitioner_agrees_with_the_vector(vector: dict[str, int]) -> None:
    """Intake counts by the same rule that publishers can check themselves by."""
    assert vector == {key: partition_of(key.encode(), PARTITIONS) for key in vector}


def test_the_vector_finds_what_partitioners_get_wrong(vector: dict[str, int]) -> None:
    """Signs, tails of every length, bytes above 127 and every partition are in it."""
    keys = [key.encode() for key in vector]
    negative = sum(murmur2(key) >= SIGN for key in keys)

    assert len(vector) == KEYS
    assert set(vector.values()) == set(range(PARTITIONS))
    assert {len(key) % 4 for key in keys} == {0, 1, 2, 3}
    assert 400 < negative < 600, "a hash read without its sign must fail on half of the keys"
    assert sum(not key.isascii() for key in keys) >= 50
    assert all("\t" not in key and key.strip() == key for key in vector)
