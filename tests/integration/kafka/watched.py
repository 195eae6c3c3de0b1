"""A consumer and its watchdog as a program, which a test can pause and wake.

It prints a line for each batch, and one if the watchdog finds it stuck.
"""

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from typing import Final

from prometheus_client import CollectorRegistry

from shared.kafka.broker import ServiceBroker
from shared.kafka.measure import LagMeter
from shared.kafka.watchdog import Watchdog
from shared.ops.metrics import Metrics
from shared.subjects.errors import UnavailableError
from shared.subjects.records import Record
from tests.fakes.read_positions import MemoryReadPositions

LIMIT_S: Final = 1.0
LOOK_S: Final = 0.1


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def handle(records: Sequence[Record]) -> None:
    """Print what came in."""
    say(f"handled {[(record.value or b'').decode() for record in records]}")


async def watched(bootstrap: str, topic: str) -> None:
    """Consume and look, until the process is killed."""
    registry = CollectorRegistry()
    broker = ServiceBroker([bootstrap], service="watched", instance="0", registry=registry)
    consumption = broker.consume(
        handle, group=f"g-{topic}", stored=MemoryReadPositions(), topics=[topic]
    )
    meter = LagMeter(
        Metrics(registry, process=False),
        topic,
        Watchdog(limit_s=LIMIT_S, look_s_max=LIMIT_S / 2),
    )
    running = asyncio.create_task(broker.run(asyncio.Event()))
    while not running.done():
        await asyncio.sleep(LOOK_S)
        with contextlib.suppress(UnavailableError):  # As intake: a long pause cuts a question.
            await meter(consumption)
        if meter.watchdog.stuck() is not None:
            say("stuck")


if __name__ == "__main__":
    asyncio.run(watched(*sys.argv[1:]))
