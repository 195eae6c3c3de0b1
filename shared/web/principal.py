"""Who asks, and what they may see."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, get_args

Role = Literal["clerk", "director", "chairman", "province", "auditor", "operator", "publisher"]
ROLES: tuple[Role, ...] = get_args(Role)
ALL_UNITS = "*"


class OutsideScopeError(Exception):
    """A principal asked for a unit that is not theirs."""


@dataclass(frozen=True)
class Principal:
    """A person or a machine that showed a valid key, or a session begun with one.

    `units` is None for somebody who may see all of them.
    """

    key_id: str
    role: Role
    units: frozenset[str] | None
    publisher: str | None = None
    person: str | None = None

    def under(self, current: Callable[[str], str]) -> "Principal":
        """Return the principal with the current codes of the units in their scope."""
        if self.units is None:
            return self
        units = frozenset(map(current, self.units))
        return self if units == self.units else replace(self, units=units)

    def may_see(self, unit: str) -> bool:
        """Tell whether a unit is in this principal's scope."""
        return self.units is None or unit in self.units

    def narrow(self, unit: str | None) -> frozenset[str] | None:
        """Give the units to answer for: the one asked for, or else all of the scope.

        None stands for every unit.

        Raises:
            OutsideScopeError: the unit asked for is not in the scope.
        """
        if unit is None:
            return self.units
        if not self.may_see(unit):
            raise OutsideScopeError(unit)
        return frozenset({unit})
