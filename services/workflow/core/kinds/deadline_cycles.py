"""The stretches of a dossier's deadline: one for each start, restart, wait and new date."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any

from services.workflow.core.assessment import AssessedCycle
from services.workflow.core.ladder import PLANS_KEPT, Ladder, PlannedRung, plan
from shared.calendar.deadline import Deadline, compute
from shared.calendar.errors import DateOutsideCalendarError
from shared.calendar.history import History
from shared.calendar.limits import Limit
from shared.calendar.shares import moment_at_share
from shared.reference.view import Reference


@dataclass(frozen=True, slots=True)
class Stretch:
    """From one beginning to one end, as the law's clock ran."""

    key: str
    why: str
    opened: datetime
    ended_at: datetime | None
    ended_why: str | None
    deadline: Deadline


@dataclass(frozen=True, slots=True)
class _Begin:
    at: datetime
    key: str
    why: str


def stretches(
    limit: Limit,
    history: History,
    reference: Reference,
    unit: str,
    *,
    end: datetime | None,
    end_why: str | None,
    printed: tuple[str, datetime] | None = None,
) -> tuple[Deadline, list[Stretch]]:
    """Return the deadline as it stands, and the stretches that led there.

    Args:
        limit: How long it may take.
        history: What the date depends on.
        reference: Calendars and opening hours.
        unit: Whose opening hours.
        end: When the dossier ended, if it did.
        end_why: What ended it.
        printed: The stretch that ran and its promise, which only facts may move earlier.

    Raises:
        InvalidHistoryError: the facts contradict each other.
        DateOutsideCalendarError: the answer lies past the published calendar.
    """
    calendar, opening = reference.calendar, reference.opening(unit)
    if printed is not None and history.extensions:
        kept = (replace(e, holds=e.cause == printed[0]) for e in history.extensions)
        history = replace(history, extensions=tuple(kept))
    whole = compute(limit, history, calendar, opening)
    begins, ends = _boundaries(whole, history)
    runs_on = printed is not None and printed[0] == begins[-1].key
    if runs_on and printed is not None and whole.due is not None and whole.due < printed[1]:
        history = replace(history, printed=printed[1])
        whole = compute(limit, history, calendar, opening)
    found: list[Stretch] = []
    for begin in begins:
        ended = min((e for e in ends if e[0] >= begin.at and e[2] != begin.key), default=None)
        last = begin is begins[-1] and ended is None
        then = history if last else _upto(history, begin.at)
        deadline = (
            whole
            if then.waits == history.waits and then.extensions == history.extensions
            else compute(limit, then, calendar, opening)
        )
        ended_at, ended_why = (end, end_why) if ended is None else (ended[0], ended[1])
        found.append(Stretch(begin.key, begin.why, begin.at, ended_at, ended_why, deadline))
    return whole, found


def _boundaries(
    deadline: Deadline, history: History
) -> tuple[list[_Begin], list[tuple[datetime, str, str]]]:
    """Return where stretches begin, and where they end: (when, why, the key that goes on)."""
    start_why = "arrival" if history.start_key == "arrived" else "opened"
    begins = [_Begin(history.start, history.cause or "start", start_why)]
    ends: list[tuple[datetime, str, str]] = []
    waits = [shift for shift in deadline.rule_run.shifts if shift.moves]
    for shift in waits:
        key = shift.wait.receipt_cause or ""
        if shift.stops_at is not None:
            ends.append((shift.stops_at, "suspended", key))
        if shift.closed is not None:
            begins.append(_Begin(shift.closed, key, "supplement"))
    if deadline.extended_to is not None:
        given = next(
            e for e in deadline.history.extensions if e.new_day == deadline.extended_to
        )
        waiting = any(
            s.stops_at is not None
            and s.stops_at <= given.decided
            and (s.closed is None or given.decided < s.closed)
            for s in waits
        )
        if not waiting and given.decided >= history.start:
            ends.append((given.decided, "extension", given.cause or ""))
            begins.append(_Begin(given.decided, given.cause or "extension", "extension"))
    begins.sort(key=lambda begin: begin.at)
    return begins, sorted(ends)


def _upto(history: History, at: datetime) -> History:
    """Return the history as it was when a stretch began."""
    return replace(
        history,
        waits=tuple(w for w in history.waits if w.received is not None and w.received <= at),
        extensions=tuple(e for e in history.extensions if e.decided <= at),
    )


def cycles_of(
    found: Sequence[Stretch],
    ladder: Ladder,
    *,
    due_of: Callable[[Deadline], datetime | None],
    limit_of: Callable[[Deadline], datetime | None],
) -> tuple[AssessedCycle, ...]:
    """Return the stretches as cycles of an obligation with its own due moment and ladder.

    A new date begins a stretch of the promise, not of the statutory limit: one that is given
    after the limit was missed cannot miss it once more.
    """
    return tuple(
        AssessedCycle(
            key=stretch.key,
            opened=stretch.opened,
            due=due_of(stretch.deadline),
            limit=limit_of(stretch.deadline),
            why=stretch.why,
            rungs=rungs_of(stretch.deadline, ladder, due_of(stretch.deadline)),
            ended_at=stretch.ended_at,
            ended_why=stretch.ended_why,
            can_breach=not _came_too_late(stretch, limit_of(stretch.deadline)),
        )
        for stretch in found
    )


def _came_too_late(stretch: Stretch, limit: datetime | None) -> bool:
    """Say whether a new date was given when the limit, which it does not move, had passed."""
    return stretch.why == "extension" and limit is not None and limit < stretch.opened


@lru_cache(maxsize=PLANS_KEPT)
def rungs_of(
    deadline: Deadline, ladder: Ladder, due: datetime | None
) -> tuple[PlannedRung, ...]:
    """Return the moments of a ladder around a deadline; none where there is no date."""
    if due is None:
        return ()

    def share(part: Fraction) -> datetime | None:
        try:
            return moment_at_share(deadline, part)
        except DateOutsideCalendarError:
            return None

    return plan(
        ladder,
        start=deadline.day0,
        began=deadline.history.start,
        due=due,
        share=share,
        calendar=deadline.terms.calendar,
        opening=deadline.terms.opening,
    )


def ledger_rows(deadline: Deadline) -> tuple[Mapping[str, Any], ...]:
    """Return the ledger of a deadline as events carry it."""
    return tuple(entry.row for entry in deadline.ledger)
