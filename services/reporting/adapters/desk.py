"""What the HTTP side asks of reporting: the use cases, the reference data, the time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from services.reporting.core.counts import NO_FIELD
from services.reporting.core.derive import derive
from services.reporting.core.fact import Fact
from services.reporting.core.figures import Period, Ratio
from services.reporting.core.reported import Reported
from services.reporting.core.state import FactState
from services.reporting.ports import Facts
from services.reporting.usecases.asked import Asked
from services.reporting.usecases.available import ReadAvailability
from services.reporting.usecases.listing import Found, ListRows
from services.reporting.usecases.reading import Overview, ReadFigures
from shared.calendar.days import DeadlineCalendar
from shared.calendar.opening import OpeningHours
from shared.events.codes import PROVINCE, is_matter
from shared.events.forms import FormCode
from shared.ops.clock import Clock
from shared.reference.errors import NoCalendarError, UnknownUnitError
from shared.reference.view import Reference
from shared.subjects.ports import ReferenceSource


@dataclass(slots=True)
class Desk:
    """The use cases with what each of them is to be told."""

    facts: Facts
    figures: ReadFigures
    rows: ListRows
    source: ReferenceSource
    clock: Clock
    lookup_key: bytes

    @property
    def reference(self) -> Reference:
        """The reference data as far as they have been read."""
        return self.source.current()

    @property
    def now(self) -> datetime:
        """The time by which the law runs."""
        return self.clock.now()

    def communes(self) -> frozenset[str]:
        """Return the units that figures are given for: every one but the province's own."""
        return frozenset(self.reference.units) - {PROVINCE}

    def calendar(self) -> DeadlineCalendar | None:
        """Return the working days; None before any is published."""
        try:
            return self.reference.calendar
        except NoCalendarError:
            return None

    def unit_name(self, code: str) -> str:
        """Name a unit; by its code while nobody has said its name."""
        unit = self.reference.units.get(code)
        return code if unit is None else unit.name

    def agency_name(self, code: str) -> str:
        """Name an agency; by its code while nobody has said its name."""
        return self.reference.agency_name(code)

    def procedure_name(self, code: str | None) -> str:
        """Name a procedure; by its code while the catalogue does not have it."""
        procedure = self.reference.procedures.get(code or "")
        return code or "" if procedure is None else procedure.name

    def field_name(self, field: str | None) -> str | None:
        """Name a field of administration; None where it is not known."""
        if field in {None, NO_FIELD}:
            return None
        for procedure in self.reference.procedures.values():
            if procedure.field == field and procedure.field_name:
                return procedure.field_name
        return str(field).replace("_", " ")

    async def overview(
        self, units: frozenset[str] | None, period: Period, now: datetime
    ) -> Overview:
        """Read the figures of some units, or of all."""
        return await self.figures(
            units, period, now, known=self.communes(), calendar=self.calendar()
        )

    async def availability(
        self, kind: str, units: frozenset[str], period: Period, now: datetime
    ) -> Mapping[str, Ratio]:
        """Read for which share of their opening hours units, or their links, stood."""
        return await ReadAvailability(self.rows)(kind, units, period, now, self._opening)

    def _opening(self, unit: str) -> tuple[OpeningHours, date | None] | None:
        try:
            return self.reference.opening(unit), self.reference.obligations_from(unit)
        except (NoCalendarError, UnknownUnitError):
            return None

    async def reported(
        self, form: FormCode, units: frozenset[str] | None, period: Period
    ) -> list[Reported]:
        """Return the forms that units reported for periods with a day of this one."""
        found = await self.facts.reported(form, units)
        chosen = [one for one in found if one.touches(period)]
        return sorted(chosen, key=lambda one: (self.unit_name(one.unit), one.first))

    async def listed(self, asked: Asked) -> Found:
        """List the rows behind a figure."""
        return await self.rows(asked)

    async def dossier(self, code: str) -> tuple[FactState, Fact] | None:
        """Return a dossier's histories and its fact; None where there is no such dossier."""
        state = await self.facts.get(code)
        if state is None or is_matter(code):
            return None
        fact = derive(state, state.fields.get)
        return None if fact is None else (state, fact)
