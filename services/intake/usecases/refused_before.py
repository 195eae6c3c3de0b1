"""Records that were rejected before the store was lost, by the topics of rejections.

Inbound topics are read again from where the store has read them. What was applied is known by
its facts; what was rejected then might be legal by now, and would change a dossier's history.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import ValidationError

from shared.events.rejections import Rejection, value_hash
from shared.events.topics import REJECTED
from shared.subjects.adoption import Extent
from shared.subjects.records import Record

Place = tuple[str, int]


class RejectionTopics(Protocol):
    """The topics of rejections; raises `UnavailableError` when the broker does not answer."""

    async def named(self, prefix: str) -> Sequence[str]:
        """Return the topics whose names begin with a prefix."""
        ...

    async def extents(self, topic: str) -> Mapping[int, Extent]:
        """Return the extent of each partition."""
        ...

    def records(
        self, topic: str, spans: Mapping[int, tuple[int, int]]
    ) -> AsyncIterator[Sequence[Record]]:
        """Yield what lies between two offsets of each partition."""
        ...


class RefusedPlaces(Protocol):
    """Where rejected records are, by place and hash; as every store raises."""

    async def keep(self, rejections: Sequence[Rejection]) -> None:
        """Keep those that name their record."""
        ...

    async def among(self, places: Mapping[str, str]) -> frozenset[str]:
        """Return which of these places have a rejected record of this hash."""
        ...

    async def last(self) -> Mapping[Place, int]:
        """Return the last offset kept of each partition."""
        ...


@dataclass(slots=True)
class FindRefused:
    """Keeps the places of everything that the topics of rejections name."""

    topics: RejectionTopics
    places: RefusedPlaces

    async def __call__(self) -> None:
        """Read them all.

        Raises:
            UnavailableError: store or broker did not answer; do it all again.
        """
        for topic in await self.topics.named(REJECTED):
            extents = await self.topics.extents(topic)
            spans = {number: (one.start, one.end) for number, one in extents.items()}
            async for records in self.topics.records(topic, spans):
                await self.places.keep(_read(records))


@dataclass(slots=True)
class PassOverRefused:
    """Leaves out of a batch what was rejected before the store was lost.

    A record is the same by its place and its content: a topic that was made anew has other
    records in the same places. Costs nothing beyond the last place that is kept.
    """

    places: RefusedPlaces
    _last: Mapping[Place, int] = field(default_factory=dict)

    async def begin(self) -> None:
        """Learn up to where records are to be compared; call it before anything is read.

        Raises:
            UnavailableError: the store does not answer.
        """
        self._last = await self.places.last()

    async def __call__(self, records: Sequence[Record]) -> Sequence[Record]:
        """Return the records that are to be received.

        Raises:
            UnavailableError: the store does not answer.
        """
        asked = {
            record.place: value_hash(record.value)
            for record in records
            if record.offset <= self._last.get((record.topic, record.partition), -1)
        }
        if not asked:
            return records
        refused: Collection[str] = await self.places.among(asked)
        return [record for record in records if record.place not in refused]


def _read(records: Sequence[Record]) -> list[Rejection]:
    found: list[Rejection] = []
    for record in records:
        try:
            found.append(Rejection.model_validate_json(record.value or b""))
        except ValidationError:
            continue  # Not ours: nothing that was rejected is found by it.
    return found
