"""What reaches the broker, and in which order, when tasks share subjects and sends fail."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.subjects.document import Document, Outgoing
from shared.subjects.errors import UnavailableError
from shared.subjects.relay import LEFT_BEHIND_AFTER, Relay
from tests.fakes.counting import START, NamesCodec
from tests.fakes.subjects import MemoryArchive, MemorySubjects

FIRST, SECOND = "H37.112-260105-0031", "H37.112-260105-0032"
TOPIC = "motcua.notices.v1"
LATER = START + LEFT_BEHIND_AFTER


@dataclass
class Broker:
    """A broker that may be slow, refuse, or take and not answer; keeps what it took."""

    taken: list[Outgoing] = field(default_factory=list)
    gates: list[asyncio.Event] = field(default_factory=list)
    refuse: list[str] = field(default_factory=list)

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        """Take these once the next gate is open."""
        if self.gates:
            await self.gates.pop(0).wait()
        how = self.refuse.pop(0) if self.refuse else "take"
        if how != "refuse":
            self.taken.extend(outgoing)
        if how != "take":
            raise UnavailableError(how)

    def sequences(self, subject: str) -> list[int]:
        """Return a subject's numbers as they came, repeats included."""
        return [number(out) for out in self.taken if out.key == subject]


@dataclass
class House:
    """A relay on memory, and a way to decide something about a subject."""

    broker: Broker = field(default_factory=Broker)
    store: MemorySubjects[list[str]] = field(
        default_factory=lambda: MemorySubjects(NamesCodec())
    )

    def __post_init__(self) -> None:
        self.relay = Relay(self.store, self.broker, MemoryArchive())

    async def copy(self, subject: str) -> Document[list[str]]:
        """Read a working copy."""
        return (await self.store.load({subject})).get(subject) or Document(subject, state=[])

    async def decide(self, *subjects: str) -> list[Document[list[str]]]:
        """Decide one more event of each subject, durably, and return the copies."""
        documents = [await self.copy(subject) for subject in subjects]
        for document in documents:
            last = document.emitted.get(TOPIC, 0) + 1
            document.emitted[TOPIC] = last
            value = {"sequence": last, "subject": document.id}
            document.added.append(Outgoing(f"{document.id}#{last}", TOPIC, document.id, value))
        losers = await self.store.save(documents, pending_at=START)
        return [document for document in documents if document.id not in losers]

    async def sweep(self) -> int:
        """Publish whatever waits."""
        return await self.relay.sweep_left_behind(wall_now=LATER)


def number(out: Outgoing) -> int:
    """Return an event's place in its subject."""
    return int((out.value or {})["sequence"])


async def settle() -> None:
    """Let every task come as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.mark.asyncio
async def test_an_event_takes_along_what_its_subject_had_not_published() -> None:
    """The first send failed; the second event does not overtake the first one."""
    house = House()
    house.broker.refuse = ["refuse"]
    with pytest.raises(UnavailableError):
        await house.relay.publish(await house.decide(FIRST))

    await house.relay.publish(await house.decide(FIRST))

    assert house.broker.sequences(FIRST) == [1, 2]
    assert house.store.rows[FIRST]["pending_at"] is None


@pytest.mark.asyncio
async def test_an_event_waits_for_the_one_before_it_and_goes_with_it_if_that_failed() -> None:
    """While one task is sending the first, others come with copies that show it too."""
    house, gate = House(), asyncio.Event()
    house.broker.gates, house.broker.refuse = [gate], ["refuse"]
    first = asyncio.create_task(house.relay.publish(await house.decide(FIRST)))
    await settle()
    sweep = asyncio.create_task(house.sweep())
    second = asyncio.create_task(house.relay.publish(await house.decide(FIRST)))
    await settle()
    assert house.broker.taken == []

    gate.set()
    results = await asyncio.gather(first, sweep, second, return_exceptions=True)

    assert isinstance(results[0], UnavailableError)
    assert house.broker.sequences(FIRST) == [1, 2]


@pytest.mark.asyncio
async def test_a_subject_does_not_wait_for_another_one() -> None:
    """Only what is in somebody else's hands waits; the rest of the batch goes at once."""
    house, gate = House(), asyncio.Event()
    house.broker.gates = [gate]
    first = asyncio.create_task(house.relay.publish(await house.decide(FIRST)))
    await settle()
    both = asyncio.create_task(house.relay.publish(await house.decide(FIRST, SECOND)))
    await settle()
    assert (house.broker.sequences(FIRST), house.broker.sequences(SECOND)) == ([], [1])

    gate.set()
    await asyncio.gather(first, both)
    assert house.broker.sequences(FIRST) == [1, 2]


@pytest.mark.asyncio
async def test_what_was_published_since_the_copy_was_read_is_not_repeated() -> None:
    """A copy that was in hand for a while still shows what went out meanwhile."""
    house = House()
    await house.decide(FIRST)
    old = await house.copy(FIRST)
    assert await house.sweep() == 1

    assert await house.relay.publish([old]) == 0
    assert house.broker.sequences(FIRST) == [1]


@pytest.mark.asyncio
async def test_one_who_stops_waiting_does_not_disturb_the_others() -> None:
    """A task that is cancelled while it waits takes nothing with it."""
    house, gate = House(), asyncio.Event()
    house.broker.gates = [gate]
    first = asyncio.create_task(house.relay.publish(await house.decide(FIRST)))
    await settle()
    waiting = [asyncio.create_task(house.sweep()) for _ in range(2)]
    await settle()
    waiting[0].cancel()
    await settle()

    gate.set()
    assert await first == 1
    assert await waiting[1] == 0
    assert house.broker.sequences(FIRST) == [1]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_event_overtakes_an_earlier_one_of_its_subject(data: st.DataObject) -> None:
    """Any tasks, pauses, refusals and lost answers: first appearances come as 1, 2, 3 …."""
    hows = st.sampled_from(["take", "refuse", "take and lose the answer"])
    refusals = data.draw(st.lists(hows, max_size=8))
    steps = st.tuples(
        st.sampled_from([(FIRST,), (SECOND,), (FIRST, SECOND), ()]),
        st.integers(0, 6),
        st.integers(0, 6),
    )
    plans = data.draw(st.lists(st.lists(steps, max_size=4), min_size=1, max_size=4))
    slow = data.draw(st.lists(st.integers(0, 8), max_size=12))
    taken = asyncio.run(_interleave(plans, refusals, slow))
    for subject, numbers in taken.items():
        fresh = list(dict.fromkeys(numbers))
        assert fresh == list(range(1, len(fresh) + 1)), (subject, numbers)


async def _interleave(
    plans: Sequence[Sequence[tuple[tuple[str, ...], int, int]]],
    refusals: Sequence[str],
    slow: Sequence[int],
) -> Mapping[str, list[int]]:
    house = House()
    house.broker.refuse = list(refusals)
    pauses = list(slow)

    class Slow:
        async def publish(self, outgoing: Sequence[Outgoing]) -> None:
            for _ in range(pauses.pop() if pauses else 0):
                await asyncio.sleep(0)
            await house.broker.publish(outgoing)

    house.relay.publisher = Slow()

    async def act(plan: Sequence[tuple[tuple[str, ...], int, int]]) -> None:
        for subjects, before, between in plan:
            for _ in range(before):
                await asyncio.sleep(0)
            try:
                if not subjects:
                    await house.sweep()
                    continue
                documents = await house.decide(*subjects)
                for _ in range(between):
                    await asyncio.sleep(0)
                await house.relay.publish(documents)
            except UnavailableError:
                continue

    await asyncio.gather(*(act(plan) for plan in plans))
    house.broker.refuse.clear()
    await house.sweep()
    assert all(row["pending_at"] is None for row in house.store.rows.values())
    for subject, row in house.store.rows.items():
        assert set(house.broker.sequences(subject)) == set(range(1, row["version"] + 1))
    return {subject: house.broker.sequences(subject) for subject in house.store.rows}
