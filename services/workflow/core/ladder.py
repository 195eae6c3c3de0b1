"""Ladders as data: who hears what, when, relative to the due moment or the beginning."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Final, Literal, get_args

from shared.calendar.days import DeadlineCalendar
from shared.calendar.errors import DateOutsideCalendarError
from shared.calendar.opening import OpeningHours
from shared.calendar.zone import ICT

Role = Literal["handler", "division_head", "director", "chairman", "province"]

UPWARD: Final[tuple[Role, ...]] = get_args(Role)
"""The roles in the order in which a matter of the organisation itself climbs."""

LAST_ROLE: Final[Role] = "province"
"""Where a message goes when nobody before can hear it."""

BREACH: Final = "breach"
"""Not a rung but a moment like one: the statutory limit passes."""

BROKEN: Final = "promise_broken"
"""What the next role hears when an acknowledged promise expires."""

PLANS_KEPT: Final = 4_096
"""How many plans are kept at hand; dossiers of one day and one limit share theirs."""

MOMENTS: Final = frozenset({BREACH, BROKEN})
"""What stands among the rungs and is none: it does not rank, nor silence, nor apply or not."""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the limit, in the limit's own counted units."""

    percent: int


@dataclass(frozen=True, slots=True)
class FromDue:
    """The close of the working day so many days from the due day; 0: the due moment."""

    working_days: int


@dataclass(frozen=True, slots=True)
class MinutesFromStart:
    """A span of the wall clock after the cycle's beginning."""

    minutes: int


@dataclass(frozen=True, slots=True)
class ClockMinutes:
    """Minutes by the clock, day and night, after the event itself that began the obligation.

    Where a limit in hours begins at the next opening, `MinutesFromStart` counts from there.
    """

    minutes: int


@dataclass(frozen=True, slots=True)
class MinutesFromDue:
    """A span of the wall clock after the due moment; for what is counted in hours."""

    minutes: int


Timing = Share | FromDue | MinutesFromStart | ClockMinutes | MinutesFromDue


@dataclass(frozen=True, slots=True)
class Repeat:
    """A reminder of a rung, every so many working days, so many times."""

    every_working_days: int
    times_max: int


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a ladder.

    Attributes:
        id: The word by which events, metrics and texts name it.
        when: Its moment.
        role: Who hears it first; others hear it where nobody fills that role.
        vi: What it says, for a reader of Vietnamese.
        en: The same in English.
        statutory: Whether it stands at a moment that the law names.
        repeat: Whether it is said again while nothing happens.
    """

    id: str
    when: Timing
    role: Role
    vi: str
    en: str
    statutory: bool = False
    repeat: Repeat | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Ladder:
    """The rungs of a kind, in the order in which they are meant to come.

    Two ladders are the same only if they are one: a rung's moments are kept at hand by it.
    """

    rungs: tuple[Rung, ...]

    @property
    def ranks(self) -> Mapping[str, int]:
        """How high each rung stands, by its place."""
        return {rung.id: number for number, rung in enumerate(self.rungs)}

    def rung(self, rung_id: str) -> Rung | None:
        """Return the rung of that name, if the ladder has it."""
        return next((rung for rung in self.rungs if rung.id == rung_id), None)

    def roles_from(self, rung_id: str) -> tuple[Role, ...]:
        """Return the roles that can get a level: its own, those of later levels, the last role.

        The provincial centre ends every chain, also where a later level is another role's. What
        is no level of the policy, such as a broken commitment, can go to any of its roles.
        """
        start = next((n for n, rung in enumerate(self.rungs) if rung.id == rung_id), 0)
        chain = dict.fromkeys(rung.role for rung in self.rungs[start:])
        if next(iter(chain), LAST_ROLE) == LAST_ROLE:
            return (LAST_ROLE,)
        chain.pop(LAST_ROLE, None)
        return (*chain, LAST_ROLE)

    def roles_after(self, rung_id: str, role: str | None) -> tuple[Role, ...]:
        """Return the roles that a level can go on to after one of them; none after the last.

        After a role that the policy does not have, only the last role is left.
        """
        chain = self.roles_from(rung_id)
        return chain[chain.index(role) + 1 :] if role in chain else (LAST_ROLE,)


@dataclass(frozen=True, slots=True)
class PlannedRung:
    """The moment of one rung, or of one of its repeats (1, 2 …), in one cycle."""

    rung: str
    at: datetime
    repeat: int = 0


def plan(
    ladder: Ladder,
    *,
    start: datetime,
    began: datetime,
    due: datetime,
    share: Callable[[Fraction], datetime | None],
    calendar: DeadlineCalendar,
    opening: OpeningHours,
) -> tuple[PlannedRung, ...]:
    """Work out the moments of all rungs of a cycle, earliest first.

    Rungs past the published calendar are left out: the next calendar will bring them.

    Args:
        ladder: The rungs.
        start: From when the cycle is counted.
        began: When the event happened that began the obligation.
        due: The due moment.
        share: Gives the moment at which a part of the limit is used.
        calendar: The working days.
        opening: The opening hours.
    """
    own = tuple(_own_moment(rung.when, start, began, share) for rung in ladder.rungs)
    return _planned(ladder, own, due, calendar, opening)


@lru_cache(maxsize=PLANS_KEPT)
def _planned(
    ladder: Ladder,
    own: tuple[datetime | None, ...],
    due: datetime,
    calendar: DeadlineCalendar,
    opening: OpeningHours,
) -> tuple[PlannedRung, ...]:
    """Return the rungs at their own moments and those around the due moment, in order."""
    ranks = ladder.ranks
    found = [
        PlannedRung(rung.id, at)
        for rung, at in zip(ladder.rungs, own, strict=True)
        if at is not None
    ]
    for rung in ladder.rungs:
        if isinstance(rung.when, MinutesFromDue):
            found.append(PlannedRung(rung.id, due + timedelta(minutes=rung.when.minutes)))
        elif isinstance(rung.when, FromDue):
            found.extend(_from_due(rung, rung.when.working_days, due, calendar, opening))
    # Of two rungs at one moment the later of the ladder ranks higher.
    return tuple(sorted(found, key=lambda p: (p.at, ranks[p.rung], p.repeat)))


def _own_moment(
    when: Timing,
    start: datetime,
    began: datetime,
    share: Callable[[Fraction], datetime | None],
) -> datetime | None:
    """Return the moment of a rung that depends on how its cycle began."""
    if isinstance(when, Share):
        return share(_part(when.percent))
    if isinstance(when, MinutesFromStart):
        return start + timedelta(minutes=when.minutes)
    if isinstance(when, ClockMinutes):
        return began + timedelta(minutes=when.minutes)
    return None


@lru_cache
def _part(percent: int) -> Fraction:
    return Fraction(percent, 100)


def _from_due(
    rung: Rung, days: int, due: datetime, calendar: DeadlineCalendar, opening: OpeningHours
) -> Iterator[PlannedRung]:
    due_day = due.astimezone(ICT).date()

    def close(working_days: int) -> datetime | None:
        if working_days == 0:
            return due
        try:
            return opening.close_of(calendar.shift(due_day, working_days))
        except DateOutsideCalendarError:
            return None

    first = close(days)
    if first is None:
        return
    yield PlannedRung(rung.id, first)
    if rung.repeat is None:
        return
    for number in range(1, rung.repeat.times_max + 1):
        again = close(days + number * rung.repeat.every_working_days)
        if again is None:
            return
        yield PlannedRung(rung.id, again, number)
