"""However long something stood still, its minutes are those of a walk, minute by minute."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.reference.load import bundled_reference
from services.reporting.core.availability import availability
from services.reporting.core.clocks import Span
from services.reporting.core.fact import minutes_by_day
from services.reporting.core.figures import Period, Ratio
from services.reporting.usecases.asked import Asked
from services.reporting.usecases.available import ReadAvailability
from shared.calendar.opening import OpeningHours
from shared.calendar.zone import ICT
from shared.events.centres import (
    CentreInterrupted,
    CentreResumed,
    ConnectionLost,
    ConnectionRestored,
)
from shared.events.envelope import Event
from tests.fakes.histories import Teller
from tests.fakes.reporting import MemoryReporting
from tests.property.reporting.lives import NOW, UNITS

pytestmark = pytest.mark.timeout(600)
REFERENCE = bundled_reference()
LENIENT = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MINUTE, SPLIT = timedelta(minutes=1), timedelta(microseconds=1)
DAY = timedelta(days=1)
FIRST = NOW.astimezone(ICT).date() - 9 * DAY

moments = st.integers(0, 9 * 86_400 - 1).map(
    lambda second: datetime.combine(FIRST, datetime.min.time(), ICT) + timedelta(seconds=second)
)
"""Within the nine days that end the midnight before today."""


def stretches(most: int) -> st.SearchStrategy[list[tuple[datetime, datetime]]]:
    """Give times that do not touch, in order."""
    chosen = st.lists(moments, max_size=2 * most, unique=True).map(sorted)
    return chosen.map(lambda found: list(pairwise(found))[::2])


def day_of(moment: datetime) -> date:
    """Return the day in Viet Nam."""
    return moment.astimezone(ICT).date()


def walked(start: datetime, end: datetime) -> list[date]:
    """Return the day of each whole minute, one by one: that on which it is full."""
    found = []
    full = start + MINUTE
    while full <= end:
        found.append(day_of(full - SPLIT))
        full += MINUTE
    return found


@given(moments, moments)
def test_the_days_share_a_spans_minutes_as_a_walk_does(one: datetime, other: datetime) -> None:
    """Nothing is lost over midnight, nor counted twice."""
    start, end = sorted((one, other))
    days = walked(start, end)
    assert minutes_by_day(Span(start, end)) == {day: days.count(day) for day in set(days)}


def told(
    down: Sequence[tuple[datetime, datetime]],
    lost: Sequence[tuple[datetime, datetime]],
    last: datetime | None,
) -> list[Event]:
    """Tell a centre's interruptions, a link's losses, and an interruption that lasts."""
    events: list[Event] = []
    for number, (start, end) in enumerate(down):
        teller = Teller(f"{UNITS[0]}/interruption/i{number}", UNITS[0])
        teller.tell(CentreInterrupted(cause="power"), start)
        teller.tell(CentreResumed(), end)
        events += teller.events
    link = Teller(f"{UNITS[0]}/connection/lgsp", UNITS[0])
    for start, end in lost:
        link.tell(ConnectionLost(), start)
        link.tell(ConnectionRestored(), end)
    events += link.events
    if last is not None:
        teller = Teller(f"{UNITS[0]}/interruption/lasts", UNITS[0])
        teller.tell(CentreInterrupted(cause="power"), last)
        events += teller.events
    return events


@LENIENT
@given(stretches(3), stretches(4), st.none() | moments, st.integers(0, 9), st.integers(0, 9))
def test_figure_list_and_availability_are_those_of_a_walk(
    down: list[tuple[datetime, datetime]],
    lost: list[tuple[datetime, datetime]],
    last: datetime | None,
    skip: int,
    length: int,
) -> None:
    """For any period: the minutes of its days, row by row, and the hours that were left."""
    period = Period(FIRST + skip * DAY, FIRST + (skip + length) * DAY)
    service = MemoryReporting(REFERENCE, NOW)

    async def look() -> None:
        await service.take(told(down, lost, last))
        found = await service.overview(period, frozenset({UNITS[0]}))
        for kind, spans in (("interruption", down), ("connection", lost)):
            days = [day for span in spans for day in walked(*span) if period.has(day)]
            figure = f"{kind}_minutes"
            assert found.atoms[UNITS[0]].get(figure, 0) == len(days)
            asked = Asked(figure, None, period, NOW).whole(1_000)
            rows = await service.rows(asked)
            assert (rows.amount or 0) == len(days)
            assert rows.total == len(rows.rows)
            for row in rows.rows:
                assert row.matter is not None
                assert row.day is not None
                assert row.matter.on(row.day).minutes > 0
            by_row = [
                row.matter.on(row.day).minutes for row in rows.rows if row.matter and row.day
            ]
            assert sum(by_row) == len(days)

        still = [*down, *([(last, NOW)] if last is not None else [])]
        for kind, spans in (("interruption", still), ("connection", lost)):
            read = ReadAvailability(service.rows)
            told_of = await read(kind, {UNITS[0]}, period, NOW, opening)
            assert told_of[UNITS[0]] == slow(spans, period)

    asyncio.run(look())


def opening(unit: str) -> tuple[OpeningHours, None]:
    """Give a unit's opening calendar."""
    return REFERENCE.opening(unit), None


def slow(spans: Sequence[tuple[datetime, datetime]], period: Period) -> Ratio:
    """Look at every second of every session; what is lost of a minute loses it."""
    opened = kept = 0
    day = period.first
    assert day is not None
    assert period.last is not None
    while day <= min(period.last, day_of(NOW)):
        for session in REFERENCE.opening(UNITS[0]).sessions(day):
            seconds = int((min(session.closes, NOW) - session.opens).total_seconds())
            for second in range(max(0, seconds)):
                moment = session.opens + timedelta(seconds=second)
                opened += 1
                kept += not any(start <= moment < end for start, end in spans)
        day += DAY
    whole = opened // 60
    return Ratio(max(0, whole - -(-(opened - kept) // 60)), whole)


@pytest.mark.parametrize(
    ("spans", "num"),
    [
        ((), 480),
        ((("08:00", "09:00"), ("08:30", "09:30")), 390),  # At one time, once.
        ((("11:00", "14:00"),), 390),  # Over noon, when nobody is served.
        ((("20:00", "23:00"),), 480),
        ((("08:00:00", "08:00:01"),), 479),  # Never 100 % of what stood still.
        ((("16:00", None),), 420),
        ((("06:00", None),), 0),
    ],
)
def test_availability_is_of_opening_hours_alone(
    spans: tuple[tuple[str, str | None], ...], num: int
) -> None:
    """Eight hours from half past seven, at five in the afternoon."""

    def at(clock: str) -> datetime:
        return datetime.fromisoformat(f"2026-11-23T{clock}+07:00")

    sessions = [(at("07:30"), at("11:30")), (at("13:00"), at("17:00"))]
    found = availability(
        sessions,
        [Span(at(start), None if end is None else at(end)) for start, end in spans],
        at("17:00"),
    )
    assert found == Ratio(num, 480)


def test_what_has_not_come_is_neither_kept_nor_lost() -> None:
    """At nine o'clock an hour and a half of the morning has passed."""
    opens = datetime(2026, 11, 23, 7, 30, tzinfo=ICT)
    found = availability([(opens, opens + 4 * 60 * MINUTE)], [], opens + 90 * MINUTE)
    assert found == Ratio(90, 90)
    assert availability([], [], opens).share is None
