"""Whatever is lost and comes back, nothing that is due is told twice, and nothing never.

A twin house lives through the same without a single loss. What its people hear is what is due;
the witnesses of when something was down are the test's own.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from typing_extensions import override

from shared.calendar.zone import ICT
from shared.events.centres import (
    CentreInterrupted,
    CentreResumed,
    ConnectionLost,
    ConnectionRestored,
)
from shared.events.dossiers import DossierCompleted
from shared.events.envelope import Event
from shared.events.model import EventData
from shared.events.obligations import (
    IncidentClosed,
    IncidentData,
    IncidentOpened,
    IncidentUpdated,
    ObligationDischarged,
    ObligationRungReached,
    ObligationRungSkipped,
)
from tests.fakes.workflow import ALL_SHARDS, Process
from tests.property.auditor.houses import audit_house
from tests.unit.workflow.gathered import CENTRE, LINK, Centre, code
from tests.unit.workflow.province import OTHER_UNIT, SYSTEM, UNIT

PACE = timedelta(minutes=30)
UPWARD = {"division_head", "director", "chairman", "province"}
DOSSIERS_MAX = 6
OTHER_LINK = f"{OTHER_UNIT}/connection/{SYSTEM}"

Rung = tuple[str, str, int, str, int]


@dataclass
class Down:
    """One thing that was down, as the test knows it."""

    matter: str
    since: datetime
    until: datetime | None = None

    def lasted(self, at: datetime) -> bool:
        """Say whether it was down at a moment, or came back at that very moment."""
        return self.since <= at and (self.until is None or at <= self.until)


def rung_of(event: Event) -> Rung:
    """Name a rung."""
    data = event.data
    assert isinstance(data, ObligationRungReached | ObligationRungSkipped)
    repeat = getattr(data, "repeat", 0)
    return event.subject, data.obligation, data.cycle, data.rung, repeat


@dataclass
class Witness:
    """What was published, by what a test asks."""

    events: list[Event] = field(default_factory=list)

    def reached(self, *, grouped: bool) -> Iterator[Event]:
        """Yield the rungs that were told by themselves, or with an incident."""
        for event in self.events:
            data = event.data
            if not isinstance(data, ObligationRungReached) or "/" in event.subject:
                continue
            if (data.incident is not None) is grouped:
                yield event

    def of_incidents(self) -> Iterator[tuple[Event, IncidentData]]:
        """Yield what was said of incidents."""
        for event in self.events:
            if isinstance(event.data, IncidentData):
                yield event, event.data


class Outages(RuleBasedStateMachine):
    """Dossiers come and end while links and the centre itself go down and come back."""

    @initialize()
    def begins(self) -> None:
        """Two houses, one of which loses nothing, on an eve when much falls due."""
        self.house, self.twin = Centre(), Centre()
        self.other = Process(self.house.durable)
        self.downs: list[Down] = []
        self.opened = 2
        self.units = {1: UNIT, 2: OTHER_UNIT}
        self.done: set[int] = set()
        for one in (self.house, self.twin):
            one.accepted(1, when="2026-01-05 09:00")
            one.accepted(2, when="2026-01-06 09:00", unit=OTHER_UNIT)
            one.walks_to("2026-01-07 15:45")

    @precondition(lambda self: self.opened < DOSSIERS_MAX)
    @rule()
    def accepts(self) -> None:
        """A dossier is accepted."""
        self.opened += 1
        unit = (UNIT, OTHER_UNIT)[self.opened % 2]
        for one in (self.house, self.twin):
            one.accepted(self.opened, when=self._now(), unit=unit)
        self.units[self.opened] = unit

    @precondition(lambda self: self.opened > 0)
    @rule(number=st.integers(1, DOSSIERS_MAX))
    def completes(self, number: int) -> None:
        """A dossier ends."""
        if number > self.opened or number in self.done:
            return
        self.done.add(number)
        for one in (self.house, self.twin):
            one.happens(code(number), DossierCompleted(result="KQ.1"), unit=self.units[number])

    @rule()
    def link_goes_or_comes(self) -> None:
        """The link is lost, or is back."""
        self._turn(LINK, ConnectionLost(), ConnectionRestored())

    @rule()
    def other_link_goes_or_comes(self) -> None:
        """Another commune loses the same system, or has it back."""
        self._turn(OTHER_LINK, ConnectionLost(), ConnectionRestored())

    @rule()
    def centre_stands_or_goes_on(self) -> None:
        """The centre stands still, or works again."""
        self._turn(CENTRE, CentreInterrupted(cause="power_cut"), CentreResumed())

    @rule(quarters=st.integers(1, 100), shards=st.sets(st.sampled_from(sorted(ALL_SHARDS))))
    def time_passes(self, quarters: int, shards: set[int]) -> None:
        """The clock runs; two replicas share the shards in some way, each with its view."""
        until = self.house.now + timedelta(minutes=15) * quarters
        while self.house.now < until:
            at = self.house.now + timedelta(minutes=15)
            for one in (self.house, self.twin):
                one.durable.clock.instant = one.durable.mark.at = at
            self.twin.looks()
            for held in (frozenset(shards), ALL_SHARDS - shards):
                self.house.durable.held.held = held
                self.house.looks()
                self.house.process, self.other = self.other, self.house.process
            self.house.durable.held.held = ALL_SHARDS

    @rule()
    def restarts(self) -> None:
        """The process dies and another begins."""
        self.house.process = Process(self.house.durable)

    @invariant()
    def nobody_hears_twice(self) -> None:
        """Each rung by itself at most once; each id and each number once."""
        if not hasattr(self, "house"):
            return
        witness = Witness(self.house.events())
        told = Counter(rung_of(event) for event in witness.reached(grouped=False))
        assert not [rung for rung, times in told.items() if times > 1]
        self.house.durable.said()  # Insists that a number stands for one event.

    @invariant()
    def only_what_falls_due_while_it_lasts_hangs(self) -> None:
        """By the test's own record of what was down when."""
        if not hasattr(self, "house"):
            return
        for event in Witness(self.house.events()).reached(grouped=True):
            data = event.data
            assert isinstance(data, ObligationRungReached)
            assert data.role in UPWARD
            assert data.incident is not None
            matter = data.incident.partition("~")[0]
            at = event.recordedtime
            assert at is not None
            assert any(
                one.matter == matter and one.lasted(data.rung_at) and one.lasted(at)
                for one in self.downs
            )

    @override
    def teardown(self) -> None:
        """In the end all is up again, and everything due was told or says why not."""
        if not hasattr(self, "house"):
            return
        for matter, data in (
            (LINK, ConnectionRestored()),
            (OTHER_LINK, ConnectionRestored()),
            (CENTRE, CentreResumed()),
        ):
            if self._is_down(matter):
                self._turn(matter, data, data)
        self.house.durable.held.held = ALL_SHARDS
        for one in (self.house, self.twin):
            one.looks()
        witness, due = Witness(self.house.events()), Witness(self.twin.events())
        alone = {rung_of(event) for event in witness.reached(grouped=False)}
        gathered = {rung_of(event) for event in witness.reached(grouped=True)}
        skipped = {
            rung_of(e) for e in witness.events if isinstance(e.data, ObligationRungSkipped)
        }
        wanted = {rung_of(event) for event in due.reached(grouped=False)}
        assert wanted == alone | gathered | (skipped & wanted)
        self._highest_is_told(due, alone)
        self._all_are_named(witness, alone, skipped)
        self._at_a_bounded_pace(witness)
        found = audit_house(self.house, self.house.now)
        assert [finding.text() for finding in found] == []

    def _highest_is_told(self, due: Witness, alone: set[Rung]) -> None:
        """Of what is still owed, the highest rung that was due is told by itself."""
        ended = {
            (event.subject, event.data.obligation)
            for event in self.house.events()
            if isinstance(event.data, ObligationDischarged)
        }
        highest: dict[tuple[str, str], Rung] = {}
        for event in due.reached(grouped=False):
            rung = rung_of(event)
            highest[rung[0], rung[1]] = rung
        for owed, rung in highest.items():
            assert owed in ended or rung in alone

    def _all_are_named(self, witness: Witness, alone: set[Rung], skipped: set[Rung]) -> None:
        """What hung was named in its incident's message, or came to another end."""
        named = {
            (data.incident, subject)
            for _, data in witness.of_incidents()
            for subject in data.subjects
        }
        by_province = {
            subject
            for _, data in witness.of_incidents()
            for subject in data.subjects
            if data.units
        }
        ended = {e.subject for e in witness.events if isinstance(e.data, ObligationDischarged)}
        for event in witness.reached(grouped=True):
            data = event.data
            assert isinstance(data, ObligationRungReached)
            rung = rung_of(event)
            assert (
                (data.incident, event.subject) in named
                or (data.role == "province" and event.subject in by_province)
                or rung in alone | skipped
                or event.subject in ended
            )

    def _at_a_bounded_pace(self, witness: Witness) -> None:
        """Opened once, told of more at most every half an hour, closed once."""
        last: dict[str, datetime] = {}
        open_now: set[str] = set()
        for event, data in witness.of_incidents():
            if isinstance(data, IncidentOpened):
                assert data.incident not in open_now
                open_now.add(data.incident)
            elif isinstance(data, IncidentUpdated):
                assert event.time - last[data.incident] >= PACE
            elif isinstance(data, IncidentClosed):
                open_now.remove(data.incident)
            last[data.incident] = event.time
        assert not open_now

    def _now(self) -> str:
        return self.house.now.astimezone(ICT).isoformat(timespec="minutes")[:16]

    def _is_down(self, matter: str) -> bool:
        return any(one.matter == matter and one.until is None for one in self.downs)

    def _turn(self, matter: str, lost: EventData, back: EventData) -> None:
        down = next((o for o in self.downs if o.matter == matter and o.until is None), None)
        if down is None:
            self.downs.append(Down(matter, self.house.now))
            self.house.happens(matter, lost, unit=matter[:5])
        else:
            down.until = self.house.now
            self.house.happens(matter, back, unit=matter[:5])


Outages.TestCase.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
TestOutages = Outages.TestCase


def test_who_held_no_shard_while_it_lasted_releases_it_all_the_same() -> None:
    """One replica held everything meanwhile; the other one holds it when all is up again."""
    outages = Outages()
    outages.begins()
    outages.centre_stands_or_goes_on()
    outages.time_passes(quarters=6, shards=set())
    outages.teardown()
