"""Parked records and the decisions about them, in a real store."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from shared.mongo.client import Mongo
from shared.mongo.parking import MongoParking
from shared.subjects.parking import Decided, Parked
from tests.fakes.counting import START

pytestmark = [pytest.mark.asyncio, pytest.mark.connected]


@pytest_asyncio.fixture(params=["motor", "pymongo"])
async def parking(
    request: pytest.FixtureRequest, mongo_url: str, unique: str
) -> AsyncIterator[MongoParking]:
    """The store's, empty."""
    mongo = Mongo(mongo_url, unique, driver=request.param)
    made = MongoParking(mongo)
    await made.prepare()
    yield made
    await mongo.drop()
    await mongo.close()


def parked(name: str, minutes: int) -> Parked:
    """A record that could not be applied."""
    at = START + timedelta(minutes=minutes)
    return Parked(name, f"subject-{name}", "motcua.dossiers.v1", 3, "why", None, b"x", "", at)


async def test_what_is_parked_is_kept_once_and_listed_oldest_first(
    parking: MongoParking,
) -> None:
    """Parking it again changes nothing."""
    later, earlier = parked("a", 5), parked("b", 1)
    await parking.park([later])
    await parking.park([later, earlier])

    assert await parking.count() == 2
    assert [one.id for one in await parking.list(limit=10)] == ["b", "a"]
    assert await parking.get("a") == later


async def test_decisions_are_told_newest_first_whatever_they_are_about(
    parking: MongoParking,
) -> None:
    """By their time, not by the name of the record; what was discarded is told too."""
    for name, minutes, decision in (("z", 1, "retry"), ("a", 2, "discard"), ("m", 3, "retry")):
        await parking.record_decision(
            parked(name, 0),
            decision=decision,
            who="key-1",
            why="it was wrong",
            at=START + timedelta(minutes=minutes),
        )

    told = await parking.decided(limit=2)

    assert [(one.parked, one.decision) for one in told] == [("m", "retry"), ("a", "discard")]
    assert told[1] == Decided(
        "a",
        "subject-a",
        "why",
        "discard",
        "key-1",
        "it was wrong",
        START + timedelta(minutes=2),
    )
