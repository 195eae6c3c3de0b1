"""Whether a notice still says what is true, asked at the moment when it would be sent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.notifications.core.cause import Cause, Owed, Reached
from services.notifications.core.gaps import EMPTY, UNREACHED, gap_obsolete
from services.notifications.core.incidents import INCIDENT
from services.notifications.core.notice import ENDPOINT_PREFIX, OPEN, Notice, Plan, State
from shared.events.transitions import Status

ONLY_WHILE: Final[Mapping[str, frozenset[Status]]] = {
    "submitted": frozenset({Status.SUBMITTED}),
    "processing": frozenset({Status.PROCESSING}),
    "supplement_requested": frozenset({Status.SUPPLEMENT_REQUESTED}),
    "supplement_reminder": frozenset({Status.SUPPLEMENT_REQUESTED}),
    "supplement_received": frozenset({Status.SUBMITTED, Status.PROCESSING}),
    "payment_requested": frozenset({Status.PAYMENT_REQUESTED}),
    "paid": frozenset({Status.PROCESSING, Status.ACCEPTED, Status.PAYMENT_REQUESTED}),
    "confirmation_requested": frozenset(
        {Status.ACCEPTED, Status.PROCESSING, Status.PAYMENT_REQUESTED}
    ),
    "apology": frozenset({Status.ACCEPTED, Status.PROCESSING, Status.PAYMENT_REQUESTED}),
    "completed": frozenset({Status.COMPLETED}),
}
"""Statuses in which a citizen's notice still says something; absent: whatever happens."""

BROKEN: Final = "promise_broken"
"""What the next role hears when a promised day has closed."""

WANTS_DATE: Final = frozenset({"accepted", "supplement_received"})
"""Notices that name the promised date, which workflow works out."""


def why_obsolete(plan: Plan, cause: Cause | None) -> str | None:
    """Return why a notice is not to be sent any more, or None."""
    if cause is None:
        return None
    if plan.event in cause.dead:
        return "corrected"
    own = OWN_TRUTH.get(plan.template)
    if own is not None:
        return own(plan, cause)
    if plan.template == "apology" and cause.extended is not None:
        # The notice of the new date says sorry as well.
        return "said_with_new_date"
    only = ONLY_WHILE.get(plan.template)
    if only is not None and cause.status is not None and cause.status not in only:
        return "overtaken"
    return None


def _rung_obsolete(plan: Plan, cause: Cause) -> str | None:
    owed = cause.owed.get(plan.obligation or "")
    if owed is None:
        return None
    assert plan.cycle is not None, "a rung belongs to a cycle"
    told = next((one for one in owed.reached if one.event == plan.event), None)
    if told is not None and told.withdrawn:
        return "withdrawn"
    if owed.ended:
        return None if told is not None and _tells_of_the_end(told, owed) else "discharged"
    if owed.cycle > plan.cycle:
        return "superseded"
    if owed.suspended:
        return "suspended"
    return "overtaken" if told is not None and _is_overtaken(told, owed, plan) else None


def _is_overtaken(told: Reached, owed: Owed, plan: Plan) -> bool:
    """Whether the same person is told of a later rung of the same cycle by itself.

    After an outage of ours both wait: only the higher one still says how things stand. That a
    promise was broken is no rung: it neither overtakes nor is overtaken.
    """
    return told.rung != BROKEN and any(
        one.at > told.at
        and plan.recipient in one.persons
        and one.rung != BROKEN
        and one.incident is None
        for one in owed.current
    )


def _tells_of_the_end(told: Reached, owed: Owed) -> bool:
    """Whether a rung and the end are one: time ran out, and that is what the rung says.

    What somebody does at a rung's moment or before forestalls it: it is withdrawn, or never
    reached. So a rung that stands at the very moment of the end is about it.
    """
    return owed.ended_at is not None and told.at >= owed.ended_at


def _incident_obsolete(plan: Plan, cause: Cause) -> str | None:
    known = cause.incidents.get(plan.facts.get("incident", ""))
    if known is None or plan.recipient.startswith(ENDPOINT_PREFIX):
        return None  # A program is told of every step.
    if known.over:
        return "incident_over"
    first = known.first.get(plan.recipient)
    return None if plan.event in {first, known.latest} else "superseded"


def _gap_obsolete(plan: Plan, cause: Cause) -> str | None:
    if plan.recipient.startswith(ENDPOINT_PREFIX):
        return None  # A program is told of every step.
    return gap_obsolete(plan, cause)


OWN_TRUTH: Final[Mapping[str, Callable[[Plan, Cause], str | None]]] = {
    "rung": _rung_obsolete,
    INCIDENT: _incident_obsolete,
    EMPTY: _gap_obsolete,
    UNREACHED: _gap_obsolete,
}
"""The wordings that say something else than a dossier's status."""


def waits_for_date(plan: Plan, cause: Cause | None) -> bool:
    """Whether the notice names a date that has not been worked out yet.

    While the applicant is waited for there is none, and none comes before they answer. A clock
    that stands in another status is about to run: the answer came, and its date is on its way.
    """
    if plan.template not in WANTS_DATE or cause is None:
        return False
    if cause.status in {Status.SUBMITTED, None}:
        return False
    owed: Owed | None = cause.promise_due()
    if owed is None:
        return True
    if owed.ended:
        return False
    if owed.suspended:
        return cause.status is not Status.SUPPLEMENT_REQUESTED
    return owed.due is None and not owed.dated


def useful_until(plan: Plan, cause: Cause | None) -> datetime | None:
    """Return the moment after which a reminder is of no use; None: always of use."""
    if plan.obligation is None or cause is None:
        return None
    owed = cause.owed.get(plan.obligation)
    return owed.due if owed else None


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of the notices that are to be taken back.

    Attributes:
        arrived_perhaps: Whether one of them may have been read.
        still_open: Whether one of them may still go.
        rests_until: The moment of the service's time before which none that is open goes; None
            when one is on its way, or when wall time decides.
    """

    arrived_perhaps: bool
    still_open: bool
    rests_until: datetime | None


def follows_states(notices: Sequence[Notice]) -> Followed:
    """Sum up the notices, one for each channel, that one escalation went by."""
    perhaps = {State.SENT, State.DELIVERED, State.UNKNOWN}
    still_open = [one for one in notices if one.state in OPEN or one.state is State.CLAIMED]
    due = [one.next_at for one in still_open if one.next_at is not None]
    return Followed(
        arrived_perhaps=any(notice.state in perhaps for notice in notices),
        still_open=bool(still_open),
        rests_until=min(due) if due and len(due) == len(still_open) else None,
    )
