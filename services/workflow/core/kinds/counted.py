"""Obligations with one start, one limit and one end: most of the directive's kinds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.workflow.core.assessment import AssessedCycle, Assessment, Discharge
from services.workflow.core.kinds.deadline_cycles import ledger_rows, rungs_of
from services.workflow.core.ladder import Ladder
from shared.calendar.deadline import Deadline, compute
from shared.calendar.errors import DateOutsideCalendarError
from shared.calendar.history import History
from shared.calendar.limits import Limit, LimitUnit
from shared.events.envelope import Event
from shared.reference.errors import NoCalendarError, UnknownUnitError
from shared.reference.view import Reference

BY_THE_CLOCK: Final = frozenset({LimitUnit.HOURS, LimitUnit.HALF_DAYS, LimitUnit.GIVEN})


@dataclass(frozen=True, slots=True)
class Owed:
    """One thing owed from a moment on.

    Attributes:
        id: The obligation's id in its subject.
        kind: Its kind.
        unit: Who owes it.
        start: When its clock starts.
        cause: The id of what started it; it names the cycle too.
        limit: How long it may take.
        done: The event that ended it, if one did; then no event made it void.
        done_why: The word for that.
        void: The event after which it was needed no more, if one came first. By its due
            moment nothing was owed after all; later it ended late (decision 0043).
        lapse: How it ends by itself; then nobody breaches it.
        opening: Whose opening hours count, if not the unit's own.
        start_key: What the ledger calls the start.
        about: Codes for messages and lists.
        persons: Who holds a role for this alone.
        flags: What an inspector should look at.
    """

    id: str
    kind: str
    unit: str
    start: datetime
    cause: str
    limit: Limit
    done: Event | None = None
    done_why: str = "done"
    void: Event | None = None
    lapse: Discharge | None = None
    opening: str | None = None
    start_key: str = "accepted"
    about: Mapping[str, str] = field(default_factory=dict)
    persons: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    flags: tuple[str, ...] = ()


def given(moment: datetime) -> Limit:
    """Return the limit that ends at a moment which the facts name."""
    return Limit(LimitUnit.GIVEN, given=moment)


def working_days(count: int) -> Limit:
    """Return a limit in working days."""
    return Limit(LimitUnit.WORKING_DAYS, count)


def opening_hours(count: int) -> Limit:
    """Return a limit in opening hours."""
    return Limit(LimitUnit.HOURS, count)


def assess_owed(owed: Owed, ladder: Ladder, reference: Reference) -> Assessment:
    """Say by when one thing is owed, and how it ended."""
    ended = _ended(owed)
    try:
        deadline = compute(
            owed.limit,
            History(start=owed.start, cause=owed.cause, start_key=owed.start_key),
            reference.calendar,
            reference.opening(owed.opening or owed.unit),
        )
        rungs = rungs_of(deadline, ladder, deadline.due)
    except (DateOutsideCalendarError, NoCalendarError, UnknownUnitError) as error:
        outside = isinstance(error, DateOutsideCalendarError)
        return undated(owed, "beyond_horizon" if outside else "no_calendar")
    cycle = AssessedCycle(
        key=owed.cause,
        opened=owed.start,
        due=deadline.due,
        limit=None if owed.limit.unit in BY_THE_CLOCK else deadline.limit,
        rungs=rungs,
        ended_at=None if ended is None else ended.time,
        ended_why=None if ended is None else _why(owed),
        can_breach=owed.lapse is None,
    )
    return Assessment(
        id=owed.id,
        kind=owed.kind,
        unit=owed.unit,
        opened_at=owed.start,
        cause=owed.cause,
        cycles=(cycle,),
        due=deadline.due,
        limit=deadline.limit,
        discharge=None if ended is None else _discharge(owed, ended, deadline),
        lapse=owed.lapse,
        persons=owed.persons,
        about=owed.about,
        flags=owed.flags,
        ledger=lambda: ledger_rows(deadline),
    )


def _discharge(owed: Owed, ended: Event, deadline: Deadline) -> Discharge:
    assert deadline.due is not None, "nothing suspends it"
    if owed.done is None and ended.time <= deadline.due:
        return Discharge(ended.time, ended.id, _why(owed), void=True)
    assert deadline.limit is not None, "nothing suspends it"
    return Discharge(
        ended.time,
        ended.id,
        _why(owed),
        in_time=ended.time <= deadline.due,
        by_limit=ended.time <= deadline.limit,
    )


def undated(owed: Owed, why: str) -> Assessment:
    """Return what is owed and has no date: past the published days nothing is guessed."""
    ended = _ended(owed)
    return Assessment(
        id=owed.id,
        kind=owed.kind,
        unit=owed.unit,
        opened_at=owed.start,
        cause=owed.cause,
        no_deadline=why,
        discharge=None
        if ended is None
        else Discharge(ended.time, ended.id, _why(owed), void=owed.done is None),
        persons=owed.persons,
        about=owed.about,
    )


def _ended(owed: Owed) -> Event | None:
    assert owed.done is None or owed.void is None, "what came first ended it (Facts.first_of)"
    return owed.done or owed.void


def _why(owed: Owed) -> str:
    return owed.done_why if owed.done is not None else "not_owed"
