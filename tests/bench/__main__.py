"""`python -m tests.bench`: print the ratios that the project is held to."""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from deploy.engines.embedded import EmbeddedEngines
from deploy.topics import PUBLISHERS, provision, wanted
from tests.bench import audit, consumer, days, house, sweep
from tests.bench.measuring import machine

PARTS: Final = ("days", "workflow", "sweep", "audit", "house")
AUDITED: Final = (1_000, 10_000)
AUDITED_FULL: Final = (1_000, 10_000, 100_000)
OPEN: Final = (10_000, 100_000)
OPEN_FULL: Final = (10_000, 100_000, 1_000_000)


def say(sentence: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


async def on_engines(parts: set[str], folder: Path, *, full: bool) -> None:
    """Measure what needs engines and none of our services."""
    engines = await asyncio.to_thread(_started, folder)
    kafka, store = engines.kafka.bootstrap, engines.store.url
    try:
        await provision([kafka], wanted(PUBLISHERS))
        if "workflow" in parts:
            events = 40_000 if full else 8_000
            await consumer.measure(kafka, store, say, events=events, seconds=45)
        if "sweep" in parts:
            sizes = OPEN_FULL if full else OPEN
            await sweep.measure(kafka, store, say, sizes=sizes, seconds=15)
        if "audit" in parts:
            dossiers = AUDITED_FULL if full else AUDITED
            await audit.measure(kafka, store, say, sizes=dossiers)
    finally:
        await asyncio.to_thread(engines.stop)


def _started(folder: Path) -> EmbeddedEngines:
    engines = EmbeddedEngines.at(folder)
    engines.start()
    return engines


def main() -> None:
    """Measure the parts that were asked for, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="more events, 1 M open obligations")
    parser.add_argument("--only", choices=PARTS, action="append", help="only this part")
    asked = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # A fresh broker is elected yet.
    parts = set(asked.only or PARTS)
    began = time.monotonic()
    say(f"before: {machine()}")
    if "days" in parts:
        days.measure(say)
    if parts & {"workflow", "sweep", "audit"}:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(on_engines(parts, Path(folder), full=asked.full))
    if "house" in parts:
        asyncio.run(house.measure(say, dossiers=2_000 if asked.full else 400, seconds=60))
    say(f"\nafter: {machine()}")
    say(f"{time.monotonic() - began:.0f} s in all; medians (least-most) of several rounds")


if __name__ == "__main__":
    main()
