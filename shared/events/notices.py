"""What notifications says about a notice; subject = notice id, key = as its cause."""

from typing import ClassVar, Literal

from pydantic import Field

from shared.events.codes import EventName, Identifier, ObligationId, PersonId, Slug, UnitCode
from shared.events.model import EventData, Instant

NoticeChannel = Literal["email", "sms", "zalo", "webhook", "inbox"]


class NoticeData(EventData):
    """Which notice, of what, to whom, on which channel."""

    about: Identifier = Field(description="Id of the event that it tells of.")
    about_name: EventName
    cause: Identifier = Field(description="Subject of that event: a dossier or a matter.")
    unit: UnitCode | None = None
    person: PersonId | None = Field(default=None, description="Absent for an applicant.")
    channel: NoticeChannel
    template: Slug
    template_version: int = Field(default=1, ge=1)
    language: Literal["vi", "en"] = "vi"
    obligation: ObligationId | None = None
    cycle: int | None = Field(default=None, ge=1)
    rung: Slug | None = None
    attempt: int = Field(default=0, ge=0)


class NoticePlanned(NoticeData):
    """A notice is to be sent."""

    NAME: ClassVar[str] = "notice.planned"

    send_after: Instant | None = None
    useless_after: Instant | None = None


class NoticeSent(NoticeData):
    """The provider took it."""

    NAME: ClassVar[str] = "notice.sent"

    at: Instant
    provider_id: Identifier | None = None
    resend: bool = Field(default=False, description="Sent again after a lost answer; marked.")
    merged: tuple[Identifier, ...] = Field(
        default=(), max_length=1000, description="Other notices that this message carries."
    )
    content_hash: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")


class NoticeDelivered(NoticeData):
    """The provider, or the person, says that it arrived."""

    NAME: ClassVar[str] = "notice.delivered"

    at: Instant
    provider_id: Identifier | None = None


class NoticeFailed(NoticeData):
    """It can't be delivered on this channel."""

    NAME: ClassVar[str] = "notice.failed"

    at: Instant
    reason: Slug
    next_channel: NoticeChannel | None = None


class NoticeUnknown(NoticeData):
    """The provider's answer was lost."""

    NAME: ClassVar[str] = "notice.unknown"

    at: Instant
    reason: Slug


class NoticeObsolete(NoticeData):
    """What it would say is no longer true; it is not sent."""

    NAME: ClassVar[str] = "notice.obsolete"

    at: Instant
    reason: Slug


class NoticeHeld(NoticeData):
    """Quiet hours, a rate, or the provider's hours or quota hold it back until a moment."""

    NAME: ClassVar[str] = "notice.held"

    until: Instant
    reason: Slug = "quiet_hours"


MODELS: tuple[type[EventData], ...] = (
    NoticePlanned,
    NoticeSent,
    NoticeDelivered,
    NoticeFailed,
    NoticeUnknown,
    NoticeObsolete,
    NoticeHeld,
)
