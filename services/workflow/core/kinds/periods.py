"""Obligations of a period: owed from its first day, due when office closes on its last one."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final

from services.workflow.core.assessment import Assessment
from services.workflow.core.facts import Facts
from services.workflow.core.kinds.counted import Owed, assess_owed, given, undated
from services.workflow.core.ladder import Ladder
from shared.calendar.errors import DateOutsideCalendarError
from shared.calendar.zone import ONE_DAY, at
from shared.events.envelope import Event
from shared.reference.errors import NoCalendarError, UnknownUnitError
from shared.reference.view import Reference

ONE_MONTH_MAX: Final = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Period:
    """One period of one obligation.

    Attributes:
        id: The obligation's id in its subject.
        kind: Its kind.
        name: The period as the subject's id names it, such as `2026-11`.
        first: The first day.
        last: The last day.
        done: The event that discharged it, if there is one.
        done_why: The code for that.
        persons: Who holds a role for this obligation alone.
        about: Codes for messages and lists.
    """

    id: str
    kind: str
    name: str
    first: date
    last: date
    done: Event | None
    done_why: str
    persons: dict[str, tuple[str, ...]] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)


def assess_period(
    period: Period, facts: Facts, ladder: Ladder, reference: Reference
) -> Assessment:
    """Return the obligation of one period; without a date if its last day is not published."""
    published, due = True, at(period.last, time())
    try:
        due = last_close(period.last, facts.unit, reference)
    except (DateOutsideCalendarError, NoCalendarError, UnknownUnitError):
        published = False
    owed = Owed(
        id=period.id,
        kind=period.kind,
        unit=facts.unit,
        start=at(period.first, time()),
        cause=f"calendar:{period.name}",
        limit=given(due),
        done=period.done,
        done_why=period.done_why,
        persons=period.persons,
        about=period.about,
    )
    if not published:
        return undated(owed, "no_calendar" if reference.horizon is None else "beyond_horizon")
    return assess_owed(owed, ladder, reference)


def last_close(last: date, unit: str, reference: Reference) -> datetime:
    """Return when office closes on the last working day up to a day."""
    calendar = reference.calendar
    last_working = last if calendar.is_working(last) else calendar.shift(last, -1)
    return reference.opening(unit).close_of(last_working)


def last_of_month(first: date) -> date:
    """Return the last day of the month that begins on a day."""
    return (first + ONE_MONTH_MAX).replace(day=1) - ONE_DAY


def begins_of(unit: str, reference: Reference) -> date | None:
    """Return the day from which a unit's calendar obligations open, if one is set."""
    known = reference.units.get(unit)
    return None if known is None else known.obligations_from


def centres_of(reference: Reference) -> Iterator[tuple[str, date]]:
    """Yield every unit with calendar obligations, and the day from which they open."""
    for unit in reference.units.values():
        if unit.obligations_from is not None:
            yield unit.code, unit.obligations_from
