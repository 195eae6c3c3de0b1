"""The correction of a wrong result that is the officials' fault, within 3 working days."""

from collections.abc import Iterator
from typing import Final

from services.workflow.core.assessment import Assessment
from services.workflow.core.facts import Facts
from services.workflow.core.kinds.counted import Owed, assess_owed, working_days
from services.workflow.core.kinds.dossier_facts import handler_now, read_dossier
from services.workflow.core.kinds.kind import NEVER, Kind, Words
from services.workflow.core.ladder import FromDue, Ladder, Rung, Share
from shared.calendar.zone import legal_day
from shared.events.codes import obligation_id
from shared.events.dossiers import DossierResultCorrected, DossierResultDisputed
from shared.events.envelope import Event
from shared.law.citation import find
from shared.law.rules import Rule
from shared.reference.view import Reference

CORRECTION: Final = "result_correction"
CORRECTION_WORKING_DAYS: Final = 3


def assess_correction(facts: Facts, reference: Reference) -> list[Assessment]:
    """Compute by when each wrong result must be corrected and back at the centre."""
    dossier = read_dossier(facts)
    about = {} if dossier is None else {"procedure": dossier.procedure}
    found: list[Assessment] = []
    for number, (disputed, corrected) in enumerate(_disputes(facts), start=1):
        owed = Owed(
            id=CORRECTION if number == 1 else obligation_id(CORRECTION, str(number)),
            kind=CORRECTION,
            unit=facts.unit if dossier is None else dossier.unit,
            start=disputed.time,
            cause=disputed.id,
            limit=working_days(CORRECTION_WORKING_DAYS),
            done=corrected,
            done_why="corrected",
            start_key="disputed",
            about=about,
            persons=handler_now(facts.events),
        )
        found.append(assess_owed(owed, RESULT_CORRECTION.ladder, reference))
    return found


def _disputes(facts: Facts) -> Iterator[tuple[Event, Event | None]]:
    """Yield each dispute with its correction; one during another opens nothing of its own."""
    disputed: Event | None = None
    for event in facts.events:
        if disputed is None:
            if _counts(event):
                disputed = event
        elif isinstance(event.data, DossierResultCorrected):
            yield disputed, event
            disputed = None
    if disputed is not None:
        yield disputed, None


def _counts(event: Event) -> bool:
    """Say whether the officials are at fault, and a text of law asks for a correction."""
    return (
        isinstance(event.data, DossierResultDisputed)
        and event.data.fault == "officials"
        and find(Rule.WRONG_RESULT, legal_day(event.time)) is not None
    )


RESULT_CORRECTION: Final = Kind(
    id=CORRECTION,
    name=Words("Sửa kết quả sai do lỗi của cán bộ", "Correction of a wrong result"),
    of="dossier",
    opens=Words(
        "Khi ghi nhận kết quả có sai sót do lỗi của cán bộ, công chức.",
        "When a result is recorded as wrong by the officials' fault.",
    ),
    due=Words(
        "3 ngày làm việc: kết quả đã sửa phải có lại ở trung tâm.",
        "3 working days: the corrected result must be back at the centre.",
    ),
    pauses=NEVER,
    discharged=Words("Kết quả đã sửa về đến trung tâm.", "The corrected result is back there."),
    rules=(Rule.WRONG_RESULT,),
    ladder=Ladder(
        (
            Rung(
                "most",
                Share(80),
                "handler",
                "Đã dùng 80 % thời gian sửa kết quả",
                "80 % of the time to correct a result used",
            ),
            Rung(
                "overdue",
                FromDue(0),
                "chairman",
                "Kết quả sai chưa được sửa đúng hạn",
                "A wrong result was not corrected in time",
                statutory=True,
            ),
            Rung(
                "overdue_1",
                FromDue(1),
                "province",
                "Sửa kết quả: quá hạn 1 ngày",
                "Correction of a result: overdue by 1 day",
            ),
        )
    ),
    watches=frozenset(
        {
            "dossier.accepted",
            "dossier.moved",
            DossierResultDisputed.NAME,
            DossierResultCorrected.NAME,
        }
    ),
    begins_with=frozenset({DossierResultDisputed.NAME}),
    assess=assess_correction,
)
