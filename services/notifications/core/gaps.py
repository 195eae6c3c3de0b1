"""What people are told of a role that nobody answers for, or that no channel reaches: once."""

from collections.abc import Iterable
from typing import Final

from services.notifications.core.cause import Cause
from services.notifications.core.notice import Plan, Urgency
from services.notifications.core.plans import people_plans
from services.notifications.core.policy import Rules
from shared.events.envelope import Event
from shared.events.obligations import CoverageGapOpened

EMPTY: Final = "coverage_gap"
"""The wording of a role that nobody answers for."""

UNREACHED: Final = "unreached"
"""The wording of a role that somebody holds and no channel reaches."""

NAMED_ELSEWHERE: Final = frozenset({"handler"})
"""Roles that each dossier names for itself: no nightly walk tells of them."""


def gap_plans(
    event: Event,
    data: CoverageGapOpened,
    cause: Cause,
    rules: Rules,
    province: Iterable[str],
) -> list[Plan]:
    """Return the message of a gap to whom the event names, or else to the provincial centre.

    A seat of the organisation chart is told of once, by the night's walk of its unit. A rung
    that meets the same gap says so in its own message, to whoever hears it instead, and tells
    nobody a second time; programs hear of every step.
    """
    facts = {"gap": data.gap, "unit": data.unit, "role": data.role, "why": data.why}
    if data.reasons:
        facts["reasons"] = ", ".join(data.reasons)
    met_by_a_rung = data.obligation is not None and data.role not in NAMED_ELSEWHERE
    persons = () if met_by_a_rung else data.persons or province
    return people_plans(
        event,
        cause,
        rules,
        UNREACHED if data.reasons else EMPTY,
        persons,
        facts,
        urgency=Urgency.ROUTINE,
        role=data.heard_by or "province",
    )


def gap_obsolete(plan: Plan, cause: Cause) -> str | None:
    """Say why a message is not to go any more: the gap that it tells of is closed."""
    gap = plan.facts.get("gap")
    if gap is None or cause.gaps.get(gap) == plan.event:
        return None
    return "gap_closed"
