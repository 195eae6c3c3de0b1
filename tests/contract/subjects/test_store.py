"""One suite for the subject store: in memory, with Motor, with PyMongo's async client."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from shared.mongo.client import Mongo
from shared.mongo.subjects import MongoSubjects
from shared.subjects.document import Document, Outgoing, Refusal
from shared.subjects.ports import SubjectStore
from shared.subjects.refused import Waiting
from tests.fakes.counting import START, NamesCodec, assigned
from tests.fakes.subjects import MemorySubjects

pytestmark = pytest.mark.asyncio
Store = SubjectStore[list[str]]
LATER = START + timedelta(seconds=1)


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
        yield MemorySubjects(NamesCodec())
        return
    url, name = request.getfixturevalue("mongo_url"), request.getfixturevalue("unique")
    mongo = Mongo(url, name, driver=request.param)
    subjects = MongoSubjects(mongo, "subjects", NamesCodec(), indexes=[[("count", 1)]])
    await subjects.prepare()
    yield subjects
    await mongo.drop()
    await mongo.close()


def entry(name: str, value: dict[str, Any] | None = None) -> Outgoing:
    """Return an outbox entry."""
    return Outgoing(name, "motcua.obligations.v1", "a", value)


async def one(store: Store, subject: str = "a") -> Document[list[str]]:
    """Read one subject that is there."""
    return (await store.load([subject]))[subject]


async def test_a_new_subject_is_written_and_read_back(store: Store) -> None:
    """State, positions, held events and outbox come back as they were."""
    ahead = assigned("a", 4)
    fresh = Document(
        "a",
        sequences={"motcua.dossiers.v1": 2},
        held={"motcua.dossiers.v1": {4: ahead}},
        emitted={"motcua.obligations.v1": 1},
        added=[entry("e1", {"x": 1}), entry("e2")],
        state=["p-1"],
    )
    assert await store.save([fresh], pending_at=START) == frozenset()

    read = await one(store)
    assert (read.version, read.state, read.sequences) == (1, ["p-1"], fresh.sequences)
    assert read.held == fresh.held
    assert read.emitted == fresh.emitted
    assert read.outbox == fresh.added
    assert await store.load(["nobody"]) == {}


async def test_only_one_of_two_writers_wins(store: Store) -> None:
    """The other is named and has changed nothing."""
    await store.save([Document("a", state=["p-0"])], pending_at=START)
    mine, theirs = await one(store), await one(store)
    mine.state, theirs.state = ["mine"], ["theirs"]
    theirs.added = [entry("lost")]

    assert await store.save([mine], pending_at=START) == frozenset()
    assert await store.save([theirs], pending_at=START) == {"a"}
    read = await one(store)
    assert (read.state, read.outbox, read.version) == (["mine"], [], 2)


async def test_of_two_first_writers_one_wins(store: Store) -> None:
    """A subject that both believe to be new is created once."""
    assert await store.save([Document("a", state=["x"])], pending_at=START) == frozenset()
    assert await store.save(
        [Document("a", state=["y"]), Document("b", state=["z"])], pending_at=START
    ) == {"a"}
    assert (await one(store)).state == ["x"]
    assert (await one(store, "b")).state == ["z"]


async def test_clearing_takes_out_what_was_published_and_keeps_the_rest(store: Store) -> None:
    """An entry added meanwhile keeps its mark, and a cleared one does not come back."""
    await store.save([Document("a", state=["x"], added=[entry("e1")])], pending_at=START)
    before = await one(store)
    await store.clear({"a": ["e1"]})
    before.added = [entry("e2")]
    assert await store.save([before], pending_at=LATER) == frozenset()

    read = await one(store)
    assert [out.id for out in read.outbox] == ["e2"]
    assert [doc.id for doc in await store.left_behind(before=LATER, limit=9)] == ["a"]
    await store.clear({"a": ["e2"]})
    assert await store.left_behind(before=LATER, limit=9) == []


async def test_what_others_publish_is_not_left_behind(store: Store) -> None:
    """By the owner of an outbox's first entry; a copy that won says when it was saved."""
    documents: list[Document[list[str]]] = [
        Document(name, state=[], added=[entry(f"{name}-{number}") for number in range(2)])
        for name in "ab"
    ]
    assert documents[0].saved_at is None
    await store.save(documents, pending_at=START)
    assert [document.saved_at for document in documents] == [START, START]
    loser: Document[list[str]] = Document("a", state=[])
    await store.save([loser], pending_at=START)
    assert loser.saved_at is None

    ours = (await one(store)).outbox[0].owner
    assert await store.left_behind(before=START, limit=9, others=[ours]) == []
    left = await store.left_behind(before=START, limit=9, others=["another", "third"])
    assert [document.id for document in left] == ["a", "b"]


async def test_what_is_left_behind_comes_oldest_first_and_bounded(store: Store) -> None:
    """Only outboxes that have waited long enough, and no more than asked for."""
    for number, subject in enumerate("cab"):
        document = Document(subject, state=["x"], added=[entry(f"e{number}")])
        await store.save([document], pending_at=START + timedelta(seconds=number))

    found = await store.left_behind(before=START + timedelta(seconds=1), limit=9)
    assert [document.id for document in found] == ["c", "a"]
    assert len(await store.left_behind(before=START + timedelta(days=1), limit=2)) == 2


async def test_an_empty_batch_is_no_error(store: Store) -> None:
    """Nothing to write is written at once."""
    assert await store.save([], pending_at=START) == frozenset()
    await store.clear({})


def refusal(until: datetime, *, name: str = "e1", scope: str = "record") -> Refusal:
    """Return why an outbox waits."""
    return Refusal(name, "motcua.obligations.v1", "TooLarge", scope, "why", START, until)


async def test_a_refused_entry_is_left_behind_from_its_time_on(store: Store) -> None:
    """It is listed and counted; an event added meanwhile waits behind it."""
    for number, subject in enumerate("abc"):
        document = Document(subject, state=["x"], added=[entry("e1")])
        await store.save([document], pending_at=START + timedelta(seconds=number))
    later = refusal(START + timedelta(minutes=10))
    await store.defer({"a": later, "b": replace(refusal(START, scope="topic"), at=LATER)})
    await store.defer({"a": refusal(START, name="another"), "nobody": later})

    assert (await one(store)).refused == later
    assert [doc.id for doc in await store.refused(limit=9)] == ["b", "a"]
    assert [doc.id for doc in await store.refused(limit=9, ids=["a", "c"])] == ["a"]
    assert len(await store.refused(limit=1)) == 1
    assert set(await store.count_refused()) == {
        Waiting("motcua.obligations.v1", "TooLarge", scope, 1) for scope in ("record", "topic")
    }

    document = await one(store)
    document.added = [entry("e2")]
    await store.save([document], pending_at=START)
    soon, then = START + timedelta(seconds=9), START + timedelta(minutes=10)
    assert [doc.id for doc in await store.left_behind(before=soon, limit=9)] == ["b", "c"]
    assert [doc.id for doc in await store.left_behind(before=then, limit=9)] == ["a", "b", "c"]


async def test_what_is_published_is_refused_no_more(store: Store) -> None:
    """Taking entries out takes the refusal too."""
    await store.save([Document("a", state=["x"], added=[entry("e1")])], pending_at=START)
    await store.defer({"a": refusal(LATER)})
    await store.clear({"a": ["e1"]})
    assert (await one(store)).refused is None
    assert await store.refused(limit=9) == []
    assert await store.count_refused() == []


@pytest.mark.connected
@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_an_index_with_other_options_is_made_anew(
    driver: Any,  # noqa: ANN401 -- Its name.
    mongo_url: str,
    unique: str,
) -> None:
    """A store that came back from a crash without `sparse` stops no start."""
    mongo = Mongo(mongo_url, unique, driver=driver)
    collection = mongo.collection("subjects")
    try:
        await collection.create_index([("pending_at", 1)])
        for _ in range(2):
            await collection.create_index([("pending_at", 1)], sparse=True)
        assert await collection.insert({"_id": "a", "pending_at": START})
        assert await collection.insert({"_id": "b"})
        assert [row["_id"] for row in await collection.find({"pending_at": START})] == ["a"]
    finally:
        await mongo.drop()
        await mongo.close()
