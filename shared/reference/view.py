"""The reference data as one immutable view, folded from `motcua.reference.v1`.

Every service holds one and replaces it with each event. Nothing is built before it is asked
for, and what an event does not touch is shared with the view before it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from itertools import takewhile
from typing import Final

from shared.calendar.days import DeadlineCalendar
from shared.calendar.opening import OpeningHours
from shared.events.codes import PROVINCE
from shared.events.envelope import Event
from shared.events.model import EventData
from shared.events.reference import (
    AgencyNamed,
    CalendarApproved,
    CalendarWithdrawn,
    LeaveRecorded,
    ProcedureDecided,
    ProcedureExpired,
    RoleAssigned,
    RoleEnded,
    RuleApproved,
    UnitChanged,
)
from shared.events.units import data_under
from shared.reference.calendars import Calendars
from shared.reference.catalogue import (
    Agency,
    Procedure,
    Unit,
    agency_of,
    procedure_of,
)
from shared.reference.errors import NoRuleError, UnknownProcedureError, UnknownUnitError
from shared.reference.organisation import Organisation
from shared.reference.proposals import (
    LAW,
    LawChange,
    Proposal,
    change_of,
    proposals_after,
)
from shared.reference.rules import RuleBook, RuleRow
from shared.reference.units import Alias, Units

THEN_KEPT: Final = 64
"""How many views of earlier law are kept at hand: late facts and rebuilds ask for them."""

VIEW_EVERY: Final = 64
"""Of so many decisions one keeps its view, from which those of the others are worked out."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What holds: calendar, rules, catalogue, organisation.

    Attributes:
        version: The last sequence that was applied.
        law: The last one that can move a date or change what is owed: calendar, opening
            hours, rules, units, catalogue. Roles and leave change neither.
        units: The communes' centres and the provincial one, by current and former codes.
        agencies: Those beside the communes that have been named, by code.
        procedures: The catalogue, expired ones included.
        rules: The rule rows.
        calendars: The calendar rows and what is built from them.
        organisation: Who holds which role.
        proposals: The rows that wait for a second person, by subject.
        decided: The last decision that can have moved a date; it knows those before it.
    """

    version: int = 0
    law: int = 0
    units: Units = field(default_factory=Units)
    agencies: Mapping[str, Agency] = field(default_factory=dict)
    procedures: Mapping[str, Procedure] = field(default_factory=dict)
    rules: RuleBook = field(default_factory=RuleBook)
    calendars: Calendars = field(default_factory=Calendars)
    organisation: Organisation = field(default_factory=Organisation)
    proposals: Mapping[str, Proposal] = field(default_factory=dict)
    decided: "Decided | None" = field(default=None, compare=False, repr=False)

    @classmethod
    def empty(cls) -> "Reference":
        """Return the view before any event."""
        return cls()

    def changes(self, after: int = 0) -> Sequence[LawChange]:
        """Return the decisions since a version that can have moved a date, oldest first."""
        later = takewhile(lambda one: one.change.version > after, _back(self.decided))
        return [one.change for one in later][::-1]

    def then(self, version: int) -> "Reference":
        """Return the law as it was at a version, with the people who are there now.

        What is recorded late was promised, and ended, under the law that held then. Units have
        the codes of now: a code that changes later changes nothing that was decided.
        """
        if version >= self.law:
            return self
        held = next((one for one in _back(self.decided) if one.change.version <= version), None)
        law = Reference.empty() if held is None else _law_of(held)
        units = self.units
        if held is not None and law.units.aliases != units.aliases:
            names = frozenset(units.named_until.items())
            law = _law_under(held, frozenset(units.aliases.items()), names)
        return replace(law, organisation=self.organisation)

    def current(self, code: str) -> str:
        """Return the current code of the unit with this code; an unknown code as it is."""
        return self.units.current(code)

    def has_unit(self, code: str) -> bool:
        """Say whether there is such a unit."""
        return code in self.units

    def has_procedure(self, code: str) -> bool:
        """Say whether the catalogue knows the procedure, in force or expired."""
        return code in self.procedures

    def unit(self, code: str) -> Unit:
        """Return a unit.

        Raises:
            UnknownUnitError: there is no such unit.
        """
        try:
            return self.units[code]
        except KeyError:
            raise UnknownUnitError(code) from None

    def agency_name(self, code: str) -> str:
        """Return what an agency is called: a unit by either of its codes, another by its own.

        The code itself while nobody has said its name.
        """
        if code in self.agencies:
            return self.agencies[code].name
        code = self.current(code)
        units = (
            unit.name for unit in self.units.values() if code in {unit.code, unit.electronic_id}
        )
        return next(units, code)

    def procedure(self, code: str) -> Procedure:
        """Return a procedure of the catalogue, in force or expired.

        Raises:
            UnknownProcedureError: there is no such procedure.
        """
        try:
            return self.procedures[code]
        except KeyError:
            raise UnknownProcedureError(code) from None

    def rule(
        self, procedure: str, on: date, *, unit: str | None = None, channel: str | None = None
    ) -> RuleRow:
        """Return the rule row that a dossier received on a day falls under.

        Raises:
            NoRuleError: no row holds.
        """
        unit = None if unit is None else self.current(unit)
        return self.rules.find(procedure, on, unit=unit, channel=channel)

    def rule_version(self, rule: str, version: int) -> RuleRow:
        """Return the row that a dossier was received under, whatever was approved since.

        Raises:
            NoRuleError: that row was never approved in that version.
        """
        try:
            return self.rules.by_version[rule, version]
        except KeyError:
            msg = f"no version {version} of the rule row {rule}"
            raise NoRuleError(msg) from None

    @property
    def calendar(self) -> DeadlineCalendar:
        """Return the deadline calendar, one for all units.

        Raises:
            NoCalendarError: no year is published yet.
        """
        return self.calendars.deadline

    @property
    def horizon(self) -> date | None:
        """Return the last published day; past it the engine refuses to guess."""
        published = self.calendars.published
        return None if published is None else published[1]

    def opening(self, unit: str) -> OpeningHours:
        """Return the opening calendar of a unit.

        Raises:
            UnknownUnitError: there is no such unit.
            NoCalendarError: no year is published yet.
        """
        known = self.unit(unit)
        return self.calendars.opening(known.code, known.opening)

    def roles(self, unit: str, role: str, at: datetime | date) -> tuple[str, ...]:
        """Return who answers for a role on that day: holders, or who stands in for them.

        Nobody means that the role is vacant and has no deputy who is there. The role
        `province` is the provincial centre's, whatever unit is asked for.
        """
        return self.organisation.holders(_seat(self.current(unit), role), role, at)

    def named(self, unit: str, role: str, at: datetime | date) -> tuple[str, ...]:
        """Return who holds a role by name, present or away; nobody if it is vacant."""
        return self.organisation.named(_seat(self.current(unit), role), role, at)

    def present(self, person: str, at: datetime | date) -> tuple[str, ...]:
        """Return the person, or who stands in while they are away; perhaps nobody."""
        return self.organisation.present(person, at)

    def obligations_from(self, unit: str) -> date | None:
        """Return the day from which a unit's calendar obligations open, if one is set.

        Raises:
            UnknownUnitError: there is no such unit.
        """
        return self.unit(unit).obligations_from


def apply(reference: Reference, event: Event) -> Reference:
    """Return the view after one more event of the topic.

    An event that is no reference event, or is older than the view, changes nothing.
    """
    sequence = event.sequence or reference.version + 1
    if sequence <= reference.version:
        return reference
    at = event.recordedtime or event.time
    view = _with(reference, event.data, sequence, event.id, at)
    if view.proposals is reference.proposals:
        return replace(view, proposals=proposals_after(view.proposals, event))
    return view  # A unit's code has changed, and proposals name it by the new one.


def as_if(reference: Reference, data: EventData, cause: str, at: datetime) -> Reference:
    """Return the view that a decision would give, were it the next event, of that id and time.

    For previews. It is what `apply` gives, but for the proposals, which move nothing.
    """
    return _with(reference, data, reference.version + 1, cause, at)


def _with(
    reference: Reference, data: EventData, version: int, event_id: str, at: datetime
) -> Reference:
    view = replace(_applied(reference, data, version, at), version=version)
    only_proposed = (
        isinstance(data, CalendarWithdrawn) and view.calendars is reference.calendars
    )
    if not isinstance(data, LAW) or only_proposed:
        return view
    before = reference.decided
    number = 1 if before is None else before.number + 1
    kept = view if number % VIEW_EVERY == 0 else None
    change = change_of(data, version, event_id, at)
    return replace(view, law=version, decided=Decided(change, data, number, kept, before))


@dataclass(frozen=True, eq=False, slots=True)
class Decided:
    """A decision that can have moved a date, and through it all those before it.

    Attributes:
        change: What is known of it as a cause.
        data: What was decided.
        number: Which one it is, from 1.
        view: The law right after it, with one of `VIEW_EVERY`.
        before: The decision before it.
    """

    change: LawChange
    data: EventData
    number: int
    view: Reference | None
    before: "Decided | None"


def _back(decided: Decided | None) -> Iterator[Decided]:
    """Yield a decision and those before it, newest first."""
    while decided is not None:
        yield decided
        decided = decided.before


@lru_cache(maxsize=THEN_KEPT)
def _law_of(decided: Decided) -> Reference:
    """Return the law right after a decision."""
    later: list[Decided] = []
    view = Reference.empty()
    for one in _back(decided):
        if one.view is not None:
            view = one.view
            break
        later.append(one)
    for one in reversed(later):
        view = _applied(view, one.data, one.change.version, one.change.at)
    version = decided.change.version
    return replace(view, version=version, law=version, proposals={}, decided=decided)


@lru_cache(maxsize=THEN_KEPT)
def _law_under(
    decided: Decided,
    aliases: frozenset[tuple[str, Alias]],
    names: frozenset[tuple[str, tuple[tuple[str, date], ...]]],
) -> Reference:
    """Return the law right after a decision, with the units under codes of another moment."""
    return _under(_law_of(decided), Units({}, dict(aliases), dict(names)))


def _under(view: Reference, units: Units) -> Reference:
    """Return a view with every row under the codes that units have now."""
    current = units.current
    return replace(
        view,
        units=view.units.under(units),
        rules=view.rules.under(current),
        calendars=view.calendars.under(current),
        organisation=view.organisation.under(current),
        proposals={
            subject: replace(one, data=data_under(one.data, current))
            for subject, one in view.proposals.items()
        },
    )


def _seat(unit: str, role: str) -> str:
    return PROVINCE if role == "province" else unit


def _applied(  # noqa: C901, PLR0911 - one case for each type of event.
    view: Reference, data: EventData, version: int, at: datetime
) -> Reference:
    if view.units.aliases:
        data = data_under(data, view.current)
    match data:
        case UnitChanged():
            return _unit_changed(view, data, at)
        case AgencyNamed():
            return replace(view, agencies={**view.agencies, data.agency: agency_of(data)})
        case ProcedureDecided():
            row = procedure_of(data)
            return replace(view, procedures={**view.procedures, row.code: row})
        case ProcedureExpired():
            return _expired(view, data)
        case RuleApproved():
            return replace(view, rules=view.rules.approved(data, version))
        case CalendarApproved():
            return replace(view, calendars=view.calendars.approved(data, version))
        case CalendarWithdrawn():
            return replace(view, calendars=view.calendars.withdrawn(data.row, version))
        case RoleAssigned():
            return replace(view, organisation=view.organisation.assigned(data))
        case RoleEnded():
            return replace(view, organisation=view.organisation.ended(data))
        case LeaveRecorded():
            return replace(view, organisation=view.organisation.left(data))
        case _:
            return view


def _unit_changed(view: Reference, data: UnitChanged, at: datetime) -> Reference:
    units = view.units.changed(data, at)
    changed = replace(view, units=units)
    return changed if units.aliases is view.units.aliases else _under(changed, units)


def _expired(view: Reference, data: ProcedureExpired) -> Reference:
    row = view.procedures.get(data.procedure)
    if row is None:  # It expired before it was ever loaded here; there is nothing to mark.
        return view
    row = replace(row, expired_on=data.expired_on, replaced_by=data.replaced_by)
    return replace(view, procedures={**view.procedures, row.code: row})
