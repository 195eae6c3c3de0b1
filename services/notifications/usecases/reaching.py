"""Which channels would reach each person of the organisation; never where."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.notifications.core.contact import Contact, address_of
from services.notifications.core.notice import Channel
from services.notifications.core.policy import STAFF_CHANNELS, Rules
from services.notifications.ports import ContactStore
from shared.reference.view import Reference
from shared.subjects.ports import Clock

OUTWARD: Final = (Channel.EMAIL, Channel.ZALO, Channel.SMS)
"""Channels that go to a person; the inbox waits until they come."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How one holder of a role, or who stands in for them, can be reached.

    Attributes:
        person: Their id.
        unit: The unit of the role.
        role: The role.
        channels: The channels that would take a message to them, in the order of trial.
        why: Why none would: `no_contact`, `erased`, `no_address`, `suppressed`.
    """

    person: str
    unit: str
    role: str
    channels: tuple[Channel, ...]
    why: str | None


@dataclass(slots=True)
class KnowReach:
    """Looks at the contacts of everybody who holds a role today."""

    contacts: ContactStore
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


def reach_of(contact: Contact | None, person: str, unit: str, role: str, rules: Rules) -> Reach:
    """Say which channels reach a person, or why none does."""
    usable = [one for one in rules.usable(STAFF_CHANNELS[role]) if one in OUTWARD]
    if contact is None or contact.erased:
        return Reach(person, unit, role, (), "no_contact" if contact is None else "erased")
    addressed = [one for one in usable if address_of(contact, one) is not None]
    open_now = tuple(one for one in addressed if one not in contact.suppressed)
    if open_now:
        return Reach(person, unit, role, open_now, None)
    return Reach(person, unit, role, (), "suppressed" if addressed else "no_address")


def _holders(
    reference: Reference, units: Collection[str] | None, now: datetime
) -> Iterator[tuple[str, str, str]]:
    for unit, role in sorted(reference.organisation.assignments):
        if (units is None or unit in units) and role in STAFF_CHANNELS:
            for person in reference.organisation.holders(unit, role, now):
                yield person, unit, role
