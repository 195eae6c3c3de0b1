"""Events of a dossier, from submission to return (events.md, first table).

Subject = dossier code. Statuses are the national portal's ten (`transitions.py`).
"""

from datetime import date
from typing import ClassVar, Final, Literal

from pydantic import Field

from shared.events.answers import Corrected
from shared.events.codes import ItemCode, PersonId, ProcedureCode, Sha256, Slug, UnitCode
from shared.events.model import AmountVnd, EventData, Frozen, Instant

Channel = Literal["direct", "online", "post"]
ResultFault = Literal["officials", "applicant", "other"]
ItemCodes = tuple[ItemCode, ...]

NOT_SUPPLEMENTED: Final = "not_supplemented"
"""The reason of a stop that closes a dossier which was not supplemented in time."""

RESULT_ERRORS: Final = (
    "wrong_name",
    "wrong_personal_details",
    "wrong_content",
    "wrong_number_or_date",
    "signature_or_seal",
    "part_missing",
    "papers_of_another",
    "other_error",
)
"""What the counter's page offers as errors of a result; other systems may have more."""


class DossierData(EventData):
    """What every dossier event may carry."""

    lookup_hash: Sha256 | None = Field(
        default=None,
        description="Keyed hash of the look-up secret, on the dossier's first event only; "
        "intake sets it, publishers leave it out.",
    )


class DossierSubmitted(DossierData):
    """An applicant sent a dossier; no clock runs yet (NĐ 310/2026, online intake)."""

    NAME: ClassVar[str] = "dossier.submitted"

    procedure: ProcedureCode
    channel: Channel


class DossierAccepted(DossierData):
    """The dossier is accepted; the clock starts here when its components are complete."""

    NAME: ClassVar[str] = "dossier.accepted"

    procedure: ProcedureCode
    channel: Channel
    components_complete: bool = True
    given: Instant | None = Field(
        default=None,
        description="Deadline given by the system it comes from, where no rule is to be "
        "counted: due, limit and index_due alike.",
    )
    fee_due: AmountVnd | None = None


class DossierRefused(DossierData):
    """The dossier is not accepted, with a reason from the list of the law."""

    NAME: ClassVar[str] = "dossier.refused"

    reason: Slug


class DossierArrived(DossierData):
    """The competent agency has the dossier; the first arrival is day 0 across communes."""

    NAME: ClassVar[str] = "dossier.arrived"

    agency: ItemCode | None = Field(default=None, description="Absent: the competent unit.")


class DossierAssigned(DossierData):
    """A civil servant is given the dossier to settle."""

    NAME: ClassVar[str] = "dossier.assigned"

    handler: PersonId
    division: Slug | None = None


class StepLimit(Frozen):
    """How long one step of another agency may take; counted from its start."""

    unit: Literal[
        "same_day", "hours", "clock_hours", "half_days", "working_days", "calendar_days"
    ] = Field(description="`hours` run while the office is open, `clock_hours` day and night.")
    value: int = Field(ge=0, le=1000)


class DossierStepStarted(DossierData):
    """Another agency received the dossier for a step of its own (liên thông)."""

    NAME: ClassVar[str] = "dossier.step_started"

    step: Slug
    agency: ItemCode
    limit: StepLimit | None = None


class DossierStepFinished(DossierData):
    """The other agency finished its step."""

    NAME: ClassVar[str] = "dossier.step_finished"

    step: Slug
    agency: ItemCode


class DossierSupplementRequested(DossierData):
    """The applicant is asked to complete the dossier; one request at most is lawful."""

    NAME: ClassVar[str] = "dossier.supplement_requested"

    items: ItemCodes = Field(max_length=50)
    number: int = Field(ge=1, le=20, description="Which request it is: 1, 2, ….")
    in_person: bool = Field(description="Handed over in person, which is proof of arrival.")


class DossierSupplementReceived(DossierData):
    """The applicant brought what was asked for."""

    NAME: ClassVar[str] = "dossier.supplement_received"

    items: ItemCodes = Field(max_length=50)


class DossierConfirmationRequested(DossierData):
    """The applicant is asked to confirm the electronic form within one day."""

    NAME: ClassVar[str] = "dossier.confirmation_requested"


class DossierConfirmed(DossierData):
    """The applicant confirmed; silence for a day is consent."""

    NAME: ClassVar[str] = "dossier.confirmed"

    by_silence: bool = False


class DossierPaymentRequested(DossierData):
    """The applicant is asked to pay; no wait for the clock."""

    NAME: ClassVar[str] = "dossier.payment_requested"

    amount: AmountVnd


class DossierPaid(DossierData):
    """The fee was paid."""

    NAME: ClassVar[str] = "dossier.paid"

    amount: AmountVnd
    how: Literal["online", "counter"] | None = Field(
        default=None, description="Where it was paid; absent: not stated."
    )


class DossierApologyIssued(DossierData):
    """The slip of apology (Form 04) was given, due a working day before the deadline."""

    NAME: ClassVar[str] = "dossier.apology_issued"

    reason: Slug
    agency: ItemCode = Field(description="The agency at fault.")


class DossierExtended(DossierData):
    """A new date was promised; only the first one moves the promise, none the limit."""

    NAME: ClassVar[str] = "dossier.extended"

    new_date: date


class DossierMoved(DossierData):
    """The dossier changes its competent unit; no date changes."""

    NAME: ClassVar[str] = "dossier.moved"

    from_unit: UnitCode
    to_unit: UnitCode


class DossierWithdrawn(DossierData):
    """The applicant takes the dossier back."""

    NAME: ClassVar[str] = "dossier.withdrawn"


class DossierStopped(DossierData):
    """Processing is stopped, with a reason."""

    NAME: ClassVar[str] = "dossier.stopped"

    reason: Slug = Field(
        description="`not_supplemented` closes a dossier that was not supplemented in time."
    )


class DossierCompleted(DossierData):
    """The result is ready: the end time of every figure, first choice."""

    NAME: ClassVar[str] = "dossier.completed"

    result: ItemCode | None = Field(
        default=None,
        description="Code of the result, such as KQ.G15.000032; only history may leave it out.",
    )


class DossierReturned(DossierData):
    """The applicant has the result."""

    NAME: ClassVar[str] = "dossier.returned"

    how: Channel


class DossierResultDisputed(DossierData):
    """The result is recorded as wrong; the dossier's status does not change.

    If the officials are at fault it must be corrected, and be back at the centre, within three
    working days.
    """

    NAME: ClassVar[str] = "dossier.result_disputed"

    reason: Slug = Field(description="What is wrong, such as `wrong_name`.")
    fault: ResultFault = Field(description="Whose fault it is.")


class DossierResultCorrected(DossierData):
    """The corrected result is back at the centre."""

    NAME: ClassVar[str] = "dossier.result_corrected"

    result: ItemCode | None = Field(
        default=None, description="Code of the corrected result; absent: unchanged."
    )


class DossierCorrected(Corrected):
    """An event of this dossier was wrong; the refold's status, dates and figures hold."""

    NAME: ClassVar[str] = "dossier.corrected"


MODELS: tuple[type[EventData], ...] = (
    DossierSubmitted,
    DossierAccepted,
    DossierRefused,
    DossierArrived,
    DossierAssigned,
    DossierStepStarted,
    DossierStepFinished,
    DossierSupplementRequested,
    DossierSupplementReceived,
    DossierConfirmationRequested,
    DossierConfirmed,
    DossierPaymentRequested,
    DossierPaid,
    DossierApologyIssued,
    DossierExtended,
    DossierMoved,
    DossierWithdrawn,
    DossierStopped,
    DossierCompleted,
    DossierReturned,
    DossierResultDisputed,
    DossierResultCorrected,
    DossierCorrected,
)
