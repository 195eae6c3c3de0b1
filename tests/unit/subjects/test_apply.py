"""What a batch does to its subjects, on fakes of our ports."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.events.envelope import Event, encode
from shared.reference.view import Reference
from shared.subjects import fold
from shared.subjects.apply import ApplyBatch
from shared.subjects.change import ChangeSubjects
from shared.subjects.document import Document, Outgoing
from shared.subjects.errors import StopServiceError, UnavailableError
from shared.subjects.records import Record
from shared.subjects.refused import RefusedRecord
from shared.subjects.relay import LEFT_BEHIND_AFTER, Relay
from tests.fakes.counting import POISON, START, NamesCodec, assigned, say_back
from tests.fakes.subjects import (
    FixedReference,
    MemoryArchive,
    MemoryParking,
    MemoryPublisher,
    MemorySubjects,
)

CODE = "H37.112-260105-0031"
OTHER = "H37.112-260105-0032"
OBLIGATIONS = "motcua.obligations.v1"


class StandingClock:
    def now(self) -> Any:  # noqa: ANN401 - datetime, as the port says.
        return START


@dataclass
class House:
    """One consumer with everything in memory."""

    store: MemorySubjects[list[str]] = field(
        default_factory=lambda: MemorySubjects(NamesCodec())
    )
    publisher: MemoryPublisher = field(default_factory=MemoryPublisher)
    archive: MemoryArchive = field(default_factory=MemoryArchive)
    parking: MemoryParking = field(default_factory=MemoryParking)
    reference: FixedReference = field(default_factory=lambda: FixedReference(Reference.empty()))

    def __post_init__(self) -> None:
        self.relay = Relay(self.store, self.publisher, self.archive, wall_now=lambda: START)
        self.apply = ApplyBatch(
            service="workflow",
            store=self.store,
            fold=say_back,
            relay=self.relay,
            parking=self.parking,
            reference=self.reference,
            clock=StandingClock(),
            wall_now=lambda: START,
        )

    def names(self, code: str = CODE) -> list[str]:
        row = self.store.rows.get(code)
        return [] if row is None or row["state"] is None else list(row["state"]["names"])


def records(events: Iterable[Event]) -> list[Record]:
    """Return the events as the broker would hand them over."""
    return [
        Record("motcua.dossiers.v1", 0, offset, event.subject.encode(), encode(event))
        for offset, event in enumerate(events)
    ]


def run(*batches: Sequence[Event], house: House | None = None) -> House:
    """Apply batches one after the other."""
    house = house or House()

    async def go() -> None:
        for batch in batches:
            await house.apply(records(batch))

    asyncio.run(go())
    return house


def test_applies_each_event_once_and_publishes_what_follows() -> None:
    """Two events, two effects, two events of ours, numbered and keyed by their subject."""
    house = run([assigned(CODE, 1), assigned(CODE, 2)])

    assert house.names() == ["p-1", "p-2"]
    values = [out.value for out in house.publisher.published]
    assert [value and value["sequence"] for value in values] == [1, 2]
    assert [out.key for out in house.publisher.published] == [CODE, CODE]
    assert house.store.rows[CODE]["outbox"] == []
    assert set(house.archive.kept) == {
        (OBLIGATIONS, "said-" + CODE + "-1"),
        (OBLIGATIONS, "said-" + CODE + "-2"),
    }


def test_a_repeated_batch_changes_nothing() -> None:
    """Redelivery finds its effect there."""
    batch = [assigned(CODE, 1), assigned(CODE, 2)]
    house = run(batch)
    version = house.store.rows[CODE]["version"]
    run(batch, house=house)

    assert house.store.rows[CODE]["version"] == version
    assert len(house.publisher.published) == 2


def test_holds_what_is_ahead_until_the_gap_closes() -> None:
    """An event that overtook its predecessor waits in the document, not in memory."""
    house = run([assigned(CODE, 3), assigned(CODE, 2)])
    assert house.names() == []
    assert len(house.store.rows[CODE]["held"]) == 2

    run([assigned(CODE, 1)], house=house)
    assert house.names() == ["p-1", "p-2", "p-3"]
    assert house.store.rows[CODE]["held"] == []


def test_a_poisonous_event_is_parked_and_only_its_subject_waits() -> None:
    """The neighbour flows on; the subject's later events wait behind the parked one."""
    house = run(
        [assigned(CODE, 1), assigned(CODE, 2, POISON), assigned(CODE, 3), assigned(OTHER, 1)]
    )

    assert house.names() == ["p-1"]
    assert house.names(OTHER) == ["p-1"]
    (parked,) = house.parking.parked.values()
    assert (parked.subject, parked.sequence, parked.reason) == (CODE, 2, "poison")
    assert [event["sequence"] for _, event in house.store.rows[CODE]["held"]] == [3]


def test_a_record_that_cannot_be_read_is_parked_with_its_place() -> None:
    """Rubbish on a canonical topic does not stop its neighbours."""
    house = House()
    rubbish = [
        Record("motcua.dossiers.v1", 4, 77, CODE.encode(), b"\xff\xfe"),
        Record("motcua.dossiers.v1", 4, 78, None, None),
    ]
    asyncio.run(house.apply([*rubbish, *records([assigned(OTHER, 1)])]))

    assert set(house.parking.parked) == {"motcua.dossiers.v1/4/77", "motcua.dossiers.v1/4/78"}
    assert house.names(OTHER) == ["p-1"]


def test_stops_when_too_much_waits_behind_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A subject may not grow without bound; the sentence names the subject and the tool."""
    monkeypatch.setattr(fold, "HELD_MAX", 3)
    with pytest.raises(StopServiceError, match=f"{CODE}: 4 events wait behind a gap"):
        run([assigned(CODE, sequence) for sequence in range(2, 6)])


def test_a_document_changed_behind_our_back_is_read_and_folded_again() -> None:
    """The loser of the compare-and-set never overwrites."""
    house = run([assigned(CODE, 1)])
    meddled: list[bool] = []

    def meddle() -> None:
        if not meddled:
            meddled.append(True)
            row = house.store.rows[CODE]
            row["version"] += 1
            row["state"]["names"].append("p-other")

    house.store.before_save = meddle
    run([assigned(CODE, 2)], house=house)

    assert house.names() == ["p-1", "p-other", "p-2"]
    assert house.publisher.ids() == [f"said-{CODE}-1", f"said-{CODE}-2"]


def test_waits_for_the_reference_that_the_event_was_judged_by() -> None:
    """A consumer that is behind the reference version applies nothing yet."""
    late = assigned(CODE, 1).model_copy(update={"referenceversion": 9})
    house = House()
    with pytest.raises(UnavailableError, match="not reached version 9"):
        run([late], house=house)
    assert house.store.rows == {}


def test_what_a_broken_broker_left_behind_goes_out_with_the_same_ids() -> None:
    """The decision is durable before the broker is asked; the sweep finishes it."""
    house = House()
    house.publisher.away = True
    with pytest.raises(UnavailableError):
        run([assigned(CODE, 1)], house=house)
    assert house.names() == ["p-1"]

    house.publisher.away = False
    asyncio.run(house.relay.sweep_left_behind(wall_now=START + LEFT_BEHIND_AFTER))
    assert house.publisher.ids() == [f"said-{CODE}-1"]
    assert house.store.rows[CODE]["pending_at"] is None


def test_redelivery_finishes_what_was_written_and_not_published() -> None:
    """A crash between write and publication heals at once, not only at the next sweep."""
    house = House()
    house.publisher.away = True
    with pytest.raises(UnavailableError):
        run([assigned(CODE, 1)], house=house)
    house.publisher.away = False
    run([assigned(CODE, 1)], house=house)

    assert house.publisher.ids() == [f"said-{CODE}-1"]


def test_two_tasks_do_not_publish_one_entry_twice() -> None:
    """A sweep that meets a batch in the middle of its publication waits for it."""
    house = House()
    gate, saving = asyncio.Event(), asyncio.Event()
    house.store.before_save = saving.set
    sent: list[str] = []

    class SlowPublisher:
        async def publish(self, outgoing: Sequence[Outgoing]) -> Sequence[RefusedRecord]:
            await gate.wait()
            sent.extend(out.id for out in outgoing)
            return ()

    house.relay.publisher = SlowPublisher()

    async def go() -> None:
        batch = asyncio.create_task(house.apply(records([assigned(CODE, 1)])))
        await saving.wait()
        await asyncio.sleep(0.01)
        sweep = asyncio.create_task(
            house.relay.sweep_left_behind(wall_now=START + LEFT_BEHIND_AFTER)
        )
        await asyncio.sleep(0.01)
        gate.set()
        await asyncio.gather(batch, sweep)

    asyncio.run(go())
    assert sent == [f"said-{CODE}-1"]


def test_a_change_without_an_event_is_compared_and_set_too() -> None:
    """What a sweep decides is durable and published like everything else."""
    house = run([assigned(CODE, 1)])
    change = ChangeSubjects(
        "workflow", house.store, house.relay, house.reference, StandingClock(), lambda: START
    )

    def decide(document: Document[list[str]], context: fold.Context) -> list[fold.Emission]:
        event = assigned(CODE, 50)
        folded = say_back(document.state, event, context)
        document.state = folded.state
        return list(folded.emissions)

    done = asyncio.run(change([CODE, OTHER], decide))
    assert [document.id for document in done] == [CODE]
    assert house.names() == ["p-1", "p-50"]
    assert house.publisher.ids() == [f"said-{CODE}-1", f"said-{CODE}-50"]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_interleaving_duplication_and_split_gives_the_same_state(
    data: st.DataObject,
) -> None:
    """The final documents and the set of ids published depend on the history alone."""
    history = [assigned(code, n) for code in (CODE, OTHER) for n in range(1, 5)]
    copies = data.draw(st.lists(st.sampled_from(history), max_size=10))
    shuffled = data.draw(st.permutations(history + copies))
    cut = data.draw(st.integers(0, len(shuffled)))
    house = run(shuffled[:cut], shuffled[cut:])

    for code in (CODE, OTHER):
        assert house.names(code) == ["p-1", "p-2", "p-3", "p-4"]
        said = [one for one in house.publisher.ids() if code in one]
        assert said == [f"said-{code}-{n}" for n in range(1, 5)]
