"""Any interleaving, repetition and delay on the way ends in the same obligations.

Two replicas of workflow hear of the same subjects. The *prompt* one folds each event as it is
recorded, learns of each decision on the law as it is made, and sweeps at every moment at which
something is due. The *slow* one gets events late, repeated and out of order, learns of
decisions late too, sweeps when it happens to, on stale data too, and restarts. Events are put
right again and again, past each other, and decisions come between what was recorded and what
has arrived.

When both have heard everything, these are the same, for they follow from the facts, in the
order of their numbers, and from the law that each was recorded under (decision 0026):

* what is owed, by whom, by when by each clock, and how it ended;
* the stretches that led there, with their beginnings, ends and dates;
* the rungs that count: which of them fell due, and for which moment;
* for each replica, what people have heard and what stands: raised less withdrawn comes, rung by
  rung, to what counts, less what is on record as skipped.

These may differ, for they tell when somebody looked, and what was told stays told:

* whether a rung that counts was raised or skipped: the slow one raises the highest only;
* how often it was raised and withdrawn on the way: who looks before a correction comes tells of
  what is taken back then, who looks after it never does;
* the numbers of cycles, which count how often dates were seen to move;
* what is void by the end, and was owed by what was known at first: who hears everything at once
  need not have opened it. So too a cycle that was struck: it belonged to what was known for a
  while, such as a later date of expiry of a procedure that was taken down before that decision;
* reminders and broken promises, which hang on who was told when.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from typing_extensions import override

from services.workflow.core.codec import SubjectCodec
from services.workflow.core.cycles import STRUCK, counts
from services.workflow.core.fold import fold, open_by_calendar, sweep
from services.workflow.core.ladder import BREACH, BROKEN
from services.workflow.core.model import Cycle, Obligation, Subject
from shared.calendar.zone import ICT, legal_day
from shared.events.answers import ObligationAcknowledged
from shared.events.envelope import Event
from shared.events.model import EventData
from shared.events.reference import ProcedureExpired
from shared.reference.view import Reference
from shared.subjects.document import Document, Outgoing
from shared.subjects.fold import Context, emit, fold_events
from tests.property.workflow.lives import (
    SUBJECTS,
    Life,
    correction,
    happening,
)
from tests.unit.workflow.province import (
    SOURCE,
    THREE_DAYS,
    UNIT,
    day_off,
    day_worked,
    decide,
    province,
)

START = datetime(2026, 1, 5, 6, 0, tzinfo=ICT)
END = datetime(2026, 3, 31, 6, 0, tzinfo=ICT)
JUST_AFTER = timedelta(microseconds=1)
STEP_HOURS = (0.2, 1, 3, 8, 24, 72)
NEARBY = tuple(timedelta(days=days) for days in range(-3, 10))
LATE_HOURS = (0, 0, 0, 0, 0.5, 5, 30, 90)
CODEC = SubjectCodec()


@dataclass
class Replica:
    """One workflow's documents, and what it said."""

    documents: dict[str, Document[Subject]] = field(default_factory=dict)
    said: list[Outgoing] = field(default_factory=list)

    def hears(self, event: Event, reference: Reference, now: datetime) -> None:
        """Fold an event as it comes off the topic, whether it came before or too early."""
        document = self._document(event.subject)
        context = Context(now.astimezone(UTC), reference)
        outcome = fold_events(document, [event], fold, context, service="workflow")
        assert outcome.parked == [], "a lawful history can be folded"
        self._store(document)

    def opens(self, subject: str, reference: Reference, now: datetime) -> None:
        """Let the calendar open a subject."""
        document = self._document(subject)
        context = Context(now.astimezone(UTC), reference)
        document.state, emissions = open_by_calendar(subject, UNIT, context)
        emit(document, emissions, context, service="workflow")
        self._store(document)

    def sweeps(
        self, reference: Reference, now: datetime, upto: datetime, since: datetime | None = None
    ) -> None:
        """Look once at everything that is due."""
        context = Context(now.astimezone(UTC), reference)
        for document in self.documents.values():
            if document.state is None:
                continue
            emissions = sweep(document.state, context, upto=upto, incomplete_since=since)
            if emissions is not None:
                emit(document, emissions, context, service="workflow")
                self._store(document)

    def next_at(self) -> datetime | None:
        """Return when time alone will next bring something about."""
        states = (document.state for document in self.documents.values())
        moments = (state.next_at() for state in states if state is not None)
        return min((moment for moment in moments if moment is not None), default=None)

    def state(self, subject: str) -> Subject | None:
        """Return a subject as it stands."""
        return self._document(subject).state

    def _document(self, subject: str) -> Document[Subject]:
        return self.documents.setdefault(subject, Document(subject))

    def _store(self, document: Document[Subject]) -> None:
        self.said += document.added
        document.added = []
        if document.state is not None:
            document.state = CODEC.from_document(CODEC.to_document(document.state))


class AnyOrder(RuleBasedStateMachine):
    """The two replicas, the topics between them and intake, and the time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.reference = self.known_late = province()
        self.prompt, self.slow = Replica(), Replica()
        self.lives: dict[str, Life] = {}
        self.on_the_way: list[Event] = []
        self.heard: list[Event] = []

    @initialize(
        subjects=st.lists(st.sampled_from(SUBJECTS), min_size=1, max_size=2, unique=True),
        elsewhere=st.booleans(),
    )
    def begins(self, subjects: list[str], elsewhere: bool) -> None:  # noqa: FBT001
        """Let there be some subjects; the calendar opens those that are its own."""
        for subject in subjects:
            self.lives[subject] = Life(subject, elsewhere=elsewhere)
            if subject.partition("/")[2].startswith(("duty", "conditions", "posting")):
                for replica in (self.prompt, self.slow):
                    replica.opens(subject, self.reference, self.now)

    @rule(hours=st.sampled_from(STEP_HOURS))
    def time_passes(self, hours: float) -> None:
        """Let the prompt replica sweep at every moment that matters."""
        until = self.now + timedelta(hours=hours)
        while (moment := self.prompt.next_at()) is not None and moment < until:
            self.now = max(self.now, moment + JUST_AFTER)
            self.prompt.sweeps(self.reference, self.now, self.now)
        self.now = until

    @rule(data=st.data(), late=st.sampled_from(LATE_HOURS))
    def something_happens(self, data: st.DataObject, late: float) -> None:
        """Let an event be recorded, at once or late."""
        life = self.lives[data.draw(st.sampled_from(sorted(self.lives)), label="subject")]
        at = self.now - timedelta(hours=late)
        what = happening(life, data, at)
        if what is not None:
            self.recorded(life, what, at)

    @rule(data=st.data())
    def something_is_put_right(self, data: st.DataObject) -> None:
        """Let an event be struck, or put at another time."""
        life = self.lives[data.draw(st.sampled_from(sorted(self.lives)), label="subject")]
        what = correction(life, data, self.now)
        if what is not None:
            self.recorded(life, what, self.now)

    @rule(data=st.data(), days=st.integers(0, 9))
    def somebody_promises(self, data: st.DataObject, days: int) -> None:
        """Let somebody answer a rung that the slow replica told of."""
        raised = [
            (subject, obligation.id, obligation.cycle.number, rung.rung)
            for subject in self.lives
            for obligation in _obligations(self.slow.state(subject))
            if obligation.cycle is not None
            for rung in obligation.cycle.rungs
            if rung.status == "raised" and rung.role
        ]
        if raised:
            subject, obligation, cycle, rung = data.draw(st.sampled_from(raised), label="rung")
            answer = ObligationAcknowledged(
                obligation=obligation,
                cycle=cycle,
                rung=rung,
                cause="workload",
                promised=legal_day(self.now) + timedelta(days=days),
                by="p-a",
            )
            self.recorded(self.lives[subject], answer, self.now)

    @rule(data=st.data())
    @precondition(lambda self: self.on_the_way)
    def some_arrive(self, data: st.DataObject) -> None:
        """Let the slow replica hear of some events, in whatever order."""
        number = data.draw(st.integers(1, len(self.on_the_way)), label="how many")
        for event in data.draw(st.permutations(self.on_the_way), label="order")[:number]:
            self.on_the_way.remove(event)
            self._arrives(event)

    @rule(data=st.data())
    @precondition(lambda self: self.heard)
    def one_comes_again(self, data: st.DataObject) -> None:
        """Let the slow replica hear of an event once more."""
        self._arrives(data.draw(st.sampled_from(self.heard), label="again"))

    @rule()
    def the_slow_one_sweeps(self) -> None:
        """Look up to the moment before which everything has arrived."""
        recorded = [event.recordedtime or self.now for event in self.on_the_way]
        self.slow.sweeps(self.known_late, self.now, min([*recorded, self.now]))

    @rule()
    def the_slow_one_sweeps_on_what_it_has(self) -> None:
        """The marks stood still for too long: look all the same, and say so."""
        self.slow.sweeps(self.known_late, self.now, self.now, self.now)

    @rule(away=st.sampled_from(NEARBY), works=st.booleans())
    def the_calendar_changes(self, away: timedelta, works: bool) -> None:  # noqa: FBT001
        """Let a day that matters now be decided, while events are on their way."""
        day = legal_day(self.now) + away
        self._decided(day_worked(day) if works else day_off(day))

    @rule()
    def a_procedure_expires(self) -> None:
        """Let the catalogue change."""
        expired = ProcedureExpired(
            procedure=THREE_DAYS, expired_on=legal_day(self.now), source=SOURCE
        )
        self._decided(expired)

    @rule()
    def the_slow_one_learns_of_the_law(self) -> None:
        """Let it read what was decided; it need not be counted by yet."""
        self.known_late = self.reference

    @override
    def teardown(self) -> None:
        """Let everything arrive and everything fall due; then compare."""
        for event in self.on_the_way:
            self._arrives(event)
        self.known_late = self.reference
        self.time_passes((END - self.now) / timedelta(hours=1))
        self.prompt.sweeps(self.reference, self.now, self.now)
        self.slow.sweeps(self.reference, self.now, self.now)
        for subject in self.lives:
            assert_same(subject, self.prompt, self.slow)

    def recorded(self, life: Life, what: EventData, at: datetime) -> None:
        """Let an event be recorded; it is on its way to the slow replica."""
        event = life.record(what, at=at, now=self.now, version=self.reference.version)
        self.prompt.hears(event, self.reference, self.now)
        self.prompt.sweeps(self.reference, self.now, self.now)
        self.on_the_way.append(event)

    def _arrives(self, event: Event) -> None:
        """Hear of an event; what it was judged by is waited for."""
        if self.known_late.version < (event.referenceversion or 0):
            self.known_late = self.reference
        self.slow.hears(event, self.known_late, self.now)
        self.heard.append(event)

    def _decided(self, data: EventData) -> None:
        self.reference = decide(self.reference, data, self.now)
        self.prompt.sweeps(self.reference, self.now, self.now)


def assert_same(subject: str, prompt: Replica, slow: Replica) -> None:
    """What has to be the same is; and what each has said comes to what it knows."""
    states = prompt.state(subject), slow.state(subject)
    both = ids_of(states[0]) & ids_of(states[1])
    assert owed(states[1], both) == owed(states[0], both)
    assert told(states[1]) ^ told(states[0]) == set()
    for replica in (prompt, slow):
        ids = [out.id for out in replica.said]
        assert len(ids) == len(set(ids)), "what is said twice has one id each"
        assert net(replica.said, subject) == standing(replica.state(subject))


def _obligations(subject: Subject | None) -> Sequence[Obligation]:
    return [] if subject is None else list(subject.obligations.values())


def ids_of(subject: Subject | None) -> set[str]:
    """Return the names of its obligations."""
    return {obligation.id for obligation in _obligations(subject)}


def owed(subject: Subject | None, both: Collection[str]) -> list[tuple[Any, ...]]:
    """Return what is owed by when and how it ended; what is void, only where both knew it."""
    return sorted(
        (
            one.id,
            one.status,
            one.unit,
            one.due,
            one.limit,
            one.index_due,
            one.first_due,
            one.suspended_since,
            one.discharged_at,
            (one.in_time, one.by_limit, one.by_index, one.void, one.why, one.no_deadline),
            dict(one.persons),
            one.flags,
            [(c.opened, c.due, c.limit, c.ended_at) for c in one.cycles if _holds(c)],
        )
        for one in _obligations(subject)
        if not one.void or one.id in both
    )


def _holds(cycle: Cycle) -> bool:
    """Say whether a cycle led to where its obligation is: it was neither moved nor struck."""
    return not cycle.replaced and cycle.ended_why != STRUCK


def told(subject: Subject | None) -> set[tuple[Any, ...]]:
    """Return every rung that holds, told or on record as not told.

    Reminders depend on promises, and those on what was told when.
    """
    return {
        (obligation.id, cycle.opened, rung.rung, rung.at)
        for obligation in _obligations(subject)
        for cycle in obligation.cycles
        for rung in cycle.rungs
        if rung.status in {"raised", "skipped"}
        and not cycle.replaced
        and counts(cycle, rung)
        and not rung.repeat
        and rung.rung != BROKEN
    }


def net(said: Sequence[Outgoing], subject: str) -> Mapping[tuple[str, str], int]:
    """Return how often each rung was told, less how often it was taken back."""
    found: Counter[tuple[str, str]] = Counter()
    for out in said:
        event = out.value or {}
        if event["subject"] == subject and event["type"] in TELLS:
            which = event["data"]["obligation"], event["data"].get("rung", BREACH)
            found[which] += TELLS[event["type"]]
    return {which: times for which, times in found.items() if times}


def standing(subject: Subject | None) -> Mapping[tuple[str, str], int]:
    """Return how many rungs of a name stand as told."""
    return Counter(
        (obligation.id, rung.rung)
        for obligation in _obligations(subject)
        for cycle in obligation.cycles
        if not cycle.replaced
        for rung in cycle.rungs
        if rung.status == "raised"
    )


TELLS: Final = {
    "vn.motcua.obligation.rung_reached.v1": 1,
    "vn.motcua.obligation.breached.v1": 1,
    "vn.motcua.obligation.rung_withdrawn.v1": -1,
}
SETTINGS = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    print_blob=True,
)
AnyOrder.TestCase.settings = settings(SETTINGS, max_examples=25, stateful_step_count=25)
TestAnyOrder = AnyOrder.TestCase


class ManyOrders(AnyOrder):
    """The same, far longer."""


ManyOrders.TestCase.settings = settings(SETTINGS, max_examples=2_000, stateful_step_count=60)
TestManyOrders = pytest.mark.nightly(pytest.mark.timeout(3_600)(ManyOrders.TestCase))
