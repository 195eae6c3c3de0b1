"""What workflow says about obligations; subject = the dossier or the matter (events.md)."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from shared.events.codes import (
    Identifier,
    ObligationId,
    PersonId,
    ProcedureCode,
    Slug,
    UnitCode,
)
from shared.events.model import Cause, EventData, Frozen, Instant, LawSource

Role = Literal["handler", "division_head", "director", "chairman", "province"]
Persons = tuple[PersonId, ...]
UnreachedWhy = Literal["no_contact", "erased", "no_address", "suppressed", "endpoint_disabled"]
"""Why no channel reaches somebody: a closed list, so that nothing personal can stand in it."""
CauseId = Identifier


class LedgerRow(Frozen):
    """One thing that was counted: a day, a pause, a restart, a calendar change."""

    key: Slug = Field(description="What it is; `explain` has its words in both languages.")
    at: Instant | None = None
    day: date | None = None
    count: float | None = Field(default=None, description="Running count in the rule's unit.")
    clock: Literal["law", "index", "both"] | None = None
    cause: CauseId | None = Field(default=None, description="Event that brought it about.")
    source: LawSource | None = None
    params: dict[str, str | int | float | bool | None] = Field(default_factory=dict)


Ledger = tuple[LedgerRow, ...]


class ObligationData(EventData):
    """Which obligation it is, and whose."""

    obligation: ObligationId = Field(description="Its id within the subject.")
    kind: Slug
    unit: UnitCode = Field(description="The competent unit.")
    cycle: int = Field(default=1, ge=1)
    procedure: ProcedureCode | None = None
    field: Slug | None = Field(default=None, description="Field of administration.")
    applicant_until: Instant | None = Field(
        default=None, description="Until when the applicant may act; the unit acts after it."
    )


class ObligationJudged(ObligationData):
    """An obligation, and whether its statutory end was missed already."""

    limit_missed: Instant | None = Field(
        default=None,
        description="The first statutory end that passed unmet; no later date cures it.",
    )


class ObligationOpened(ObligationJudged):
    """Something is owed from now on."""

    NAME: ClassVar[str] = "obligation.opened"

    opened_at: Instant
    due: Instant | None = Field(default=None, description="The promise; absent: not known.")
    limit: Instant | None = Field(default=None, description="The statutory end.")
    index_due: Instant | None = Field(default=None, description="The promise of index 766.")
    rule: Identifier | None = Field(default=None, description="Row of the rule counted by.")
    no_deadline: Slug | None = Field(
        default=None, description="Why there is no date: past the calendar, no rule, …."
    )
    handler: PersonId | None = None
    ledger: Ledger = ()
    cause: CauseId | None = None
    backfill: bool = False


class ObligationDueChanged(ObligationJudged):
    """A date moved: supplement, extension, calendar, correction, rule."""

    NAME: ClassVar[str] = "obligation.due_changed"

    old_due: Instant | None = None
    new_due: Instant | None = None
    old_limit: Instant | None = None
    new_limit: Instant | None = None
    old_index_due: Instant | None = None
    new_index_due: Instant | None = None
    first_due: Instant | None = Field(default=None, description="The promise first printed.")
    reason: Slug
    cause: CauseId
    ledger: Ledger = ()


class ObligationSuspended(ObligationJudged):
    """The clock stands still while the applicant is waited for."""

    NAME: ClassVar[str] = "obligation.suspended"

    since: Instant
    proven: bool = Field(default=False, description="The notice is proven to have arrived.")
    reason: Slug = "supplement"
    cause: CauseId
    ledger: Ledger = ()


class ObligationResumed(ObligationJudged):
    """The clock runs again."""

    NAME: ClassVar[str] = "obligation.resumed"

    at: Instant
    due: Instant | None = None
    limit: Instant | None = None
    index_due: Instant | None = None
    first_due: Instant | None = Field(default=None, description="The promise first printed.")
    cause: CauseId
    ledger: Ledger = ()


class BrokenPromise(Frozen):
    """An acknowledgement whose promised day has closed without the obligation being met."""

    by: PersonId
    cause: Cause
    promised: date


class ObligationRungReached(ObligationData):
    """A rung of the ladder is reached: these persons are to hear of it now."""

    NAME: ClassVar[str] = "obligation.rung_reached"

    rung: Slug
    rung_at: Instant = Field(description="The moment that the ladder gives.")
    role: Role
    persons: Persons = ()
    statutory: bool = Field(default=False, description="Never held back by quiet hours.")
    due: Instant | None = None
    limit: Instant | None = None
    late_by_outage_hours: int = Field(default=0, ge=0, description="0: on time.")
    repeat: int = Field(default=0, ge=0, description="0: the first time.")
    promise_broken: BrokenPromise | None = None
    incident: Identifier | None = Field(
        default=None,
        description="It hangs on this incident (its matter, then ~): not told by itself, but "
        "named in the incident's message. If it is still owed when the incident is over, it "
        "is reached once more, without an incident.",
    )
    data_incomplete_since: Instant | None = None
    vacant_roles: tuple[Slug, ...] = Field(default=(), description="Passed over, lowest first.")
    cause: CauseId | None = None


class ObligationRungWithdrawn(ObligationData):
    """An earlier-dated event overtook the rung: it should not have been raised."""

    NAME: ClassVar[str] = "obligation.rung_withdrawn"

    rung: Slug
    why: Slug
    cause: CauseId


class ObligationRungSkipped(ObligationData):
    """A rung was not raised, and why."""

    NAME: ClassVar[str] = "obligation.rung_skipped"

    rung: Slug
    rung_at: Instant
    why: Slug
    cause: CauseId | None = None


class ObligationDischarged(ObligationJudged):
    """What was owed is done, or void."""

    NAME: ClassVar[str] = "obligation.discharged"

    at: Instant
    in_time: bool | None = Field(default=None, description="By the promise; absent: no date.")
    by_limit: bool | None = Field(default=None, description="By the statutory end.")
    by_index: bool | None = Field(default=None, description="By the index's promise.")
    void: bool = Field(default=False, description="Never owed, or needed no more in time.")
    why: Slug | None = None
    cause: CauseId | None = None
    ledger: Ledger = ()


class ObligationBreached(ObligationData):
    """The moment passed and the obligation is not met."""

    NAME: ClassVar[str] = "obligation.breached"

    at: Instant = Field(description="The moment that was missed.")
    clock: Literal["due", "limit", "index"] = "limit"
    due: Instant | None = None
    limit: Instant | None = None


class ObligationAcknowledgementRefused(ObligationData):
    """An acknowledgement has no effect, and why."""

    NAME: ClassVar[str] = "obligation.acknowledgement_refused"

    rung: Slug
    by: PersonId
    why: Slug
    cause: CauseId


class CoverageGap(EventData):
    """A rung's role nobody can answer for."""

    gap: Identifier
    unit: UnitCode
    role: Role
    why: Slug
    obligation: ObligationId | None = None
    cycle: int | None = Field(default=None, ge=1)
    rung: Slug | None = None


class CoverageGapOpened(CoverageGap):
    """A role is vacant, on leave without deputy, or unreachable."""

    NAME: ClassVar[str] = "coverage.gap_opened"

    reasons: tuple[UnreachedWhy, ...] = Field(
        default=(), max_length=5, description="Why no channel reaches the role's holders."
    )
    heard_by: Role | None = Field(
        default=None, description="The role that is told of it; absent: the provincial centre."
    )
    persons: Persons = Field(default=(), description="Who that is.")


class CoverageGapClosed(CoverageGap):
    """Somebody answers for the role again."""

    NAME: ClassVar[str] = "coverage.gap_closed"


class IncidentData(EventData):
    """A common cause, and what hangs on it."""

    incident: Identifier
    unit: UnitCode
    cause: Slug
    system: Slug | None = None
    since: Instant
    subjects: tuple[Identifier, ...] = Field(default=(), max_length=10_000)
    obligations_count: int = Field(default=0, ge=0)
    units: tuple[UnitCode, ...] | None = Field(
        default=None,
        max_length=500,
        description="Of an incident of the province: every unit whose link was lost.",
    )


class IncidentOpened(IncidentData):
    """A database or a centre is down: one message upward, every dossier still counted."""

    NAME: ClassVar[str] = "incident.opened"

    role: Role = "province"
    persons: Persons = ()


class IncidentUpdated(IncidentData):
    """More dossiers hang on the incident; `subjects` are all of them."""

    NAME: ClassVar[str] = "incident.updated"

    role: Role = "province"
    persons: Persons = ()


class IncidentClosed(IncidentData):
    """The common cause is gone."""

    NAME: ClassVar[str] = "incident.closed"

    until: Instant
    reversed: bool = Field(default=False, description="It was no incident after all.")


class AuditCompared(EventData):
    """The auditor's count of what should have been raised and what was; must be equal."""

    NAME: ClassVar[str] = "audit.compared"

    unit: UnitCode
    day: date
    kind: Slug | None = None
    rung: Slug | None = None
    expected: int = Field(ge=0)
    done: int = Field(ge=0)


MODELS: tuple[type[EventData], ...] = (
    ObligationOpened,
    ObligationDueChanged,
    ObligationSuspended,
    ObligationResumed,
    ObligationRungReached,
    ObligationRungWithdrawn,
    ObligationRungSkipped,
    ObligationDischarged,
    ObligationBreached,
    ObligationAcknowledgementRefused,
    CoverageGapOpened,
    CoverageGapClosed,
    IncidentOpened,
    IncidentUpdated,
    IncidentClosed,
    AuditCompared,
)
