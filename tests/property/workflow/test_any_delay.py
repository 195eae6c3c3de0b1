"""A dossier whose facts come late, and are put right, while days are decided about it.

Denser than `test_any_order`: one dossier, decisions on days that matter to it, and facts that
wait on their way for them. What has to be the same and what may differ stands there. Beside it
one thing is absolute: a history that was put right ends as one that was right at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.reporting.core.derive import derive
from services.reporting.core.state import FactState
from services.workflow.core.cycles import STRUCK, counts
from services.workflow.core.ladder import BROKEN
from services.workflow.core.model import Cycle, Subject
from shared.calendar.zone import legal_day
from shared.events.dossiers import (
    DossierAccepted,
    DossierCompleted,
    DossierReturned,
    DossierSupplementReceived,
    DossierSupplementRequested,
)
from shared.events.envelope import Event, from_document
from shared.events.history import effective
from shared.events.model import EventData
from shared.reference.view import Reference
from tests.property.workflow.lives import SUBJECTS, Life, correction, happening
from tests.property.workflow.test_any_order import (
    END,
    JUST_AFTER,
    NEARBY,
    SETTINGS,
    START,
    Replica,
    assert_same,
)
from tests.unit.workflow.province import (
    SAME_DAY,
    SUBTRACTING,
    TEN_DAYS,
    THREE_DAYS,
    day_off,
    day_worked,
    decide,
    province,
)

CODE: Final = SUBJECTS[0]
STEP_HOURS: Final = (1, 5, 8, 24, 24, 48)
LATE_HOURS: Final = (0, 0, 5, 30)
BEGINS_AFTER_HOURS: Final = (2, 2, 10)
"""At eight, or at four in the afternoon: then paper is to be handed over on the next day."""
STEPS_MAX: Final = 7
JUDGED_BY: Final = (
    DossierSupplementRequested.NAME,
    DossierSupplementReceived.NAME,
    DossierCompleted.NAME,
    DossierReturned.NAME,
)
"""The names on which a verdict depends most; drawn alone, they meet each other often."""
MANY: Final = 5_000
GIVEN_HOURS: Final = (None, None, None, 30, 60, 100)


@dataclass
class Story:
    """A dossier's life as it is recorded, told to the prompt replica as it goes on."""

    data: st.DataObject
    law: bool
    now: datetime = START
    reference: Reference = field(default_factory=province)
    prompt: Replica = field(default_factory=Replica)
    life: Life = field(default_factory=lambda: Life(CODE))
    laws: list[tuple[datetime, Reference]] = field(default_factory=list)

    def begins(self) -> None:
        """Let it be accepted."""
        hours = self.data.draw(st.sampled_from(GIVEN_HOURS), label="given in hours")
        accepted = DossierAccepted(
            procedure=self.data.draw(
                st.sampled_from([THREE_DAYS, THREE_DAYS, TEN_DAYS, SUBTRACTING, SAME_DAY]),
                label="procedure",
            ),
            channel=self.data.draw(st.sampled_from(["direct", "online"]), label="channel"),
            given=None if hours is None else START + timedelta(hours=hours),
        )
        self.passes(self.data.draw(st.sampled_from(BEGINS_AFTER_HOURS), label="begins"))
        self.records(accepted, self.now)

    def goes_on(self) -> None:
        """Let time pass, then something happen, be put right or be decided."""
        self.passes(self.data.draw(st.sampled_from(STEP_HOURS), label="hours"))
        match self.data.draw(st.integers(0, 9), label="what"):
            case 0 | 1 | 2 if self.law:
                self._decides()
            case 3 | 4 | 5:
                what = correction(self.life, self.data, self.now)
                if what is not None:
                    self.records(what, self.now)
            case _:
                late = self.data.draw(st.sampled_from(LATE_HOURS), label="late")
                at = self.now - timedelta(hours=late)
                what = happening(self.life, self.data, at)
                if what is not None:
                    self.records(what, at)

    def passes(self, hours: float) -> None:
        """Let time pass, with a sweep at every moment that matters."""
        until = self.now + timedelta(hours=hours)
        while (moment := self.prompt.next_at()) is not None and moment < until:
            self.now = max(self.now, moment + JUST_AFTER)
            self.prompt.sweeps(self.reference, self.now, self.now)
        self.now = until

    def records(self, what: EventData, at: datetime) -> None:
        """Let an event be recorded."""
        event = self.life.record(what, at=at, now=self.now, version=self.reference.version)
        self.prompt.hears(event, self.reference, self.now)
        self.prompt.sweeps(self.reference, self.now, self.now)

    def ends(self) -> None:
        """Let everything fall due."""
        self.passes((END - self.now) / timedelta(hours=1))
        self.prompt.sweeps(self.reference, self.now, self.now)

    def _decides(self) -> None:
        day = legal_day(self.now) + self.data.draw(st.sampled_from(NEARBY), label="away")
        works = self.data.draw(st.booleans(), label="works")
        self.reference = decide(
            self.reference, day_worked(day) if works else day_off(day), self.now
        )
        self.laws.append((self.now, self.reference))
        self.prompt.sweeps(self.reference, self.now, self.now)


def told_by(data: st.DataObject, *, law: bool) -> Story:
    """Draw a dossier's life."""
    story = Story(data, law)
    story.begins()
    for _ in range(data.draw(st.integers(1, STEPS_MAX), label="steps")):
        story.goes_on()
    return story


def what_comes_late_comes_to_the_same(data: st.DataObject) -> None:
    """Whatever waits on its way, and whatever was decided and swept meanwhile."""
    story = told_by(data, law=True)
    slow = Replica()
    arrivals: list[tuple[datetime, int, int, Event | Reference]] = [
        (_arrival(event, data), 1, number, event)
        for number, event in enumerate(story.life.events)
    ]
    arrivals += [(at, 0, number, law) for number, (at, law) in enumerate(story.laws)]
    reference: Reference = province()
    for now, _, _, what in sorted(arrivals, key=lambda one: one[:3]):
        if isinstance(what, Reference):
            reference = what
        else:
            slow.hears(what, reference, now)
        if data.draw(st.booleans(), label="sweeps"):
            slow.sweeps(reference, now, now, now)
    story.ends()
    slow.sweeps(reference, story.now, story.now)
    assert_same(CODE, story.prompt, slow)


def _arrival(event: Event, data: st.DataObject) -> datetime:
    """Draw when an event arrives: at once, days later, or when all is over."""
    recorded = event.recordedtime
    assert recorded is not None, "intake has recorded it"
    hours = data.draw(st.sampled_from((0, 20, 50, 1_000)), label="on its way")
    return recorded + timedelta(hours=hours)


def what_was_put_right_ends_as_if_it_had_been_right(data: st.DataObject) -> None:
    """A replica that hears the corrected facts alone, each as it happens, comes to the same.

    What was promised at first may differ, for another date may have been printed then.
    """
    story = told_by(data, law=False)
    while (wrong := correction(story.life, data, story.now)) is None:
        story.goes_on()
    story.records(wrong, story.now)  # The last word: all that was known is counted again.
    story.ends()
    right = Replica()
    for number, event in enumerate(effective(story.life.events), start=1):
        heard = event.model_copy(update={"sequence": number, "recordedtime": event.time})
        right.hears(heard, story.reference, event.time)
    right.sweeps(story.reference, story.now, story.now)
    assert stands(right.state(CODE)) == stands(story.prompt.state(CODE))


def what_is_recorded_late_ends_as_if_it_had_come_in_order(data: st.DataObject) -> None:
    """Events of one dossier recorded in any order end as those recorded as they happened."""
    story = told_by(data, law=False)
    story.ends()
    by_moment = effective(story.life.events)
    if not by_moment:
        return  # All of it was struck.
    right, late = Replica(), Replica()
    for number, event in enumerate(by_moment, start=1):
        told = event.model_copy(update={"sequence": number, "recordedtime": event.time})
        right.hears(told, story.reference, event.time)
    first, *others = by_moment
    shuffled = [first, *_shuffled(others, data)]
    recorded = max(event.time for event in by_moment)
    for number, event in enumerate(shuffled, start=1):
        told = event.model_copy(update={"sequence": number, "recordedtime": recorded})
        late.hears(told, story.reference, recorded)
    for replica in (right, late):
        replica.sweeps(story.reference, story.now, story.now)
    assert stands(late.state(CODE)) == stands(right.state(CODE))


def what_is_recorded_late_is_judged_as_if_it_had_come_in_order(data: st.DataObject) -> None:
    """Reporting, which knows only the events, gives the same verdicts for both orders."""
    life, now = Life(CODE), START
    procedure = data.draw(st.sampled_from([THREE_DAYS, TEN_DAYS, SUBTRACTING]), label="by")
    life.record(DossierAccepted(procedure=procedure, channel="direct"), at=now, now=now)
    for _ in range(data.draw(st.integers(2, STEPS_MAX), label="steps")):
        now += timedelta(hours=data.draw(st.sampled_from(STEP_HOURS), label="hours"))
        what = happening(life, data, now, among=JUDGED_BY)
        if what is not None:
            life.record(what, at=now, now=now)
    first, *others = life.events
    shuffled = [first, *_shuffled(others, data)]
    recorded_late = [
        event.model_copy(update={"sequence": number, "recordedtime": now})
        for number, event in enumerate(shuffled, start=1)
    ]
    assert _verdicts(recorded_late) == _verdicts(life.events)


def _shuffled(events: Sequence[Event], data: st.DataObject) -> list[Event]:
    """Draw an order of recording; nothing else orders events of one name and one instant."""
    alike: dict[tuple[str, datetime], list[Event]] = {}
    for event in events:
        alike.setdefault((event.name, event.time), []).append(event)
    drawn = data.draw(st.permutations(events), label="recorded")
    return [alike[event.name, event.time].pop(0) for event in drawn]


def _verdicts(events: Sequence[Event]) -> tuple[Any, ...]:
    """Return how reporting judges a dossier by its events, as recorded, and workflow's."""
    replica, state = Replica(), FactState(CODE)
    for event in events:
        assert event.recordedtime is not None, "intake has recorded it"
        replica.hears(event, province(), event.recordedtime)
        state.take(event)
    replica.sweeps(province(), END, END)
    for emitted in replica.said:
        assert emitted.value is not None, "workflow erases nothing"
        state.take(from_document(emitted.value))
    fact = derive(state, lambda _procedure: "field")
    assert fact is not None, "it was accepted"
    waits = [(one.requested, one.received) for one in fact.waits]
    return fact.ended, fact.law, fact.index, fact.deadlines.limit, waits


def stands(subject: Subject | None) -> Sequence[Any]:
    """Return what is owed and by when, stretch by stretch, and what counts of each ladder."""
    return sorted(
        (
            one.id,
            one.status,
            str((one.due, one.limit, one.index_due, one.suspended_since)),
            str((one.discharged_at, one.why, one.in_time, one.by_limit, one.by_index)),
            sorted(
                (
                    cycle.key,
                    str((cycle.opened, cycle.due, cycle.limit, cycle.ended_at)),
                    *_due(cycle),
                )
                for cycle in one.cycles
                if not cycle.replaced and cycle.ended_why != STRUCK
            ),
        )
        for one in ([] if subject is None else subject.obligations.values())
        if not one.void
    )


def _due(cycle: Cycle) -> Sequence[tuple[str, datetime]]:
    return [
        (rung.rung, rung.at)
        for rung in cycle.rungs
        if counts(cycle, rung) and not rung.repeat and rung.rung != BROKEN
    ]


def few_and_many(law: Callable[[st.DataObject], None], few: int) -> tuple[Any, Any]:
    """Return a law as two tests: of a few cases in every run, of far more at night."""
    many = pytest.mark.nightly(
        pytest.mark.timeout(3_600)(settings(SETTINGS, max_examples=MANY)(given(st.data())(law)))
    )
    return settings(SETTINGS, max_examples=few)(given(st.data())(law)), many


test_late, test_late_many = few_and_many(what_comes_late_comes_to_the_same, 150)
test_disorder, test_disorder_many = few_and_many(
    what_is_recorded_late_ends_as_if_it_had_come_in_order, 150
)
test_judged, test_judged_many = few_and_many(
    what_is_recorded_late_is_judged_as_if_it_had_come_in_order, 150
)
test_put_right, test_put_right_many = few_and_many(
    what_was_put_right_ends_as_if_it_had_been_right, 150
)
