"""What the data of all events share: frozen models, instants with an offset, codes."""

from datetime import datetime, timedelta, timezone
from typing import Annotated, ClassVar, Final, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)

#: The one zone of the authority; it has had no other offset since 1975.
ICT: Final = timezone(timedelta(hours=7), "ICT")


def instant_text(moment: datetime) -> str:
    """Write an instant as the wire has it: ISO 8601 with the authority's offset."""
    return moment.astimezone(ICT).isoformat()


#: Moments outside are mistakes, and some of them could not even be written in another zone.
EARLIEST: Final = datetime(1945, 9, 2, tzinfo=ICT)
LATEST: Final = datetime(2200, 1, 1, tzinfo=ICT)

Instant = Annotated[
    AwareDatetime,
    Field(ge=EARLIEST, le=LATEST),
    PlainSerializer(instant_text, return_type=str, when_used="json-unless-none"),
]

#: A published text's name, such as "NĐ 118/2025/NĐ-CP Điều 20"; never words about a person.
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
