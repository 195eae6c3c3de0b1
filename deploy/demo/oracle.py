"""What should have come of a simulated story: dates, figures and rungs, counted the slow way.

It shares no code with the services, nor with `shared.calendar`: days are walked one by one over
the rows of the reference files, and the ladder is read as data. It knows the rules that the
simulated stories can meet: same-day, working-day, calendar-day and clock-hour limits, waits
that restart the clock, one new date, arrivals at another commune.
"""

import csv
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from deploy.demo.province import Month
from deploy.demo.slow_calendar import CLOSE, HANOI, OPEN, REFERENCE, SESSIONS, SlowCalendar, at
from deploy.demo.story import Act, Story

CUT_OFF: Final = time(15, 0)
LATE_WAIT: Final = timedelta(seconds=60)
ENDS: Final = ("dossier.completed", "dossier.withdrawn", "dossier.stopped", "dossier.refused")


@dataclass(frozen=True, slots=True)
class Limit:
    """A row of the rules file."""

    unit: str
    value: int


def limits(first: date, last: date, folder: Path = REFERENCE) -> dict[str, Limit]:
    """Return the limits of the procedures whose row holds from `first` through `last`.

    A procedure whose limit begins or ends in between is none of the simulation's.
    """
    with (folder / "rules.csv").open(encoding="utf-8", newline="") as rows:
        return {
            row["procedure"]: Limit(row["limit_unit"], int(row["limit_value"]))
            for row in csv.DictReader(rows)
            if row["valid_from"] <= first.isoformat()
            and (not row["valid_to"] or last.isoformat() < row["valid_to"])
        }


@dataclass(frozen=True, slots=True)
class Stretch:
    """One run of the clock: from a beginning to what ended it, with its promise.

    A new date begins a run of its own, and the limit goes on being counted from where it was.
    """

    opened: datetime
    counted_from: datetime
    last_day: date
    due: datetime
    ended: datetime | None
    moved_by: str


@dataclass(slots=True)
class Truth:
    """What should be known of one dossier at the end.

    `missed` is the first limit that had passed when a supplement was requested.
    """

    unit: str
    received: datetime | None = None
    ended: datetime | None = None
    limit: datetime | None = None
    in_time: bool | None = None
    waiting: bool = False
    missed: datetime | None = None
    asked: datetime | None = None
    slip: datetime | None = None
    stretches: list[Stretch] = field(default_factory=list)

    @property
    def due(self) -> datetime | None:
        """Return the promise that stands."""
        return self.stretches[-1].due if self.stretches and not self.waiting else None


def truth_of(story: Story, limit: Limit | None, calendar: SlowCalendar, end: datetime) -> Truth:
    """Work out what the acts that happened up to `end` amount to."""
    acts = [act for act in story.acts if act.at <= end]
    truth = Truth(story.competent)
    start: datetime | None = None
    extended: date | None = None
    for act in acts:
        match act.name:
            case "dossier.accepted":
                truth.received = act.at
                start = act.at if story.receiving == story.competent else None
                _begin(truth, start, limit, calendar, "opened")
            case "dossier.arrived":
                start = act.at
                _begin(truth, start, limit, calendar, "arrival")
            case "dossier.supplement_requested" if truth.received is not None:
                _wait(truth, act.at)
            case "dossier.supplement_received" if truth.received is not None:
                truth.waiting = False
                _end(truth, act.at)
                _begin(truth, act.at, limit, calendar, "supplement")
            case "dossier.apology_issued":
                truth.slip = truth.slip or act.at
            case "dossier.extended":
                if extended is None and truth.stretches and not truth.waiting:
                    extended = date.fromisoformat(act.data["new_date"])
                    _extend(truth, act, extended)
            case name if name in ENDS and truth.received is not None:
                truth.ended = act.at
                # One that ends while its applicant is waited for is judged at the request.
                judged = truth.asked if truth.waiting and truth.asked else act.at
                kept = truth.limit is None or judged <= truth.limit
                truth.in_time = kept and truth.missed is None
                _end(truth, act.at)
    return truth


def _wait(truth: Truth, requested: datetime) -> None:
    """Suspend the clock; a request after the limit suspends nothing and cures nothing."""
    if truth.limit is not None and requested > truth.limit:
        truth.missed = truth.missed or truth.limit
        return
    truth.waiting, truth.asked = True, requested
    _end(truth, requested)


def _begin(
    truth: Truth,
    start: datetime | None,
    limit: Limit | None,
    calendar: SlowCalendar,
    why: str,
) -> None:
    if start is None or limit is None:
        return
    last, due, truth.limit = dates_of(start, limit, calendar)
    truth.stretches.append(Stretch(start, start, last, due, None, why))


def dates_of(
    start: datetime, limit: Limit, calendar: SlowCalendar
) -> tuple[date, datetime, datetime]:
    """Return last day, promise and statutory end."""
    if limit.unit == "clock_hours":
        end = (start + timedelta(hours=limit.value)).astimezone(HANOI)
        last = end.date() if end.time() > time(0) else end.date() - timedelta(days=1)
        if calendar.works(last):
            return last, end, end
        last = calendar.roll(last)
    else:
        last = _last_day(start, limit, calendar)
    return last, at(last, CLOSE), at(last + timedelta(days=1), time(0))


def _last_day(start: datetime, limit: Limit, calendar: SlowCalendar) -> date:
    local = start.astimezone(HANOI)
    match limit.unit:
        case "same_day":
            if calendar.works(local.date()) and local.time() <= CUT_OFF:
                return local.date()
            return calendar.step(local.date(), 1)
        case "working_days":
            return calendar.step(local.date(), limit.value)
        case "calendar_days":
            return calendar.roll(local.date() + timedelta(days=limit.value))
    raise ValueError(f"the simulation has no limits in {limit.unit}")


def _extend(truth: Truth, act: Act, new_day: date) -> None:
    before = truth.stretches[-1]
    _end(truth, act.at)
    truth.stretches.append(
        Stretch(
            act.at, before.counted_from, before.last_day, at(new_day, CLOSE), None, "extension"
        )
    )


def _end(truth: Truth, moment: datetime) -> None:
    if truth.stretches and truth.stretches[-1].ended is None:
        last = truth.stretches[-1]
        truth.stretches[-1] = replace(last, ended=moment)


@dataclass(frozen=True, slots=True, order=True)
class ExpectedRung:
    """A rung that had to be raised, or recorded as overtaken by a higher one."""

    subject: str
    obligation: str
    opened: datetime
    rung: str
    at: datetime
    raised: bool

    @property
    def kind(self) -> str:
        """Return the kind of its obligation."""
        return kind_of(self.obligation)


def kind_of(obligation: str) -> str:
    """Return the kind of an obligation, which is its id up to a colon."""
    return obligation.partition(":")[0]


def expected_rungs(
    subject: str,
    truth: Truth,
    limit: Limit | None,
    ladders: Mapping[str, Sequence[Mapping[str, Any]]],
    calendar: SlowCalendar,
    end: datetime,
) -> Iterator[ExpectedRung]:
    """Yield the rungs of the deadline and of the slip that fell due before `end`."""
    if limit is None:
        return
    for number, stretch in enumerate(truth.stretches):
        moments = _moments(ladders["dossier_deadline"], stretch, stretch.due, limit, calendar)
        yield from due_of(subject, "dossier_deadline", stretch, moments, stretch.ended, end)
        if stretch.moved_by == "extension" or limit.unit == "same_day":
            continue
        slip_due = at(calendar.step(stretch.last_day, -1), CLOSE)
        if slip_due <= stretch.opened:
            continue
        later = truth.stretches[number + 1 :]
        closed = _slip_closed(truth, stretch, later)
        moments = _moments(ladders["apology_slip"], stretch, slip_due, limit, calendar)
        yield from due_of(subject, "apology_slip", stretch, moments, closed, end)


def _slip_closed(truth: Truth, stretch: Stretch, later: Sequence[Stretch]) -> datetime | None:
    """Return when this stretch's slip stopped being owed: issued, or the stretch ended."""
    ended = stretch.ended
    if later and later[0].moved_by == "extension":
        ended = later[0].ended  # A new date does not end the slip's own stretch.
    candidates = [moment for moment in (ended, truth.slip) if moment is not None]
    return min(candidates, default=None)


def _moments(
    ladder: Iterable[Mapping[str, Any]],
    stretch: Stretch,
    due: datetime,
    limit: Limit,
    calendar: SlowCalendar,
) -> list[tuple[datetime, str]]:
    found = []
    for rung in ladder:
        when = rung["when"]
        if "share_percent" in when:
            moment = _share(stretch, when["share_percent"], limit, calendar)
        else:
            days = when["working_days_from_due"]
            day = due.astimezone(HANOI).date()
            moment = at(calendar.step(day, days), CLOSE) if days else due
        found.append((moment, str(rung["id"])))
    return sorted(found)


def _share(stretch: Stretch, percent: int, limit: Limit, calendar: SlowCalendar) -> datetime:
    start = stretch.counted_from
    day = start.astimezone(HANOI).date()
    count = math.ceil(percent * limit.value / 100)
    if limit.unit == "same_day":
        whole = calendar.opening_minutes(start, at(stretch.last_day, CLOSE))
        return calendar.after_minutes(start, whole * percent / 100)
    if limit.unit == "clock_hours":
        return start + timedelta(minutes=limit.value * 60 * percent / 100)
    if limit.unit == "working_days":
        return at(calendar.step(day, count), OPEN)
    return at(calendar.roll(day + timedelta(days=count)), OPEN)


def due_of(
    subject: str,
    obligation: str,
    stretch: Stretch,
    moments: Sequence[tuple[datetime, str]],
    closed: datetime | None,
    end: datetime,
) -> Iterator[ExpectedRung]:
    """Yield what fell due within the stretch; of those in one step only the last is raised."""
    stop = end if closed is None else min(closed, end)
    due = [(moment, rung) for moment, rung in moments if stretch.opened < moment < stop]
    for index, (moment, rung) in enumerate(due):
        overtaken = index + 1 < len(due) and told_at(
            due[index + 1][0], stretch.opened
        ) == told_at(moment, stretch.opened)
        yield ExpectedRung(
            subject, obligation, stretch.opened, rung, moment.astimezone(UTC), not overtaken
        )


def told_at(moment: datetime, opened: datetime) -> datetime:
    """Return the step of the clock at which a moment of a stretch is acted on.

    What was overdue when the stretch's beginning was recorded waits for the rest of a backlog.
    """
    recorded = step_of(opened - timedelta(microseconds=1))
    return step_of(moment if moment >= recorded else recorded + LATE_WAIT)


def step_of(moment: datetime) -> datetime:
    """Return the step of the clock at which a moment is first seen to have passed.

    The clock stands a second before each quarter of an hour, and what happens at a moment is
    known only after it.
    """
    quarter = timedelta(minutes=15)
    since = moment + timedelta(seconds=1) - datetime(2020, 1, 1, tzinfo=UTC)
    steps = since // quarter + (1 if since % quarter else 0)
    first = datetime(2020, 1, 1, tzinfo=UTC) + steps * quarter - timedelta(seconds=1)
    return first if first > moment else first + quarter


def duty_rungs(
    month: Month,
    units: Iterable[str],
    ladders: Mapping[str, Sequence[Mapping[str, Any]]],
    calendar: SlowCalendar,
    end: datetime,
) -> list[ExpectedRung]:
    """Return what fell due in the sessions in which nobody took up duty."""
    kept = {(one.unit, one.day, one.session) for one in month.check_ins}
    found: list[ExpectedRung] = []
    day, last = month.first, end.astimezone(HANOI).date()
    while day <= last:
        for session, (opens, _) in zip(("am", "pm"), SESSIONS, strict=True):
            for unit in units if calendar.works(day) else ():
                if (unit, day, session) not in kept:
                    start = at(day, opens)
                    moments = [
                        (
                            start + timedelta(minutes=rung["when"]["minutes_from_start"]),
                            str(rung["id"]),
                        )
                        for rung in ladders["duty"]
                    ]
                    stretch = Stretch(start, start, day, start, None, "opened")
                    subject = f"{unit}/duty/{day.isoformat()}/{session}"
                    found += due_of(subject, "duty", stretch, sorted(moments), None, end)
        day += timedelta(days=1)
    return found
