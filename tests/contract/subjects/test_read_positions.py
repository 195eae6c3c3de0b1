"""One suite for stored positions: in memory, with Motor, with PyMongo's async client."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
import pytest_asyncio

from shared.mongo.client import Mongo
from shared.mongo.read_positions import MongoReadPositions
from shared.subjects.read_positions import LastRecord, Loss, ReadPositions, StoredPosition
from tests.fakes.read_positions import MemoryReadPositions

pytestmark = pytest.mark.asyncio

ONE, TWO = ("motcua.inbound.bpi.v1", 3), ("motcua.inbound.bpi.v1", 10)
READ = StoredPosition(7, LastRecord(5, 1_770_000_000_000, "c0ffee"))
LOSS = Loss(*ONE, 7, 12, 1_770_000_000_000, 1_770_100_000_000)


@dataclass
class Store:
    """One store, as several members of a group and the programs before them know it."""

    mongo: Mongo | None
    memory: MemoryReadPositions

    def positions(self) -> ReadPositions:
        """Open it, as a member does at its start."""
        return self.memory if self.mongo is None else MongoReadPositions(self.mongo)

    async def fill(self) -> None:
        """Leave a subject in it, as a version without stored positions has."""
        self.memory.older = True
        if self.mongo is not None:
            await self.mongo.collection("subjects").insert({"_id": "HS1"})


@pytest_asyncio.fixture(
    params=[
        "memory",
        pytest.param("motor", marks=pytest.mark.connected),
        pytest.param("pymongo", marks=pytest.mark.connected),
    ]
)
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """Each implementation of the port, empty."""
    if request.param == "memory":
        yield Store(None, MemoryReadPositions())
        return
    url, name = request.getfixturevalue("mongo_url"), request.getfixturevalue("unique")
    mongo = Mongo(url, name, driver=request.param)
    yield Store(mongo, MemoryReadPositions())
    await mongo.drop()
    await mongo.close()


async def test_what_is_saved_is_there_for_the_next_holder(store: Store) -> None:
    """A partition without a position is not in the answer."""
    positions = store.positions()
    await positions.prepare()
    assert await positions.claim([ONE, TWO], holder="a") == {}
    await positions.save({ONE: READ, TWO: StoredPosition(0)}, holder="a")
    claimed = await store.positions().claim([ONE, TWO], holder="b")
    assert claimed == {ONE: READ, TWO: StoredPosition(0)}
    assert await positions.claim([], holder="b") == {}


async def test_what_an_earlier_holder_saves_is_dropped(store: Store) -> None:
    """It lost its session, and its batch ended after all."""
    positions = store.positions()
    await positions.claim([ONE], holder="a")
    await positions.claim([ONE], holder="b")
    await positions.save({ONE: READ}, holder="b")
    await positions.save({ONE: StoredPosition(99)}, holder="a")
    await positions.halt([replace(LOSS, first_offset=99, end_offset=100)], holder="a")
    assert await positions.halted() == []
    assert await positions.claim([ONE], holder="b") == {ONE: READ}


async def test_a_loss_stays_until_it_is_passed_over(store: Store) -> None:
    """The position then is behind it, without a record to compare with."""
    positions = store.positions()
    await positions.claim([ONE, TWO], holder="a")
    await positions.save({ONE: READ, TWO: StoredPosition(1)}, holder="a")
    other = Loss(*TWO, 1, 4, None, 1_770_100_000_000)
    await positions.halt([other, LOSS], holder="a")
    assert await store.positions().halted() == [LOSS, other]
    assert await positions.claim([ONE], holder="a") == {ONE: READ}
    assert await positions.pass_over(LOSS)
    assert await positions.halted() == [other]
    assert await positions.claim([ONE], holder="a") == {ONE: StoredPosition(12)}
    assert not await positions.pass_over(LOSS)


async def test_a_loss_that_has_grown_is_not_passed_over(store: Store) -> None:
    """The operator has seen another one."""
    positions = store.positions()
    await positions.claim([ONE], holder="a")
    await positions.halt([replace(LOSS, end_offset=20)], holder="a")
    assert not await positions.pass_over(LOSS)
    assert not await positions.pass_over(replace(LOSS, first_offset=6, end_offset=20))
    assert await positions.halted() == [replace(LOSS, end_offset=20)]


async def test_a_position_that_moves_on_ends_the_loss(store: Store) -> None:
    """As when the log was replaced by another one."""
    positions = store.positions()
    await positions.claim([ONE], holder="a")
    await positions.halt([LOSS], holder="a")
    await positions.save({ONE: StoredPosition(2)}, holder="a")
    assert await positions.halted() == []


async def test_a_store_with_subjects_and_no_positions_believes_the_group_for_good(
    store: Store,
) -> None:
    """Noted once, by whoever prepares first; positions saved later do not change it."""
    await store.fill()
    await store.positions().prepare()
    positions = store.positions()
    await positions.claim([ONE], holder="a")
    await positions.save({ONE: READ}, holder="a")
    await positions.prepare()
    assert await positions.believes_committed()


async def test_a_store_that_was_empty_does_not_believe_the_group(store: Store) -> None:
    """Though it has subjects later."""
    await store.positions().prepare()
    await store.fill()
    await store.positions().prepare()
    assert not await store.positions().believes_committed()


@pytest.mark.connected
async def test_what_was_restored_is_passed_over_and_nothing_else(
    mongo_url: str, unique: str
) -> None:
    """A publisher's loss needs a person's decision."""
    mongo = Mongo(mongo_url, unique)
    positions = MongoReadPositions(mongo)
    canonical = Loss("motcua.dossiers.v1", 1, 0, 3, None, 1_770_000_000_000)
    await positions.claim([canonical.place, ONE], holder="a")
    await positions.halt([canonical, LOSS], holder="a")
    assert await positions.pass_over_restored(["motcua.dossiers.v1"]) == 1
    assert await positions.halted() == [LOSS]
    await mongo.drop()
    await mongo.close()
