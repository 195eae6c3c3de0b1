"""What a store remembers of an adoption, in memory and on a real store: the same."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from shared.mongo.adoption import MongoAdoption
from shared.mongo.client import Mongo
from shared.ops.clock import wall_now
from shared.subjects.adoption import Extent, Known, Lack

pytestmark = [pytest.mark.connected, pytest.mark.asyncio]

TOPIC = "motcua.dossiers.v1"


@pytest_asyncio.fixture
async def mongo(mongo_url: str, unique: str) -> AsyncIterator[Mongo]:
    """A database of the test's own."""
    made = Mongo(mongo_url, unique)
    made.outbox_owner = "a"
    yield made
    await made.drop()
    await made.close()


def nobody(_owner: str) -> bool:
    """Say that no process is gone."""
    return False


async def test_a_cluster_and_a_permission(mongo: Mongo) -> None:
    """Both are ids; a permission is used up with the adoption."""
    marks = MongoAdoption(mongo)
    assert [await marks.cluster(), await marks.permitted()] == [None, None]
    await marks.belongs_to("one")
    await marks.permit("two", at=wall_now())
    assert [await marks.cluster(), await marks.permitted()] == ["one", "two"]
    await marks.end()
    assert [await marks.cluster(), await marks.permitted()] == ["one", None]


async def test_what_was_found_is_kept_for_the_operator(mongo: Mongo) -> None:
    """With the cluster that the store knows."""
    marks = MongoAdoption(mongo)
    assert await marks.finding() is None
    await marks.found("one", [Lack(TOPIC, 3, f"{TOPIC}/2/7")])
    found = await marks.finding()
    assert found is not None
    assert (found.cluster, found.belongs_to) == ("one", None)
    assert found.lacks == (Lack(TOPIC, 3, f"{TOPIC}/2/7"),)


async def test_one_process_adopts_and_its_heir_goes_on(mongo: Mongo) -> None:
    """Another one that lives is waited for; what it began is not forgotten."""
    mine, other = MongoAdoption(mongo), MongoAdoption(mongo)
    assert await mine.hold(is_ours=nobody)
    assert not await mine.is_begun()
    await mine.begin()
    assert await mine.hold(is_ours=nobody)
    mongo.outbox_owner = "b"
    assert not await other.hold(is_ours=nobody)
    await other.end()
    assert await other.is_begun()
    assert await other.hold(is_ours=lambda owner: owner == "a")
    assert await other.is_begun()
    await other.end()
    assert not await other.is_begun()


async def test_ends_only_rise_and_logs_are_told_apart(mongo: Mongo) -> None:
    """A topic whose name begins like another's is not mixed with it."""
    marks = MongoAdoption(mongo)
    await marks.level(TOPIC, {0: Extent(0, 7, "a"), 11: Extent(0, 3)})
    await marks.level(f"{TOPIC}.other", {0: Extent(0, 99, "z")})
    await marks.level(TOPIC, {0: Extent(0, 5, "b")})
    assert await marks.known(TOPIC) == {0: Known(7, "b"), 11: Known(3, "")}
