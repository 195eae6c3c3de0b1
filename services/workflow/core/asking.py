"""What people do on a page: checked here, told to intake, and done when it comes back."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, get_args

from services.workflow.core.acknowledge import why_not
from services.workflow.core.kinds.dossier import SLIP
from services.workflow.core.model import Asked, Obligation, Subject
from services.workflow.core.open import on_its_way, standing_promise
from services.workflow.core.result import Result
from services.workflow.core.slip import Draft
from shared.calendar.errors import DateOutsideCalendarError
from shared.calendar.zone import legal_day
from shared.events.answers import ObligationAcknowledged
from shared.events.codes import ITEM_PATTERN
from shared.events.dossiers import (
    RESULT_ERRORS,
    DossierApologyIssued,
    DossierExtended,
    DossierResultCorrected,
    DossierResultDisputed,
    ResultFault,
)
from shared.events.faults import Fault
from shared.events.ids import derived_id
from shared.events.model import Cause, EventData
from shared.reference.view import Reference
from shared.subjects.document import Outgoing
from shared.subjects.inbound import to_intake

PUBLISHER: Final = "workflow"
CAUSES: Final[tuple[Cause, ...]] = get_args(Cause)
RESULT_FAULTS: Final[tuple[ResultFault, ...]] = get_args(ResultFault)
PROMISE_DAYS_MAX: Final = 60
"""A promise further away than this is none."""

NEW_DATE_DAYS_MAX: Final = 180


REFUSAL_SHOWN: Final = timedelta(days=1)
"""How long a page says that intake refused what was done on it."""

WhyRefused = Callable[[str], Sequence[Fault]]
"""Why intake refused the event of an id; nothing if it did not."""


class RefusedFormError(ValueError):
    """A form cannot be taken; `why` is the word for the reason."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What a supervisor answers to a rung.

    Attributes:
        obligation: The obligation's id.
        cycle: Its cycle.
        rung: The rung that they heard.
        by: The person; empty if the form did not say who.
        cause: A word of the closed list, as it was sent.
        promised: A day, as it was sent.
    """

    obligation: str
    cycle: int
    rung: str
    by: str
    cause: str
    promised: str


@dataclass(frozen=True, slots=True)
class Slip:
    """A slip of apology as it is to be issued.

    Attributes:
        reason: A word of the closed list, as it was sent.
        agency: The code of the agency at fault.
        new_date: A day, as it was sent.
    """

    reason: str
    agency: str
    new_date: str


@dataclass(frozen=True, slots=True)
class WrongResult:
    """An error of a result as it is to be recorded.

    Attributes:
        reason: A word of our list of errors, as it was sent.
        fault: Whose fault it is, as it was sent.
    """

    reason: str
    fault: str


def acknowledge(
    subject: Subject, answer: Acknowledgement, reference: Reference, now: datetime
) -> Sequence[Outgoing]:
    """Note that somebody answers a rung, and return what intake is told.

    Raises:
        RefusedFormError: it cannot be taken; nothing was noted.
    """
    cause, day = _cause(answer.cause), _day(answer.promised)
    if not answer.by:
        raise RefusedFormError("choose_person")
    today = legal_day(now)
    if day < today:
        raise RefusedFormError("day_past")
    if day > today + timedelta(days=PROMISE_DAYS_MAX):
        raise RefusedFormError("day_far")
    if reference.horizon is None or day > reference.horizon:
        raise RefusedFormError("beyond_horizon")
    data = ObligationAcknowledged(
        obligation=answer.obligation,
        cycle=answer.cycle,
        rung=answer.rung,
        cause=cause,
        promised=day,
        by=answer.by,
    )
    obligation = subject.obligations.get(answer.obligation)
    why = why_not(obligation, data, now)
    if why is not None:
        raise RefusedFormError(why)
    assert obligation is not None, "there is something against nothing"
    if promised(obligation, answer.rung, now):
        raise RefusedFormError("promised_already")
    return _ask(subject, answer.obligation, [data], now)


def take_back_refused(
    subject: Subject, why: WhyRefused, now: datetime
) -> Mapping[str, Sequence[Fault]]:
    """Forget what intake refused of what was asked, so that it may be asked again.

    Returns:
        Why, by obligation, of what was asked within `REFUSAL_SHOWN`.
    """
    found: dict[str, Sequence[Fault]] = {}
    for event, asked in list(subject.asked.items()):
        faults = why(event)
        if faults:
            del subject.asked[event]
            if now < asked.at + REFUSAL_SHOWN:
                found[asked.obligation] = faults
    return found


def promised(obligation: Obligation, rung: str, now: datetime) -> bool:
    """Say whether a promise to this very rung stands and is not broken."""
    promise = standing_promise(obligation)
    if promise is None or promise.rung != rung:
        return False
    return promise.broken_at is None and now < promise.expires_at


def issue(
    subject: Subject, slip: Slip, draft: Draft | None, reference: Reference, now: datetime
) -> Sequence[Outgoing]:
    """Note that a slip of apology is given with its new date, and return what intake is told.

    Raises:
        RefusedFormError: it cannot be issued; nothing was noted.
    """
    reason, day = _cause(slip.reason), _day(slip.new_date)
    if draft is None or not draft.slip.open:
        raise RefusedFormError("slip_over")
    if draft.slip.suspended_since is not None:
        raise RefusedFormError("suspended")
    if slip.agency not in draft.agencies:
        raise RefusedFormError("choose_agency")
    if day <= legal_day(max(draft.due or now, now)):
        raise RefusedFormError("day_not_later")
    if day > legal_day(now) + timedelta(days=NEW_DATE_DAYS_MAX):
        raise RefusedFormError("new_day_far")
    try:
        if not reference.calendar.is_working(day):
            raise RefusedFormError("day_off")
    except DateOutsideCalendarError:
        raise RefusedFormError("beyond_horizon") from None
    told = [
        DossierApologyIssued(reason=reason, agency=slip.agency),
        DossierExtended(new_date=day),
    ]
    return _ask(subject, SLIP, told, now)


def dispute(
    subject: Subject, wrong: WrongResult, result: Result | None, now: datetime
) -> Sequence[Outgoing]:
    """Note that a result is wrong, and return what intake gets.

    Raises:
        RefusedFormError: it cannot be recorded; nothing was noted.
    """
    if result is None:
        raise RefusedFormError("no_result")
    if not result.may_be_disputed:
        raise RefusedFormError("being_corrected")
    if wrong.reason not in RESULT_ERRORS:
        raise RefusedFormError("choose_error")
    fault = next((one for one in RESULT_FAULTS if one == wrong.fault), None)
    if fault is None:
        raise RefusedFormError("choose_fault")
    return _ask(
        subject, result.key, [DossierResultDisputed(reason=wrong.reason, fault=fault)], now
    )


def correct(
    subject: Subject, code: str, result: Result | None, now: datetime
) -> Sequence[Outgoing]:
    """Note that the corrected result is back at the centre, and return what intake gets.

    Args:
        subject: The dossier.
        code: The code of the corrected result, as it was sent; empty: unchanged.
        result: What is known of its result.
        now: The moment at which it is back.

    Raises:
        RefusedFormError: it cannot be recorded; nothing was noted.
    """
    if result is None:
        raise RefusedFormError("no_result")
    if not result.may_be_corrected:
        raise RefusedFormError("nothing_wrong")
    if code and re.fullmatch(ITEM_PATTERN, code) is None:
        raise RefusedFormError("result_code")
    return _ask(subject, result.key, [DossierResultCorrected(result=code or None)], now)


def _ask(
    subject: Subject, obligation: str, told: Sequence[EventData], now: datetime
) -> Sequence[Outgoing]:
    if on_its_way(subject, obligation, now) is not None:
        raise RefusedFormError("on_its_way")
    # What never came back is forgotten: whoever asked has seen that nothing was recorded.
    subject.asked = {
        event: asked
        for event, asked in subject.asked.items()
        if on_its_way(subject, asked.obligation, now) is asked
    }
    made: list[Outgoing] = []
    for data in told:
        event = derived_id(subject.id, PUBLISHER, obligation, data.NAME, now.isoformat())
        subject.asked[event] = Asked(event, data.NAME, obligation, now)
        made.append(to_intake(PUBLISHER, event, subject.id, data, now))
    return made


def _cause(word: str) -> Cause:
    found = next((cause for cause in CAUSES if cause == word), None)
    if found is None:
        raise RefusedFormError("choose_cause")
    return found


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RefusedFormError("choose_day") from None
