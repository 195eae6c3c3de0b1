"""Backlogs: dossiers of which everything reaches us late, and what may follow of each.

What follows is counted from how each dossier was made up, by nothing of the services.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from itertools import groupby
from typing import Any, Final

from shared.calendar.zone import ICT
from shared.reference.view import Reference
from tests.simulation.scenarios.house import House
from tests.simulation.scenarios.storm import codes, storm_province
from tests.simulation.scenarios.verbs import inbound
from tests.simulation.scenarios.worlds import PROCEDURES
from tests.unit.workflow.province import UNIT

ACCEPTED: Final = datetime(2026, 1, 5, 8, 0, tzinfo=ICT)  # A Monday.
IN_TIME: Final = datetime(2026, 1, 7, 10, 0, tzinfo=ICT)
TOO_LATE: Final = datetime(2026, 1, 16, 10, 0, tzinfo=ICT)
CAME: Final = datetime(2026, 1, 26, 9, 0, tzinfo=ICT)
"""When the backlog comes: three working days are over long before, and every level due."""

SETTLED_AFTER: Final = timedelta(minutes=20)
LEVELS: Final[Mapping[str, Sequence[str]]] = {
    "dossier_deadline": ("half", "most", "overdue", "overdue_1", "overdue_3", "overdue_5"),
    "apology_slip": ("draft", "last_moment"),
}
"""The levels of a dossier of three days, which all lie before `TOO_LATE`."""

BY_THE_END: Final[Mapping[str, Sequence[str]]] = {
    "dossier_deadline": ("half",),  # On Wednesday at 07:30.
    "apology_slip": ("draft",),  # On Tuesday at 17:00.
}
"""Those that lie before `IN_TIME`."""

HIGHEST: Final = {"dossier_deadline": None, "apology_slip": "last_moment"}
"""What is alerted of one that is still open: the deadline's is a reminder of its last level."""


class Fate(Enum):
    """What a backlog says of a dossier by its end."""

    IN_TIME = "ended in time"
    TOO_LATE = "ended late"
    OPEN = "still open"


@dataclass(frozen=True)
class Dossier:
    """One dossier: its code, who publishes it, where, and what becomes of it."""

    code: str
    fate: Fate
    publisher: str = "bpi"
    unit: str = UNIT
    procedure: str = "three-days"
    accepted: datetime = ACCEPTED
    ended: datetime | None = None

    @property
    def end(self) -> datetime | None:
        """When it was completed; None if it was not."""
        if self.fate is Fate.OPEN:
            return None
        return self.ended or (IN_TIME if self.fate is Fate.IN_TIME else TOO_LATE)

    def events(self) -> list[dict[str, Any]]:
        """Return its acceptance, and its completion if it has one."""
        made = [self._event("accepted", self.accepted)]
        if self.end is not None:
            made.append(self._event("completed", self.end))
        return made

    def _event(self, step: str, at: datetime) -> dict[str, Any]:
        data = {"procedure": PROCEDURES[self.procedure], "channel": "online"}
        return inbound(
            f"{self.code}-{step}",
            f"dossier.{step}",
            self.code,
            at,
            data if step == "accepted" else {"result": "KQ.1"},
            publisher=self.publisher,
            receivingunit=self.unit,
        )


@dataclass(frozen=True)
class Arrival:
    """One event, and when it reaches us."""

    at: datetime
    publisher: str
    event: Mapping[str, Any]


@dataclass(frozen=True)
class Counts:
    """What workflow published of some dossiers, by dossier and obligation."""

    alerts: Counter[tuple[str, str]]
    breaches: Counter[tuple[str, str]]
    skipped: Counter[tuple[str, str, str, str]]
    withdrawn: Counter[tuple[str, str]]


def dossiers(count: int, fate: Fate = Fate.IN_TIME, *, first: int = 1) -> list[Dossier]:
    """Return so many dossiers of one publisher that fare alike."""
    return [Dossier(f"BURST-{number + first:04d}", fate) for number in range(count)]


def one_burst(
    some: Sequence[Dossier], *, reverse: bool = False, bursts: int = 1, pause_s: int = 0
) -> Iterator[Arrival]:
    """Yield all acceptances, then all completions; in several bursts if wanted.

    Ten milliseconds lie between two events: intake records them one after the other.
    """
    begun = [one.events()[0] for one in some]
    ended = [event for one in some for event in one.events()[1:]]
    events = [*begun, *(reversed(ended) if reverse else ended)]
    size = -(-len(events) // bursts)
    for number, event in enumerate(events):
        late = timedelta(milliseconds=10 * number, seconds=pause_s * (number // size))
        yield Arrival(CAME + late, some[0].publisher, event)


async def brought(
    reference: Reference, arrivals: Iterable[Arrival], *, together_ms: int = 500
) -> House:
    """Let a backlog reach us, with sweeps all the while; return the house when all is quiet.

    What one publisher sends within the same `together_ms`, and nobody in between, is one batch
    of intake: an event never overtakes an earlier one of somebody else.
    """
    ordered = sorted(arrivals, key=lambda one: one.at)
    house = House(reference, ordered[0].at - timedelta(minutes=1))
    house.stops("notifications")
    await house.settles()
    step = timedelta(milliseconds=together_ms)

    def batch(one: Arrival) -> int:
        return (one.at - ordered[0].at) // step

    for _, some in groupby(ordered, key=batch):
        arrived = list(some)
        await house.walks_to(arrived[-1].at)
        for publisher, mine in groupby(arrived, key=lambda one: one.publisher):
            await house.arrive([one.event for one in mine], publisher)
    await house.walks_to(house.clock.now() + SETTLED_AFTER)
    return house


def counted(house: House) -> Counts:
    """Count what workflow published."""
    alerts: Counter[tuple[str, str]] = Counter()
    breaches: Counter[tuple[str, str]] = Counter()
    skipped: Counter[tuple[str, str, str, str]] = Counter()
    withdrawn: Counter[tuple[str, str]] = Counter()
    for out in house.durable.publisher.published:
        assert out.value is not None, "workflow publishes events only"
        data = out.value["data"]
        which = (out.key, str(data.get("obligation")))
        match out.value["type"]:
            case "vn.motcua.obligation.rung_reached.v1":
                alerts[which] += 1
            case "vn.motcua.obligation.breached.v1":
                breaches[which] += 1
            case "vn.motcua.obligation.rung_skipped.v1":
                skipped[(*which, data["rung"], data["why"])] += 1
            case "vn.motcua.obligation.rung_withdrawn.v1":
                withdrawn[which] += 1
    return Counts(alerts, breaches, skipped, withdrawn)


def expected(some: Iterable[Dossier]) -> Counts:
    """Return what may follow, by what each dossier of three days came to."""
    alerts: Counter[tuple[str, str]] = Counter()
    breaches: Counter[tuple[str, str]] = Counter()
    skipped: Counter[tuple[str, str, str, str]] = Counter()
    for one in some:
        for obligation, levels in LEVELS.items():
            which = (one.code, obligation)
            breaches[which] += one.fate is not Fate.IN_TIME
            alerts[which] += one.fate is Fate.OPEN
            passed = BY_THE_END[obligation] if one.fate is Fate.IN_TIME else levels
            why = "overtaken" if one.fate is Fate.OPEN else "completed"
            alerted = HIGHEST[obligation] if one.fate is Fate.OPEN else None
            skipped.update((*which, level, why) for level in passed if level != alerted)
    return Counts(alerts, breaches, skipped, Counter())


def centres(count: int) -> tuple[Reference, list[str]]:
    """Return a province of so many centres, and their codes."""
    return storm_province(count), codes(count)
