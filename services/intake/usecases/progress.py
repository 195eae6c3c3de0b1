"""Telling how far intake has read, so that nobody is reminded on stale data."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from zlib import crc32

from services.intake.core.progress import Marks, http_mark
from services.intake.ports import Positions
from services.intake.usecases.late import LateEvents
from services.intake.usecases.work import InWork
from shared.events.progress import ProgressMark, progress_document
from shared.events.topics import PROGRESS
from shared.subjects.document import Outgoing
from shared.subjects.ports import Publisher

HTTP: Final = "http"

PublishedBefore = Callable[[], Awaitable[ProgressMark | None]]
"""Reads the mark of this HTTP door that an earlier process published last."""

HeldBack = Callable[[], Awaitable[bool]]
"""Asks whether an event waits for a topic that takes nothing."""

OldestPending = Callable[[], Awaitable[datetime | None]]
"""Asks for the least recording time that still waits in an outbox."""


async def _nothing_waits() -> bool:
    return False


@dataclass(slots=True)
class PublishProgress:
    """Publishes a mark for each inbound partition held, and one for this HTTP door.

    While events wait for a topic that takes nothing, no mark moves: what they say is not on
    the canonical topics, though positions have passed them. A single refused record holds back
    nothing but its subject, or one record would stop every reminder for ever.
    """

    positions: Positions
    publisher: Publisher
    in_work: InWork
    oldest_pending: OldestPending
    http_number: int
    late: LateEvents = field(default_factory=LateEvents)
    held_back: HeldBack = _nothing_waits
    marks: Marks = field(default_factory=Marks)
    published: dict[str, datetime] = field(default_factory=dict)
    _remembers: bool = False

    async def remember(self, published_before: PublishedBefore) -> None:
        """Take over the late events of an earlier process, once, before the first mark.

        Raises:
            UnavailableError: the broker does not answer; the marks stand still.
        """
        if not self._remembers:
            before = await published_before()
            if before is not None and before.late:
                self.late.keep(before.late)
            self._remembers = True

    async def __call__(self) -> int:
        """Look once and publish the marks that have moved on; return how many.

        Raises:
            UnavailableError: the broker or the store does not answer; the marks stand still.
        """
        # The order matters: the moment first, then what could have come before it.
        now = self.in_work.clock.now()
        in_work = self.in_work.moments()
        self.marks.sample(now, await self.positions.high_watermarks())
        next_offsets = await self.positions.next_offsets()
        reached = self.marks.advance(next_offsets)
        if await self.held_back():  # Asked after the positions, which follow the outboxes.
            return 0
        found = [
            ProgressMark(
                input=topic,
                partition=partition,
                through=moment,
                next_offset=next_offsets.get((topic, partition)),
            )
            for (topic, partition), moment in sorted(reached.items())
        ]
        through = http_mark(now, in_work, await self.oldest_pending())
        found.append(self._own_mark(through))
        moved = [mark for mark in found if self._has_moved(mark)]
        refused = await self.publisher.publish([_outgoing(mark) for mark in moved])
        lacking = {one.outgoing.key for one in refused}
        taken = [mark for mark in moved if mark.key not in lacking]
        for mark in taken:
            self.published[mark.key] = mark.through
        return len(taken)

    def _own_mark(self, through: datetime) -> ProgressMark:
        """Return the mark of this HTTP door, with the late events that this replica recorded.

        Those recorded before `through` are among them: what is on its way holds it back.
        """
        late = self.late.lately(through)
        return ProgressMark(
            input=HTTP, partition=self.http_number, through=through, late=late or None
        )

    def stands_at(self, now: datetime, held: Collection[tuple[str, int]]) -> bool:
        """Say whether every mark is at `now` already, as when a simulated clock stands."""
        inputs = [*held, (HTTP, self.http_number)]
        through = [self.published.get(f"{name}/{number}") for name, number in inputs]
        return all(mark is not None and mark >= now for mark in through)

    def least(self) -> dict[str, str]:
        """Return the least mark of each input, its partitions taken together, as text."""
        least: dict[str, datetime] = {}
        for key, through in self.published.items():
            name = key.rpartition("/")[0]
            least[name] = min(through, least.get(name, through))
        return {name: through.isoformat() for name, through in sorted(least.items())}

    def _has_moved(self, mark: ProgressMark) -> bool:
        before = self.published.get(mark.key)
        return before is None or mark.through > before


def http_number(instance: str) -> int:
    """Return the number of a replica's HTTP door: its own, or one made of its name."""
    return int(instance) if instance.isdecimal() else crc32(instance.encode())


def _outgoing(mark: ProgressMark) -> Outgoing:
    return Outgoing(
        id=f"{mark.key}@{mark.through.isoformat()}",
        topic=PROGRESS.name,
        key=mark.key,
        value=progress_document(mark),
    )
