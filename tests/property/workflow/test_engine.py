"""Whatever the order, the delays and the repeats, the same facts end in the same obligations.

The oracle for rungs shares no code with the ladder or the calendar: it walks day by day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.workflow.core.codec import SubjectCodec
from services.workflow.core.fold import fold, sweep
from services.workflow.core.model import Obligation, Subject
from shared.calendar.zone import ICT
from shared.events.dossiers import (
    DossierAccepted,
    DossierAssigned,
    DossierCompleted,
    DossierExtended,
    DossierSupplementReceived,
    DossierSupplementRequested,
    DossierWithdrawn,
)
from shared.events.envelope import Event
from shared.events.model import EventData
from shared.events.obligations import ObligationRungReached, ObligationRungSkipped
from shared.subjects.document import Document
from shared.subjects.fold import Context, Emission, fold_events
from tests.fakes.emitted import read_back
from tests.unit.workflow.province import OFF, TEN_DAYS, THREE_DAYS, UNIT, WORKED, province

CODE = "H37.100-260105-0001"
START = datetime(2026, 1, 5, 9, 0, tzinfo=ICT)
END = datetime(2026, 3, 20, 9, 0, tzinfo=ICT)
HALF_HOURS_MAX = 48 * 30
RAISED_OR_NOT = ObligationRungReached | ObligationRungSkipped
SLOW = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True)
class Story:
    """What happened to one dossier, and how late each fact was recorded."""

    events: tuple[Event, ...]


def event_of(data: EventData, at: datetime, number: int, delay: timedelta) -> Event:
    """Return a canonical event."""
    return Event(
        id=f"{CODE}-{number}",
        source="urn:motcua:publisher:counter",
        name=data.NAME,
        subject=CODE,
        time=at,
        sequence=number,
        recordedtime=(at + delay).astimezone(UTC),
        receivingunit=UNIT,
        competentunit=UNIT,
        data=data,
    )


ACCEPTED = event_of(
    DossierAccepted(procedure=THREE_DAYS, channel="online"), START, 1, timedelta()
)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Draw a lawful story: accepted, perhaps waits and a new date, perhaps an end."""
    procedure = draw(st.sampled_from([THREE_DAYS, TEN_DAYS]))
    acts: list[EventData] = [DossierAccepted(procedure=procedure, channel="online")]
    if draw(st.booleans()):
        acts.append(DossierAssigned(handler="p-handler"))
    for number in range(1, draw(st.integers(0, 2)) + 1):
        acts.append(DossierSupplementRequested(items=("a",), number=number, in_person=True))
        acts.append(DossierSupplementReceived(items=("a",)))
    if draw(st.booleans()):
        acts.append(DossierExtended(new_date=date(2026, 2, 13)))
    ending = draw(st.sampled_from(["completed", "withdrawn", "none"]))
    if ending == "completed":
        acts.append(DossierCompleted(result="KQ.1"))
    elif ending == "withdrawn":
        acts.append(DossierWithdrawn())
    gaps = draw(st.lists(st.integers(1, 48 * 6), min_size=len(acts), max_size=len(acts)))
    at, events = START, []
    for number, (data, gap) in enumerate(zip(acts, gaps, strict=True), start=1):
        events.append(event_of(data, at, number, timedelta()))
        at += timedelta(minutes=30 * gap)
    return Story(tuple(events))


def applied(
    events: Sequence[Event], sweeps: Sequence[datetime], *, late: timedelta = timedelta()
) -> tuple[Subject, list[Emission]]:
    """Apply events as they are recorded, with sweeps in between, as the service would."""
    reference, codec = province(), SubjectCodec()
    document: Document[Subject] = Document(CODE)
    told: list[Emission] = []
    moments: list[tuple[datetime, int, Any]] = [(at, 1, None) for at in sweeps]
    moments += [(event.time + late, 0, event) for event in events]
    for now, _, event in sorted(moments, key=lambda item: (item[0], item[1])):
        state = document.state
        if event is None and (state is None or (state.next_at() or END) >= now):
            continue  # A sweep finds subjects by their next moment.
        context = Context(now.astimezone(UTC), reference)
        if event is not None:
            folded = fold(state, event, context)
            state = folded.state
            told.extend(folded.emissions)
        elif state is not None:
            told.extend(sweep(state, context, upto=now) or ())
        assert state is not None, "something has happened"
        document.state = codec.from_document(codec.to_document(state))
    assert document.state is not None, "a story begins with an acceptance"
    return document.state, told


def every(step: timedelta) -> list[datetime]:
    """Return the moments from the start to the end, a step apart."""
    count = (END - START) // step
    return [START + step * number for number in range(1, count + 1)] + [END]


def dates(obligation: Obligation) -> tuple[Any, ...]:
    """Return what must not depend on how we came to know."""
    return (
        obligation.id,
        obligation.status,
        obligation.due,
        obligation.limit,
        obligation.index_due,
        obligation.first_due,
        obligation.suspended_since,
        obligation.discharged_at,
        obligation.in_time,
        obligation.by_limit,
        obligation.by_index,
        obligation.why,
        tuple((c.opened, c.due, c.limit, c.ended_at) for c in obligation.cycles),
    )


def final(subject: Subject) -> list[tuple[Any, ...]]:
    """Return the obligations of a subject, without how they were told."""
    return sorted(map(dates, subject.obligations.values()))


def settled(subject: Subject) -> set[tuple[Any, ...]]:
    """Return every rung that was told or recorded as not told."""
    return {
        (obligation.id, cycle.opened, rung.rung, rung.at)
        for obligation in subject.obligations.values()
        for cycle in obligation.cycles
        for rung in cycle.rungs
        if rung.status in {"raised", "skipped"} and not rung.repeat
    }


@SLOW
@given(stories(), st.sampled_from([timedelta(hours=3), timedelta(hours=26)]))
def test_sweeping_often_or_rarely_ends_in_the_same_state(
    story: Story, rarely: timedelta
) -> None:
    """The same dates, and the same rungs told or recorded as skipped."""
    often_state, _ = applied(story.events, every(timedelta(hours=1)))
    rarely_state, _ = applied(story.events, every(rarely))
    assert final(often_state) == final(rarely_state)
    assert settled(often_state) == settled(rarely_state)


@SLOW
@given(stories(), st.integers(0, HALF_HOURS_MAX))
def test_learning_late_changes_no_date(story: Story, half_hours: int) -> None:
    """Facts that are recorded late end in the same obligations."""
    at_once, _ = applied(story.events, every(timedelta(hours=6)))
    late, _ = applied(
        story.events, every(timedelta(hours=6)), late=timedelta(minutes=30 * half_hours)
    )
    assert final(at_once) == final(late)


@SLOW
@given(stories(), st.randoms(use_true_random=False), st.integers(1, 4))
def test_repeats_and_reordering_on_the_way_change_nothing(
    story: Story, chance: Random, copies: int
) -> None:
    """The machinery hands each event over once and in order, however it came."""
    shuffled = [event for event in story.events for _ in range(copies)]
    chance.shuffle(shuffled)
    context = Context(END.astimezone(UTC), province())
    straight: Document[Subject] = Document(CODE)
    crooked: Document[Subject] = Document(CODE)
    fold_events(straight, story.events, fold, context, service="workflow")
    for event in shuffled:
        fold_events(crooked, [event], fold, context, service="workflow")
    assert straight.state is not None
    assert crooked.state is not None
    assert final(straight.state) == final(crooked.state)
    assert [out.id for out in straight.added] == [out.id for out in crooked.added]


@SLOW
@given(stories())
def test_no_rung_is_told_twice_and_every_id_is_its_own(story: Story) -> None:
    """Accepted at most once for each obligation, cycle, rung and repeat."""
    _, told = applied(story.events, every(timedelta(hours=2)))
    ids = [emission.id for emission in told]
    assert len(ids) == len(set(ids))
    reached = [
        (data.obligation, data.cycle, data.rung, data.repeat)
        for emission in told
        if isinstance(data := read_back(emission), ObligationRungReached)
    ]
    assert len(reached) == len(set(reached))


@SLOW
@given(stories())
@example(
    Story(
        (
            event_of(
                DossierAccepted(procedure=THREE_DAYS, channel="online"), START, 1, timedelta()
            ),
        )
    )
)
def test_the_deadline_s_rungs_are_those_of_the_oracle(story: Story) -> None:
    """Told or recorded as skipped: exactly what walking day by day says was to be told."""
    state, told = applied(story.events, every(timedelta(hours=1)))
    found = {
        (data.rung, data.rung_at)
        for emission in told
        if isinstance(
            data := read_back(emission), ObligationRungReached | ObligationRungSkipped
        )
        and data.obligation == "dossier_deadline"
        and not getattr(data, "repeat", 0)
    }
    assert found == set(oracle(story)), state.obligations["dossier_deadline"].cycles


def works(day: date) -> bool:
    """Say whether a day works, by the lists of the test province alone."""
    if day.weekday() >= 5:
        return day in WORKED
    return day not in OFF


def after(day: date, count: int) -> date:
    """Walk so many working days on."""
    while count:
        day += timedelta(days=1)
        count -= works(day)
    return day


def oracle(story: Story) -> list[tuple[str, datetime]]:
    """Say which rungs were to be told by the end, from the story alone."""
    days = {THREE_DAYS: 3, TEN_DAYS: 10}
    first = story.events[0]
    assert isinstance(first.data, DossierAccepted)
    value = days[first.data.procedure]
    stretches: list[list[Any]] = [[first.time, first.time.date(), None, None]]
    extended: date | None = None
    for event in story.events[1:]:
        last = stretches[-1]
        match event.data:
            case DossierSupplementRequested():
                limit = datetime.combine(after(last[1], value) + timedelta(days=1), time(), ICT)
                if event.time <= limit:
                    last[3] = event.time  # After the limit it suspends nothing.
            case DossierSupplementReceived():
                last[3] = last[3] or event.time
                stretches.append([event.time, event.time.date(), None, None])
            case DossierExtended(new_date=new_date):
                promised = after(last[1], value)
                if new_date > promised and last[3] is None:
                    last[3] = event.time
                    stretches.append([event.time, last[1], new_date, None])
                    extended = new_date
            case DossierCompleted() | DossierWithdrawn():
                last[3] = last[3] or event.time
    assert extended is None or works(extended)
    return [rung for stretch in stretches for rung in _of_stretch(stretch, value)]


def _of_stretch(stretch: list[Any], value: int) -> list[tuple[str, datetime]]:
    opened, day0, new_date, ended = stretch
    due_day = new_date or after(day0, value)

    def at(day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, ICT)

    half, most = -(-value // 2), -(-value * 4 // 5)
    planned = [
        ("half", at(after(day0, half), time(7, 30))),
        ("most", at(after(day0, most), time(7, 30))),
        ("overdue", at(due_day, time(17))),
        *((f"overdue_{n}", at(after(due_day, n), time(17))) for n in (1, 3, 5)),
    ]
    until = min(ended or END, END)
    return [(rung, moment) for rung, moment in planned if opened < moment < until]
