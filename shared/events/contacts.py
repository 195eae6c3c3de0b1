"""Contacts: the only place of personal data, on a topic of its own.

Key = dossier code (applicant) or person id (staff). Erasure is a tombstone (no value); its
readers keep a marker, so that a contact which is older, or replayed, does not come back.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints

from shared.events.model import Frozen, Instant

_LINE: Final = r"^[^\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]+$"

PHONE_PATTERN: Final = r"^(?:\+?84|0)[0-9]{9,10}$"
EMAIL_PATTERN: Final = r"^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$"
NATIONAL_ID_PATTERN: Final = r"^(?:[0-9]{9}|[0-9]{12})$"
WEBHOOK_PATTERN: Final = r"^https?://[!-~]{3,}$"

PersonalLine = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_LINE)]
PhoneNumber = Annotated[str, StringConstraints(pattern=PHONE_PATTERN)]
EmailAddress = Annotated[str, StringConstraints(pattern=EMAIL_PATTERN, max_length=254)]
NationalId = Annotated[str, StringConstraints(pattern=NATIONAL_ID_PATTERN)]
WebhookUrl = Annotated[str, StringConstraints(pattern=WEBHOOK_PATTERN, max_length=500)]


class ContactPart(Frozen):
    """What a publisher may say about a person, at the inbound door only."""

    name: PersonalLine | None = None
    phone: PhoneNumber | None = None
    email: EmailAddress | None = None
    zalo: PhoneNumber | None = Field(
        default=None, description="Telephone number known to Zalo."
    )
    address: PersonalLine | None = None
    national_id: NationalId | None = None
    webhook: WebhookUrl | None = Field(default=None, description="Staff only.")
    language: Literal["vi", "en"] = "vi"


class Contact(ContactPart):
    """One version of one person's contact, as the contacts topic carries it."""

    key: str = Field(min_length=1, max_length=120)
    version: int = Field(ge=1, description="Dossier events carry it as `contactversion`.")
    role: Literal["applicant", "staff"]
    recordedtime: Instant


def contact_document(contact: Contact) -> dict[str, Any]:
    """Write a contact as its record's value."""
    return contact.model_dump(mode="json", exclude_none=True)
