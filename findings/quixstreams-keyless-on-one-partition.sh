#!/usr/bin/env bash
# Package: quixstreams 3.28.1 (PyPI), with confluent-kafka 2.12.2.
#
# librdkafka spreads records without a key, and so does Java's client over time. Quix Streams sets
# librdkafka's `partitioner` to `murmur2`, which hashes a missing key as an empty one: all records
# without a key get the same partition for ever. `murmur2_random` would hash keys alike and spread
# the others. librdkafka's mock cluster serves as the broker.
#
# Expected: records without a key spread over the partitions.
#
# Seen:
#   as Quix Streams sets it: 1 of 4 partitions
#   with murmur2_random: 4 of 4 partitions
#
# Exits with 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check quixstreams==3.28.1 confluent-kafka==2.12.2
"$folder/venv/bin/python" -W ignore - <<'PY'
from quixstreams.kafka.producer import Producer

SENDS = 30
MOCK = {"test.mock.num.brokers": 1, "sticky.partitioning.linger.ms": 0}


def partitions(**more: str) -> int:
    """Send records without a key, one by one; return how many partitions got any."""
    seen = set()
    producer = Producer(broker_address="127.0.0.1:1", extra_config=MOCK | more)
    for _ in range(SENDS):
        producer.produce(
            "tried", value=b"x", on_delivery=lambda error, message: seen.add(message.partition())
        )
        producer.flush(timeout=10)
    return len(seen)


found = [partitions(), partitions(partitioner="murmur2_random")]
print(f"as Quix Streams sets it: {found[0]} of 4 partitions", flush=True)
print(f"with murmur2_random: {found[1]} of 4 partitions", flush=True)
assert found == [1, 4]
PY
