"""One suite for the index of obligations: in memory, and on the real store."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from services.workflow.adapters.index import INDEXES, WINDOWS, MongoObligationIndex
from services.workflow.core.codec import SubjectCodec, shard_of
from services.workflow.core.model import Cycle, Obligation, RungState, Subject
from services.workflow.ports import ObligationIndex
from shared.calendar.zone import ICT
from shared.events.topics import PARTITIONS
from shared.mongo.client import Mongo
from shared.mongo.subjects import MongoSubjects
from shared.subjects.document import Document
from shared.subjects.ports import SubjectStore
from tests.fakes.subjects import MemorySubjects
from tests.fakes.workflow import MemoryIndex

pytestmark = pytest.mark.asyncio

NOW = datetime(2026, 1, 8, 17, 0, tzinfo=ICT)
ALL = range(PARTITIONS)
Stored = tuple[SubjectStore[Subject], ObligationIndex]


@pytest_asyncio.fixture(params=["memory", pytest.param("mongo", marks=pytest.mark.connected)])
async def stored(request: pytest.FixtureRequest) -> AsyncIterator[Stored]:
    """The subjects and the index over them, empty."""
    if request.param == "memory":
        subjects = MemorySubjects[Subject](SubjectCodec())
        yield subjects, MemoryIndex(subjects)
        return
    url, name = request.getfixturevalue("mongo_url"), request.getfixturevalue("unique")
    mongo = Mongo(url, name)
    kept = MongoSubjects[Subject](mongo, "subjects", SubjectCodec(), indexes=INDEXES)
    await kept.prepare()
    yield kept, MongoObligationIndex(kept)
    await mongo.drop()
    await mongo.close()


def owing(code: str, at: datetime, *, law: int = 7) -> Subject:
    """Return a subject of which time alone will bring something about."""
    opened = at - timedelta(days=3)
    cycle = Cycle(number=1, key="e", opened=opened, due=at, limit=None, known_at=opened)
    cycle.rungs = [RungState("overdue", at)]
    obligation = Obligation(
        id="dossier_deadline",
        kind="dossier_deadline",
        unit="06112",
        opened_at=cycle.opened,
        cause="e",
        cycles=[cycle],
    )
    subject = Subject(code, "06112", law=law)
    subject.obligations[obligation.id] = obligation
    return subject


async def keep(stored: Stored, subjects: Sequence[Subject]) -> None:
    """Store subjects."""
    documents = [Document(subject.id, state=subject) for subject in subjects]
    assert await stored[0].save(documents, pending_at=NOW) == frozenset()


def codes(count: int) -> list[str]:
    """Return dossiers' codes."""
    return [f"H37.100-260105-{number:04d}" for number in range(count)]


async def test_what_is_due_comes_oldest_first_and_bounded(stored: Stored) -> None:
    """Whatever lies at the moment itself or after it is not due yet."""
    early, later = codes(40)[::2], codes(40)[1::2]
    moments = {code: NOW - timedelta(minutes=number) for number, code in enumerate(early, 1)}
    moments |= {code: NOW + timedelta(minutes=number) for number, code in enumerate(later)}
    await keep(stored, [owing(code, at) for code, at in moments.items()])
    due = await stored[1].due(ALL, before=NOW, limit=100)
    assert list(due) == early[::-1]
    assert list(await stored[1].due(ALL, before=NOW, limit=3)) == early[::-1][:3]
    assert list(await stored[1].due(ALL, before=NOW - timedelta(days=1), limit=3)) == []


@pytest.mark.parametrize("shards", [{0}, {3, 4}, set(range(PARTITIONS)) - {5}])
async def test_only_the_shards_asked_for(stored: Stored, shards: set[int]) -> None:
    """However few they are among many others that are due before them."""
    ours = [code for code in codes(300) if shard_of(code) in shards]
    assert len(ours) > 5
    others = [code for code in codes(300) if code not in ours]
    await keep(stored, [owing(code, NOW - timedelta(hours=2)) for code in others])
    moments = {code: NOW - timedelta(minutes=1 + place) for place, code in enumerate(ours)}
    await keep(stored, [owing(code, at) for code, at in moments.items()])
    assert list(await stored[1].due(shards, before=NOW, limit=5)) == ours[::-1][:5]
    assert list(await stored[1].due(shards, before=NOW, limit=1_000)) == ours[::-1]
    assert set(await stored[1].behind(shards, law=8, limit=1_000)) == set(ours)


async def test_what_was_counted_under_an_older_law(stored: Stored) -> None:
    """Only that, and no more than asked for."""
    old, new = codes(20)[:7], codes(20)[7:]
    await keep(stored, [owing(code, NOW, law=6) for code in old])
    await keep(stored, [owing(code, NOW, law=7) for code in new])
    assert set(await stored[1].behind(ALL, law=7, limit=100)) == set(old)
    assert len(await stored[1].behind(ALL, law=7, limit=3)) == 3
    assert list(await stored[1].behind(ALL, law=6, limit=3)) == []


async def test_the_next_moment_is_found_wherever_it_lies(stored: Stored) -> None:
    """Long overdue, within the hour, or in years."""
    assert await stored[1].earliest(now=NOW) is None
    spans = [window for window in WINDOWS if window is not None]
    for number, span in enumerate(reversed([*spans, timedelta(days=4_000)])):
        at = NOW + span - timedelta(minutes=1)
        await keep(stored, [owing(codes(20)[number], at)])
        assert await stored[1].earliest(now=NOW) == at


async def test_subjects_are_read_together(stored: Stored) -> None:
    """Those that there are, in the order of their names; one never seen is left out."""
    known = codes(3)
    await keep(stored, [owing(code, NOW) for code in known])
    found = await stored[1].read_all([*reversed(known), "H37.100-260105-9999"])
    assert [subject.id for subject in found] == known
    assert list(await stored[1].read_all([])) == []
