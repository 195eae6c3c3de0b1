"""The promise that is printed on the slip, with the reasons for its date."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from shared.calendar.deadline import compute
from shared.calendar.errors import DateOutsideCalendarError, RefusedInputError
from shared.calendar.history import History
from shared.calendar.ledger import explain, ledger_to_documents
from shared.calendar.limits import Limit, LimitUnit
from shared.calendar.zone import ICT
from shared.events.model import instant_text
from shared.reference.errors import UnknownReferenceError
from shared.reference.view import Reference

GIVEN: Final = "given"
"""What stands for the rule where another system gave the deadline; workflow says the same."""


@dataclass(frozen=True, slots=True)
class Promise:
    """When a dossier is due and why, or why no date can be given."""

    due: datetime | None
    limit: datetime | None
    lines: Sequence[dict[str, Any]]
    ledger: Sequence[dict[str, Any]]
    rule: str | None
    why_none: str | None = None

    def to_document(self) -> dict[str, Any]:
        """Write the promise as the counter gets it."""
        written: dict[str, Any] = {
            "due": None if self.due is None else instant_text(self.due),
            "limit": None if self.limit is None else instant_text(self.limit),
            "rule": self.rule,
            "explanation": list(self.lines),
            "ledger": list(self.ledger),
        }
        if self.why_none is not None:
            written["why_none"] = self.why_none
        return written


def promise(
    reference: Reference,
    *,
    procedure: str,
    unit: str,
    channel: str,
    accepted: datetime,
    cause: str,
    given: datetime | None = None,
) -> Promise:
    """Work out the promise of a dossier accepted complete, by today's reference data.

    Where no rule or calendar says, the promise is empty and says so: the engine never guesses.
    """
    try:
        if given is None:
            row = reference.rule(
                procedure, accepted.astimezone(ICT).date(), unit=unit, channel=channel
            )
            limit, rule = row.limit, row.rule
        else:  # What another system promised holds, whatever our own rule would give.
            limit, rule = Limit(LimitUnit.GIVEN, given=given), GIVEN
        deadline = compute(
            limit,
            History(start=accepted, cause=cause),
            reference.calendar,
            reference.opening(unit),
        )
    except (UnknownReferenceError, DateOutsideCalendarError, RefusedInputError) as error:
        return Promise(given, given, (), (), None, why_none=str(error))
    lines = [
        {"lang": lang, "text": line.text}
        for lang in ("vi", "en")
        for line in explain(deadline.ledger, lang)
    ]
    ledger = ledger_to_documents(deadline.ledger)
    return Promise(deadline.due, deadline.limit, lines, ledger, rule)
