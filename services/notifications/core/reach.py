"""Whom messages reach: by the channels that are switched on, never by an address."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from services.notifications.core.contact import Contact, address_of
from services.notifications.core.notice import Channel
from services.notifications.core.policy import STAFF_CHANNELS, Rules
from shared.events.obligations import ObligationRungReached, UnreachedWhy

OUTWARD: Final = (Channel.EMAIL, Channel.ZALO, Channel.SMS)
"""Channels that go to a person; the inbox waits until they come."""

Reasons = tuple[UnreachedWhy, ...]
Unreached = Mapping[str, Reasons]
"""Role to why no channel reaches any of its holders, for one unit."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How one holder of a role, or who stands in for them, can be reached.

    Attributes:
        person: Their id.
        unit: The unit of the role.
        role: The role.
        channels: The channels that would take a message to them, in the order of trial.
        why: Why none would.
    """

    person: str
    unit: str
    role: str
    channels: tuple[Channel, ...]
    why: UnreachedWhy | None


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


def reached_roles(found: Iterable[Reach]) -> frozenset[tuple[str, str]]:
    """Return the seats, as unit and role, of which a channel reaches somebody."""
    return frozenset((one.unit, one.role) for one in found if one.channels)


def unreached_roles(
    found: Iterable[Reach], rules: Rules, gone: Collection[str]
) -> dict[str, Unreached]:
    """Return by unit the roles that somebody holds and no channel reaches, and why.

    A webhook is a program's and stands in for nobody: a rung whose people cannot be told goes
    on to the next role whether or not a program heard of it. That one stopped taking messages
    is said beside the other reasons, since it may be all that an office relied on.

    Args:
        found: Everybody who holds a role, or stands in for a holder.
        rules: What this installation has switched on.
        gone: The endpoints that said 410.
    """
    rows = list(found)
    reached = reached_roles(rows)
    reasons: dict[str, dict[str, set[UnreachedWhy]]] = {}
    for one in rows:
        if (one.unit, one.role) not in reached and one.why is not None:
            reasons.setdefault(one.unit, {}).setdefault(one.role, set()).add(one.why)
    for unit, roles in reasons.items():
        for role, why in roles.items():
            if _webhook_gone(unit, role, rules, gone):
                why.add("endpoint_disabled")
    return {
        unit: {role: tuple(sorted(why)) for role, why in sorted(roles.items())}
        for unit, roles in reasons.items()
    }


def _webhook_gone(unit: str, role: str, rules: Rules, gone: Collection[str]) -> bool:
    """Say whether an endpoint that would hear this role's rungs has stopped taking any."""
    return any(
        one.id in gone and one.wants(ObligationRungReached.NAME, unit, role)
        for one in rules.endpoints
    )
