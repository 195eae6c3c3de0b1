"""What is said about an earlier event or notice: corrections, promises, proofs of arrival."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from shared.events.codes import EventName, Identifier, ObligationId, PersonId, Slug
from shared.events.model import Cause, EventData, Frozen, Instant


class Replacement(Frozen):
    """The right moment and the right data of an event that was wrong."""

    time: Instant
    data: dict[str, object] = Field(description="Data of the same type as the wrong event's.")


class Corrected(EventData):
    """A wrong event is replaced by the right time and data, or struck."""

    replaces: Identifier = Field(description="Id of the event that was wrong.")
    replaces_source: str | None = Field(
        default=None,
        max_length=200,
        pattern=r"^urn:motcua:(?:publisher|service):[a-z][a-z0-9-]{1,30}(?::[A-Za-z0-9._-]{1,60})?$",
        description="Source of that event, where two publishers could have used the same id.",
    )
    right: Replacement | None = Field(
        default=None, description="What really happened; absent strikes the event."
    )
    reason: Slug = Field(description="Why it was wrong, such as wrong_time, wrong_dossier.")
    by: PersonId = Field(description="Who corrects.")


class ObligationAcknowledged(EventData):
    """A person answers a rung with a cause and a date that they promise."""

    NAME: ClassVar[str] = "obligation.acknowledged"

    obligation: ObligationId
    cycle: int = Field(ge=1)
    rung: Slug
    cause: Cause
    promised: date = Field(description="The rung is silent until this day's close.")
    by: PersonId


class NoticeProven(EventData):
    """A notice is proven to have arrived; for the law a wait opens only then."""

    NAME: ClassVar[str] = "notice.proven"

    notice: Identifier
    about: Identifier = Field(description="Id of the event that the notice told of.")
    about_name: EventName
    at: Instant
    channel: Slug | None = None
    proof: Literal["delivered", "read", "in_person", "postal_receipt"] = "delivered"
    obligation: ObligationId | None = None
    cycle: int | None = Field(default=None, ge=1)
    rung: Slug | None = None
    person: PersonId | None = Field(default=None, description="Absent for an applicant.")


class NoticeUndeliverable(EventData):
    """No channel reaches the person; a rung then goes to the deputy or the next one."""

    NAME: ClassVar[str] = "notice.undeliverable"

    notice: Identifier
    about: Identifier = Field(description="Id of the event that the notice told of.")
    about_name: EventName
    at: Instant
    channel: Slug | None = None
    reason: Slug = "no_channel"
    obligation: ObligationId | None = None
    cycle: int | None = Field(default=None, ge=1)
    rung: Slug | None = None
    person: PersonId | None = Field(default=None, description="Absent for an applicant.")
