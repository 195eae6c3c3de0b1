"""A store is compared with its topics before anything else happens."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import pytest

from shared.events.topics import OBLIGATIONS
from shared.subjects.adoption import CompareStore, Extent, Known, begin_at
from shared.subjects.document import Outgoing
from shared.subjects.errors import UnavailableError
from shared.subjects.ownership import SoleOwner
from shared.subjects.records import Record
from tests.fakes.own_topics import MemoryMarks, MemoryTopics

pytestmark = pytest.mark.asyncio

TOPIC = OBLIGATIONS.name


@dataclass
class Store:
    """An adopter whose store is a set of values."""

    kept: set[bytes | None] = field(default_factory=set)
    topics: Sequence[str] = (TOPIC,)
    steps: list[str] = field(default_factory=list)
    dies_at: str = ""

    async def unknown(self, records: Sequence[Record]) -> Collection[Record]:
        return [record for record in records if record.value not in self.kept]

    async def begin(self) -> None:
        self._step("begin")

    async def adopt(self, records: Sequence[Record]) -> None:
        self._step("adopt")
        self.kept |= {record.value for record in records}

    async def finish(self) -> None:
        self._step("finish")

    def _step(self, name: str) -> None:
        self.steps.append(name)
        if name == self.dies_at:
            raise UnavailableError("the process ends here")


@dataclass
class Heirs:
    """Whose processes are gone."""

    gone: Collection[str] = ()

    def is_ours(self, owner: str) -> bool:
        return owner in self.gone


def written(*values: str) -> MemoryTopics:
    """Return topics with one record for each value."""
    topics = MemoryTopics()
    topics.write([Outgoing(one, TOPIC, one, {"id": one}) for one in values])
    return topics


def everything(topics: MemoryTopics) -> set[bytes | None]:
    """Return the values of all records."""
    return {record.value for log in topics.logs.values() for record in log}


async def test_a_new_installation_notes_its_cluster() -> None:
    """Nothing published, nothing on the topics."""
    marks, store = MemoryMarks(), Store()
    assert await CompareStore(MemoryTopics(), marks, store, SoleOwner())()
    assert (marks.own, store.steps) == ("cluster-1", [])


async def test_a_level_store_notes_its_cluster_and_ends() -> None:
    """An installation of an earlier version notes them at its first start."""
    topics, marks = written("a", "b"), MemoryMarks()
    store = Store(everything(topics))
    assert await CompareStore(topics, marks, store, SoleOwner())()
    assert marks.own == "cluster-1"
    assert sum(known.next or 0 for known in marks.ends[TOPIC].values()) == 2
    assert store.steps == []


async def test_an_empty_topic_says_nothing_of_the_cluster() -> None:
    """A wrong address may have it, and so has a broker that came back empty."""
    marks = MemoryMarks(own="cluster-0")
    assert await CompareStore(MemoryTopics(), marks, Store({b"a"}), SoleOwner())()
    assert marks.own == "cluster-0"


async def test_a_store_that_is_behind_does_not_begin() -> None:
    """It says what it lacks and by which command it goes on, and touches nothing."""
    topics, marks, store = written("a", "b"), MemoryMarks(), Store()
    compare = CompareStore(topics, marks, store, SoleOwner())
    assert not await compare()
    sentence = await compare.missing()
    assert sentence is not None
    assert "2 of motcua.obligations.v1" in sentence
    assert "motcua restore store" in sentence
    assert (store.steps, marks.own) == ([], None)
    assert [lack.records for lack in marks.findings[-1][1]] == [2]


async def test_the_stores_own_cluster_is_believed() -> None:
    """A backup that was restored belongs to the same cluster: no person is needed."""
    topics, marks, store = written("a", "b"), MemoryMarks(own="cluster-1"), Store()
    compare = CompareStore(topics, marks, store, SoleOwner())
    assert await compare()
    assert store.kept == everything(topics)
    assert store.steps[0] == "begin"
    assert store.steps[-1] == "finish"
    assert (compare.adopted, await compare.missing()) == (2, None)
    assert (marks.holder, marks.begun) == (None, False)


async def test_another_cluster_needs_a_permission_for_just_that_one() -> None:
    """The address could be another installation's."""
    topics, store = written("a"), Store()
    marks = MemoryMarks(own="cluster-0", allowed="cluster-7")
    compare = CompareStore(topics, marks, store, SoleOwner())
    assert not await compare()
    marks.allowed = "cluster-1"
    assert await compare()
    assert store.kept == everything(topics)
    assert [await marks.cluster(), await marks.permitted()] == ["cluster-1", None]


@pytest.mark.parametrize("at", ["begin", "adopt", "finish"])
async def test_what_a_crash_interrupts_is_finished_at_the_next_start(at: str) -> None:
    """Also where nothing is lacking any more: the end of the work is work too."""
    topics, marks = written("a", "b"), MemoryMarks(allowed="cluster-1")
    store = Store(dies_at=at)
    assert not await CompareStore(topics, marks, store, SoleOwner())()
    assert marks.begun
    after = replace(store, steps=[], dies_at="")
    marks.allowed = None
    assert await CompareStore(topics, marks, after, SoleOwner())()
    assert after.steps[-1] == "finish"
    assert after.kept == everything(topics)


async def test_one_replica_adopts_and_the_other_finds_it_done() -> None:
    """The one that comes later must not do it again: the first is at work by then."""
    topics, store = written("a", "b"), Store()
    first = MemoryMarks(own="cluster-1", holder="other")
    compare = CompareStore(topics, first, store, Heirs())
    assert not await compare()
    assert store.steps == []
    store.kept = everything(topics)
    first.holder = None
    assert await compare()
    assert store.steps == []


async def test_the_heir_of_a_process_that_died_goes_on() -> None:
    """Ownership says who is gone."""
    topics, store = written("a"), Store()
    marks = MemoryMarks(own="cluster-1", holder="dead", begun=True)
    assert await CompareStore(topics, marks, store, Heirs({"dead"}))()
    assert store.kept == everything(topics)


async def test_without_a_broker_nothing_is_known() -> None:
    """A store that was set back looks like any other until the topics are asked."""
    topics = written("a")
    topics.away = True
    compare = CompareStore(topics, MemoryMarks(own="cluster-1"), Store(), SoleOwner())
    assert await compare.missing() is not None
    assert not await compare()
    assert "no broker answers" in (await compare.missing() or "")
    topics.away = False
    assert await compare()


@pytest.mark.parametrize(
    ("extent", "known", "begin"),
    [
        (Extent(0, 10, "a"), Known(), 0),
        (Extent(0, 10, "a"), Known(7, "a"), 7),
        (Extent(0, 10, "a"), Known(7), 7),
        (Extent(3, 10, "a"), Known(), 3),
        (Extent(8, 10, "a"), Known(7), 8),
        (Extent(0, 10, "b"), Known(7, "a"), 0),
        (Extent(0, 5, "a"), Known(7, "a"), 0),
    ],
    ids=["unknown", "at the end", "unnoted", "trimmed", "trimmed past", "other", "shorter"],
)
async def test_where_comparing_begins(extent: Extent, known: Known, begin: int) -> None:
    """At the written end, unless the log is another one than it was noted of."""
    assert begin_at(extent, known) == begin
