"""The stores come back older than the topics, or empty, and everything goes on.

Yesterday's copy of the databases beside today's topics; then no database at all.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import httpx2
import orjson
import pytest
from pymongo import MongoClient

from deploy.cli.main import run
from shared.events.topics import CENTRES, DOSSIERS, NOTICES, OBLIGATIONS
from shared.kafka.whole import read_to_end
from tests.simulation.recovery.running import Running, until

pytestmark = [pytest.mark.recovery, pytest.mark.asyncio, pytest.mark.timeout(600)]

SERVICES: Final = ("intake", "workflow", "notifications", "reporting")
WHOSE: Final = [
    pytest.param(SERVICES, id="all"),
    *(pytest.param((name,), id=name, marks=pytest.mark.nightly) for name in SERVICES),
]
"""All at once, as a backup has them; each alone besides, by night."""

CHECKED: Final = (DOSSIERS, CENTRES, OBLIGATIONS, NOTICES)

Copy = dict[str, dict[str, list[dict[str, Any]]]]


@pytest.fixture
def store(running: Running) -> Any:  # noqa: ANN401 -- The driver's client.
    """A plain client of the embedded store."""
    client: MongoClient[dict[str, Any]] = MongoClient(running.installation.mongo_url)
    yield client
    client.close()


def copied(store: Any) -> Copy:  # noqa: ANN401 -- The driver's client.
    """Return every document of the four databases."""
    return {
        service: {
            name: list(store[f"motcua_{service}"][name].find())
            for name in store[f"motcua_{service}"].list_collection_names()
        }
        for service in SERVICES
    }


def set_back(store: Any, copy: Copy, services: Sequence[str]) -> None:  # noqa: ANN401 -- As above.
    """Put a copy in the place of what the databases of some services have."""
    for service in services:
        database = store[f"motcua_{service}"]
        for name in database.list_collection_names():
            database[name].delete_many({})
        for name, documents in copy.get(service, {}).items():
            if documents:
                database[name].insert_many(documents)


async def on_topics(running: Running) -> dict[str, list[tuple[str, int, str]]]:
    """Return subject, number and id of everything that the canonical topics have."""
    (bootstrap,) = running.installation.kafka_bootstrap
    found: dict[str, list[tuple[str, int, str]]] = {}
    for topic in CHECKED:
        records = await read_to_end([bootstrap], topic.name)
        values = [orjson.loads(record.value or b"{}") for record in records]
        found[topic.name] = sorted((v["subject"], v["sequence"], v["id"]) for v in values)
    return found


def insist_numbers(found: Mapping[str, Sequence[tuple[str, int, str]]]) -> None:
    """Insist that each subject is numbered 1 to n, each number given to one event."""
    for topic, rows in found.items():
        by_subject: dict[str, list[int]] = {}
        for subject, number, _ in rows:
            by_subject.setdefault(subject, []).append(number)
        wrong = {s: n for s, n in by_subject.items() if n != list(range(1, len(n) + 1))}
        assert not wrong, (topic, wrong)


async def figures(running: Running) -> dict[str, Any]:
    """Return the province's figures."""
    url = f"{running.installation.http('reporting')}/v1/figures"
    headers = {"authorization": f"Bearer {running.installation.operator_key}"}
    async with httpx2.AsyncClient(timeout=60, trust_env=False) as http:
        answer = await http.get(url, headers=headers)
    assert answer.status_code == 200, answer.text
    counted: dict[str, Any] = answer.json()
    counted.pop("as_of", None)
    return counted


async def a_day(running: Running, *codes: str) -> None:
    """Receive dossiers, and let a week pass, so that all of them are overdue."""
    await running.send(running.accepted(*codes))
    await running.rest()
    running.leap()
    await running.rest()


@pytest.mark.parametrize("services", WHOSE)
async def test_yesterdays_copy_beside_todays_topics(
    running: Running,
    store: Any,  # noqa: ANN401 -- The client.
    unique: str,
    services: Sequence[str],
) -> None:
    """Nothing is numbered, raised or sent twice; figures and answers are what they were."""
    old, new = [f"{unique}-1", f"{unique}-2"], [f"{unique}-3", f"{unique}-4"]
    await a_day(running, *old)
    yesterday = copied(store)
    done = running.completed(old[0])
    await running.send(done)
    await a_day(running, *new)
    running.leap(timedelta(days=1))
    await running.rest()
    before, counted = await on_topics(running), await figures(running)
    insist_numbers(before)

    async with running.stopped(*services):
        await asyncio.to_thread(set_back, store, yesterday, services)
    await running.rest()
    assert await on_topics(running) == before
    assert await figures(running) == counted
    (again,) = await running.send(done)
    assert (again["outcome"], again["repeated"]) == ("applied", True)
    (fresh,) = await running.send(running.completed(new[0]))
    assert (fresh["sequence"], fresh["repeated"]) == (2, False)
    await running.rest()
    insist_numbers(await on_topics(running))


@pytest.mark.parametrize("services", WHOSE)
async def test_no_store_is_left(
    running: Running,
    store: Any,  # noqa: ANN401 -- The client.
    unique: str,
    services: Sequence[str],
) -> None:
    """Nothing begins before it is permitted; then everything is as it was."""
    one, other = f"{unique}-5", f"{unique}-6"
    await a_day(running, one, other)
    first = running.completed(one)
    await running.send(first)
    await running.rest()
    before, counted = await on_topics(running), await figures(running)

    async with running.stopped(*services):
        await asyncio.to_thread(set_back, store, {}, services)
        permitting = asyncio.create_task(_permit(running, services, running.completed(other)))
    await permitting
    await running.rest()
    assert await on_topics(running) == before
    assert await figures(running) == counted
    (again,) = await running.send(first)
    assert (again["outcome"], again["repeated"]) == ("applied", True)
    (fresh,) = await running.send(running.completed(other))
    assert (fresh["sequence"], fresh["repeated"]) == (2, False)
    await running.rest()
    insist_numbers(await on_topics(running))


async def _permit(
    running: Running, services: Sequence[str], events: Sequence[Mapping[str, Any]]
) -> None:
    """Wait until the services ask for it, see that nothing is taken in, and permit it."""
    writers = [name for name in services if name != "reporting"]
    for name in writers:
        await until(lambda name=name: _waits(running, name), f"{name} waits")  # type: ignore[misc]  # Bound at once.
    if "intake" in services:
        refused = await _post(running, events)
        assert refused.status_code == 503
        assert "motcua restore store" in refused.text
    command = ["restore", "store", "--data", str(running.installation.data)]
    assert await asyncio.to_thread(run, command) == 0
    for name in writers:
        assert (await running.readiness(name)).ready is False
    assert await asyncio.to_thread(run, [*command, "--yes"]) == 0


async def _waits(running: Running, service: str) -> bool:
    missing = (await running.readiness(service)).missing
    return "motcua restore store" in missing.get("store and topics", "")


async def _post(running: Running, events: Sequence[Mapping[str, Any]]) -> httpx2.Response:
    key = running.installation.publisher_key("demo")
    async with httpx2.AsyncClient(timeout=60, trust_env=False) as http:
        return await http.post(
            f"{running.installation.http('intake')}/v1/events",
            content=b"\n".join(map(orjson.dumps, events)),
            headers={
                "content-type": "application/x-ndjson",
                "authorization": f"Bearer {key}",
                "accept-language": "en",
            },
        )
