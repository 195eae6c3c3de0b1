"""The service on a real broker and a real store: in comes what happened, out what is owed."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.engines.embedded import EmbeddedEngines
from deploy.topics import provision
from shared.events.centres import ConnectionLost, ConnectionRestored, DutyCheckedIn
from shared.events.dossiers import DossierAccepted, DossierAssigned, DossierCompleted
from shared.events.envelope import Event
from shared.events.model import EventData
from shared.events.obligations import IncidentOpened, ObligationRungReached
from tests.integration.workflow.running import eventually, running
from tests.unit.workflow.province import SYSTEM, THREE_DAYS, UNIT, province_events
from tests.unit.workflow.scenario import moment

pytestmark = pytest.mark.connected

CODE = "H37.100-260105-0001"


@pytest.fixture(scope="module")
def own_engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEngines]:
    """Engines of our own, because reference and progress are topics that everybody shares."""
    with EmbeddedEngines.at(tmp_path_factory.mktemp("workflow")) as started:
        asyncio.run(provision([started.kafka.bootstrap]))
        yield started


def event(data: EventData, when: str, sequence: int, subject: str = CODE) -> Event:
    """Return a canonical event as intake would publish it."""
    at = moment(when)
    return Event(
        id=f"{subject.replace('/', '-')}-{sequence}",
        source="urn:motcua:publisher:counter",
        name=data.NAME,
        subject=subject,
        time=at,
        sequence=sequence,
        recordedtime=at.astimezone(UTC),
        receivingunit=UNIT,
        competentunit=UNIT,
        referenceversion=len(province_events()),
        data=data,
    )


def names(events: list[Event]) -> list[str]:
    """Return what was said, in words as short as can be."""
    said = [
        (event.name.partition(".")[2], getattr(event.data, "rung", None) or "")
        for event in events
    ]
    return [" ".join(words).strip() for words in said]


@pytest.mark.asyncio
async def test_a_dossier_opens_climbs_and_ends(
    own_engines: EmbeddedEngines, tmp_path: Path
) -> None:
    """Every event has its effect once, and rungs come as simulated time passes."""
    bootstrap, url = own_engines.kafka.bootstrap, own_engines.store.url
    async with running(tmp_path, bootstrap, url, now=moment("2026-01-05 08:00")) as here:
        await here.input.reference(province_events())
        await eventually(here.service.reference.caught_up.is_set)
        await here.input.events(
            [
                event(
                    DossierAccepted(procedure=THREE_DAYS, channel="online"),
                    "2026-01-05 08:00",
                    1,
                ),
                event(DossierAssigned(handler="p-handler"), "2026-01-05 08:00", 2),
            ]
        )
        for when in ("2026-01-05 08:15", "2026-01-07 07:45", "2026-01-08 17:15"):
            await here.moves_to(moment(when))
        await here.input.events([event(DossierCompleted(result="KQ.1"), "2026-01-08 17:10", 3)])
        await here.moves_to(moment("2026-01-08 17:30"))
        await eventually(lambda: "discharged" in names(here.heard.of(CODE)))

        said = here.heard.of(CODE)
        assert names(said) == [
            "opened",
            "opened",
            "rung_reached half",
            "rung_reached draft",
            "rung_skipped most",
            "rung_reached overdue",
            "rung_reached last_moment",
            "discharged",
            "discharged",
        ]
        assert [each.sequence for each in said] == list(range(1, len(said) + 1))
        assert (await here.service.status())["parked"] == 0


@pytest.mark.asyncio
async def test_the_calendar_opens_each_session_and_a_check_in_ends_it(
    own_engines: EmbeddedEngines, tmp_path: Path
) -> None:
    """A session that nobody comes to climbs; after the leap only the highest rung is told."""
    bootstrap, url = own_engines.kafka.bootstrap, own_engines.store.url
    morning = f"{UNIT}/duty/2026-03-04/am"
    afternoon = f"{UNIT}/duty/2026-03-04/pm"
    async with running(tmp_path, bootstrap, url, now=moment("2026-03-03 20:00")) as here:
        await here.input.reference(province_events())
        await eventually(here.service.reference.caught_up.is_set)
        await here.moves_to(moment("2026-03-04 00:00"))
        await here.input.events(
            [event(DutyCheckedIn(person="p-a"), "2026-03-04 07:25", 1, morning)]
        )
        for when in ("2026-03-04 07:30", "2026-03-04 14:00", "2026-03-04 17:15"):
            await here.moves_to(moment(when))
        await eventually(lambda: "discharged" in names(here.heard.of(afternoon)))

        assert names(here.heard.of(morning)) == ["opened", "discharged"]
        assert names(here.heard.of(afternoon)) == [
            "opened",
            "breached",
            "rung_reached absent",
            "rung_skipped absent_30",
            "rung_reached absent_60",
            "discharged",
        ]


@pytest.mark.asyncio
async def test_a_lost_link_gathers_what_falls_due_and_gives_it_back(
    own_engines: EmbeddedEngines, tmp_path: Path
) -> None:
    """On shards of any kind: the store's own index knows what is lost, and what hangs on it."""
    bootstrap, url = own_engines.kafka.bootstrap, own_engines.store.url
    codes = [f"H37.100-260202-{number:04d}" for number in range(1, 9)]
    link = f"{UNIT}/connection/{SYSTEM}"
    async with running(tmp_path, bootstrap, url, now=moment("2026-02-02 08:00")) as here:
        await here.input.reference(province_events())
        await eventually(here.service.reference.caught_up.is_set)
        received = DossierAccepted(procedure=THREE_DAYS, channel="online")
        await here.input.events(
            [event(received, "2026-02-02 08:00", 1, subject) for subject in codes]
        )
        await here.moves_to(moment("2026-02-04 16:00"))
        await here.input.events([event(ConnectionLost(), "2026-02-04 16:00", 1, link)])
        # A rung is swept as soon as its own shard is read: the link's may be another one.
        await eventually(lambda: names(here.heard.of(link)) == ["opened"])
        await here.moves_to(moment("2026-02-04 17:15"))
        await eventually(lambda: "opened" in names(here.heard.of(link))[1:])
        done = DossierCompleted(result="KQ.1")
        await here.input.events([event(done, "2026-02-04 17:20", 2, codes[0])])
        await here.moves_to(moment("2026-02-04 17:30"))
        await here.input.events([event(ConnectionRestored(), "2026-02-04 17:30", 2, link)])
        await here.moves_to(moment("2026-02-04 17:45"))
        await eventually(lambda: "closed" in names(here.heard.of(link)))
        again = "rung_reached last_moment"
        await eventually(
            lambda: all(names(here.heard.of(one)).count(again) > 1 for one in codes[1:])
        )

        [opened] = [e.data for e in here.heard.of(link) if isinstance(e.data, IncidentOpened)]
        assert opened.subjects == tuple(codes)
        assert opened.persons == (f"p-{UNIT}-chairman",)
        for subject in codes:
            told = [
                (e.data.rung, e.data.incident)
                for e in here.heard.of(subject)
                if isinstance(e.data, ObligationRungReached) and e.data.rung == "last_moment"
            ]
            alone = [] if subject == codes[0] else [("last_moment", None)]
            assert told == [("last_moment", opened.incident), *alone]


def test_the_clock_of_these_tests_is_of_the_authority() -> None:
    """07:30 in Viet Nam is half past midnight, universal time."""
    assert moment("2026-01-05 07:30") == datetime(2026, 1, 5, 0, 30, tzinfo=UTC)
