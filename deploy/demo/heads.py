"""What the heads of the simulated centres do: lists, meetings, notes on seconded people."""

import random
from collections.abc import Iterator, Sequence
from datetime import date, time, timedelta
from typing import Any, Final

from shared.calendar.days import DeadlineCalendar

DONE_SHARE: Final = 0.9
"""How many of these duties are done in time; the others are not done at all."""

SECONDED_SHARE: Final = 0.1
"""How many centres have a seconded person."""

TERM_DAYS_BEFORE: Final = 400
TERM_DAYS_AFTER: Final = 45
ON_WHICH_DAY: Final = 3
AGENCY: Final = "H37.19"
QUARTER_MONTHS: Final = 3

Told = tuple[date, time, str, str, dict[str, Any]]
"""Day, moment, the event's name, its subject and its data."""


def deeds_of_heads(
    units: Sequence[str], calendar: DeadlineCalendar, first: date, last: date, seed: int
) -> Iterator[Told]:
    """Yield what the heads of all centres do between two days, both included."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    working = [day for day in days if calendar.is_working(day)]
    if len(working) < ON_WHICH_DAY:
        return
    chance = random.Random(f"heads/{seed}")  # noqa: S311 - a simulation, not a secret.
    for unit in units:
        yield from _of_unit(unit, working, first, chance)


def _of_unit(
    unit: str, working: Sequence[date], first: date, chance: random.Random
) -> Iterator[Told]:
    head = f"p-{unit}-director"
    if chance.random() < DONE_SHARE:
        staff = [{"person": head, "role": "director"}]
        subject = f"{unit}/staff_posting/{first}"
        data = {"staff": staff, "by": head}
        yield working[ON_WHICH_DAY - 1], time(10), "staff.posted", subject, data
    for year, quarter, day in _quarters(working, first):
        if chance.random() < DONE_SHARE:
            held = {"agencies": [AGENCY], "minutes": f"{quarter}/BB-{unit}", "by": head}
            yield day, time(15), "meeting.held", f"{unit}/meeting/{year}-Q{quarter}", held
    if chance.random() < SECONDED_SHARE:
        yield from _seconded(unit, working, first, head)


def _quarters(working: Sequence[date], first: date) -> Iterator[tuple[int, int, date]]:
    """Yield each quarter that begins in the simulation, and a day of its last month."""
    for day in working:
        quarter = (day.month - 1) // QUARTER_MONTHS + 1
        begins = date(day.year, QUARTER_MONTHS * (quarter - 1) + 1, 1)
        in_last_month = [
            each
            for each in working
            if (each.year, each.month) == (day.year, QUARTER_MONTHS * quarter)
        ]
        if begins >= first and in_last_month and day == in_last_month[0]:
            yield day.year, quarter, day


def _seconded(unit: str, working: Sequence[date], first: date, head: str) -> Iterator[Told]:
    """Yield a secondment whose term ends soon, and a note for each month."""
    subject = f"{unit}/secondment/{first:%Y}-1"
    begins = first - timedelta(days=TERM_DAYS_BEFORE)
    started = {
        "person": f"p-{unit}-seconded",
        "agency": AGENCY,
        "from_day": begins.isoformat(),
        "until_day": (first + timedelta(days=TERM_DAYS_AFTER)).isoformat(),
    }
    yield working[0], time(8), "secondment.started", subject, started
    for month in sorted({day.replace(day=1) for day in working}):
        of_month = [day for day in working if day.replace(day=1) == month]
        if len(of_month) > ON_WHICH_DAY:
            data = {"month": f"{month:%Y-%m}", "by": head}
            yield of_month[-2], time(11), "secondment.assessed", subject, data
