"""Beginning again: a service that folds its subjects anew from its topics.

Its own topics complete its archive, so that nothing of them is published a second time. Its
subjects are forgotten, and what it reads is read from the beginning (decision 0037).
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.subjects.adoption import OwnTopics
from shared.subjects.document import Outgoing
from shared.subjects.errors import UnavailableError
from shared.subjects.own_events import KnownArchive, OwnEvents
from shared.subjects.ports import Publisher
from shared.subjects.records import Record

Place = tuple[str, int]


class Forgetting(Protocol):
    """Forgets what a service can fold again.

    Every method raises `UnavailableError` when the store does not answer.
    """

    def unsent(self) -> AsyncIterator[Sequence[Outgoing]]:
        """Yield what waits in outboxes for topics that are not the service's own."""
        ...

    async def forget(self, again: Mapping[Place, int]) -> None:
        """Forget subjects and how far they were read.

        `again` are the ends up to which everything is read again; they are noted first.
        """
        ...


@dataclass(slots=True)
class BeginAgain:
    """Implements `Adopter` for a service whose subjects follow from what it reads.

    `reads` names the topics that are read again; `first` is done before anything is forgotten,
    `last` when it is.
    """

    own: OwnEvents
    archive: KnownArchive
    log: OwnTopics
    publisher: Publisher
    forgetting: Forgetting
    topics: Sequence[str]
    reads: Sequence[str]
    first: Callable[[], Awaitable[None]]
    last: Callable[[], Awaitable[None]]

    async def unknown(self, records: Sequence[Record]) -> Sequence[Record]:
        """Return those of the records that the store does not fully have."""
        return await self.own.unknown(records)

    async def begin(self) -> None:
        """Do nothing: the archive is completed first."""

    async def adopt(self, records: Sequence[Record]) -> None:
        """Keep in the archive what the topic has."""
        await self.archive.insert([one.outgoing for one in self.own.read(records)])

    async def finish(self) -> None:
        """Hand over what waits for other services, then forget the subjects.

        Raises:
            UnavailableError: store or broker do not answer, or a topic does not take what waits
                for it; nothing is forgotten.
        """
        # An answer or a request of a person follows from no topic. Intake knows a repeat.
        async for outgoing in self.forgetting.unsent():
            if refused := await self.publisher.publish(outgoing):
                first = refused[0]
                raise UnavailableError(
                    f"{first.outgoing.topic} does not take event {first.outgoing.id}: "
                    f"{first.error}: {first.sentence}"
                )
        again = {
            (topic, partition): extent.end
            for topic in self.reads
            for partition, extent in (await self.log.extents(topic)).items()
        }
        await self.first()
        await self.forgetting.forget(again)
        await self.last()


async def nothing() -> None:
    """Do nothing."""
