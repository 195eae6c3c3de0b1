"""How a clock runs through the waits: restarting, or subtracting them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from shared.calendar.counting import (
    Moments,
    Moved,
    Terms,
    day0_of,
    moments,
    move,
    reach,
)
from shared.calendar.history import Extension, History, Wait
from shared.calendar.limits import AfterSupplement, LimitUnit
from shared.calendar.zone import legal_day

SECOND_EXTENSION: Final = "second_extension"
EXTENSION_NOT_LATER: Final = "extension_not_later"
EXTENSION_NOT_WORKING: Final = "extension_not_working"


@dataclass(frozen=True, slots=True)
class Shift:
    """One wait as a clock saw it: when it opened and closed, and what it moved."""

    wait: Wait
    opened: datetime
    closed: datetime | None
    standing: Moments  # What held when it opened.
    moves: bool
    moved: Moved = 0

    @property
    def after_limit(self) -> bool:
        """Return whether the wait opened when the statutory limit had passed."""
        return self.opened > self.standing.limit

    @property
    def stops_at(self) -> datetime | None:
        """Return when the count stops: one after the limit stops nothing before the receipt.

        None for a wait after the limit that is still open.
        """
        return self.closed if self.after_limit else self.opened


@dataclass(frozen=True, slots=True)
class Run:
    """How one clock went, and where it stands."""

    opened: datetime  # The start, or the receipt that restarted the clock.
    day0: datetime
    standing: Moments  # What holds, or held before the wait that is open.
    cycles: tuple[tuple[datetime, Moments], ...]  # Where each count began, and first reached.
    shifts: tuple[Shift, ...] = ()

    @property
    def open_wait(self) -> Shift | None:
        """Return the wait that suspends this clock, if one does."""
        last = self.shifts[-1] if self.shifts else None
        if last is None or not last.moves or last.closed is not None or last.after_limit:
            return None
        return last

    @property
    def limit_missed(self) -> datetime | None:
        """Return the first limit that had passed when a wait opened: no wait cures it."""
        return next((shift.standing.limit for shift in self.shifts if shift.after_limit), None)


Opening = tuple[Wait, datetime | None]  # A wait and when it opens for a clock, if it does.


def rule_run(terms: Terms, start: datetime, waits: Sequence[Wait]) -> Run:
    """Run the rule row's own clock; its waits open with the proven notice.

    Raises:
        DateOutsideCalendarError: the count leaves the calendar.
    """
    openings = [(wait, wait.opens_by_law) for wait in waits]
    if terms.limit.unit is LimitUnit.GIVEN:
        return _unmoved(terms, start)
    if terms.limit.after_supplement is AfterSupplement.RESTART:
        return _restarting(terms, start, openings)
    return _subtracting(terms, start, openings)


def index_run(terms: Terms, start: datetime, waits: Sequence[Wait]) -> Run:
    """Run the index's clock; its waits open at the request, and are subtracted.

    Raises:
        DateOutsideCalendarError: the count leaves the calendar.
    """
    if terms.limit.unit is LimitUnit.GIVEN:
        return _unmoved(terms, start)
    return _subtracting(terms, start, [(wait, wait.requested) for wait in waits])


def extension_in_force(
    terms: Terms, history: History, waits: Sequence[Wait]
) -> tuple[Extension | None, tuple[str, ...]]:
    """Return the new date that counts, and what is wrong with those that do not.

    The first one counts if it is a working day later than the promise that stood when it was
    decided, or if it counted already before the calendar changed. A second one moves nothing.

    Raises:
        DateOutsideCalendarError: a new date is beyond the calendar.
    """
    if not history.extensions:
        return None, ()
    first = history.extensions[0]
    flags = (SECOND_EXTENSION,) if len(history.extensions) > 1 else ()
    if first.holds:
        return first, flags
    known = [
        _as_known(wait, first.decided) for wait in waits if wait.requested <= first.decided
    ]
    standing = rule_run(terms, history.start, known).standing
    promised = standing.due if history.printed is None else max(standing.due, history.printed)
    if first.new_day <= legal_day(promised):
        return None, (EXTENSION_NOT_LATER, *flags)
    if not terms.calendar.is_working(first.new_day):
        return None, (EXTENSION_NOT_WORKING, *flags)
    return first, flags


def _unmoved(terms: Terms, start: datetime) -> Run:
    standing = moments(terms, reach(terms, start), start)
    return Run(start, start, standing, ((start, standing),))


def _restarting(terms: Terms, start: datetime, openings: Iterable[Opening]) -> Run:
    cycles, shifts = [(start, _reach(terms, start))], list[Shift]()
    for wait, opening in openings:
        if opening is None:
            continue
        opened = max(opening, start)
        shifts.append(Shift(wait, opened, wait.received, cycles[-1][1], moves=True))
        if wait.received is not None:
            cycles.append((wait.received, _reach(terms, wait.received)))
    began, standing = cycles[-1]
    return Run(began, day0_of(terms, began), standing, tuple(cycles), tuple(shifts))


def _subtracting(terms: Terms, start: datetime, openings: Iterable[Opening]) -> Run:
    day0 = day0_of(terms, start)
    reached = reach(terms, day0)
    first = standing = moments(terms, reached, day0)
    shifts = list[Shift]()
    for wait, opening in openings:
        if opening is None:
            continue
        opened, closed = max(opening, start), wait.received
        shift = Shift(wait, opened, closed, standing, moves=opened <= standing.end)
        if shift.moves and closed is not None:
            reached, moved = move(terms, reached, day0, opened, closed)
            standing = moments(terms, reached, day0)
            shift = replace(shift, moved=moved)
        shifts.append(shift)
    return Run(start, day0, standing, ((start, first),), tuple(shifts))


def _reach(terms: Terms, start: datetime) -> Moments:
    day0 = day0_of(terms, start)
    return moments(terms, reach(terms, day0), day0)


def _as_known(wait: Wait, instant: datetime) -> Wait:
    """Return a wait as it was known at an instant."""
    return replace(
        wait,
        proven=wait.proven if wait.proven is not None and wait.proven <= instant else None,
        received=wait.received
        if wait.received is not None and wait.received <= instant
        else None,
    )


def moved_text(terms: Terms, moved: Moved) -> str:
    """Return an amount as the ledger keeps it: the unit's key, a colon, the number."""
    if isinstance(moved, timedelta):
        minutes = moved // timedelta(minutes=1)
        kind = "clock" if terms.limit.unit is LimitUnit.CLOCK_HOURS else "time"
        return f"{kind}:{minutes // 60}:{minutes % 60:02d}"
    match terms.limit.unit:
        case LimitUnit.CALENDAR_DAYS | LimitUnit.CLOCK_HOURS:
            return f"days:{moved}"
        case LimitUnit.HALF_DAYS:
            return f"sessions:{moved}"
        case _:
            return f"working_days:{moved}"
