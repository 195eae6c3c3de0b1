"""Calendars, offices and random cases, as JSON: what both the engine and the oracle read."""

import csv
import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

Json = dict[str, Any]
VIETNAM = timezone(timedelta(hours=7))
ROOT = Path(__file__).resolve().parents[3]

MORNING, AFTERNOON = ["07:30", "11:30"], ["13:30", "17:00"]
WHOLE_YEAR = {"first": "01-01", "last": "12-31"}

# What nobody has published: made up, with a swap in each year, for tests alone.
# Month and day of each year's days off.
_OFF = {
    2027: "1122 1124",
    2028: "0103 0124 0125 0126 0127 0128 0131 0404 0501 0502 0901 0904 1124",
    2029: "0101 0212 0213 0214 0215 0216 0423 0430 0501 0903 0904 1126",
    2030: "0101 0201 0204 0205 0206 0207 0412 0429 0430 0501 0902 0903 1125",
}
UNPUBLISHED_OFF = [
    f"{year}-{day[:2]}-{day[2:]}" for year, days in _OFF.items() for day in days.split()
]
UNPUBLISHED_WORK = ["2027-11-20", "2028-02-05", "2029-12-29", "2030-05-04"]

OPENINGS: dict[str, Json] = {
    "default": {"seasons": [{**WHOLE_YEAR, "morning": MORNING, "afternoon": AFTERNOON}]},
    "saturday-reception": {
        "seasons": [
            {
                **WHOLE_YEAR,
                "morning": MORNING,
                "afternoon": ["13:30", "16:30"],
                "saturday_morning": ["08:00", "11:00"],
            }
        ]
    },
    "seasons": {
        "seasons": [
            {
                "first": "04-16",
                "last": "10-15",
                "morning": ["07:00", "11:30"],
                "afternoon": ["13:30", "17:00"],
            },
            {
                "first": "10-16",
                "last": "04-15",
                "morning": ["07:30", "12:00"],
                "afternoon": ["13:00", "16:30"],
            },
        ],
        "closed": ["2024-09-09", "2025-10-07", "2026-06-15", "2026-06-16", "2028-07-03"],
        "open": ["2026-06-20", "2027-07-18"],
    },
    "mornings": {"seasons": [{**WHOLE_YEAR, "morning": MORNING}]},
}


def official() -> Json:
    """Return the calendar of the reference data, as it is committed."""
    with (ROOT / "deploy" / "reference" / "calendar.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    published = [row for row in rows if row["kind"] == "published_through"]
    return {
        "first_day": min(row["counterpart"] for row in published),
        "last_day": max(row["day"] for row in published),
        "off": sorted(row["day"] for row in rows if row["kind"] == "off" and not row["unit"]),
        "work": sorted(row["day"] for row in rows if row["kind"] == "work" and not row["unit"]),
    }


def fixture() -> Json:
    """Return the calendar of 2024 to 2030, the later years made up."""
    known = official()
    return {
        "first_day": known["first_day"],
        "last_day": "2030-12-31",
        "off": sorted({*known["off"], *UNPUBLISHED_OFF}),
        "work": sorted({*known["work"], *UNPUBLISHED_WORK}),
    }


LIMITS: tuple[Json, ...] = (
    {"unit": "same_day"},
    {"unit": "same_day", "cutoff": "14:00"},
    {"unit": "same_day", "after_hours": "next_session"},
    *({"unit": "working_days", "value": value} for value in (1, 2, 3, 5, 7, 10, 15, 20, 45)),
    {"unit": "working_days", "value": 3, "after_hours": "next_session"},
    {"unit": "working_days", "value": 5, "promise_at": "same_clock_hour"},
    *({"unit": "calendar_days", "value": value} for value in (1, 5, 10, 15, 20, 30, 60)),
    {"unit": "calendar_days", "value": 15, "roll": "none"},
    {"unit": "calendar_days", "value": 5, "promise_at": "same_clock_hour"},
    {"unit": "calendar_days", "value": 7, "after_hours": "next_session"},
    *({"unit": "hours", "value": value} for value in (1, 2, 4, 8, 24, 40)),
    *({"unit": "half_days", "value": value} for value in (1, 2, 3, 5, 9)),
    {"unit": "half_days", "value": 3, "after_hours": "next_session"},
    {"unit": "given"},
)


CLOCK_LIMITS: tuple[Json, ...] = (
    *({"unit": "clock_hours", "value": value} for value in (1, 8, 24, 36, 72, 240)),
    {"unit": "clock_hours", "value": 24, "outside_opening": "next_opening"},
    {"unit": "clock_hours", "value": 48, "roll": "none"},
    {"unit": "clock_hours", "value": 24, "after_hours": "next_session"},
    {
        "unit": "clock_hours",
        "value": 10,
        "roll": "none",
        "outside_opening": "next_opening",
        "after_hours": "next_session",
    },
)
"""Limits that run day and night; apart from the others, whose draws they would change."""

FIRST_DRAWN = date(2024, 1, 1)


def random_case(
    rng: random.Random,
    *,
    first: date = FIRST_DRAWN,
    last_year: int = 2030,
    limits: Sequence[Json] = LIMITS,
) -> Json:
    """Draw a procedure's limit, an instant, and a history of up to three waits."""
    limit = dict(rng.choice(limits))
    start = random_instant(rng, first, date(last_year, 10, 31))
    if limit["unit"] == "given":
        limit["given"] = (start + timedelta(minutes=rng.randint(-999, 99999))).isoformat()
    case: Json = {"from": start.isoformat(), "limit": limit}
    if rng.random() < 0.5:
        case["waits"] = _waits(rng, start)
    if rng.random() < 0.5:
        case["after_supplement"] = rng.choice(["restart", "subtract"])
    return case


def dated_case(
    rng: random.Random,
    *,
    first: date = FIRST_DRAWN,
    last_year: int = 2030,
    limits: Sequence[Json] = LIMITS,
) -> Json:
    """Draw a case with new dates, or of another commune, where the clock starts later."""
    case = random_case(rng, first=first, last_year=last_year, limits=limits)
    start = datetime.fromisoformat(case["from"])
    if rng.random() < 0.4:
        accepted = start - timedelta(minutes=rng.choice([0, 30, 600, 3000, 9000]))
        case["accepted"] = accepted.isoformat()
        if rng.random() < 0.5:
            asked = accepted + (start - accepted) * rng.choice([0, 0.3, 1])
            brought = asked + timedelta(minutes=rng.choice([0, 200, 4000, 12000]))
            case["waits"] = [_wait(rng, asked, brought)]
    if "accepted" not in case or rng.random() < 0.5:
        moments = [_decided(rng, case, start) for _ in range(rng.choice([1, 1, 1, 2]))]
        case["extensions"] = [
            {
                "decided": decided.isoformat(),
                "new_day": (decided.date() + timedelta(days=rng.randint(-3, 40))).isoformat(),
            }
            for decided in moments
        ]
    return case


def _decided(rng: random.Random, case: Json, start: datetime) -> datetime:
    """Draw when a new date is given: at any time, often at a wait's edge or within it."""
    closed = [
        [datetime.fromisoformat(moment) for moment in wait]
        for wait in case.get("waits") or []
        if isinstance(wait, list) and wait[1] is not None
    ]
    if closed and rng.random() < 0.6:
        asked, brought = rng.choice(closed)
        return asked + (brought - asked) * rng.choice([0, 0.5, 1])
    return start + timedelta(minutes=rng.choice([0, 60, 1500, 4000, 9000, 20000]))


def random_instant(rng: random.Random, first: date, last: date) -> datetime:
    """Draw an instant; often at an hour at which something changes, or around Tết."""
    day = first + timedelta(days=rng.randint(0, (last - first).days))
    if rng.random() < 0.2:
        around = date(day.year, rng.choice([1, 2, 4, 5, 8, 9, 12]), rng.randint(1, 28))
        day = max(min(around, last), first)
    if rng.random() < 0.4:
        hour, minute = rng.choice(
            [(7, 30), (11, 30), (12, 0), (13, 30), (15, 0), (17, 0), (0, 0), (23, 59)]
        )
        second = rng.choice([0, 0, 1])
    else:
        hour, minute, second = rng.randint(6, 19), rng.randint(0, 59), rng.randint(0, 59)
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=VIETNAM)


def _waits(rng: random.Random, start: datetime) -> list[Any]:
    waits: list[Any] = []
    moment = start
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        gap = timedelta(minutes=rng.choice([0, 5, 60, 600, 1500, 4000, 9000]))
        asked = moment + gap if rng.random() < 0.97 else moment - timedelta(days=2)
        brought = asked + timedelta(minutes=rng.choice([0, 30, 200, 1000, 2880, 7000, 20000]))
        waits.append(_wait(rng, asked, brought))
        moment = brought
    if rng.random() < 0.15:
        last = waits[-1]
        if isinstance(last, list):
            waits[-1] = [last[0], None]
        else:
            last["received"] = None
    rng.shuffle(waits)
    return waits


def _wait(rng: random.Random, asked: datetime, brought: datetime) -> Any:  # noqa: ANN401 - JSON.
    if rng.random() < 0.7:
        return [asked.isoformat(), brought.isoformat()]
    length = (brought - asked) // timedelta(minutes=1)
    proven = asked + timedelta(minutes=rng.randint(0, length + 100))
    return {
        "requested": asked.isoformat(),
        "proven": rng.choice([None, proven.isoformat()]),
        "received": brought.isoformat(),
    }
