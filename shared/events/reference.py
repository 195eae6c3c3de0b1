"""Reference events: calendar, rules, catalogue, organisation (events.md, third table).

One partition, one sequence for the topic. Subjects: `calendar`, `rule`, `procedure`, `unit`,
`role`, `leave`, each followed by `:` and the row's own key.
"""

from datetime import date, time
from typing import ClassVar, Literal

from pydantic import Field

from shared.events.codes import (
    ElectronicId,
    Identifier,
    PersonId,
    ProcedureCode,
    Slug,
    UnitCode,
)
from shared.events.model import EventData, Frozen, LawSource, OfficialName
from shared.events.obligations import Role


class CalendarRow(EventData):
    """One day that differs from the published rule, for all or for one unit."""

    day: date
    unit: UnitCode | None = Field(default=None, description="Absent: the whole province.")
    kind: Literal["off", "work"]
    calendar: Literal["deadline", "opening", "both"] = "both"
    source: LawSource
    published_through: date | None = Field(
        default=None, description="Days after this one are not published; counting stops there."
    )


class CalendarProposed(CalendarRow):
    """A day off or a swap is proposed; a preview says what would move."""

    NAME: ClassVar[str] = "calendar.proposed"


class CalendarApproved(CalendarRow):
    """The day off or swap holds; the limits of open dossiers are counted anew."""

    NAME: ClassVar[str] = "calendar.approved"


class CalendarWithdrawn(EventData):
    """A day off or swap no longer holds."""

    NAME: ClassVar[str] = "calendar.withdrawn"

    day: date
    unit: UnitCode | None = None
    source: LawSource


class RungRow(Frozen):
    """One rung of a ladder, where a rule row has its own."""

    rung: Slug
    role: Role
    share: float | None = Field(
        default=None, ge=0, le=1, description="Share of the limit used."
    )
    working_days_after_due: int | None = Field(default=None, ge=-60, le=60)


class RuleRow(EventData):
    """How long a procedure may take, by which source, from when (domain.md §6.3)."""

    rule: Identifier = Field(description="Id of the row; a dossier stays under its row.")
    procedure: ProcedureCode
    unit: Literal["same_day", "hours", "half_days", "working_days", "calendar_days", "given"]
    value: int = Field(default=0, ge=0, le=1000)
    cutoff: time = Field(default=time(15, 0), description="Last moment for `same_day`.")
    roll: Literal["next_working_day", "none"] = "next_working_day"
    promise_at: Literal["close", "same_clock_hour"] = "close"
    after_hours: Literal["as_is", "next_session"] = "as_is"
    after_supplement: Literal["restart", "subtract"] = "restart"
    ladder: tuple[RungRow, ...] | None = Field(default=None, max_length=20)
    valid_from: date
    valid_to: date | None = None
    source: LawSource
    verified: bool = False


class RuleProposed(RuleRow):
    """A limit is proposed; a preview says what would move."""

    NAME: ClassVar[str] = "rule.proposed"


class RuleApproved(RuleRow):
    """A limit holds for what is received in its validity."""

    NAME: ClassVar[str] = "rule.approved"


class ProcedureDecided(EventData):
    """A procedure is decided and is to be posted within 5 working days."""

    NAME: ClassVar[str] = "procedure.decided"

    procedure: ProcedureCode
    name: OfficialName
    field: Slug = Field(description="Field of administration, such as ho_tich.")
    field_name: OfficialName
    short_name: OfficialName | None = Field(default=None, description="Fits a message.")
    sensitive: bool = Field(
        default=False, description="The name alone reveals something: messages stay neutral."
    )
    levels: tuple[Literal["commune", "province", "ministry"], ...] = ("commune",)
    decided_on: date
    effective_on: date | None = None
    decision: LawSource | None = None
    fee: int | None = Field(default=None, ge=0)
    verified: bool = False


class ProcedureExpired(EventData):
    """A procedure is abolished and is to be taken off the lists."""

    NAME: ClassVar[str] = "procedure.expired"

    procedure: ProcedureCode
    expired_on: date
    decision: LawSource | None = None
    replaced_by: ProcedureCode | None = None


class OpeningSession(Frozen):
    """One session in which a centre is open."""

    weekdays: tuple[Literal[1, 2, 3, 4, 5, 6, 7], ...] = Field(min_length=1, max_length=7)
    name: Literal["am", "pm"]
    opens: time
    closes: time


class OpeningSeason(Frozen):
    """The sessions of a part of the year; the first season that matches a day holds."""

    from_month_day: str = Field(pattern=r"^(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$")
    to_month_day: str = Field(pattern=r"^(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$")
    sessions: tuple[OpeningSession, ...] = Field(max_length=28)


class UnitChanged(EventData):
    """A unit is as follows from now on: name, identifier, opening hours."""

    NAME: ClassVar[str] = "unit.changed"

    unit: UnitCode
    name: OfficialName
    kind: Literal["commune", "ward", "province"]
    electronic_id: ElectronicId
    opening: tuple[OpeningSeason, ...] = Field(min_length=1, max_length=12)
    extra_days: tuple[date, ...] = Field(
        default=(),
        max_length=400,
        description="Days of reception that do not count as working.",
    )
    obligations_from: date | None = Field(
        default=None, description="Calendar obligations open from this day and never before."
    )
    numbered_by_us: bool = Field(
        default=True, description="False: the unit's own software numbers its dossiers."
    )
    active: bool = True


class RoleAssigned(EventData):
    """A person holds a role in a unit from a day on."""

    NAME: ClassVar[str] = "role.assigned"

    person: PersonId
    role: Role
    unit: UnitCode
    division: Slug | None = None
    deputy: PersonId | None = Field(default=None, description="Who stands in.")
    starts: date


class RoleEnded(EventData):
    """A person no longer holds a role."""

    NAME: ClassVar[str] = "role.ended"

    person: PersonId
    role: Role
    unit: UnitCode
    division: Slug | None = None
    ends: date = Field(description="First day without the role.")


class LeaveRecorded(EventData):
    """A person is away; the deputy hears what they would."""

    NAME: ClassVar[str] = "leave.recorded"

    person: PersonId
    role: Role | None = Field(default=None, description="Absent: every role of the person.")
    unit: UnitCode
    starts: date
    ends: date = Field(description="First day back.")
    deputy: PersonId | None = None


MODELS: tuple[type[EventData], ...] = (
    CalendarProposed,
    CalendarApproved,
    CalendarWithdrawn,
    RuleProposed,
    RuleApproved,
    ProcedureDecided,
    ProcedureExpired,
    UnitChanged,
    RoleAssigned,
    RoleEnded,
    LeaveRecorded,
)
