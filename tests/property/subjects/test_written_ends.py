"""A loss is found in any order of what replicas do, and nothing else is called one."""

import asyncio
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from shared.subjects.written_ends import WrittenEnds
from tests.fakes.subjects import MemoryWrittenEnds

PLACE = ("motcua.dossiers.v1", 0)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["write", "save", "compare", "restart", "lose", "restore"]),
        st.integers(0, 1),
        st.integers(1, 4),
    ),
    max_size=40,
)


@dataclass
class Oracle:
    """One log, by the names of its records; a writer remembers which were acknowledged."""

    log: list[int] = field(default_factory=list)
    acknowledged: set[int] = field(default_factory=set)
    counted: int = 0

    def write(self) -> int:
        """Append a record and return its offset."""
        self.counted += 1
        self.log.append(self.counted)
        self.acknowledged.add(self.counted)
        return len(self.log) - 1

    def lacks(self) -> bool:
        """Return whether a record that was acknowledged is gone."""
        return not self.acknowledged <= set(self.log)


@given(STEPS)
def test_replicas_find_a_loss_and_only_a_loss(steps: list[tuple[str, int, int]]) -> None:
    """After everybody saved and compared, both say whether records are missing."""
    asyncio.run(_play(steps))


async def _play(steps: list[tuple[str, int, int]]) -> None:
    oracle, store = Oracle(), MemoryWrittenEnds()
    replicas = [WrittenEnds(), WrittenEnds()]
    for what, number, count in steps:
        ours = replicas[number]
        if what == "write":
            for _ in range(count):
                ours.acknowledged(*PLACE, oracle.write())
        elif what == "save":
            await _save(ours, store)
        elif what == "compare":
            await _compare(ours, store, oracle)
        elif what == "restart":
            await _save(ours, store)  # A stop in good order.
            ours = replicas[number] = WrittenEnds()
            ours.begin(await store.load())
        elif what == "lose":
            await _all(replicas, store, oracle)
            del oracle.log[-count:]
            await _all(replicas, store, oracle)  # Every 10 s, and at a start.
        else:
            oracle.acknowledged &= set(oracle.log)  # Published again; here, given up.
            await store.restored({PLACE: len(oracle.log)})
            await _all(replicas, store, oracle)
    await _all(replicas, store, oracle)
    assert [bool(ours.short()) for ours in replicas] == [oracle.lacks()] * 2


async def _all(replicas: list[WrittenEnds], store: MemoryWrittenEnds, oracle: Oracle) -> None:
    for ours in replicas * 2:  # The second time, each learns what the other has found.
        await _save(ours, store)
        await _compare(ours, store, oracle)
        await _save(ours, store)


async def _save(ours: WrittenEnds, store: MemoryWrittenEnds) -> None:
    await store.save({place: ours.rows[place] for place in ours.unsaved})
    ours.unsaved.clear()


async def _compare(ours: WrittenEnds, store: MemoryWrittenEnds, oracle: Oracle) -> None:
    ours.refresh(await store.load())
    ours.compare({PLACE: len(oracle.log)})
