"""Writing the ledger of a deadline from the runs of its two clocks."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time

from shared.calendar.counting import Moments, Terms, day0_of
from shared.calendar.history import Extension, History, Wait
from shared.calendar.ledger import LedgerEntry
from shared.calendar.limits import AfterSupplement, LimitUnit, Roll
from shared.calendar.rows import Counter, close_row
from shared.calendar.runs import (
    EXTENSION_NOT_LATER,
    EXTENSION_NOT_WORKING,
    SECOND_EXTENSION,
    Run,
    Shift,
    moved_text,
)
from shared.calendar.zone import ICT, at, legal_day


def account(
    terms: Terms,
    history: History,
    waits: Sequence[Wait],
    rule: Run,
    index: Run,
    extension: tuple[Extension | None, tuple[str, ...]],
    due: datetime,
) -> tuple[LedgerEntry, ...]:
    """Return the ledger: the rule's clock in order of time, then the index's result.

    Raises:
        DateOutsideCalendarError: never for a deadline that could be computed.
    """
    if terms.limit.unit is LimitUnit.GIVEN:
        rows = [*_given(terms, history, waits)]
    elif terms.limit.after_supplement is AfterSupplement.RESTART:
        rows = [*_restarting(terms, history, rule)]
    else:
        rows = [*_subtracting(terms, history, rule)]
    rows.extend(_asides(history, waits, rule))
    rows.extend(_missed(rule))
    rows.extend(_extensions(history, extension))
    rows.sort(key=lambda row: row.at)
    printed = history.printed
    kept = printed is not None and rule.open_wait is None and due == printed
    if kept and printed is not None and printed > rule.standing.due:
        day = {"day": legal_day(printed).isoformat()}
        rows.append(LedgerEntry(rows[-1].at, "promise_kept", params=day))
    return (*rows, *_index(terms, waits, index))


def _given(terms: Terms, history: History, waits: Sequence[Wait]) -> Iterator[LedgerEntry]:
    given = terms.limit.given
    assert given is not None, "checked before counting"
    until = {"until": f"{given.astimezone(ICT):%H:%M}"}
    yield LedgerEntry(given, "given", cause=history.cause, params=until)
    for wait in waits:
        if wait.received is not None:
            yield LedgerEntry(wait.received, "given_unmoved", cause=wait.receipt_cause)


def _restarting(terms: Terms, history: History, run: Run) -> Iterator[LedgerEntry]:
    for position, (began, reached) in enumerate(run.cycles):
        shift = run.shifts[position] if position < len(run.shifts) else None
        if position == 0:
            yield from _start(terms, began, history)
        else:
            receipt = run.shifts[position - 1].wait
            yield LedgerEntry(began, "restart", 0, cause=receipt.receipt_cause)
            yield from _moved_start(terms, began)
        counter, day0 = Counter(terms), day0_of(terms, began)
        if shift is None or shift.after_limit:
            rows = [*counter.rows(day0, reached.end)]
            yield from _closed(counter, rows, reached, began)
            if shift is not None:
                yield from _wait(shift)
            continue
        through = min(shift.opened, reached.end)
        barred = None if shift.closed is None else legal_day(shift.closed)
        yield from counter.rows(day0, through, barred)
        yield from _wait(shift)


def _subtracting(terms: Terms, history: History, run: Run) -> Iterator[LedgerEntry]:
    yield from _start(terms, run.opened, history)
    counter, cursor = Counter(terms), run.day0
    for shift in run.shifts:
        if not shift.moves:
            yield LedgerEntry(shift.opened, "wait_after_due", cause=shift.wait.cause)
            continue
        yield from counter.rows(cursor, min(shift.opened, shift.standing.end))
        yield from _wait(shift)
        if shift.closed is None:
            return
        moved = {"moved": moved_text(terms, shift.moved)}
        cause = shift.wait.receipt_cause
        yield LedgerEntry(shift.closed, "subtract", cause=cause, params=moved)
        cursor = max(cursor, shift.closed)
    rows = [*counter.rows(cursor, run.standing.end)]
    yield from _closed(counter, rows, run.standing, cursor)


def _closed(
    counter: Counter, rows: list[LedgerEntry], last: Moments, began: datetime
) -> Iterator[LedgerEntry]:
    """Yield the last rows of a count, the hour of the promise written into the last."""
    terms = counter.terms
    could_roll = terms.limit.unit in {LimitUnit.CALENDAR_DAYS, LimitUnit.CLOCK_HOURS}
    fixed = could_roll and terms.limit.roll is Roll.NONE
    if fixed and not terms.calendar.is_working(last.last_day):
        rows.append(LedgerEntry(max(began, at(last.last_day, time())), "not_rolled"))
    close_row(rows, last, began, counter.counted or None)
    yield from rows
    if last.due > last.limit:
        due = last.due.astimezone(ICT)
        params = {"hour": f"{due:%H:%M}", "day": due.date().isoformat()}
        yield LedgerEntry(last.limit, "promise_at_opening", params=params)


def _start(terms: Terms, start: datetime, history: History) -> Iterator[LedgerEntry]:
    limit = terms.limit
    if limit.unit is LimitUnit.SAME_DAY:
        yield from _moved_start(terms, start)
        yield _same_day(terms, day0_of(terms, start), history.cause)
        return
    suffix, params = "", dict[str, str]()
    if limit.unit in {LimitUnit.HOURS, LimitUnit.CLOCK_HOURS}:
        suffix = "_hours"
        params = {"hour": f"{day0_of(terms, start).astimezone(ICT):%H:%M}"}
    elif limit.unit is LimitUnit.HALF_DAYS:
        suffix = "_session"
    key = f"{history.start_key}{suffix}"
    yield LedgerEntry(start, key, 0, cause=history.cause, params=params)
    yield from _moved_start(terms, start)


def _same_day(terms: Terms, day0: datetime, cause: str | None) -> LedgerEntry:
    cutoff = terms.limit.cutoff
    params = {"cutoff": f"{cutoff:%H:%M}"}
    if not terms.calendar.is_working(legal_day(day0)):
        key = "same_day_on_day_off"
    elif day0.astimezone(ICT).time() <= cutoff:
        key = "same_day_in_time"
    else:
        key = "same_day_after_cutoff"
    return LedgerEntry(day0, key, 0, cause=cause, params=params)


def _moved_start(terms: Terms, start: datetime) -> Iterator[LedgerEntry]:
    day0 = day0_of(terms, start)
    if day0 != start:
        local = day0.astimezone(ICT)
        params = {"hour": f"{local:%H:%M}", "day": local.date().isoformat()}
        yield LedgerEntry(start, "moved_to_opening", params=params)


def _wait(shift: Shift) -> Iterator[LedgerEntry]:
    wait = shift.wait
    if wait.proven is not None and (wait.received is None or shift.opened < wait.received):
        key = "wait_after_limit" if shift.after_limit else "wait_opened"
        yield LedgerEntry(shift.opened, key, cause=wait.proof_cause or wait.cause)
    else:
        yield LedgerEntry(wait.requested, "wait_unproven", cause=wait.cause)


def _asides(history: History, waits: Sequence[Wait], rule: Run) -> Iterator[LedgerEntry]:
    """Yield what was asked but is no wait, waits without proof, and repeated requests."""
    seen = {shift.wait for shift in rule.shifts}
    for wait in history.waits:
        if wait not in waits:
            yield LedgerEntry(wait.requested, "wait_before_acceptance", cause=wait.cause)
    for number, wait in enumerate(waits, start=1):
        if wait not in seen and wait.received is None:
            yield LedgerEntry(wait.requested, "wait_unproven", cause=wait.cause)
        if number > 1:
            params = {"number": str(number)}
            yield LedgerEntry(wait.requested, "second_request", cause=wait.cause, params=params)


def _missed(rule: Run) -> Iterator[LedgerEntry]:
    """Yield each limit that had passed when a wait opened, once."""
    for limit in sorted({one.standing.limit for one in rule.shifts if one.after_limit}):
        yield LedgerEntry(limit, "limit_missed")


def _extensions(
    history: History, extension: tuple[Extension | None, tuple[str, ...]]
) -> Iterator[LedgerEntry]:
    in_force, flags = extension
    for position, each in enumerate(history.extensions):
        if position > 0:
            key = SECOND_EXTENSION
        elif in_force is not None:
            key = "extension"
        else:
            key = next(f for f in flags if f in {EXTENSION_NOT_LATER, EXTENSION_NOT_WORKING})
        day = {"day": each.new_day.isoformat()}
        yield LedgerEntry(each.decided, key, cause=each.cause, params=day)


def _index(terms: Terms, waits: Sequence[Wait], run: Run) -> Iterator[LedgerEntry]:
    """Yield what the index makes of it."""
    for shift in run.shifts:
        if shift.moves and shift.closed is not None:
            moved = {"moved": moved_text(terms, shift.moved)}
            cause = shift.wait.receipt_cause
            yield LedgerEntry(
                shift.closed, "index_moved", cause=cause, params=moved, clock="index"
            )
    if len(waits) > 1:
        second = waits[1]
        yield LedgerEntry(second.requested, "index_late", cause=second.cause, clock="index")
    if run.open_wait is not None:
        yield LedgerEntry(run.open_wait.opened, "index_suspended", clock="index")
        return
    due = run.standing.due.astimezone(ICT)
    params = {"hour": f"{due:%H:%M}", "day": due.date().isoformat()}
    yield LedgerEntry(due, "index_due", params=params, clock="index")
