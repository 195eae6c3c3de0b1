"""What is stored against what the facts say: the difference, as changes and emissions.

Nothing here knows a kind. Whatever the order in which facts came, the stored obligations end
as the facts have them; what was told meanwhile is skipped or withdrawn, visibly.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from services.workflow.core.adopt import ADOPTED
from services.workflow.core.assessment import Assessment, Discharge
from services.workflow.core.cycles import (
    BY_LAW,
    CARRIED,
    STRUCK,
    TOLD,
    Occasion,
    applies,
    counts,
    is_over,
    stand_alike,
    take_cycles,
)
from services.workflow.core.emissions import Emitter
from services.workflow.core.ladder import BREACH, BROKEN
from services.workflow.core.model import Cycle, Lapse, Obligation, RungState, Subject

STAYS: Final = frozenset({CARRIED, ADOPTED, "overtaken", "acknowledged"})
"""Reasons for which a rung that nobody is told of stays settled while its cycle runs."""

VOID: Final = BY_LAW | {STRUCK}
"""Reasons for which an obligation is void because nothing opens it any more."""


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
        if known_no_more and obligation.why not in VOID:
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
    _take_retold(obligation, assessment)
    take_cycles(obligation, assessment, occasion, emit)
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
    _take_retold(obligation, assessment)
    discharge = assessment.discharge
    before = (obligation.discharged_at, obligation.why, obligation.void)
    after = None if discharge is None else (discharge.at, discharge.why, discharge.void)
    ended_before = before == after and occasion.reason != "correction"
    lapsed = _lapsed_so(obligation, assessment)
    ahead = obligation.lapse is not None and occasion.recorded <= obligation.lapse.at
    if lapsed and (ahead or occasion.retold):
        _take_values(obligation, assessment)  # It was known when it ended, and we looked ahead.
    if ended_before or lapsed:
        obligation.persons = {role: tuple(who) for role, who in assessment.persons.items()}
        return  # What has ended keeps what it ended under.
    was_open, was_suspended = obligation.open, obligation.suspended_since
    missed = obligation.limit_missed
    take_cycles(obligation, assessment, occasion, emit)
    _take_values(obligation, assessment)
    if not was_open and assessment.discharge is None:
        obligation.discharged_at = obligation.why = None
        obligation.in_time = obligation.by_limit = obligation.by_index = None
        obligation.void = False
        obligation.ledger = assessment.ledger()
        _remember_dates(obligation)
        emit.opened(obligation)
    _settle(obligation, occasion, emit)
    # What had ended while it stood, and has ended so or otherwise, stands no more.
    suspended = assessment.suspended if was_open or discharge is None else None
    if suspended is not None:
        if (was_suspended, missed) != (suspended.since, obligation.limit_missed):
            _suspend(obligation, assessment, emit)
    elif discharge is None or occasion.reason == "correction":
        if was_suspended is not None and discharge is None:
            obligation.ledger = assessment.ledger()
            emit.resumed(obligation, at=occasion.at)
        # Of what has ended too: who counts verdicts must know the date that judges the end.
        _tell_moved(obligation, assessment, occasion, emit, missed=missed)
    obligation.suspended_since = None if suspended is None else suspended.since
    _remember_dates(obligation)
    judged_so = discharge is not None and _ended_so(obligation, discharge)
    if discharge is not None and not (judged_so and missed == obligation.limit_missed):
        _discharge(obligation, assessment, emit)


def _take_retold(obligation: Obligation, assessment: Assessment) -> None:
    if assessment.retold is not None:
        obligation.first_due = assessment.retold.first_due
        obligation.quiet_until = assessment.retold.quiet_until


def _lapsed_so(obligation: Obligation, assessment: Assessment) -> bool:
    """Say whether it ended by itself, and by the facts nothing about that is different."""
    lapse = assessment.lapse
    return (
        lapse is not None
        and assessment.discharge is None
        and (obligation.discharged_at, obligation.why) == (lapse.at, lapse.why)
        and stand_alike(obligation, assessment, lapsed_at=lapse.at)
    )


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
    obligation.limit_missed = assessment.limit_missed
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
    obligation: Obligation,
    assessment: Assessment,
    occasion: Occasion,
    emit: Emitter,
    *,
    missed: datetime | None,
) -> None:
    """Say that a date moved, or that another limit counts as missed than before."""
    before = (obligation.last_due, obligation.last_limit, obligation.last_index_due, missed)
    after = (
        obligation.due,
        obligation.limit,
        obligation.index_due or before[2],
        obligation.limit_missed,
    )
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
    why = occasion.reason if occasion.reason in BY_LAW else STRUCK
    for cycle in obligation.cycles:
        if not cycle.replaced:
            cycle.ended_at, cycle.ended_why = cycle.opened, why
    _settle(obligation, occasion, emit)
    obligation.discharged_at, obligation.why, obligation.void = occasion.at, why, True
    obligation.in_time = obligation.by_limit = obligation.by_index = None
    obligation.suspended_since = None
    emit.discharged(obligation)


def _settle(obligation: Obligation, occasion: Occasion, emit: Emitter) -> None:
    """Withdraw what should not have been raised; record what should have been and was not."""
    for cycle in obligation.cycles:
        if not cycle.replaced:
            for rung in cycle.rungs:
                _settle_rung(obligation, cycle, rung, occasion, emit)


def _settle_rung(
    obligation: Obligation, cycle: Cycle, rung: RungState, occasion: Occasion, emit: Emitter
) -> None:
    due = counts(cycle, rung)
    if rung.status in TOLD:
        if not due:
            over = is_over(cycle, rung)
            rung.status, rung.settled_at = "withdrawn", occasion.now
            rung.why = (cycle.ended_why if over else occasion.reason) or "overtaken"
            emit.withdrawn(obligation, cycle, rung, why=rung.why, now=occasion.now)
        return
    if rung.status != "planned" and due and _comes_again(cycle, rung):
        rung.times += rung.status in {"withdrawn", "skipped"}
        rung.status, rung.settled_at, rung.why, rung.told_in = "planned", None, None, None
    if rung.status != "planned":
        return
    if not applies(cycle, rung):
        rung.status, rung.settled_at = "not_applicable", occasion.now
    elif cycle.ended_at is not None:
        _settle_unraised(obligation, cycle, rung, occasion, emit)


def _comes_again(cycle: Cycle, rung: RungState) -> bool:
    """Say whether a rung is due after all that was settled as if it were not.

    What had settled it was the end or the beginning of its cycle, and that was put right.
    """
    if rung.status == "skipped":
        return cycle.ended_at is None and rung.why not in STAYS
    if rung.status == "moot":
        return rung.why not in STAYS and (cycle.ended_at is None or not rung.repeat)
    return rung.status in {"withdrawn", "not_applicable"}


def _settle_unraised(
    obligation: Obligation, cycle: Cycle, rung: RungState, occasion: Occasion, emit: Emitter
) -> None:
    """Record a rung that its cycle's end came before, or that no sweep had passed yet."""
    assert cycle.ended_at is not None, "only an ended cycle has rungs that are too late"
    rung.settled_at, rung.why = occasion.now, cycle.ended_why
    if is_over(cycle, rung) or rung.repeat:
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
