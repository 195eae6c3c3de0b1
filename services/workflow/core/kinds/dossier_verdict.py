"""How a dossier's end is judged by all three dates, and which limit was missed."""

from datetime import datetime

from services.workflow.core.assessment import Discharge
from services.workflow.core.kinds.dossier_facts import ENDS_WHILE_WAITING, Dossier
from shared.calendar.deadline import Deadline
from shared.events.envelope import Event


def discharge_of(dossier: Dossier, deadline: Deadline) -> Discharge | None:
    """Judge the end by all three dates; one that came while waiting counts at the request.

    For promise and limit only while the law's clock is suspended: a wait that opened after the
    limit, or that nobody proved, stops neither.
    """
    end = dossier.end
    if end is None:
        return None
    by_law, by_index = _judged(dossier, deadline, end)
    before, index_before = deadline.before_wait, deadline.index_before_wait
    due = deadline.due if before is None else before.due
    limit = deadline.limit if before is None else before.limit
    index_due = deadline.index_due if index_before is None else index_before.due
    return Discharge(
        at=end.time,
        cause=end.id,
        why=word_of(end),
        in_time=met(by_law, due),
        by_limit=deadline.limit_missed is None and met(by_law, limit),
        by_index=met(by_index, index_due) and not deadline.index_late,
    )


def _judged(dossier: Dossier, deadline: Deadline, end: Event) -> tuple[datetime, datetime]:
    """Return the moment by which an end is judged: by the law's clock, and by the index's."""
    waiting = bool(dossier.waits) and dossier.waits[-1].received is None
    if not waiting or end.name not in ENDS_WHILE_WAITING:
        return end.time, end.time
    requested = min(end.time, dossier.waits[-1].requested)
    return requested if deadline.suspended else end.time, requested


def limit_missed(dossier: Dossier, deadline: Deadline) -> datetime | None:
    """Return the first limit that passed unmet: before a wait, or before the end."""
    end = dossier.end
    if deadline.limit_missed is not None or end is None:
        return deadline.limit_missed
    before = deadline.before_wait
    limit = deadline.limit if before is None else before.limit
    by_law, _ = _judged(dossier, deadline, end)
    return limit if limit is not None and by_law > limit else None


def met(at: datetime, moment: datetime | None) -> bool | None:
    """Say whether a moment was met; None where there is none."""
    return None if moment is None else at <= moment


def word_of(event: Event) -> str:
    """Return the word for an event that ended a dossier, such as `completed`."""
    return event.name.partition(".")[2]
