"""Sweeps: bounded, oldest first, on our own shards, never on stale data and never silent."""

import asyncio
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from typing_extensions import override

from services.workflow.core.codec import shard_of
from services.workflow.ports import Ends
from services.workflow.usecases.freshness import STILL_SECONDS_MAX
from services.workflow.usecases.sweep import (
    BATCH_SUBJECTS_MAX,
    LOOK_SUBJECTS_MAX,
    PASS_LOOKS_MAX,
)
from shared.events.dossiers import DossierAccepted
from shared.events.envelope import Event
from shared.events.obligations import ObligationRungReached
from shared.events.topics import DOSSIERS
from shared.ops.clock import FixedClock
from tests.fakes.emitted import read_back
from tests.fakes.workflow import ALL_SHARDS, Durable, Held, Process
from tests.unit.workflow.province import THREE_DAYS, UNIT, day_off, decide, province
from tests.unit.workflow.scenario import moment

MONDAY = "2026-01-05 09:00"
OVERDUE = "2026-01-08 18:00"


def accepted(number: int, when: str = MONDAY) -> Event:
    """Return the acceptance of one of many dossiers."""
    code = f"H37.100-260105-{number:04d}"
    return Event(
        id=f"{code}-1",
        source="urn:motcua:publisher:counter",
        name="dossier.accepted",
        subject=code,
        time=moment(when) + timedelta(seconds=number),
        sequence=1,
        recordedtime=moment(when),
        receivingunit=UNIT,
        competentunit=UNIT,
        data=DossierAccepted(procedure=THREE_DAYS, channel="online"),
    )


def house(count: int) -> Durable:
    """Return a house with so many open dossiers, on the evening of their last day."""
    durable = Durable(province(), FixedClock(moment(MONDAY)))
    asyncio.run(Process(durable).applies([accepted(number) for number in range(count)]))
    durable.clock.instant = moment(OVERDUE)
    durable.mark.at = moment(OVERDUE)
    return durable


def reached(durable: Durable) -> list[str]:
    """Return the subjects of which a rung was told."""
    return [
        out.key
        for out in durable.publisher.published
        if out.value is not None and out.value["type"].endswith("rung_reached.v1")
    ]


def test_a_pass_is_made_of_bounded_batches() -> None:
    """Twelve hundred due subjects take one look, and one that finds none."""
    durable = house(2 * BATCH_SUBJECTS_MAX + 200)
    saved: list[int] = []
    durable.subjects.before_save = lambda: saved.append(len(reached(durable)))
    process = Process(durable)
    swept = asyncio.run(process.sweep())
    assert swept.complete
    assert swept.subjects == 2 * BATCH_SUBJECTS_MAX + 200
    assert process.index.asked == 2
    told = [later - earlier for earlier, later in pairwise([*saved, len(reached(durable))])]
    assert len(told) == 3
    assert max(told) <= 2 * BATCH_SUBJECTS_MAX  # A dossier's deadline and its slip.


def test_a_pass_ends_after_so_many_looks() -> None:
    """What is left waits for the next pass, so that other work gets its turn."""
    durable = house(LOOK_SUBJECTS_MAX // 100)
    process = Process(durable)
    process.index.look_max = 10
    first = asyncio.run(process.sweep())
    assert (first.complete, first.subjects) == (False, 10 * PASS_LOOKS_MAX)
    second = asyncio.run(process.sweep())
    assert (second.complete, second.subjects) == (True, LOOK_SUBJECTS_MAX // 100 - 40)


def test_one_batch_is_told_oldest_first() -> None:
    """In the order of their moments, whatever their codes."""
    durable = house(0)
    for number, day in enumerate((7, 5, 6)):
        event = accepted(number, f"2026-01-0{day} 09:00")
        asyncio.run(Process(durable).applies([event]))
    durable.clock.instant = durable.mark.at = moment("2026-01-20 09:00")
    before = len(durable.publisher.published)
    asyncio.run(Process(durable).sweep())
    told = [out.key for out in durable.publisher.published[before:]]
    assert list(dict.fromkeys(told)) == [f"H37.100-260105-000{number}" for number in (1, 2, 0)]


def test_the_oldest_come_first() -> None:
    """What has waited longest is looked at before the rest."""
    durable = house(3)
    late = accepted(900, "2026-01-02 09:00")
    asyncio.run(Process(durable).applies([late]))
    index = Process(durable).index
    due = asyncio.run(index.due(range(12), before=moment(OVERDUE), limit=1))
    assert due == [late.subject]


def test_looking_costs_by_what_is_due_not_by_what_is_open() -> None:
    """With nothing due, one question to the index is all."""
    durable = house(400)
    durable.mark.at = moment(MONDAY)
    process = Process(durable)
    swept = asyncio.run(process.sweep())
    assert (swept.subjects, process.index.asked) == (0, 1)


def test_only_our_own_shards_are_swept() -> None:
    """Another instance holds the others."""
    durable = house(60)
    ours = frozenset({0, 1, 2})
    durable.held.held = ours
    asyncio.run(Process(durable).sweep())
    assert reached(durable)
    assert {shard_of(subject) for subject in reached(durable)} <= ours


def test_while_one_shard_is_not_read_to_its_end_all_of_ours_wait() -> None:
    """What the marks speak of may still be on its way to us, and concern the others."""
    durable = house(60)
    process = Process(durable)
    durable.held.read = frozenset({4, 5})
    swept = asyncio.run(process.sweep())
    assert (reached(durable), swept.complete) == ([], False)
    durable.held.read = ALL_SHARDS
    assert asyncio.run(process.sweep()).complete
    assert len({shard_of(subject) for subject in reached(durable)}) > 2


def test_a_shard_that_does_not_move_holds_the_others_up_for_fifteen_minutes_only() -> None:
    """Then those that are read are swept, at every pass, until it moves."""
    durable = house(60)
    process = Process(durable)
    durable.held.read = frozenset({4, 5})
    asyncio.run(process.sweep())
    durable.wall = STILL_SECONDS_MAX - 1
    durable.mark.at = moment(OVERDUE)
    asyncio.run(process.sweep())
    assert not reached(durable)
    durable.wall = STILL_SECONDS_MAX
    swept = asyncio.run(process.sweep())
    assert {shard_of(subject) for subject in reached(durable)} == {4, 5}
    assert not swept.complete
    durable.held.read = frozenset({4, 5, 6})
    asyncio.run(process.sweep())
    assert {shard_of(subject) for subject in reached(durable)} == {4, 5, 6}


def test_a_partition_that_comes_while_we_wait_does_not_begin_the_patience_anew() -> None:
    """Else a group that is shared out again and again would never act."""
    durable = house(60)
    process = Process(durable)
    durable.held.held = frozenset({4, 5})
    durable.held.read = frozenset({4})
    asyncio.run(process.sweep())
    durable.wall = STILL_SECONDS_MAX
    durable.held.held = frozenset({4, 5, 6})
    asyncio.run(process.sweep())
    assert {shard_of(subject) for subject in reached(durable)} == {4}


@dataclass
class Streaming(Held):
    """A log that is longer at every look; what was there at the last look has been read."""

    end: int = 0

    @override
    async def ends(self) -> Ends:
        self.end += 1
        return {(DOSSIERS.name, 0): self.end}

    @override
    def passed(self, ends: Ends) -> frozenset[int]:
        behind = ends[DOSSIERS.name, 0] >= self.end
        self.end += 1
        return ALL_SHARDS - {0} if behind else ALL_SHARDS


def test_a_stream_that_never_pauses_is_swept_by_the_marks_of_its_last_look() -> None:
    """The ends are those of one moment; what is newer belongs to the next sweep."""
    durable = house(60)
    durable.held = Streaming()
    stood = moment("2026-01-07 08:00")
    durable.mark.at = stood
    process = Process(durable)
    assert not asyncio.run(process.sweep()).complete
    durable.mark.at = moment(OVERDUE)
    swept = asyncio.run(process.sweep())
    assert (swept.complete, swept.upto) == (True, stood)


def test_without_any_mark_nothing_is_swept_until_patience_ends() -> None:
    """Then it is, and every message says since when data may be missing."""
    durable = house(1)
    durable.mark.at = None
    process = Process(durable)
    durable.wall = STILL_SECONDS_MAX - 1
    assert asyncio.run(process.sweep()).upto is None
    durable.wall = STILL_SECONDS_MAX
    swept = asyncio.run(process.sweep())
    assert swept.incomplete_since == moment(OVERDUE)
    assert len(reached(durable)) == 2


def test_a_mark_that_stands_still_is_believed_for_fifteen_minutes_only() -> None:
    """Up to the mark we are sure; past it we act late rather than never."""
    durable = house(1)
    stood = moment("2026-01-07 08:00")
    durable.mark.at = stood
    process = Process(durable)
    first = asyncio.run(process.sweep())
    assert (first.upto, first.incomplete_since) == (stood, None)
    durable.wall = STILL_SECONDS_MAX
    second = asyncio.run(process.sweep())
    assert (second.upto, second.incomplete_since) == (moment(OVERDUE), stood)
    told = [
        data
        for emission in second.emissions
        if isinstance(data := read_back(emission), ObligationRungReached)
    ]
    assert told
    assert all(data.data_incomplete_since == stood for data in told)


def test_a_mark_that_moves_again_is_believed_again() -> None:
    """The patience begins anew."""
    durable = house(1)
    durable.mark.at = moment("2026-01-07 08:00")
    process = Process(durable)
    asyncio.run(process.sweep())
    durable.wall = STILL_SECONDS_MAX
    durable.mark.at = moment("2026-01-07 08:15")
    assert asyncio.run(process.sweep()).incomplete_since is None


def test_a_new_law_counts_everything_open_anew_before_anything_is_told() -> None:
    """Nobody is called overdue by a calendar that no longer holds."""
    durable = house(3)
    durable.reference = decide(durable.reference, day_off(date(2026, 1, 8)))
    swept = asyncio.run(Process(durable).sweep())
    assert swept.recounted == 3
    rungs = [
        data.rung
        for emission in swept.emissions
        if isinstance(data := read_back(emission), ObligationRungReached)
    ]
    assert "overdue" not in rungs


def test_the_calendar_opens_the_days_that_were_slept_through() -> None:
    """Three days down: their sessions are opened, and recorded as not kept."""
    durable = Durable(province(), FixedClock(moment("2026-01-05 06:00")))
    durable.mark.at = moment("2026-01-05 06:00")
    asyncio.run(Process(durable).looks())
    durable.clock.instant = durable.mark.at = moment("2026-01-08 20:00")
    asyncio.run(Process(durable).looks())
    days = {subject.split("/")[2] for subject in durable.said() if "/duty/" in subject}
    assert days == {"2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08"}


def test_opening_a_day_twice_changes_nothing() -> None:
    """Two instances, or one that was restarted."""
    durable = Durable(province(), FixedClock(moment("2026-01-05 06:00")))
    durable.mark.at = moment("2026-01-05 06:00")
    asyncio.run(Process(durable).looks())
    before = durable.said()
    durable.marks.days.clear()
    asyncio.run(Process(durable).looks())
    assert durable.said() == before


def test_every_session_of_every_unit_is_opened() -> None:
    """Morning and afternoon, at three units, and the first list of the staff of each."""
    durable = Durable(province(), FixedClock(moment("2026-01-05 06:00")))
    assert asyncio.run(Process(durable).open_by_calendar()) == 3 * (2 + 1)
