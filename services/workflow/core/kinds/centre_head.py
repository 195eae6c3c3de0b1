"""Obligations of the head of a centre: meetings with the agencies, and the staff list."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Final

from services.workflow.core.assessment import Assessment
from services.workflow.core.facts import Facts
from services.workflow.core.kinds.counted import Owed, assess_owed, working_days
from services.workflow.core.kinds.kind import NEVER, Kind, Words
from services.workflow.core.kinds.periods import (
    Period,
    assess_period,
    begins_of,
    centres_of,
    last_of_month,
)
from services.workflow.core.ladder import FromDue, Ladder, Rung, Share
from shared.calendar.zone import at
from shared.events.codes import (
    QUARTER_MONTHS,
    meeting_quarter,
    meeting_subject,
    parse_matter,
    staff_posting_subject,
)
from shared.law.rules import Rule
from shared.reference.view import Reference

MEETING: Final = "meeting"
STAFF_POSTING: Final = "staff_posting"

STAFF_POSTING_WORKING_DAYS: Final = 5
"""Our parameter: the decree names no time (decision 0045)."""

LOOK_BACK: Final = timedelta(days=30)
"""How long after a change of roles it still opens an obligation: some are recorded late."""


def assess_meeting(facts: Facts, reference: Reference) -> list[Assessment]:
    """Return the obligation to meet the agencies in a quarter."""
    matter = parse_matter(facts.subject)
    begins = begins_of(facts.unit, reference)
    if matter is None or begins is None:
        return []
    first = meeting_quarter(matter)
    if first < begins or not facts.is_the_units(first, reference):
        return []
    period = Period(
        id=MEETING,
        kind=MEETING,
        name=matter.id,
        first=first,
        last=last_of_month(first.replace(month=first.month + QUARTER_MONTHS - 1)),
        done=facts.first("meeting.held"),
        done_why="held",
    )
    return [assess_period(period, facts, MEETING_KIND.ladder, reference)]


def quarters_of(reference: Reference, day: date) -> Iterator[tuple[str, str]]:
    """Yield the meetings whose quarter begins on a day, one of every centre."""
    quarter, month = divmod(day.month - 1, QUARTER_MONTHS)
    if day.day == 1 and month == 0:
        for unit, begins in centres_of(reference):
            if begins <= day:
                name = reference.units.name_on(unit, day)
                yield meeting_subject(name, day.year, quarter + 1), unit


def assess_staff_posting(facts: Facts, reference: Reference) -> list[Assessment]:
    """Return the obligation to post the staff after a change, or when obligations begin."""
    matter = parse_matter(facts.subject)
    begins = begins_of(facts.unit, reference)
    if matter is None or begins is None:
        return []
    changed_on = date.fromisoformat(matter.id)
    if changed_on < begins or not facts.is_the_units(changed_on, reference):
        return []
    owed = Owed(
        id=STAFF_POSTING,
        kind=STAFF_POSTING,
        unit=facts.unit,
        start=at(changed_on, time()),
        cause=f"staff:{changed_on}",
        limit=working_days(STAFF_POSTING_WORKING_DAYS),
        done=facts.first("staff.posted"),
        done_why="published",
    )
    return [assess_owed(owed, STAFF_POSTING_KIND.ladder, reference)]


def staff_changes_of(reference: Reference, day: date) -> Iterator[tuple[str, str]]:
    """Yield the staff lists to post because obligations began, or roles changed, lately."""
    for unit, begins in centres_of(reference):
        for changed_on in sorted({begins, *reference.organisation.changes(unit)}):
            if begins <= changed_on and day - LOOK_BACK <= changed_on <= day:
                name = reference.units.name_on(unit, changed_on)
                yield staff_posting_subject(name, changed_on), unit


MEETING_KIND = Kind(
    id=MEETING,
    name=Words("Họp ba tháng với các cơ quan", "Three-monthly meeting with the agencies"),
    of=MEETING,
    opens=Words("Ngày đầu mỗi quý.", "On the first day of every quarter."),
    opens_on=quarters_of,
    due=Words(
        "Giờ đóng cửa của ngày làm việc cuối quý.",
        "Close of office on the quarter's last working day.",
    ),
    pauses=NEVER,
    discharged=Words("Đã họp, có biên bản.", "The meeting was held, with minutes."),
    rules=(Rule.AGENCY_MEETING,),
    ladder=Ladder(
        (
            Rung(
                "reminder",
                FromDue(-10),
                "director",
                "Còn 10 ngày làm việc để họp với các cơ quan",
                "10 working days are left to meet the agencies",
            ),
            Rung(
                "overdue",
                FromDue(0),
                "chairman",
                "Quý này chưa họp với các cơ quan",
                "No meeting with the agencies this quarter",
            ),
            Rung(
                "overdue_5",
                FromDue(5),
                "province",
                "Quá hạn họp 5 ngày làm việc",
                "The meeting is overdue by 5 working days",
            ),
        )
    ),
    watches=frozenset({"meeting.held"}),
    assess=assess_meeting,
)

STAFF_POSTING_KIND = Kind(
    id=STAFF_POSTING,
    name=Words("Công khai danh sách người làm việc", "Post the list of the staff"),
    of=STAFF_POSTING,
    opens=Words(
        "Khi nghĩa vụ của đơn vị bắt đầu, và khi người giữ vai trò thay đổi.",
        "When the unit's obligations begin, and when the holder of a role changes.",
    ),
    opens_on=staff_changes_of,
    due=Words("5 ngày làm việc sau thay đổi.", "5 working days after the change."),
    pauses=NEVER,
    discharged=Words("Đã công khai danh sách.", "The list is posted."),
    rules=(Rule.STAFF_POSTED,),
    ladder=Ladder(
        (
            Rung(
                "most",
                Share(80),
                "director",
                "Danh sách người làm việc: còn 1 ngày để công khai",
                "List of the staff: a day is left to post it",
            ),
            Rung(
                "overdue",
                FromDue(0),
                "chairman",
                "Danh sách người làm việc: quá hạn công khai",
                "List of the staff: posting is overdue",
            ),
            Rung(
                "overdue_5",
                FromDue(5),
                "province",
                "Danh sách người làm việc: quá hạn 5 ngày",
                "List of the staff: overdue by 5 days",
            ),
        )
    ),
    watches=frozenset({"staff.posted"}),
    assess=assess_staff_posting,
)
