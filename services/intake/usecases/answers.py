"""The answer that a sender gets for each event, and that a receipt keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from services.intake.core.fold import Applied, LookupKeys, Refused, Verdict, Waiting
from services.intake.core.receipts import Outcome, Receipt
from shared.events.faults import Fault
from shared.events.model import instant_text

UNTIL: Final = "until"
"""Where an answer says until when its event waits; a receipt keeps it, to be asked again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one event.

    `repeated` says that this is the answer of an earlier time.
    """

    outcome: Outcome
    event_id: str | None
    subject: str | None
    faults: tuple[Fault, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    repeated: bool = False

    @property
    def is_applied(self) -> bool:
        """Return whether the event is part of its subject's history."""
        return self.outcome is Outcome.APPLIED

    @property
    def is_refused(self) -> bool:
        """Return whether the event changed nothing and does not wait either."""
        return self.outcome is Outcome.REFUSED

    @property
    def is_waiting(self) -> bool:
        """Return whether the event waits for its predecessor."""
        return self.outcome is Outcome.WAITING


def refusal(event_id: str | None, subject: str | None, faults: tuple[Fault, ...]) -> Answer:
    """Return the answer to an event that changed nothing."""
    assert faults, "a refusal has a reason"
    return Answer(Outcome.REFUSED, event_id, subject, faults)


def answer_of(verdict: Verdict, *, event_id: str, subject: str) -> Answer:
    """Return the answer that a verdict gives."""
    if isinstance(verdict, Refused):
        return refusal(event_id, subject, verdict.faults)
    if isinstance(verdict, Waiting):
        details = {UNTIL: instant_text(verdict.until), "waits_for": list(verdict.waits_for)}
        return Answer(
            Outcome.WAITING, event_id, subject, verdict.faults, details, verdict.repeated
        )
    return Answer(
        Outcome.APPLIED,
        event_id,
        subject,
        details=details_of(verdict),
        repeated=verdict.repeated,
    )


def details_of(applied: Applied) -> dict[str, Any]:
    """Return what is told of an applied event."""
    details: dict[str, Any] = {"topic": applied.topic, "sequence": applied.sequence}
    if applied.status is not None:
        details["status"] = int(applied.status)
    if applied.recorded_at is not None:
        details["recordedtime"] = instant_text(applied.recorded_at)
    if applied.inconsistency is not None:
        details["inconsistency"] = applied.inconsistency
    return details


def stored(answer: Answer) -> dict[str, Any]:
    """Return an answer as its receipt keeps it."""
    kept: dict[str, Any] = {"subject": answer.subject, **answer.details}
    if answer.faults:
        kept["faults"] = [fault.to_document() for fault in answer.faults]
    return kept


def recalled(receipt: Receipt) -> Answer:
    """Return the answer that a receipt keeps."""
    kept = dict(receipt.answer)
    faults = tuple(Fault(**fault) for fault in kept.pop("faults", ()))
    return Answer(
        receipt.outcome,
        receipt.event_id,
        kept.pop("subject", None),
        faults,
        kept,
        repeated=True,
    )


def with_secret(answer: Answer, lookup: LookupKeys) -> Mapping[str, Any]:
    """Return the details with the citizen's secret, where the event began a dossier.

    The secret is derived when it is told and kept nowhere.
    """
    begins = answer.details.get("sequence") == 1 and answer.details.get("status") is not None
    if not answer.is_applied or not begins or answer.subject is None:
        return answer.details
    return {**answer.details, "lookup_secret": lookup.secret_of(answer.subject)}
