"""A service's own topics and the marks of an adoption, in memory."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from shared.events.partitioner import partition_of
from shared.events.topics import TOPICS
from shared.subjects.adoption import Extent, Known, Lack
from shared.subjects.document import Outgoing
from shared.subjects.errors import UnavailableError
from shared.subjects.records import Record

BATCH = 3
"""Few, so that a subject's events come in several batches."""


@dataclass
class MemoryTopics:
    """Logs of records; `away` makes the broker answer nothing."""

    id: str = "cluster-1"
    logs: dict[tuple[str, int], list[Record]] = field(default_factory=dict)
    away: bool = False

    def write(self, outgoing: Iterable[Outgoing]) -> None:
        """Append what was published."""
        for out in outgoing:
            known = TOPICS.get(out.topic)
            partitions = 1 if known is None else known.partitions
            partition = partition_of(out.key.encode(), partitions)
            log = self.logs.setdefault((out.topic, partition), [])
            value = None if out.value is None else orjson.dumps(out.value)
            log.append(Record(out.topic, partition, len(log), out.key.encode(), value))

    async def cluster_id(self) -> str:
        self._ask()
        return self.id

    async def named(self, prefix: str) -> list[str]:
        self._ask()
        return sorted({topic for topic, _ in self.logs if topic.startswith(prefix)})

    async def extents(self, topic: str) -> Mapping[int, Extent]:
        self._ask()
        return {
            partition: Extent(0, len(log), str(log[0].value) if log else "")
            for (name, partition), log in self.logs.items()
            if name == topic
        }

    async def records(
        self, topic: str, spans: Mapping[int, tuple[int, int]]
    ) -> AsyncIterator[Sequence[Record]]:
        self._ask()
        for partition, (begin, end) in spans.items():
            log = self.logs[topic, partition][begin:end]
            for start in range(0, len(log), BATCH):
                yield log[start : start + BATCH]

    def _ask(self) -> None:
        if self.away:
            raise UnavailableError("no broker answers")


@dataclass
class MemoryMarks:
    """What a store remembers, in a dict; `holder` is the process that adopts."""

    own: str | None = None
    allowed: str | None = None
    holder: str | None = None
    begun: bool = False
    me: str = "me"
    findings: list[tuple[str, tuple[Lack, ...]]] = field(default_factory=list)
    ends: dict[str, dict[int, Known]] = field(default_factory=dict)

    async def cluster(self) -> str | None:
        return self.own

    async def belongs_to(self, cluster: str) -> None:
        self.own = cluster

    async def permitted(self) -> str | None:
        return self.allowed

    async def found(self, cluster: str, lacks: Sequence[Lack]) -> None:
        self.findings.append((cluster, tuple(lacks)))

    async def is_begun(self) -> bool:
        return self.begun

    async def hold(self, *, is_ours: Callable[[str], bool]) -> bool:
        if self.holder is None or self.holder == self.me or is_ours(self.holder):
            self.holder = self.me
        return self.holder == self.me

    async def begin(self) -> None:
        self.begun = True

    async def end(self) -> None:
        self.allowed = None
        if self.holder == self.me:
            self.holder, self.begun = None, False

    async def known(self, topic: str) -> Mapping[int, Known]:
        return self.ends.get(topic, {})

    async def level(self, topic: str, extents: Mapping[int, Extent]) -> None:
        self.ends[topic] = {
            partition: Known(extent.end, extent.first) for partition, extent in extents.items()
        }
