"""A change that a person proposes on a page: judged as at every door, and again by intake."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic_core import to_json

from services.workflow.core.asking import PUBLISHER
from shared.events.codes import publisher_source
from shared.events.faults import Fault, fault
from shared.events.ids import derived_id
from shared.events.inbound import InboundEvent, fingerprint, parse_inbound
from shared.events.judge import Standing, judge, judge_publisher
from shared.events.model import instant_text
from shared.events.reference import CalendarRow, RuleRow
from shared.events.registry import REGISTRY
from shared.events.units import event_under
from shared.reference.approval import change_faults
from shared.reference.calendars import PUBLISHED_THROUGH
from shared.reference.proposals import IDENTIFIED_BY, Kind, Proposal, named
from shared.reference.rules import limit_data
from shared.reference.view import Reference
from shared.subjects.document import Outgoing
from shared.subjects.inbound import to_intake

PUBLISHED: Final = "published"
CALENDAR_FIELDS: Final = ("row", "day", "kind", "unit", "reason", "counterpart", "source")
RULE_FIELDS: Final = (
    "rule",
    "procedure",
    "unit",
    "channel",
    "valid_from",
    "valid_to",
    "source",
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposal that nobody has sent yet.

    Attributes:
        proposal: What would wait for a second person.
        told: What intake is told if it is sent.
    """

    proposal: Proposal
    told: Outgoing


def row_of_form(kind: Kind, form: Mapping[str, str], reference: Reference) -> dict[str, Any]:
    """Return the row that a form describes; a field left empty is left out.

    A form shows the choices that people decide on. What a rule row that holds says beside
    them, such as its cut-off or a ladder of its own, goes on unless the row's id is new.
    """
    given = {name: text.strip() for name, text in form.items() if text.strip()}
    if kind == "calendar":
        days: dict[str, Any] = {name: given[name] for name in CALENDAR_FIELDS if name in given}
        # A span that is published is no day off: the form's reasons are none of its own.
        return days | ({"reason": PUBLISHED} if days.get("kind") == PUBLISHED_THROUGH else {})
    row: dict[str, Any] = {name: given[name] for name in RULE_FIELDS if name in given}
    amount = given.get("value", "0")
    row["limit"] = {
        "unit": given.get("limit", ""),
        # What is no number is refused for what it is.
        "value": int(amount) if amount.isascii() and amount.isdecimal() else amount,
        "after_supplement": given.get("after_supplement", ""),
        "outside_opening": given.get("outside_opening", ""),
    }
    row["limit"] = {name: value for name, value in row["limit"].items() if value != ""}
    return _with_what_holds(row, reference)


def draft(
    reference: Reference, kind: Kind, row: Mapping[str, Any], *, by: str | None, now: datetime
) -> Draft | list[Fault]:
    """Return a row as it would be proposed, or why intake would refuse it, in the same words.

    The same row, sent twice from one state of the reference data, is one event: a button that
    is pressed twice proposes once, and what was withdrawn can be proposed again.

    Args:
        reference: What holds, and what is proposed.
        kind: A day of the calendar, or a limit.
        row: Its fields, as any door takes them.
        by: The person; None if the key names nobody.
        now: When it is proposed.
    """
    if by is None:
        return [fault("key-without-person", "/data/by")]
    data = {**named(kind, row), "by": by}
    subject = f"{kind}:{data[IDENTIFIED_BY[kind]]}"
    event_id = derived_id(subject, fingerprint(data), by, str(reference.version))
    event = parse_inbound(
        to_json(
            {
                "specversion": "1.0",
                "id": event_id,
                "source": publisher_source(PUBLISHER),
                "type": REGISTRY[f"{kind}.proposed"].type,
                "subject": subject,
                "time": instant_text(now),
                "data": data,
            }
        )
    )
    if not isinstance(event, InboundEvent):
        return event
    event = event_under(event, reference.current)
    faults = judge_publisher(event, PUBLISHER) + judge(event, Standing(), reference, now)
    faults += change_faults(reference, event.data)
    if faults:
        return faults
    assert isinstance(event.data, CalendarRow | RuleRow), "it was proposed"
    return Draft(
        Proposal(subject, event.data, event_id, now),
        to_intake(PUBLISHER, event_id, subject, event.data, now),
    )


def _with_what_holds(row: dict[str, Any], reference: Reference) -> dict[str, Any]:
    held = reference.rules.held(row.get("rule", ""))
    if held is None:
        return row
    shown = {"unit", "value", "after_supplement", "outside_opening"}
    kept = limit_data(held.limit).model_dump(mode="json", exclude=shown)
    ladder = held.ladder and {"ladder": [each.model_dump(mode="json") for each in held.ladder]}
    return {**row, "limit": {**kept, **row["limit"]}, **(ladder or {})}
