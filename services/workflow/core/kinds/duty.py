"""Somebody is on duty in every session in which the unit is open."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from services.workflow.core.assessment import AssessedCycle, Assessment, Discharge
from services.workflow.core.facts import Facts
from services.workflow.core.kinds.kind import NEVER, Kind, Words
from services.workflow.core.ladder import Ladder, MinutesFromStart, Rung, plan
from shared.calendar.errors import DateOutsideCalendarError
from shared.calendar.opening import Session
from shared.events.centres import DutyCheckedIn, DutyCheckedOut, DutyReplaced
from shared.events.codes import duty_session, duty_subject, parse_matter
from shared.events.envelope import Event
from shared.law.rules import Rule
from shared.reference.errors import NoCalendarError
from shared.reference.view import Reference

KIND: Final = "duty"
GRACE: Final = timedelta(minutes=15)
"""How long a counter may be empty before somebody hears of it."""


@dataclass(frozen=True, slots=True)
class _Gap:
    """A stretch without anybody at the counter."""

    key: str
    why: str
    since: datetime
    filled: Event | None


def assess_duty(facts: Facts, reference: Reference) -> list[Assessment]:
    """Say whether the session is covered, and since when it is not."""
    session = session_of(facts, reference)
    if session is None:
        return []
    gaps = list(_gaps(session, facts.events))
    last = gaps[-1]
    in_time = all(
        gap.filled is not None and gap.filled.time <= gap.since + GRACE for gap in gaps
    )
    filled = last.filled
    return [
        Assessment(
            id=KIND,
            kind=KIND,
            unit=facts.unit,
            opened_at=session.opens,
            cause=f"calendar:{facts.subject}",
            cycles=tuple(_cycle(gap, facts, reference) for gap in gaps),
            due=last.since + GRACE,
            discharge=None
            if filled is None
            else Discharge(filled.time, filled.id, "covered", in_time),
            lapse=Discharge(session.closes, "", "lapsed", in_time=False),
        )
    ]


def sessions_of(reference: Reference, day: date) -> Iterator[tuple[str, str]]:
    """Yield the duty matters of a day: one for each session of each unit that owes it.

    Raises:
        DateOutsideCalendarError: the day is not published.
    """
    for unit in reference.units.values():
        if unit.obligations_from is not None and unit.obligations_from <= day:
            for session in reference.opening(unit.code).sessions(day):
                name = reference.units.name_on(unit.code, day)
                yield (
                    duty_subject(name, day, "am" if session.name == "am" else "pm"),
                    unit.code,
                )


def session_of(facts: Facts, reference: Reference) -> Session | None:
    """Return the session, if the unit is open then and owes it.

    One that has begun keeps its hours, whatever the calendar says since; of a day that is not
    published yet nothing is known.
    """
    matter = parse_matter(facts.subject)
    if matter is not None and KIND in facts.begun:
        day, name = duty_session(matter)
        return Session(day, name, *facts.begun[KIND])
    unit = reference.units.get(facts.unit)
    if matter is None or unit is None or unit.obligations_from is None:
        return None
    day, name = duty_session(matter)
    if day < unit.obligations_from or not facts.is_the_units(day, reference):
        return None
    try:
        sessions = reference.opening(facts.unit).sessions(day)
    except (DateOutsideCalendarError, NoCalendarError):
        return None
    return next((session for session in sessions if session.name == name), None)


def _gaps(session: Session, events: Sequence[Event]) -> Iterator[_Gap]:
    """Yield the stretches without anybody: the first lasts until somebody is there."""
    there: set[str] = set()
    gap = _Gap("session", "opened", session.opens, None)
    empty = True
    for event in events:
        if event.time > session.closes:
            break
        match event.data:
            case DutyCheckedIn(person=person):
                there.add(person)
            case DutyReplaced(person=person, by=by):
                there.discard(person)
                there.add(by)
            case DutyCheckedOut(person=person):
                there.discard(person)
        if there and empty:
            yield replace(gap, filled=event)
            empty = False
        elif not there and not empty and event.time + GRACE < session.closes:
            gap = _Gap(event.id, "left", max(event.time, session.opens), None)
            empty = True
    if empty:
        yield gap


def _cycle(gap: _Gap, facts: Facts, reference: Reference) -> AssessedCycle:
    due = gap.since + GRACE
    return AssessedCycle(
        key=gap.key,
        opened=gap.since,
        due=due,
        limit=None,
        why=gap.why,
        rungs=plan(
            DUTY.ladder,
            start=gap.since,
            began=gap.since,
            due=due,
            share=lambda _part: None,
            calendar=reference.calendar,
            opening=reference.opening(facts.unit),
        ),
        ended_at=None if gap.filled is None else gap.filled.time,
        ended_why=None if gap.filled is None else "covered",
    )


DUTY = Kind(
    id=KIND,
    name=Words("Trực theo ca", "On duty in every session"),
    of="duty",
    opens_on=sessions_of,
    opens=Words(
        "Đầu mỗi buổi trung tâm mở cửa, kể từ ngày nghĩa vụ của đơn vị bắt đầu.",
        "At the beginning of every session the centre is open, from the day on which the "
        "unit's obligations begin.",
    ),
    due=Words(
        "15 phút sau giờ mở cửa, hoặc sau khi người cuối cùng rời quầy.",
        "15 minutes after opening, or after the last person left the counter.",
    ),
    pauses=NEVER,
    discharged=Words(
        "Có người điểm danh hoặc thay ca; hết buổi thì ghi là không có người trực.",
        "Somebody checks in or takes over; a session without is recorded as not kept.",
    ),
    rules=(Rule.DIRECTIVE,),
    ladder=Ladder(
        (
            Rung(
                "absent",
                MinutesFromStart(15),
                "director",
                "Quầy chưa có người trực sau 15 phút",
                "Nobody on duty after 15 minutes",
            ),
            Rung(
                "absent_30",
                MinutesFromStart(30),
                "chairman",
                "Quầy chưa có người trực sau 30 phút",
                "Nobody on duty after 30 minutes",
            ),
            Rung(
                "absent_60",
                MinutesFromStart(60),
                "province",
                "Quầy chưa có người trực sau 60 phút",
                "Nobody on duty after 60 minutes",
            ),
        )
    ),
    watches=frozenset(
        {"duty.rostered", "duty.checked_in", "duty.checked_out", "duty.replaced"}
    ),
    assess=assess_duty,
    begun_stay=True,
)
