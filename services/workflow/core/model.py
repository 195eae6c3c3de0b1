"""What workflow keeps of one subject: facts, obligations, and how far each has climbed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from services.workflow.core.incident import Told
from services.workflow.core.late import Recordings, ready_at
from services.workflow.core.past import Past
from shared.events.progress import LATE_WAIT

RungStatus = Literal[
    "planned",  # Its moment has not come, or no sweep has passed it yet.
    "raised",  # It was reached, and somebody was told.
    "skipped",  # It should have been reached and was not; the reason stands beside it.
    "withdrawn",  # It was raised, and an earlier-dated event took the ground from under it.
    "not_applicable",  # Its moment is not after the cycle's beginning, or the law's decision.
    "quiet",  # It is dated before imported history was recorded: nobody is told.
    "moot",  # Its cycle ended before its moment came.
    "grouped",  # It was reached, and hangs on an incident whose message tells of it.
]

UNREACHABLE: Final = "unreachable"
"""Why a role that is filled is a gap all the same."""


@dataclass(slots=True)
class RungState:
    """One rung of one cycle, or one repeat of it.

    Attributes:
        rung: The rung's name in the ladder.
        repeat: 0 for the rung itself, then 1, 2 … for its reminders.
        at: Its moment.
        status: What became of it.
        settled_at: When that was decided.
        why: The reason, where it was not raised in time.
        times: How often it was raised or skipped, so that each time has an id of its own.
        role: Who heard it, or would have.
        incident: The incident that it was gathered under, once it was.
        kept: Whether it was due already when the law moved its cycle's dates: it stays due.
        told_in: The number of the cycle under which people heard of it, where that was replaced
            since: it is taken back by the number that they know. None: its own.
    """

    rung: str
    at: datetime
    repeat: int = 0
    status: RungStatus = "planned"
    settled_at: datetime | None = None
    why: str | None = None
    times: int = 0
    role: str | None = None
    incident: str | None = None
    kept: bool = False
    told_in: int | None = None


@dataclass(slots=True)
class Cycle:
    """One stretch of an obligation under one due moment.

    Attributes:
        number: 1, 2 … in the order in which workflow learnt of them.
        key: The id of the cause that began it.
        opened: The moment of its beginning; rungs not after it do not apply.
        due: Its promise.
        limit: Its statutory end; None where the kind has none.
        ended_at: When it ended; None while it runs.
        ended_why: What ended it.
        known_at: When we learnt of it: lateness before that is not ours.
        rungs: All its rungs, earliest first.
        moved_at: When the law last moved its dates: a rung that is not after that moment
            applies only if it was due before. None while no decision moved them.
    """

    number: int
    key: str
    opened: datetime
    due: datetime | None
    limit: datetime | None
    known_at: datetime
    ended_at: datetime | None = None
    ended_why: str | None = None
    rungs: list[RungState] = field(default_factory=list)
    moved_at: datetime | None = None

    @property
    def replaced(self) -> bool:
        """Whether its stretch lives on in a later cycle, with other moments."""
        return "#" in self.key

    def find(self, rung: str, repeat: int = 0) -> RungState | None:
        """Return the state of a rung, if the cycle has it."""
        return next((r for r in self.rungs if r.rung == rung and r.repeat == repeat), None)


@dataclass(slots=True)
class Promise:
    """An acknowledgement: somebody named a cause and a day."""

    event: str
    cycle: int
    rung: str
    by: str
    cause: str
    promised: date
    made_at: datetime
    expires_at: datetime
    role: str | None = None
    broken_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lapse:
    """How an obligation ends by itself, and how that counts."""

    at: datetime
    why: str
    in_time: bool | None = None


@dataclass(slots=True)
class Obligation:
    """One thing owed, with everything that was decided about it.

    `due`, `limit` and `index_due` are None while they are suspended, or past the calendar's
    horizon; `last_due` is the last promise that was known, `first_due` the first.
    `limit_missed` is the first statutory end that passed unmet. `ledger` is what was counted
    when something was last told of it, row by row as events carry it.
    `relook_at` is when what hangs on an incident is looked at again, whatever happens there.
    """

    id: str
    kind: str
    unit: str
    opened_at: datetime
    cause: str
    due: datetime | None = None
    limit: datetime | None = None
    index_due: datetime | None = None
    first_due: datetime | None = None
    last_due: datetime | None = None
    last_limit: datetime | None = None
    last_index_due: datetime | None = None
    limit_missed: datetime | None = None
    suspended_since: datetime | None = None
    discharged_at: datetime | None = None
    in_time: bool | None = None
    why: str | None = None
    void: bool = False
    by_limit: bool | None = None
    by_index: bool | None = None
    no_deadline: str | None = None
    rule: str | None = None
    quiet_until: datetime | None = None
    relook_at: datetime | None = None
    lapse: Lapse | None = None
    cycles: list[Cycle] = field(default_factory=list)
    promise: Promise | None = None
    persons: dict[str, tuple[str, ...]] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    ledger: Sequence[Mapping[str, Any]] = ()

    @property
    def open(self) -> bool:
        """Whether it is still owed."""
        return self.discharged_at is None

    @property
    def status(self) -> str:
        """One word for where it stands."""
        if self.void:
            return "void"
        if self.discharged_at is not None:
            return "discharged"
        return "suspended" if self.suspended_since is not None else "open"

    @property
    def cycle(self) -> Cycle | None:
        """The cycle that runs now, if one does."""
        return next((c for c in reversed(self.cycles) if c.ended_at is None), None)

    @property
    def heard(self) -> Mapping[str, RungState]:
        """The last rung of the running cycle that each role was told, by role."""
        told: dict[str, RungState] = {}
        rungs = [] if self.cycle is None else self.cycle.rungs
        for rung in sorted(rungs, key=lambda each: (each.at, each.repeat)):
            if rung.status in {"raised", "grouped"} and rung.role is not None:
                told[rung.role] = rung
        return told

    @property
    def cycle_number(self) -> int:
        """The number of the last cycle, for events that concern the whole obligation."""
        return self.cycles[-1].number if self.cycles else 1

    def hanging(self) -> list[RungState]:
        """Return what hangs on incidents now, the earliest rung first."""
        if self.relook_at is None or not self.open or self.cycle is None:
            return []
        return [rung for rung in self.cycle.rungs if rung.status == "grouped"]

    def is_quiet(self, at: datetime) -> bool:
        """Say whether a moment lies before imported history was recorded."""
        return self.quiet_until is not None and at <= self.quiet_until

    @property
    def waiting(self) -> Cycle | None:
        """The cycle of which levels wait, although the obligation has ended by itself."""
        lapse = self.lapse
        if lapse is None or (self.discharged_at, self.why) != (lapse.at, lapse.why):
            return None
        for cycle in self.cycles:
            if cycle.ended_at == lapse.at and any(r.status == "planned" for r in cycle.rungs):
                return cycle
        return None

    def timers(self, recordings: Recordings | None, wait: timedelta) -> Iterator[datetime]:
        """Yield every moment at which time alone will change something."""
        cycle = self.waiting if self.discharged_at is not None else self.cycle
        if self.lapse is not None and self.discharged_at is None:
            yield self.lapse.at
        if cycle is None:
            return
        for rung in cycle.rungs:
            if rung.status == "planned":
                yield ready_at(recordings, rung.at, known_at=cycle.known_at, wait=wait)
            elif rung.status == "grouped" and self.relook_at is not None:
                yield self.relook_at
        if self.discharged_at is not None:
            return
        promise = self.promise
        if promise is not None and promise.broken_at is None and promise.cycle == cycle.number:
            yield ready_at(recordings, promise.expires_at, known_at=cycle.known_at, wait=wait)


@dataclass(frozen=True, slots=True)
class Gap:
    """A role that nobody answers for here: empty, or held by people no message reaches.

    The two are gaps of their own, which open and close without regard to each other: a chair
    that is filled does not say that a message reaches whoever sits in it.
    """

    unit: str
    role: str
    why: str
    since: datetime
    reasons: tuple[str, ...] = ()
    named: str | None = (
        None  # The code of the unit in the gap's name, where it is a former one.
    )

    @property
    def unreached(self) -> bool:
        """Whether somebody holds the role, and no message reaches them."""
        return self.why == UNREACHABLE

    @property
    def id(self) -> str:
        """The gap's name: it is one gap however many dossiers meet it."""
        seat = f"{self.named or self.unit}:{self.role}"
        return f"{seat}:{UNREACHABLE}" if self.unreached else seat


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody did on a page, on its way through intake: nothing has changed yet.

    Attributes:
        event: The id of the event that will say so.
        name: Its name.
        obligation: The obligation that it is about.
        at: When it was done.
    """

    event: str
    name: str
    obligation: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Opening:
    """How the calendar brought a subject about: when, and by which version of the law."""

    at: datetime
    law: int


@dataclass(slots=True)
class Subject:
    """Everything workflow knows of a dossier or a centre's matter.

    Attributes:
        id: The dossier's code, or the matter.
        unit: The unit that owes it now.
        history: Every event applied, in the order of their numbers.
        obligations: By id, in the order in which they were opened.
        law: The version of the law data that the dates were worked out under.
        gaps: Coverage gaps open here, by id.
        incidents: What was told of the incidents of this matter, by id.
        adopted: What a rebuild found already published: key to how it was settled.
        asked: What was done on a page and has not come back from intake, by event id.
        opening: How the calendar brought it about before anything happened; None if it did
            not.
        recordings: When publishers' events were recorded; None before the first.
    """

    id: str
    unit: str
    history: Past = field(default_factory=Past)
    obligations: dict[str, Obligation] = field(default_factory=dict)
    law: int = 0
    gaps: dict[str, Gap] = field(default_factory=dict)
    incidents: dict[str, Told] = field(default_factory=dict)
    adopted: dict[str, str] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)
    opening: Opening | None = None
    recordings: Recordings | None = None

    def next_at(self, wait: timedelta = LATE_WAIT) -> datetime | None:
        """Return the earliest moment at which time alone will change something.

        Args:
            wait: How long what is overdue waits for the rest of a backlog.
        """
        return min(
            (
                at
                for obligation in self.obligations.values()
                for at in obligation.timers(self.recordings, wait)
            ),
            default=None,
        )

    def gap(self, unit: str, role: str, *, unreached: bool = False) -> Gap | None:
        """Return the gap of a role that is open here, whatever code of the unit names it."""
        for gap in self.gaps.values():
            if (gap.unit, gap.role, gap.unreached) == (unit, role, unreached):
                return gap
        return None

    def is_open(self) -> bool:
        """Say whether anything is still owed."""
        return any(obligation.open for obligation in self.obligations.values())
