"""Where a person can be reached: kept apart from everything else, and erasable."""

from dataclasses import dataclass, field, replace
from typing import Final

from services.notifications.core.notice import Channel, Language
from services.notifications.core.safety import email_address, phone_number

SUPPRESSING: Final = frozenset({"address_refused", "bounced", "account_gone", "opted_out"})
"""Reasons after which an address is not tried again until the contact changes."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact, as its latest version says.

    Attributes:
        key: The dossier's code or the person's id.
        version: Given by intake, 1, 2, 3 …
        erased: A marker that stays: nothing may be known under this key any more.
        suppressed: Channels that a provider told us not to use for this version.
    """

    key: str
    version: int = 0
    erased: bool = False
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    zalo: str | None = None
    language: Language = "vi"
    suppressed: frozenset[Channel] = field(default_factory=frozenset)


def merge(known: Contact | None, told: Contact) -> Contact | None:
    """Return the contact to keep after being told of one; None when nothing changes.

    Erasure is final: a marker is never replaced, whatever a replay says afterwards.
    """
    if known is None or (told.erased and not known.erased):
        return told
    if known.erased or told.version <= known.version:
        return None
    return told


def erased(key: str) -> Contact:
    """Return the marker of an erased contact."""
    return Contact(key=key, erased=True)


def suppress(contact: Contact, channel: Channel) -> Contact:
    """Return the contact with a channel that is not to be tried again."""
    return replace(contact, suppressed=contact.suppressed | {channel})


def address_of(contact: Contact, channel: Channel) -> str | None:
    """Return where `channel` would take a message, or None if it cannot."""
    if channel is Channel.EMAIL:
        return email_address(contact.email)
    if channel is Channel.SMS:
        return phone_number(contact.phone)
    if channel is Channel.ZALO:
        return phone_number(contact.zalo)
    return None
