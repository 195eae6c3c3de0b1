"""A broker, then a store, that are gone without a word, and come back."""

import asyncio
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from pydantic import SecretStr

from deploy.engines.embedded import EmbeddedEngines
from deploy.topics import PUBLISHERS, provision, wanted
from services.intake.settings import IntakeSettings
from shared.events.topics import DOSSIERS
from shared.web.keys import mint
from tests.contract.intake.doors import lines
from tests.fakes.intake import event
from tests.integration.intake.running import (
    READY_S,
    read,
    running,
    with_reference,
    worked_off,
)

# By day the tier of kills takes the broker away under load.
pytestmark = [pytest.mark.connected, pytest.mark.nightly, pytest.mark.timeout(400)]

NDJSON = {"content-type": "application/x-ndjson"}


@pytest.fixture
def own_engines(tmp_path: Path) -> Iterator[EmbeddedEngines]:
    """Engines that this test may kill."""
    with EmbeddedEngines.at(tmp_path / "engines") as engines:
        topics = wanted([*PUBLISHERS, "demo"])
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, provision([engines.kafka.bootstrap], topics)).result()
        yield engines


async def send(client: httpx2.AsyncClient, *numbers: int) -> httpx2.Response:
    """Send a first event for each number."""
    made = [event("dossier.accepted", f"case-{number}") for number in numbers]
    return await client.post("/v1/events", content=lines(made), headers=NDJSON)


async def until(client: httpx2.AsyncClient, *missing: str) -> None:
    """Wait until readiness names just these as missing."""
    async with asyncio.timeout(READY_S):
        while True:
            answer = (await client.get("/readyz")).json()
            if set(answer.get("missing", ())) == set(missing):
                return
            await asyncio.sleep(0.2)


@pytest.mark.asyncio
async def test_what_was_acknowledged_survives_broker_and_store(
    own_engines: EmbeddedEngines, tmp_path: Path
) -> None:
    """Without the broker events are taken, without the store 503; then all are there."""
    (tmp_path / "secret").write_bytes(os.urandom(48))
    settings = IntakeSettings(
        kafka_bootstrap=(own_engines.kafka.bootstrap,),
        mongo_url=SecretStr(own_engines.store.url),
        keys_file=tmp_path / "keys.json",
        secret_file=tmp_path / "secret",
        http_port=0,
    )
    key = mint(settings.keys_file, role="publisher", publisher="demo")
    async with running(settings, key) as one:
        with_reference(one.intake)
        assert (await send(one.client, 1)).status_code == 200
        await worked_off(one.intake)

        own_engines.kafka.process.kill()
        taken = [await send(one.client, number) for number in (2, 3)]
        assert [answer.status_code for answer in taken] == [200, 200]
        await asyncio.to_thread(own_engines.bring_back, own_engines.kafka)
        assert (await send(one.client, 4)).status_code == 200
        await until(one.client)

        own_engines.store.process.kill()
        refused = await send(one.client, 5)
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) > 0
        await until(one.client, "store")
        await asyncio.to_thread(own_engines.bring_back, own_engines.store)
        await until(one.client)
        again = await send(one.client, 1, 2, 3, 4, 5)
        told = [json.loads(line) for line in again.text.splitlines()]
        assert [row["outcome"] for row in told] == ["applied"] * 5
        assert [row["repeated"] for row in told[:4]] == [True] * 4
        await worked_off(one.intake)
    published = await read(own_engines.kafka.bootstrap, DOSSIERS, {})
    seen = {(record.key, json.loads(record.value)["sequence"]) for record in published}
    assert seen == {(f"case-{number}".encode(), 1) for number in range(1, 6)}
