"""The answer to an online dossier: accepted, refused or to be mended, in 8 opening hours."""

from collections.abc import Iterator
from typing import Final

from services.workflow.core.assessment import Assessment
from services.workflow.core.facts import Facts
from services.workflow.core.kinds.counted import Owed, assess_owed, opening_hours
from services.workflow.core.kinds.dossier_facts import ENDS
from services.workflow.core.kinds.kind import NEVER, Kind, Words
from services.workflow.core.ladder import (
    ClockMinutes,
    FromDue,
    Ladder,
    MinutesFromDue,
    Rung,
    Share,
)
from shared.calendar.zone import legal_day
from shared.events.codes import obligation_id
from shared.events.dossiers import DossierSubmitted
from shared.events.envelope import Event
from shared.law.citation import find
from shared.law.rules import Rule
from shared.reference.view import Reference

ANSWER: Final = "online_answer"
ANSWER_HOURS: Final = 8
ARRIVED_MINUTES: Final = 60
"""Half of the two hours within which the system must alert the staff, day and night."""

_ANSWERS: Final = frozenset(
    {"dossier.accepted", "dossier.refused", "dossier.supplement_requested"}
)
_ENDS: Final = frozenset(name for names in ENDS for name in names) - _ANSWERS
_LAST: Final = _ENDS | {"dossier.accepted", "dossier.refused"}
"""After these nothing is received any more that asks for an answer."""

Turn = tuple[Event, Event | None, Event | None]
"""What the system received, the answer to it, or the end that made an answer needless."""


def assess_online_answer(facts: Facts, reference: Reference) -> list[Assessment]:
    """Compute by when each submission of an online dossier must be answered."""
    submitted = facts.first(DossierSubmitted.NAME)
    if submitted is None or not isinstance(submitted.data, DossierSubmitted):
        return []
    if submitted.data.channel != "online":
        return []
    found: list[Assessment] = []
    for number, (received, answer, end) in enumerate(_turns(submitted, facts), start=1):
        if find(Rule.ONLINE_ANSWER, legal_day(received.time)) is None:
            continue  # No text asked for an answer on that day.
        owed = Owed(
            id=ANSWER if number == 1 else obligation_id(ANSWER, str(number)),
            kind=ANSWER,
            unit=facts.unit,
            start=received.time,
            cause=received.id,
            limit=opening_hours(ANSWER_HOURS),
            done=answer,
            done_why="answered",
            void=end,
            start_key="submitted",
            about={"procedure": submitted.data.procedure},
        )
        found.append(assess_owed(owed, ONLINE_ANSWER.ladder, reference))
    return found


def _turns(submitted: Event, facts: Facts) -> Iterator[Turn]:
    """Yield each receipt by the system before acceptance, with what followed it.

    A mended dossier is received again, and its answer is due anew.
    """
    received: Event | None = None
    sent = False
    for event in facts.events:
        sent = sent or event is submitted
        if received is None:
            if event is submitted or (sent and event.name == "dossier.supplement_received"):
                received = event
        elif event.name in _ANSWERS:
            yield received, event, None
            received = None
        elif event.name in _ENDS:
            yield received, None, event
            received = None
        if event.name in _LAST:
            return
    if received is not None:
        yield received, None, None


ONLINE_ANSWER: Final = Kind(
    id=ANSWER,
    name=Words("Trả lời hồ sơ trực tuyến", "Answer to an online dossier"),
    of="dossier",
    opens=Words(
        "Khi hệ thống nhận được hồ sơ trực tuyến, hoặc nhận lại sau khi người nộp hoàn thiện.",
        "When the system receives an online dossier, or receives it again after it was mended.",
    ),
    due=Words(
        "8 giờ làm việc sau khi hệ thống nhận được.",
        "8 opening hours after the system received it.",
    ),
    pauses=NEVER,
    discharged=Words(
        "Tiếp nhận, từ chối hoặc hướng dẫn hoàn thiện hồ sơ; người nộp rút hồ sơ thì không còn "
        "phải trả lời.",
        "It is accepted, refused, or the applicant is asked to mend it; no answer is needed "
        "any more when it is withdrawn.",
    ),
    rules=(Rule.ONLINE_ANSWER,),
    ladder=Ladder(
        (
            Rung(
                "arrived",
                ClockMinutes(ARRIVED_MINUTES),
                "division_head",
                "Có hồ sơ trực tuyến chờ trả lời",
                "An online dossier awaits an answer",
            ),
            Rung(
                "half",
                Share(50),
                "division_head",
                "Đã dùng 50 % thời gian trả lời hồ sơ trực tuyến",
                "50 % of the time to answer an online dossier used",
            ),
            Rung(
                "most",
                Share(80),
                "director",
                "Đã dùng 80 % thời gian trả lời hồ sơ trực tuyến",
                "80 % of the time to answer an online dossier used",
            ),
            Rung(
                "overdue",
                MinutesFromDue(0),
                "chairman",
                "Hồ sơ trực tuyến chưa được trả lời đúng hạn",
                "An online dossier was not answered in time",
                statutory=True,
            ),
            Rung(
                "overdue_1",
                FromDue(1),
                "province",
                "Trả lời hồ sơ trực tuyến: quá hạn 1 ngày",
                "Answer to an online dossier: overdue by 1 day",
            ),
        )
    ),
    watches=_ANSWERS | _ENDS | {DossierSubmitted.NAME, "dossier.supplement_received"},
    begins_with=frozenset({DossierSubmitted.NAME}),
    assess=assess_online_answer,
)
