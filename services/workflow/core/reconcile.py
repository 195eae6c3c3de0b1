"""What is stored against what the facts say: the difference, as changes and emissions.

Nothing here knows a kind. Whatever the order in which facts came, the stored obligations end
as the facts have them; what was told meanwhile is skipped or withdrawn, visibly.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.workflow.core.adopt import ADOPTED, take_over
from services.workflow.core.assessment import AssessedCycle, Assessment, Discharge
from services.workflow.core.emissions import Emitter
from services.workflow.core.ladder import BREACH, BROKEN, MOMENTS
from services.workflow.core.model import Cycle, Lapse, Obligation, RungState, Subject

CARRIED: Final = "carried"
BY_LAW: Final = frozenset({"calendar", "rule"})
"""Reasons that lie in no fact of the subject."""

STAYS: Final = BY_LAW | {CARRIED, ADOPTED, "overtaken", "acknowledged", "correction"}
"""Reasons for which a rung stays settled even when its cycle runs again."""

TOLD: Final = frozenset({"raised", "grouped"})
"""What a rung is that somebody was told of, by itself or with an incident."""

CARRIES: Final = TOLD | {"skipped"}
"""What stays as it was when its stretch goes on with other moments that have passed."""

STRUCK: Final = BY_LAW | {"struck"}
"""Reasons for which an obligation is void because nothing opens it any more."""

ENDED_WITH: Final = frozenset({"moot", "skipped", "withdrawn"})
"""What a rung may have become because its cycle ended."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why the facts are looked at again.

    Attributes:
        now: The time by which the law runs.
        at: When what caused this happened.
        recorded: When it was recorded; lateness before that is not ours.
        reason: `event`, `correction`, `calendar`, `rule`: the word for a date that moves.
        quiet: Whether it is imported history, which alarms nobody about what is past.
    """

    now: datetime
    at: datetime
    recorded: datetime
    reason: str = "event"
    quiet: bool = False


def reconcile(
    subject: Subject,
    assessments: Sequence[Assessment],
    occasion: Occasion,
    emit: Emitter,
    *,
    kinds: Collection[str],
) -> None:
    """Bring the obligations of some kinds to what the facts say; emit the difference."""
    assessed = {assessment.id: assessment for assessment in assessments}
    assert len(assessed) == len(assessments), "an obligation is assessed once"
    for obligation in subject.obligations.values():
        known_no_more = obligation.kind in kinds and obligation.id not in assessed
        if known_no_more and obligation.why not in STRUCK:
            _strike(obligation, occasion, emit)
    for assessment in assessments:
        known = subject.obligations.get(assessment.id)
        if known is not None:
            _update(known, assessment, occasion, emit)
        elif assessment.discharge is None or not assessment.discharge.void:
            _open(subject, assessment, occasion, emit)


def _open(subject: Subject, assessment: Assessment, occasion: Occasion, emit: Emitter) -> None:
    obligation = Obligation(
        id=assessment.id,
        kind=assessment.kind,
        unit=assessment.unit,
        opened_at=assessment.opened_at,
        cause=assessment.cause,
    )
    subject.obligations[obligation.id] = obligation
    if occasion.quiet:
        obligation.quiet_until = occasion.recorded
    _take_cycles(obligation, assessment, occasion, emit)
    _take_values(obligation, assessment)
    _remember_dates(obligation)
    obligation.ledger = assessment.ledger()
    emit.opened(obligation)
    if assessment.suspended is not None:
        _suspend(obligation, assessment, emit)
    _settle(obligation, occasion, emit)
    if assessment.discharge is not None:
        _discharge(obligation, assessment, emit)


def _update(
    obligation: Obligation, assessment: Assessment, occasion: Occasion, emit: Emitter
) -> None:
    if occasion.quiet and obligation.open:
        obligation.quiet_until = max(
            occasion.recorded, obligation.quiet_until or occasion.recorded
        )
    discharge = assessment.discharge
    before = (obligation.discharged_at, obligation.why, obligation.void)
    after = None if discharge is None else (discharge.at, discharge.why, discharge.void)
    if before == after and occasion.reason != "correction":
        obligation.persons = {role: tuple(who) for role, who in assessment.persons.items()}
        return  # What has ended keeps what it ended under.
    was_open, was_suspended = obligation.open, obligation.suspended_since
    _take_cycles(obligation, assessment, occasion, emit)
    _take_values(obligation, assessment)
    if not was_open and assessment.discharge is None:
        obligation.discharged_at = obligation.why = None
        obligation.in_time = obligation.by_limit = obligation.by_index = None
        obligation.void = False
        obligation.ledger = assessment.ledger()
        _remember_dates(obligation)
        emit.opened(obligation)
    _settle(obligation, occasion, emit)
    if assessment.suspended is not None:
        if was_suspended != assessment.suspended.since:
            _suspend(obligation, assessment, emit)
    elif assessment.discharge is None:
        if was_suspended is not None:
            obligation.ledger = assessment.ledger()
            emit.resumed(obligation, at=occasion.at)
        _tell_moved(obligation, assessment, occasion, emit)
    obligation.suspended_since = assessment.suspended.since if assessment.suspended else None
    _remember_dates(obligation)
    if discharge is not None and not _ended_so(obligation, discharge):
        _discharge(obligation, assessment, emit)


def _ended_so(obligation: Obligation, discharge: Discharge) -> bool:
    """Say whether the obligation is known to have ended just so."""
    return (
        obligation.discharged_at,
        obligation.why,
        obligation.void,
        obligation.in_time,
        obligation.by_limit,
        obligation.by_index,
    ) == (
        discharge.at,
        discharge.why,
        discharge.void,
        discharge.in_time,
        discharge.by_limit,
        discharge.by_index,
    )


def _take_values(obligation: Obligation, assessment: Assessment) -> None:
    """Take over what needs no telling."""
    obligation.unit = assessment.unit
    obligation.opened_at = assessment.opened_at
    obligation.cause = assessment.cause
    obligation.due = assessment.due
    obligation.limit = assessment.limit
    obligation.index_due = assessment.index_due
    obligation.no_deadline = assessment.no_deadline
    obligation.rule = assessment.rule
    lapse = assessment.lapse
    obligation.lapse = None if lapse is None else Lapse(lapse.at, lapse.why, lapse.in_time)
    obligation.persons = {role: tuple(who) for role, who in assessment.persons.items()}
    obligation.about = dict(assessment.about)
    obligation.flags = assessment.flags


def _remember_dates(obligation: Obligation) -> None:
    if obligation.due is not None:
        obligation.first_due = obligation.first_due or obligation.due
        obligation.last_due = obligation.due
    obligation.last_limit = obligation.limit or obligation.last_limit
    obligation.last_index_due = obligation.index_due or obligation.last_index_due


def _tell_moved(
    obligation: Obligation, assessment: Assessment, occasion: Occasion, emit: Emitter
) -> None:
    before = (obligation.last_due, obligation.last_limit, obligation.last_index_due)
    after = (obligation.due, obligation.limit, obligation.index_due or before[2])
    if before == after or after[0] is None:
        return
    reason = occasion.reason
    if reason == "event" and assessment.cycles:
        reason = assessment.cycles[-1].why
    obligation.ledger = assessment.ledger()
    emit.due_changed(obligation, reason=reason, at=occasion.at)


def _suspend(obligation: Obligation, assessment: Assessment, emit: Emitter) -> None:
    assert assessment.suspended is not None, "only a suspended obligation is suspended"
    obligation.suspended_since = assessment.suspended.since
    obligation.ledger = assessment.ledger()
    emit.suspended(
        obligation, reason=assessment.suspended.why, proven=assessment.suspended.proven
    )


def _discharge(obligation: Obligation, assessment: Assessment, emit: Emitter) -> None:
    discharge = assessment.discharge
    assert discharge is not None, "only a discharged obligation is discharged"
    obligation.discharged_at = discharge.at
    obligation.why = discharge.why
    obligation.in_time = discharge.in_time
    obligation.by_limit = discharge.by_limit
    obligation.by_index = discharge.by_index
    obligation.void = discharge.void
    obligation.suspended_since = None
    emit.discharged(obligation)


def _strike(obligation: Obligation, occasion: Occasion, emit: Emitter) -> None:
    """Void an obligation that is owed no more: its opening event or session is gone."""
    why = occasion.reason if occasion.reason in BY_LAW else "struck"
    for cycle in obligation.cycles:
        if not cycle.replaced:
            cycle.ended_at, cycle.ended_why = cycle.opened, why
    _settle(obligation, occasion, emit)
    obligation.discharged_at, obligation.why, obligation.void = occasion.at, why, True
    obligation.in_time = obligation.by_limit = obligation.by_index = None
    obligation.suspended_since = None
    emit.discharged(obligation)


def _take_cycles(
    obligation: Obligation, assessment: Assessment, occasion: Occasion, emit: Emitter
) -> None:
    """Match stored cycles with assessed ones by their key; number the new ones."""
    keys = {cycle.key for cycle in assessment.cycles}
    for stored in obligation.cycles:
        if not stored.replaced and stored.key not in keys:
            stored.ended_at, stored.ended_why = stored.opened, "struck"
    for cycle in assessment.cycles:
        known = next((c for c in obligation.cycles if c.key == cycle.key), None)
        if known is None:
            _begin(obligation, cycle, occasion, emit, opened=cycle.opened)
        elif _runs_or_is_put_right(known, cycle, occasion) and _moved(known, cycle):
            _move(obligation, known, cycle, occasion, emit)
        else:
            # What has ended keeps the dates it ended under.
            if known.ended_at is not None and cycle.ended_at is None:
                known.known_at = occasion.recorded  # That it runs on is news.
            known.ended_at, known.ended_why = cycle.ended_at, cycle.ended_why


def _runs_or_is_put_right(known: Cycle, cycle: AssessedCycle, occasion: Occasion) -> bool:
    """Say whether a cycle's dates may still move: it ran until now, or facts are put right."""
    ran = known.ended_at is None or cycle.ended_at is None
    return ran or occasion.reason == "correction"


def _moved(known: Cycle, cycle: AssessedCycle) -> bool:
    if (known.due, known.limit) != (cycle.due, cycle.limit):
        return True
    planned = [(r.rung, r.repeat, r.at) for r in known.rungs if r.rung not in MOMENTS]
    return planned != [(r.rung, r.repeat, r.at) for r in cycle.rungs]


def _move(
    obligation: Obligation,
    known: Cycle,
    cycle: AssessedCycle,
    occasion: Occasion,
    emit: Emitter,
) -> None:
    """Replace a cycle by one with other moments, and carry over what still holds of it.

    A rung that was raised stays raised if its new moment had passed too, when the law changed
    or now that facts are put right; if it was still to come, it was raised too early: it is
    withdrawn, and will come again. How late we look at a decision changes none of it.
    """
    by_law = occasion.reason in BY_LAW and known.due is not None
    moved_at = occasion.at if by_law else occasion.now
    opened = max(cycle.opened, occasion.at) if by_law else cycle.opened
    begun = _begin(obligation, cycle, occasion, emit, opened=opened)
    for old in known.rungs:
        new = begun.find(old.rung, old.repeat)
        if old.status == "planned":
            old.status, old.settled_at = "moot", occasion.now
            if new is not None and max(old.at, new.at) <= occasion.at:
                new.why = CARRIED  # It was due already, and nobody had looked yet.
        elif old.status in CARRIES and new is not None and new.at <= moved_at:
            new.status, new.settled_at, new.why = old.status, old.settled_at, CARRIED
            new.role, new.times, new.incident = old.role, old.times, old.incident
        elif old.status in TOLD and old.rung != BROKEN:
            old.status, old.settled_at, old.why = "withdrawn", occasion.now, occasion.reason
            emit.withdrawn(obligation, known, old, why=occasion.reason, now=occasion.now)
    known.ended_at, known.ended_why = known.ended_at or occasion.at, occasion.reason
    # The stretch lives on in the new cycle, under its key.
    known.key = f"{known.key}#{known.number}"


def _begin(
    obligation: Obligation,
    cycle: AssessedCycle,
    occasion: Occasion,
    emit: Emitter,
    *,
    opened: datetime,
) -> Cycle:
    begun = Cycle(
        number=max((c.number for c in obligation.cycles), default=0) + 1,
        key=cycle.key,
        opened=opened,
        due=cycle.due,
        limit=cycle.limit,
        known_at=occasion.recorded,
        ended_at=cycle.ended_at,
        ended_why=cycle.ended_why,
        rungs=[RungState(r.rung, r.at, r.repeat) for r in cycle.rungs],
    )
    breach_at = cycle.limit or cycle.due
    if breach_at is not None and cycle.can_breach:
        begun.rungs.append(RungState(BREACH, breach_at))
    if emit.subject.adopted:
        for rung in begun.rungs:
            take_over(emit.subject, obligation.id, rung, occasion.now)
            if rung.status == "grouped":
                obligation.relook_at = occasion.now
    obligation.cycles.append(begun)
    return begun


def applies(cycle: Cycle, rung: RungState) -> bool:
    """Say whether a rung is to be raised at all: its moment is after its cycle's beginning.

    One that was due before the cycle's dates moved stays due.
    """
    return rung.at > cycle.opened or rung.why == CARRIED or rung.rung in MOMENTS


def _settle(obligation: Obligation, occasion: Occasion, emit: Emitter) -> None:
    """Withdraw what should not have been raised; record what should have been and was not."""
    for cycle in obligation.cycles:
        if not cycle.replaced:
            for rung in cycle.rungs:
                _settle_rung(obligation, cycle, rung, occasion, emit)


def _settle_rung(
    obligation: Obligation, cycle: Cycle, rung: RungState, occasion: Occasion, emit: Emitter
) -> None:
    over = cycle.ended_at is not None and rung.at >= cycle.ended_at
    if rung.status in TOLD and over:
        rung.status, rung.settled_at = "withdrawn", occasion.now
        rung.why = cycle.ended_why or "overtaken"
        emit.withdrawn(obligation, cycle, rung, why=rung.why, now=occasion.now)
    elif rung.status == "planned" and not applies(cycle, rung):
        rung.status, rung.settled_at = "not_applicable", occasion.now
    elif rung.status == "planned" and cycle.ended_at is not None:
        _settle_unraised(obligation, cycle, rung, occasion, emit)
    elif rung.status in ENDED_WITH and rung.why not in STAYS:
        _settle_anew(obligation, cycle, rung, occasion, emit)


def _settle_anew(
    obligation: Obligation, cycle: Cycle, rung: RungState, occasion: Occasion, emit: Emitter
) -> None:
    """Settle again what its cycle's end had settled, because that end was corrected."""
    if cycle.ended_at is None:
        # The cycle runs again, because what ended it was struck: so does what ended with it.
        rung.times += rung.status in {"withdrawn", "skipped"}
        rung.status, rung.settled_at, rung.why = "planned", None, None
    elif rung.status != "skipped" and rung.at < cycle.ended_at:
        # The end is later than it was thought to be: this should have been raised before it.
        rung.times += rung.status in {"withdrawn", "skipped"}
        _settle_unraised(obligation, cycle, rung, occasion, emit)


def _settle_unraised(
    obligation: Obligation, cycle: Cycle, rung: RungState, occasion: Occasion, emit: Emitter
) -> None:
    """Record a rung that its cycle's end came before, or that no sweep had passed yet."""
    assert cycle.ended_at is not None, "only an ended cycle has rungs that are too late"
    rung.settled_at, rung.why = occasion.now, cycle.ended_why
    if rung.at >= cycle.ended_at or rung.repeat:
        rung.status = "moot"
    elif obligation.is_quiet(rung.at):
        rung.status = "quiet"
    elif rung.rung == BREACH:
        rung.status = "raised"
        emit.breached(obligation, cycle, rung)
    elif rung.rung == BROKEN:
        rung.status = "moot"
    else:
        rung.status = "skipped"
        emit.skipped(obligation, cycle, rung, why=rung.why or "ended", now=occasion.now)
