"""What a person answers to a rung: a cause from a closed list and a day that they promise."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final, get_args

from services.notifications.core.announcing import inbound_event
from services.notifications.core.cause import Cause, Owed
from shared.calendar.zone import ICT
from shared.events.answers import ObligationAcknowledged
from shared.events.ids import derived_id
from shared.events.model import Cause as CauseCode
from shared.subjects.document import Outgoing

CAUSES: Final[tuple[CauseCode, ...]] = get_args(CauseCode)
PROMISE_DAYS_MAX: Final = 60
"""A promise further away than this is none."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What is answered: one rung of one obligation, by one person."""

    subject: str
    obligation: str
    cycle: int
    rung: str
    person: str

    @property
    def key(self) -> str:
        """The key under which answers are kept."""
        return "|".join(
            (self.subject, self.obligation, str(self.cycle), self.rung, self.person)
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, as it was recorded."""

    event: str
    cause: CauseCode
    promised: date
    at: datetime
    by: str
    through: str


@dataclass(frozen=True, slots=True)
class Answers:
    """Everything that a person answered to one rung; the last one counts."""

    matter: Matter
    given: tuple[Answer, ...] = ()

    def standing(self, refusals: Mapping[str, str]) -> Answer | None:
        """Return the answer that stands, if the last one was not refused."""
        last = self.given[-1] if self.given else None
        return None if last is None or last.event in refusals else last


def standing_answer(
    owed: Owed | None, matter: Matter, answers: Answers | None
) -> Answer | None:
    """Return the answer that stands, given here or, as workflow heard it, anywhere else."""
    refusals = owed.refusals if owed else {}
    own = answers.standing(refusals) if answers else None
    if own is not None or owed is None:
        return own
    asked = (matter.cycle, matter.rung, matter.person)
    heard = [
        one
        for one in owed.promises
        if (one.cycle, one.rung, one.by) == asked and one.event not in refusals
    ]
    if not heard:
        return None
    last = heard[-1]
    code: CauseCode = next((one for one in CAUSES if one == last.cause), "other")
    return Answer(last.event, code, last.promised, last.at, last.by, "elsewhere")


class RefusedAnswerError(ValueError):
    """The form cannot be taken; `why` names the words to show."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def checked(cause: str, promised: str, *, now: datetime) -> tuple[CauseCode, date]:
    """Return a form's fields, read.

    Raises:
        RefusedAnswerError: the cause is not of the list, or the day cannot be promised.
    """
    found = next((one for one in CAUSES if one == cause), None)
    if found is None:
        raise RefusedAnswerError("choose_cause")
    try:
        day = date.fromisoformat(promised)
    except ValueError:
        raise RefusedAnswerError("choose_day") from None
    today = now.astimezone(ICT).date()
    if day < today:
        raise RefusedAnswerError("day_past")
    if day > today + timedelta(days=PROMISE_DAYS_MAX):
        raise RefusedAnswerError("day_far")
    return found, day


def answer(
    known: Answers | None,
    matter: Matter,
    *,
    cause: CauseCode,
    promised: date,
    refusals: Mapping[str, str],
    now: datetime,
    through: str,
) -> tuple[Answers, Outgoing | None]:
    """Return the answers after one more; an answer that stands is not replaced."""
    answers = known or Answers(matter)
    if answers.standing(refusals) is not None:
        return answers, None
    number = len(answers.given) + 1
    # A store that was set back has fewer answers than were refused: their ids are taken.
    while derived_id(matter.key, "acknowledged", str(number)) in refusals:
        number += 1
    event = derived_id(matter.key, "acknowledged", str(number))
    data = ObligationAcknowledged(
        obligation=matter.obligation,
        cycle=matter.cycle,
        rung=matter.rung,
        cause=cause,
        promised=promised,
        by=matter.person,
    )
    one = Answer(event, cause, promised, now, matter.person, through)
    return replace(answers, given=(*answers.given, one)), inbound_event(
        event, matter.subject, data, now
    )


def why_closed(owed: Owed | None, matter: Matter) -> str | None:
    """Return why there is nothing to answer any more, or None."""
    if owed is None:
        # We have not heard of it yet; workflow will judge the answer.
        return None
    if owed.ended:
        return "done"
    if owed.cycle > matter.cycle:
        return "superseded"
    if any(
        one.withdrawn and (one.cycle, one.rung) == (matter.cycle, matter.rung)
        for one in owed.reached
    ):
        return "withdrawn"
    return None


def owed_of(cause: Cause | None, matter: Matter) -> Owed | None:
    """Return the obligation that is answered, if it is known."""
    return None if cause is None else cause.owed.get(matter.obligation)


class AnswersCodec:
    """How answers are kept."""

    def to_document(self, state: Answers) -> dict[str, Any]:
        """Write answers."""
        matter = state.matter
        return {
            "subject": matter.subject,
            "obligation": matter.obligation,
            "cycle": matter.cycle,
            "rung": matter.rung,
            "person": matter.person,
            "given": [
                [one.event, one.cause, one.promised.isoformat(), one.at, one.by, one.through]
                for one in state.given
            ],
        }

    def from_document(self, document: Mapping[str, Any]) -> Answers:
        """Read answers."""
        matter = Matter(
            subject=document["subject"],
            obligation=document["obligation"],
            cycle=document["cycle"],
            rung=document["rung"],
            person=document["person"],
        )
        given = tuple(
            Answer(event, cause, date.fromisoformat(promised), at, by, through)
            for event, cause, promised, at, by, through in document["given"]
        )
        return Answers(matter, given)

    def index(self, state: Answers) -> dict[str, Any]:
        """Give the field that a subject's answers are found by."""
        return {"subject": state.matter.subject}
