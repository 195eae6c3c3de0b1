"""The figures of a scope and a period, from sums of atoms.

Each figure is declared once, with the atoms that it sums. Its list is found by the same atoms.
A set of figures whose parts do not add up is not handed out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal

from services.reporting.core.clocks import FAR, local_day
from services.reporting.core.counts import OpenEntry
from services.reporting.core.dossier_obligations import KINDS as OBLIGATION_KINDS
from services.reporting.core.outages import DELAYED, system_of
from services.reporting.core.pauses import ANY_MARK, PAUSE_MARKS

Atoms = Mapping[str, int]


class NotReconciledError(Exception):
    """The parts of a set of figures do not add up, so none of them may be shown as true."""


@dataclass(frozen=True, slots=True)
class Flow:
    """How many of an atom fell into the period.

    An atom may count more than one per fact, as minutes do; `rows` is then the atom that each
    fact behind it gives once.
    """

    name: str
    atom: str
    rows: str | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """How many there are at the period's end: what came in until then less what went out."""

    name: str
    plus: tuple[str, ...]
    minus: tuple[str, ...]

    def at(self, until: Atoms) -> int:
        """Return the level after the atoms of every day until then."""
        came = sum(until.get(atom, 0) for atom in self.plus)
        return came - sum(until.get(atom, 0) for atom in self.minus)

    def holds(self, until: Atoms) -> bool:
        """Say whether one fact is among them, by its own atoms until then."""
        return self.at(until) > 0


FLOWS: Final = {
    flow.name: flow
    for flow in (
        Flow("received", "received"),
        Flow("received_online", "received_online"),
        Flow("received_offline", "received_offline"),
        Flow("moved_in", "moved_in"),
        Flow("moved_out", "moved_out"),
        Flow("ended", "ended"),
        Flow("ended_on_time", "ended_on_time"),
        Flow("ended_late", "ended_late"),
        Flow("ended_without_deadline", "ended_without_deadline"),
        Flow("ended_before_last_day", "ended_before_last_day"),
        Flow("ended_on_last_day", "ended_on_last_day"),
        Flow("ended_on_day", "ended_on_day"),
        Flow("ended_on_time_index", "ended_on_time_index"),
        Flow("ended_late_index", "ended_late_index"),
        Flow("ended_without_result", "ended_without_result"),
        Flow("new_date_kept", "new_date_kept"),
        Flow("new_date_broken", "new_date_broken"),
        Flow(ANY_MARK, ANY_MARK),
        *(Flow(mark, mark) for mark in PAUSE_MARKS),
        *(Flow(name, name) for name in DELAYED.values()),
        *(
            Flow(name, name)
            for kind in OBLIGATION_KINDS
            for name in (f"{kind}_new", f"{kind}_missed")
        ),
        Flow("unreceived", "unreceived"),
        Flow("imported", "imported"),
        Flow("imported_events", "imported_events", rows="imported"),
        Flow("events_after_end", "events_after_end"),
        Flow("end_before_first", "end_before_first"),
        Flow("duty_expected", "duty_expected"),
        Flow("duty_met", "duty_met"),
        Flow("duty_missed", "duty_missed"),
        Flow("duty_reported_up", "duty_reported_up"),
    )
}


def flow_of(figure: str) -> Flow | None:
    """Return what falls into a period; a system's own delays have no row of the table."""
    if system_of(figure) is not None:
        return Flow(figure, figure)
    return FLOWS.get(figure)


PENDING: Final = Level("pending", ("received", "moved_in"), ("ended", "moved_out"))
LEVELS: Final = {
    level.name: level
    for level in (
        PENDING,
        Level("overdue", ("overdue_in",), ("overdue_out",)),
        Level("late_open", ("late_law_in",), ("late_law_out",)),
        Level("late_open_index", ("late_index_in",), ("late_index_out",)),
        Level(
            "in_time_open",
            ("received", "moved_in", "late_law_out"),
            ("ended", "moved_out", "late_law_in"),
        ),
        Level(
            "in_time_open_index",
            ("received", "moved_in", "undated_out", "late_index_out"),
            ("ended", "moved_out", "undated_in", "late_index_in"),
        ),
        Level("waiting", ("waiting_in",), ("waiting_out",)),
        Level("pending_without_deadline", ("undated_in",), ("undated_out",)),
    )
}
OBLIGATION_LEVELS: Final = {
    level.name: level
    for level in (
        Level(f"{kind}_open", (f"{kind}_in",), (f"{kind}_out",)) for kind in OBLIGATION_KINDS
    )
}
"""Dossiers in which an obligation beside the deadline was open at the end of a period."""

UNIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "came": ("ended", "pending", "moved_out"),
    "handled": ("ended", "pending"),
    "ended_dated": ("ended_on_time", "ended_late"),
    "in_time_index": ("ended_on_time_index", "in_time_open_index"),
    "dated_index": (
        "ended_on_time_index",
        "ended_late_index",
        "in_time_open_index",
        "late_open_index",
    ),
    "without_deadline": ("ended_without_deadline", "pending_without_deadline"),
}
"""Figures that are sums of others, as the denominators of rates; their list is theirs in turn.

What came is what went and what is left: that is what `check` insists on.
"""

Standing = Literal[
    "overdue_over_5",
    "overdue_1_5",
    "due_today",
    "left_1_2",
    "left_3_5",
    "left_over_5",
    "waiting_undue",
    "undated",
]
"""How an open dossier stands today, in working days; each is in exactly one."""

STANDINGS: Final[tuple[Standing, ...]] = (
    "overdue_over_5",
    "overdue_1_5",
    "due_today",
    "left_1_2",
    "left_3_5",
    "left_over_5",
    "waiting_undue",
    "undated",
)


@dataclass(frozen=True, slots=True)
class Ratio:
    """A rate with what it is made of; no rate where nothing was counted."""

    num: int
    den: int

    def __post_init__(self) -> None:
        """Refuse what is no rate."""
        if not 0 <= self.num <= self.den:
            raise NotReconciledError(f"{self.num} of {self.den} is no rate")

    @property
    def share(self) -> float | None:
        """The rate as a share of 1."""
        return self.num / self.den if self.den else None


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both included; None is without a bound."""

    first: date | None
    last: date | None

    def starts_after(self, day: date) -> bool:
        """Say whether a day lies before the period."""
        return self.first is not None and day < self.first

    def ends_before(self, day: date) -> bool:
        """Say whether a day lies after the period."""
        return self.last is not None and day > self.last

    def has(self, day: date) -> bool:
        """Say whether a day lies in the period."""
        return not self.starts_after(day) and not self.ends_before(day)

    def is_current(self, now: datetime) -> bool:
        """Say whether the period is not over, so that its end is now."""
        return self.last is None or self.last >= local_day(now)


@dataclass(frozen=True, slots=True)
class Sums:
    """Atoms summed over the days before, in and until the end of a period."""

    before: dict[str, int]
    within: dict[str, int]

    def until(self, atom: str) -> int:
        """Return the atoms of every day until the period's end."""
        return self.before.get(atom, 0) + self.within.get(atom, 0)

    def through(self) -> dict[str, int]:
        """Return every atom until the period's end."""
        return {atom: self.until(atom) for atom in {*self.before, *self.within}}


@dataclass(frozen=True, slots=True)
class OpenCounts:
    """What can be said of the open dossiers at a moment."""

    pending: int = 0
    overdue: int = 0
    late_open: int = 0
    late_open_index: int = 0
    in_time_open: int = 0
    in_time_open_index: int = 0
    waiting: int = 0
    pending_without_deadline: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one scope and period. `flows` and `open` hold the parts by name."""

    flows: Atoms
    carried: int
    open: OpenCounts
    standing: Mapping[Standing, int] = field(default_factory=dict)

    @property
    def received(self) -> int:
        """Accepted for the first time within the period."""
        return self.flows["received"]

    @property
    def ended(self) -> int:
        """Ended within the period."""
        return self.flows["ended"]

    @property
    def pending(self) -> int:
        """Received and not ended at the period's end."""
        return self.open.pending

    @property
    def on_time_law(self) -> Ratio:
        """Ended at or before the limit ÷ ended with a limit."""
        den = self.ended - self.flows["ended_without_deadline"]
        return Ratio(self.flows["ended_on_time"], den)

    @property
    def on_time_index(self) -> Ratio:
        """Ended in time or still within the limit ÷ ended and open, dated ones (F766)."""
        within = self.open.pending - self.open.pending_without_deadline
        num = self.flows["ended_on_time_index"] + self.open.in_time_open_index
        den = self.ended - self.flows["ended_without_deadline"] + within
        return Ratio(num, den)

    @property
    def without_deadline(self) -> int:
        """Ended and open dossiers that are in neither rate."""
        return self.flows["ended_without_deadline"] + self.open.pending_without_deadline

    @property
    def at_risk(self) -> int:
        """Due today, not yet past the hour, or within two working days."""
        return self.standing.get("due_today", 0) + self.standing.get("left_1_2", 0)

    @property
    def duty(self) -> Ratio:
        """Sessions with somebody on duty ÷ sessions that are over."""
        return Ratio(self.flows["duty_met"], self.flows["duty_expected"])


def stand_at(entries: Iterable[tuple[OpenEntry, int]], moment: datetime) -> OpenCounts:
    """Count open dossiers as they stand at a moment; exactly at a deadline is in time."""
    pending = overdue = late = late_index = waiting = undated = 0
    for entry, number in entries:
        pending += number
        overdue += number * ((entry.overdue_at or FAR) < moment)
        late += number * ((entry.late_at or FAR) < moment)
        late_index += number * (entry.dated and (entry.index_late_at or FAR) < moment)
        waiting += number * entry.waiting
        undated += number * (not entry.dated)
    return OpenCounts(
        pending=pending,
        overdue=overdue,
        late_open=late,
        late_open_index=late_index,
        in_time_open=pending - late,
        in_time_open_index=pending - undated - late_index,
        waiting=waiting,
        pending_without_deadline=undated,
    )


def levels_at_end(until: Atoms) -> OpenCounts:
    """Count what was open at the end of a day that is over, from the atoms until then."""
    return OpenCounts(**{name: level.at(until) for name, level in LEVELS.items()})


def figures(
    sums: Sums,
    entries: Iterable[tuple[OpenEntry, int]] | None,
    now: datetime,
    standing: Mapping[Standing, int] | None = None,
) -> Figures:
    """Put the figures of one scope together and check that they reconcile.

    Args:
        sums: The atoms of the scope.
        entries: The scope's open dossiers with how many stand so, where the period reaches to
            now; None for a period that is over.
        now: The moment at which open dossiers are judged.
        standing: The open dossiers by band, where the page shows them.

    Raises:
        NotReconciledError: received + carried + moved in ≠ ended + pending + moved out, or a
            part is larger than its whole.
    """
    flows = {name: sums.within.get(flow.atom, 0) for name, flow in FLOWS.items()}
    standing_open = levels_at_end(sums.through()) if entries is None else stand_at(entries, now)
    found = Figures(flows, PENDING.at(sums.before), standing_open, standing or {})
    check(found)
    return found


def check(found: Figures) -> None:
    """Check that a set of figures reconciles.

    Raises:
        NotReconciledError: Its parts do not add up.
    """
    flows, still = found.flows, found.open
    came = found.received + found.carried + flows["moved_in"]
    went = found.ended + found.pending + flows["moved_out"]
    if came != went:
        raise NotReconciledError(
            f"received {found.received} + carried {found.carried} + moved in "
            f"{flows['moved_in']} = {came}, but ended {found.ended} + pending "
            f"{found.pending} + moved out {flows['moved_out']} = {went}"
        )
    judged = (
        flows["ended_on_time"] + flows["ended_late"] + flows["ended_without_deadline"],
        flows["ended_on_time_index"]
        + flows["ended_late_index"]
        + flows["ended_without_deadline"],
    )
    if any(one != found.ended for one in judged):
        raise NotReconciledError(f"{found.ended} ended, but judged were {judged}")
    parts = (still.overdue, still.late_open, still.waiting, still.pending_without_deadline)
    if any(not 0 <= part <= still.pending for part in parts):
        raise NotReconciledError(f"{still.pending} pending, but its parts are {parts}")
    if found.standing and sum(found.standing.values()) != still.pending:
        raise NotReconciledError(f"{still.pending} pending, but in bands {found.standing}")
    # Both rates check themselves when they are made.
    _ = (found.on_time_law, found.on_time_index)
