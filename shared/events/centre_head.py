"""Events of what the head of a centre answers for: meetings, the staff list, secondments."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from shared.events.codes import Identifier, ItemCode, Month, PersonId, Slug
from shared.events.model import Frozen, MatterData
from shared.events.obligations import Role


class MeetingHeld(MatterData):
    """The head of the centre met the agencies; the event's `time` is when.

    One every three months. The subject names the quarter.
    """

    NAME: ClassVar[str] = "meeting.held"

    agencies: tuple[ItemCode, ...] = Field(
        min_length=1, max_length=100, description="Agencies that took part, by code."
    )
    minutes: Identifier = Field(description="Number of the minutes.")
    by: PersonId = Field(description="Who chaired the meeting.")


class PostedPerson(Frozen):
    """A person of the posted list, by id and role; names and telephones are not sent."""

    person: PersonId
    role: Role


class StaffPosted(MatterData):
    """Names, titles and telephones of the staff are posted.

    The subject names the day of the change that the list answers.
    """

    NAME: ClassVar[str] = "staff.posted"

    staff: tuple[PostedPerson, ...] = Field(min_length=1, max_length=200)
    where: Literal["centre", "website", "both"] = "both"
    by: PersonId


class SecondmentStarted(MatterData):
    """An agency seconded a person to the centre; monthly notes are due from `time` on."""

    NAME: ClassVar[str] = "secondment.started"

    person: PersonId
    agency: ItemCode = Field(description="The sending agency, by code.")
    from_day: date
    until_day: date = Field(description="Last day of the secondment; 12 to 36 months by law.")


class SecondmentAssessed(MatterData):
    """The head of the centre sent the agency the assessment of one month."""

    NAME: ClassVar[str] = "secondment.assessed"

    month: Month
    by: PersonId


class SecondmentEnded(MatterData):
    """The secondment is over; the event's `time` is when."""

    NAME: ClassVar[str] = "secondment.ended"

    reason: Slug = "term_over"
    by: PersonId
