"""Lists of dossiers: the rows behind a number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.reporting.adapters.desk import Desk
from services.reporting.adapters.pages import formats
from services.reporting.adapters.pages.frame import Frame
from services.reporting.adapters.pages.sentences import CAUSES, MARKS, chosen, named
from services.reporting.adapters.pages.words import words
from services.reporting.core.clocks import local_day
from services.reporting.core.rows import Row
from services.reporting.core.standing import working_days_apart
from services.reporting.ports import Listed
from services.reporting.usecases.asked import PAGE_ROWS
from services.reporting.usecases.listing import Found


@dataclass(frozen=True, slots=True)
class Pager:
    """Where a page of rows lies among all of them."""

    first: int
    last: int
    total: int
    previous: str | None
    following: str | None


def dossier_rows(frame: Frame, desk: Desk, rows: Sequence[Listed]) -> list[dict[str, Any]]:
    """Return what the list's template shows of each dossier."""
    return [_dossier(frame, desk, one.row) for one in rows if one.row is not None]


def _dossier(frame: Frame, desk: Desk, row: Row) -> dict[str, Any]:
    language = frame.language
    told = {"after-end"} if row.after_end else set()
    marks = [named(MARKS, one, language) for one in row.marks if one not in told]
    if row.after_end:
        marks.insert(0, frame.say("events_after_end"))
    if row.end_before_first:
        marks.insert(0, frame.say("end_before_first"))
    return {
        "code": row.code,
        "href": frame.link(f"/dossiers/{row.code}"),
        "unit": desk.unit_name(row.unit),
        "unit_href": frame.link(f"/units/{row.unit}"),
        "procedure": desk.procedure_name(row.procedure),
        "received": _near(frame, row.received),
        "due": _due(frame, row),
        "ended": _near(frame, row.ended),
        "verdict": row.law,
        "status": chosen(words().status[row.status], language),
        "stands": stands(frame, desk, row),
        "late": row.overdue_at is not None and row.overdue_at < frame.now,
        "holder": row.handler or "",
        "promised": _promised(frame, row),
        "promise_broken": _broken(frame, row),
        "promise_cause": ""
        if row.promise_cause is None
        else named(CAUSES, row.promise_cause, language),
        "marks": marks,
    }


def _promised(frame: Frame, row: Row) -> str:
    if row.promised is not None:
        return formats.day(row.promised, year=False)
    asked = row.rung is not None and row.ended is None
    return frame.say("unacknowledged") if asked else ""


def _broken(frame: Frame, row: Row) -> bool:
    """Say whether the promised day is over and the dossier is not."""
    return (
        row.promised is not None and row.ended is None and row.promised < local_day(frame.now)
    )


def _due(frame: Frame, row: Row) -> str:
    return _near(frame, row.due or row.limit)


def _near(frame: Frame, moment: datetime | None) -> str:
    return "" if moment is None else formats.moment_near(moment, frame.now, frame.language)


def stands(frame: Frame, desk: Desk, row: Row) -> str:
    """Say in words how an open dossier stands to its promise."""
    if row.ended is not None or row.received is None:
        return ""
    if row.overdue_at is None:
        if row.waiting_since is not None:
            since = formats.day(local_day(row.waiting_since), year=False)
            return frame.say("waiting_since", day=since)
        return frame.say("undated")
    today, last = local_day(frame.now), local_day(row.overdue_at)
    calendar = desk.calendar()
    if row.overdue_at < frame.now:
        over = working_days_apart(calendar, last, today)
        return frame.say("days_over", days=over) if over else frame.say("overdue_today")
    if last == today:
        return frame.say("due_today")
    return frame.say("days_left", days=working_days_apart(calendar, today, last))


def pager(frame: Frame, found: Found, page: int, path: str, **query: str | None) -> Pager:
    """Say which rows a page shows, and where the pages beside it are."""
    first = (page - 1) * PAGE_ROWS + 1
    last = min(first + len(found.rows) - 1, found.total)
    before = str(page - 1)
    return Pager(
        first=min(first, found.total),
        last=last,
        total=found.total,
        previous=frame.link(path, **query, page=before) if page > 1 else None,
        following=frame.link(path, **query, page=str(page + 1)) if last < found.total else None,
    )
