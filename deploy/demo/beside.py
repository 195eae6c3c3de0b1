"""Obligations beside the deadlines of simulated dossiers: escalation levels and figures.

It shares no code with the services.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from deploy.demo.oracle import ExpectedRung, Stretch, due_of, kind_of
from deploy.demo.slow_calendar import CLOSE, HANOI, SlowCalendar, at

Ladders = Mapping[str, Sequence[Mapping[str, Any]]]
Share = Callable[["Due", int, SlowCalendar], datetime]
"""Gives the moment at which so many percent of an obligation's limit are used."""


@dataclass(frozen=True, slots=True)
class Due:
    """One obligation of a simulated dossier.

    Attributes:
        obligation: Its id.
        opened: When it began.
        due: By when.
        ended: When it ended; None while it is open.
        void: Whether it was needed no more when it ended; after its due moment it was late.
        unit: The unit that must meet it, if not the competent one.
    """

    obligation: str
    opened: datetime
    due: datetime
    ended: datetime | None = None
    void: bool = False
    unit: str | None = None

    def late(self, end: datetime) -> bool:
        """Say whether it was met too late, or is late at the end of the simulation."""
        return self.due < (self.ended or end)


def expected_levels(
    subject: str,
    dues: Sequence[Due],
    ladders: Ladders,
    shares: Mapping[str, Share],
    calendar: SlowCalendar,
    end: datetime,
) -> Iterator[ExpectedRung]:
    """Yield the escalation levels that fell due before `end`.

    Args:
        subject: The dossier.
        dues: Its obligations beside the deadline.
        ladders: The levels of each kind, as data.
        shares: Places levels at a share of the limit, by kind.
        calendar: The working days.
        end: Until when the simulation was played.
    """
    for one in dues:
        moments = sorted(
            (_moment(level["when"], one, shares, calendar), str(level["id"]))
            for level in ladders[kind_of(one.obligation)]
        )
        day = one.due.astimezone(HANOI).date()
        stretch = Stretch(one.opened, one.opened, day, one.due, one.ended, "opened")
        yield from due_of(subject, one.obligation, stretch, moments, one.ended, end)


def _moment(
    when: Mapping[str, Any], one: Due, shares: Mapping[str, Share], calendar: SlowCalendar
) -> datetime:
    if "clock_minutes" in when:
        return one.opened + timedelta(minutes=when["clock_minutes"])
    if "share_percent" in when:
        share = shares[kind_of(one.obligation)]
        return share(one, when["share_percent"], calendar)
    if "minutes_from_due" in when:
        return one.due + timedelta(minutes=when["minutes_from_due"])
    if not when["working_days_from_due"]:
        return one.due
    day = one.due.astimezone(HANOI).date()
    return at(calendar.step(day, when["working_days_from_due"]), CLOSE)


def figures_of(kind: str, dues: Sequence[Due], end: datetime) -> dict[str, int]:
    """Return what one dossier gives to the figures of a kind: to each at most once."""
    own = [one for one in dues if kind_of(one.obligation) == kind]
    needed = [one for one in own if not one.void or one.late(end)]
    return {
        f"{kind}_new": int(bool(needed)),
        f"{kind}_missed": int(any(one.late(end) for one in needed)),
        f"{kind}_open": int(any(one.ended is None for one in needed)),
    }
