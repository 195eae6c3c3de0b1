"""The ladder, by level: which rung should an obligation be on now, from state alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from services.workflow.core.adopt import take_over
from services.workflow.core.cycles import applies
from services.workflow.core.emissions import Emitter
from services.workflow.core.gathering import RELEASED, RELOOK, gathers, is_free
from services.workflow.core.incident import Incidents
from services.workflow.core.ladder import BREACH, BROKEN, MOMENTS, Ladder
from services.workflow.core.late import ready_at, with_late
from services.workflow.core.model import Cycle, Lapse, Obligation, RungState, Subject
from services.workflow.core.roles import (
    close_gaps,
    find_hearers,
    note_gaps,
    unreached_persons,
)
from shared.events.progress import LATE_WAIT
from shared.reference.view import Reference

OUTAGE_HOURS_MIN: Final = 1
"""A rung that is later than this says so; less is the ordinary pace of sweeps."""

_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Sweep:
    """One look at what time alone has brought about.

    Attributes:
        now: The time by which the law runs.
        upto: Everything that happened before this moment is known; nothing later is swept.
        reference: Who holds which role.
        ladder_of: The ladder of an obligation, by its kind and field.
        incomplete_since: The moment since which data may be missing, if some may be.
        incidents: The common causes that gather what falls due while they last.
        late: When the last late event of each publisher was recorded.
        late_wait: How long what is overdue waits for the rest of a backlog.
    """

    now: datetime
    upto: datetime
    reference: Reference
    ladder_of: Callable[[Obligation], Ladder]
    incomplete_since: datetime | None = None
    incidents: Incidents = field(default_factory=Incidents)
    late: Mapping[str, datetime] = field(default_factory=dict)
    late_wait: timedelta = LATE_WAIT


def climb(subject: Subject, sweep: Sweep, emit: Emitter) -> bool:
    """Bring every obligation to where it should be; say whether anything changed."""
    before = subject.next_at(sweep.late_wait)
    due = before is not None and before < sweep.upto
    if not due and not _is_released(subject, sweep):
        return False
    if subject.recordings is not None:
        # What has to wait on is written too, with its next moment: it is not asked for before.
        late = sweep.late.get(subject.recordings.publisher)
        subject.recordings = with_late(subject.recordings, late)
    for obligation in list(subject.obligations.values()):
        if obligation.open:
            _climb(subject, obligation, sweep, emit)
        elif (cycle := obligation.waiting) is not None:
            _breach(subject, obligation, cycle, sweep, emit)
            _raise_highest(subject, obligation, cycle, sweep, emit)
    close_gaps(subject, sweep.reference, sweep.now, emit)
    return True


def lapse(subject: Subject, ended: Sequence[Obligation], sweep: Sweep, emit: Emitter) -> None:
    """Bring those obligations to where they should be that have ended by themselves.

    What is said of it follows from time alone, not from the fact before which it is looked at.
    """
    by_time = Emitter(subject, cause=cause_of_sweep(subject), backfill=emit.backfill)
    for obligation in ended:
        _climb(subject, obligation, sweep, by_time)
    emit.emissions.extend(by_time.emissions)


def lapsing(subject: Subject, upto: datetime) -> list[Obligation]:
    """Return the obligations still open that end by themselves before a moment."""
    return [
        obligation
        for obligation in subject.obligations.values()
        if obligation.lapse and obligation.lapse.at < upto and obligation.open
    ]


def cause_of_sweep(subject: Subject) -> str:
    """Name the cause of what time alone brings about."""
    return f"sweep:{subject.id}"


def _climb(subject: Subject, obligation: Obligation, sweep: Sweep, emit: Emitter) -> None:
    cycle = obligation.cycle
    if cycle is not None:
        _breach(subject, obligation, cycle, sweep, emit)
        _raise_highest(subject, obligation, cycle, sweep, emit)
        _relook(subject, obligation, cycle, sweep, emit)
        _break_promise(subject, obligation, cycle, sweep, emit)
    if obligation.lapse is not None and obligation.lapse.at < sweep.upto:
        _lapse(obligation, obligation.lapse, sweep, emit)


def _is_due(obligation: Obligation, rung: RungState, sweep: Sweep) -> bool:
    """Say whether a rung's moment has passed unsettled; a lapse is the last that counts."""
    ends = obligation.lapse
    passed = rung.at < sweep.upto and (ends is None or rung.at <= ends.at)
    return passed and rung.status == "planned"


def _waits(subject: Subject, cycle: Cycle, at: datetime, sweep: Sweep) -> bool:
    """Say whether what fell due at a moment waits for the rest of a backlog."""
    return _ready(subject, cycle, at, sweep) >= sweep.upto


def _ready(subject: Subject, cycle: Cycle, at: datetime, sweep: Sweep) -> datetime:
    """Return when what fell due at a moment has waited long enough."""
    wait = sweep.late_wait
    return ready_at(subject.recordings, at, known_at=cycle.known_at, wait=wait)


def _breach(
    subject: Subject, obligation: Obligation, cycle: Cycle, sweep: Sweep, emit: Emitter
) -> None:
    breach = cycle.find(BREACH)
    if breach is None or not _is_due(obligation, breach, sweep):
        return
    if _waits(subject, cycle, breach.at, sweep):
        return
    breach.settled_at = sweep.now
    if obligation.is_quiet(breach.at):
        breach.status = "quiet"
        return
    breach.status = "raised"
    emit.breached(obligation, cycle, breach)


def _raise_highest(
    subject: Subject, obligation: Obligation, cycle: Cycle, sweep: Sweep, emit: Emitter
) -> None:
    """Raise the highest rung that is due and record the lower ones that were not raised.

    Those that wait for the rest of a backlog are left, unless a higher one does not wait.
    """
    due = [
        rung
        for rung in cycle.rungs
        if rung.rung not in MOMENTS and _is_due(obligation, rung, sweep)
    ]
    while due and _waits(subject, cycle, due[-1].at, sweep):
        due.pop()
    audible = [rung for rung in due if not _passed_over(obligation, cycle, rung, sweep, emit)]
    if not audible:
        return
    for rung in audible[:-1]:
        rung.settled_at, rung.why = sweep.now, "overtaken"
        if rung.repeat:
            rung.status = "moot"
        else:
            rung.status = "skipped"
            emit.skipped(obligation, cycle, rung, why="overtaken", now=sweep.now)
    _raise(subject, obligation, cycle, audible[-1], sweep, emit)


def _passed_over(
    obligation: Obligation, cycle: Cycle, rung: RungState, sweep: Sweep, emit: Emitter
) -> bool:
    """Settle a rung that is due and is not to be raised; say whether it was one."""
    if not applies(cycle, rung):
        rung.status, rung.settled_at = "not_applicable", sweep.now
    elif obligation.is_quiet(rung.at):
        rung.status, rung.settled_at = "quiet", sweep.now
    elif rung.repeat and _silenced(obligation, cycle, rung):
        rung.status, rung.settled_at, rung.why = "skipped", sweep.now, "acknowledged"
        emit.skipped(obligation, cycle, rung, why="acknowledged", now=sweep.now)
    else:
        return False
    return True


def _silenced(obligation: Obligation, cycle: Cycle, rung: RungState) -> bool:
    """Say whether a promise silences this reminder; it never silences another rung."""
    promise = obligation.promise
    return (
        promise is not None
        and promise.cycle == cycle.number
        and promise.rung == rung.rung
        and rung.at <= promise.expires_at
    )


def _raise(
    subject: Subject,
    obligation: Obligation,
    cycle: Cycle,
    rung: RungState,
    sweep: Sweep,
    emit: Emitter,
) -> None:
    ladder = sweep.ladder_of(obligation)
    step = ladder.rung(rung.rung)
    chain = ladder.roles_from(rung.rung)
    # One that is raised again passes over whom it did not reach before.
    unreached = unreached_persons(subject, obligation, cycle, rung) if rung.times else ()
    hearers = find_hearers(obligation, chain, sweep.reference, sweep.now, unreached)
    incident = gathers(
        sweep.incidents,
        subject,
        obligation,
        role=hearers.role,
        at=rung.at,
        reference=sweep.reference,
    )
    # What an incident held back is not late by any outage of ours.
    late_hours = 0 if rung.incident is not None else _late_hours(cycle, rung, sweep)
    rung.status, rung.settled_at, rung.role = "raised", sweep.now, hearers.role
    rung.told_in = None
    if incident is not None:
        rung.status, rung.incident = "grouped", incident
        obligation.relook_at = sweep.now + RELOOK
    emit.reached(
        obligation,
        cycle,
        rung,
        now=sweep.now,
        role=hearers.role,
        persons=hearers.persons,
        statutory=step is not None and step.statutory,
        vacant=tuple(hearers.passed_over),
        late_hours=late_hours,
        incomplete_since=sweep.incomplete_since,
        incident=incident,
    )
    if obligation.lapse is None or obligation.lapse.at >= sweep.upto:
        # Of what ends with this very look nobody has to be found any more.
        note_gaps(subject, obligation, hearers.passed_over, sweep.now, emit)


def _is_released(subject: Subject, sweep: Sweep) -> bool:
    """Say whether something hangs here on an incident that gathers no more."""
    return any(
        is_free(sweep.incidents, subject, obligation, rung.incident)
        for obligation in subject.obligations.values()
        for rung in obligation.hanging()
    )


def _relook(
    subject: Subject, obligation: Obligation, cycle: Cycle, sweep: Sweep, emit: Emitter
) -> None:
    """Say once what is still due of that which hung on an incident that is over."""
    hanging = obligation.hanging()
    released = [
        rung for rung in hanging if is_free(sweep.incidents, subject, obligation, rung.incident)
    ]
    for rung in hanging:
        if rung.why == RELEASED and rung not in released:
            rung.why = None  # The incident is there again.
    if not released:
        if obligation.relook_at is not None and obligation.relook_at < sweep.upto:
            obligation.relook_at = sweep.now + RELOOK if hanging else None
        return
    if _waits(subject, cycle, released[-1].at, sweep):
        for rung in released:
            rung.why = RELEASED
        obligation.relook_at = _ready(subject, cycle, released[-1].at, sweep)
        return
    _raise_released(subject, obligation, cycle, released, sweep, emit)
    if not obligation.hanging():
        obligation.relook_at = None


def _raise_released(
    subject: Subject,
    obligation: Obligation,
    cycle: Cycle,
    released: Sequence[RungState],
    sweep: Sweep,
    emit: Emitter,
) -> None:
    """Raise the highest of what an incident has released, unless a higher rung was raised."""
    highest = released[-1]
    for rung in released:
        rung.settled_at = sweep.now
        if rung is not highest or _stands_higher(cycle, highest):
            why = "overtaken"
        elif _silenced(obligation, cycle, highest):
            why = "acknowledged"
        else:
            rung.times, rung.why = rung.times + 1, None
            _raise(subject, obligation, cycle, rung, sweep, emit)
            continue
        rung.status, rung.why = "skipped", why
        emit.skipped(obligation, cycle, rung, why=why, now=sweep.now)


def _stands_higher(cycle: Cycle, below: RungState) -> bool:
    """Say whether a rung above was told, or hangs on another incident."""
    above = cycle.rungs[cycle.rungs.index(below) + 1 :]
    return any(
        rung.status in {"raised", "grouped"} and rung.rung not in MOMENTS for rung in above
    )


def _late_hours(cycle: Cycle, rung: RungState, sweep: Sweep) -> int:
    """Return by how many hours we are late; what we did not know yet is not our lateness."""
    late = (sweep.now - max(rung.at, cycle.known_at)) // _HOUR
    return late if late >= OUTAGE_HOURS_MIN else 0


def _break_promise(
    subject: Subject, obligation: Obligation, cycle: Cycle, sweep: Sweep, emit: Emitter
) -> None:
    """Tell the next role when a promised day has closed and nothing was done."""
    promise = obligation.promise
    if (
        promise is None
        or promise.broken_at is not None
        or promise.cycle != cycle.number
        or promise.expires_at >= sweep.upto
        or _waits(subject, cycle, promise.expires_at, sweep)
    ):
        return
    promise.broken_at = sweep.now
    count = sum(rung.rung == BROKEN for rung in cycle.rungs)
    rung = RungState(BROKEN, promise.expires_at, count, "raised", sweep.now, "promise_broken")
    if take_over(subject, obligation.id, rung, sweep.now):
        cycle.rungs.append(rung)
        return
    ladder = sweep.ladder_of(obligation)
    chain = ladder.roles_after(BROKEN, promise.role)
    hearers = find_hearers(obligation, chain, sweep.reference, sweep.now)
    rung.role = hearers.role
    cycle.rungs.append(rung)
    emit.reached(
        obligation,
        cycle,
        rung,
        now=sweep.now,
        role=hearers.role,
        persons=hearers.persons,
        vacant=tuple(hearers.passed_over),
        late_hours=_late_hours(cycle, rung, sweep),
        incomplete_since=sweep.incomplete_since,
        broken=promise,
    )
    note_gaps(subject, obligation, hearers.passed_over, sweep.now, emit)


def _lapse(obligation: Obligation, ends: Lapse, sweep: Sweep, emit: Emitter) -> None:
    """End what ends by itself: the session is over, or silence has become consent.

    A rung that was due by then and is still planned waits for the rest of a backlog.
    """
    cycle = obligation.cycle
    if cycle is not None:
        cycle.ended_at, cycle.ended_why = ends.at, ends.why
        for rung in cycle.rungs:
            if rung.status == "planned" and rung.at > ends.at:
                rung.status, rung.settled_at = "moot", sweep.now
    obligation.discharged_at, obligation.why = ends.at, ends.why
    obligation.in_time = obligation.by_limit = ends.in_time
    emit.lapsed(obligation)
