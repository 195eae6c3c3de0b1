"""What may become of a change of the calendar or of a rule, and who may decide it.

A person proposes, a second person approves what was shown, anybody of the province withdraws.
A row that nobody proposed may be loaded with its legal source and no person, as the baseline
of an installation is; whoever is named as approver needs a proposal of somebody else.
"""

from collections.abc import Iterator
from dataclasses import replace

from shared.calendar.errors import InvalidLimitError
from shared.calendar.zone import ONE_DAY
from shared.events.faults import Fault, fault
from shared.events.model import EventData
from shared.events.reference import (
    CalendarApproved,
    CalendarProposed,
    CalendarRow,
    CalendarWithdrawn,
    RuleApproved,
    RuleProposed,
    RuleRow,
    RuleWithdrawn,
    subject_of,
)
from shared.reference.calendars import PUBLISHED_THROUGH
from shared.reference.rules import limit_of, rule_row
from shared.reference.view import Reference

_NOT_COMPARED = {"by", "verified"}


def change_faults(reference: Reference, data: EventData) -> list[Fault]:
    """Say why a change may not be proposed, approved or withdrawn; nothing where it may.

    Data of any other kind passes. An approval is judged as its proposal was, since what holds
    may have changed in between.
    """
    match data:
        case CalendarProposed() | RuleProposed():
            return list(_proposal(reference, data))
        case CalendarApproved() | RuleApproved():
            return list(_approval(reference, data))
        case CalendarWithdrawn() | RuleWithdrawn():
            return list(_withdrawal(reference, data))
        case _:
            return []


def _proposal(reference: Reference, data: CalendarRow | RuleRow) -> Iterator[Fault]:
    if data.by is None:
        yield fault("proposal-without-person", "/data/by")
    known = reference.proposals.get(subject_of(data))
    if known is not None and _content(known.data) == _content(data):
        yield fault("proposal-repeated", "/data")
    else:
        yield from _row(reference, data)


def _approval(reference: Reference, data: CalendarRow | RuleRow) -> Iterator[Fault]:
    known = reference.proposals.get(subject_of(data))
    if known is None and data.by is None:
        yield from _limit(data)  # The baseline: nobody's change.
    elif known is None:
        held = _holds(reference, data)
        yield fault("row-holds-already" if held else "approval-without-proposal", "/data")
    elif data.by is None:
        yield fault("approval-without-person", "/data/by")
    elif data.by == known.data.by:
        yield fault("approval-by-proposer", "/data/by")
    elif _content(data) != _content(known.data):
        yield fault("approval-differs", "/data")
    else:
        yield from _row(reference, data)
        yield from _days_wait(reference, data)


def _withdrawal(reference: Reference, data: CalendarRow | RuleRow) -> Iterator[Fault]:
    if subject_of(data) in reference.proposals:
        if data.by is None:
            yield fault("withdrawal-without-person", "/data/by")
    elif not _is_held(reference, data):
        yield fault("withdrawal-without-proposal", "/data")
    elif data.by is not None or isinstance(data, RuleRow):
        yield fault("withdrawal-of-held", "/data")


def _row(reference: Reference, data: CalendarRow | RuleRow) -> Iterator[Fault]:
    """Say why a row would change nothing, or could not be told from another."""
    if _holds(reference, data):
        yield fault("row-holds-already", "/data")
    elif isinstance(data, RuleRow):
        yield from _rule(reference, data)
    elif data.kind == PUBLISHED_THROUGH:
        yield from _published(reference, data)
    else:
        yield from _day(reference, data)


def _rule(reference: Reference, data: RuleRow) -> Iterator[Fault]:
    yield from _limit(data)
    held = reference.rules.held(data.rule)
    same = (data.procedure, data.unit, data.channel)
    if held is not None and (held.procedure, held.unit, held.channel) != same:
        yield fault("rule-id-taken", "/data/rule")
    other = reference.rules.overlapping(data)
    if other is not None:
        yield fault("rule-overlaps", "/data/valid_from", row=other.rule)


def _limit(data: CalendarRow | RuleRow) -> Iterator[Fault]:
    if isinstance(data, RuleRow):
        try:
            limit_of(data.limit)
        except InvalidLimitError:
            yield fault("limit-not-allowed", "/data/limit/value")


def _published(reference: Reference, data: CalendarRow) -> Iterator[Fault]:
    if data.unit is not None:
        yield fault("bad-value", "/data/unit")
    if data.counterpart is not None and data.counterpart > data.day:
        yield fault("wrong-order", "/data/counterpart", first="counterpart", second="day")
    elif reference.horizon is not None and data.day <= reference.horizon:
        yield fault("published-already", "/data/day")
    elif (
        reference.horizon is not None
        and data.counterpart is not None
        and data.counterpart > reference.horizon + ONE_DAY
    ):
        yield fault("published-with-gap", "/data/counterpart")


def _days_wait(reference: Reference, data: CalendarRow | RuleRow) -> Iterator[Fault]:
    """Refuse a span of which a day waits: dates would be printed and then move."""
    if not isinstance(data, CalendarRow) or data.kind != PUBLISHED_THROUGH:
        return
    published = reference.calendars.published
    for proposal in reference.proposals.values():
        row = proposal.data
        if (
            isinstance(row, CalendarRow)
            and row.kind != PUBLISHED_THROUGH
            and (published is None or row.day > published[1])
            and row.day <= data.day
        ):
            yield fault("published-before-its-days", "/data/day", row=row.row)
            return


def _day(reference: Reference, data: CalendarRow) -> Iterator[Fault]:
    held = reference.calendars.rows.get(data.row)
    same = (data.day, data.unit, data.kind)
    if held is not None and (held.day, held.unit, held.kind) == same:
        return  # Its source or its reason is put right.
    if _is_so(reference, data):
        yield fault("day-already-so", "/data/day")


def _is_so(reference: Reference, data: CalendarRow) -> bool:
    """Say whether the day works, or does not, as the row would have it."""
    published = reference.calendars.published
    if published is None or not published[0] <= data.day <= published[1]:
        return False  # It is prepared for a year that is not published yet.
    if data.unit is None:
        works = reference.calendar.is_working(data.day)
    elif reference.has_unit(data.unit):
        works = bool(reference.opening(data.unit).sessions(data.day))
    else:
        return False
    return works == (data.kind == "work")


def _is_held(reference: Reference, data: CalendarRow | RuleRow) -> bool:
    if isinstance(data, CalendarRow):
        return data.row in reference.calendars.rows
    return reference.rules.held(data.rule) is not None


def _holds(reference: Reference, data: CalendarRow | RuleRow) -> bool:
    """Say whether a row of just this content holds."""
    if isinstance(data, CalendarRow):
        row = reference.calendars.rows.get(data.row)
        return row is not None and _content(row) == _content(data)
    held = reference.rules.held(data.rule)
    if held is None or any(_limit(data)):
        return False
    return replace(rule_row(data, held.version), verified=held.verified) == held


def _content(data: EventData) -> dict[str, object]:
    return data.model_dump(exclude=_NOT_COMPARED)
