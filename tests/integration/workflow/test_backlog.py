"""A backlog on the real broker and store: intake, workflow and notifications as processes.

Their clock stands between two steps, so that the wait of a minute takes none of ours.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx2
import orjson
import pytest

from deploy.demo.lockstep import LockStep
from deploy.installation import Installation
from deploy.topics import provision
from shared.events.topics import NOTICES, OBLIGATIONS, inbound, rejected
from shared.kafka.publisher import KafkaPublisher
from shared.kafka.whole import TopicEnds, read_to_end
from shared.ops.clock import ClockFile
from tests.simulation.kills.small import PUBLISHER as BY_HTTP
from tests.simulation.kills.small import small_house

pytestmark = [pytest.mark.connected, pytest.mark.timeout(600)]

BY_KAFKA: Final = "bpi"
PUBLISHERS: Final = (BY_KAFKA, BY_HTTP)
START: Final = datetime(2026, 10, 20, 2, 0, tzinfo=UTC)
"""Every level of what was accepted on 7 September is due, and its limit is long past."""

DOSSIERS: Final = 24
OPEN, LATE = range(3), range(DOSSIERS - 3, DOSSIERS)
ACCEPTED: Final = "2026-09-07T08:00:00+07:00"
IN_TIME: Final = "2026-09-09T10:00:00+07:00"
TOO_LATE: Final = "2026-10-09T10:00:00+07:00"
OBLIGATIONS_EACH: Final = ("dossier_deadline", "apology_slip")
HEADERS: Final = [("content-type", b"application/cloudevents+json")]


@dataclass
class Province:
    """The running services, and a clock that stands until it is moved on."""

    installation: Installation
    step: LockStep
    http: httpx2.AsyncClient
    kafka: KafkaPublisher

    async def sends(self, publisher: str, events: Sequence[dict[str, Any]]) -> None:
        """Let a publisher send events, by the way that is its own."""
        if publisher == BY_KAFKA:
            topic = inbound(publisher).name
            rows = [(topic, e["subject"].encode(), orjson.dumps(e), HEADERS) for e in events]
            await self.kafka.publish_raw(rows)
            return
        answer = await self.http.post(
            f"{self.installation.http('intake')}/v1/events",
            content=b"\n".join(map(orjson.dumps, events)),
            headers={
                "content-type": "application/x-ndjson",
                "authorization": f"Bearer {self.installation.publisher_key(publisher)}",
            },
        )
        answer.raise_for_status()

    async def passes(self, seconds: float) -> None:
        """Move the clock on, and wait until nobody has anything left to do."""
        self.step.now += timedelta(seconds=seconds)
        self.step.clock.advance(self.step.now)
        await self.step.rest()

    async def said(self, topic: str) -> list[dict[str, Any]]:
        """Read a topic as anybody could; each event once."""
        records = await read_to_end(self.installation.kafka_bootstrap, topic)
        events = [orjson.loads(record.value or b"{}") for record in records]
        return list({(one["subject"], one["id"]): one for one in events}.values())


@asynccontextmanager
async def province(folder: Path) -> AsyncIterator[Province]:
    """Start the services with a clock that stands."""
    clock = ClockFile(folder / "clock")
    clock.write(now=START, rate=0)
    async with small_house(folder / "house", clock.path) as house:
        installation = house.installation
        where = installation.kafka_bootstrap
        await provision(where, [inbound(BY_KAFKA), rejected(BY_KAFKA)])
        kafka = KafkaPublisher(where, client_id="a-publisher")
        async with (
            httpx2.AsyncClient(timeout=60, trust_env=False) as http,
            TopicEnds(where) as ends,
        ):
            services, key = installation.state.services, installation.operator_key
            step = LockStep(http, clock, services, key, ends, now=START)
            await step.until_read(inbound(BY_KAFKA).name)
            await step.rest()
            try:
                yield Province(installation, step, http, kafka)
            finally:
                await kafka.stop()


def code(publisher: str, number: int) -> str:
    """Return a dossier's code."""
    return f"BURST-{publisher}-{number:04d}"


def event(publisher: str, number: int, step: str) -> dict[str, Any]:
    """Return what a publisher sends of a dossier."""
    data = {"procedure": "1.010833", "channel": "online"}
    ended = TOO_LATE if number in LATE else IN_TIME
    return {
        "specversion": "1.0",
        "id": f"{code(publisher, number)}-{step}",
        "source": f"urn:motcua:publisher:{publisher}",
        "type": f"vn.motcua.dossier.{step}.v1",
        "subject": code(publisher, number),
        "time": ACCEPTED if step == "accepted" else ended,
        "datacontenttype": "application/json",
        "receivingunit": "06112",
        "data": data if step == "accepted" else {"result": "done"},
    }


def of(events: Sequence[dict[str, Any]], name: str) -> Counter[tuple[str, str]]:
    """Count what was said under a name, by dossier and obligation."""
    return Counter(
        (one["subject"], one["data"]["obligation"])
        for one in events
        if one["type"] == f"vn.motcua.obligation.{name}.v1"
    )


def each(numbers: Sequence[int]) -> Counter[tuple[str, str]]:
    """Count one of every obligation of some dossiers, of both publishers."""
    return Counter(
        (code(publisher, number), obligation)
        for publisher in PUBLISHERS
        for number in numbers
        for obligation in OBLIGATIONS_EACH
    )


@pytest.mark.asyncio
async def test_a_backlog_by_http_and_kafka_at_once(tmp_path: Path) -> None:
    """It comes over two minutes; alerted is what it leaves open, once, and nothing else."""
    async with province(tmp_path) as there:
        for publisher in PUBLISHERS:
            begun = [event(publisher, number, "accepted") for number in range(DOSSIERS)]
            await there.sends(publisher, begun)
        await there.step.rest()
        ended = [number for number in range(DOSSIERS) if number not in OPEN]
        for part in (ended[:7], ended[7:14], ended[14:]):
            await there.passes(40)
            for publisher in PUBLISHERS:
                await there.sends(publisher, [event(publisher, n, "completed") for n in part])
            await there.step.rest()
        await there.passes(59)
        early = await there.said(OBLIGATIONS.name)
        assert not of(early, "rung_reached")
        assert of(early, "breached") == each(list(LATE))
        await there.passes(5)
        said = await there.said(OBLIGATIONS.name)
        await there.passes(16 * 60)
        assert len(await there.said(OBLIGATIONS.name)) == len(said), "nothing came after it"
        assert of(said, "rung_reached") == each(list(OPEN))
        assert of(said, "breached") == each([*OPEN, *LATE])
        assert not of(said, "rung_withdrawn")
        late = {code(publisher, number) for publisher in PUBLISHERS for number in LATE}
        why = {
            one["data"]["why"]
            for one in said
            if one["type"].endswith(".rung_skipped.v1") and one["subject"] in late
        }
        assert why == {"completed"}
        told = {
            one["data"]["cause"]
            for one in await there.said(NOTICES.name)
            if one["data"].get("about_name") == "obligation.rung_reached"
        }
        assert told == {subject for subject, _ in each(list(OPEN))}
