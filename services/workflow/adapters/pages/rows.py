"""Open obligations as the rows of a table."""

from datetime import datetime
from typing import Any

from services.workflow.adapters.pages.frame import Frame
from services.workflow.core.kinds.dossier import DEADLINE, SLIP
from services.workflow.core.kinds.result_correction import CORRECTION
from services.workflow.core.model import Obligation
from services.workflow.core.open import Row
from services.workflow.core.wording import FLAG_WORDS, word
from shared.calendar.errors import DateOutsideCalendarError
from shared.calendar.zone import legal_day
from shared.reference.errors import NoCalendarError
from shared.web import formats


def row_of(frame: Frame, row: Row) -> dict[str, Any]:
    """Return what a table shows of one obligation."""
    obligation = row.obligation
    return {
        "subject": frame.subject_name(row.subject.id),
        "story": frame.story(row.subject.id),
        "kind": "" if obligation.kind == DEADLINE else frame.kind_name(obligation.kind),
        "unit": frame.unit_name(obligation.unit),
        "procedure": frame.procedure_name(obligation.about.get("procedure")),
        "received": frame.near(obligation.opened_at),
        "due": frame.near(obligation.due),
        "stands": stands(frame, obligation),
        "tone": tone(frame, obligation),
        "rung": "" if row.rung is None else frame.rung_name(obligation, row.rung.rung),
        "rung_at": "" if row.rung is None else frame.near(row.rung.at),
        "role": frame.say(f"role_{row.role}"),
        "persons": row.persons or (frame.say("vacant"),),
        "handler": ", ".join(obligation.persons.get("handler", ())),
        "promise": promise_of(frame, row),
        "asked": ""
        if row.asked is None
        else frame.say("being_recorded", moment=formats.clock(row.asked.at)),
        "flags": flags(frame, obligation),
        "is_slip": obligation.kind == SLIP,
        "slip": slip_of(frame, row),
        "answer": answer_link(frame, row),
        "result": result_link(frame, row.subject.id, obligation),
    }


def result_link(frame: Frame, subject: str, obligation: Obligation) -> str | None:
    """Return where a wrong result is corrected; None for any other obligation."""
    return frame.link(f"/results/{subject}") if obligation.kind == CORRECTION else None


def answer_link(frame: Frame, row: Row) -> str | None:
    """Return where a rung is answered; nothing where none was told."""
    if row.rung is None:
        return None
    return frame.link("/desk/answer", subject=row.subject.id, obligation=row.obligation.id)


def promise_of(frame: Frame, row: Row) -> dict[str, Any] | None:
    """Return what was promised: cause, day, by whom, and whether it was broken."""
    promise = row.promise
    if promise is None:
        return None
    return {
        "cause": frame.say(f"cause_{promise.cause}"),
        "day": formats.day(promise.promised, year=promise.promised.year != frame.now.year),
        "by": promise.by,
        "made_at": formats.moment(promise.made_at, frame.language),
        "broken": row.promise_stands(frame.now) == "broken",
    }


def stands(frame: Frame, obligation: Obligation) -> str:
    """Say in words how an obligation stands to its date."""
    if obligation.suspended_since is not None:
        since = legal_day(obligation.suspended_since)
        return frame.say("waiting_since", day=formats.day(since, year=False))
    if obligation.due is None:
        return frame.say(f"undated_{obligation.no_deadline or 'no_rule'}")
    over = obligation.due < frame.now
    if legal_day(obligation.due) == legal_day(frame.now):
        return frame.say("overdue" if over else "due_today")
    days = working_days(frame, obligation.due)
    if not days:
        return frame.say("overdue") if over else ""
    return frame.say("overdue_days" if over else "days_left", days=days)


def tone(frame: Frame, obligation: Obligation) -> str:
    """Return the colour's meaning: needs someone, today, or nothing."""
    if obligation.due is None:
        return "quiet"
    if obligation.due < frame.now:
        return "needs"
    return "due-today" if legal_day(obligation.due) == legal_day(frame.now) else "quiet"


def working_days(frame: Frame, moment: datetime) -> int | None:
    """Count the working days between today and a moment's day; None past the calendar."""
    first, last = sorted((legal_day(frame.now), legal_day(moment)))
    try:
        return frame.reference.calendar.count_between(first, last)
    except (DateOutsideCalendarError, NoCalendarError):
        return None


def flags(frame: Frame, obligation: Obligation) -> list[str]:
    """Say what an inspector should look at."""
    return [word(FLAG_WORDS, flag, frame.language) for flag in obligation.flags]


def slip_of(frame: Frame, row: Row) -> dict[str, str] | None:
    """Return where a dossier's slip of apology is, while one can be given."""
    slip = row.subject.obligations.get(SLIP)
    if row.obligation.kind not in {DEADLINE, SLIP}:
        return None
    if slip is None or not slip.open or slip.due is None:
        return None
    late = slip.due < frame.now
    return {
        "href": frame.link(f"/slips/{row.subject.id}"),
        "text": frame.say("slip_late")
        if late
        else frame.say("slip_prepare", moment=frame.near(slip.due)),
        "tone": "needs" if late else "",
    }
