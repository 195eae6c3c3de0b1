"""What is still owed, as somebody sees it: whose turn it is, and what they said of it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from services.workflow.core.codec import FIRST_ROLE, answering
from services.workflow.core.ladder import LAST_ROLE, UPWARD, Role
from services.workflow.core.model import Asked, Obligation, Promise, RungState, Subject
from services.workflow.core.roles import holders
from shared.events.codes import PROVINCE
from shared.reference.view import Reference

ROLES: Final = UPWARD
COUNTER_ROLES: Final[tuple[Role, ...]] = ("handler", "division_head")
"""The roles of those who come with a clerk's key."""

RETURNS_WITHIN: Final = timedelta(minutes=10)
"""What was done on a page comes back from intake within seconds; then it may be redone."""

PromiseStands = Literal["none", "kept_until", "broken"]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whose eyes look.

    Attributes:
        role: What the key is for.
        person: Who it stands for; None for the key of an office.
        units: The units it may see; None for all.
    """

    role: str
    person: str | None
    units: Collection[str] | None

    @property
    def roles(self) -> Collection[str]:
        """The roles of the ladder that the key of an office answers for."""
        if self.role == "clerk":
            return COUNTER_ROLES
        return (self.role,) if self.role in ROLES else ROLES

    def answers_for(
        self, obligation: Obligation, role: str, reference: Reference, now: datetime
    ) -> bool:
        """Say whether a role is theirs here: by name, as a deputy, or by their office."""
        if self.person is None:
            return role in self.roles
        return self.person in holders(obligation, role, reference, now)


@dataclass(frozen=True, slots=True)
class Turn:
    """Where somebody can be looking: the units and roles of which one or more is theirs."""

    units: Collection[str] | None
    roles: Collection[str] | None


def turn_of(viewer: Viewer, reference: Reference, now: datetime) -> Turn:
    """Return where what is theirs can be found; it may hold more, never less.

    A person answers for the seats that the organisation chart gives them today, their own and
    those they stand in for, and as a handler for what was assigned to them by name.
    """
    if viewer.person is None:
        return Turn(viewer.units, viewer.roles)
    seats = reference.organisation.seats(viewer.person, now)
    roles = {role for _, role in seats} | {FIRST_ROLE}
    units = {unit for unit, _ in seats}
    everywhere = (PROVINCE, LAST_ROLE) in seats or not seats
    return Turn(viewer.units if everywhere else _within(units, viewer.units), roles)


def _within(units: Collection[str], scope: Collection[str] | None) -> Collection[str]:
    return frozenset(units) if scope is None else frozenset(units) & frozenset(scope)


@dataclass(frozen=True, slots=True)
class Row:
    """One open obligation as one viewer sees it.

    Attributes:
        subject: The dossier or matter.
        obligation: What is owed.
        role: Whose turn it is.
        rung: The last rung that this role was told; None before anybody was.
        persons: Who fills the role today.
        asked: What was done about it on a page and is on its way.
    """

    subject: Subject
    obligation: Obligation
    role: str
    rung: RungState | None
    persons: tuple[str, ...]
    asked: Asked | None

    @property
    def promise(self) -> Promise | None:
        """The promise that was made in the cycle that runs."""
        return standing_promise(self.obligation)

    def promise_stands(self, now: datetime) -> PromiseStands:
        """Say whether a promise was made, and whether it was broken."""
        promise = self.promise
        if promise is None:
            return "none"
        broken = promise.broken_at is not None or promise.expires_at <= now
        return "broken" if broken else "kept_until"

    def overdue(self, now: datetime) -> bool:
        """Say whether the promised moment has passed."""
        return self.obligation.due is not None and self.obligation.due < now


def rows_of(
    subject: Subject, viewer: Viewer | None, reference: Reference, now: datetime
) -> Iterator[Row]:
    """Yield what is open of a subject, what is due first at the top.

    With a viewer only what is theirs, by the last rung that they heard; without one
    everything, by the last rung that anybody heard.
    """
    still = [each for each in subject.obligations.values() if each.open]
    for obligation in sorted(still, key=_due):
        told = obligation.heard
        mine = [
            role
            for role in answering(obligation)
            if viewer is None or viewer.answers_for(obligation, role, reference, now)
        ]
        if not mine:
            continue
        role = max(mine, key=lambda each: _heard_at(told.get(each)))
        yield Row(
            subject=subject,
            obligation=obligation,
            role=role,
            rung=told.get(role),
            persons=holders(obligation, role, reference, now),
            asked=on_its_way(subject, obligation.id, now),
        )


def standing_promise(obligation: Obligation) -> Promise | None:
    """Return the promise of the cycle that runs, kept so far or broken."""
    promise, cycle = obligation.promise, obligation.cycle
    if promise is None or cycle is None or promise.cycle != cycle.number:
        return None
    return promise


def on_its_way(subject: Subject, obligation: str, now: datetime) -> Asked | None:
    """Return what was done about an obligation a moment ago and has not come back."""
    for asked in subject.asked.values():
        if asked.obligation == obligation and now < asked.at + RETURNS_WITHIN:
            return asked
    return None


def _due(obligation: Obligation) -> tuple[bool, datetime, str]:
    due = obligation.due
    return (due is None, due or obligation.opened_at, obligation.id)


def _heard_at(rung: RungState | None) -> tuple[bool, datetime | date]:
    return (False, date.min) if rung is None else (True, rung.at)
