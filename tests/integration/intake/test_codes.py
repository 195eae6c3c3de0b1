"""Codes on the real store: numbers once, receipts that move once, rights on every replica."""

import asyncio
import json
from dataclasses import replace
from datetime import date
from itertools import count

import httpx2
import pytest

from services.intake.adapters.grants import MongoGrants
from services.intake.adapters.receipts import MongoCodeCounter, MongoReceipts
from services.intake.core.receipts import Outcome, Receipt
from services.intake.ports import Grant
from services.intake.settings import IntakeSettings
from shared.mongo.client import Mongo
from shared.web.keys import mint
from tests.fakes.intake import NOW, UNIT, event
from tests.integration.intake.running import running, with_reference

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]

DAY = date(2026, 11, 23)
PREFIX = "H37.117"
KEYS = count()


@pytest.mark.asyncio
async def test_numbers_receipts_and_rights_in_the_store(mongo_url: str, unique: str) -> None:
    """A number once, whoever draws and skips; a receipt moves once; a right is one row."""
    mongo = Mongo(mongo_url, unique)
    try:
        counter, receipts = MongoCodeCounter(mongo), MongoReceipts(mongo)
        await counter.next(PREFIX, DAY)
        drawn = await asyncio.gather(
            *(counter.next(PREFIX, DAY) for _ in range(20)),
            *(counter.skip(PREFIX, DAY, 40) for _ in range(5)),
            *(counter.next(PREFIX, DAY) for _ in range(20)),
        )
        numbers = [one for one in drawn if one is not None]
        assert len(set(numbers)) == 40
        await counter.skip(PREFIX, DAY, 5)
        assert await counter.next(PREFIX, DAY) > max(numbers)

        made = Receipt("key:a|k|0", "f" * 32, Outcome.OPEN, NOW, "e-1", code="A-1")
        await receipts.open([made])
        moved = await asyncio.gather(*(receipts.move(made, f"A-{n}") for n in range(2, 8)))
        (code,) = {one.code for one in moved}
        assert code != "A-1"
        await receipts.close([replace(made, code=code).closed(Outcome.APPLIED, {"n": 1})])
        last = await receipts.move(replace(made, code=code), "A-9")
        assert (last.code, last.outcome) == (code, Outcome.APPLIED)

        grants = MongoGrants(mongo)
        one, two = (Grant("portal", each, "op", NOW) for each in (UNIT, "H37.*"))
        assert [await grants.add(each) for each in (one, two, one)] == [True, True, False]
        assert {each.numbers_for for each in await grants.read()} == {UNIT, "H37.*"}
        assert await grants.remove("port", None) == 0
        assert await grants.remove("portal", "H37.*") == 1
        assert [each.numbers_for for each in await grants.read()] == [UNIT]
        assert await grants.remove("portal", None) == 1
    finally:
        await mongo.close()


@pytest.mark.asyncio
async def test_a_portal_and_a_counter_on_two_replicas(settings: IntakeSettings) -> None:
    """Registered at one replica, it holds at the other; the counter goes on past its codes.

    Then the prefix's counter begins anew, as on the day of an upgrade, and repeats nothing.
    """
    clerk = mint(settings.keys_file, role="clerk", units={UNIT})
    portal = mint(settings.keys_file, role="publisher", publisher="counter")
    operator = mint(settings.keys_file, role="operator")
    second = settings.model_copy(update={"instance": "1"})
    async with running(settings, operator) as one, running(second, operator) as two:
        for each in (one, two):
            with_reference(each.intake)
        first = await walk_in(one.client, clerk)
        taken = after(first)
        assert (await submit(two.client, portal, taken)).status_code == 403
        added = await one.client.put(f"/v1/numbering/counter/{UNIT}")
        assert added.json()["added"] is True, added.text
        submitted = await submit(two.client, portal, taken)
        citizen = await walk_in(two.client, clerk)
        assert [each.status_code for each in (first, submitted, citizen)] == [201] * 3
        assert citizen.json()["code"] not in {first.json()["code"], taken}
        assert citizen.json()["lookup_secret"] != submitted.json()["lookup_secret"]

        mongo = Mongo(settings.mongo_url.get_secret_value(), settings.mongo_database)
        counters = mongo.collection("counters")
        (row,) = await counters.find({})
        assert row["_id"].startswith(f"{PREFIX}|")
        day = row["_id"].partition("|")[2]
        await counters.delete_many({})
        await counters.insert({"_id": f"{UNIT}|{day}", "last": row["last"]})
        await mongo.close()
        upgraded = await walk_in(one.client, clerk)
        assert upgraded.status_code == 201
        assert upgraded.json()["code"] == after(citizen)

        assert (await one.client.delete("/v1/numbering/counter")).json()["removed"] == 1
        code = upgraded
        async with asyncio.timeout(30):
            while (await submit(two.client, portal, after(code))).status_code != 403:
                code = await walk_in(one.client, clerk)


async def walk_in(client: httpx2.AsyncClient, key: str) -> httpx2.Response:
    """Receive a citizen at the counter."""
    return await client.post(
        "/v1/dossiers",
        json={"unit": UNIT, "procedure": "1.000656"},
        headers={"authorization": f"Bearer {key}", "idempotency-key": f"walk-{next(KEYS)}"},
    )


async def submit(client: httpx2.AsyncClient, key: str, code: str) -> httpx2.Response:
    """Submit under a code as a portal that calls itself `counter`."""
    made = event("dossier.submitted", code, {"channel": "online"}, publisher="counter")
    return await client.post(
        "/v1/events",
        content=json.dumps(made),
        headers={
            "authorization": f"Bearer {key}",
            "content-type": "application/cloudevents+json",
        },
    )


def after(answer: httpx2.Response) -> str:
    """Return the code that the counter gives after one."""
    stem, number = answer.json()["code"].rsplit("-", 1)
    return f"{stem}-{int(number) + 1:04d}"
