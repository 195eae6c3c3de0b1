"""Steps of other agencies, notices of supplements, and confirmations of a dossier."""

from datetime import datetime, timedelta
from typing import Final

from services.workflow.core.assessment import Assessment, Discharge
from services.workflow.core.facts import Facts
from services.workflow.core.kinds.counted import (
    Owed,
    assess_owed,
    given,
    working_days,
)
from services.workflow.core.kinds.dossier_facts import ENDS
from services.workflow.core.kinds.kind import NEVER, Kind, Words
from services.workflow.core.ladder import (
    FromDue,
    Ladder,
    MinutesFromDue,
    Rung,
    Share,
)
from shared.calendar.limits import Limit, LimitUnit
from shared.calendar.zone import legal_day, midnight_after
from shared.events.codes import obligation_id
from shared.events.dossiers import (
    DossierAssigned,
    DossierStepFinished,
    DossierStepStarted,
)
from shared.events.envelope import Event
from shared.law.rules import Rule
from shared.reference.view import Reference

STEP: Final = "agency_step"
NOTICE: Final = "supplement_notice"
CONFIRMATION: Final = "applicant_confirmation"

SUPPLEMENT_NOTICE_WORKING_DAYS: Final = 3

_ENDS: Final = frozenset(name for names in ENDS for name in names)


def assess_steps(facts: Facts, reference: Reference) -> list[Assessment]:
    """Say by when each step of another agency is owed."""
    found: list[Assessment] = []
    counts: dict[str, int] = {}
    for event in facts.events:
        started = event.data
        if not isinstance(started, DossierStepStarted):
            continue
        counts[started.step] = count = counts.get(started.step, 0) + 1
        name = started.step if count == 1 else f"{started.step}.{count}"
        done, end = facts.first_of(
            _finished(facts, started, event.time), _first(facts, _ENDS, event.time)
        )
        limit = _step_limit(started)
        owed = Owed(
            id=obligation_id(STEP, name),
            kind=STEP,
            unit=facts.unit,
            start=event.time,
            cause=event.id,
            limit=limit or given(event.time),
            done=done,
            void=end,
            start_key="step",
            about={**_about(facts), "agency": started.agency, "step": started.step},
            persons=_handler(facts),
        )
        if limit is not None:
            found.append(assess_owed(owed, AGENCY_STEP.ladder, reference))
    return found


def _step_limit(started: DossierStepStarted) -> Limit | None:
    if started.limit is None:
        return None
    unit = LimitUnit(started.limit.unit)
    if unit is not LimitUnit.SAME_DAY and started.limit.value < 1:
        return None
    return Limit(unit, started.limit.value)


def _finished(facts: Facts, started: DossierStepStarted, after: datetime) -> Event | None:
    for event in facts.events:
        done = event.data
        same = (
            isinstance(done, DossierStepFinished)
            and (done.step, done.agency) == (started.step, started.agency)
            and event.time >= after
        )
        if same:
            return event
    return None


def assess_notice(facts: Facts, reference: Reference) -> list[Assessment]:
    """Judge the first request for a supplement: it was to come within three working days."""
    accepted = facts.first("dossier.accepted")
    if accepted is None:
        return []
    asked = facts.first("dossier.supplement_requested", after=accepted.time)
    if asked is None:
        return []
    owed = Owed(
        id=NOTICE,
        kind=NOTICE,
        unit=facts.unit,
        start=accepted.time,
        cause=accepted.id,
        limit=working_days(SUPPLEMENT_NOTICE_WORKING_DAYS),
        done=asked,
        done_why="requested",
        about=_about(facts),
    )
    return [assess_owed(owed, SUPPLEMENT_NOTICE.ladder, reference)]


def assess_confirmation(facts: Facts, reference: Reference) -> list[Assessment]:
    """Say until when the applicant may confirm; silence is consent."""
    found: list[Assessment] = []
    for number, asked in enumerate(facts.named({"dossier.confirmation_requested"}), start=1):
        until = midnight_after(legal_day(asked.time) + timedelta(days=1))
        done = _until(until, _first(facts, {"dossier.confirmed"}, asked.time))
        # Once silence was consent, an end of the dossier takes nothing back.
        end = _until(until, _first(facts, _ENDS, asked.time))
        done, end = facts.first_of(done, end)
        owed = Owed(
            id=CONFIRMATION if number == 1 else f"{CONFIRMATION}:{number}",
            kind=CONFIRMATION,
            unit=facts.unit,
            start=asked.time,
            cause=asked.id,
            limit=given(until),
            done=done,
            done_why="confirmed",
            void=end,
            lapse=Discharge(until, asked.id, "consent_by_silence", in_time=True),
            about=_about(facts),
            persons=_handler(facts),
        )
        found.append(assess_owed(owed, APPLICANT_CONFIRMATION.ladder, reference))
    return found


def _first(facts: Facts, names: frozenset[str] | set[str], after: datetime) -> Event | None:
    return next((e for e in facts.events if e.name in names and e.time >= after), None)


def _until(moment: datetime, event: Event | None) -> Event | None:
    return event if event is not None and event.time <= moment else None


def _handler(facts: Facts) -> dict[str, tuple[str, ...]]:
    assigned = facts.last("dossier.assigned")
    if assigned is None or not isinstance(assigned.data, DossierAssigned):
        return {}
    return {"handler": (assigned.data.handler,)}


def _about(facts: Facts) -> dict[str, str]:
    accepted = facts.first("dossier.accepted")
    procedure = None if accepted is None else getattr(accepted.data, "procedure", None)
    return {} if procedure is None else {"procedure": procedure}


AGENCY_STEP = Kind(
    id=STEP,
    name=Words("Bước của cơ quan phối hợp (liên thông)", "Step of another agency"),
    of="dossier",
    opens=Words(
        "Khi cơ quan phối hợp nhận hồ sơ cho một bước có thời hạn.",
        "When another agency receives the dossier for a step that has a limit.",
    ),
    due=Words("Theo thời hạn của bước đó.", "By the limit of that step."),
    pauses=NEVER,
    discharged=Words(
        "Cơ quan đó hoàn thành bước; hồ sơ kết thúc thì không còn phải thực hiện.",
        "That agency finishes its step; it is not owed any more when the dossier ends.",
    ),
    rules=(Rule.LINKED_PROCEDURES,),
    ladder=Ladder(
        (
            Rung("most", Share(80), "handler", "Đã dùng 80 % thời hạn bước", "80 % used"),
            Rung(
                "overdue",
                FromDue(0),
                "director",
                "Cơ quan phối hợp quá hạn",
                "The other agency is late",
                statutory=True,
            ),
            Rung("overdue_1", FromDue(1), "chairman", "Quá hạn bước 1 ngày", "Late by 1 day"),
            Rung("overdue_3", FromDue(3), "province", "Quá hạn bước 3 ngày", "Late by 3 days"),
        )
    ),
    watches=_ENDS | {"dossier.step_started", "dossier.step_finished"},
    begins_with=frozenset({"dossier.step_started"}),
    assess=assess_steps,
)

SUPPLEMENT_NOTICE = Kind(
    id=NOTICE,
    name=Words("Thông báo bổ sung trong 3 ngày làm việc", "Supplement notice within 3 days"),
    of="dossier",
    opens=Words(
        "Khi có yêu cầu bổ sung; xét từ ngày tiếp nhận.",
        "When a supplement is asked for; judged from acceptance.",
    ),
    due=Words("3 ngày làm việc sau khi tiếp nhận.", "3 working days after acceptance."),
    pauses=NEVER,
    discharged=Words("Chính yêu cầu đó.", "The request itself, in time or late."),
    rules=(Rule.SUPPLEMENT_NOTICE,),
    ladder=Ladder(()),
    watches=frozenset({"dossier.accepted", "dossier.supplement_requested"}),
    begins_with=frozenset({"dossier.supplement_requested"}),
    assess=assess_notice,
)

APPLICANT_CONFIRMATION = Kind(
    id=CONFIRMATION,
    name=Words("Người dân xác nhận trong một ngày", "Applicant's one-day confirmation"),
    of="dossier",
    opens=Words(
        "Khi gửi biểu mẫu điện tử cho người dân xác nhận.",
        "When the electronic form is sent to the applicant.",
    ),
    due=Words("24:00 ngày hôm sau.", "24:00 of the next day."),
    pauses=NEVER,
    discharged=Words(
        "Người dân xác nhận; im lặng là đồng ý.", "The applicant confirms; silence is consent."
    ),
    rules=(Rule.APPLICANT_CONFIRMATION,),
    ladder=Ladder(
        (
            Rung(
                "go_on",
                MinutesFromDue(0),
                "handler",
                "Hết hạn xác nhận: tiếp tục giải quyết",
                "The time to confirm is over: go on",
            ),
        )
    ),
    watches=_ENDS | {"dossier.confirmation_requested", "dossier.confirmed"},
    begins_with=frozenset({"dossier.confirmation_requested"}),
    assess=assess_confirmation,
)
