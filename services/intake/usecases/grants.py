"""Who may number for whom: read by every replica, changed by an operator."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from services.intake.core.opening import can_open, may_use_code
from services.intake.ports import Grant, Grants
from services.intake.usecases.entries import Entry
from shared.events.numbering import NumberingRights, is_grant, is_unit
from shared.reference.view import Reference

GRANTS_MAX: Final = 5_000


class TooManyGrantsError(Exception):
    """The register is full; one for all units below an id (`H37.*`) takes one row."""


class NotAPrefixError(ValueError):
    """What a publisher should number for is no unit of ours and no prefix."""


@dataclass(slots=True)
class GrantBook:
    """The rights as this replica last read them, and the register behind them.

    A refresh each second takes a right away everywhere. A right that was given holds at once:
    the register is read again before an event is refused for lack of it.
    """

    grants: Grants
    rights: NumberingRights = field(default_factory=NumberingRights)

    async def refresh(self) -> NumberingRights:
        """Read the register, and return the rights.

        Raises:
            UnavailableError: the store does not answer.
        """
        granted: dict[str, set[str]] = {}
        for grant in await self.grants.read():
            granted.setdefault(grant.publisher, set()).add(grant.numbers_for)
        self.rights = NumberingRights(
            self.rights.pattern, {name: frozenset(each) for name, each in granted.items()}
        )
        return self.rights

    async def rights_for(
        self, entries: Sequence[Entry], reference: Reference
    ) -> NumberingRights:
        """Return the rights by which these are judged; read anew where one would lack its own.

        Raises:
            UnavailableError: the store does not answer.
        """
        for entry in entries:
            event, sender = entry.event, entry.sender
            if can_open(event) and not may_use_code(event, sender, self.rights, reference):
                return await self.refresh()
        return self.rights

    async def add(self, grant: Grant, reference: Reference) -> bool:
        """Register what a publisher numbers for; return whether that is new.

        Raises:
            NotAPrefixError: it is neither a unit of ours nor a prefix.
            TooManyGrantsError: the register is full.
            UnavailableError: the store does not answer.
        """
        unknown_unit = is_unit(grant.numbers_for) and grant.numbers_for not in reference.units
        if unknown_unit or not is_grant(grant.numbers_for):
            raise NotAPrefixError(grant.numbers_for)
        if len(await self.grants.read()) >= GRANTS_MAX:
            raise TooManyGrantsError
        added = await self.grants.add(grant)
        await self.refresh()
        return added

    async def remove(self, publisher: str, numbers_for: str | None) -> int:
        """Remove one right of a publisher, or all; return how many there were.

        Raises:
            UnavailableError: the store does not answer.
        """
        removed = await self.grants.remove(publisher, numbers_for)
        await self.refresh()
        return removed
