"""However a history reaches the door, the same comes out of it, once.

The oracle is the history itself, written down by hand with the status after each event; it
shares no code with the fold.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.core.progress import Marks
from shared.events.numbering import CodePattern, CodePatternError
from shared.events.topics import DOSSIERS
from tests.fakes.intake import NOW, World, history

CODES = ("H37.117-261110-0001", "case-2", "G09.20-20261110-0000003")
STATUSES = (1, 2, 4, 5, 4, 4, 4, 9, 10)
"""What the national table says after each event of the made-up history."""

WHOLE = {code: history(code) for code in CODES}
Batches = list[list[dict[str, Any]]]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[dict[str, int], Batches]:
    """Prefixes of histories, interleaved, with repeats of what was sent, cut into batches."""
    lengths = {code: draw(st.integers(0, len(WHOLE[code]))) for code in CODES}
    order = draw(st.permutations([code for code in CODES for _ in range(lengths[code])]))
    sent: list[dict[str, Any]] = []
    taken = dict.fromkeys(CODES, 0)
    for code in order:
        sent.append(WHOLE[code][taken[code]])
        taken[code] += 1
        if draw(st.booleans()):
            sent.append(draw(st.sampled_from(sent)))
    batches: Batches = [[]]
    for one in sent:
        if batches[-1] and draw(st.integers(0, 3)) == 0:
            batches.append([])
        batches[-1].append(one)
    return lengths, batches


@given(deliveries(), st.data())
@settings(max_examples=60, deadline=None)
def test_any_interleaving_repetition_and_split_gives_the_same(
    delivery: tuple[dict[str, int], Batches], data: st.DataObject
) -> None:
    """The stream of each dossier is its history, numbered; its status is the table's."""
    lengths, batches = delivery
    world = World()

    async def deliver() -> None:
        for batch in batches:
            if data.draw(st.booleans(), label="the process is a new one"):
                world.start()
            answers = await world.send(*batch)
            assert all(answer.is_applied for answer in answers)

    asyncio.run(deliver())
    for code, length in lengths.items():
        assert stream(world, code) == [
            (number, one["id"]) for number, one in enumerate(WHOLE[code][:length], start=1)
        ]
        row = world.subjects.rows.get(code)
        status = None if row is None else row["state"]["status"]
        assert status == (STATUSES[length - 1] if length else None)


@given(st.permutations(WHOLE[CODES[0]]), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_what_is_refused_for_its_order_is_taken_when_its_time_has_come(
    order: Sequence[dict[str, Any]], size: int
) -> None:
    """A refusal binds nothing: sent again and again, the whole history is there, once."""
    world = World()

    async def insist() -> None:
        for _ in range(len(order)):
            for start in range(0, len(order), size):
                await world.send(*order[start : start + size])

    asyncio.run(insist())
    numbers = [number for number, _ in stream(world, CODES[0])]
    assert numbers == list(range(1, len(numbers) + 1))
    ids = [one for _, one in stream(world, CODES[0])]
    assert len(set(ids)) == len(ids)
    receipts = {key.rpartition("|")[2]: one for key, one in world.receipts.kept.items()}
    assert {one["id"] for one in order if receipts[one["id"]].outcome == "applied"} == set(ids)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40))
def test_a_mark_never_passes_what_was_not_read(steps: list[tuple[int, int]]) -> None:
    """However it grows and is read, what came before the mark has been read."""
    partition = ("motcua.inbound.demo.v1", 0)
    marks, end, position = Marks(), 0, 0
    arrived: list[int] = []  # The tick at which each offset was written.
    before = None
    for tick, (written, read) in enumerate(steps):
        marks.sample(_at(tick), {partition: end})
        arrived += [tick] * written
        end += written
        position = min(end, position + read)
        reached = marks.advance({partition: position}).get(partition)
        if reached is None:
            continue
        assert before is None or reached >= before
        before = reached
        unread = arrived[position:]
        assert not unread or _at(unread[0]) >= reached


@given(st.text(alphabet=st.sampled_from("{}:04dseqyMunit_electronic-. /"), max_size=40))
def test_a_pattern_is_refused_or_gives_codes_that_differ(text: str) -> None:
    """No pattern that is accepted gives two dossiers one code."""
    try:
        pattern = CodePattern(text)
    except CodePatternError:
        return
    made = [
        (unit, electronic, number)
        for unit, electronic in (("06112", "H37.117"), ("06001", "H37.101"), ("20", "H37"))
        for number in (1, 9_999, 10_000)
    ]
    codes = [
        pattern.code(unit=unit, electronic_id=electronic, day=NOW.date(), number=number)
        for unit, electronic, number in made
    ]
    assert len(set(codes)) == len(made)
    for code, (unit, electronic, number) in zip(codes, made, strict=True):
        read = pattern.read(code)
        assert read is not None
        assert (read.day, read.number) == (NOW.date(), number)
        assert read.prefix.unit in {None, unit}
        assert read.prefix.electronic_id in {None, electronic}


def stream(world: World, code: str) -> list[tuple[int, str]]:
    """Return the numbers and ids of a dossier's events as they were published."""
    return [
        (one["sequence"], one["id"])
        for one in world.stream(DOSSIERS.name)
        if one["subject"] == code
    ]


def _at(tick: int) -> datetime:
    return NOW + timedelta(seconds=tick)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("{electronic_id}-{seq:04d}", "the date"),
        ("{yyMMdd}-{seq:04d}", "the unit"),
        ("{electronic_id}-{yyMMdd}", "seq"),
        ("{electronic_id}/{yyMMdd}/{seq:04d}", "between"),
        ("{electronic_id}-{yyMMdd}-{seq:04d}-{ward}", "no such field"),
    ],
)
def test_a_pattern_that_would_repeat_codes_is_refused(pattern: str, why: str) -> None:
    """The sentence says what is missing."""
    with pytest.raises(CodePatternError, match=why):
        CodePattern(pattern)
