"""Facts of a centre's matters: who was on duty, what was interrupted, lost or asked for.

They give atoms to the same roll-ups as dossiers do, under a field of their own, so the board of
the directive is made like every other page: a number, and the matters behind it.
"""

from collections.abc import Sequence
from typing import Final

from services.reporting.core.clocks import local_day
from services.reporting.core.counts import Cell, Count, checksum_of
from services.reporting.core.fact import MatterFact, Outcome
from services.reporting.core.state import FactState
from shared.events import centres, obligations
from shared.events.codes import duty_session, parse_matter
from shared.events.envelope import Event
from shared.events.history import effective

MATTERS: Final = "~centre"
"""The field under which matters are counted; no procedure has it."""

DUTY: Final = "duty"
COVERAGE: Final = "coverage"
"""Whether a unit's seats are filled: no matter that begins and ends."""

UPWARD: Final = frozenset({"chairman", "province"})

OPENERS: Final = (
    centres.CentreInterrupted,
    centres.ConnectionLost,
    centres.SupportRequested,
    centres.DefectReported,
    centres.PetitionReceived,
    centres.DataRequestReceived,
)
CLOSERS: Final = (
    centres.CentreResumed,
    centres.ConnectionRestored,
    centres.SupportResolved,
    centres.DefectRepaired,
    centres.PetitionAnswered,
    centres.DataRequestAnswered,
    centres.ConditionsReported,
    centres.PostingPublished,
    centres.RatingGiven,
)


def derive_matter(state: FactState) -> MatterFact | None:
    """Return the fact of a matter; None for a subject that is none, or before any event."""
    matter = parse_matter(state.subject)
    if matter is None or matter.kind == COVERAGE:
        return None
    own = list(effective(state.own))
    dues = [one for one in state.dues if _is_own_kind(one, matter.kind)]
    moments = [event.time for event in (*own, *dues)]
    if not moments:
        return None
    opened = next((one.time for one in own if isinstance(one.data, OPENERS)), min(moments))
    closed = next((one.time for one in reversed(own) if isinstance(one.data, CLOSERS)), None)
    if closed is not None and closed < max(
        (one.time for one in own if isinstance(one.data, OPENERS)), default=closed
    ):
        closed = None  # A connection lost again is open again.
    session, day = None, local_day(opened)
    if matter.kind == DUTY:
        day, session = duty_session(matter)
    report = next(
        (one.data for one in reversed(own) if isinstance(one.data, centres.ConditionsReported)),
        None,
    )
    return MatterFact(
        subject=state.subject,
        unit=matter.unit,
        kind=matter.kind,
        day=day,
        opened=opened,
        closed=closed,
        outcome=_outcome(own, dues),
        reported_up=_reported_up(dues),
        session=session,
        persons=_on_duty(own),
        good=sum(item.state == "good" for item in report.items) if report else 0,
        assessed=len(report.items) if report else 0,
    )


def _is_own_kind(event: Event, kind: str) -> bool:
    """Say whether an obligation is the session's own; a gap in its roster is another one."""
    return kind != DUTY or getattr(event.data, "kind", DUTY) == DUTY


def _outcome(own: Sequence[Event], dues: Sequence[Event]) -> Outcome:
    """Judge by what workflow said; a check-in alone is met, before it has spoken."""
    outcome: Outcome = "open"
    for event in dues:
        data = event.data
        if isinstance(data, obligations.ObligationDischarged):
            done: Outcome = "missed" if data.in_time is False else "met"
            outcome = "void" if data.void else done
        elif isinstance(data, obligations.ObligationBreached) and outcome == "open":
            outcome = "missed"
        elif isinstance(data, obligations.ObligationOpened) and outcome == "void":
            outcome = "open"
    if not dues and any(isinstance(one.data, centres.DutyCheckedIn) for one in own):
        return "met"
    return outcome


def _reported_up(dues: Sequence[Event]) -> bool:
    return any(
        isinstance(one.data, obligations.ObligationRungReached) and one.data.role in UPWARD
        for one in dues
    )


def _on_duty(own: Sequence[Event]) -> tuple[str, ...]:
    seen = dict.fromkeys(
        one.data.person for one in own if isinstance(one.data, centres.DutyCheckedIn)
    )
    return tuple(seen)


def matter_counts(fact: MatterFact) -> list[Count]:
    """Return what a matter gives to the roll-ups, one entry per cell."""
    opened = Cell(fact.unit, fact.day)
    if fact.kind == DUTY:
        return [Count(opened, MATTERS, atoms)] if (atoms := _duty_atoms(fact)) else []
    if fact.kind in {"conditions", "posting", "rating"}:
        atoms = {"conditions_good": fact.good, "conditions_assessed": fact.assessed}
        return [Count(opened, MATTERS, atoms)] if fact.assessed else []
    found = {opened: {f"{fact.kind}_in": 1}}
    if fact.closed is not None:
        ended = Cell(fact.unit, local_day(fact.closed))
        minutes = max(0, int((fact.closed - fact.opened).total_seconds() // 60))
        atoms = found.setdefault(ended, {})
        atoms[f"{fact.kind}_out"] = 1
        atoms[f"{fact.kind}_minutes"] = minutes
    if fact.reported_up:
        found[opened][f"{fact.kind}_reported_up"] = 1
    return [Count(cell, MATTERS, atoms) for cell, atoms in sorted(found.items())]


def _duty_atoms(fact: MatterFact) -> dict[str, int]:
    """Return the atoms of a session; one that is not over or was voided gives none."""
    if fact.outcome in {"open", "void"}:
        return {}
    atoms = {"duty_expected": 1, f"duty_{fact.outcome}": 1}
    if fact.outcome == "missed" and fact.reported_up:
        atoms["duty_reported_up"] = 1
    return atoms


def matter_checksums(fact: MatterFact | None) -> dict[str, int]:
    """Return each cell that a matter is counted in with a checksum of what it gives there."""
    return {} if fact is None else checksum_of(matter_counts(fact))
