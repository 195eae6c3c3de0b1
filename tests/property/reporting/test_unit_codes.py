"""A unit's figures are the same before its code changes, after it, and after a rebuild."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.reporting.core.figures import LEVELS, Period
from services.reporting.usecases.reading import Overview
from shared.events.envelope import Event
from shared.events.reference import UnitChanged
from shared.events.units import event_under
from shared.reference.view import Reference, apply
from tests.fakes.reporting import MemoryReporting
from tests.property.reporting.lives import NOW, UNITS, populations
from tests.property.reporting.oracle import count
from tests.property.reporting.test_figures import LENIENT, REFERENCE, mixed, periods

pytestmark = pytest.mark.timeout(600)
OLD, NEW = UNITS[0], "06999"
FEW = settings(LENIENT, max_examples=10)


def moved() -> Reference:
    """Return the reference data in which the unit has its new code."""
    known = REFERENCE.unit(OLD)
    season = {"first": "01-01", "last": "12-31", "morning": ["07:30", "11:30"]}
    row = UnitChanged.model_validate(
        {
            "unit": NEW,
            "name": known.name,
            "type": known.type,
            "electronic_id": known.electronic_id,
            "opening": {"seasons": [season], "source": "Quyết định thử"},
            "former": [{"code": OLD, "until": "2026-11-16", "source": "Quyết định thử"}],
        }
    )
    event = Event(
        id="moved",
        source="urn:motcua:publisher:province",
        name=row.NAME,
        subject=f"unit:{NEW}",
        time=NOW,
        recordedtime=NOW,
        sequence=REFERENCE.version + 1,
        data=row,
    )
    return apply(REFERENCE, event)


MOVED = moved()


async def played(batches: Sequence[Sequence[Event]], change_at: int) -> MemoryReporting:
    """Take batches in; the unit's code changes before one of them."""
    service = MemoryReporting(REFERENCE, NOW)
    for number, batch in enumerate(batches):
        if number == change_at:
            service.reference = MOVED
        if number == change_at + 1:  # A batch may come between the row and the look.
            await service.move()
        await service.take(batch)
    service.reference = MOVED
    await service.move()
    assert await service.move() == 0, "nothing is left under the old code"
    return service


def figures_of(found: Overview) -> dict[str, object]:
    """Return everything that a set of figures says, unit by unit."""
    return {
        "total": found.total,
        "units": {unit: found.by_unit[unit] for unit in found.by_unit},
        "fields": found.by_field,
        "atoms": {unit: +Counter(found.atoms[unit]) for unit in found.by_unit},
        "levels": {unit: +Counter(found.levels[unit]) for unit in found.by_unit},
        "series": found.series,
        "heard": (found.heard.units, found.heard.last),
    }


@FEW
@given(populations(), periods, st.integers(0, 9999), st.integers(1, 9), st.integers(0, 40))
def test_a_units_figures_do_not_depend_on_when_its_code_changed(
    population: list[list[Event]], period: Period, seed: int, size: int, change_at: int
) -> None:
    """An oracle that knows no codes counts what the unit had; a rebuild gives the same."""
    batches = mixed([list(events) for events in population], seed, size)
    service = asyncio.run(played(batches, change_at))
    overview = asyncio.run(service.overview(period))
    assert OLD not in overview.by_unit
    found = asyncio.run(service.overview(period, frozenset({NEW}))).total
    expected = count(population, frozenset({OLD}), period.first, period.last, NOW)
    names = ("received", "moved_in", "moved_out", "ended", "ended_on_time", "ended_late")
    assert {name: found.flows[name] for name in names} == {n: expected[n] for n in names}
    assert found.carried == expected["carried"]
    assert {name: getattr(found.open, name) for name in LEVELS} == {
        name: expected[name] for name in LEVELS
    }
    rebuilt = asyncio.run(played(batches, 0))
    assert figures_of(asyncio.run(rebuilt.overview(period))) == figures_of(overview)
    for name in ("received", "ended", "pending", "awaiting", "submitted", "paid"):
        listed = asyncio.run(service.listed(name, period, frozenset({NEW})))
        again = asyncio.run(rebuilt.listed(name, period, frozenset({NEW})))
        assert {one.subject for one in listed.rows} == {one.subject for one in again.rows}
        assert {one.row.unit for one in listed.rows if one.row} <= {NEW, *UNITS[1:]}


@FEW
@given(populations(), st.integers(0, 9999))
def test_events_by_either_code_count_once(population: list[list[Event]], seed: int) -> None:
    """Some publishers know the new code already, others go on with the old one."""
    random = Random(seed)
    to_new = {OLD: NEW}
    sent = [
        [
            event_under(event, lambda code: to_new.get(code, code))
            if random.random() < 0.5
            else event
            for event in events
        ]
        for events in population
    ]
    period = Period(None, None)
    both, old = (
        asyncio.run(played(mixed(one, seed, 5), 2)) for one in (sent, [*map(list, population)])
    )
    assert figures_of(asyncio.run(both.overview(period))) == figures_of(
        asyncio.run(old.overview(period))
    )
