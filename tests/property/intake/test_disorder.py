"""A dossier's events in any order within ten minutes end as those that came as they happened.

The oracle is the ordered life itself and the auditor's table of statuses, written by hand.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.auditor.core.instants import MOVES, STAYS, after, allowed
from services.intake.core.receipts import Outcome
from shared.calendar.zone import ICT
from shared.events.topics import DOSSIERS
from tests.contract.intake.doors import kafka_door, rejections
from tests.fakes.intake import PROCEDURE, UNIT, World, event
from tests.fakes.records import record_of

CODE: Final = "H37.117-261110-0001"
BEGIN: Final = datetime(2026, 11, 23, 7, 0, tzinfo=ICT)
WITHIN_MINUTES: Final = 10
OURS: Final = ("obligation.", "notice.")
DATA: Final[dict[str, dict[str, Any]]] = {
    "dossier.refused": {"reason": "other"},
    "dossier.stopped": {"reason": "other"},
    "dossier.assigned": {"handler": "p-06112-handler-1"},
    "dossier.supplement_requested": {"items": ["A"], "number": 1, "in_person": True},
    "dossier.supplement_received": {"items": ["A"]},
    "dossier.payment_requested": {"amount": 1_000},
    "dossier.paid": {"amount": 1_000},
    "dossier.completed": {"result": "KQ.1"},
    "dossier.returned": {"how": "post"},
    "dossier.step_started": {"step": "verify", "agency": "H37.19"},
    "dossier.step_finished": {"step": "verify", "agency": "H37.19"},
    "dossier.apology_issued": {"reason": "workload", "agency": "H37.19"},
    "dossier.extended": {"new_date": "2026-12-10"},
    "dossier.result_disputed": {"reason": "wrong_name", "fault": "officials"},
    "dossier.confirmed": {"by_silence": False},
    "dossier.accepted": {"procedure": PROCEDURE, "channel": "direct"},
    "dossier.submitted": {"procedure": PROCEDURE, "channel": "direct"},
}
NAMES: Final = sorted(
    name for name in [*MOVES, *STAYS] if not name.startswith(OURS) and name != "dossier.moved"
)
WAIT: Final = ["dossier.supplement_requested", "dossier.supplement_received"]


@dataclass(frozen=True)
class Life:
    """A lawful life in order, and when each of its events arrives."""

    events: list[dict[str, Any]]
    arrivals: list[float]
    status: int


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """Draw a lawful life, close in time, and arrivals within ten minutes of each event.

    The dossier's first event arrives first: an unknown code is refused at once.
    """
    status, accepted, minute = 0, False, 0
    events: list[dict[str, Any]] = []
    while len(events) < draw(st.integers(2, 12), label="length"):
        found = [one for one in NAMES if allowed(one, status, accepted=accepted)]
        if not found:
            break
        likely = [one for one in found if one in WAIT]
        name = draw(st.sampled_from([*found, *likely * 3]))
        events.append(
            event(
                name,
                CODE,
                DATA.get(name, {}),
                number=len(events),
                time=(BEGIN + timedelta(minutes=minute)).isoformat(),
                receivingunit=UNIT,
            )
        )
        status = after(name, status, accepted=accepted)
        accepted = accepted or name == "dossier.accepted"
        minute += draw(st.sampled_from((1, 1, 2, 5, 11)))
    arrivals = [
        (datetime.fromisoformat(one["time"]) - BEGIN) / timedelta(minutes=1)
        + draw(st.integers(0, WITHIN_MINUTES * 10)) / 10
        for one in events
    ]
    return Life(events, [0.0, *arrivals[1:]], status)


def in_arrival(life: Life) -> list[tuple[float, dict[str, Any]]]:
    """Return the events by when they arrive."""
    told = zip(life.arrivals, range(len(life.events)), strict=True)
    return [(at, life.events[number]) for at, number in sorted(told)]


async def through(world: World, batches: Sequence[tuple[float, Sequence[Any]]]) -> None:
    """Bring batches of records to the Kafka door, each at its minute, and expire meanwhile."""
    door = kafka_door(world)
    started = world.clock.now()
    for minute, batch in batches:
        ahead = started + timedelta(minutes=minute) - world.clock.now()
        world.later(seconds=max(0.0, ahead.total_seconds()))
        await world.expires()
        await door(batch)


def outcome(world: World) -> dict[str, Any]:
    """Return what intake knows of the dossier, and what was published of it."""
    stream = [one for one in world.stream(DOSSIERS.name) if one["subject"] == CODE]
    assert [one["sequence"] for one in stream] == list(range(1, len(stream) + 1))
    state = world.subjects.rows[CODE]["state"]
    return {
        "ids": {one["id"] for one in stream},
        "held": [one["id"] for one in state.get("held", ())],
        **{name: state[name] for name in ("status", "was_accepted", "ended_at", "opened_at")},
    }


@given(lives(), st.lists(st.booleans(), min_size=12, max_size=12))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_order_within_ten_minutes_ends_as_in_order(life: Life, other: list[bool]) -> None:
    """Over one partition or two: nothing lost, nothing rejected, the status of the table."""
    ordered, shuffled = World(), World()
    records = [
        (at, [record_of(one, partition=int(second))])
        for (at, one), second in zip(in_arrival(life), other, strict=False)
    ]

    async def play() -> None:
        for one in life.events:
            (answer,) = await ordered.send(one)
            assert answer.is_applied
        await through(shuffled, records)

    asyncio.run(play())
    assert rejections(shuffled) == []
    assert outcome(shuffled) == outcome(ordered)
    assert outcome(shuffled)["status"] == life.status
    assert outcome(shuffled)["ids"] == {one["id"] for one in life.events}
    receipts = shuffled.receipts.kept.values()
    assert {receipt.outcome for receipt in receipts} == {Outcome.APPLIED}


@given(lives(), st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_two_partitions_read_in_any_order_give_the_same_as_one(
    life: Life, data: st.DataObject
) -> None:
    """Records without their key: each partition keeps its order, and either may be ahead."""
    first, *rest = life.events
    split = [data.draw(st.integers(0, 1), label="partition") for _ in rest]
    parts = [
        [one for one, at in zip(rest, split, strict=True) if at == number] for number in (0, 1)
    ]
    ahead = data.draw(st.permutations([0] * len(parts[0]) + [1] * len(parts[1])), label="read")
    read = [record_of(first, key=None)]
    read += [record_of(parts[number].pop(0), key=None, partition=number) for number in ahead]
    world = World()
    asyncio.run(through(world, [(0, [one]) for one in read]))
    assert rejections(world) == []
    assert outcome(world)["status"] == life.status
    assert outcome(world)["ids"] == {one["id"] for one in life.events}


@given(lives(), st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_event_that_never_comes_is_the_only_one_that_is_lost(
    life: Life, data: st.DataObject
) -> None:
    """One is missing: what needs it is rejected, sent again with it, and all are recorded."""
    if len(life.events) < 2:
        return
    gone = data.draw(st.integers(1, len(life.events) - 1), label="missing")
    missing = life.events[gone]
    world = World()

    async def play() -> None:
        await through(
            world,
            [(at, [record_of(one)]) for at, one in in_arrival(life) if one is not missing],
        )
        world.later(minutes=16)
        await world.expires()
        refused = {one["event_id"] for one in rejections(world)}
        again = [one for one in life.events if one is missing or one["id"] in refused]
        await world.send(*again)

    asyncio.run(play())
    found = outcome(world)
    assert (found["held"], found["ids"]) == ([], {one["id"] for one in life.events})
    assert found["status"] == life.status
