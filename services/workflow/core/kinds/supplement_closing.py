"""The closing of a dossier that was not supplemented within 15 days of the notice."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from services.workflow.core.assessment import Assessment
from services.workflow.core.facts import Facts
from services.workflow.core.kinds.counted import Owed, assess_owed, given, undated
from services.workflow.core.kinds.deadline_cycles import ledger_rows
from services.workflow.core.kinds.dossier_facts import ENDS, Dossier, read_dossier
from services.workflow.core.kinds.kind import NEVER, Kind, Words
from services.workflow.core.ladder import FromDue, Ladder, MinutesFromDue, Rung
from shared.calendar.deadline import Deadline, compute
from shared.calendar.errors import DateOutsideCalendarError
from shared.calendar.history import History, Wait
from shared.calendar.limits import Limit, LimitUnit
from shared.calendar.zone import legal_day
from shared.events.codes import obligation_id
from shared.events.dossiers import NOT_SUPPLEMENTED, DossierStopped
from shared.events.envelope import Event
from shared.events.model import instant_text
from shared.law.citation import find
from shared.law.rules import Rule
from shared.reference.errors import NoCalendarError, UnknownUnitError
from shared.reference.view import Reference

CLOSING: Final = "supplement_closing"
APPLICANT_DAYS: Final = 15
CLOSING_WORKING_DAYS: Final = 1
"""The decree names no day for the closing; this is how long we give the counter for it."""

CLOSED_EARLY: Final = "closed_early"
"""The flag of a dossier that was closed before its applicant's time was over."""

_ENDS: Final = frozenset(name for names in ENDS for name in names)
_ENDS_THE_WAIT: Final = _ENDS | {"dossier.supplement_received"}


def assess_closing(facts: Facts, reference: Reference) -> list[Assessment]:
    """Compute by when a dossier that was not supplemented must be closed, wait by wait."""
    dossier = read_dossier(facts)
    if dossier is None:
        return []
    found: list[Assessment] = []
    for number, wait in enumerate(dossier.waits, start=1):
        if wait.proven is None:
            continue  # Without proof the applicant's time has not begun.
        began = max(wait.requested, wait.proven)
        ended = _ended(facts, wait)
        nowhere = find(Rule.CLOSED_WITHOUT_SUPPLEMENT, legal_day(began)) is None
        if nowhere or (ended is not None and ended.time < began):
            continue
        owed = _owed(dossier, wait, began, ended)
        if number > 1:
            owed = replace(owed, id=obligation_id(CLOSING, str(number)))
        found.append(_assessed(owed, reference))
    return found


def _owed(dossier: Dossier, wait: Wait, began: datetime, ended: Event | None) -> Owed:
    closed = (
        ended is not None
        and isinstance(ended.data, DossierStopped)
        and ended.data.reason == NOT_SUPPLEMENTED
    )
    persons: Mapping[str, tuple[str, ...]] = (
        {"handler": (dossier.handler,)} if dossier.handler else {}
    )
    return Owed(
        id=CLOSING,
        kind=CLOSING,
        unit=dossier.unit,
        start=began,
        cause=wait.cause or "",
        limit=Limit(LimitUnit.CALENDAR_DAYS, APPLICANT_DAYS),
        done=ended if closed else None,
        done_why="closed",
        void=None if closed else ended,
        start_key="noticed",
        about={"procedure": dossier.procedure},
        persons=persons,
    )


def _assessed(owed: Owed, reference: Reference) -> Assessment:
    """Count the applicant's time, and after it that of the counter."""
    try:
        applicant = applicants_time(owed, reference)
        last = applicant.last_day
        assert last is not None, "nothing suspends it"
        assert applicant.limit is not None, "nothing suspends it"
        day = reference.calendar.add_working_days(last, CLOSING_WORKING_DAYS)
        due = reference.opening(owed.unit).close_of(day)
    except DateOutsideCalendarError:
        return undated(owed, "beyond_horizon")
    except (NoCalendarError, UnknownUnitError):
        return undated(owed, "no_calendar")
    early = owed.done is not None and owed.done.time < applicant.limit
    closing = replace(
        owed,
        limit=given(due),
        about={**owed.about, "applicant_until": instant_text(applicant.limit)},
        flags=(CLOSED_EARLY,) if early else (),
    )
    found = assess_owed(closing, SUPPLEMENT_CLOSING.ladder, reference)
    return replace(found, ledger=lambda: ledger_rows(applicant))


def applicants_time(owed: Owed, reference: Reference) -> Deadline:
    """Return the days that the applicant has, counted from the notice.

    Raises:
        DateOutsideCalendarError: they reach past the published calendar.
        NoCalendarError: no calendar is published.
        UnknownUnitError: the unit is unknown.
    """
    history = History(start=owed.start, cause=owed.cause, start_key=owed.start_key)
    return compute(owed.limit, history, reference.calendar, reference.opening(owed.unit))


def _ended(facts: Facts, wait: Wait) -> Event | None:
    """Return what ended a wait first: the supplement, or the end of the dossier."""
    asked = False
    for event in facts.events:
        if asked and event.name in _ENDS_THE_WAIT:
            return event
        asked = asked or event.id == wait.cause
    return None


SUPPLEMENT_CLOSING: Final = Kind(
    id=CLOSING,
    name=Words("Đóng hồ sơ không được bổ sung", "Closing of an unsupplemented dossier"),
    of="dossier",
    opens=Words(
        "Khi chứng minh được thông báo bổ sung đã đến người nộp, hoặc giao trực tiếp.",
        "When the notice of the supplement is proven to have arrived, or is handed over.",
    ),
    due=Words(
        "Giờ đóng cửa của ngày làm việc sau khi hết 15 ngày của người nộp (ngày cuối là ngày "
        "nghỉ thì chuyển sang ngày làm việc tiếp theo).",
        "Close of office on the working day after the applicant's 15 days (an end on a day "
        "off moves to the next working day).",
    ),
    pauses=NEVER,
    discharged=Words(
        "Dừng giải quyết với lý do không bổ sung. Người nộp bổ sung, rút hồ sơ, hoặc hồ sơ kết "
        "thúc khác thì không còn phải đóng. Hệ thống không tự đóng hồ sơ.",
        "It is stopped because it was not supplemented. Not needed any more when it is "
        "supplemented, withdrawn or ended otherwise. Nothing is closed automatically.",
    ),
    rules=(Rule.CLOSED_WITHOUT_SUPPLEMENT,),
    ladder=Ladder(
        (
            Rung(
                "reminder",
                FromDue(-4),
                "handler",
                "Người nộp còn 3 ngày làm việc để bổ sung; đã nhắc người nộp",
                "The applicant has 3 working days left, and is reminded",
            ),
            Rung(
                "close",
                MinutesFromDue(-8 * 60),
                "handler",
                "Hết thời hạn bổ sung: đóng hồ sơ hôm nay",
                "The applicant's time is over: close the dossier today",
            ),
            Rung(
                "overdue",
                MinutesFromDue(0),
                "director",
                "Hồ sơ không được bổ sung chưa đóng",
                "An unsupplemented dossier was not closed",
            ),
            Rung(
                "overdue_3",
                FromDue(3),
                "chairman",
                "Hồ sơ không được bổ sung: quá hạn đóng 3 ngày",
                "Closing of an unsupplemented dossier: overdue by 3 days",
            ),
        )
    ),
    watches=_ENDS_THE_WAIT
    | {"dossier.accepted", "dossier.supplement_requested", "dossier.moved", "notice.proven"},
    begins_with=frozenset({"dossier.supplement_requested"}),
    assess=assess_closing,
)
