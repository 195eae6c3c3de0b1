"""One suite for the store of rejections: in memory, with Motor, with PyMongo's async client."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from services.intake.adapters.rejections import MongoRejections
from services.intake.ports import RejectionStore
from shared.mongo.client import Mongo
from shared.subjects.document import Outgoing
from tests.fakes.intake import NOW, MemoryRejections

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture(
    params=[
        "memory",
        pytest.param("motor", marks=pytest.mark.connected),
        pytest.param("pymongo", marks=pytest.mark.connected),
    ]
)
async def store(request: pytest.FixtureRequest) -> AsyncIterator[RejectionStore]:
    """Each implementation of the port, empty."""
    if request.param == "memory":
        yield MemoryRejections()
        return
    url, name = request.getfixturevalue("mongo_url"), request.getfixturevalue("unique")
    mongo = Mongo(url, name, driver=request.param)
    made = MongoRejections(mongo)
    await made.prepare()
    yield made
    await mongo.drop()
    await mongo.close()


def rejection(name: str, topic: str = "a") -> Outgoing:
    """Return a record for a topic of rejections."""
    return Outgoing(name, topic, f"key of {name}", {"says": name})


async def test_each_topic_is_read_in_the_order_in_which_it_was_kept(
    store: RejectionStore,
) -> None:
    """Also where the wall clock stands or goes back; one kept again keeps its place."""
    assert await store.waiting() == {}
    await store.keep([rejection(f"{number}") for number in (3, 1, 2)], at=NOW)
    await store.keep([rejection("0"), rejection("x", "b")], at=NOW)
    await store.keep([rejection("9"), rejection("3")], at=NOW - timedelta(hours=1))
    assert await store.waiting() == {"a": 5, "b": 1}
    assert [out.id for out in await store.oldest("a", 9)] == ["3", "1", "2", "0", "9"]
    assert await store.oldest("a", 1) == [rejection("3")]


async def test_what_is_published_is_gone(store: RejectionStore) -> None:
    """The others stay; nothing to keep or to remove is no error."""
    await store.keep([rejection("1"), rejection("2")], at=NOW)
    await store.keep([], at=NOW)
    await store.remove(["1", "none"])
    await store.remove([])
    assert await store.oldest("a", 9) == [rejection("2")]
    assert await store.waiting() == {"a": 1}
