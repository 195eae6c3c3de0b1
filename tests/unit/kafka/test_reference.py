"""The reference reader: version by version, and never ready with less than is needed."""

import asyncio
from collections.abc import Sequence

import orjson
import pytest

from deploy.reference.load import reference_events
from shared.events.envelope import to_document
from shared.events.topics import REFERENCE
from shared.kafka import reference as module
from shared.kafka.reference import ReferenceReader
from shared.subjects.errors import UnavailableError
from shared.subjects.records import Record
from tests.fakes.subjects import MemoryReferenceVersions

pytestmark = pytest.mark.asyncio

EVENTS = reference_events()[:6]


def records(*versions: int) -> list[Record]:
    """Return these versions as they are on the topic."""
    return [
        Record(
            topic=REFERENCE.name,
            partition=0,
            offset=place,
            key=b"k",
            value=orjson.dumps(
                to_document(EVENTS[version - 1].model_copy(update={"sequence": version}))
            ),
            headers=(),
            timestamp_ms=0,
        )
        for place, version in enumerate(versions)
    ]


async def reading(
    batches: Sequence[Sequence[int]], versions: MemoryReferenceVersions | None = None
) -> ReferenceReader:
    """Return a reader that has read these batches to the end of the topic."""
    reader = ReferenceReader(["127.0.0.1:1"], client_id="test", versions=versions)
    if versions is not None:
        await reader.begin()
    for batch in batches:
        await reader._apply(records(*batch))  # noqa: SLF001 -- What the topic calls.
    reader._topic.caught_up.set()  # noqa: SLF001 -- As at its end.
    return reader


@pytest.mark.parametrize(
    "batches",
    [
        [[1, 2, 3, 4, 5]],
        [[5, 4, 3, 2, 1]],
        [[3], [1, 2], [5], [4]],
        [[1, 2, 3], [1, 2, 3, 4, 5], [2]],
        [[4, 5], [1, 2, 3, 4, 5]],
    ],
)
async def test_versions_are_applied_in_their_order(batches: list[list[int]]) -> None:
    """However the topic brings them: repeated, ahead of a gap, published again."""
    reader = await reading(batches)
    straight = await reading([[1, 2, 3, 4, 5]])
    assert reader.current() == straight.current()
    assert reader.current().version == 5


async def test_what_is_ahead_of_a_gap_waits() -> None:
    """The view stays where the gap begins, and says which version it lacks."""
    reader = await reading([[1, 2, 4, 5]])
    assert reader.current().version == 2
    said = reader.missing()
    assert said is not None
    assert "up to version 2, and version 5 is needed" in said
    assert "`motcua restore topics`" in said


async def test_a_version_that_was_applied_before_is_demanded() -> None:
    """A topic that lost records is read to its end at once, and that is not enough."""
    kept = MemoryReferenceVersions(5)
    reader = await reading([[1, 2]], kept)
    said = reader.missing()
    assert said is not None
    assert "version 5 is needed" in said
    await reader._apply(records(3, 4, 5))  # noqa: SLF001 -- What the topic calls.
    assert reader.missing() is None


async def test_the_version_is_kept_for_the_next_start() -> None:
    """Once it is applied."""
    kept = MemoryReferenceVersions()
    reader = await reading([[1, 2, 3]], kept)
    await reader.note()
    assert kept.version == 3


async def test_nothing_is_ready_before_the_store_was_asked() -> None:
    """An empty topic looks whole to whoever does not know what was there."""
    reader = ReferenceReader(
        ["127.0.0.1:1"], client_id="test", versions=MemoryReferenceVersions(5)
    )
    reader._topic.caught_up.set()  # noqa: SLF001 -- As at the end of an empty topic.
    assert reader.missing() == "the reference data are not read yet"


async def test_a_topic_that_is_not_there_is_named() -> None:
    """With both commands that bring it back."""
    reader = await reading([])
    reader._topic.absent = True  # noqa: SLF001 -- As the broker answers.
    said = reader.missing()
    assert said is not None
    assert said.startswith(f"{REFERENCE.name} is not there: ")
    assert "`motcua topics provision`" in said
    assert "`motcua restore topics`" in said


async def test_an_event_waits_for_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on as soon as the version is read, and readiness names it if it never is."""
    reader = await reading([[1]])
    reader.caught_up.set()
    waiting = asyncio.create_task(reader.at_least(2))
    await asyncio.sleep(0)
    assert reader.missing() is None, "it may be on its way"
    await reader._apply(records(2))  # noqa: SLF001 -- What the topic calls.
    assert (await waiting).version == 2

    monkeypatch.setattr(module, "WAIT_S_MAX", 0.01)
    monkeypatch.setattr(module, "LATE_S", 0.0)
    with pytest.raises(UnavailableError, match="version 3 is needed"):
        await reader.at_least(3)
    said = reader.missing()
    assert said is not None
    assert "version 3 is needed" in said
