"""Kafka in: batches of untouched records to one use case, position committed last.

`subscribe` wires it into FastStream. Where a partition is begun is decided by `Beginnings`; how
far it was read is kept in the store too (decision 0035), by a task and never for each batch.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.cluster import ClusterMetadata
from aiokafka.errors import (
    IllegalStateError,
    KafkaError,
    OffsetOutOfRangeError,
    TopicAuthorizationFailedError,
)

from shared.kafka.beginnings import Beginnings
from shared.kafka.ends import PartitionEnds
from shared.kafka.logs import last_record
from shared.kafka.positions import (
    Offsets,
    Positions,
    fetched_at,
    positions_of,
    stable_end_seen,
)
from shared.kafka.watchdog import Look
from shared.ops.log import logger
from shared.ops.pulse import Pulse
from shared.subjects.errors import StopServiceError, UnavailableError
from shared.subjects.read_positions import LastRecord, StoredPosition
from shared.subjects.records import Record

LOG = logger(__name__)

RawBatch = Sequence[ConsumerRecord]
Handle = Callable[[Sequence[Record]], Awaitable[object]]

RETRY_WAITS_S: Final = (0.1, 0.3, 1.0, 2.0, 5.0, 5.0, 5.0)
"""How long a batch waits for a store or broker that is away before it is fetched again."""

COMMIT_S_MAX: Final = 10.0
"""How long a commit may wait for the group's coordinator, while nothing else is fetched."""

FAILED_IN_A_ROW_MAX: Final = 10
BUG_WAIT_S: Final = 0.5

REVOKE_WAIT_S: Final = 45.0
"""How long a rebalance waits for the batch in hand; less than the rebalance time-out."""

STORE_S_MAX: Final = 5.0
"""How long a rebalance, or a stop, waits for the store to keep our positions."""


@dataclass(frozen=True, slots=True)
class ConsumerOptions:
    """Limits of one subscription.

    `fetch_wait_ms` is how long the broker may keep an empty fetch open; a record ends the wait
    at once, so a long one costs no latency and saves everybody work. `poll_wait_ms` is how long
    an idle client waits for the fetch before it looks after itself.
    `session_ms` is how long a dead member's partitions wait for another; a batch may take
    longer, since heartbeats go on meanwhile, up to `poll_interval_ms_max`.
    """

    records_max: int = 500
    poll_wait_ms: int = 500
    fetch_wait_ms: int = 500
    session_ms: int = 10_000
    poll_interval_ms_max: int = 300_000
    partition_bytes_max: int = 1_048_576


@dataclass(slots=True)
class Consumption(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types.
    """One subscription while it runs: what it holds, its positions, whether it may go on.

    Attributes:
        ends: Asks where the partitions end, by clients of its own.
        beginnings: Decides where each partition is begun, and knows which are halted.
        pulse: Has each batch in hand, and beats after it.
        positions: Of each partition held. The client's own run ahead by what is in the handler.
        failure: Why it refuses to go on; None while all is well.
    """

    group: str
    handle: Handle
    fail: Callable[[str], None]
    ends: PartitionEnds
    beginnings: Beginnings
    pulse: Pulse
    handled: int = 0
    failure: str | None = None
    subscriber: Any = None
    failed_in_a_row: int = 0
    positions: Positions = field(default_factory=Positions)
    stopping: bool = False

    @property
    def consumer(self) -> AIOKafkaConsumer | None:
        """Return the client underneath while it is connected."""
        return getattr(self.subscriber, "consumer", None)

    @property
    def next_offsets(self) -> Offsets:
        """Return of each partition held the offset before which every effect is durable."""
        return self.positions.durable

    def is_live(self) -> bool:
        """Return whether we are a member of the group, known to it, and may go on."""
        consumer = self.consumer
        return consumer is not None and self.failure is None and _is_member(consumer)

    async def end_offsets(self) -> Offsets:
        """Ask the broker up to where each partition held may be read: its last stable offset.

        Raises:
            UnavailableError: the broker did not answer.
        """
        return await self.ends.last_stable(self.next_offsets)

    async def high_watermarks(self) -> Offsets:
        """Ask the broker up to where each partition held was written, open transactions too.

        Raises:
            UnavailableError: the broker did not answer.
        """
        return await self.ends.high_watermarks(self.next_offsets)

    def lag_seen(self) -> dict[str, int]:
        """Return how many offsets wait on each topic, as far as the last fetch saw.

        Costs nothing; may miss what was produced within the last moments.
        """
        seen: dict[str, int] = {}
        consumer = self.consumer
        for place, at in self.next_offsets.items():
            end = None if consumer is None else stable_end_seen(consumer, place)
            seen[place[0]] = seen.get(place[0], 0) + max(0, (end or 0) - at)
        return seen

    def position_sums(self) -> dict[str, int]:
        """Return the sum of the next offsets of each topic's partitions held."""
        sums: dict[str, int] = {}
        for (topic, _), at in self.next_offsets.items():
            sums[topic] = sums.get(topic, 0) + at
        return sums

    def look(self, now_s: float, ends: Offsets) -> Look:
        """Return what the watchdog is to know of this moment."""
        consumer = self.consumer
        return Look(
            now_s=now_s,
            ends=ends,
            next_offsets=dict(self.next_offsets),
            fetched_at={} if consumer is None else fetched_at(consumer, self.next_offsets),
            in_hand=self.positions.in_hand is not None,
            halted=frozenset(self.beginnings.halted),
        )

    async def next_batch(
        self, consumer: AIOKafkaConsumer, *, wait_ms: int, records_max: int
    ) -> tuple[ConsumerRecord, ...]:
        """Poll once; where nothing came in, what was passed without a record is committed."""
        if self.positions.in_hand is not None:
            # FastStream failed before it called us: nothing of that batch has an effect.
            self._read_again(consumer)
            await asyncio.sleep(BUG_WAIT_S)
        await self.beginnings.decide(consumer, self.positions)
        try:
            fetched = await consumer.getmany(timeout_ms=wait_ms, max_records=records_max)
        except OffsetOutOfRangeError as error:
            # The log begins later now, or is another one: nothing of it was handed over.
            await self._begin_anew(consumer, [(tp.topic, tp.partition) for tp in error.args[0]])
            return ()
        except TopicAuthorizationFailedError as error:
            # The others must go on: we ask again for this one after a while.
            refused = [place for place in self.next_offsets if place[0] in str(error)]
            await self._begin_anew(consumer, refused)
            return ()
        batch = tuple(chain.from_iterable(fetched.values()))
        self.positions.polled(positions_of(consumer), batch)
        if not batch:
            await self._commit(consumer)
        return batch

    async def _begin_anew(
        self, consumer: AIOKafkaConsumer, places: Sequence[tuple[str, int]]
    ) -> None:
        """Decide anew where to begin in partitions, from what the store has of them."""
        LOG.warning("partitions_begin_anew", group=self.group, partitions=len(places))
        await self.store_positions()
        self.beginnings.undecide(consumer, self.positions, places)

    async def store_positions(self) -> None:
        """Keep in the store how far every effect is durable; call it once a second at most."""
        unstored = self.positions.unstored()
        if not unstored:
            return
        kept = {
            place: StoredPosition(at, self._last_before(place))
            for place, at in unstored.items()
        }
        try:
            await self.beginnings.stored.save(kept, holder=self.beginnings.holder)
        except UnavailableError as error:
            LOG.warning("positions_not_stored", group=self.group, reason=str(error))
        else:
            self.positions.store(unstored)

    def _last_before(self, place: tuple[str, int]) -> LastRecord | None:
        """Return what is kept of a partition's last record; the record itself may go then."""
        last = self.positions.lasts.get(place)
        if isinstance(last, ConsumerRecord):
            last = self.positions.lasts[place] = last_record(last)
        return last

    async def on_batch(self, batch: RawBatch) -> None:
        """Hand a batch over, then commit its positions; one that fails is read again."""
        try:
            await self._hand_over([to_record(record) for record in batch])
        except Exception:
            if self.consumer is not None:
                self._read_again(self.consumer)
            raise
        if self.consumer is not None:
            await self._commit(self.consumer)

    async def _hand_over(self, records: Sequence[Record]) -> None:
        """Wait inside for what is away, so that nothing is skipped."""
        if self.failure is not None:
            await asyncio.sleep(1)  # Not applied: the position stays where it is.
            raise StopServiceError(self.failure)
        for wait_s in (*RETRY_WAITS_S, None):
            try:
                with self.pulse.work():
                    await self.handle(records)
                    self.failed_in_a_row = 0
                    self.handled += len(records)
                    self.positions.applied()
            except UnavailableError:
                if wait_s is None or self.stopping:
                    raise
                await asyncio.sleep(wait_s)
            except StopServiceError as error:
                self.stop_for(str(error))
                raise
            except Exception as error:
                await self._on_bug(error)
                raise
            else:
                break

    def _read_again(self, consumer: AIOKafkaConsumer) -> None:
        """Go back to the beginning of the batch in hand, in each partition still assigned."""
        for place, start in self.positions.refused().items():
            with contextlib.suppress(IllegalStateError):
                consumer.seek(TopicPartition(*place), start)

    async def _commit(self, consumer: AIOKafkaConsumer) -> None:
        """Commit what is durable; what is refused is committed after the next poll."""
        positions = self.positions.uncommitted()
        if not positions:
            return
        offsets = {TopicPartition(*place): at for place, at in positions.items()}
        try:
            async with asyncio.timeout(COMMIT_S_MAX):
                await consumer.commit(offsets)
        except (KafkaError, TimeoutError) as error:
            # The group is rebalancing or the broker is away: the effect stays, the batch may
            # come again, here or at another member.
            LOG.warning("position_not_committed", group=self.group, exc_info=error)
        else:
            self.positions.commit(positions)

    async def _on_bug(self, error: Exception) -> None:
        """Log what happened; the same bug for ever stops us."""
        self.failed_in_a_row += 1
        LOG.error("batch failed", group=self.group, exc_info=error)
        if self.failed_in_a_row >= FAILED_IN_A_ROW_MAX:
            self.stop_for(
                f"{self.group} failed {self.failed_in_a_row} times on one batch: "
                f"{type(error).__name__}; nothing was skipped; see the log"
            )
        await asyncio.sleep(BUG_WAIT_S)

    def stop_for(self, reason: str) -> None:
        """Refuse to go on, with the reason on readiness."""
        self.failure = reason
        self.fail(reason)

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Wait for the batch in hand, so that its position is committed by its owner."""
        if revoked and self.subscriber is not None:
            # Covers the handler and the commit after it; aiokafka hands out nothing meanwhile.
            await self.subscriber.lock.wait_release(REVOKE_WAIT_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STORE_S_MAX):
                await self.store_positions()
        places = [(tp.topic, tp.partition) for tp in revoked]
        self.positions.revoked(places)
        self.beginnings.revoked(places)

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Read nothing of the partitions before it is decided where to begin."""
        assert self.consumer is not None, "the client whose group gave them to us"
        places = [(tp.topic, tp.partition) for tp in assigned]
        self.beginnings.assigned(self.consumer, places)


def _is_member(consumer: AIOKafkaConsumer) -> bool:
    """Return whether the group knows us; a member without partitions is one too.

    The client forgets the group's coordinator at the first heartbeat that fails, so a broker
    that went away is noticed within seconds.
    """
    coordinator = getattr(consumer, "_coordinator", None)
    if getattr(coordinator, "coordinator_id", None) is None:
        return False
    generation = getattr(coordinator, "generation", -1)
    return bool(consumer.assignment()) or generation > 0


async def cluster_of(consumer: AIOKafkaConsumer) -> ClusterMetadata:
    """Ask the brokers which topics there are, without joining a group."""
    return await consumer._client.fetch_all_metadata()  # noqa: SLF001 - there is no public way.


def to_record(record: ConsumerRecord) -> Record:
    """Return aiokafka's record as ours."""
    return Record(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        value=record.value,
        headers=tuple(record.headers),
        timestamp_ms=record.timestamp,
    )
