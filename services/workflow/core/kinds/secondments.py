"""Obligations for people seconded to a centre: the monthly notes, and the term's end."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from services.workflow.core.assessment import Assessment
from services.workflow.core.facts import Facts
from services.workflow.core.kinds.counted import Owed, assess_owed, given
from services.workflow.core.kinds.kind import NEVER, Kind, Words
from services.workflow.core.kinds.periods import (
    Period,
    assess_period,
    last_of_month,
)
from services.workflow.core.ladder import FromDue, Ladder, MinutesFromDue, Rung
from shared.calendar.zone import ONE_DAY, legal_day, midnight_after
from shared.events.centre_head import SecondmentAssessed, SecondmentStarted
from shared.events.codes import obligation_id
from shared.events.envelope import Event
from shared.law.rules import Rule
from shared.reference.view import Reference

NOTE: Final = "secondment_note"
END: Final = "secondment_end"
OUTSIDE_TERM: Final = "secondment_outside_term"

TERM_MONTHS_MIN: Final = 12
TERM_MONTHS_MAX: Final = 36
DAY_MINUTES: Final = 24 * 60


def assess_notes(facts: Facts, reference: Reference) -> list[Assessment]:
    """Return the monthly notes to the sending agency, up to the first that was not sent.

    A month's note opens once that of the month before was sent: a missing one is alerted until
    it comes. When the secondment has ended, every month of it is there. Months before the
    secondment was registered, by the time of its event, have no note.
    """
    started, opened = _started(facts), facts.first("secondment.started")
    if started is None or opened is None:
        return []
    begins = max(started.from_day, legal_day(opened.time))
    sent: dict[str, Event] = {}
    for event in facts.called("secondment.assessed"):
        if isinstance(event.data, SecondmentAssessed):
            sent.setdefault(event.data.month, event)
    ended = facts.first("secondment.ended")
    last = started.until_day
    if ended is not None:
        last = min(last, legal_day(ended.time))
    months = list(_months(begins, last))
    through = max((n for n, month in enumerate(months) if _name(month) in sent), default=-1)
    shown = months if ended is not None else months[: through + 2]
    return [
        assess_period(
            Period(
                id=obligation_id(NOTE, _name(month)),
                kind=NOTE,
                name=_name(month),
                first=max(month, begins),
                last=last_of_month(month),
                done=sent.get(_name(month)),
                done_why="sent",
                about={"agency": started.agency},
            ),
            facts,
            NOTE_KIND.ladder,
            reference,
        )
        for month in shown
    ]


def assess_end(facts: Facts, reference: Reference) -> list[Assessment]:
    """Return the obligation to end a secondment by its last day.

    A term outside 12 to 36 months is flagged: planned, and as it ended.
    """
    started, opened = _started(facts), facts.first("secondment.started")
    if started is None or opened is None:
        return []
    ended = facts.first("secondment.ended")
    last = started.until_day if ended is None else legal_day(ended.time)
    after = last + ONE_DAY
    shortest = _months_after(started.from_day, TERM_MONTHS_MIN)
    longest = _months_after(started.from_day, TERM_MONTHS_MAX)
    owed = Owed(
        id=END,
        kind=END,
        unit=facts.unit,
        start=opened.time,
        cause=opened.id,
        limit=given(midnight_after(started.until_day)),
        done=ended,
        done_why="ended",
        about={"agency": started.agency},
        flags=() if shortest <= after <= longest else (OUTSIDE_TERM,),
    )
    return [assess_owed(owed, END_KIND.ladder, reference)]


def _started(facts: Facts) -> SecondmentStarted | None:
    event = facts.first("secondment.started")
    data = None if event is None else event.data
    return data if isinstance(data, SecondmentStarted) else None


def _months(first: date, last: date) -> Iterator[date]:
    """Yield the first day of each month from one day to another."""
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = last_of_month(month) + ONE_DAY


def _name(month: date) -> str:
    return f"{month:%Y-%m}"


def _months_after(day: date, months: int) -> date:
    """Return the day so many months later; the month's last day where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    first = date(day.year + years, month + 1, 1)
    return first.replace(day=min(day.day, last_of_month(first).day))


_EVENTS: Final = frozenset({"secondment.started", "secondment.assessed", "secondment.ended"})

NOTE_KIND = Kind(
    id=NOTE,
    name=Words("Nhận xét hằng tháng về người biệt phái", "Monthly note on a seconded person"),
    of="secondment",
    opens=Words(
        "Mỗi tháng của thời gian biệt phái, khi tháng trước đã có nhận xét.",
        "For each month of the secondment, once the month before has its note.",
    ),
    due=Words(
        "Giờ đóng cửa của ngày làm việc cuối tháng.",
        "Close of office on the month's last working day.",
    ),
    pauses=NEVER,
    discharged=Words(
        "Đã gửi nhận xét cho cơ quan cử người.",
        "The note is sent to the sending agency.",
    ),
    rules=(Rule.SECONDED_STAFF_NOTE,),
    ladder=Ladder(
        (
            Rung(
                "reminder",
                FromDue(-3),
                "director",
                "Còn 3 ngày làm việc để gửi nhận xét về người biệt phái",
                "3 working days are left to send the note on a seconded person",
            ),
            Rung(
                "overdue",
                FromDue(0),
                "chairman",
                "Chưa gửi nhận xét về người biệt phái",
                "The note on a seconded person was not sent",
            ),
            Rung(
                "overdue_5",
                FromDue(5),
                "province",
                "Nhận xét về người biệt phái quá hạn 5 ngày",
                "The note on a seconded person is overdue by 5 days",
            ),
        )
    ),
    watches=_EVENTS,
    assess=assess_notes,
)

END_KIND = Kind(
    id=END,
    name=Words("Kết thúc thời hạn biệt phái", "End of a secondment"),
    of="secondment",
    opens=Words("Khi bắt đầu biệt phái.", "When a secondment starts."),
    due=Words("Hết ngày cuối của thời hạn biệt phái.", "The end of the secondment's last day."),
    pauses=NEVER,
    discharged=Words("Đã kết thúc biệt phái.", "The secondment has ended."),
    rules=(Rule.SECONDMENT,),
    ladder=Ladder(
        (
            Rung(
                "days_60",
                MinutesFromDue(-60 * DAY_MINUTES),
                "director",
                "Còn 60 ngày đến hết thời hạn biệt phái",
                "60 days until the secondment ends",
            ),
            Rung(
                "days_30",
                MinutesFromDue(-30 * DAY_MINUTES),
                "chairman",
                "Còn 30 ngày đến hết thời hạn biệt phái",
                "30 days until the secondment ends",
            ),
            Rung(
                "overdue",
                MinutesFromDue(0),
                "province",
                "Hết thời hạn biệt phái, chưa ghi nhận kết thúc",
                "The term is over, and no end is recorded",
            ),
        )
    ),
    watches=_EVENTS,
    assess=assess_end,
)
