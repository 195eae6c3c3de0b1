"""What reaches the broker, and in which order, when tasks share subjects and sends fail."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from shared.subjects.document import Document, Outgoing
from shared.subjects.errors import UnavailableError
from shared.subjects.ownership import SoleOwner
from shared.subjects.refused import RECORD_RETRY_AFTER, RefusedRecord, Scope
from shared.subjects.relay import LEFT_BEHIND_AFTER, Relay, Retried
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
    too_large: set[str] = field(default_factory=set)
    scope: Scope = Scope.RECORD
    pauses: list[int] = field(default_factory=list)

    async def publish(self, outgoing: Sequence[Outgoing]) -> Sequence[RefusedRecord]:
        """Take these once the next gate is open, but for what is refused."""
        for _ in range(self.pauses.pop() if self.pauses else 0):
            await asyncio.sleep(0)
        if self.gates:
            await self.gates.pop(0).wait()
        how = self.refuse.pop(0) if self.refuse else "take"
        refused = self._refused(outgoing) if how != "refuse" else []
        lacking = [one.outgoing for one in refused]
        if how != "refuse":
            self.taken.extend(out for out in outgoing if out not in lacking)
        if how != "take":
            raise UnavailableError(how)
        return refused

    def _refused(self, outgoing: Sequence[Outgoing]) -> list[RefusedRecord]:
        """Return what is too large, with what follows it in its subject."""
        refused: list[RefusedRecord] = []
        for out in outgoing:
            follows = any(one.outgoing.key == out.key for one in refused)
            if follows or out.id in self.too_large:
                refused.append(
                    RefusedRecord(out, "TooLarge", self.scope, "raise the limit", follows)
                )
        return refused

    def sequences(self, subject: str) -> list[int]:
        """Return a subject's numbers as they came, repeats included."""
        return [number(out) for out in self.taken if out.key == subject]


@dataclass
class House:
    """A relay on memory, and a way to decide something about a subject."""

    broker: Broker = field(default_factory=Broker)
    wall: datetime = START
    store: MemorySubjects[list[str]] = field(
        default_factory=lambda: MemorySubjects(NamesCodec())
    )

    def __post_init__(self) -> None:
        self.archive = MemoryArchive()
        self.relay = Relay(self.store, self.broker, self.archive, wall_now=lambda: self.wall)

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


@pytest.mark.asyncio
async def test_a_refused_record_waits_with_its_subject_and_others_go_on() -> None:
    """What is decided later of that subject waits behind it, by whatever path."""
    house = House()
    house.broker.too_large = {f"{FIRST}#1"}
    (waiting, going) = documents = await house.decide(FIRST, SECOND)
    assert await house.relay.publish(documents) == 1
    assert (len(waiting.unpublished()), going.unpublished()) == (1, [])

    house.broker.too_large.clear()
    assert await house.relay.publish(await house.decide(FIRST, SECOND)) == 1
    assert await house.sweep() == 0
    assert (house.broker.sequences(FIRST), house.broker.sequences(SECOND)) == ([], [1, 2])
    assert {out.key for out in house.archive.kept.values()} == {SECOND}

    later = LATER + RECORD_RETRY_AFTER
    assert await house.relay.sweep_left_behind(wall_now=later) == 2
    assert house.broker.sequences(FIRST) == [1, 2]
    assert house.store.rows[FIRST]["refused"] is None


@pytest.mark.asyncio
async def test_a_refused_topic_is_tried_again_by_the_next_sweeps() -> None:
    """It is not the record's fault; the document says why it waits, with the latest time."""
    house = House()
    house.broker.scope, house.broker.too_large = Scope.TOPIC, {f"{FIRST}#1"}
    await house.relay.publish(await house.decide(FIRST))
    assert await house.sweep() == 0
    house.wall = LATER
    assert await house.sweep() == 0
    refused = house.store.rows[FIRST]["refused"]
    assert (refused.scope, refused.error, refused.at) == ("topic", "TooLarge", LATER)

    house.broker.too_large.clear()
    assert await house.sweep() == 0
    assert await house.relay.sweep_left_behind(wall_now=LATER + LEFT_BEHIND_AFTER) == 1


@pytest.mark.asyncio
async def test_a_copy_read_before_the_refusal_waits_too() -> None:
    """The store knows what the copy does not."""
    house = House()
    await house.decide(FIRST)
    copy = (await house.decide(FIRST))[0]
    house.broker.too_large = {f"{FIRST}#1"}
    await house.sweep()
    house.broker.too_large.clear()
    assert await house.relay.publish([copy]) == 0
    assert [out.id for out in copy.unpublished()] == [f"{FIRST}#1", f"{FIRST}#2"]


@pytest.mark.asyncio
async def test_a_retry_on_command_says_what_it_did() -> None:
    """Refused again, or gone out with what waited behind; else there was nothing to do."""
    house = House()
    house.broker.too_large = {f"{FIRST}#1"}
    await house.relay.publish(await house.decide(FIRST))
    await house.decide(FIRST)
    again = await house.relay.retry(FIRST)
    assert again.refused is not None
    assert (again.published, again.refused.id) == (0, f"{FIRST}#1")

    house.broker.too_large.clear()
    assert await house.relay.retry(FIRST) == Retried(2)
    assert await house.relay.retry(FIRST) == await house.relay.retry(SECOND) == Retried(0)


@pytest.mark.asyncio
async def test_a_retry_of_what_another_process_owns_is_left_to_it() -> None:
    """Its next sweep tries it: the refusal is over at once."""
    house, other = House(), House()
    other.store.rows = house.store.rows
    house.broker.too_large = {f"{FIRST}#1"}
    await house.relay.publish(await house.decide(FIRST))

    class Others(SoleOwner):
        @override
        def is_ours(self, owner: str) -> bool:
            return owner == "mine"

    other.relay.ownership = Others()
    retried = await other.relay.retry(FIRST)
    assert (retried.published, retried.elsewhere) == (0, True)
    house.broker.too_large.clear()
    assert await house.sweep() == 1


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
    large = data.draw(
        st.sets(
            st.sampled_from([f"{one}#{at}" for one in (FIRST, SECOND) for at in range(1, 6)])
        )
    )
    taken = asyncio.run(_interleave(plans, refusals, slow, large))
    for subject, numbers in taken.items():
        fresh = list(dict.fromkeys(numbers))
        assert fresh == list(range(1, len(fresh) + 1)), (subject, numbers)


async def _interleave(
    plans: Sequence[Sequence[tuple[tuple[str, ...], int, int]]],
    refusals: Sequence[str],
    slow: Sequence[int],
    large: Collection[str],
) -> Mapping[str, list[int]]:
    house = House()
    house.broker.refuse, house.broker.too_large = list(refusals), set(large)
    house.broker.pauses = list(slow)

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
    assert house.broker.too_large.isdisjoint(out.id for out in house.broker.taken)
    house.broker.too_large.clear()
    await house.relay.sweep_left_behind(wall_now=LATER + RECORD_RETRY_AFTER)
    assert all(row["pending_at"] is None for row in house.store.rows.values())
    for subject, row in house.store.rows.items():
        assert set(house.broker.sequences(subject)) == set(range(1, row["version"] + 1))
    return {subject: house.broker.sequences(subject) for subject in house.store.rows}
