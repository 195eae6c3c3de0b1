"""The calendar of 2026 as the unit tests write it down, and short ways to ask."""

from datetime import date, datetime

from shared.calendar.days import DayNote, DeadlineCalendar
from shared.calendar.deadline import Deadline, compute
from shared.calendar.history import Extension, History, Wait
from shared.calendar.limits import Limit, LimitUnit
from shared.calendar.opening import OpeningHours, OpeningRules
from shared.calendar.zone import ICT

_OFF = {
    "2026-01-01": "new_year",
    "2026-02-16": "tet",
    "2026-02-17": "tet",
    "2026-02-18": "tet",
    "2026-02-19": "tet",
    "2026-02-20": "tet",
    "2026-04-26": "hung_kings",
    "2026-04-27": "substitute",
    "2026-04-30": "reunification_day",
    "2026-05-01": "labour_day",
    "2026-09-01": "national_day",
    "2026-09-02": "national_day",
}
_SWAPS = {"2026-01-02": "2026-01-10", "2026-08-31": "2026-08-22"}


def _notes() -> dict[date, DayNote]:
    notes = {date.fromisoformat(day): DayNote(False, reason) for day, reason in _OFF.items()}  # noqa: FBT003 - reads as a table.
    for off, work in _SWAPS.items():
        day, other = date.fromisoformat(off), date.fromisoformat(work)
        notes[day] = DayNote(works=False, reason="swap", counterpart=other)
        notes[other] = DayNote(works=True, reason="swap", counterpart=day)
    return notes


CALENDAR = DeadlineCalendar(
    first_day=date(2025, 12, 1), last_day=date(2026, 12, 31), notes=_notes()
)
OPENING = OpeningHours(CALENDAR, OpeningRules())


def ict(text: str) -> datetime:
    """Read an instant of Viet Nam: "2026-01-05 09:10"."""
    return datetime.fromisoformat(text).replace(tzinfo=ICT)


def days(value: int) -> Limit:
    """Return a limit in working days."""
    return Limit(LimitUnit.WORKING_DAYS, value)


def wait(asked: str, brought: str | None = None, proven: str | None = "at once") -> Wait:
    """Return a wait; its notice is proven at once unless something else is said."""
    requested = ict(asked)
    proof = requested if proven == "at once" else proven and ict(proven)
    assert not isinstance(proof, str)
    return Wait(requested, proof, None if brought is None else ict(brought), cause="asked")


def extension(decided: str, new_day: str) -> Extension:
    """Return a new date."""
    return Extension(ict(decided), date.fromisoformat(new_day), cause="apology")


def deadline(
    limit: Limit,
    start: str,
    *waits: Wait,
    extensions: tuple[Extension, ...] = (),
    opening: OpeningHours = OPENING,
    accepted: datetime | None = None,
    printed: datetime | None = None,
) -> Deadline:
    """Compute a deadline by the calendar of this module."""
    history = History(ict(start), waits, extensions, accepted, printed, cause="accepted")
    return compute(limit, history, CALENDAR, opening)
