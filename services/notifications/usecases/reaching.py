"""Which channels would reach each person of the organisation; never where."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from services.notifications.core.policy import STAFF_CHANNELS, Rules
from services.notifications.core.reach import Reach, reach_of
from services.notifications.ports import ContactStore, EndpointStore
from shared.reference.view import Reference
from shared.subjects.ports import Clock


@dataclass(slots=True)
class KnowReach:
    """Looks at the contacts of everybody who holds a role today."""

    contacts: ContactStore
    endpoints: EndpointStore
    reference: Callable[[], Reference]
    rules: Rules
    clock: Clock

    async def __call__(self, units: Collection[str] | None) -> list[Reach]:
        """Return everybody who would hear a rung in these units; None: in all.

        Raises:
            UnavailableError: the store did not answer.
        """
        held = list(_holders(self.reference(), units, self.clock.now()))
        known = await self.contacts.get({person for person, _, _ in held})
        return [
            reach_of(known.get(person), person, unit, role, self.rules)
            for person, unit, role in held
        ]

    async def gone(self) -> frozenset[str]:
        """Return the endpoints of this installation that stopped taking messages.

        Raises:
            UnavailableError: the store did not answer.
        """
        if not self.rules.endpoints:
            return frozenset()
        configured = {one.id for one in self.rules.endpoints}
        return await self.endpoints.disabled() & configured


def _holders(
    reference: Reference, units: Collection[str] | None, now: datetime
) -> Iterator[tuple[str, str, str]]:
    for unit, role in sorted(reference.organisation.assignments):
        if (units is None or unit in units) and role in STAFF_CHANNELS:
            for person in reference.organisation.holders(unit, role, now):
                yield person, unit, role
