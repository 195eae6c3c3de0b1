"""What the data of all events share: frozen models, instants with an offset, codes."""

from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)

from shared.calendar.zone import ICT

INSTANTS_KEPT: Final = 8_192
"""How many texts of instants are kept at hand: a batch writes its few moments many times."""


@lru_cache(maxsize=INSTANTS_KEPT)
def instant_text(moment: datetime) -> str:
    """Write an instant as the wire has it: ISO 8601 with the authority's offset."""
    return moment.astimezone(ICT).isoformat()


def in_authority_zone(moment: datetime) -> datetime:
    """Return the same instant by the authority's clocks.

    Instants of one zone are compared ten times as fast as those of two.
    """
    return moment.astimezone(ICT)


#: Moments outside are mistakes, and some of them could not even be written in another zone.
EARLIEST: Final = datetime(1945, 9, 2, tzinfo=ICT)
LATEST: Final = datetime(2200, 1, 1, tzinfo=ICT)

Instant = Annotated[
    AwareDatetime,
    Field(ge=EARLIEST, le=LATEST),
    AfterValidator(in_authority_zone),
    PlainSerializer(instant_text, return_type=str, when_used="json-unless-none"),
]

#: A published text's name, such as "NĐ 118/2025/NĐ-CP"; never words about a person.
LawSource = Annotated[
    str, StringConstraints(min_length=2, max_length=200, pattern=r"^[^\x00-\x1f\x7f<>]+$")
]
#: The official name of a procedure, a unit or a field: published, never a person's.
OfficialName = Annotated[
    str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f<>]+$")
]
#: Vietnamese đồng, whole.
AmountVnd = Annotated[int, Field(ge=0, le=1_000_000_000_000)]

Cause = Literal[
    "awaiting_other_agency",
    "awaiting_applicant",
    "verification_needed",
    "specialist_absent",
    "workload",
    "system_outage",
    "data_error",
    "done_not_recorded",
    "force_majeure",
    "other",
]


class Frozen(BaseModel):
    """A value that never changes; readers ignore the fields they do not know."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=False)


class EventData(Frozen):
    """The data of one type of event; `NAME` is the type without prefix and major."""

    NAME: ClassVar[str] = ""

    def document(self) -> dict[str, Any]:
        """Return the data as JSON can hold them; what is not known is left out."""
        return self.model_dump(mode="json", exclude_none=True)


class MatterData(EventData):
    """Data that every event of a centre record shares."""
