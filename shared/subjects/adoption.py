"""Comparing a service's store with the topics that it writes, before anything else happens.

A store that comes back older than its topics, or empty, would number events a second time and
raise alerts again. So a service first reads what its own topics have beyond what its store
says that it has written. Whatever the store lacks is adopted: at once where the cluster is the
one that the store knows, else once an operator has permitted it (decision 0037).
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from typing_extensions import override

from shared.subjects.errors import UnavailableError
from shared.subjects.records import Record


@dataclass(frozen=True, slots=True)
class Extent:
    """Offsets of one partition.

    Attributes:
        start: The first offset that is kept.
        end: The offset after the last record that may be read.
        first: What the first record is known by; "" while there is none. A log that was made
            anew has another one.
    """

    start: int
    end: int
    first: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What the store says of one partition.

    Attributes:
        next: The offset after the last record that the broker acknowledged; None if the store
            says nothing of it.
        first: What the first record of the log was known by; None if nobody noted it.
    """

    next: int | None = None
    first: str | None = None


@dataclass(frozen=True, slots=True)
class Lack:
    """What the store lacks of one topic.

    Attributes:
        topic: Its name.
        records: How many records the store does not know.
        place: Where the first of them is, as operators write it.
    """

    topic: str
    records: int
    place: str

    @override
    def __str__(self) -> str:
        """Return what is lacking, as part of a sentence."""
        return f"{self.records} of {self.topic}, the first at {self.place}"


def begin_at(extent: Extent, known: Known) -> int:
    """Return the offset from which a partition is compared with the store.

    That is the written end, where the log is certainly the one that it was noted of; else the
    beginning. `Known` without a first record is believed: an older version noted none.
    """
    if known.next is None or known.next > extent.end:
        return extent.start
    if known.first is not None and known.first != extent.first:
        return extent.start
    return max(extent.start, known.next)


class OwnTopics(Protocol):
    """Reads the topics that a service writes, apart from any group.

    Every method raises `UnavailableError` when the broker does not answer.
    """

    async def cluster_id(self) -> str:
        """Return what the cluster calls itself."""
        ...

    async def extents(self, topic: str) -> Mapping[int, Extent]:
        """Return the extent of each partition; nothing where there is no such topic."""
        ...

    def records(
        self, topic: str, spans: Mapping[int, tuple[int, int]]
    ) -> AsyncIterator[Sequence[Record]]:
        """Yield what lies between two offsets of each partition, each partition in order."""
        ...


class AdoptionMarks(Protocol):
    """What the store remembers of the cluster, of permissions and of an adoption under way.

    Every method raises `UnavailableError` when the store does not answer.
    """

    async def cluster(self) -> str | None:
        """Return the id of the cluster that the store belongs to; None if nobody noted it."""
        ...

    async def belongs_to(self, cluster: str) -> None:
        """Note the cluster."""
        ...

    async def permitted(self) -> str | None:
        """Return the id of the cluster whose topics an operator permits to adopt."""
        ...

    async def found(self, cluster: str, lacks: Sequence[Lack]) -> None:
        """Note what the comparison found, for the operator who asks."""
        ...

    async def is_begun(self) -> bool:
        """Return whether an adoption has begun and not ended."""
        ...

    async def hold(self, *, is_ours: Callable[[str], bool]) -> bool:
        """Keep other replicas from adopting; return False while another one that lives does.

        `is_ours` says whether this process is the heir of another one.
        """
        ...

    async def begin(self) -> None:
        """Note that an adoption has begun: whatever ends this process, it must be finished."""
        ...

    async def end(self) -> None:
        """Release what `hold` kept; an adoption has ended, and a permission is used up."""
        ...

    async def known(self, topic: str) -> Mapping[int, Known]:
        """Return what the store says of a topic's partitions."""
        ...

    async def level(self, topic: str, extents: Mapping[int, Extent]) -> None:
        """Note that the store has everything that lies before these ends."""
        ...


class Adopter(Protocol):
    """What a service does with records of its own topics; every step may be repeated."""

    @property
    def topics(self) -> Sequence[str]:
        """Name the topics, in the order in which they are adopted."""
        ...

    async def unknown(self, records: Sequence[Record]) -> Collection[Record]:
        """Return those of the records that the store does not fully have.

        What only waits in an outbox is not among them: it has been published, and is cleared.
        """
        ...

    async def begin(self) -> None:
        """Do what comes before the first record."""
        ...

    async def adopt(self, records: Sequence[Record]) -> None:
        """Take in what the store does not have of these; nothing is published."""
        ...

    async def finish(self) -> None:
        """Do what comes after the last record."""
        ...


class Heirs(Protocol):
    """What is asked of outbox ownership: whether the entries of a process are ours."""

    def is_ours(self, owner: str) -> bool:
        """Return whether this process publishes the entries that bear this name."""
        ...


@dataclass(frozen=True, slots=True)
class _Compared:
    """What one comparison found."""

    cluster: str
    extents: Mapping[str, Mapping[int, Extent]]
    spans: Mapping[str, Mapping[int, tuple[int, int]]]
    lacks: tuple[Lack, ...]
    has_known: bool


NOT_COMPARED: Final = "the store has not been compared with the topics yet"


@dataclass(slots=True)
class CompareStore:
    """Compares the store with the topics, and has them adopted where that is permitted.

    Attributes:
        level: Whether the store has everything that the topics have.
        sentence: Why the service may not work yet, once that has been asked; None when level.
        adopted: How many records the store lacked and has adopted.
    """

    topics: OwnTopics
    marks: AdoptionMarks
    adopter: Adopter
    heirs: Heirs
    level: bool = False
    sentence: str | None = None
    adopted: int = 0
    _compared: _Compared | None = field(default=None)

    async def __call__(self) -> bool:
        """Return whether the store is level; what does not answer is asked again later."""
        if self.level:
            return True
        self.sentence = self.sentence or NOT_COMPARED
        try:
            self.level = await self._look()
        except UnavailableError as error:
            self.sentence = f"{NOT_COMPARED}: {error}"
        if self.level:
            self.sentence = None
        return self.level

    async def missing(self) -> str | None:
        """Return what readiness says."""
        return None if self.level else self.sentence or NOT_COMPARED

    async def _look(self) -> bool:
        cluster = await self.topics.cluster_id()
        compared = self._compared
        if compared is None or compared.cluster != cluster:
            compared = self._compared = await self._compare(cluster)
            await self.marks.found(cluster, compared.lacks)
        # After the comparison: what another replica adopted meanwhile may not be finished.
        begun = await self.marks.is_begun()
        if not begun and not compared.lacks:
            await self._level(compared)
            return True
        known = await self.marks.cluster()
        if not begun and cluster not in {known, await self.marks.permitted()}:
            self.sentence = behind(compared.lacks, cluster, known)
            return False
        if not await self.marks.hold(is_ours=self.heirs.is_ours):
            self.sentence = "another replica is adopting what the topics have"
            return False
        # Again, as the only one: another replica may have adopted all of it and be at work.
        compared = await self._compare(cluster)
        if compared.lacks or await self.marks.is_begun():
            await self._adopt(compared)
        await self._level(compared)
        return True

    async def _compare(self, cluster: str) -> _Compared:
        extents: dict[str, Mapping[int, Extent]] = {}
        spans: dict[str, Mapping[int, tuple[int, int]]] = {}
        lacks: list[Lack] = []
        has_known = False
        for topic in self.adopter.topics:
            extents[topic] = await self.topics.extents(topic)
            known = await self.marks.known(topic)
            spans[topic] = {
                partition: (begin_at(extent, known.get(partition, Known())), extent.end)
                for partition, extent in extents[topic].items()
            }
            has_known = has_known or any(begin > 0 for begin, _ in spans[topic].values())
            count, place = 0, ""
            async for records in self.topics.records(topic, spans[topic]):
                unknown = await self.adopter.unknown(records)
                has_known = has_known or len(unknown) < len(records)
                if unknown and not count:
                    place = next(iter(unknown)).place
                count += len(unknown)
            if count:
                lacks.append(Lack(topic, count, place))
        return _Compared(cluster, extents, spans, tuple(lacks), has_known)

    async def _adopt(self, compared: _Compared) -> None:
        self.sentence = f"the store adopts {_listed(compared.lacks)}"
        await self.marks.begin()
        await self.adopter.begin()
        for topic, spans in compared.spans.items():
            async for records in self.topics.records(topic, spans):
                await self.adopter.adopt(records)
        await self.adopter.finish()
        self.adopted += sum(lack.records for lack in compared.lacks)

    async def _level(self, compared: _Compared) -> None:
        """Note what the store has by now, and that the service may work."""
        for topic, extents in compared.extents.items():
            await self.marks.level(topic, extents)
        empty = not any(
            e.end for extents in compared.extents.values() for e in extents.values()
        )
        known = await self.marks.cluster()
        # Empty topics say nothing: a wrong address may have them, and so has a lost broker.
        if compared.has_known or compared.lacks or (empty and known is None):
            await self.marks.belongs_to(compared.cluster)
        await self.marks.found(compared.cluster, ())
        await self.marks.end()
        self._compared = None


def behind(lacks: Sequence[Lack], cluster: str, known: str | None) -> str:
    """Return the sentence by which a service says that its store is behind its topics."""
    whose = "notes no cluster" if known is None else f"belongs to the cluster {known}"
    return (
        f"the store lacks {_listed(lacks)}, and {whose}: it was set back or emptied, or the "
        f"address is another installation's; nothing is taken in or published. If the cluster "
        f"{cluster} is this installation's, `motcua restore store` has the store adopt it"
    )


def _listed(lacks: Sequence[Lack]) -> str:
    return "; ".join(map(str, lacks)) or "what an adoption had begun with"
