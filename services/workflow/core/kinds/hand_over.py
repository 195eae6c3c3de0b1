"""The hand-over of a paper dossier: on the same day, or elsewhere in one working day."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Final

from services.workflow.core.assessment import Assessment
from services.workflow.core.facts import Facts
from services.workflow.core.kinds.counted import (
    Owed,
    assess_owed,
    given,
    undated,
    working_days,
)
from services.workflow.core.kinds.dossier_facts import ENDS, Dossier, read_dossier
from services.workflow.core.kinds.kind import NEVER, Kind, Words
from services.workflow.core.ladder import Ladder, MinutesFromDue, Rung
from shared.calendar.errors import DateOutsideCalendarError
from shared.calendar.zone import at, legal_day
from shared.events.envelope import Event
from shared.law.citation import find
from shared.law.rules import Rule
from shared.reference.errors import NoCalendarError, UnknownUnitError
from shared.reference.view import Reference

HAND_OVER: Final = "hand_over"
HAND_OVER_CUTOFF: Final = time(15, 0)
HAND_OVER_GRACE: Final = timedelta(hours=1)
"""The law says "at the start of the next working day"; this is how long a start lasts."""

ACROSS_WORKING_DAYS: Final = 1
"""How long the paper may take to the competent agency of another place."""

_ENDS: Final = frozenset(name for names in ENDS for name in names)
_RESULTS: Final = frozenset({"dossier.completed", "dossier.returned"})
_PASSED_ON: Final = _RESULTS | {"dossier.assigned", "dossier.arrived"}


def assess_hand_over(facts: Facts, reference: Reference) -> list[Assessment]:
    """Compute by when the paper of a dossier must be handed over."""
    dossier = read_dossier(facts)
    if dossier is None or dossier.channel == "online":
        return []
    accepted = dossier.accepted
    passed_on, ended = facts.first_of(
        _first(facts, _PASSED_ON, accepted.time),
        _first(facts, _ENDS - _RESULTS, accepted.time),
    )
    owed = Owed(
        id=HAND_OVER,
        kind=HAND_OVER,
        unit=dossier.unit,
        start=accepted.time,
        cause=accepted.id,
        limit=working_days(ACROSS_WORKING_DAYS),
        done=passed_on,
        done_why="handed_over",
        void=ended,
        about={"procedure": dossier.procedure},
    )
    if _is_across(dossier):
        # The place that received the paper must send it, whoever decides the dossier.
        owed = replace(owed, unit=accepted.receivingunit or dossier.unit)
        return [assess_owed(owed, HAND_OVER_OF_PAPER.ladder, reference)]
    return _within(owed, reference)


def _is_across(dossier: Dossier) -> bool:
    """Say whether the paper goes to another place; before the decree no rule says so."""
    accepted = dossier.accepted
    ruled = find(Rule.OTHER_AUTHORITY, legal_day(accepted.time)) is not None
    places = {accepted.receivingunit, accepted.competentunit} - {None}
    return ruled and len(places) > 1


def _within(owed: Owed, reference: Reference) -> list[Assessment]:
    """Return the hand-over within one unit, if there is anything to watch over."""
    day = legal_day(owed.start)
    try:
        calendar = reference.calendar
        if not calendar.first_day <= day <= calendar.last_day:
            return []
        due = _due(owed, reference)
    except (NoCalendarError, UnknownUnitError):
        return []
    except DateOutsideCalendarError:
        return [undated(owed, "beyond_horizon")]
    if due is None:
        return []
    return [assess_owed(replace(owed, limit=given(due)), HAND_OVER_OF_PAPER.ladder, reference)]


def _due(owed: Owed, reference: Reference) -> datetime | None:
    """Return by when paper is due: the close of its day, or the start of the next that works.

    None for what was received by 15:00 before the decree: it went on at once.
    """
    day = legal_day(owed.start)
    calendar, opening = reference.calendar, reference.opening(owed.unit)
    if calendar.is_working(day) and owed.start <= at(day, HAND_OVER_CUTOFF):
        if find(Rule.OTHER_AUTHORITY, day) is None:
            return None
        close = opening.close_of(day)
        if owed.start < close:
            return close
    return opening.begin_of(calendar.add_working_days(day, 1)) + HAND_OVER_GRACE


def _first(facts: Facts, names: frozenset[str], after: datetime) -> Event | None:
    return next((e for e in facts.events if e.name in names and e.time >= after), None)


HAND_OVER_OF_PAPER: Final = Kind(
    id=HAND_OVER,
    name=Words("Chuyển hồ sơ giấy", "Hand-over of a paper dossier"),
    of="dossier",
    opens=Words(
        "Khi nhận hồ sơ giấy.",
        "When a paper dossier is received.",
    ),
    due=Words(
        "Nhận trước 15 giờ: trong ngày làm việc; sau 15 giờ hoặc vào ngày nghỉ: đầu giờ ngày "
        "làm việc tiếp theo (trong giờ đầu); chuyển cho cơ quan ở địa bàn khác: 1 ngày làm "
        "việc. Nhận trước ngày 01/7/2025: chỉ hồ sơ nhận sau 15 giờ hoặc vào ngày nghỉ.",
        "Received by 15:00: the close of that day; later or on a day off: the start of the "
        "next working day (its first hour); to an agency of another place: one working day. "
        "Received before 1 July 2025: only what came after 15:00 or on a day off.",
    ),
    pauses=NEVER,
    discharged=Words(
        "Đã giao cho người giải quyết hoặc cơ quan có thẩm quyền đã nhận; hồ sơ bị rút, dừng "
        "hoặc từ chối thì không còn phải chuyển.",
        "It is assigned, or the competent agency has it; not needed any more when the dossier "
        "is withdrawn, stopped or refused.",
    ),
    rules=(Rule.HAND_OVER, Rule.OTHER_AUTHORITY),
    ladder=Ladder(
        (
            Rung(
                "overdue",
                MinutesFromDue(0),
                "director",
                "Hồ sơ giấy chưa được chuyển",
                "A paper dossier was not handed over",
            ),
        )
    ),
    watches=_ENDS | {"dossier.accepted", "dossier.assigned", "dossier.arrived"},
    begins_with=frozenset({"dossier.accepted"}),
    assess=assess_hand_over,
)
