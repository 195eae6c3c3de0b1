"""One suite for written ends and versions: in memory, with Motor, with PyMongo's client."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from shared.mongo.client import Mongo
from shared.mongo.reference_versions import MongoReferenceVersions
from shared.mongo.written_ends import MongoWrittenEnds
from shared.subjects.ports import ReferenceVersions, WrittenEndStore
from shared.subjects.written_ends import ABSENT, WrittenEnd
from tests.fakes.subjects import MemoryReferenceVersions, MemoryWrittenEnds

pytestmark = pytest.mark.asyncio

A, B = ("motcua.dossiers.v1", 0), ("motcua.dossiers.v1", 1)


@dataclass(frozen=True)
class Stores:
    """Both ports of one implementation, empty."""

    ends: WrittenEndStore
    versions: ReferenceVersions


@pytest_asyncio.fixture(
    params=[
        "memory",
        pytest.param("motor", marks=pytest.mark.connected),
        pytest.param("pymongo", marks=pytest.mark.connected),
    ]
)
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    """Each implementation."""
    if request.param == "memory":
        yield Stores(MemoryWrittenEnds(), MemoryReferenceVersions())
        return
    url, name = request.getfixturevalue("mongo_url"), request.getfixturevalue("unique")
    mongo = Mongo(url, name, driver=request.param)
    yield Stores(MongoWrittenEnds(mongo), MongoReferenceVersions(mongo))
    await mongo.drop()
    await mongo.close()


async def test_an_end_only_rises(stores: Stores) -> None:
    """Replicas save what each of them knows, in any order."""
    await stores.ends.save({A: WrittenEnd(5), B: WrittenEnd(2)})
    await stores.ends.save({A: WrittenEnd(3), B: WrittenEnd(7)})
    assert await stores.ends.load() == {A: WrittenEnd(5), B: WrittenEnd(7)}


async def test_what_was_found_stays_and_the_least_counts(stores: Stores) -> None:
    """Until the partition is restored."""
    await stores.ends.save({A: WrittenEnd(5)})
    await stores.ends.save({A: WrittenEnd(5, found=2)})
    await stores.ends.save({A: WrittenEnd(5, found=4)})
    await stores.ends.save({A: WrittenEnd(9)})
    assert await stores.ends.load() == {A: WrittenEnd(9, found=2)}
    await stores.ends.save({A: WrittenEnd(9, found=ABSENT)})
    assert await stores.ends.load() == {A: WrittenEnd(9, found=ABSENT)}


async def test_a_restore_voids_what_was_known_of_the_earlier_log(stores: Stores) -> None:
    """An end may then be lower, and a save that still speaks of the earlier log is lost."""
    await stores.ends.save({A: WrittenEnd(50, found=0)})
    await stores.ends.restored({A: 12, B: 3})
    await stores.ends.save({A: WrittenEnd(51, found=0), B: WrittenEnd(90)})
    assert await stores.ends.load() == {A: WrittenEnd(12, log=1), B: WrittenEnd(3, log=1)}
    await stores.ends.save({A: WrittenEnd(13, log=1)})
    assert (await stores.ends.load())[A] == WrittenEnd(13, log=1)


async def test_a_version_only_rises(stores: Stores) -> None:
    """And none was ever applied at first."""
    assert await stores.versions.last() == 0
    await stores.versions.note(645)
    await stores.versions.note(3)
    assert await stores.versions.last() == 645
