"""What should have come of the duties of heads: the levels of lists, meetings and notes.

It shares no code with the services: what was done is read from the simulated events, days are
walked one by one, and the escalation policies are read as data.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from deploy.demo.heads import Deed
from deploy.demo.oracle import ExpectedRung, Stretch, due_of, kind_of
from deploy.demo.province import Month
from deploy.demo.slow_calendar import CLOSE, HANOI, OPEN, SlowCalendar, at
from shared.events.codes import PROVINCE

HEAD_KINDS: Final = (
    "staff_posting",
    "meeting",
    "conditions",
    "secondment_note",
    "secondment_end",
)
LIST_DAYS: Final = 5
FIRST_MONTHS: Final = (1, 4, 7, 10)
"""The months in which a quarter begins."""

Ladders = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Duty:
    """One duty: since when, by when, and when it was done."""

    subject: str
    obligation: str
    opened: datetime
    due: datetime
    done: datetime | None


def head_rungs(
    month: Month,
    units: Iterable[str],
    ladders: Ladders,
    calendar: SlowCalendar,
    end: datetime,
) -> Iterator[ExpectedRung]:
    """Yield the levels of the duties of heads that fell due before `end`."""
    last = end.astimezone(HANOI).date()
    duties = [
        *_by_calendar(month, units, calendar, last),
        *_of_seconded(month.deeds, calendar, last),
    ]
    for one in duties:
        stretch = Stretch(one.opened, one.opened, one.due.date(), one.due, None, "opened")
        moments = sorted(
            _moment(rung, one, calendar) for rung in ladders[kind_of(one.obligation)]
        )
        yield from due_of(one.subject, one.obligation, stretch, moments, one.done, end)


def _by_calendar(
    month: Month, units: Iterable[str], calendar: SlowCalendar, last: date
) -> Iterator[Duty]:
    """Yield what the calendar opens: the list at the beginning, then months and quarters."""
    done = {one.subject: one.at for one in month.deeds}
    firsts = [day for day in _days(month.first, last) if day.day == 1]
    for unit in units:
        begun = at(month.first, time())
        subject = f"{unit}/staff_posting/{month.first}"
        due = at(calendar.step(month.first, LIST_DAYS), CLOSE)
        yield Duty(subject, "staff_posting", begun, due, done.get(subject))
        for day in firsts:
            if unit != PROVINCE:
                subject, due = f"{unit}/conditions/{day:%Y-%m}", _last_close(day, 1, calendar)
                yield Duty(subject, "conditions", at(day, time()), due, done.get(subject))
            if day.month in FIRST_MONTHS:
                quarter = FIRST_MONTHS.index(day.month) + 1
                subject, due = (
                    f"{unit}/meeting/{day:%Y}-Q{quarter}",
                    _last_close(day, 3, calendar),
                )
                yield Duty(subject, "meeting", at(day, time()), due, done.get(subject))


def _of_seconded(deeds: Sequence[Deed], calendar: SlowCalendar, last: date) -> Iterator[Duty]:
    """Yield the end of each secondment, and its notes up to the first that is not sent."""
    sent = {
        (one.subject, one.data["month"]): one.at
        for one in deeds
        if one.name == "secondment.assessed"
    }
    for one in deeds:
        if one.name != "secondment.started":
            continue
        until = date.fromisoformat(one.data["until_day"])
        over = at(until + timedelta(days=1), time())
        yield Duty(one.subject, "secondment_end", one.at, over, None)
        day: date | None = one.at.date()
        while day is not None and day <= min(until, last):
            name = f"{day:%Y-%m}"
            done = sent.get((one.subject, name))
            due = _last_close(day.replace(day=1), 1, calendar)
            yield Duty(one.subject, f"secondment_note:{name}", at(day, time()), due, done)
            day = None if done is None else _months_on(day.replace(day=1), 1)


def _moment(
    rung: Mapping[str, Any], duty: Duty, calendar: SlowCalendar
) -> tuple[datetime, str]:
    """Return when a level of a duty falls due, and its id."""
    when, name = rung["when"], str(rung["id"])
    if "share_percent" in when:
        days = math.ceil(when["share_percent"] * LIST_DAYS / 100)
        return at(calendar.step(duty.opened.date(), days), OPEN), name
    if "minutes_from_due" in when:
        return duty.due + timedelta(minutes=when["minutes_from_due"]), name
    days = when["working_days_from_due"]
    return (at(calendar.step(duty.due.date(), days), CLOSE) if days else duty.due), name


def _last_close(first: date, months: int, calendar: SlowCalendar) -> datetime:
    """Return when office closes on the last working day of so many months."""
    return at(calendar.step(_months_on(first, months), -1), CLOSE)


def _months_on(first: date, months: int) -> date:
    """Return the first day of the month so many months later."""
    years, month = divmod(first.month - 1 + months, 12)
    return date(first.year + years, month + 1, 1)


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))
