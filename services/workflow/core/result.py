"""The result of a dossier after its end: what was wrong with it, and what was corrected."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from services.workflow.core.facts import gather
from services.workflow.core.kinds.result_correction import CORRECTION
from services.workflow.core.model import Obligation, Subject
from shared.events.dossiers import DossierResultCorrected, DossierResultDisputed, ResultFault
from shared.events.transitions import BEGINNING, Course, allowed_from, follow

OFFICIALS: Final[ResultFault] = "officials"
RESULTS: Final = ("dossier.completed", "dossier.returned")


@dataclass(frozen=True, slots=True)
class Dispute:
    """One record that a result is wrong.

    Attributes:
        at: When it was found.
        reason: What is wrong; a word of our list or of another system's.
        fault: Whose fault it is.
        corrected_at: When the corrected result was back; None until then.
    """

    at: datetime
    reason: str
    fault: ResultFault
    corrected_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a dossier, with every dispute about it.

    Attributes:
        subject: The dossier.
        procedure: Its procedure's code; None where its acceptance is unknown.
        given_at: When it was ready, or handed over.
        disputes: All of them, in the order in which they were found.
        correction: The open obligation to correct it.
    """

    subject: Subject
    procedure: str | None
    given_at: datetime
    disputes: tuple[Dispute, ...]
    correction: Obligation | None

    @property
    def may_be_disputed(self) -> bool:
        """Whether an error can be recorded: not while the officials' own is open."""
        return not any(
            one.corrected_at is None and one.fault == OFFICIALS for one in self.disputes
        )

    @property
    def may_be_corrected(self) -> bool:
        """Whether an error is open that a corrected result would end."""
        return any(one.corrected_at is None for one in self.disputes)

    @property
    def key(self) -> str:
        """The obligation under which what the page sends is remembered."""
        return CORRECTION if self.correction is None else self.correction.id


def result_of(subject: Subject) -> Result | None:
    """Return the result of a dossier; None while it has none, or ended without one."""
    facts = gather(subject.id, subject.unit, subject.history)
    course: Course = BEGINNING
    for event in facts.events:
        course, _ = follow(course, event.name)
    given = facts.named(RESULTS)
    if not given or course[0] not in allowed_from(DossierResultDisputed.NAME):
        return None
    disputes: list[Dispute] = []
    for event in facts.events:
        match event.data:
            case DossierResultDisputed(reason=reason, fault=fault):
                disputes.append(Dispute(event.time, reason, fault))
            case DossierResultCorrected():
                disputes = [
                    one if one.corrected_at else replace(one, corrected_at=event.time)
                    for one in disputes
                ]
    accepted = facts.first("dossier.accepted")
    procedure = None if accepted is None else getattr(accepted.data, "procedure", None)
    return Result(
        subject=subject,
        procedure=procedure,
        given_at=given[-1].time,
        disputes=tuple(disputes),
        correction=open_correction(subject),
    )


def open_correction(subject: Subject) -> Obligation | None:
    """Return the obligation to correct the result that is open, if one is."""
    return next(
        (one for one in subject.obligations.values() if one.kind == CORRECTION and one.open),
        None,
    )
