"""A province whose workflow stands still for three days, and what it owes people afterwards."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from shared.calendar.zone import ICT
from shared.events.dossiers import DossierAccepted, DossierAssigned
from shared.events.envelope import Event, from_document
from shared.events.model import EventData
from shared.events.obligations import ObligationRungReached, ObligationRungSkipped
from shared.events.reference import Opening, OpeningSeason, RoleAssigned, UnitChanged
from shared.reference.view import Reference
from tests.simulation.scenarios.house import House
from tests.simulation.scenarios.worlds import PROCEDURES, world
from tests.unit.workflow.province import FIRST, ROLES, SOURCE, decide

STOPPED: Final = datetime(2026, 1, 14, 7, 0, tzinfo=ICT)  # A Wednesday.
BACK: Final = STOPPED + timedelta(hours=72)
HEARD_AGAIN: Final = datetime(2026, 1, 31, 7, 0, tzinfo=ICT)
"""By then every ladder has been climbed to its end."""
KINDS: Final = (
    ("same-day", 0, date(2026, 1, 14)),
    ("three-days", 3, date(2026, 1, 13)),
    ("three-days", 3, date(2026, 1, 14)),
    ("ten-days", 10, date(2026, 1, 8)),
)
"""Procedure, its working days, and the day of acceptance, always at nine.

None has a rung before workflow stops; some are accepted while it is away.
"""

BATCH: Final = 2_000
Missed = Mapping[str, datetime]


@dataclass(frozen=True)
class Told:
    """One rung as workflow told of it."""

    subject: str
    obligation: str
    rung: str
    at: datetime
    late_hours: int
    persons: tuple[str, ...]


def storm_province(communes: int) -> Reference:
    """Return the small province with more communes, each with its people."""
    view = world("quiet")
    season = OpeningSeason(
        first="01-01", last="12-31", morning=("07:30", "11:30"), afternoon=("13:30", "17:00")
    )
    for code in codes(communes):
        unit = UnitChanged(
            unit=code,
            name=f"Unit {code}",
            type="xã",
            electronic_id=f"H37.{code[1:4]}",
            synthetic=True,
            opening=Opening(source=SOURCE, seasons=(season,)),
        )
        view = decide(view, unit)
        for role in ROLES:
            person = f"p-{code}-{role.replace('_', '-')}"
            held = {"person": person, "role": role, "unit": code, "from_day": FIRST}
            view = decide(view, RoleAssigned.model_validate(held))
    return view


def codes(communes: int) -> list[str]:
    """Return the codes of communes."""
    return [f"0{2001 + number}" for number in range(communes)]


def dossiers(count: int, communes: int) -> Iterator[Event]:
    """Tell of dossiers that are accepted and given to somebody, and of nothing more."""
    units = codes(communes)
    for number in range(count):
        name, _, day = KINDS[number % len(KINDS)]
        unit = units[number // len(KINDS) % communes]
        accepted = DossierAccepted(procedure=PROCEDURES[name], channel="online")
        given = DossierAssigned(handler=f"p-{unit}-handler")
        at = datetime.combine(day, time(9), ICT)
        for sequence, data in enumerate((accepted, given), start=1):
            yield _event(subject_of(number), data, at, sequence, unit)


def subject_of(number: int) -> str:
    """Return the code of a dossier."""
    return f"H37.200-260105-{number:07d}"


def _event(subject: str, data: EventData, at: datetime, sequence: int, unit: str) -> Event:
    return Event(
        id=f"{subject}-{sequence}",
        source="urn:motcua:publisher:demo",
        name=data.NAME,
        subject=subject,
        time=at,
        sequence=sequence,
        recordedtime=at.astimezone(UTC),
        receivingunit=unit,
        competentunit=unit,
        data=data,
    )


async def missed_three_days(count: int, communes: int) -> House:
    """Let dossiers come in, workflow stop and come back; nothing is sent yet."""
    house = await _peopled(communes)
    house.stops("notifications")
    house.stops("workflow")
    await _accepted(house, count, communes)
    house.leaps_to(BACK)
    return house


async def silent_weeks(count: int, communes: int) -> House:
    """Let workflow raise everything that is ever due, while nobody tells anybody."""
    house = await _peopled(communes)
    await house.walks_to(STOPPED)
    house.stops("notifications")
    await _accepted(house, count, communes)
    await house.walks_to(HEARD_AGAIN)
    return house


async def _peopled(communes: int) -> House:
    house = House(storm_province(communes), datetime(2026, 1, 5, 8, 0, tzinfo=ICT))
    people = [*ROLES, "handler"]
    for unit in codes(communes):
        await house.reachable(*(f"p-{unit}-{role.replace('_', '-')}" for role in people))
    await house.reachable("p-20-province")
    return house


async def _accepted(house: House, count: int, communes: int) -> None:
    events = list(dossiers(count, communes))
    for start in range(0, len(events), BATCH):
        await house.workflow.applies(events[start : start + BATCH])


def told_and_skipped(house: House) -> tuple[list[Told], Counter[tuple[str, str, str]]]:
    """Return what workflow told of since, in order, and what it recorded as skipped."""
    told: list[Told] = []
    skipped: Counter[tuple[str, str, str]] = Counter()
    for out in house.durable.publisher.published:
        assert out.value is not None, "workflow publishes events only"
        data = from_document(out.value).data
        if isinstance(data, ObligationRungReached):
            late = data.late_by_outage_hours or 0
            told.append(
                Told(out.key, data.obligation, data.rung, data.rung_at, late, data.persons)
            )
        elif isinstance(data, ObligationRungSkipped):
            skipped[out.key, data.obligation, data.rung] += 1
    return told, skipped


# An officer's own count, which shares no code with ours.


def missed(days: int, accepted: date) -> dict[str, Missed]:
    """Return which rungs fall into the three days, by obligation."""
    due = _after(accepted, days)
    later = {f"overdue_{n}": _at(_after(due, n), time(17)) for n in (1, 3, 5)}
    deadline = {
        "half": _at(_after(accepted, -(-days // 2)), time(7, 30)),
        "most": _at(_after(accepted, -(-days * 4 // 5)), time(7, 30)),
        "overdue": _at(due, time(17)),
        **later,
    }
    slip_day = _before(due)
    slip = {"draft": _at(_before(slip_day), time(17)), "last_moment": _at(slip_day, time(17))}
    if days == 0:
        # Six opening hours from nine on: half of them, and four fifths.
        deadline |= {"half": _at(due, time(14)), "most": _at(due, time(15, 48))}
        slip = {}
    ladders = {"dossier_deadline": deadline, "apology_slip": slip}
    return {
        name: {rung: at for rung, at in ladder.items() if STOPPED < at < BACK}
        for name, ladder in ladders.items()
    }


def obligations_due(count: int) -> int:
    """Return how many obligations of so many dossiers missed something."""
    each = [sum(bool(m) for m in missed(days, day).values()) for _, days, day in KINDS]
    whole, rest = divmod(count, len(KINDS))
    return whole * sum(each) + sum(each[:rest])


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, ICT)


def _works(day: date) -> bool:
    return day.weekday() < 5 or day == date(2026, 1, 10)


def _after(day: date, count: int) -> date:
    while count:
        day += timedelta(days=1)
        count -= _works(day)
    return day


def _before(day: date) -> date:
    day -= timedelta(days=1)
    while not _works(day):
        day -= timedelta(days=1)
    return day


def busiest(moments: Sequence[datetime], window: timedelta) -> int:
    """Return the most that fell into any window of a length."""
    first = most = 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= window:
            first += 1
        most = max(most, last - first + 1)
    return most
