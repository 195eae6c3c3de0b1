"""Names out of the reference data, for people to read."""

from dataclasses import dataclass

from services.notifications.core.letter import NEUTRAL
from shared.reference.view import Reference


@dataclass(frozen=True, slots=True)
class ReferenceNames:
    """The names as the view has them; a code stands for what it does not know."""

    reference: Reference

    def unit(self, code: str) -> str:
        """Return a unit's name, with what kind of unit it is."""
        unit = self.reference.units.get(code)
        return code if unit is None else unit.name

    def agency(self, code: str) -> str:
        """Return what an agency is called, a commune's among them."""
        return self.reference.agency_name(code)

    def procedure(self, code: str) -> tuple[str, bool]:
        """Return a procedure's public name; one that is sensitive gives nothing away."""
        procedure = self.reference.procedures.get(code)
        if procedure is None:
            return NEUTRAL["vi"], True
        if procedure.sensitive:
            return procedure.neutral_name or NEUTRAL["vi"], True
        return procedure.name, False
