"""One suite for what hangs on incidents: in memory, and on the real store."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from services.workflow.adapters.index import INDEXES, MongoIncidents
from services.workflow.core.codec import SubjectCodec, shard_of
from services.workflow.core.gathering import incident_id
from services.workflow.core.incident import Hanging, Incident, Told
from services.workflow.core.model import Cycle, Obligation, RungState, Subject
from services.workflow.ports import IncidentIndex
from shared.calendar.zone import ICT
from shared.events.topics import PARTITIONS
from shared.mongo.client import Mongo
from shared.mongo.subjects import MongoSubjects
from shared.subjects.document import Document
from shared.subjects.ports import SubjectStore
from tests.fakes.subjects import MemorySubjects
from tests.fakes.workflow import MemoryIncidents

pytestmark = pytest.mark.asyncio

NOW = datetime(2026, 1, 8, 17, 0, tzinfo=ICT)
ALL = frozenset(range(PARTITIONS))
CODES = [f"H37.100-260105-{number:04d}" for number in range(300)]
ON, OVER = "incident-on", "incident-over"
Stored = tuple[SubjectStore[Subject], IncidentIndex]


@pytest_asyncio.fixture(params=["memory", pytest.param("mongo", marks=pytest.mark.connected)])
async def stored(request: pytest.FixtureRequest) -> AsyncIterator[Stored]:
    """The subjects and the incidents' index over them, empty."""
    if request.param == "memory":
        subjects = MemorySubjects[Subject](SubjectCodec())
        yield subjects, MemoryIncidents(subjects)
        return
    url, name = request.getfixturevalue("mongo_url"), request.getfixturevalue("unique")
    mongo = Mongo(url, name)
    kept = MongoSubjects[Subject](mongo, "subjects", SubjectCodec(), indexes=INDEXES)
    await kept.prepare()
    yield kept, MongoIncidents(kept)
    await mongo.drop()
    await mongo.close()


def overdue(code: str, *incidents: str) -> Subject:
    """Return a dossier whose overdue rung hangs on the incident named, if one is."""
    opened = NOW - timedelta(days=3)
    cycle = Cycle(number=1, key="e", opened=opened, due=NOW, limit=None, known_at=opened)
    cycle.rungs = [
        RungState(f"rung-{number}", NOW, status="grouped", role="director", incident=incident)
        for number, incident in enumerate(incidents)
    ]
    obligation = Obligation(
        id="dossier_deadline",
        kind="dossier_deadline",
        unit="06112",
        opened_at=opened,
        cause="e",
        cycles=[cycle],
        relook_at=NOW,
    )
    subject = Subject(code, "06112", law=7)
    subject.obligations[obligation.id] = obligation
    return subject


async def keep(stored: Stored, subjects: Sequence[Subject]) -> None:
    """Store subjects."""
    documents = [Document(subject.id, state=subject) for subject in subjects]
    assert await stored[0].save(documents, pending_at=NOW) == frozenset()


async def test_what_hangs_on_an_incident_is_found_by_it(stored: Stored) -> None:
    """By that one alone, with the obligation and the role that would have heard."""
    await keep(stored, [overdue(CODES[0], ON), overdue(CODES[1], OVER), overdue(CODES[2])])
    assert await stored[1].hanging([ON, "incident-unheard-of"]) == {
        ON: [Hanging(CODES[0], "dossier_deadline", "director")],
        "incident-unheard-of": [],
    }


@pytest.mark.parametrize("shards", [{0}, {3, 4}, set(ALL) - {5}])
async def test_what_is_released_is_found_behind_what_is_not(
    stored: Stored, shards: set[int]
) -> None:
    """However much hangs on an incident that goes on, or lies in others' shards."""
    ours = [code for code in CODES if shard_of(code) in shards]
    released, held = ours[::3], [code for code in ours if code not in ours[::3]]
    others = [code for code in CODES if code not in ours]
    await keep(stored, [overdue(code, ON) for code in held])
    await keep(stored, [overdue(code, OVER) for code in (*others, *released)])
    found = await stored[1].hanging_elsewhere(shards, than={ON}, limit=1_000)
    assert sorted(found) == released
    assert len(await stored[1].hanging_elsewhere(shards, than={ON}, limit=2)) == 2
    assert list(await stored[1].hanging_elsewhere(shards, than={ON, OVER}, limit=9)) == []


async def test_what_hangs_on_two_is_released_by_the_end_of_one(stored: Stored) -> None:
    """It is looked at as soon as either of them gathers no more."""
    await keep(stored, [overdue(CODES[0], ON, OVER)])
    assert list(await stored[1].hanging_elsewhere(ALL, than={ON}, limit=9)) == [CODES[0]]
    assert list(await stored[1].hanging_elsewhere(ALL, than={ON, OVER}, limit=9)) == []


def lost(unit: str, since: datetime) -> Subject:
    """Return a unit's link to a system that it has lost."""
    subject = Subject(f"{unit}/connection/civil-status", unit)
    subject.obligations["connection"] = Obligation(
        id="connection",
        kind="connection",
        unit=unit,
        opened_at=since,
        cause=f"lost-{unit}",
        about={"system": "civil-status"},
    )
    return subject


async def test_what_is_down_now_is_found(stored: Stored) -> None:
    """A unit's lost links, and the province's incident until it is over."""
    here, there = lost("06112", NOW), lost("06040", NOW - timedelta(minutes=5))
    names = [incident_id(one.id, f"lost-{one.unit}") for one in (here, there)]
    province = Subject("20/connection/civil-status", "20")
    told = Told(
        incident="20/connection/civil-status~1",
        cause="system_outage",
        system="civil-status",
        since=NOW,
        at=NOW,
        times=1,
        units=("06040", "06112"),
    )
    province.incidents[told.incident] = told
    over = Subject("20/connection/population", "20")
    over.incidents["2"] = replace(told, incident="2", over=True)
    await keep(stored, [here, there, province, over, overdue(CODES[0], names[0])])
    assert sorted(await stored[1].active(), key=lambda row: row[1].unit) == [
        (there.id, Incident(names[1], "06040", "civil-status", NOW - timedelta(minutes=5))),
        (here.id, Incident(names[0], "06112", "civil-status", NOW)),
        (province.id, Incident(told.incident, "20", "civil-status", NOW, common=True)),
    ]
