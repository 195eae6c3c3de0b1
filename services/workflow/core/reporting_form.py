"""A form that the province imports for a unit that is not connected: read and checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.workflow.core.asking import PUBLISHER
from shared.events.centres import FiguresReported, ReportedRow
from shared.events.codes import figures_subject
from shared.events.faults import Fault, fault
from shared.events.form_sheets import Sheet, read_form, report_id
from shared.events.forms import FORMS, FormCode
from shared.reference.view import Reference
from shared.subjects.document import Outgoing
from shared.subjects.inbound import to_intake


@dataclass(frozen=True, slots=True)
class FormFile:
    """What somebody chose on the page: which form, whose, for when, from which file."""

    form: FormCode
    unit: str
    first: date
    last: date
    file_sha256: str


@dataclass(frozen=True, slots=True)
class FormDraft:
    """A report that nobody has sent yet."""

    data: FiguresReported
    outgoing: Outgoing

    @property
    def rows(self) -> Sequence[ReportedRow]:
        """Return the rows that were read."""
        return self.data.rows


def draft_form(
    chosen: FormFile,
    sheets: Sequence[Sheet],
    reference: Reference,
    *,
    by: str | None,
    now: datetime,
) -> FormDraft | list[Fault]:
    """Return the report that a file makes, or everything that is wrong, by cell."""
    faults = []
    if by is None:
        faults.append(fault("key-without-person", "/data/by"))
    if not reference.has_unit(chosen.unit):
        faults.append(fault("unknown-unit", "/subject"))
    if chosen.last < chosen.first:
        faults.append(fault("wrong-order", "/to", first="from", second="to"))
    rows = read_form(FORMS[chosen.form], sheets)
    if isinstance(rows, list):
        faults += rows
    if faults or isinstance(rows, list) or by is None:
        return faults
    data = FiguresReported(
        form=chosen.form,
        first_day=chosen.first,
        last_day=chosen.last,
        rows=rows,
        file_sha256=chosen.file_sha256,
        by=by,
    )
    subject = figures_subject(chosen.unit, chosen.form, chosen.first, chosen.last)
    event_id = report_id(subject, chosen.file_sha256, by, now)
    return FormDraft(data, to_intake(PUBLISHER, event_id, subject, data, now))
