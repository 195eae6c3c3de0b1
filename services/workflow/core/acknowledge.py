"""What people answer to a rung, and what we learn of the messages that told them."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from services.workflow.core.cycles import TOLD
from services.workflow.core.emissions import Emitter, reached_id
from services.workflow.core.ladder import BREACH, BROKEN, LAST_ROLE, Ladder
from services.workflow.core.model import (
    UNREACHABLE,
    Cycle,
    Obligation,
    Promise,
    RungState,
    Subject,
)
from services.workflow.core.roles import (
    find_hearers,
    holders,
    note_gaps,
    open_gap,
    unreached_persons,
)
from shared.calendar.errors import DateOutsideCalendarError
from shared.calendar.zone import legal_day
from shared.events.answers import NoticeUndeliverable, ObligationAcknowledged
from shared.events.envelope import Event
from shared.reference.view import Reference


def acknowledge(
    subject: Subject, event: Event, ladder: Ladder | None, reference: Reference, emit: Emitter
) -> None:
    """Take an acknowledgement as a promise, or refuse it with a reason."""
    answer = event.data
    assert isinstance(answer, ObligationAcknowledged), "the name says so"
    obligation = subject.obligations.get(answer.obligation)
    why = why_not(obligation, answer, event.time)
    expires_at = None if obligation is None else _close(obligation, answer, reference)
    if why is None and expires_at is None:
        why = "beyond_horizon"
    if why is not None or obligation is None or expires_at is None:
        emit.refused(
            _which(subject, obligation, answer),
            answer.rung,
            answer.by,
            why=why or "unknown_obligation",
            at=event.time,
        )
        return
    cycle = next(c for c in obligation.cycles if c.number == answer.cycle)
    raised = cycle.find(answer.rung)
    step = None if ladder is None else ladder.rung(answer.rung)
    role = raised.role if raised is not None else None
    obligation.promise = Promise(
        event=event.id,
        cycle=answer.cycle,
        rung=answer.rung,
        by=answer.by,
        cause=answer.cause,
        promised=answer.promised,
        made_at=event.time,
        expires_at=expires_at,
        role=role or (step.role if step is not None else None),
    )


def why_not(
    obligation: Obligation | None, answer: ObligationAcknowledged, at: datetime
) -> str | None:
    """Say why an acknowledgement has no effect, or None."""
    if obligation is None or not obligation.open:
        return obligation.status if obligation is not None else "unknown_obligation"
    if obligation.cycle is None or obligation.cycle.number != answer.cycle:
        return "suspended" if obligation.suspended_since else "cycle_over"
    raised = [
        rung
        for rung in obligation.cycle.rungs
        if rung.rung == answer.rung and rung.rung != BREACH and rung.status in TOLD
    ]
    if raised and answer.promised < legal_day(at):
        return "promise_in_the_past"
    return None if raised else "rung_not_reached"


def _close(
    obligation: Obligation, answer: ObligationAcknowledged, reference: Reference
) -> datetime | None:
    try:
        return reference.opening(obligation.unit).close_of(answer.promised)
    except DateOutsideCalendarError:
        return None


def _which(
    subject: Subject, obligation: Obligation | None, answer: ObligationAcknowledged
) -> dict[str, Any]:
    return {
        "obligation": answer.obligation,
        "kind": answer.obligation.partition(":")[0] if obligation is None else obligation.kind,
        "unit": subject.unit if obligation is None else obligation.unit,
        "cycle": answer.cycle,
    }


def reroute(
    subject: Subject,
    event: Event,
    ladder: Ladder | None,
    reference: Reference,
    now: datetime,
    emit: Emitter,
) -> None:
    """Send a level on to the next role at once when no channel reaches anybody of its role.

    It goes on in the order of its policy and never returns to a role that it has passed. After
    the provincial centre nobody is left: the gap alone is opened, for the operators.
    """
    failed = event.data
    assert isinstance(failed, NoticeUndeliverable), "the name says so"
    obligation = subject.obligations.get(failed.obligation or "")
    if obligation is None or ladder is None or not obligation.open or failed.person is None:
        return
    cycle = obligation.cycle
    raised = None if cycle is None else _raised(subject, obligation, cycle, failed)
    if cycle is None or raised is None or raised.role is None:
        return
    role = raised.role
    before = unreached_persons(subject, obligation, cycle, raised)
    # The first alert goes to everybody of its role; later ones leave out whom none reached.
    unreached = _unreached_by(subject, failed.about) | (before if raised.times else frozenset())
    if any(one not in unreached for one in holders(obligation, role, reference, now)):
        return  # Somebody else of the same role got it.
    if role == LAST_ROLE:
        open_gap(subject, obligation, role, why=UNREACHABLE, now=now, emit=emit)
        return
    chain = ladder.roles_after(raised.rung, role)
    hearers = find_hearers(obligation, chain, reference, now, before)
    passed_over = {role: UNREACHABLE, **hearers.passed_over}
    step, broken = ladder.rung(raised.rung), obligation.promise
    if broken is not None and (raised.rung, raised.at) != (BROKEN, broken.expires_at):
        broken = None
    raised.times += 1
    raised.role, raised.told_in = hearers.role, None
    emit.reached(
        obligation,
        cycle,
        raised,
        now=now,
        role=hearers.role,
        persons=hearers.persons,
        statutory=step is not None and step.statutory,
        vacant=tuple(passed_over),
        broken=broken,
    )
    note_gaps(subject, obligation, passed_over, now, emit)


def _raised(
    subject: Subject, obligation: Obligation, cycle: Cycle, failed: NoticeUndeliverable
) -> RungState | None:
    """Return the level, or reminder, that a notice was about; None if it holds no more.

    A carried level is known by the number of the cycle under which people were alerted. A
    notice of an alert that has gone on to another role since says nothing new.
    """
    found: RungState | None = None
    for rung in cycle.rungs:
        number = rung.told_in or cycle.number
        if (rung.rung, rung.status, number) != (failed.rung, "raised", failed.cycle):
            continue
        told = [
            reached_id(subject, obligation, cycle, replace(rung, times=times))
            for times in range(rung.times + 1)
        ]
        if failed.about in told:
            return rung if failed.about == told[-1] else None
        found = rung
    return found


def _unreached_by(subject: Subject, about: str) -> frozenset[str]:
    """Return the persons whom no channel reached with one alert."""
    return frozenset(
        one.data.person
        for one in subject.history
        if isinstance(one.data, NoticeUndeliverable)
        and one.data.about == about
        and one.data.person is not None
    )
