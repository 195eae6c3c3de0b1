"""What people answer to a rung, and what we learn of the messages that told them."""

from datetime import datetime
from typing import Any

from services.workflow.core.cycles import TOLD
from services.workflow.core.emissions import Emitter
from services.workflow.core.ladder import BREACH, Ladder
from services.workflow.core.model import UNREACHABLE, Obligation, Promise, Subject
from services.workflow.core.roles import find_hearers, holders, open_gap
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
    """Tell the next role at once when nobody of the first can be reached."""
    failed = event.data
    assert isinstance(failed, NoticeUndeliverable), "the name says so"
    obligation = subject.obligations.get(failed.obligation or "")
    if obligation is None or ladder is None or not obligation.open or failed.person is None:
        return
    cycle = obligation.cycle
    raised = None if cycle is None else cycle.find(failed.rung or "")
    if cycle is None or cycle.number != failed.cycle or raised is None:
        return
    role = raised.role
    if raised.status != "raised" or role is None:
        return
    others = set(holders(obligation, role, reference, now)) - {failed.person}
    if others:
        return  # Somebody else of the same role was told.
    chain = [r for r in ladder.roles_from(raised.rung) if r != role]
    hearers = find_hearers(obligation, chain, reference, now)
    raised.times += 1
    raised.role, raised.told_in = hearers.role, None
    emit.reached(
        obligation,
        cycle,
        raised,
        now=now,
        role=hearers.role,
        persons=hearers.persons,
        vacant=(role, *hearers.vacant),
    )
    open_gap(subject, obligation, role, why=UNREACHABLE, now=now, emit=emit)
