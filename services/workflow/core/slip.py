"""The draft of a slip of apology: what Form 04 says, as far as the system knows it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from services.workflow.core.kinds.dossier import DEADLINE, SLIP
from services.workflow.core.kinds.steps import STEP
from services.workflow.core.model import Obligation, Subject
from services.workflow.core.open import standing_promise
from shared.calendar.errors import DateOutsideCalendarError
from shared.calendar.zone import legal_day
from shared.events.dossiers import DossierApologyIssued, DossierExtended, DossierStepStarted
from shared.reference.view import Reference

PROPOSED_WORKING_DAYS: Final = 3
"""How far behind the old date the new one is proposed, where nobody has promised a day."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A slip of apology before it is given, or as it was given.

    Attributes:
        subject: The dossier.
        slip: The obligation to give it.
        deadline: The dossier's deadline.
        procedure: Its procedure's code.
        received: When the dossier was accepted.
        due: The promise that will be broken.
        agencies: Who can be at fault: the unit itself, then agencies of its steps.
        agency: The one that holds it up, as far as the steps show.
        reason: Why, as far as somebody has said so.
        said_by: Who gave the reason.
        new_date: The new date: as promised, or proposed, or given.
        proposed: Whether that date is only a proposal.
        issued_at: When the slip was given.
    """

    subject: Subject
    slip: Obligation
    deadline: Obligation
    procedure: str
    received: datetime
    due: datetime | None
    agencies: tuple[str, ...]
    agency: str
    reason: str | None
    said_by: str | None
    new_date: date | None
    proposed: bool
    issued_at: datetime | None


def draft_of(subject: Subject, reference: Reference, now: datetime) -> Draft | None:
    """Return the draft of a dossier's slip; None where the law asks for none."""
    slip, deadline = subject.obligations.get(SLIP), subject.obligations.get(DEADLINE)
    if slip is None or deadline is None or slip.void:
        return None
    due = slip_promise(slip, deadline)
    late = _late_agency(subject, now)
    agencies = (subject.unit, *_agencies(subject))
    reason, said_by = _reason(slip, deadline)
    if reason is None and late is not None:
        reason = "awaiting_other_agency"
    new_date, proposed = _new_date(slip, deadline, due, reference, now)
    draft = Draft(
        subject=subject,
        slip=slip,
        deadline=deadline,
        procedure=deadline.about.get("procedure", ""),
        received=deadline.opened_at,
        due=due,
        agencies=agencies,
        agency=late or subject.unit,
        reason=reason,
        said_by=said_by,
        new_date=new_date,
        proposed=proposed,
        issued_at=None,
    )
    return draft if slip.open else _as_issued(draft)


def slip_promise(slip: Obligation, deadline: Obligation) -> datetime | None:
    """Return the promise that the slip apologises for: the one before a new date was given."""
    if slip.open:
        return deadline.due or deadline.last_due
    cycles = [cycle for cycle in deadline.cycles if cycle.due is not None]
    given = [cycle for cycle in cycles if cycle.opened < (slip.discharged_at or cycle.opened)]
    return given[-1].due if given else deadline.first_due


def _as_issued(draft: Draft) -> Draft | None:
    """Return the slip with what was given; None if the dossier ended without one."""
    if draft.slip.why != "issued":
        return None
    reason, agency, day = None, draft.agency, None
    for event in draft.subject.history:
        if isinstance(event.data, DossierApologyIssued):
            reason, agency = event.data.reason, event.data.agency
        if isinstance(event.data, DossierExtended) and day is None:
            day = event.data.new_date
    return Draft(
        subject=draft.subject,
        slip=draft.slip,
        deadline=draft.deadline,
        procedure=draft.procedure,
        received=draft.received,
        due=draft.due,
        agencies=draft.agencies,
        agency=agency,
        reason=reason,
        said_by=None,
        new_date=day,
        proposed=False,
        issued_at=draft.slip.discharged_at,
    )


def _agencies(subject: Subject) -> Iterable[str]:
    """Return the agencies of the dossier's steps, each once."""
    started = (e.data for e in subject.history if isinstance(e.data, DossierStepStarted))
    return dict.fromkeys(data.agency for data in started if data.agency != subject.unit)


def _late_agency(subject: Subject, now: datetime) -> str | None:
    """Return the agency whose step is open and longest overdue."""
    late = [
        each
        for each in subject.obligations.values()
        if each.kind == STEP and each.open and each.due is not None and each.due < now
    ]
    first = min(late, key=lambda each: each.due or now, default=None)
    return None if first is None else first.about.get("agency")


def _reason(slip: Obligation, deadline: Obligation) -> tuple[str | None, str | None]:
    """Return the cause that a supervisor named when they acknowledged, and who it was."""
    for obligation in (slip, deadline):
        promise = standing_promise(obligation)
        if promise is not None:
            return promise.cause, promise.by
    return None, None


def _new_date(
    slip: Obligation,
    deadline: Obligation,
    due: datetime | None,
    reference: Reference,
    now: datetime,
) -> tuple[date | None, bool]:
    """Return the day that somebody promised, if it is later than the old one, or a proposal."""
    if due is None:
        return None, False
    last = max(legal_day(due), legal_day(now))
    try:
        for obligation in (slip, deadline):
            promise = standing_promise(obligation)
            if promise is not None and promise.promised > last:
                day = promise.promised
                return (day, False) if reference.calendar.is_working(day) else (None, False)
        return reference.calendar.shift(last, PROPOSED_WORKING_DAYS), True
    except DateOutsideCalendarError:
        return None, False
