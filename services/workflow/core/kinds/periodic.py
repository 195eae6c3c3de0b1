"""What the calendar asks of every centre: self-assessments and posting; and roster gaps."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Final

from services.workflow.core.assessment import Assessment
from services.workflow.core.facts import Facts
from services.workflow.core.kinds.counted import (
    Owed,
    assess_owed,
    given,
    working_days,
)
from services.workflow.core.kinds.duty import session_of
from services.workflow.core.kinds.kind import NEVER, Kind, Words
from services.workflow.core.kinds.periods import (
    Period,
    assess_period,
    begins_of,
    centres_of,
    last_of_month,
)
from services.workflow.core.ladder import (
    FromDue,
    Ladder,
    MinutesFromStart,
    Rung,
    Share,
)
from shared.calendar.zone import at
from shared.events.centres import DutyRostered
from shared.events.codes import PROVINCE, conditions_subject, parse_matter, posting_subject
from shared.events.envelope import Event
from shared.law.rules import Rule
from shared.reference.catalogue import Procedure
from shared.reference.view import Reference

CONDITIONS: Final = "conditions"
POSTING: Final = "posting"
WITHDRAWAL: Final = "posting_withdrawal"
ROSTER: Final = "roster_gap"

POSTING_WORKING_DAYS: Final = 5
LOOK_BACK: Final = timedelta(days=30)
"""How long after a decision it is still looked for: decisions are recorded late at times."""


def assess_conditions(facts: Facts, reference: Reference) -> list[Assessment]:
    """Say by when a month's self-assessment is owed."""
    matter = parse_matter(facts.subject)
    begins = begins_of(facts.unit, reference)
    if matter is None or begins is None:
        return []
    first = date.fromisoformat(f"{matter.id}-01")
    if first < begins or not facts.is_the_units(first, reference):
        return []
    period = Period(
        id=CONDITIONS,
        kind=CONDITIONS,
        name=matter.id,
        first=first,
        last=last_of_month(first),
        done=facts.first("conditions.reported"),
        done_why="reported",
    )
    return [assess_period(period, facts, CONDITIONS_KIND.ladder, reference)]


def months_of(reference: Reference, day: date) -> Iterator[tuple[str, str]]:
    """Yield the self-assessments that begin on a day: every commune's, on the first."""
    if day.day == 1:
        for unit, begins in _communes(reference):
            if begins <= day:
                name = reference.units.name_on(unit, day)
                yield conditions_subject(name, day.year, day.month), unit


def assess_posting(facts: Facts, reference: Reference) -> list[Assessment]:
    """Say by when a decision on a procedure is to be posted."""
    read = _decision(facts)
    begins = begins_of(facts.unit, reference)
    if read is None or begins is None or read[1] < begins:
        return []
    code, decided_on = read
    if not facts.is_the_units(decided_on, reference):
        return []
    owed = Owed(
        id=POSTING,
        kind=POSTING,
        unit=facts.unit,
        start=at(decided_on, time()),
        cause=f"decision:{code}:{decided_on}",
        limit=working_days(POSTING_WORKING_DAYS),
        done=facts.first("posting.published"),
        done_why="published",
        about=_about(code, reference),
    )
    return [assess_owed(owed, POSTING_KIND.ladder, reference)]


def assess_withdrawal(facts: Facts, reference: Reference) -> list[Assessment]:
    """Say by when an expired procedure is to be taken off the list."""
    read = _decision(facts)
    begins = begins_of(facts.unit, reference)
    if read is None or begins is None:
        return []
    procedure = reference.procedures.get(read[0])
    if procedure is None or procedure.expired_on is None or procedure.expired_on < begins:
        return []
    if not facts.is_the_units(read[1], reference):
        return []
    owed = Owed(
        id=WITHDRAWAL,
        kind=WITHDRAWAL,
        unit=facts.unit,
        start=at(procedure.expired_on, time()),
        cause=f"expiry:{read[0]}:{procedure.expired_on}",
        limit=working_days(POSTING_WORKING_DAYS),
        done=facts.first("posting.withdrawn"),
        done_why="withdrawn",
        about=_about(read[0], reference),
    )
    return [assess_owed(owed, WITHDRAWAL_KIND.ladder, reference)]


def decisions_of(reference: Reference, day: date) -> Iterator[tuple[str, str]]:
    """Yield what is to be posted by every commune because it was decided lately."""
    for procedure in reference.procedures.values():
        if "commune" in procedure.levels and _lately(procedure.decided_on, day):
            for unit, begins in _communes(reference):
                if begins <= procedure.decided_on:
                    yield _posting_of(unit, procedure, reference), unit


def expiries_of(reference: Reference, day: date) -> Iterator[tuple[str, str]]:
    """Yield what is to be taken down by every commune because it expired lately."""
    for procedure in reference.procedures.values():
        expired_on = procedure.expired_on
        if expired_on is None or not _lately(expired_on, day):
            continue
        if "commune" in procedure.levels:
            for unit, begins in _communes(reference):
                if begins <= expired_on:
                    yield _posting_of(unit, procedure, reference), unit


def assess_roster(facts: Facts, reference: Reference) -> list[Assessment]:
    """Say when nobody of a roster will be there: all are on leave and nobody stands in."""
    session = session_of(facts, reference)
    if session is None:
        return []
    gap: Event | None = None
    filled: Event | None = None
    for event in facts.events:
        if isinstance(event.data, DutyRostered):
            there = any(reference.present(one, session.opens) for one in event.data.persons)
            if not there and gap is None and event.time < session.opens:
                gap = event
            elif there and gap is not None:
                filled = filled or event
        elif event.name in {"duty.replaced", "duty.checked_in"} and gap is not None:
            filled = filled or event
    if gap is None:
        return []
    owed = Owed(
        id=ROSTER,
        kind=ROSTER,
        unit=facts.unit,
        start=gap.time,
        cause=gap.id,
        limit=given(session.opens),
        done=filled,
        done_why="filled",
    )
    return [assess_owed(owed, ROSTER_GAP.ladder, reference)]


def _posting_of(unit: str, procedure: Procedure, reference: Reference) -> str:
    name = reference.units.name_on(unit, procedure.decided_on)
    return posting_subject(name, procedure.code, procedure.decided_on)


def _decision(facts: Facts) -> tuple[str, date] | None:
    matter = parse_matter(facts.subject)
    if matter is None:
        return None
    code, _, decided_on = matter.id.rpartition("/")
    return code, date.fromisoformat(decided_on)


def _communes(reference: Reference) -> Iterator[tuple[str, date]]:
    return (each for each in centres_of(reference) if each[0] != PROVINCE)


def _lately(decided_on: date, day: date) -> bool:
    return day - LOOK_BACK <= decided_on <= day


def _about(code: str, reference: Reference) -> dict[str, str]:
    procedure = reference.procedures.get(code)
    return {"procedure": code} | ({} if procedure is None else {"field": procedure.field})


def _posting_ladder(what_vi: str, what_en: str) -> Ladder:
    return Ladder(
        (
            Rung(
                "most",
                Share(80),
                "director",
                f"{what_vi}: còn 1 ngày",
                f"{what_en}: a day left",
            ),
            Rung(
                "overdue",
                FromDue(0),
                "chairman",
                f"{what_vi}: quá hạn",
                f"{what_en}: overdue",
                statutory=True,
            ),
            Rung(
                "overdue_5",
                FromDue(5),
                "province",
                f"{what_vi}: quá hạn 5 ngày",
                f"{what_en}: overdue by 5 days",
            ),
        )
    )


CONDITIONS_KIND = Kind(
    id=CONDITIONS,
    name=Words("Tự đánh giá điều kiện phục vụ", "Self-assessment of conditions"),
    of="conditions",
    opens=Words("Ngày đầu mỗi tháng.", "On the first of every month."),
    opens_on=months_of,
    due=Words(
        "Giờ đóng cửa của ngày làm việc cuối tháng.",
        "Close of office on the month's last working day.",
    ),
    pauses=NEVER,
    discharged=Words("Đã gửi bản tự đánh giá.", "The self-assessment is sent."),
    rules=(Rule.DIRECTIVE,),
    ladder=Ladder(
        (
            Rung(
                "reminder",
                FromDue(-3),
                "director",
                "Còn 3 ngày để tự đánh giá",
                "3 days are left",
            ),
            Rung("overdue", FromDue(0), "chairman", "Chưa tự đánh giá", "It was not sent"),
            Rung("overdue_3", FromDue(3), "province", "Quá hạn 3 ngày", "Overdue by 3 days"),
        )
    ),
    watches=frozenset({"conditions.reported"}),
    assess=assess_conditions,
)

POSTING_KIND = Kind(
    id=POSTING,
    name=Words("Niêm yết thủ tục", "Post a procedure"),
    of="posting",
    opens=Words("Khi có quyết định công bố thủ tục.", "When a procedure is decided."),
    opens_on=decisions_of,
    due=Words("5 ngày làm việc sau quyết định.", "5 working days after the decision."),
    pauses=NEVER,
    discharged=Words("Đã niêm yết.", "It is posted."),
    rules=(Rule.INDEX_POSTING, Rule.DIRECTIVE),
    ladder=_posting_ladder("Niêm yết thủ tục", "Posting a procedure"),
    watches=frozenset({"posting.published", "posting.withdrawn"}),
    assess=assess_posting,
)

WITHDRAWAL_KIND = Kind(
    id=WITHDRAWAL,
    name=Words("Gỡ niêm yết thủ tục hết hiệu lực", "Take down an expired procedure"),
    of="posting",
    opens=Words("Khi thủ tục hết hiệu lực.", "When a procedure expires."),
    opens_on=expiries_of,
    due=Words("5 ngày làm việc sau khi hết hiệu lực.", "5 working days after it expired."),
    pauses=NEVER,
    discharged=Words("Đã gỡ.", "It is taken down."),
    rules=(Rule.INDEX_POSTING, Rule.DIRECTIVE),
    ladder=_posting_ladder("Gỡ niêm yết", "Taking down a procedure"),
    watches=frozenset({"posting.published", "posting.withdrawn"}),
    assess=assess_withdrawal,
)

ROSTER_GAP = Kind(
    id=ROSTER,
    name=Words("Lịch trực không có người", "Nobody of the roster will be there"),
    of="duty",
    opens=Words(
        "Khi mọi người trong lịch trực đều nghỉ và không có người thay.",
        "When everybody on the roster is on leave and nobody stands in.",
    ),
    due=Words("Trước giờ mở cửa của buổi đó.", "Before the session opens."),
    pauses=NEVER,
    discharged=Words("Có người thay hoặc đã đến trực.", "Somebody else is named or comes."),
    rules=(Rule.RESERVE_STAFF,),
    ladder=Ladder(
        (
            Rung(
                "gap",
                MinutesFromStart(5),
                "director",
                "Lịch trực không có người",
                "Nobody of the roster will be there",
            ),
        )
    ),
    watches=frozenset({"duty.rostered", "duty.replaced", "duty.checked_in"}),
    assess=assess_roster,
    begun_stay=True,
)
