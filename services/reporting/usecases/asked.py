"""Which rows are asked for, and which open dossiers are among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from services.reporting.core.counts import OpenEntry
from services.reporting.core.figures import PENDING, Period, Standing
from services.reporting.core.standing import standing
from services.reporting.ports import OpenQuery
from shared.calendar.days import DeadlineCalendar

PAGE_ROWS: Final = 50
AT_RISK: Final = "at_risk"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows: of which figure, scope and period, from which one on."""

    figure: str
    units: frozenset[str] | None
    period: Period
    now: datetime
    skip: int = 0
    limit: int = PAGE_ROWS
    field: str | None = None
    calendar: DeadlineCalendar | None = None

    def whole(self, limit: int) -> "Asked":
        """Return the same question for every row, up to a limit."""
        return replace(self, skip=0, limit=limit)


def stands(entry: OpenEntry, asked: Asked) -> bool:
    """Say whether an open dossier is among those of a figure, now."""
    now = asked.now
    late: Mapping[str, datetime | None] = {
        "overdue": entry.overdue_at,
        "late_open": entry.late_at,
        "late_open_index": entry.index_late_at,
    }
    if asked.figure in late:
        at = late[asked.figure]
        judged = entry.dated or asked.figure != "late_open_index"
        return judged and at is not None and at < now
    plain = {
        "in_time_open": entry.late_at is None or entry.late_at >= now,
        "in_time_open_index": entry.dated
        and (entry.index_late_at is None or entry.index_late_at >= now),
        PENDING.name: True,
        "waiting": entry.waiting,
        "pending_without_deadline": not entry.dated,
    }
    if asked.figure in plain:
        return plain[asked.figure]
    band: Standing = standing(entry, now, asked.calendar)
    wanted = {"due_today", "left_1_2"} if asked.figure == AT_RISK else {asked.figure}
    return band in wanted


def query_of(asked: Asked, chosen: Sequence[OpenEntry]) -> OpenQuery:
    """Return the query that finds exactly the open dossiers that stand like those chosen."""
    query = OpenQuery(asked.units)
    plain: Mapping[str, OpenQuery] = {
        PENDING.name: query,
        "waiting": replace(query, waiting=True),
        "pending_without_deadline": replace(query, dated=False),
        "undated": replace(query, dated=False),
        "waiting_undue": replace(query, dated=True, never=True),
        "overdue": replace(query, before=asked.now),
        "late_open": replace(query, late_before=asked.now),
        "in_time_open": replace(query, late_since=asked.now),
        "in_time_open_index": replace(query, dated=True, index_late_since=asked.now),
        "late_open_index": replace(query, dated=True, index_late_before=asked.now),
    }
    if asked.figure in plain:
        return plain[asked.figure]
    moments = [one.overdue_at for one in chosen if one.overdue_at is not None]
    # A band is one stretch of moments, so its ends are all that is needed.
    after_last = max(moments) + timedelta(microseconds=1)
    return replace(query, since=min(moments), before=after_last, dated=True)
