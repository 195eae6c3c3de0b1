"""Waits around the statutory limit: in any order of arrival, the same limit stays missed.

What is expected is worked out here by comparing moments, without the engine or the calendar.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.reporting.core.derive import derive
from services.reporting.core.fact import Fact
from services.reporting.core.state import FactState
from services.workflow.core.fold import fold, sweep
from services.workflow.core.model import Subject
from shared.calendar.zone import ICT
from shared.events.answers import NoticeProven
from shared.events.dossiers import (
    DossierAccepted,
    DossierCompleted,
    DossierSupplementReceived,
    DossierSupplementRequested,
    DossierWithdrawn,
)
from shared.events.envelope import Event
from shared.events.model import EventData
from shared.subjects.fold import Context, Emission
from tests.fakes.emitted import read_back
from tests.unit.workflow.province import THREE_DAYS, UNIT, province

CODE: Final = "H37.100-260105-0001"
START: Final = datetime(2026, 1, 5, 9, tzinfo=ICT)
LIMIT: Final = datetime(2026, 1, 9, tzinfo=ICT)
"""Three working days from Monday 5 January: 24:00 of Thursday 8."""

END: Final = datetime(2026, 3, 20, 9, tzinfo=ICT)
REQUEST: Final = f"{CODE}-request"
BY_BOTH: Final = {"request_on_or_after_last_day", "request_after_limit"}
"""What workflow flags and reporting marks, each by code of its own."""

hours = st.integers(-80, 80)


def event_of(data: EventData, at: datetime, name: str) -> Event:
    """Return an event of the dossier, not numbered yet."""
    return Event(
        id=f"{CODE}-{name}",
        source="urn:motcua:publisher:counter",
        name=data.NAME,
        subject=CODE,
        time=at,
        receivingunit=UNIT,
        competentunit=UNIT,
        data=data,
    )


@st.composite
def stories(draw: st.DrawFn) -> list[Event]:
    """Draw a request, perhaps its proof, perhaps its receipt and an end, around the limit."""
    requested = max(LIMIT + timedelta(hours=draw(hours)), START + timedelta(hours=1))
    told = [
        event_of(DossierAccepted(procedure=THREE_DAYS, channel="online"), START, "accepted"),
        event_of(
            DossierSupplementRequested(items=("a",), number=1, in_person=False),
            requested,
            "request",
        ),
    ]
    last = requested
    if draw(st.booleans()):
        proven = requested + timedelta(hours=draw(st.integers(0, 60)))
        about = {"notice": "n-1", "about": REQUEST, "about_name": told[1].name, "at": proven}
        told.append(event_of(NoticeProven.model_validate(about), proven, "proof"))
        last = proven
    if draw(st.booleans()):
        last += timedelta(hours=draw(st.integers(1, 90)))
        told.append(event_of(DossierSupplementReceived(items=("a",)), last, "receipt"))
    ending = draw(st.sampled_from([DossierCompleted(result="K"), DossierWithdrawn(), None]))
    if ending is not None:
        last += timedelta(hours=draw(st.integers(1, 40)))
        told.append(event_of(ending, last, "end"))
    return told


def missed_by_hand(story: Sequence[Event]) -> bool:
    """Say whether the first limit passed while the law's clock ran and nothing had ended it."""
    moments = {one.id.removeprefix(f"{CODE}-"): one.time for one in story}
    needless = story[-1].name == DossierCompleted.NAME and "receipt" not in moments
    if needless:  # A result without the supplement shows that nobody had to wait for it.
        return moments["end"] > LIMIT
    stops = [moments[name] for name in ("proof", "receipt", "end") if name in moments]
    return min(stops) > LIMIT if stops else False


def applied(arrivals: Sequence[Event], *, swept: bool) -> tuple[Subject, list[Emission], Fact]:
    """Record events in an order, a minute apart, after everything has happened."""
    reference = province()
    state: Subject | None = None
    facts, told = FactState(CODE), list[Emission]()
    for number, one in enumerate(arrivals, start=1):
        now = END + timedelta(minutes=10 * number)
        stamped = one.model_copy(
            update={"sequence": number, "recordedtime": now.astimezone(UTC)}
        )
        facts.take(stamped)
        folded = fold(state, stamped, Context(now, reference))
        state, emissions = folded.state, list(folded.emissions)
        if swept:
            later = now + timedelta(minutes=5)
            emissions += sweep(state, Context(later, reference), upto=later) or ()
        for emission in emissions:
            told.append(emission)
            facts.take(_published(emission, len(told), now))
    assert state is not None, "a story begins with an acceptance"
    found = derive(facts, lambda _procedure: "field")
    assert found is not None, "it was accepted"
    return state, told, found


def _published(emission: Emission, number: int, now: datetime) -> Event:
    return Event(
        id=emission.id,
        source="urn:motcua:service:workflow",
        name=emission.name,
        subject=CODE,
        time=emission.time,
        sequence=number,
        recordedtime=now.astimezone(UTC),
        data=read_back(emission),
    )


def judged(state: Subject, fact: Fact) -> tuple[Any, ...]:
    """Return what must not depend on the order of arrival."""
    deadline = state.obligations["dossier_deadline"]
    return (
        (deadline.status, deadline.due, deadline.limit, deadline.index_due),
        (deadline.in_time, deadline.by_limit, deadline.by_index, deadline.limit_missed),
        sorted(deadline.flags),
        (fact.law, fact.law_day, fact.index, fact.late_law),
        "request_after_limit" in dict(fact.pause_marks),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stories(), st.randoms(use_true_random=False), st.booleans())
def test_any_order_of_arrival_judges_alike(
    story: list[Event],
    chance: Random,
    swept: bool,  # noqa: FBT001 - drawn.
) -> None:
    """A late request, proof, receipt or end gives the verdict of the right order."""
    first, *others = story
    state, _, fact = applied(story, swept=swept)
    chance.shuffle(others)
    again, _, other = applied([first, *others], swept=swept)
    assert judged(again, other) == judged(state, fact)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stories())
def test_a_limit_that_was_breached_makes_the_dossier_late(story: list[Event]) -> None:
    """Engine, events and figures say so, whatever the later cycle brings."""
    state, told, fact = applied(story, swept=True)
    deadline = state.obligations["dossier_deadline"]
    breaches = [one for one in told if one.name == "obligation.breached"]
    missed = missed_by_hand(story)
    first = [
        one
        for one in breaches
        if one.data["obligation"] == "dossier_deadline" and read_at(one) == LIMIT
    ]
    if missed:
        assert deadline.limit_missed == LIMIT
        assert len(first) == 1, "found missed before a proof in time was recorded"
        assert fact.law == ("open" if deadline.open else "late")
        assert deadline.open or deadline.by_limit is False
        assert fact.late_law == () or fact.late_law[0].start == LIMIT
    else:
        assert deadline.limit_missed != LIMIT
    assert BY_BOTH & set(deadline.flags) == BY_BOTH & set(dict(fact.pause_marks))


def read_at(emission: Emission) -> datetime:
    """Return the moment that a breach names."""
    return datetime.fromisoformat(str(emission.data["at"])).astimezone(ICT)


def test_the_limit_of_these_stories_is_thursdays() -> None:
    """The province of the tests has no day off in that week."""
    story = [event_of(DossierAccepted(procedure=THREE_DAYS, channel="online"), START, "a")]
    state, _, _ = applied(story, swept=False)
    assert state.obligations["dossier_deadline"].limit == LIMIT
    assert LIMIT.date() == date(2026, 1, 9)
