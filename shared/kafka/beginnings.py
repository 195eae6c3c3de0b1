"""Where a subscription begins to read each partition that it is given, and what is halted.

A partition is paused in the moment in which it is assigned, before anything of it is fetched,
and read once that is decided. While store or broker are away it stays paused.
"""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from shared.events.topics import publisher_of_topic
from shared.kafka.logs import Looked, PartitionLogs
from shared.kafka.positions import Positions
from shared.ops.clock import wall_now
from shared.ops.log import logger
from shared.subjects.errors import UnavailableError
from shared.subjects.read_positions import (
    Begin,
    Halt,
    Loss,
    Place,
    ReadPositions,
    StoredPosition,
    where_to_begin,
)

LOG = logger(__name__)

RETRY_S: Final = 1.0
"""How long a look that failed, of a store or broker that is away, waits for the next one."""

HINDERED_LOOK_S: Final = 5.0
"""How often a partition without a leader, or one that we may not read, is looked at again."""

HALTED_LOOK_S: Final = 2.0
"""How often the store is asked whether an operator has passed over a loss."""

COMMITTED_S_MAX: Final = 10.0
"""How long the group's coordinator may take to say what is committed."""

HOLDER_BYTES: Final = 8


@dataclass(slots=True)
class Beginnings:
    """The partitions of one subscription that are not read, yet or until an operator acts.

    Attributes:
        group: The subscription's group.
        stored: Our own record of how far it has read.
        logs: Looks at partitions' logs.
        ignored: Called with the topic for each committed offset that is not believed.
        undecided: Partitions that nobody has decided about yet.
        hindered: Why some of them could not be decided about at the last look.
        halted: Partitions whose next records were deleted, and what was lost.
        failure: Why the last look could not decide about any; None while all is well.
    """

    group: str
    stored: ReadPositions
    logs: PartitionLogs
    ignored: Callable[[str], None] = lambda _topic: None
    seconds: Callable[[], float] = time.monotonic
    holder: str = field(default_factory=lambda: secrets.token_hex(HOLDER_BYTES))
    undecided: set[Place] = field(default_factory=set)
    hindered: dict[Place, str] = field(default_factory=dict)
    halted: dict[Place, Loss] = field(default_factory=dict)
    failure: str | None = None
    _assignments: int = 0
    _next_look_s: float = 0.0

    def assigned(self, consumer: AIOKafkaConsumer, places: Collection[Place]) -> None:
        """Pause partitions at once; before the first await nothing of them can be fetched."""
        self._assignments += 1
        self.undecided, self.hindered, self.halted = set(), {}, {}
        self.undecide(consumer, Positions(), places)

    def undecide(
        self, consumer: AIOKafkaConsumer, positions: Positions, places: Collection[Place]
    ) -> None:
        """Read no further in partitions until it is decided anew where; forget positions."""
        positions.revoked(places)
        for place in places:
            tp = TopicPartition(*place)
            with contextlib.suppress(IllegalStateError):  # Revoked a moment ago.
                consumer.pause(tp)
                # A position, so that the client asks for no committed one to fetch at.
                consumer.seek(tp, 0)
                self.undecided.add(place)
            self.halted.pop(place, None)
        self._next_look_s = 0.0

    def revoked(self, places: Collection[Place]) -> None:
        """Forget partitions that go to somebody else."""
        self.undecided -= set(places)
        for place in places:
            self.halted.pop(place, None)
            self.hindered.pop(place, None)

    async def decide(self, consumer: AIOKafkaConsumer, positions: Positions) -> None:
        """Decide about what is due for a look; costs nothing while all is decided."""
        if not self.undecided and not self.halted:
            return
        if self.seconds() < self._next_look_s:
            return
        assignments = self._assignments
        try:
            if self.halted:
                await self._look_at_halted(consumer, positions)
            if self.undecided:
                await self._look(consumer, positions)
        except (KafkaError, UnavailableError, TimeoutError) as error:
            self.failure = str(error) or type(error).__name__
            LOG.warning("partitions_not_decided", group=self.group, reason=self.failure)
        else:
            self.failure = None
        if assignments == self._assignments:  # Else the next look is due at once.
            self._next_look_s = self.seconds() + self._pause_s()

    def _pause_s(self) -> float:
        if self.failure is not None:
            return RETRY_S
        return HALTED_LOOK_S if self.halted else HINDERED_LOOK_S

    async def _look_at_halted(self, consumer: AIOKafkaConsumer, positions: Positions) -> None:
        """Decide anew about each partition whose loss an operator has passed over."""
        still = {loss.place for loss in await self.stored.halted()}
        passed = [place for place in self.halted if place not in still]
        self.undecide(consumer, positions, passed)

    async def _look(self, consumer: AIOKafkaConsumer, positions: Positions) -> None:
        assignments, places = self._assignments, sorted(self.undecided)
        stored = await self.stored.claim(places, holder=self.holder)
        believes = await self.stored.believes_committed()
        looked = await self.logs.look({place: stored.get(place) for place in places})
        committed = await _committed(consumer, looked.logs)
        decided = {
            place: where_to_begin(
                log,
                committed=committed[place],
                stored=stored.get(place),
                believes_committed=believes,
            )
            for place, log in looked.logs.items()
        }
        halts = {place: one for place, one in decided.items() if isinstance(one, Halt)}
        losses = await self._losses(halts, stored, looked)
        if losses:
            await self.stored.halt(list(losses.values()), holder=self.holder)
        if assignments != self._assignments:
            return  # The partitions were given out anew meanwhile: the next look decides.
        self.hindered = looked.hindered
        for place, one in decided.items():
            if place not in self.undecided:
                continue
            self.undecided.discard(place)
            if isinstance(one, Halt):
                self._halt(consumer, positions, losses[place])
            else:
                known = (committed[place], stored.get(place))
                self._begin(consumer, positions, place, one, known)

    async def _losses(
        self,
        halts: Mapping[Place, Halt],
        stored: Mapping[Place, StoredPosition],
        looked: Looked,
    ) -> dict[Place, Loss]:
        """Return what is lost; a loss that the store knows already stays as it was seen."""
        known = {
            (one.place, one.first_offset, one.end_offset): one
            for one in (await self.stored.halted() if halts else ())
        }
        now_ms = int(wall_now().timestamp() * 1_000)
        losses: dict[Place, Loss] = {}
        for place, halt in halts.items():
            before = stored.get(place)
            last = None if before is None else before.last
            seen = known.get((place, halt.at, halt.until))
            losses[place] = seen or Loss(
                *place,
                first_offset=halt.at,
                end_offset=halt.until,
                since_ms=None if last is None else last.timestamp_ms,
                until_ms=looked.first_ms.get(place, now_ms),
            )
        return losses

    def _halt(self, consumer: AIOKafkaConsumer, positions: Positions, loss: Loss) -> None:
        self.halted[loss.place] = loss
        consumer.seek(TopicPartition(*loss.place), loss.first_offset)
        positions.halt(loss.place, loss.first_offset)
        LOG.error(
            "partition_halted",
            group=self.group,
            topic=loss.topic,
            partition=loss.partition,
            first_offset=loss.first_offset,
            end_offset=loss.end_offset,
        )

    def _begin(
        self,
        consumer: AIOKafkaConsumer,
        positions: Positions,
        place: Place,
        begin: Begin,
        known: tuple[int | None, StoredPosition | None],
    ) -> None:
        committed, stored = known
        if begin.why in ("committed_ahead", "other_log"):
            self.ignored(place[0])
            LOG.warning(
                "committed_offset_ignored",
                group=self.group,
                topic=place[0],
                partition=place[1],
                reason=begin.why,
                committed=committed,
                stored=None if stored is None else stored.next_offset,
                begins_at=begin.at,
            )
        if begin.why not in ("stored", "committed_ahead"):
            stored = None  # It says nothing of this log.
        tp = TopicPartition(*place)
        consumer.seek(tp, begin.at)
        # What nobody has committed yet is committed with the first records.
        committed = begin.at if committed is None else committed
        positions.begin(place, begin.at, committed=committed, stored=stored)
        consumer.resume(tp)

    def sentences(self) -> list[str]:
        """Say of each partition that is not read why, and what to do; halted ones first."""
        return [
            *(halted_sentence(self.group, one) for _, one in sorted(self.halted.items())),
            *(
                f"{topic}/{number} is not read: it {why}"
                for (topic, number), why in sorted(self.hindered.items())
            ),
        ]

    def oldest_left_ms(self, topic: str) -> list[int]:
        """Return when the first record after each loss on a topic was written."""
        return [loss.until_ms for loss in self.halted.values() if loss.topic == topic]

    def waiting(self) -> str | None:
        """Say why nothing could be decided; None while no partition waits for that."""
        if self.failure is None or not self.undecided:
            return None
        return (
            f"group {self.group} does not know yet where to begin in "
            f"{len(self.undecided)} partitions: {self.failure}"
        )


async def _committed(
    consumer: AIOKafkaConsumer, places: Collection[Place]
) -> dict[Place, int | None]:
    """Return the group's committed offsets; asked together, they are one question."""
    asked = list(places)
    async with asyncio.timeout(COMMITTED_S_MAX):
        answers = await asyncio.gather(
            *(consumer.committed(TopicPartition(*place)) for place in asked)
        )
    return dict(zip(asked, answers, strict=True))


def halted_sentence(group: str, loss: Loss) -> str:
    """Say which records were deleted before the group read them, and which command goes on."""
    publisher = publisher_of_topic(loss.topic)
    remedy = (
        "bring them back with `motcua restore topics`"
        if publisher is None
        else f"see what is lost, and go on, with `motcua topics accept-loss {publisher} "
        f"--partition {loss.partition}`"
    )
    return (
        f"{loss.topic}/{loss.partition} is halted: the broker deleted offsets "
        f"{loss.first_offset} to {loss.end_offset - 1}, written {loss.times}, before {group} "
        f"read them; {remedy}"
    )
