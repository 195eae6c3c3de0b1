"""Changes of the law's arithmetic: proposed, and decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from shared.events.envelope import Event
from shared.events.model import EventData
from shared.events.reference import (
    CalendarApproved,
    CalendarProposed,
    CalendarRow,
    CalendarWithdrawn,
    ProcedureDecided,
    ProcedureExpired,
    RuleApproved,
    RuleProposed,
    RuleRow,
    RuleWithdrawn,
    UnitChanged,
    subject_of,
)

Kind = Literal["calendar", "rule"]

IDENTIFIED_BY: Final[Mapping[Kind, str]] = {"calendar": "row", "rule": "rule"}
"""The field of a row that holds its own id."""

SETTLING: Final = (CalendarApproved, CalendarWithdrawn, RuleApproved, RuleWithdrawn)
"""What ends a proposal, whatever it decides."""

LAW: Final = (
    UnitChanged,
    ProcedureDecided,
    ProcedureExpired,
    RuleApproved,
    CalendarApproved,
    CalendarWithdrawn,
)
"""What can move a date or change what is owed."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A row that waits for a second person. It counts for nothing.

    Attributes:
        subject: `calendar:<row>` or `rule:<rule>`, under which it is asked for.
        data: The row as proposed, with its proposer.
        event: The id of the event that proposed it.
        at: When.
    """

    subject: str
    data: CalendarRow | RuleRow
    event: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LawChange:
    """One decision that can have moved a date.

    Attributes:
        version: The reference version from which it holds.
        event: The id of the event that decided it.
        at: When it was recorded: what had begun by then stays.
        reason: `calendar` or `rule`: what people are told.
        unit: The unit that it is about; None for all.
        procedure: The procedure that it is about; None for all.
    """

    version: int
    event: str
    at: datetime
    reason: str
    unit: str | None
    procedure: str | None


def proposals_after(proposals: Mapping[str, Proposal], event: Event) -> Mapping[str, Proposal]:
    """Return what is proposed after one more event."""
    data = event.data
    if isinstance(data, CalendarProposed | RuleProposed):
        subject = subject_of(data)
        return {**proposals, subject: Proposal(subject, data, event.id, event.time)}
    if isinstance(data, SETTLING) and (subject := subject_of(data)) in proposals:
        return {key: one for key, one in proposals.items() if key != subject}
    return proposals


def change_of(data: EventData, version: int, event_id: str, at: datetime) -> LawChange:
    """Return a decision as the cause of dates that move."""
    return LawChange(
        version=version,
        event=event_id,
        at=at,
        reason="rule" if isinstance(data, RuleApproved) else "calendar",
        unit=getattr(data, "unit", None),
        procedure=getattr(data, "procedure", None),
    )


def approval_of(row: CalendarRow | RuleRow, by: str | None = None) -> EventData:
    """Return the approval of a row as it was proposed."""
    model = CalendarApproved if isinstance(row, CalendarRow) else RuleApproved
    return model.model_validate({**row.model_dump(), "by": by})


def withdrawal_of(row: CalendarRow | RuleRow, by: str | None = None) -> EventData:
    """Return the withdrawal of a row as it was proposed."""
    model = CalendarWithdrawn if isinstance(row, CalendarRow) else RuleWithdrawn
    return model.model_validate({**row.model_dump(), "by": by})


def named(kind: Kind, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as it was sent, with its id made of what it is about where it has none.

    The bundled rows are named alike. A row that cannot be read gets an id too, and is refused
    for what is wrong with it.
    """
    name = IDENTIFIED_BY[kind]
    return {**row, name: row.get(name) or _name_of(kind, row)}


def _name_of(kind: Kind, row: Mapping[str, Any]) -> str:
    scope = [str(part) for part in (row.get("unit"), row.get("channel")) if part]
    if kind == "calendar":
        return "-".join([*(scope or ["VN"]), str(row.get("day"))])
    return "-".join([str(row.get("procedure")), *scope, str(row.get("valid_from"))])
