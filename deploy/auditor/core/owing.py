"""What is owed, as the facts and the law have it: the auditor's own vocabulary."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Final

from deploy.auditor.core.counting import Ran
from deploy.auditor.core.shares import share
from deploy.auditor.core.wall import DAY, BeyondCalendar, Json, Wall

BREACH: Final = "breach"
"""The moment at which the law is broken: no rung, but audited like one."""

PROMISE_BROKEN: Final = "promise_broken"
"""What the next role hears when a promised day has closed."""

Moment = tuple[str, int, datetime]
"""A rung, which repeat of it (0: itself), and when."""


@dataclass(frozen=True)
class Stretch:
    """From one beginning to one end, under one due moment.

    Attributes:
        key: The id of what began it; messages name it as their cause.
        opened: When it began; nothing is raised for a moment that is not later.
        ended: When it ended, by what the facts say; None while it runs.
        due: The promise.
        limit: The moment by which the law is kept, if the kind has one of its own.
        moments: When each rung is due, and the breach.
        lapses: When it ends by itself, whatever the facts say.
    """

    key: str
    opened: datetime
    ended: datetime | None
    due: datetime | None
    limit: datetime | None
    moments: tuple[Moment, ...] = ()
    lapses: datetime | None = None


@dataclass(frozen=True)
class Owed:
    """One thing that is owed.

    Attributes:
        id: Its name within the subject.
        kind: Its kind.
        unit: Who owes it.
        stretches: Its stretches, in order.
        discharged: When and why it ended; None while it is owed.
        void: Whether it turned out not to be owed at all.
        due: The promise that stands; None while it is suspended or undated.
        limit: The statutory end that stands.
        index_due: The promise of index 766, for a dossier's deadline.
        limit_missed: The first statutory end that passed unmet, for a dossier's deadline.
    """

    id: str
    kind: str
    unit: str
    stretches: tuple[Stretch, ...] = ()
    discharged: tuple[datetime, str] | None = None
    void: bool = False
    due: datetime | None = None
    limit: datetime | None = None
    index_due: datetime | None = None
    limit_missed: datetime | None = None


@dataclass(frozen=True)
class Ladder:
    """The rungs of a kind, as data: see `services/workflow/kinds.json`."""

    kind: str
    rungs: Sequence[Json]
    watches: frozenset[str]
    of: str

    @property
    def names(self) -> tuple[str, ...]:
        """The rungs' names, lowest first."""
        return tuple(rung["id"] for rung in self.rungs)


@dataclass(frozen=True)
class Count:
    """What the rungs of one stretch are placed by."""

    wall: Wall
    due: datetime
    start: datetime  # What minutes from the beginning are counted from.
    limit: Json = field(default_factory=dict)
    ran: Ran | None = None


def moments(ladder: Ladder, counted: Count, opened: datetime) -> tuple[Moment, ...]:
    """Return when each rung is due, those that are not after the beginning left out.

    Rungs past the published calendar are left out too: the next calendar brings them.
    """
    found: list[Moment] = []
    for rung in ladder.rungs:
        found += _of_rung(rung, counted, opened)
    return tuple(moment for moment in found if moment[2] > opened)


def _of_rung(  # noqa: PLR0911 -- One way out for each timing.
    rung: Json, counted: Count, opened: datetime
) -> list[Moment]:
    name, when = str(rung["id"]), rung["when"]
    if "clock_minutes" in when:
        return [(name, 0, opened + DAY * when["clock_minutes"] / 1440)]
    if "minutes_from_start" in when:
        return [(name, 0, counted.start + DAY * when["minutes_from_start"] / 1440)]
    if "minutes_from_due" in when:
        return [(name, 0, counted.due + DAY * when["minutes_from_due"] / 1440)]
    if "share_percent" in when:
        part = Fraction(when["share_percent"], 100)
        if counted.ran is None:
            return []
        try:
            return [(name, 0, share(counted.wall, counted.limit, counted.ran, part))]
        except BeyondCalendar:
            return []
    days = when["working_days_from_due"]
    offsets = [(0, days)]
    if rung.get("repeat"):
        every, times = rung["repeat"]["every_working_days"], rung["repeat"]["times_max"]
        offsets += [(number, days + number * every) for number in range(1, times + 1)]
    placed: list[Moment] = []
    for number, offset in offsets:
        moment = _close(counted, offset)
        if moment is None:
            break
        placed.append((name, number, moment))
    return placed


def _close(counted: Count, working_days: int) -> datetime | None:
    """Return the close of a working day near the due day; the due moment for that day."""
    if working_days == 0:
        return counted.due
    try:
        return counted.wall.close(counted.wall.shift(counted.due.date(), working_days))
    except BeyondCalendar:
        return None


def last_of_month(first: date) -> date:
    """Return the last day of a month, given its first."""
    return (first + DAY * 31).replace(day=1) - DAY
