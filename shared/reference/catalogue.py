"""Units, other agencies and the catalogue of procedures, as the newest events say."""

from dataclasses import dataclass
from datetime import date, time
from typing import Literal

from shared.calendar.opening import Hours, OpeningRules, Season, Span
from shared.events.reference import (
    AgencyNamed,
    Opening,
    OpeningSeason,
    ProcedureDecided,
    UnitChanged,
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A commune's centre, or the provincial one."""

    code: str
    name: str
    type: str
    electronic_id: str
    synthetic: bool  # The identifier is made up, because the real one is not known.
    numbering: str  # "motcua" draws dossier codes from us; "own" brings them.
    obligations_from: date | None
    opening: OpeningRules
    opening_source: str
    opening_verified: bool


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency that settles steps beside the communes' centres."""

    code: str
    name: str
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure of the catalogue."""

    code: str
    name: str
    field: str
    field_name: str | None
    sensitive: bool
    neutral_name: str | None
    levels: tuple[str, ...]
    decided_on: date
    effective_from: date | None
    fee: int | None
    source: str
    verified: bool
    systems: tuple[str, ...] = ()  # Those that it cannot be settled without.
    linked: bool = False  # A group of linked procedures, each with an agency of its own.
    expired_on: date | None = None  # First day without it.
    replaced_by: str | None = None
    online_level: Literal["full", "partial"] | None = None  # Absent: not recorded.

    def in_force(self, day: date) -> bool:
        """Say whether the procedure can be asked for on a day."""
        begun = self.effective_from is None or self.effective_from <= day
        return begun and (self.expired_on is None or day < self.expired_on)

    @property
    def public_name(self) -> str:
        """Return the name that a message may carry: neutral where the real one tells."""
        return self.neutral_name if self.sensitive and self.neutral_name else self.name


def unit_of(data: UnitChanged) -> Unit:
    """Return a unit as its last event says it is."""
    return Unit(
        code=data.unit,
        name=data.name,
        type=data.type,
        electronic_id=data.electronic_id,
        synthetic=data.synthetic,
        numbering=data.numbering,
        obligations_from=data.obligations_from,
        opening=rules_of(data.opening),
        opening_source=data.opening.source,
        opening_verified=data.opening.verified,
    )


def agency_of(data: AgencyNamed) -> Agency:
    """Return an agency as its last event names it."""
    return Agency(data.agency, data.name, data.source, data.verified)


def procedure_of(data: ProcedureDecided) -> Procedure:
    """Return a procedure as its last decision says it is."""
    return Procedure(
        code=data.procedure,
        name=data.name,
        field=data.field,
        field_name=data.field_name,
        sensitive=data.sensitive,
        neutral_name=data.neutral_name,
        levels=data.levels,
        decided_on=data.decided_on,
        effective_from=data.effective_from,
        fee=data.fee,
        source=data.source,
        verified=data.verified,
        systems=data.systems or (),
        linked=data.linked is True,
        online_level=data.online_level,
    )


def rules_of(data: Opening) -> OpeningRules:
    """Return the opening rules that an event describes."""
    return OpeningRules(tuple(_season(season) for season in data.seasons))


def _season(data: OpeningSeason) -> Season:
    saturday = Hours(_span(data.saturday_morning), _span(data.saturday_afternoon))
    receives = saturday.morning is not None or saturday.afternoon is not None
    return Season(
        weekday=Hours(_span(data.morning), _span(data.afternoon)),
        saturday=saturday if receives else None,
        first=_month_day(data.first),
        last=_month_day(data.last),
    )


def _span(hours: tuple[str, str] | None) -> Span | None:
    return (
        None if hours is None else (time.fromisoformat(hours[0]), time.fromisoformat(hours[1]))
    )


def _month_day(text: str) -> tuple[int, int]:
    return int(text[:2]), int(text[3:])
