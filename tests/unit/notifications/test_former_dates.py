"""A date that moved is told with the date that people knew before."""

from datetime import timedelta

import pytest

from shared.events.dossiers import DossierAccepted, DossierExtended
from shared.events.envelope import Event
from shared.events.model import EventData
from shared.events.obligations import ObligationDueChanged
from tests.fakes.notified import (
    MONDAY,
    PROCEDURE,
    UNIT,
    Numbered,
    contact,
    opened,
    reached,
    withdrawn,
)
from tests.unit.notifications.world import World

pytestmark = pytest.mark.asyncio

CODE = "H37.112-261123-0001"
CHAIR = "p-06112-chairman"
CITIZEN_MAIL, CHAIR_MAIL = "be@example.test", "chair@example.test"
KNOWN, LATER = MONDAY + timedelta(days=3), MONDAY + timedelta(days=4)
ACCEPTED = DossierAccepted(procedure=PROCEDURE, channel="direct")


def moved(reason: str, **dates: object) -> ObligationDueChanged:
    """Return the move of the promise, into a second cycle."""
    return ObligationDueChanged.model_validate(
        {
            "obligation": "dossier_deadline",
            "kind": "dossier_deadline",
            "unit": UNIT,
            "cycle": 2,
            "old_due": KNOWN,
            "new_due": LATER,
            "reason": reason,
            "cause": "reference:9",
            **dates,
        }
    )


async def told(language: str, *said: EventData, first: tuple[EventData, ...] = ()) -> str:
    """Return the last mail after some events; the chairman's, if they were told before."""
    world, numbered = World(), Numbered()
    contacts = [
        contact(CODE, email=CITIZEN_MAIL, language=language),
        contact(CHAIR, role="staff", email=CHAIR_MAIL, language=language),
    ]
    events: list[Event] = [
        numbered.event(CODE, ACCEPTED, contactversion=1),
        numbered.event(CODE, opened(due=KNOWN)),
        *(numbered.event(CODE, data) for data in first),
    ]
    await world.hear(*contacts, *events)
    await world.work()
    await world.hear(*(numbered.event(CODE, data) for data in said))
    await world.work()
    address = CHAIR_MAIL if first else CITIZEN_MAIL
    content = [one for one in world.mail.taken if one.address == address][-1].content
    for line in content.text.splitlines():
        if "trước đây:" in line or "(before:" in line:
            assert line in content.html, "both parts of a mail say it"
    return content.text


BOTH_DATES = {
    "vi": "09:00 thứ Sáu 27/11/2026 (trước đây: 09:00 thứ Năm 26/11/2026).",
    "en": "09:00 Friday 27/11/2026 (before: 09:00 Thursday 26/11/2026).",
}


@pytest.mark.parametrize("reason", ["calendar", "rule"])
@pytest.mark.parametrize(
    ("language", "line"),
    [("vi", "Hẹn trả kết quả: "), ("en", "The result is promised for ")],
)
async def test_the_applicant_reads_both_dates(reason: str, language: str, line: str) -> None:
    """Whatever moved the promise."""
    text = await told(language, moved(reason))
    assert f"{line}{BOTH_DATES[language]}" in text


async def test_who_had_no_date_is_told_the_first_alone() -> None:
    """The calendar went on: nothing was promised before."""
    text = await told("vi", moved("calendar", old_due=None))
    assert "27/11/2026" in text
    assert "trước đây" not in text


@pytest.mark.parametrize("move_first", [False, True])
@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("vi", "thứ Sáu 27/11/2026 (trước đây: 09:00 thứ Năm 26/11/2026)."),
        ("en", "Friday 27/11/2026 (before: 09:00 Thursday 26/11/2026)."),
    ],
)
async def test_a_new_date_names_the_first_promise_whichever_topic_is_ahead(
    language: str, line: str, *, move_first: bool
) -> None:
    """The move of the promise may be heard before the word that caused it."""
    extended, move = DossierExtended(new_date=LATER.date()), moved("extended")
    said = (move, extended) if move_first else (extended, move)
    text = await told(language, *said)
    assert line in text


@pytest.mark.parametrize(("language", "line"), [("vi", "Hạn mới: "), ("en", "The new date: ")])
async def test_staff_whose_reminder_is_taken_back_read_both_dates(
    language: str, line: str
) -> None:
    """The move is told after what it takes back, and known when the mail is written."""
    rung = reached([CHAIR], due=KNOWN)
    text = await told(language, withdrawn(), moved("calendar"), first=(rung,))
    assert f"{line}{BOTH_DATES[language]}" in text


@pytest.mark.parametrize(
    "move", [(), (moved("calendar", new_due=KNOWN),), (moved("supplement", new_due=None),)]
)
async def test_a_date_that_did_not_move_is_not_called_former(
    move: tuple[EventData, ...],
) -> None:
    """Overtaken, or counted anew with the same end, or without any: there is no new date."""
    text = await told("vi", withdrawn(), *move, first=(reached([CHAIR], due=KNOWN),))
    assert "được rút lại" in text
    assert "trước đây:" not in text
    assert "Hạn mới" not in text
