"""What is true of one subject, as far as notices go: status, dates, rungs, promises.

One document per dossier or matter. It keeps the subject's order of events, and what every
notice is checked against at the moment when it would be sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from shared.events.transitions import Status

DEADLINE_KINDS: Final = frozenset({"dossier_deadline", "deadline"})
"""Kinds of obligation whose due moment is the promise printed on the citizen's slip."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A rung that was raised, and who was to hear of it."""

    event: str
    rung: str
    cycle: int
    repeat: int
    at: datetime
    role: str
    persons: tuple[str, ...]
    withdrawn: bool = False
    incident: str | None = None  # Told with it, and not by a message of its own.


@dataclass(frozen=True, slots=True)
class Gathering:
    """An incident, and who was told of it by which event first.

    `latest` is the event that told of it last; `over` says that it has ended.
    """

    first: Mapping[str, str] = field(default_factory=dict)
    latest: str = ""
    over: bool = False


@dataclass(frozen=True, slots=True)
class Promise:
    """What a person answered to a rung."""

    event: str
    rung: str
    cycle: int
    by: str
    cause: str
    promised: date
    at: datetime


@dataclass(frozen=True, slots=True)
class Owed:
    """One obligation of the subject.

    `former` is the date before the last move. `refusals` maps the id of an answer to why
    workflow refused it: it may come before the answer itself, which travels on the other topic.
    """

    obligation: str
    kind: str
    unit: str
    cycle: int = 1
    due: datetime | None = None
    limit: datetime | None = None
    former: datetime | None = None
    dated: bool = False
    suspended: bool = False
    ended: bool = False
    ended_at: datetime | None = None
    reached: tuple[Reached, ...] = ()
    promises: tuple[Promise, ...] = ()
    refusals: Mapping[str, str] = field(default_factory=dict)

    @property
    def current(self) -> tuple[Reached, ...]:
        """The rungs of this cycle that hold."""
        if self.ended or self.suspended:
            return ()
        return tuple(
            one for one in self.reached if one.cycle == self.cycle and not one.withdrawn
        )


@dataclass(frozen=True, slots=True)
class Cause:
    """A subject.

    Attributes:
        subject: The dossier's code or the matter.
        unit: The competent unit.
        procedure: The dossier's procedure.
        contactversion: The newest version of the applicant's contact that events spoke of.
        status: The dossier's status, corrections applied.
        accepted: Whether it was ever accepted.
        latest: The moment of the latest event.
        extended: The new date that was promised.
        corrected: Whether any event was corrected, so that order must be worked out anew.
        dead: Ids of events that were replaced or struck.
        history: The dossier's events as stored, for refolding.
        owed: The obligations, by id.
        incidents: The incidents of this matter, by id.
        gaps: The coverage gaps that are open here: gap to the event that opened it.
    """

    subject: str
    unit: str = ""
    procedure: str | None = None
    contactversion: int | None = None
    status: Status | None = None
    accepted: bool = False
    latest: datetime | None = None
    extended: date | None = None
    corrected: bool = False
    dead: frozenset[str] = frozenset()
    history: tuple[Mapping[str, Any], ...] = ()
    owed: Mapping[str, Owed] = field(default_factory=dict)
    incidents: Mapping[str, Gathering] = field(default_factory=dict)
    gaps: Mapping[str, str] = field(default_factory=dict)

    def promise_due(self) -> Owed | None:
        """Return the obligation whose date the citizen was promised."""
        return next((one for one in self.owed.values() if one.kind in DEADLINE_KINDS), None)
