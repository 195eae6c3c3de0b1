"""Events of a centre's matters (events.md, second table).

Subject = `<unit>/<kind>/<id>`; the kind of each type's subject stands in `KINDS`.
"""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from shared.events import centre_head
from shared.events.answers import Corrected
from shared.events.codes import (
    Identifier,
    PersonId,
    ProcedureCode,
    PublisherName,
    Sha256,
    Slug,
)
from shared.events.forms import COUNT_MAX, ROWS_MAX, FormCode
from shared.events.model import EventData, Frozen, Instant, MatterData
from shared.events.obligations import Role, UnreachedWhy

ConditionItem = Literal[
    "seats",
    "water",
    "wifi",
    "air_conditioning",
    "fans",
    "counters",
    "queue_machine",
    "camera",
    "lookup_kiosk",
    "scanner",
    "posting_board",
    "toilet",
    "information_area",
    "online_area",
    "priority_counter",
    "writing_desks",
    "citizen_computers",
    "touch_screens",
    "digitising",
    "interpreting",
]
"""Items of the law (rules `premises` and `interpreting` of `shared.law`) and of the directive.

`seats`, `counters`, `camera` and `queue_machine` are items of the law too. `lookup_kiosk` and
`scanner` are older codes for `touch_screens` and `digitising`; they stay readable.
"""
Priority = Literal["low", "normal", "high"]
Score = Literal[1, 2, 3, 4, 5]


class CentreInterrupted(MatterData):
    """Reception at the centre stopped; it is to be restored."""

    NAME: ClassVar[str] = "centre.interrupted"

    cause: Slug
    systems: tuple[Slug, ...] = Field(default=(), max_length=20)


class CentreResumed(MatterData):
    """Reception at the centre runs again."""

    NAME: ClassVar[str] = "centre.resumed"


class OutagePlanned(MatterData):
    """A stop is announced beforehand, with its beginning and end."""

    NAME: ClassVar[str] = "outage.planned"

    starts: Instant
    ends: Instant
    cause: Slug
    systems: tuple[Slug, ...] = Field(default=(), max_length=20)


class DutyRostered(MatterData):
    """These persons are to be on duty in the session."""

    NAME: ClassVar[str] = "duty.rostered"

    persons: tuple[PersonId, ...] = Field(min_length=1, max_length=50)


class DutyCheckedIn(MatterData):
    """A civil servant is at the counter in the session."""

    NAME: ClassVar[str] = "duty.checked_in"

    person: PersonId


class DutyCheckedOut(MatterData):
    """A civil servant left the counter."""

    NAME: ClassVar[str] = "duty.checked_out"

    person: PersonId


class DutyReplaced(MatterData):
    """Another person takes over the duty."""

    NAME: ClassVar[str] = "duty.replaced"

    person: PersonId = Field(description="Who was rostered.")
    by: PersonId = Field(description="Who takes over.")
    reason: Slug


class ConditionState(Frozen):
    """One item of the facilities, as the centre sees it."""

    item: ConditionItem
    state: Literal["good", "poor", "broken", "missing"]
    count: int | None = Field(default=None, ge=0, le=10_000)


class ConditionsReported(MatterData):
    """The centre assesses its facilities for a month."""

    NAME: ClassVar[str] = "conditions.reported"

    items: tuple[ConditionState, ...] = Field(min_length=1, max_length=50)
    by: PersonId


class DefectReported(MatterData):
    """Something of the facilities is broken and to be repaired."""

    NAME: ClassVar[str] = "defect.reported"

    item: ConditionItem
    priority: Priority = "normal"
    by: PersonId


class DefectRepaired(MatterData):
    """The defect is repaired."""

    NAME: ClassVar[str] = "defect.repaired"

    by: PersonId


class PostingPublished(MatterData):
    """A procedure is posted, within 5 working days of its decision."""

    NAME: ClassVar[str] = "posting.published"

    procedure: ProcedureCode
    where: Literal["board", "website", "kiosk", "all"] = "all"


class PostingWithdrawn(MatterData):
    """An expired procedure is taken off the list."""

    NAME: ClassVar[str] = "posting.withdrawn"

    procedure: ProcedureCode


class RatingGiven(MatterData):
    """An applicant rates the service."""

    NAME: ClassVar[str] = "rating.given"

    score: Score
    dossier: Identifier | None = None
    aspects: tuple[Slug, ...] = Field(default=(), max_length=20)


class PetitionReceived(MatterData):
    """A petition or complaint about a procedure came in."""

    NAME: ClassVar[str] = "petition.received"

    channel: Literal["direct", "online", "post", "hotline"]
    dossier: Identifier | None = None


class PetitionClassified(MatterData):
    """What becomes of the petition: refused ≤ 2, asked to complete ≤ 5 working days."""

    NAME: ClassVar[str] = "petition.classified"

    outcome: Literal["accepted", "refused", "supplement", "forwarded"]
    topic: Slug | None = None


class PetitionAnswered(MatterData):
    """The petition is answered, within 15 working days."""

    NAME: ClassVar[str] = "petition.answered"

    by: PersonId
    justified: bool | None = None


class PetitionPublished(MatterData):
    """The answer is published, within 2 working days."""

    NAME: ClassVar[str] = "petition.published"


class SupportRequested(MatterData):
    """A commune asks the provincial centre to remove a difficulty."""

    NAME: ClassVar[str] = "support.requested"

    topic: Slug
    priority: Priority = "normal"
    by: PersonId


class SupportAssigned(MatterData):
    """Someone of the provincial centre takes the request."""

    NAME: ClassVar[str] = "support.assigned"

    to: PersonId


class SupportResolved(MatterData):
    """The difficulty is removed."""

    NAME: ClassVar[str] = "support.resolved"

    by: PersonId
    outcome: Slug = "resolved"


class ConnectionLost(MatterData):
    """A unit lost its link to a system; each loss is a cycle."""

    NAME: ClassVar[str] = "connection.lost"

    last_seen: Instant | None = None
    cause: Slug | None = None


class ConnectionRestored(MatterData):
    """The link is back."""

    NAME: ClassVar[str] = "connection.restored"


class DataRequestReceived(MatterData):
    """A data subject asks to see, correct or erase (Luật 91/2025, kind `datarequest`)."""

    NAME: ClassVar[str] = "datarequest.received"

    right: Literal["see", "correct", "erase", "restrict", "object", "withdraw_consent"]
    dossier: Identifier | None = None


class DataRequestAnswered(MatterData):
    """The request of the data subject is answered."""

    NAME: ClassVar[str] = "datarequest.answered"

    outcome: Literal["done", "partly", "refused"]
    by: PersonId


class UnreachedRole(Frozen):
    """A role whose every holder no channel reaches; never who, and never where."""

    role: Role
    reasons: tuple[UnreachedWhy, ...] = Field(min_length=1, max_length=5)


class CoverageReachChecked(MatterData):
    """Which roles of the unit no channel reaches now; it replaces what was said before."""

    NAME: ClassVar[str] = "coverage.reach_checked"

    unreached: tuple[UnreachedRole, ...] = Field(
        default=(), max_length=5, description="Empty: every role that is held is reached."
    )


class LossAccepted(MatterData):
    """An operator accepted that records of a publisher were deleted before they were read.

    Of the province; for the audit. The publisher is asked on its rejected topic to send again.
    """

    NAME: ClassVar[str] = "loss.accepted"

    publisher: PublisherName
    partition: int = Field(ge=0, description="Of the publisher's inbound topic.")
    first_offset: int = Field(ge=0, description="The first offset that is gone.")
    end_offset: int = Field(ge=1, description="The first offset after those that are gone.")
    since: Instant | None = Field(
        default=None, description="When the last record before them was written, if known."
    )
    until: Instant = Field(
        description="When the first record after them was written, or the loss was seen."
    )
    by: PersonId = Field(description="Who accepted it.")


class ReportedColumn(Frozen):
    """One number of a form: the column's code, and how many dossiers."""

    column: Slug
    count: int = Field(ge=-COUNT_MAX, le=COUNT_MAX)


class ReportedRow(Frozen):
    """One row of a form: a field of administration with its numbers."""

    field: Slug
    columns: tuple[ReportedColumn, ...] = Field(min_length=1, max_length=50)


class FiguresReported(MatterData):
    """A unit that is not connected reports a form for a period; the newest report holds.

    The numbers are shown as reported and enter no counted figure.
    """

    NAME: ClassVar[str] = "figures.reported"

    form: FormCode
    first_day: date
    last_day: date
    rows: tuple[ReportedRow, ...] = Field(min_length=1, max_length=ROWS_MAX)
    file_sha256: Sha256 = Field(description="Of the file that the numbers were read from.")
    by: PersonId = Field(description="Who imported it.")


class CentreCorrected(Corrected):
    """An event of this matter was wrong."""

    NAME: ClassVar[str] = "centre.corrected"


KINDS: dict[type[EventData], str] = {
    CentreInterrupted: "interruption",
    CentreResumed: "interruption",
    OutagePlanned: "outage",
    DutyRostered: "duty",
    DutyCheckedIn: "duty",
    DutyCheckedOut: "duty",
    DutyReplaced: "duty",
    ConditionsReported: "conditions",
    DefectReported: "defect",
    DefectRepaired: "defect",
    PostingPublished: "posting",
    PostingWithdrawn: "posting",
    centre_head.MeetingHeld: "meeting",
    centre_head.StaffPosted: "staff_posting",
    centre_head.SecondmentStarted: "secondment",
    centre_head.SecondmentAssessed: "secondment",
    centre_head.SecondmentEnded: "secondment",
    RatingGiven: "rating",
    PetitionReceived: "petition",
    PetitionClassified: "petition",
    PetitionAnswered: "petition",
    PetitionPublished: "petition",
    SupportRequested: "support",
    SupportAssigned: "support",
    SupportResolved: "support",
    ConnectionLost: "connection",
    ConnectionRestored: "connection",
    DataRequestReceived: "datarequest",
    DataRequestAnswered: "datarequest",
    CoverageReachChecked: "coverage",
    LossAccepted: "loss",
    FiguresReported: "figures",
}
MODELS: tuple[type[EventData], ...] = (*KINDS, CentreCorrected)
