"""The days and opening hours of the simulated province, walked one by one.

It reads the rows of the reference files by itself, and shares no code with `shared.calendar`.
"""

import csv
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Final

HANOI: Final = timezone(timedelta(hours=7))
REFERENCE: Final = Path(__file__).resolve().parent.parent / "reference"
SESSIONS: Final = ((time(7, 30), time(11, 30)), (time(13, 30), time(17, 0)))
OPEN: Final = time(7, 30)
CLOSE: Final = time(17, 0)
SATURDAY: Final = 5


class SlowCalendar:
    """Days off and worked, as the reference files list them; every question walks."""

    def __init__(self, folder: Path = REFERENCE) -> None:
        self._kind: dict[date, str] = {}
        for name in ("calendar.csv", "calendar_overrides.csv"):
            with (folder / name).open(encoding="utf-8", newline="") as rows:
                for row in csv.DictReader(rows):
                    if not row["unit"] and row["kind"] in {"off", "work"}:
                        self._kind[date.fromisoformat(row["day"])] = row["kind"]

    def works(self, day: date) -> bool:
        """Say whether a day is a statutory working day."""
        return self._kind.get(day, "off" if day.weekday() >= SATURDAY else "work") == "work"

    def step(self, day: date, count: int) -> date:
        """Walk `count` working days forward, or back if it is negative."""
        ahead = timedelta(days=1 if count > 0 else -1)
        for _ in range(abs(count)):
            day += ahead
            while not self.works(day):
                day += ahead
        return day

    def roll(self, day: date) -> date:
        """Return the day itself if it works, else the next that does."""
        while not self.works(day):
            day += timedelta(days=1)
        return day

    def opening_minutes(self, start: datetime, end: datetime) -> float:
        """Return the minutes of office hours between two moments."""
        total, day = 0.0, start.astimezone(HANOI).date()
        while day <= end.astimezone(HANOI).date():
            for opens, closes in SESSIONS if self.works(day) else ():
                first, last = max(at(day, opens), start), min(at(day, closes), end)
                total += max(0.0, (last - first).total_seconds() / 60)
            day += timedelta(days=1)
        return total

    def after_minutes(self, start: datetime, minutes: float) -> datetime:
        """Return the moment at which so many minutes of office hours have passed."""
        day = start.astimezone(HANOI).date()
        while True:
            for opens, closes in SESSIONS if self.works(day) else ():
                first = max(at(day, opens), start)
                here = max(0.0, (at(day, closes) - first).total_seconds() / 60)
                if here >= minutes:
                    return first + timedelta(minutes=minutes)
                minutes -= here
            day += timedelta(days=1)


def at(day: date, moment: time) -> datetime:
    """Return the instant of a clock time in Vietnam."""
    return datetime.combine(day, moment, tzinfo=HANOI)
