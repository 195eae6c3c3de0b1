"""One suite for the rows of owners: in memory, with Motor, with PyMongo's async client."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
import pytest_asyncio

from shared.mongo.client import Mongo
from shared.mongo.owners import KEPT, MongoOwners
from shared.mongo.subjects import MongoSubjects
from shared.subjects.document import Document, Outgoing
from shared.subjects.ownership import OwnerRow, Owners
from tests.fakes.counting import START, NamesCodec
from tests.fakes.subjects import MemoryOwners, MemorySubjects

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture(
    params=[
        "memory",
        pytest.param("motor", marks=pytest.mark.connected),
        pytest.param("pymongo", marks=pytest.mark.connected),
    ]
)
async def owners(request: pytest.FixtureRequest) -> AsyncIterator[Owners]:
    """Each implementation of the port, empty."""
    if request.param == "memory":
        yield MemoryOwners()
        return
    url, name = request.getfixturevalue("mongo_url"), request.getfixturevalue("unique")
    mongo = Mongo(url, name, driver=request.param)
    yield MongoOwners(mongo)
    await mongo.drop()
    await mongo.close()


async def test_a_row_is_entered_renewed_and_ended(owners: Owners) -> None:
    """Each renewal adds a beat; a row that is not there is not renewed."""
    await owners.enter("one", at=START)
    assert await owners.rows() == [OwnerRow("one")]
    assert await owners.renew("one")
    assert await owners.renew("one")
    assert not await owners.renew("two")
    await owners.end("one")
    assert await owners.rows() == [OwnerRow("one", beats=2, ended=True)]


async def test_a_row_has_one_heir_and_is_renewed_no_more(owners: Owners) -> None:
    """Whoever comes second learns it; the owner does, too."""
    await owners.enter("one", at=START)
    row = OwnerRow("one")
    assert await owners.inherit(row, heir="two", at=START)
    assert not await owners.inherit(row, heir="three", at=START)
    assert await owners.inherit(row, heir="two", at=START)
    assert not await owners.renew("one")
    assert await owners.rows() == [OwnerRow("one", heir="two")]


async def test_a_row_that_was_renewed_meanwhile_has_no_heir(owners: Owners) -> None:
    """The look was old: it lives."""
    await owners.enter("one", at=START)
    await owners.renew("one")
    assert not await owners.inherit(OwnerRow("one"), heir="two", at=START)
    assert await owners.renew("one")


async def test_what_has_no_row_gets_one_with_its_heir(owners: Owners) -> None:
    """Of entries that were saved by a program without a row, or long ago."""
    assert await owners.inherit(OwnerRow("gone"), heir="two", at=START)
    assert not await owners.inherit(OwnerRow("gone"), heir="three", at=START)
    assert await owners.rows() == [OwnerRow("gone", ended=True, heir="two")]


@pytest.mark.connected
async def test_entries_bear_the_name_and_old_rows_go(mongo_url: str, unique: str) -> None:
    """From the entering on; rows with an heir are dropped by a later one."""
    mongo = Mongo(mongo_url, unique)
    owners, store = MongoOwners(mongo), MongoSubjects(mongo, "subjects", NamesCodec())
    await store.prepare()
    assert await owner_of(store, "a") == ""
    await owners.enter("one", at=START)
    assert await owner_of(store, "b") == "one"
    await owners.inherit(OwnerRow("one"), heir="two", at=START)
    await owners.enter("two", at=START + KEPT)
    assert len(await owners.rows()) == 2
    await owners.enter("three", at=START + KEPT + timedelta(seconds=1))
    assert {row.owner for row in await owners.rows()} == {"two", "three"}
    await mongo.drop()
    await mongo.close()


async def test_the_fake_signs_too() -> None:
    """Entries bear the name that the fake was entered with."""
    owners = MemoryOwners()
    name: Callable[[], str] = lambda: owners.name  # noqa: E731 - read at each save.
    store = MemorySubjects(NamesCodec(), owner=name)
    await owners.enter("one", at=START)
    assert await owner_of(store, "a") == "one"


async def owner_of(
    store: MongoSubjects[list[str]] | MemorySubjects[list[str]], subject: str
) -> str:
    """Save an entry; return whose it is."""
    entry = Outgoing(f"{subject}-1", "motcua.obligations.v1", subject, None)
    await store.save([Document(subject, state=[], added=[entry])], pending_at=START)
    return (await store.load([subject]))[subject].outbox[0].owner
