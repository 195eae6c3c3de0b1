"""Reference events: calendar, rules, catalogue, organisation (events.md, third table).

One partition, one sequence for the topic. A subject is what the row is about, then `:` and the
row's own key: `subject_of` writes it.
"""

from datetime import date
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, StringConstraints

from shared.events.codes import (
    ElectronicId,
    Identifier,
    ItemCode,
    PersonId,
    ProcedureCode,
    Slug,
    UnitCode,
)
from shared.events.model import AmountVnd, EventData, Frozen, LawSource, OfficialName
from shared.events.obligations import Role

CLOCK_PATTERN: Final = r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$"
MONTH_DAY_PATTERN: Final = r"^(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$"

#: A time of the day, to the minute, such as 07:30.
ClockTime = Annotated[str, StringConstraints(pattern=CLOCK_PATTERN)]
#: A day of every year, such as 04-16.
MonthDay = Annotated[str, StringConstraints(pattern=MONTH_DAY_PATTERN)]


class CalendarRow(EventData):
    """One day that differs from the published rule, or the last day that is published."""

    row: Identifier = Field(description="The row's own id, such as VN-2026-01-02.")
    day: date
    unit: UnitCode | None = Field(default=None, description="Absent: the whole province.")
    kind: Literal["off", "work", "published_through"]
    reason: Slug = Field(description="tet, national_day, swap, closure, reception, ….")
    counterpart: date | None = Field(default=None, description="The day it is swapped with.")
    source: LawSource
    verified: bool = False
    by: PersonId | None = None


class CalendarProposed(CalendarRow):
    """A day off or a swap is proposed; a preview says what would move."""

    NAME: ClassVar[str] = "calendar.proposed"


class CalendarApproved(CalendarRow):
    """The row holds: the limits of open dossiers are counted anew."""

    NAME: ClassVar[str] = "calendar.approved"


class CalendarWithdrawn(CalendarRow):
    """The row no longer holds."""

    NAME: ClassVar[str] = "calendar.withdrawn"


class RungRow(Frozen):
    """One rung of a ladder, where a rule row has its own."""

    rung: Slug
    role: Role
    share: float | None = Field(
        default=None, ge=0, le=1, description="Share of the limit used."
    )
    working_days_after_due: int | None = Field(default=None, ge=-60, le=60)


class RuleLimit(Frozen):
    """How a limit is counted; every choice is a parameter."""

    unit: Literal[
        "same_day",
        "hours",
        "clock_hours",
        "half_days",
        "working_days",
        "calendar_days",
        "given",
    ] = Field(description="`hours` run while the office is open, `clock_hours` day and night.")
    value: int = Field(default=0, ge=0, le=1000)
    cutoff: ClockTime = Field(default="15:00", description="Last minute for `same_day`.")
    roll: Literal["next_working_day", "none"] = "next_working_day"
    promise_at: Literal["close", "same_clock_hour"] = "close"
    after_hours: Literal["as_accepted", "next_session"] = "as_accepted"
    after_supplement: Literal["restart", "subtract"] = "restart"
    outside_opening: Literal["as_is", "next_opening"] = Field(
        default="as_is",
        description="Where the promise goes if `clock_hours` end outside opening hours.",
    )


class RuleRow(EventData):
    """How long a procedure may take, by which source, from when."""

    rule: Identifier = Field(description="Id of the row; a dossier stays under its row.")
    procedure: ProcedureCode
    unit: UnitCode | None = Field(default=None, description="Absent: every unit.")
    channel: Literal["direct", "online", "post"] | None = None
    limit: RuleLimit
    ladder: tuple[RungRow, ...] | None = Field(default=None, max_length=20)
    valid_from: date
    valid_to: date | None = Field(default=None, description="First day it no longer holds.")
    source: LawSource
    verified: bool = False
    by: PersonId | None = None


class RuleProposed(RuleRow):
    """A limit is proposed; a preview says what would move."""

    NAME: ClassVar[str] = "rule.proposed"


class RuleApproved(RuleRow):
    """A limit holds for what is received in its validity."""

    NAME: ClassVar[str] = "rule.approved"


class RuleWithdrawn(RuleRow):
    """The proposal is taken back; a row that holds is not touched."""

    NAME: ClassVar[str] = "rule.withdrawn"


class ProcedureDecided(EventData):
    """A procedure is decided and is to be posted within 5 working days."""

    NAME: ClassVar[str] = "procedure.decided"

    procedure: ProcedureCode
    name: OfficialName
    field: Slug = Field(description="Field of administration, such as ho_tich.")
    field_name: OfficialName | None = None
    sensitive: bool = Field(
        default=False, description="The name alone reveals something: messages stay neutral."
    )
    neutral_name: OfficialName | None = Field(
        default=None, description="What messages say instead; it also fits a short message."
    )
    levels: tuple[Literal["commune", "province", "ministry"], ...] = ("commune",)
    decided_on: date
    effective_from: date | None = None
    fee: AmountVnd | None = None
    online_level: Literal["full", "partial"] | None = Field(
        default=None,
        description="How much of it can be done online: all, or a part. Absent: not recorded.",
    )
    systems: tuple[Slug, ...] | None = Field(
        default=None,
        max_length=20,
        description="The connected systems without which it cannot be settled.",
    )
    systems_verified: bool | None = Field(
        default=None, description="Somebody has checked which systems it needs."
    )
    linked: bool | None = Field(
        default=None,
        description="A group of linked procedures (liên thông): its codes carry the receiving "
        "unit's electronic id, or the portal's for an online dossier.",
    )
    source: LawSource
    verified: bool = False


class ProcedureExpired(EventData):
    """A procedure is abolished and is to be taken off the lists."""

    NAME: ClassVar[str] = "procedure.expired"

    procedure: ProcedureCode
    expired_on: date
    replaced_by: ProcedureCode | None = None
    source: LawSource | None = None


Hours = tuple[ClockTime, ClockTime]


class OpeningSeason(Frozen):
    """The sessions of a part of the year; an absent session is closed."""

    first: MonthDay
    last: MonthDay
    morning: Hours | None = None
    afternoon: Hours | None = None
    saturday_morning: Hours | None = None
    saturday_afternoon: Hours | None = None


class Opening(Frozen):
    """When a centre receives people; another thing than the days that the law counts."""

    seasons: tuple[OpeningSeason, ...] = Field(min_length=1, max_length=12)
    source: LawSource
    verified: bool = False


class FormerCode(Frozen):
    """A code that a unit had before; it stays an alias of the unit."""

    code: UnitCode
    until: date = Field(description="First day without it.")
    source: LawSource


class UnitChanged(EventData):
    """A unit is as follows from now on: name, identifier, opening hours, former codes."""

    NAME: ClassVar[str] = "unit.changed"

    unit: UnitCode
    name: OfficialName
    type: Literal["xã", "phường", "tỉnh"]
    electronic_id: ElectronicId
    synthetic: bool = Field(default=False, description="The identifier is made up.")
    opening: Opening
    obligations_from: date | None = Field(
        default=None, description="Calendar obligations open from this day and never before."
    )
    numbering: Literal["motcua", "own"] = Field(
        default="motcua", description="own: the unit's software numbers its dossiers."
    )
    former: tuple[FormerCode, ...] | None = Field(
        default=None,
        max_length=20,
        description="Codes that the unit had before. They add up: absent takes none back.",
    )


class AgencyNamed(EventData):
    """An agency beside the communes is called so from now on; others send its code alone."""

    NAME: ClassVar[str] = "agency.named"

    agency: ItemCode = Field(description="As steps and slips of apology name it.")
    name: OfficialName
    source: LawSource
    verified: bool = False


class RoleAssigned(EventData):
    """A person holds a role in a unit from a day on."""

    NAME: ClassVar[str] = "role.assigned"

    person: PersonId
    role: Role
    unit: UnitCode
    division: Slug | None = None
    deputy: PersonId | None = Field(default=None, description="Who stands in.")
    from_day: date


class RoleEnded(EventData):
    """A person no longer holds a role."""

    NAME: ClassVar[str] = "role.ended"

    person: PersonId
    role: Role
    unit: UnitCode
    division: Slug | None = None
    ended_on: date = Field(description="First day without the role.")


class LeaveRecorded(EventData):
    """A person is away; the deputy hears what they would."""

    NAME: ClassVar[str] = "leave.recorded"

    person: PersonId
    unit: UnitCode
    first_day: date
    last_day: date = Field(description="Last day away.")
    deputy: PersonId | None = None


MODELS: tuple[type[EventData], ...] = (
    CalendarProposed,
    CalendarApproved,
    CalendarWithdrawn,
    RuleProposed,
    RuleApproved,
    RuleWithdrawn,
    ProcedureDecided,
    ProcedureExpired,
    UnitChanged,
    AgencyNamed,
    RoleAssigned,
    RoleEnded,
    LeaveRecorded,
)


def subject_of(data: EventData) -> str:  # noqa: PLR0911 -- One way out for each type.
    """Give the subject under which a reference event is sent.

    Raises:
        TypeError: The data is not of a reference event.
    """
    match data:
        case CalendarRow():
            return f"calendar:{data.row}"
        case RuleRow():
            return f"rule:{data.rule}"
        case ProcedureDecided() | ProcedureExpired():
            return f"procedure:{data.procedure}"
        case UnitChanged():
            return f"unit:{data.unit}"
        case AgencyNamed():
            return f"agency:{data.agency}"
        case RoleAssigned() | RoleEnded():
            return f"role:{data.unit}:{data.role}:{data.person}"
        case LeaveRecorded():
            return f"leave:{data.unit}:{data.person}:{data.first_day.isoformat()}"
        case _:
            raise TypeError(f"no reference event: {type(data).__name__}")
