"""The simulated province: how many dossiers each centre gets, how late it is, who is on duty.

Volumes and lateness are drawn as measured in a comparable province by the national portal
(Phú Thọ, August 2026): a commune's month is log-normal with median 850 and
σ = 0.64, its overdue share has median 12.6 % and a p90 to p10 ratio of 3.4.
"""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from deploy.demo.heads import Deed, deeds_of_heads
from deploy.demo.story import ELSEWHERE_SHARE, Procedure, Story, Teller
from shared.calendar.days import DeadlineCalendar
from shared.calendar.zone import ICT

MONTH_MEDIAN: Final = 850
MONTH_SIGMA: Final = 0.64
MONTH_LEAST: Final = 181
MONTH_MOST: Final = 2_971
LATE_MEDIAN: Final = 0.126
LATE_SIGMA: Final = math.log(23.2 / 6.9) / 2.563
LATE_LEAST: Final = 0.019
LATE_MOST: Final = 0.333
WORKING_DAYS_A_MONTH: Final = 21
MONDAY_FACTOR: Final = 1.5
OTHER_DAY_FACTOR: Final = (5 - MONDAY_FACTOR) / 4
"""Mondays are busier and the other days quieter by as much: the month stays as measured."""

DUTY_GAP_SHARE: Final = 0.015

SYSTEMS: Final = ("population-db", "civil-status-db", "business-db", "land-db")
NATIONAL: Final = SYSTEMS[0]
NATIONAL_DAY: Final = 2
"""On which working day the national database is down for every commune."""

NATIONAL_FROM: Final = time(15, 0)
NATIONAL_HOURS: Final = 18
OUTAGE_HOURS: Final = (1, 2, 4, 18)
"""How long a single commune's link is lost."""


@dataclass(frozen=True, slots=True)
class CheckIn:
    """A civil servant takes up duty in one session of one centre."""

    at: datetime
    unit: str
    day: date
    session: str
    person: str


@dataclass(frozen=True, slots=True)
class Outage:
    """A commune's link to a system is lost, and comes back."""

    unit: str
    system: str
    lost: datetime
    back: datetime

    @property
    def matter(self) -> str:
        """The subject of both events."""
        return f"{self.unit}/connection/{self.system}"


@dataclass(frozen=True, slots=True)
class Turn:
    """One of the two events of an outage."""

    at: datetime
    name: str
    outage: Outage


@dataclass(frozen=True, slots=True)
class Centre:
    """One commune's centre as the simulation sees it."""

    unit: str
    month: float
    late: float


@dataclass(frozen=True, slots=True)
class Span:
    """Which days to tell, both ends included, by which seed, at moments how far apart.

    `outages` is how many communes lose a link, beside the day on which all of them do; 0: no
    link is ever lost.
    """

    first: date
    last: date
    seed: int
    slot_minutes: int = 15
    outages: int = 0


@dataclass(frozen=True, slots=True)
class Month:
    """Everything that is going to happen."""

    first: date
    last: date
    stories: tuple[Story, ...]
    check_ins: tuple[CheckIn, ...]
    outages: tuple[Outage, ...] = ()
    deeds: tuple[Deed, ...] = ()

    @property
    def turns(self) -> list[Turn]:
        """Both events of every outage."""
        lost = [Turn(one.lost, "connection.lost", one) for one in self.outages]
        return lost + [Turn(one.back, "connection.restored", one) for one in self.outages]

    @property
    def at_centres(self) -> list[CheckIn | Turn | Deed]:
        """What happens beside the dossiers, in the order of time."""
        return sorted((*self.check_ins, *self.turns, *self.deeds), key=lambda one: one.at)

    @property
    def events_at_centres(self) -> Iterator[tuple[str, str, datetime]]:
        """Yield subject, name and moment of each of these events."""
        for one in self.check_ins:
            yield f"{one.unit}/duty/{one.day}/{one.session}", "duty.checked_in", one.at
        for turn in self.turns:
            yield turn.outage.matter, turn.name, turn.at
        for deed in self.deeds:
            yield deed.subject, deed.name, deed.at


def centres(units: Sequence[str], *, seed: int, scale: float) -> list[Centre]:
    """Draw each centre's volume and lateness."""
    chance = random.Random(f"centres/{seed}")  # noqa: S311 - a simulation, not a secret.
    drawn = []
    for unit in units:
        month = chance.lognormvariate(math.log(MONTH_MEDIAN), MONTH_SIGMA)
        late = chance.lognormvariate(math.log(LATE_MEDIAN), LATE_SIGMA)
        drawn.append(
            Centre(
                unit,
                min(max(month, MONTH_LEAST), MONTH_MOST) * scale,
                min(max(late, LATE_LEAST), LATE_MOST),
            )
        )
    return drawn


def simulate(
    places: Sequence[Centre],
    procedures: Sequence[Procedure],
    handlers: Mapping[str, str],
    calendar: DeadlineCalendar,
    span: Span,
) -> Month:
    """Tell everything that happens in a span of days.

    `handlers` names who is on duty in each unit that owes it, the provincial centre included.
    Dossiers arrive on working days only; what they set going may end after it.
    """
    chance = random.Random(f"month/{span.seed}")  # noqa: S311 - a simulation, not a secret.
    teller = Teller(calendar, chance, span.slot_minutes)
    stories: list[Story] = []
    check_ins: list[CheckIn] = []
    day = span.first
    while day <= span.last:
        if calendar.is_working(day):
            factor = MONDAY_FACTOR if day.weekday() == 0 else OTHER_DAY_FACTOR
            for place in places:
                for _ in range(_poisson(chance, place.month / WORKING_DAYS_A_MONTH * factor)):
                    elsewhere = chance.random() < ELSEWHERE_SHARE
                    receiving = chance.choice(places).unit if elsewhere else place.unit
                    stories.append(
                        teller.tell(
                            number=len(stories) + 1,
                            day=day,
                            receiving=receiving,
                            competent=place.unit,
                            procedure=_pick(chance, procedures),
                            late=chance.random() < place.late,
                            handler=handlers[place.unit],
                        )
                    )
            for unit, person in handlers.items():
                check_ins.extend(_duty(chance, unit, person, day))
        day += timedelta(days=1)
    outages = _outages([place.unit for place in places], calendar, span)
    deeds = deeds_of_heads(sorted(handlers), calendar, span.first, span.last, span.seed)
    return Month(
        span.first,
        span.last,
        tuple(stories),
        tuple(check_ins),
        tuple(outages),
        tuple(deeds),
    )


def _outages(units: Sequence[str], calendar: DeadlineCalendar, span: Span) -> list[Outage]:
    """Return the day on which every commune loses one system, and losses of single ones."""
    if not span.outages:
        return []
    chance = random.Random(f"outages/{span.seed}")  # noqa: S311 - a simulation, not a secret.
    every = [span.first + timedelta(days=n) for n in range((span.last - span.first).days + 1)]
    days = [day for day in every if calendar.is_working(day)]
    if len(days) < NATIONAL_DAY:
        return []
    lost = _before(days[NATIONAL_DAY - 1], NATIONAL_FROM)
    back = lost + timedelta(hours=NATIONAL_HOURS)
    found = [Outage(unit, NATIONAL, lost, back) for unit in units]
    # Each in a commune of its own, once all of them have the national one again.
    later = days[NATIONAL_DAY + 1 :]
    for unit in chance.sample(units, span.outages if later else 0):
        lost = _before(chance.choice(later), time(chance.choice((8, 9, 10, 14, 15, 16))))
        back = lost + timedelta(hours=chance.choice(OUTAGE_HOURS))
        found.append(Outage(unit, chance.choice(SYSTEMS), lost, back))
    return found


def _before(day: date, moment: time) -> datetime:
    """Return the instant a second before, so that nothing ties with a limit."""
    return datetime.combine(day, moment, tzinfo=ICT) - timedelta(seconds=1)


def _pick(chance: random.Random, procedures: Sequence[Procedure]) -> Procedure:
    return chance.choices(procedures, [one.weight for one in procedures])[0]


def _duty(chance: random.Random, unit: str, person: str, day: date) -> list[CheckIn]:
    """Return who checks in for the morning and the afternoon; a few sessions stay empty."""
    sessions = (("am", time(7, 30)), ("pm", time(13, 30)))
    return [
        CheckIn(
            _before(day, begins),
            unit,
            day,
            session,
            person,
        )
        for session, begins in sessions
        if chance.random() >= DUTY_GAP_SHARE
    ]


def _poisson(chance: random.Random, mean: float) -> int:
    """Draw a count; Knuth's way, since means here are small."""
    limit, product, count = math.exp(-min(mean, 500.0)), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count
