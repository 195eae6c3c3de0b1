"""The auditor's memory among few and among many dossiers, each in a process of its own."""

import asyncio
import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from deploy.auditor.running import Scope, audit
from shared.events.envelope import to_document
from shared.kafka.publisher import KafkaPublisher
from shared.mongo.archive import MongoArchive
from shared.mongo.client import Mongo
from shared.subjects.document import Outgoing
from tests.property.auditor.played import Played
from tests.property.auditor.stories import CODE, START, fact, play
from tests.unit.workflow.province import THREE_DAYS, province_events

Say = Callable[[str], None]
UPTO: Final = START + timedelta(days=10)
BATCH: Final = 250
Json = dict[str, Any]


async def measure(kafka: str, store: str, say: Say, *, sizes: Sequence[int]) -> None:
    """Print what an audit took among so many dossiers, and then among so many more."""
    say("\nindependent audit: memory and pace, by how many dossiers the archives have")
    publisher = KafkaPublisher([kafka], client_id="bench-audit")
    mark = {"input": "http", "partition": 0, "through": UPTO.isoformat()}
    await publisher.publish([Outgoing("http/0", "motcua.progress.v1", "http/0", mark)])
    await publisher.stop()
    reference = [to_document(event) for event in province_events()]
    for event in reference:
        event["data"].pop("obligations_from", None)
    await _keep(store, "intake", "motcua.reference.v1", reference)
    accepted = {"procedure": THREE_DAYS, "channel": "online"}
    played = play([fact("dossier.accepted", START, 1, accepted)], until=UPTO)
    known = 0
    for size in sizes:
        await _fill(store, played, range(known, size))
        known = size
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.bench.audit",
            store,
            kafka,
            UPTO.isoformat(),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await child.communicate()
        found = json.loads(out)
        say(
            f"  {size:>9,} dossiers: {found['rss_mib']:.0f} MiB at most, "
            f"{found['seconds'] / size * 1_000:.2f} ms a dossier, "
            f"expected {found['expected']:,}, done {found['done']:,}"
        )


async def _fill(store: str, played: Played, numbers: range) -> None:
    """Put copies of one dossier's archives beside it, under other codes."""
    kept = (
        ("intake", "motcua.dossiers.v1", [to_document(event) for event in played.facts]),
        ("workflow", "motcua.obligations.v1", played.obligations()),
        ("notifications", "motcua.notices.v1", played.notices()),
    )
    for start in range(numbers.start, numbers.stop, BATCH):
        some = range(start, min(start + BATCH, numbers.stop))
        for service, topic, events in kept:
            text = json.dumps(events)
            copies = [
                one
                for number in some
                for one in json.loads(text.replace(CODE, f"H37.100-260105-{number:07}"))
            ]
            for number, one in enumerate(copies):
                one["id"] = f"{one['id']}-{start + number // len(events)}"
                if "about" in one["data"]:
                    one["data"]["about"] += f"-{start + number // len(events)}"
                    one["key"] = f"H37.100-260105-{start + number // len(events):07}"
            await _keep(store, service, topic, copies)


async def _keep(store: str, service: str, topic: str, events: list[Json]) -> None:
    mongo = Mongo(store, f"motcua_{service}")
    archive = MongoArchive(mongo)
    await archive.prepare()
    await archive.insert(
        [Outgoing(one["id"], topic, one.pop("key", one["subject"]), one) for one in events]
    )
    await mongo.close()


def main() -> None:
    """Audit once, and print what it took as JSON."""
    store, kafka, now = sys.argv[1:]
    began = time.monotonic()
    scope = Scope(datetime.fromisoformat(now), timedelta())
    report = asyncio.run(audit(store, (kafka,), scope))
    taken = {
        "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024,
        "seconds": time.monotonic() - began,
        "expected": report.expected.total(),
        "done": report.done.total(),
    }
    sys.stdout.write(json.dumps(taken))


if __name__ == "__main__":
    main()
