"""What the heads of the simulated centres do: lists, meetings, notes, self-assessments."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from shared.calendar.days import DeadlineCalendar
from shared.calendar.zone import ICT
from shared.events.codes import PROVINCE, QUARTER_MONTHS

DONE_SHARE: Final = 0.9
"""How many of these duties are done in time; the others are not done at all."""

SECONDED_SHARE: Final = 0.1
"""How many centres have a seconded person."""

TERM_DAYS_BEFORE: Final = 400
TERM_DAYS_AFTER: Final = 75
"""How long the term has run, and goes on: its first level falls into the first month."""

LIST_ON_DAY: Final = 2
"""On which working day the list of the staff is posted."""

ASSESSED_BEFORE: Final = 5
NOTED_BEFORE: Final = 2
"""On which working day from the end of the month these are done; a note after its reminder."""

AGENCY: Final = "H37.19"
GOOD_SHARE: Final = 0.9
ITEMS: Final = (
    "information_area",
    "online_area",
    "counters",
    "priority_counter",
    "seats",
    "writing_desks",
    "citizen_computers",
    "camera",
    "queue_machine",
    "touch_screens",
    "digitising",
    "interpreting",
    "water",
    "wifi",
    "air_conditioning",
    "fans",
)


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that the head of a centre does, as the event that says so."""

    at: datetime
    name: str
    subject: str
    data: Mapping[str, Any]


def deeds_of_heads(
    units: Sequence[str], calendar: DeadlineCalendar, first: date, last: date, seed: int
) -> Iterator[Deed]:
    """Yield what the heads of all centres do between two days, both included."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    working = [day for day in days if calendar.is_working(day)]
    if len(working) < LIST_ON_DAY:
        return
    chance = random.Random(f"heads/{seed}")  # noqa: S311 - a simulation, not a secret.
    for unit in units:
        yield from _of_unit(unit, working, first, chance)


def _of_unit(
    unit: str, working: Sequence[date], first: date, chance: random.Random
) -> Iterator[Deed]:
    head = f"p-{unit}-director"
    if chance.random() < DONE_SHARE:
        data = {"staff": [{"person": head, "role": "director"}], "by": head}
        day = working[LIST_ON_DAY - 1]
        yield _deed(day, time(10), "staff.posted", f"{unit}/staff_posting/{first}", data)
    for quarter, day in _quarters(working, first):
        if chance.random() < DONE_SHARE:
            number = (quarter.month - 1) // QUARTER_MONTHS + 1
            held = {"agencies": [AGENCY], "minutes": f"{number}/BB-{unit}", "by": head}
            subject = f"{unit}/meeting/{quarter.year}-Q{number}"
            yield _deed(day, time(15), "meeting.held", subject, held)
    for month, days in _months(working):
        if unit == PROVINCE or len(days) < ASSESSED_BEFORE or month < first:
            continue
        if chance.random() < DONE_SHARE:
            states = [(item, chance.random() < GOOD_SHARE) for item in ITEMS]
            items = [
                {"item": item, "state": "good" if good else "broken"} for item, good in states
            ]
            subject, data = f"{unit}/conditions/{month:%Y-%m}", {"items": items, "by": head}
            day = days[-ASSESSED_BEFORE]
            yield _deed(day, time(9), "conditions.reported", subject, data)
    if chance.random() < SECONDED_SHARE:
        yield from _seconded(unit, working, first, head)


def _quarters(working: Sequence[date], first: date) -> Iterator[tuple[date, date]]:
    """Yield each quarter that begins in the simulation, and a day of its last month."""
    for month, days in _months(working):
        if month.month % QUARTER_MONTHS == 0:
            quarter = month.replace(month=month.month - QUARTER_MONTHS + 1)
            if quarter >= first:
                yield quarter, days[0]


def _months(working: Sequence[date]) -> Iterator[tuple[date, list[date]]]:
    """Yield the first day of each month, and the working days that are simulated of it."""
    for month in sorted({day.replace(day=1) for day in working}):
        yield month, [day for day in working if day.replace(day=1) == month]


def _seconded(unit: str, working: Sequence[date], first: date, head: str) -> Iterator[Deed]:
    """Yield a secondment whose term ends soon, and a note for each month."""
    subject = f"{unit}/secondment/{first:%Y}-1"
    started = {
        "person": f"p-{unit}-seconded",
        "agency": AGENCY,
        "from_day": (first - timedelta(days=TERM_DAYS_BEFORE)).isoformat(),
        "until_day": (first + timedelta(days=TERM_DAYS_AFTER)).isoformat(),
    }
    yield _deed(working[0], time(8), "secondment.started", subject, started)
    for month, days in _months(working):
        if len(days) > NOTED_BEFORE:
            data = {"month": f"{month:%Y-%m}", "by": head}
            yield _deed(days[-NOTED_BEFORE], time(11), "secondment.assessed", subject, data)


def _deed(day: date, moment: time, name: str, subject: str, data: Mapping[str, Any]) -> Deed:
    """Return it a second before the moment, so that nothing ties with a limit."""
    at = datetime.combine(day, moment, ICT) - timedelta(seconds=1)
    return Deed(at, name, subject, data)
