"""What no field says alone: subject and data fit, ends follow beginnings.

For the inbound door only; consumers stay tolerant.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Final

from pydantic import BaseModel

from shared.events import centre_head, centres, dossiers, reference
from shared.events.codes import UnitCode, figures_id, is_matter, is_opaque_code, parse_matter
from shared.events.faults import Fault, fault
from shared.events.forms import FORMS
from shared.events.model import EventData
from shared.events.reading import pointer
from shared.events.registry import REGISTRY
from shared.events.shapes import missing_field
from shared.events.topics import CENTRES, DOSSIERS, REFERENCE

#: Examples of a subject, by kind of matter.
_EXAMPLES: Final[Mapping[str, str]] = {
    "interruption": "06112/interruption/2026-11-23-1",
    "outage": "06112/outage/2026-11-23-1",
    "duty": "06112/duty/2026-11-23/am",
    "conditions": "06112/conditions/2026-11",
    "defect": "06112/defect/2026-0042",
    "posting": "06112/posting/1.000656/2026-11-02",
    "meeting": "06112/meeting/2026-Q4",
    "staff_posting": "06112/staff_posting/2026-11-02",
    "secondment": "06112/secondment/2026-0007",
    "rating": "06112/rating/2026-0042",
    "petition": "06112/petition/2026-0042",
    "support": "06112/support/2026-0042",
    "connection": "06112/connection/population-db",
    "datarequest": "06112/datarequest/2026-0042",
    "coverage": "06112/coverage/ladder",
    "loss": "20/loss/bpi-3-120",
    "figures": "06112/figures/ii06a-2026-07-01-2026-09-30",
}
_DOSSIER_EXAMPLE: Final = "H37.120-261123-0001"

#: First day or moment, and the one that must not come before it.
_ORDERED: Final[Mapping[type[EventData], tuple[str, str, bool]]] = {
    centres.OutagePlanned: ("starts", "ends", True),
    centre_head.SecondmentStarted: ("from_day", "until_day", True),
    reference.RuleProposed: ("valid_from", "valid_to", True),
    reference.RuleApproved: ("valid_from", "valid_to", True),
    reference.RuleWithdrawn: ("valid_from", "valid_to", True),
    reference.LeaveRecorded: ("first_day", "last_day", False),
    centres.FiguresReported: ("first_day", "last_day", False),
}
#: Two fields that must differ.
_DIFFERENT: Final[Mapping[type[EventData], tuple[str, str]]] = {
    dossiers.DossierMoved: ("from_unit", "to_unit"),
    centres.DutyReplaced: ("person", "by"),
    reference.RoleAssigned: ("person", "deputy"),
    reference.LeaveRecorded: ("person", "deputy"),
    reference.ProcedureExpired: ("procedure", "replaced_by"),
    reference.CalendarProposed: ("day", "counterpart"),
    reference.CalendarApproved: ("day", "counterpart"),
}
#: The types that a live dossier begins with; they say which unit received it.
FIRST: Final = frozenset({"dossier.submitted", "dossier.accepted"})


class _Received(BaseModel):
    """What a dossier's first event must carry beside its data."""

    receivingunit: UnitCode


def subject_faults(
    name: str, subject: str, data: EventData, dossier_code: re.Pattern[str] | None
) -> Iterator[Fault]:
    """Say what is wrong between a subject and the type and data that come with it."""
    topic = REGISTRY[name].topic
    if topic is REFERENCE:
        expected = reference.subject_of(data)
        if subject != expected:
            kind = expected.partition(":")[0]
            yield _wrong_subject("the row's own subject", "chủ thể của dòng", f"{kind}:<key>")
    elif topic is CENTRES:
        yield from _matter_faults(subject, data)
    elif topic is DOSSIERS or not is_matter(subject):
        shape = dossier_code.fullmatch(subject) if dossier_code else is_opaque_code(subject)
        if not shape:
            yield _wrong_subject("a dossier's code", "mã hồ sơ", _DOSSIER_EXAMPLE)
    elif parse_matter(subject) is None:
        yield _wrong_subject("a matter of a centre", "việc của trung tâm", _EXAMPLES["duty"])


def thing_faults(data: EventData, receivingunit: str | None, *, live: bool) -> Iterator[Fault]:
    """Say what is wrong between fields that are each right by themselves."""
    if data.NAME in FIRST and receivingunit is None:
        yield missing_unit()
    if live and isinstance(data, dossiers.DossierCompleted) and data.result is None:
        yield missing_field("/data/result", type(data), ("result",))
    ordered = _ORDERED.get(type(data))
    if ordered:
        first, second, strictly = ordered
        before, after = getattr(data, first), getattr(data, second)
        if after is not None and not _in_order(before, after, strictly=strictly):
            yield fault("wrong-order", pointer("data", second), first=first, second=second)
    different = _DIFFERENT.get(type(data))
    if different:
        one, other = different
        if getattr(data, one) == getattr(data, other):
            yield fault("same-value-twice", pointer("data", other))
    if isinstance(data, centres.FiguresReported):
        yield from _column_faults(data)
    if isinstance(data, reference.UnitChanged):
        yield from _opening_faults(data.opening)
        yield from _former_faults(data)


def missing_unit() -> Fault:
    """Say that a dossier's first event must name the unit that received it."""
    return missing_field("/receivingunit", _Received, ("receivingunit",))


def _matter_faults(subject: str, data: EventData) -> Iterator[Fault]:
    kind = centres.KINDS.get(type(data))
    matter = parse_matter(subject)
    if matter is None or (kind is not None and matter.kind != kind):
        example = _EXAMPLES[kind or "duty"]
        yield _wrong_subject(
            f"a matter of kind {example.split('/')[1]}",
            f"việc thuộc loại {example.split('/')[1]}",
            example,
        )
    elif kind == "posting" and matter.id.partition("/")[0] != getattr(data, "procedure", None):
        yield fault("subject-contradicts", "/data/procedure", field="procedure")
    elif isinstance(data, centres.FiguresReported) and matter.id != figures_id(
        data.form, data.first_day, data.last_day
    ):
        yield fault("subject-contradicts", "/data/form", field="form")


def _column_faults(data: centres.FiguresReported) -> Iterator[Fault]:
    """A row of a form has each of its columns once, and its sums agree."""
    form = FORMS[data.form]
    for index, row in enumerate(data.rows):
        path = pointer("data", "rows", index, "columns")
        if tuple(one.column for one in row.columns) != form.codes:
            yield fault("form-columns", path, columns=", ".join(form.codes))
            continue
        for broken in form.broken({one.column: one.count for one in row.columns}):
            yield fault("form-sum", path, columns=form.text(broken))


def _opening_faults(opening: reference.Opening) -> Iterator[Fault]:
    for index, season in enumerate(opening.seasons):
        for name in ("morning", "afternoon", "saturday_morning", "saturday_afternoon"):
            hours = getattr(season, name)
            if hours is not None and not hours[0] < hours[1]:
                path = pointer("data", "opening", "seasons", index, name)
                yield fault("wrong-order", path, first="opening", second="closing")


def _former_faults(data: reference.UnitChanged) -> Iterator[Fault]:
    """Say which former codes are the unit's own code, or are named twice."""
    seen = {data.unit}
    for index, one in enumerate(data.former or ()):
        if one.code in seen:
            yield fault("same-value-twice", pointer("data", "former", index, "code"))
        seen.add(one.code)


def _in_order(before: date | datetime, after: date | datetime, *, strictly: bool) -> bool:
    return before < after if strictly else before <= after


def _wrong_subject(shape: str, shape_vi: str, example: str) -> Fault:
    return fault("wrong-subject", "/subject", shape=shape, shape_vi=shape_vi, example=example)
