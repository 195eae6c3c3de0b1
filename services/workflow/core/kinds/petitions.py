"""Petitions (2, 5, 15 and 2 working days) and requests about personal data."""

from typing import Final

from services.workflow.core.assessment import Assessment
from services.workflow.core.facts import Facts
from services.workflow.core.kinds.counted import Owed, assess_owed, working_days
from services.workflow.core.kinds.kind import NEVER, Kind, Words
from services.workflow.core.ladder import FromDue, Ladder, Rung, Share
from shared.calendar.limits import Limit, LimitUnit
from shared.events.centres import DataRequestReceived, PetitionClassified
from shared.law.rules import Rule
from shared.reference.view import Reference

CLASSIFY: Final = "petition_classify"
ANSWER: Final = "petition_answer"
PUBLISH: Final = "petition_publish"
DATA_REPLY: Final = "datarequest_reply"
DATA_DONE: Final = "datarequest"

CLASSIFY_DAYS: Final = 2
SUPPLEMENT_DAYS: Final = 5
ANSWER_DAYS: Final = 15
PUBLISH_DAYS: Final = 2
DATA_REPLY_DAYS: Final = 2
DATA_DAYS: Final = {
    "see": 10,
    "correct": 10,
    "withdraw_consent": 15,
    "restrict": 15,
    "object": 15,
    "erase": 20,
}
"""Calendar days by right: 10 to see or correct, 15 to restrict or object, 20 to erase."""


def assess_classify(facts: Facts, reference: Reference) -> list[Assessment]:
    """Say by when a petition is to be taken or refused, or to be asked to be completed."""
    received = facts.first("petition.received")
    if received is None:
        return []
    done = facts.first("petition.classified") or facts.first("petition.answered")
    asks = (
        done is not None
        and isinstance(done.data, PetitionClassified)
        and done.data.outcome == "supplement"
    )
    owed = Owed(
        id=CLASSIFY,
        kind=CLASSIFY,
        unit=facts.unit,
        start=received.time,
        cause=received.id,
        limit=working_days(SUPPLEMENT_DAYS if asks else CLASSIFY_DAYS),
        done=done,
        done_why="classified",
    )
    return [assess_owed(owed, PETITION_CLASSIFY.ladder, reference)]


def assess_answer(facts: Facts, reference: Reference) -> list[Assessment]:
    """Say by when a petition is to be answered; a refused or forwarded one is not."""
    received = facts.first("petition.received")
    if received is None:
        return []
    passed_on = next(
        (
            event
            for event in facts.events
            if isinstance(event.data, PetitionClassified)
            and event.data.outcome in {"refused", "forwarded"}
        ),
        None,
    )
    answered, passed_on = facts.first_of(facts.first("petition.answered"), passed_on)
    owed = Owed(
        id=ANSWER,
        kind=ANSWER,
        unit=facts.unit,
        start=received.time,
        cause=received.id,
        limit=working_days(ANSWER_DAYS),
        done=answered,
        done_why="answered",
        void=passed_on,
    )
    return [assess_owed(owed, PETITION_ANSWER.ladder, reference)]


def assess_publish(facts: Facts, reference: Reference) -> list[Assessment]:
    """Say by when the answer is to be published."""
    answered = facts.first("petition.answered")
    if answered is None:
        return []
    owed = Owed(
        id=PUBLISH,
        kind=PUBLISH,
        unit=facts.unit,
        start=answered.time,
        cause=answered.id,
        limit=working_days(PUBLISH_DAYS),
        done=facts.first("petition.published"),
        done_why="published",
    )
    return [assess_owed(owed, PETITION_PUBLISH.ladder, reference)]


def assess_data_reply(facts: Facts, reference: Reference) -> list[Assessment]:
    """Say by when the person who asks about their data is to hear something."""
    received = facts.first("datarequest.received")
    if received is None:
        return []
    owed = Owed(
        id=DATA_REPLY,
        kind=DATA_REPLY,
        unit=facts.unit,
        start=received.time,
        cause=received.id,
        limit=working_days(DATA_REPLY_DAYS),
        done=facts.first("datarequest.answered"),
        done_why="answered",
    )
    return [assess_owed(owed, DATA_REQUEST_REPLY.ladder, reference)]


def assess_data(facts: Facts, reference: Reference) -> list[Assessment]:
    """Say by when what was asked about personal data is to be carried out."""
    received = facts.first("datarequest.received")
    if received is None or not isinstance(received.data, DataRequestReceived):
        return []
    owed = Owed(
        id=DATA_DONE,
        kind=DATA_DONE,
        unit=facts.unit,
        start=received.time,
        cause=received.id,
        limit=Limit(LimitUnit.CALENDAR_DAYS, DATA_DAYS[received.data.right]),
        done=facts.last("datarequest.answered"),
        done_why="answered",
        about={"right": received.data.right},
    )
    return [assess_owed(owed, DATA_REQUEST.ladder, reference)]


def _ladder(what_vi: str, what_en: str) -> Ladder:
    return Ladder(
        (
            Rung(
                "most",
                Share(80),
                "director",
                f"{what_vi}: đã dùng 80 %",
                f"{what_en}: 80 % used",
            ),
            Rung(
                "overdue",
                FromDue(0),
                "chairman",
                f"{what_vi}: quá hạn",
                f"{what_en}: overdue",
                statutory=True,
            ),
            Rung(
                "overdue_2",
                FromDue(2),
                "province",
                f"{what_vi}: quá hạn 2 ngày",
                f"{what_en}: overdue by 2 days",
            ),
        )
    )


_PETITION_EVENTS: Final = frozenset(
    {
        "petition.received",
        "petition.classified",
        "petition.answered",
        "petition.published",
    }
)
_PETITION_RULES: Final = (Rule.PETITIONS, Rule.PETITION_HANDLING)

PETITION_CLASSIFY = Kind(
    id=CLASSIFY,
    name=Words("Phân loại phản ánh, kiến nghị", "Classify a petition"),
    of="petition",
    opens=Words("Khi tiếp nhận phản ánh, kiến nghị.", "When a petition comes in."),
    due=Words(
        "2 ngày làm việc; 5 ngày làm việc nếu yêu cầu bổ sung.",
        "2 working days; 5 when it is asked to be completed.",
    ),
    pauses=NEVER,
    discharged=Words("Đã phân loại hoặc trả lời.", "It is classified or answered."),
    rules=_PETITION_RULES,
    ladder=_ladder("Phân loại phản ánh", "Classifying a petition"),
    watches=_PETITION_EVENTS,
    assess=assess_classify,
)

PETITION_ANSWER = Kind(
    id=ANSWER,
    name=Words("Trả lời phản ánh, kiến nghị", "Answer a petition"),
    of="petition",
    opens=Words("Khi tiếp nhận phản ánh, kiến nghị.", "When a petition comes in."),
    due=Words("15 ngày làm việc.", "15 working days."),
    pauses=NEVER,
    discharged=Words(
        "Đã trả lời; từ chối hoặc chuyển cơ quan khác thì không còn phải thực hiện.",
        "It is answered; a refused or forwarded one is not owed.",
    ),
    rules=_PETITION_RULES,
    ladder=_ladder("Trả lời phản ánh", "Answering a petition"),
    watches=_PETITION_EVENTS,
    assess=assess_answer,
)

PETITION_PUBLISH = Kind(
    id=PUBLISH,
    name=Words("Công khai trả lời phản ánh", "Publish the answer to a petition"),
    of="petition",
    opens=Words("Khi đã trả lời.", "When it is answered."),
    due=Words("2 ngày làm việc.", "2 working days."),
    pauses=NEVER,
    discharged=Words("Đã công khai.", "It is published."),
    rules=_PETITION_RULES,
    ladder=_ladder("Công khai trả lời", "Publishing an answer"),
    watches=_PETITION_EVENTS,
    assess=assess_publish,
)

DATA_REQUEST_REPLY = Kind(
    id=DATA_REPLY,
    name=Words("Phản hồi yêu cầu về dữ liệu cá nhân", "First reply to a data request"),
    of="datarequest",
    opens=Words("Khi nhận yêu cầu.", "When the request comes in."),
    due=Words("2 ngày làm việc.", "2 working days."),
    pauses=NEVER,
    discharged=Words("Đã phản hồi.", "It is answered."),
    rules=(Rule.DATA_PROTECTION, Rule.DATA_REQUEST),
    ladder=_ladder("Phản hồi yêu cầu dữ liệu", "A reply to a data request"),
    watches=frozenset({"datarequest.received", "datarequest.answered"}),
    assess=assess_data_reply,
)

DATA_REQUEST = Kind(
    id=DATA_DONE,
    name=Words("Yêu cầu về dữ liệu cá nhân", "Request about personal data"),
    of="datarequest",
    opens=Words("Khi nhận yêu cầu.", "When the request comes in."),
    due=Words(
        "10 ngày (xem, chỉnh sửa), 15 ngày (hạn chế, phản đối, rút đồng ý), 20 ngày (xóa).",
        "10 days (see, correct), 15 (restrict, object, withdraw consent), 20 (erase).",
    ),
    pauses=NEVER,
    discharged=Words("Đã trả lời.", "It is answered."),
    rules=(Rule.DATA_PROTECTION, Rule.DATA_REQUEST),
    ladder=_ladder("Yêu cầu dữ liệu cá nhân", "A request about personal data"),
    watches=frozenset({"datarequest.received", "datarequest.answered"}),
    assess=assess_data,
)
