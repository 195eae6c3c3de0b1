"""A rebuilt workflow tells nobody anything twice, and goes on where it was."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime

import pytest

from services.workflow.core.adopt import adopt
from services.workflow.core.codec import SubjectCodec
from services.workflow.core.fold import fold
from services.workflow.core.model import Subject
from services.workflow.usecases.rebuild import AdoptPublished
from shared.events.envelope import Event
from shared.events.topics import OBLIGATIONS
from shared.ops.clock import FixedClock
from shared.subjects.document import Document
from shared.subjects.errors import UnavailableError
from shared.subjects.fold import Context, Emission
from tests.fakes.emitted import read_back
from tests.fakes.subjects import MemorySubjects
from tests.fakes.workflow import Process
from tests.unit.workflow.gathered import Centre
from tests.unit.workflow.province import day_off
from tests.unit.workflow.scenario import Scenario, moment, stored


def published(scenario: Scenario) -> list[Event]:
    """Return what was told, as the archive has it."""
    return [
        Event(
            id=emission.id,
            source="urn:motcua:service:workflow",
            name=emission.name,
            subject=scenario.subject,
            time=emission.time,
            sequence=number,
            data=read_back(emission),
        )
        for number, emission in enumerate(scenario.everything, start=1)
    ]


def rebuild(scenario: Scenario) -> Sequence[Emission]:
    """Lose the state, adopt what was published, fold the facts again; return what is told."""
    assert scenario.state is not None
    facts = list(scenario.state.history)
    state = stored(adopt(scenario.subject, published(scenario)))
    told: list[Emission] = []
    for event in facts:
        folded = fold(state, event, Context(scenario.now, scenario.reference))
        state = stored(folded.state)
        told.extend(folded.emissions)
    scenario.state = state
    scenario.heard()
    return told


def overdue() -> Scenario:
    """Return a dossier on the evening of its last day."""
    scenario = Scenario()
    scenario.accepted("2026-01-05 09:00")
    scenario.assigned("2026-01-05 09:00")
    scenario.walks_to("2026-01-08 18:00")
    return scenario


def test_folding_again_tells_nothing() -> None:
    """Every event was published before, under the same id."""
    scenario = overdue()
    scenario.happens("dossier.completed", "2026-01-08 18:30", result="KQ.1")
    assert rebuild(scenario) == []
    scenario.walks_to("2026-01-20 09:00")
    assert scenario.heard() == []


def test_the_ladder_goes_on_where_it_was() -> None:
    """What was told stays told; what comes next comes once."""
    scenario = overdue()
    assert rebuild(scenario) == []
    scenario.sweeps()
    assert scenario.heard() == []
    scenario.walks_to("2026-01-09 18:00")
    assert scenario.heard() == [
        "breached dossier_deadline/1 at Fri 9 Jan 00:00",
        "breached apology_slip/1 at Fri 9 Jan 00:00",
        "Fri 9 Jan 17:00 dossier_deadline/1 overdue_1 → province",
    ]


def test_a_change_of_the_calendar_in_between_does_not_confuse_it() -> None:
    """The rebuild counts by today's calendar from the first: its cycles are fewer."""
    scenario = Scenario()
    scenario.accepted("2026-01-05 09:00", "1.000003")
    scenario.assigned("2026-01-05 09:00")
    scenario.walks_to("2026-01-13 09:00")
    scenario.decides(day_off(date(2026, 1, 15)))
    scenario.walks_to("2026-01-14 18:00")
    assert rebuild(scenario) == []
    scenario.walks_to("2026-01-19 18:00")
    assert scenario.heard() == [
        "Fri 16 Jan 17:00 apology_slip/1 last_moment → chairman",
        "Mon 19 Jan 17:00 dossier_deadline/1 overdue → chairman",
    ]


def test_what_differs_is_told() -> None:
    """A fact that was never applied before has its effect now."""
    scenario = overdue()
    rebuild(scenario)
    scenario.now = moment("2026-01-08 18:30")
    scenario.happens("dossier.completed", "2026-01-08 18:30", result="KQ.1")
    assert scenario.heard() == [
        "discharged dossier_deadline completed late",
        "discharged apology_slip not_needed void",
    ]


def test_what_was_withdrawn_is_not_withdrawn_again() -> None:
    """The result had been there before the rung; that was said once."""
    scenario = overdue()
    scenario.happens(
        "dossier.completed", "2026-01-08 16:00", recorded="2026-01-08 18:30", result="KQ.1"
    )
    assert "withdrawn dossier_deadline/1 overdue (completed)" in scenario.heard()
    assert rebuild(scenario) == []


def test_what_hung_on_an_incident_hangs_on_it_again() -> None:
    """It was named in the incident's message: when the incident is over it is told once."""
    centre = Centre()
    centre.accepted(1, when="2026-01-05 09:00")
    centre.lost("2026-01-07 16:00")
    centre.walks_to("2026-01-07 17:30")
    centre.heard()
    rebuilt(centre)
    centre.walks_to("2026-01-07 18:45")
    assert centre.heard() == []
    centre.restored("2026-01-07 18:50")
    centre.looks()
    assert centre.heard() == [
        "0001 last_moment → chairman",
        "~ closed system_outage 0001 (1)",
    ]


def test_what_was_told_after_an_incident_is_not_told_again() -> None:
    """The word that it is over, and the rung by itself, were published."""
    centre = Centre()
    centre.accepted(1, when="2026-01-05 09:00")
    centre.lost("2026-01-07 16:00")
    centre.walks_to("2026-01-07 17:30")
    centre.restored("2026-01-07 17:40")
    centre.walks_to("2026-01-07 18:00")
    centre.heard()
    rebuilt(centre)
    centre.walks_to("2026-01-07 19:00")
    assert centre.heard() == []


def rebuilt(centre: Centre) -> None:
    """Lose every subject, adopt what was published, fold all facts again."""
    durable = centre.durable
    documents = asyncio.run(durable.subjects.load(list(durable.subjects.rows)))
    facts = [e for each in documents.values() if each.state for e in each.state.history]
    durable.subjects.rows.clear()
    by_subject: dict[str, list[Event]] = {}
    for event in centre.events():
        by_subject.setdefault(event.subject, []).append(event)
    adopted = [
        Document(
            subject,
            state=adopt(subject, events),
            emitted={OBLIGATIONS.name: max(event.sequence or 0 for event in events)},
        )
        for subject, events in by_subject.items()
    ]
    asyncio.run(durable.subjects.save(adopted, pending_at=centre.now))
    centre.process = Process(durable)
    asyncio.run(centre.process.applies(sorted(facts, key=lambda event: event.time)))


class _Archived:
    """An archive with one subject, whose adoption is still to be done."""

    def __init__(self, subject: str, events: Sequence[Event]) -> None:
        self.subject, self.events = subject, list(events)
        self.done = False

    async def is_to_be_adopted(self) -> bool:
        """Say that it is."""
        return not self.done

    async def by_subject(self) -> AsyncIterator[tuple[str, list[Event]]]:
        """Yield the one subject."""
        yield self.subject, self.events

    async def adoption_is_done(self) -> None:
        """Remember it."""
        self.done = True


@pytest.mark.asyncio
async def test_a_store_that_does_not_say_whether_it_took_a_subject_is_asked_again() -> None:
    """The connection breaks at the save: the rebuild is not done before everything is there."""
    scenario = overdue()
    archived = _Archived(scenario.subject, published(scenario))
    rows = MemorySubjects[Subject](SubjectCodec())
    begin = AdoptPublished(archived, rows, FixedClock(scenario.now), OBLIGATIONS.name)
    save = rows.save

    async def broken(
        documents: Sequence[Document[Subject]], *, pending_at: datetime
    ) -> frozenset[str]:
        assert pending_at == scenario.now
        return frozenset(document.id for document in documents)

    rows.save = broken  # type: ignore[method-assign]
    with pytest.raises(UnavailableError):
        await begin()
    assert not archived.done
    rows.save = save  # type: ignore[method-assign]
    await begin()
    assert archived.done
    assert set(rows.rows) == {scenario.subject}
