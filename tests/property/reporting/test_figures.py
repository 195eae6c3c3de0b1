"""Whatever dossiers live through, the figures are those of a slow count, and they add up."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.reference.load import bundled_reference
from services.reporting.core.figures import FLOWS, LEVELS, UNIONS, Figures, Period
from services.reporting.usecases.asked import Asked
from shared.events.envelope import Event
from tests.fakes.reporting import MemoryReporting
from tests.property.reporting.lives import NOW, UNITS, populations
from tests.property.reporting.oracle import count

pytestmark = pytest.mark.timeout(600)
REFERENCE = bundled_reference()
LENIENT = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LAST = NOW.date()
days = st.integers(0, 24).map(lambda back: LAST - timedelta(days=back))
periods = st.one_of(
    st.just(Period(None, None)),
    st.tuples(days, days).map(lambda pair: Period(min(pair), max(pair))),
    days.map(lambda day: Period(None, day)),
    days.map(lambda day: Period(day, None)),
)
scopes = st.one_of(st.none(), st.sampled_from([frozenset({unit}) for unit in UNITS]))


def mixed(population: list[list[Event]], seed: int, size: int) -> list[list[Event]]:
    """Interleave dossiers and topics at random, each stream in its order, in small batches."""
    random = Random(seed)
    streams: dict[tuple[str, str], list[Event]] = {}
    for events in population:
        for event in events:
            streams.setdefault((event.subject, event.topic.name), []).append(event)
    waiting = list(streams.values())
    told: list[Event] = []
    while waiting:
        stream = random.choice(waiting)
        told.append(stream.pop(0))
        waiting = [one for one in waiting if one]
    return [told[start : start + size] for start in range(0, len(told), size)]


def reporting(population: list[list[Event]], seed: int, size: int) -> MemoryReporting:
    """Return reporting after it took a population in."""
    service = MemoryReporting(REFERENCE, NOW)

    async def take() -> None:
        random = Random(seed)
        for batch in mixed(population, seed, size):
            await service.take(batch)
            if random.random() < 0.3:
                await service.take(batch)  # Delivered again.
            if random.random() < 0.5:
                await service.gate.settle()

    asyncio.run(take())
    return service


@LENIENT
@given(populations(), periods, scopes, st.integers(0, 9999), st.integers(1, 9))
def test_every_figure_is_that_of_a_slow_count(
    population: list[list[Event]],
    period: Period,
    scope: frozenset[str] | None,
    seed: int,
    size: int,
) -> None:
    """An oracle that shares no code counts the same, for any scope and period."""
    service = reporting([list(events) for events in population], seed, size)
    found = asyncio.run(service.overview(period, scope)).total
    expected = count(population, scope, period.first, period.last, NOW)
    names = [
        *("received", "received_online", "moved_in", "moved_out", "ended"),
        *("ended_on_time", "ended_late", "ended_without_deadline"),
        *("ended_on_time_index", "ended_late_index"),
    ]
    assert {name: found.flows[name] for name in names} == {
        name: expected[name] for name in names
    }
    assert found.carried == expected["carried"]
    assert {name: getattr(found.open, name) for name in LEVELS} == {
        name: expected[name] for name in LEVELS
    }


@LENIENT
@given(populations(), periods, scopes, st.integers(0, 9999))
def test_a_figure_and_its_list_have_the_same_number(
    population: list[list[Event]], period: Period, scope: frozenset[str] | None, seed: int
) -> None:
    """Every number opens as many rows as it says."""
    service = reporting([list(events) for events in population], seed, 4)
    found = asyncio.run(service.overview(period, scope))
    numbers = {name: found.total.flows[name] for name, flow in FLOWS.items() if not flow.rows}
    numbers |= {name: getattr(found.total.open, name) for name in LEVELS}
    numbers |= {"carried": found.total.carried}
    if found.total.standing:
        numbers |= dict(found.total.standing) | {"at_risk": found.total.at_risk}
    numbers |= sums_of(found.total)
    for name, number in numbers.items():
        listed = asyncio.run(service.listed(name, period, scope))
        assert (name, listed.total, len(listed.rows)) == (name, number, number)


def sums_of(total: Figures) -> dict[str, int]:
    """Return the figures that are sums, as the rates and the balance say them."""
    law, index, moved = total.on_time_law, total.on_time_index, total.flows["moved_out"]
    came = total.received + total.carried + total.flows["moved_in"]
    assert {*UNIONS} == {
        *("came", "handled", "ended_dated", "in_time_index", "dated_index"),
        "without_deadline",
    }
    return {
        "came": came,
        "handled": came - moved,
        "ended_dated": law.den,
        "in_time_index": index.num,
        "dated_index": index.den,
        "without_deadline": total.without_deadline,
    }


@LENIENT
@given(populations(), periods, st.integers(1, 7))
def test_the_pages_of_a_sum_are_its_parts_one_after_the_other(
    population: list[list[Event]], period: Period, size: int
) -> None:
    """No row is lost or shown twice where one part ends and the next begins."""
    service = reporting([list(events) for events in population], 0, 4)
    for name, parts in UNIONS.items():
        whole = asyncio.run(service.listed(name, period)).rows
        each = [asyncio.run(service.listed(part, period)).rows for part in parts]
        assert [one.subject for one in whole] == [one.subject for part in each for one in part]
        asked = Asked(name, None, period, NOW, 0, size, None, service.reference.calendar)
        shown = [
            one.subject
            for skip in range(0, len(whole) + 1, size)
            for one in asyncio.run(service.rows(replace(asked, skip=skip))).rows
        ]
        assert shown == [one.subject for one in whole]


@LENIENT
@given(populations(), st.lists(days, min_size=1, max_size=3, unique=True), scopes)
def test_what_is_pending_at_the_end_is_carried_into_the_next_period(
    population: list[list[Event]], cuts: list[date], scope: frozenset[str] | None
) -> None:
    """Consecutive periods hand over exactly what is open, and their flows add up."""
    service = reporting([list(events) for events in population], 1, 5)
    bounds = [None, *sorted(cuts), None]
    parts = [
        Period(None if first is None else first + timedelta(days=1), last)
        for first, last in pairwise(bounds)
    ]
    parts = [one for one in parts if one.first is None or one.first <= LAST]
    found = [asyncio.run(service.overview(one, scope)).total for one in parts]
    for earlier, later in pairwise(found):
        assert later.carried == earlier.pending
    whole = asyncio.run(service.overview(Period(None, None), scope)).total
    assert sum(one.received for one in found) == whole.received
    assert sum(one.ended for one in found) == whole.ended


@LENIENT
@given(populations(3), st.integers(0, 9999), st.integers(0, 9999))
def test_the_order_in_which_topics_are_read_does_not_matter(
    population: list[list[Event]], one: int, other: int
) -> None:
    """Any interleaving, batching and repetition leaves the same facts."""
    first = reporting([list(events) for events in population], one, 1)
    second = reporting([list(events) for events in population], other, 50)
    kept = ("cells", "counts", "row", "open", "open_unit", "overdue_at", "standing")
    rows = [
        {
            name: {key: row.get(key) for key in kept}
            for name, row in service.facts.subjects.rows.items()
        }
        for service in (first, second)
    ]
    assert rows[0] == rows[1]
