"""What arrives late raises no false alarm: bursts, and a day of 65 centres by both ways in."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

import pytest

from shared.calendar.zone import ICT
from tests.simulation.scenarios.backlog import (
    CAME,
    Arrival,
    Counts,
    Dossier,
    Fate,
    brought,
    centres,
    counted,
    dossiers,
    expected,
    one_burst,
)
from tests.simulation.scenarios.worlds import world

IN_TIME, TOO_LATE, OPEN = 600, 40, 40
SOME: Final = (
    *dossiers(IN_TIME),
    *dossiers(TOO_LATE, Fate.TOO_LATE, first=1001),
    *dossiers(OPEN, Fate.OPEN, first=2001),
)
BURSTS: Final[dict[str, dict[str, Any]]] = {
    "at once": {},
    "in reverse order of dossiers": {"reverse": True},
    "in four bursts 20 seconds apart": {"bursts": 4, "pause_s": 20},
}
CENTRES: Final = 65
OFFLINE: Final = datetime(2026, 1, 6, 7, 30, tzinfo=ICT)  # A Tuesday.
BACK: Final = datetime(2026, 1, 7, 9, 0, tzinfo=ICT)
DOORS: Final = ("counter", "bpi")
"""The publishers: one sends by HTTP, an event a request; the other by Kafka, in batches."""


def assert_quiet(found: Counts, some: Sequence[Dossier]) -> None:
    """Nothing of what ended in time, one alert of what is open, a breach of what was late."""
    owed = expected(some)
    assert found.alerts == owed.alerts
    assert found.breaches == owed.breaches
    assert found.skipped == owed.skipped
    assert found.withdrawn == owed.withdrawn


@pytest.mark.timeout(600)
@pytest.mark.parametrize("how", BURSTS.values(), ids=BURSTS.keys())
def test_a_burst_of_600_dossiers_alerts_of_what_is_still_open(how: dict[str, Any]) -> None:
    """All were accepted and most completed long before any of it reaches us."""
    house = asyncio.run(brought(world("quiet"), one_burst(SOME, **how)))
    assert_quiet(counted(house), SOME)


def test_a_level_is_alerted_a_minute_after_the_last_of_the_burst() -> None:
    """The wait is no longer than it has to be, and every alert of the burst ends with it."""
    house = asyncio.run(brought(world("quiet"), one_burst(dossiers(3, Fate.OPEN))))
    moments = {
        out.value["recordedtime"]
        for out in house.durable.publisher.published
        if out.value is not None and out.value["type"].endswith(".rung_reached.v1")
    }
    late_by = [datetime.fromisoformat(str(one)) - CAME for one in moments]
    assert all(timedelta(seconds=60) <= one < timedelta(seconds=63) for one in late_by)


@pytest.mark.timeout(600)
def test_a_day_of_65_centres_by_both_ways_in() -> None:
    """Same-day dossiers of a whole day, each centre in its own order, within nine minutes."""
    province, codes = centres(CENTRES)
    some = list(_of_a_day(codes))
    house = asyncio.run(brought(province, _catching_up(some), together_ms=5_000))
    found = counted(house)
    assert found.withdrawn.total() == 0
    deadline = "dossier_deadline"
    fates = {fate: [one.code for one in some if one.fate is fate] for fate in Fate}
    assert found.alerts == {(code, deadline): 1 for code in fates[Fate.OPEN]}
    late = fates[Fate.OPEN] + fates[Fate.TOO_LATE]
    assert found.breaches == {(code, deadline): 1 for code in late}
    of_late = set(fates[Fate.TOO_LATE])
    skipped = {key[2:] for key in found.skipped if key[0] in of_late}
    assert skipped == {(level, "completed") for level in ("half", "most", "overdue")}


def _of_a_day(codes: Sequence[str]) -> Iterator[Dossier]:
    """Yield eight dossiers of each centre, of which one was late and one is open."""
    fates = [Fate.IN_TIME] * 6 + [Fate.TOO_LATE, Fate.OPEN]
    for centre, unit in enumerate(codes):
        for number, fate in enumerate(fates):
            accepted = OFFLINE + timedelta(minutes=30 * number + centre % 30)
            over = OFFLINE + timedelta(days=1, minutes=number)
            yield Dossier(
                code=f"DAY-{unit}-{number + 1:04d}",
                fate=fate,
                publisher=DOORS[(centre + number) % 2],
                unit=unit,
                procedure="same-day",
                accepted=accepted,
                ended=accepted + timedelta(hours=2) if fate is Fate.IN_TIME else over,
            )


def _catching_up(some: Sequence[Dossier]) -> Iterator[Arrival]:
    """Yield what each centre sends: in the order in which it happened, at its own pace."""
    rng = Random(65)
    by_centre: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for one in some:
        events = [(one.publisher, event) for event in one.events()]
        by_centre.setdefault(one.unit, []).extend(events)
    for events in by_centre.values():
        at = BACK + timedelta(seconds=rng.randint(0, 60))
        for publisher, event in sorted(events, key=lambda each: str(each[1]["time"])):
            at += timedelta(seconds=rng.choice([1, 5, 10, 40]))
            yield Arrival(at, publisher, event)
