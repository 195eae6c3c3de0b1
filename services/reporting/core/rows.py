"""One line of a list: what a person must see of a dossier to know what to do."""

from dataclasses import dataclass
from datetime import date, datetime

from services.reporting.core.fact import Fact, Verdict


@dataclass(frozen=True, slots=True)
class Row:
    """A dossier in a list; the store keeps it beside the fact's histories."""

    code: str
    unit: str
    field: str | None
    procedure: str | None
    channel: str | None
    status: int
    received: datetime | None
    due: datetime | None
    limit: datetime | None
    index_due: datetime | None
    ended: datetime | None
    overdue_at: datetime | None
    waiting_since: datetime | None
    law: Verdict
    index: Verdict
    handler: str | None
    rung: str | None
    promised: date | None
    promise_cause: str | None
    apology: bool
    requests: int
    after_end: bool
    end_before_first: bool
    marks: tuple[str, ...]
    backfill: bool


def row_of(fact: Fact) -> Row:
    """Return the line that lists show of a fact."""
    answer = fact.acknowledgements[-1] if fact.acknowledgements else None
    return Row(
        code=fact.code,
        unit=fact.unit,
        field=fact.field,
        procedure=fact.procedure,
        channel=fact.channel,
        status=int(fact.status),
        received=fact.received,
        due=fact.deadlines.due,
        limit=fact.deadlines.limit,
        index_due=fact.deadlines.index_due,
        ended=fact.ended,
        overdue_at=fact.overdue_at,
        waiting_since=fact.waiting_since,
        law=fact.law,
        index=fact.index,
        handler=fact.handler,
        rung=fact.escalations[-1].rung if fact.escalations else None,
        promised=answer.promised if answer else None,
        promise_cause=answer.cause if answer else None,
        apology=fact.apology_at is not None,
        requests=fact.supplement_requests,
        after_end=fact.inconsistency.after_end,
        end_before_first=fact.inconsistency.end_before_first,
        marks=fact.inconsistency.marks,
        backfill=fact.backfill,
    )
