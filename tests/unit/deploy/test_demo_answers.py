"""What the demo expects of its stories, against the engine; the two share no code."""

from datetime import UTC, date, datetime
from typing import Any, Final

import pytest

from deploy.demo.answers import answers_of
from deploy.demo.closings import closings_of
from deploy.demo.corrections import corrections_of
from deploy.demo.hand_overs import hand_overs_of
from deploy.demo.province import Centre, Month, Span, simulate
from deploy.demo.slow_calendar import SlowCalendar
from deploy.demo.story import Procedure, Story
from deploy.reference.load import bundled_reference
from services.workflow.core.facts import Facts, gather
from services.workflow.core.kinds.registry import KINDS
from shared.calendar.zone import ICT
from shared.events import dossiers
from shared.events.envelope import Event

UNIT: Final = "06112"
PROCEDURES: Final = (Procedure("1.004873", "working_days", 3, 1.0),)
SPAN: Final = Span(date(2026, 8, 1), date(2026, 8, 31), 1401, 60)
END: Final = datetime(2026, 9, 1, tzinfo=ICT)
FAR: Final = datetime(2026, 12, 1, tzinfo=ICT)
MODELS: Final = {model.NAME: model for model in dossiers.MODELS}


@pytest.fixture(scope="module")
def month() -> Month:
    """Simulate a month of one busy commune."""
    places = [Centre(UNIT, 1_500, 0.3)]
    calendar = bundled_reference().calendar
    return simulate(places, PROCEDURES, {UNIT: "p-handler"}, calendar, SPAN)


def facts_of(story: Story, end: datetime) -> Facts:
    """Return what the engine knows of a story at the end."""
    acts = [act for act in story.acts if act.at <= end]
    events = [
        Event(
            id=f"e{number}",
            source="urn:motcua:publisher:demo",
            name=act.name,
            subject=str(story.number),
            time=act.at,
            sequence=number,
            recordedtime=act.at.astimezone(UTC),
            receivingunit=story.receiving,
            competentunit=story.competent,
            data=MODELS[act.name].model_validate(act.data),
        )
        for number, act in enumerate(acts, start=1)
    ]
    return gather(str(story.number), story.competent, events)


def test_both_expect_the_same_answers(month: Month) -> None:
    """Ids, dates and ends; some are late, some dossiers are mended first."""
    reference, calendar = bundled_reference(), SlowCalendar()
    late = mended = 0
    for story in month.stories:
        expected = answers_of(story, calendar, END)
        found: list[tuple[Any, ...]] = [
            (one.id, one.opened_at, one.due, one.discharge and one.discharge.at)
            for one in KINDS["online_answer"].assess(facts_of(story, END), reference)
        ]
        assert found == [(one.obligation, one.opened, one.due, one.ended) for one in expected]
        late += any(one.late(END) for one in expected)
        mended += len(expected) > 1
    assert late > 5
    assert mended > 5


def test_both_expect_the_same_closings(month: Month) -> None:
    """Of requests that were handed over; some close late, and most are supplemented."""
    reference, calendar = bundled_reference(), SlowCalendar()
    closed = late = void = 0
    for story in month.stories:
        asked = [act for act in story.acts if act.name == "dossier.supplement_requested"]
        if not all(act.data["in_person"] for act in asked):
            continue  # The proof of a notice comes from elsewhere.
        expected = closings_of(story, calendar, FAR)
        found: list[tuple[Any, ...]] = [
            (one.id, one.due, one.discharge and (one.discharge.at, one.discharge.void))
            for one in KINDS["supplement_closing"].assess(facts_of(story, FAR), reference)
        ]
        assert found == [
            (one.obligation, one.due, one.ended and (one.ended, one.void)) for one in expected
        ]
        closed += sum(not one.void for one in expected)
        late += sum(not one.void and one.late(FAR) for one in expected)
        void += sum(one.void for one in expected)
    assert closed > late > 0
    assert void > 5


def test_both_expect_the_same_corrections(month: Month) -> None:
    """Some results are wrong, and some of these are corrected late."""
    reference, calendar = bundled_reference(), SlowCalendar()
    corrected = late = 0
    for story in month.stories:
        expected = corrections_of(story, calendar, FAR)
        found: list[tuple[Any, ...]] = [
            (one.id, one.opened_at, one.due, one.discharge and one.discharge.at)
            for one in KINDS["result_correction"].assess(facts_of(story, FAR), reference)
        ]
        assert found == [(one.obligation, one.opened, one.due, one.ended) for one in expected]
        corrected += len(expected)
        late += any(one.late(FAR) for one in expected)
    assert corrected > late > 0


def test_both_expect_the_same_hand_overs(month: Month) -> None:
    """Of every dossier on paper, a few of which stay overnight."""
    reference, calendar = bundled_reference(), SlowCalendar()
    handed_over = overnight = 0
    for story in month.stories:
        expected = hand_overs_of(story, calendar, FAR)
        found: list[tuple[Any, ...]] = [
            (one.id, one.opened_at, one.due, one.discharge and one.discharge.at)
            for one in KINDS["hand_over"].assess(facts_of(story, FAR), reference)
        ]
        assert found == [(one.obligation, one.opened, one.due, one.ended) for one in expected]
        handed_over += len(expected)
        overnight += any(one.opened.date() < one.due.date() for one in expected)
    assert handed_over > overnight > 0
