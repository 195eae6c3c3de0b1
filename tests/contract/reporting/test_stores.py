"""The store's adapters answer as the ones in memory do, on everything that a province asks."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
import pytest_asyncio

from deploy.reference.load import bundled_reference
from services.reporting.adapters.facts import MongoFacts
from services.reporting.adapters.generations import Generations, generation_of
from services.reporting.core.figures import FLOWS, Period
from services.reporting.usecases.asked import Asked
from services.reporting.usecases.listing import FIGURES, ListRows
from services.reporting.usecases.reading import ReadFigures
from services.reporting.usecases.taking import MarkCells
from shared.mongo.client import Mongo
from shared.reference.units import Units
from tests.fakes.reporting import MemoryReporting
from tests.fakes.reporting_site import NOW, UNITS, a_fortnight
from tests.property.reporting.test_unit_codes import MOVED, NEW, OLD
from tests.unit.reporting.test_reported import history, report

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]
PERIODS = (
    Period(None, None),
    Period(date(2026, 11, 1), None),
    Period(date(2026, 11, 11), date(2026, 11, 18)),
)


class Stored(MemoryReporting):
    """Reporting over the real store."""

    def __init__(self, mongo: Mongo, generation: int = 1) -> None:
        super().__init__(bundled_reference(), NOW)
        facts = MongoFacts.of(mongo, generation)
        made = generation_of(
            mongo, generation, maker=f"t{generation}", facts=facts, current=str
        )
        self.made = made
        self.gate = made.gate
        self.figures = ReadFigures(made.rolls, made.hearing, made.gate)
        self.rows = ListRows(made.facts, made.rolls, made.gate)
        self.hearing = made.hearing  # type: ignore[assignment]  # The port's other adapter.
        self.apply = replace(self.apply, store=facts.subjects, after=MarkCells(made.rolls))

    async def prepare(self) -> None:
        """Create the indexes."""
        await self.made.facts.subjects.prepare()
        await self.made.rolls.prepare()


@pytest_asyncio.fixture
async def mongo(mongo_url: str, unique: str) -> AsyncIterator[Mongo]:
    """A database of the test's own."""
    made = Mongo(mongo_url, unique)
    yield made
    await made.drop()
    await made.close()


@pytest.mark.asyncio
async def test_figures_and_lists_are_the_same_in_the_store_and_in_memory(mongo: Mongo) -> None:
    """Every figure, every list, every period, the whole and one unit."""
    events = a_fortnight()
    memory, stored = MemoryReporting(bundled_reference(), NOW), Stored(mongo)
    await stored.prepare()
    for start in range(0, len(events), 300):
        await memory.take(events[start : start + 300])
        await stored.take(events[start : start + 300])
        await stored.gate.settle()
    assert memory.parking.parked == stored.parking.parked == {}
    for period in PERIODS:
        for units in (None, frozenset({UNITS[1]})):
            expected = await memory.overview(period, units)
            found = await stored.overview(period, units)
            assert replace(found, heard=expected.heard) == expected
            assert found.heard.units == expected.heard.units
            for figure in FIGURES:
                if not period.is_current(NOW) and figure not in FLOWS:
                    continue
                one = await memory.listed(figure, period, units)
                other = await stored.listed(figure, period, units)
                assert one.total == other.total == len(other.rows)
                assert {row.subject for row in one.rows} == {row.subject for row in other.rows}


@pytest.mark.asyncio
async def test_reported_forms_are_found_by_form_and_unit_under_any_code(mongo: Mongo) -> None:
    """The store's index has the code in the subject; who asks has the code of now."""
    stored = Stored(mongo)
    await stored.prepare()
    await stored.take(history(report(), report(2, "b")))
    before = stored.made.facts
    (found,) = await before.reported("ii06a", frozenset({OLD}))
    assert [one.file_sha256[0] for one in found.versions] == ["b", "a"]
    assert await before.reported("ii06a", None) == [found]
    assert await before.reported("ii06a", frozenset({"06115"})) == []
    assert await before.reported("07a", None) == []
    after = MongoFacts.of(mongo, 1, lambda: MOVED.units)
    for scope in (None, frozenset({NEW})):
        assert await after.reported("ii06a", scope) == [replace(found, unit=NEW)]


@pytest.mark.asyncio
async def test_a_page_is_a_part_of_the_whole_list(mongo: Mongo) -> None:
    """Pages follow one another without a row lost or shown twice."""
    stored = Stored(mongo)
    await stored.prepare()
    await stored.take(a_fortnight())
    for figure in ("received", "pending", "ended_late"):
        whole = await stored.listed(figure, Period(None, None))
        pages = []
        for skip in range(0, whole.total, 7):
            asked = Asked(
                figure, None, Period(None, None), NOW, skip, 7, None, stored.reference.calendar
            )
            pages += [row.subject for row in (await stored.rows(asked)).rows]
        assert sorted(pages) == sorted(row.subject for row in whole.rows)


@pytest.mark.asyncio
async def test_what_a_crash_left_unmarked_is_counted_when_the_batch_comes_again(
    mongo: Mongo,
) -> None:
    """A death between the facts' write and the marks loses no count."""
    events = a_fortnight()
    half = len(events) // 2
    dying = Stored(mongo)
    await dying.prepare()
    await dying.take(events[:half])
    await dying.gate.settle()
    dying.apply = replace(dying.apply, after=None)  # It dies before it marks.
    await dying.take(events[half:])
    living = Stored(mongo)
    await living.take(events[half:])
    memory = MemoryReporting(bundled_reference(), NOW)
    await memory.take(events)
    for period in PERIODS:
        expected, found = await memory.overview(period), await living.overview(period)
        assert found.total == expected.total


@pytest.mark.asyncio
async def test_two_counting_at_once_leave_the_true_count(mongo: Mongo) -> None:
    """Whoever writes a roll-up last has read what the other one wrote."""
    one, other = Stored(mongo), Stored(mongo)
    await one.prepare()
    events = a_fortnight()
    for start in range(0, len(events), 250):
        await one.take(events[start : start + 250])
        await asyncio.gather(one.gate.settle(), other.gate.settle())
    memory = MemoryReporting(bundled_reference(), NOW)
    await memory.take(events)
    period = Period(None, None)
    assert (await other.overview(period)).total == (await memory.overview(period)).total


@pytest.mark.asyncio
async def test_the_old_generation_serves_until_the_next_has_caught_up(mongo: Mongo) -> None:
    """A rebuild is seen only when it is whole."""
    from services.reporting.adapters.desk import Desk  # noqa: PLC0415

    events = a_fortnight()
    first, second = Stored(mongo, 1), Stored(mongo, 2)
    await first.prepare()
    await second.prepare()
    await first.take(events)
    desk = Desk(
        facts=first.made.facts,
        figures=first.figures,
        rows=first.rows,
        source=first.apply.reference,
        clock=first.clock,
        lookup_key=b"",
    )
    ready: list[bool] = []

    async def caught_up() -> bool:
        return bool(ready)

    await Generations(mongo, first.made, desk, caught_up, Units).begin()
    generations = Generations(mongo, second.made, desk, caught_up, Units)
    await generations.begin()
    period, before = Period(None, None), NOW + timedelta()
    expected = (await desk.overview(None, period, before)).total
    await second.take(events[: len(events) // 3])
    await generations.look()
    assert (await desk.overview(None, period, before)).total == expected
    await second.take(events)
    ready.append(True)
    await generations.look()
    assert generations.serving == 2
    assert (await desk.overview(None, period, before)).total == expected
