"""One fact per dossier: everything that figures, lists and pages say of it.

A fact is worked out from the dossier's own histories alone, one per topic, so it is the same
whatever the order in which the topics were read.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Final, Literal

from services.reporting.core.clocks import Span, local_day
from shared.calendar.zone import ONE_DAY, at
from shared.events.transitions import Status

Verdict = Literal["on_time", "late", "none", "open"]
"""How a dossier stands on one clock; `none` is without a deadline, `open` not yet judged."""

LawDay = Literal["before", "last_day", "late", "none", "open"]
"""Column of form II.06a: before its last day, on it (or taken back in time), late."""

Outcome = Literal["met", "missed", "open", "void"]
Holder = Literal["desk", "specialist", "agency", "applicant"]
Answer = Literal["accepted", "refused", "withdrawn", "stopped"]
OnlineLevel = Literal["full", "partial"]
SECONDS_A_MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class Stint:
    """The time for which one unit was competent for a received dossier."""

    unit: str
    start: datetime
    end: datetime | None
    came: Literal["received", "moved"]
    left: Literal["ended", "moved"] | None


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait for the applicant after acceptance, by occurrence."""

    requested: datetime
    received: datetime | None


@dataclass(frozen=True, slots=True)
class Submission:
    """A dossier between its submission and the answer whether it is received.

    `late`: the spans in which the answer was overdue, as workflow judged it.
    """

    unit: str
    start: datetime
    end: datetime | None = None
    answer: Answer | None = None
    late: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Payment:
    """The first payment of a dossier's fee."""

    at: datetime
    how: Literal["online", "counter"] | None


@dataclass(frozen=True, slots=True)
class Hold:
    """Who had the dossier from when to when; `name` is the agency's code."""

    holder: Holder
    start: datetime
    end: datetime | None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What a supervisor answered: a cause and a promised day."""

    at: datetime
    by: str
    rung: str
    cause: str
    promised: date


@dataclass(frozen=True, slots=True)
class Escalation:
    """A rung of the ladder that was reached, and whom it told."""

    at: datetime
    obligation: str
    rung: str
    role: str
    persons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delay:
    """The first that fell due in a dossier during outages of one sort.

    Attributes:
        atom: What it is counted as: its kind, or the kind and the system.
        at: When.
    """

    atom: str
    at: datetime


@dataclass(frozen=True, slots=True)
class KeptObligation:
    """An obligation of a dossier beside its deadline, as workflow published it.

    Attributes:
        kind: Its kind.
        obligation: Its id within the dossier.
        unit: The unit that must meet it.
        opened: When it began.
        due: By when; None where there is no date.
        outcome: How it stands or ended.
        closed: When it ended; None while it is open.
        applicant_until: Until when the applicant may act, if the unit acts after that.
    """

    kind: str
    obligation: str
    unit: str
    opened: datetime
    due: datetime | None
    outcome: Outcome = "open"
    closed: datetime | None = None
    applicant_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The dates of one dossier, as they stand now."""

    due: datetime | None = None
    first_due: datetime | None = None
    limit: datetime | None = None
    index_due: datetime | None = None
    new_date: date | None = None
    given: bool = False
    missing_because: str | None = None
    limit_missed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Inconsistency:
    """What an imported history says that cannot have been so."""

    after_end: bool = False
    end_before_first: bool = False
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """A dossier as reporting knows it. Instants are occurrence times, unless named recorded."""

    code: str
    first_seen: datetime
    last_recorded: datetime | None
    status: Status
    unit: str
    receiving_unit: str
    procedure: str | None = None
    field: str | None = None
    channel: str | None = None
    received: datetime | None = None
    ended: datetime | None = None
    ended_status: Status | None = None
    deadlines: Deadlines = Deadlines()
    law: Verdict = "none"
    law_day: LawDay = "none"
    index: Verdict = "none"
    new_date_kept: bool | None = None
    stints: tuple[Stint, ...] = ()
    late_promise: tuple[Span, ...] = ()
    late_law: tuple[Span, ...] = ()
    late_index: tuple[Span, ...] = ()
    waits: tuple[Wait, ...] = ()
    supplement_requests: int = 0
    pause_marks: tuple[tuple[str, datetime], ...] = ()
    holds: tuple[Hold, ...] = ()
    handler: str | None = None
    apology_at: datetime | None = None
    acknowledgements: tuple[Acknowledgement, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    delays: tuple[Delay, ...] = ()
    obligations: tuple[KeptObligation, ...] = ()
    inconsistency: Inconsistency = Inconsistency()
    backfill: bool = False
    backfill_events: int = 0
    lookup_hash: str | None = None
    submission: Submission | None = None
    payment: Payment | None = None
    online_level: OnlineLevel | None = None

    @property
    def is_open(self) -> bool:
        """Say whether it counts as pending: received and not ended."""
        return self.received is not None and self.ended is None

    @property
    def is_awaited(self) -> bool:
        """Say whether it was submitted and nobody has answered whether it is received."""
        return self.submission is not None and self.submission.end is None

    @property
    def has_deadline(self) -> bool:
        """Say whether it is in the rates at all."""
        return self.law != "none"

    @property
    def waiting_since(self) -> datetime | None:
        """Return since when an open dossier waits for its applicant."""
        if self.is_open and self.waits and self.waits[-1].received is None:
            return self.waits[-1].requested
        return None

    @property
    def overdue_at(self) -> datetime | None:
        """Return after which moment an open dossier is past its promise; None if it cannot be.

        While it waits for the applicant it cannot become overdue; if it already was, it stays.
        """
        return _turns(self.late_promise) if self.is_open else None

    @property
    def late_at(self) -> datetime | None:
        """Return after which moment an open dossier is late by law."""
        return _turns(self.late_law) if self.is_open else None

    @property
    def index_late_at(self) -> datetime | None:
        """Return after which moment an open dossier is late by the index."""
        return _turns(self.late_index) if self.is_open else None


def _turns(spans: tuple[Span, ...]) -> datetime | None:
    return spans[-1].start if spans and spans[-1].end is None else None


@dataclass(frozen=True, slots=True)
class MatterFact:
    """One matter of a centre, as its own events and its obligations tell it.

    Attributes:
        day: The legal day that it belongs to: that of the session, or on which it began.
        spans: The times for which it was open; a connection can be lost more than once.
        detail: What it is about, as a code: a cause, an item, a topic, a procedure, a right.
        lacking: What a self-assessment found not good or left out, each as `item:state`.
        good: Items found good; of a rating 1 if it is a good one.
        assessed: Items assessed or left out; of a rating 1.
        counted_on: The day alone whose minutes are meant, in a list of what fell on days.
    """

    subject: str
    unit: str
    kind: str
    day: date
    spans: tuple[Span, ...]
    outcome: Outcome
    reported_up: bool
    due: datetime | None = None
    detail: str | None = None
    session: str | None = None
    persons: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    good: int = 0
    assessed: int = 0
    counted_on: date | None = None

    def on(self, day: date) -> "MatterFact":
        """Return it with the spans that fell on a day, counted for that day alone."""
        fell = [one for one in self.spans if minutes_by_day(one).get(day)]
        return replace(self, spans=tuple(fell), counted_on=day)

    @property
    def minutes(self) -> int:
        """How many whole minutes it was open, as far as it is over; of `counted_on` if set."""
        found = [minutes_by_day(one) for one in self.spans]
        if self.counted_on is not None:
            return sum(one.get(self.counted_on, 0) for one in found)
        return sum(sum(one.values()) for one in found)


def minutes_by_day(span: Span) -> dict[date, int]:
    """Return the minutes of a span that is over, by the legal days on which they fell.

    Minutes are counted from the span's start, so that the days add up to its whole minutes; a
    minute over midnight is of the day on which it is full. One that lasts has none yet.
    """
    if span.end is None:
        return {}
    found: dict[date, int] = {}
    day, counted = local_day(span.start), 0
    while counted < (whole := _whole_minutes(span.start, span.end)):
        until = min(at(day + ONE_DAY, time()), span.end)
        passed = _whole_minutes(span.start, until)
        if passed > counted:
            found[day] = passed - counted
        day, counted = day + ONE_DAY, passed
        assert counted <= whole, "no day reaches past the end"
    return found


def _whole_minutes(start: datetime, end: datetime) -> int:
    return int((end - start).total_seconds() // SECONDS_A_MINUTE)
