"""One call to the publisher: each topic by itself, each partition in order."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    BrokerResponseError,
    KafkaError,
    LeaderNotAvailableError,
    ProducerClosed,
    UnknownTopicOrPartitionError,
)

from shared.events.partitioner import partition_of
from shared.events.topics import RECORD_BYTES_MAX, partitions_written
from shared.kafka.lookups import (
    ANSWERS_AGAIN,
    ANSWERS_MAX,
    ask_for,
    found,
    leader_of,
    partitions_of,
)
from shared.kafka.producers import Producers, handed, sender_task
from shared.kafka.refusal import PRODUCER_ERRORS, NotAcknowledgedError, remedy, scope_of
from shared.kafka.topic_states import RefusedTopic, TopicStates
from shared.subjects.errors import UnavailableError
from shared.subjects.refused import Scope

PUBLISH_S_MAX: Final = 30.0
"""An idempotent producer never gives a batch up, so we stop waiting after a topic acknowledged
nothing for this long. A broker that is slow but acknowledges has all its time: what is given up
is published once more, which would load it exactly when it has too much to do."""

TRIAL_S_MAX: Final = 3.0
"""How long a topic that took nothing is waited for when it is tried again."""

LOOK_S: Final = 1.0
VANISHED_S_MAX: Final = 3.0
"""How long a topic may be absent from the brokers' metadata while records are on their way."""

PRODUCERS_MAX: Final = 4
"""How many producers may end under one share before the brokers count as away."""

RawRecord = tuple[str, bytes | None, bytes | None, Sequence[tuple[str, bytes]]]


@dataclass(frozen=True, slots=True)
class Missed:
    """Why one record was not taken although the brokers answer."""

    error: str
    scope: Scope
    sentence: str
    follows: bool = False


@dataclass(slots=True)
class Delivery:
    """Records on their way, by their place in the call.

    A topic that is missing, forbidden or without acknowledgements delays no other: each has a
    task of its own. Within a partition a batch goes when the one before it is acknowledged, so
    nothing overtakes a refused record of its key.

    Attributes:
        names: An id for each record, for the log; empty where there is none.
        missed: The records that were not taken.
    """

    records: Sequence[RawRecord]
    names: Sequence[str]
    producers: Producers
    topics: TopicStates
    missed: dict[int, Missed] = field(default_factory=dict)
    _taken: set[int] = field(default_factory=set)
    _sending: set[str] = field(default_factory=set)
    _again: dict[str, RefusedTopic] = field(default_factory=dict)

    async def run(self) -> None:
        """Return when every record is acknowledged or missed.

        Raises:
            KafkaError: the brokers are away.
            TimeoutError: they acknowledge nothing at all.
            UnavailableError: no producer can be made.
        """
        topics: dict[str, list[int]] = {}
        for place, record in enumerate(self.records):
            topics.setdefault(record[0], []).append(place)
        tasks = {
            asyncio.create_task(self._topic(topic, places)): topic
            for topic, places in topics.items()
        }
        started = _now()
        try:
            while tasks:
                done, _ = await asyncio.wait(
                    tasks, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    del tasks[task]
                    await task
                await self._give_up(tasks, topics, started)
        finally:
            await _cancelled(tasks)

    async def _give_up(
        self,
        tasks: dict[asyncio.Task[None], str],
        topics: dict[str, list[int]],
        started: float,
    ) -> None:
        """Refuse the topics that stand still while others move.

        Raises:
            TimeoutError: nothing moves.
        """
        for task, topic in [*tasks.items()]:
            known = self._again.get(topic)
            if known is not None:
                if _now() - started >= TRIAL_S_MAX:
                    del tasks[task]
                    await _cancelled([task])
                    await self.producers.abandon_single()
                    self._miss(self._left(topics[topic]), self.topics.renew(known))
                continue
            error = self._stuck(topic, started)
            if error is None:
                continue
            del tasks[task]
            await _cancelled([task])
            await self.producers.abandon_all()  # One of them holds what must not come later.
            self._miss_topic(error, topic, None, topics[topic])

    def _stuck(self, topic: str, started: float) -> KafkaError | None:
        now = _now()
        if topic in self._sending and self.topics.absent_for(topic, now) > VANISHED_S_MAX:
            return UnknownTopicOrPartitionError()
        if now - max(started, self.topics.acknowledged_at.get(topic, 0.0)) < PUBLISH_S_MAX:
            return None
        newest = max(self.topics.acknowledged_at.values(), default=0.0)
        if now - max(started, newest) >= PUBLISH_S_MAX or newest < started:
            raise TimeoutError
        return NotAcknowledgedError()

    async def _topic(self, topic: str, places: Sequence[int]) -> None:
        known = self.topics.refused.get((topic, None))
        if known is not None and _now() < known.again_at:
            self._miss(places, known)
            return
        if known is not None:
            self._again[topic] = known
        answers = ANSWERS_AGAIN if known else ANSWERS_MAX
        try:
            partitions = await partitions_of(await self.producers.shared(), topic, answers)
        except BrokerResponseError as error:
            self._miss_topic(error, topic, None, places)
            return
        partitions = min(partitions, partitions_written(topic) or partitions)
        self._sending.add(topic)
        shares: dict[int, list[int]] = {}
        for place in places:
            key = self.records[place][1]
            partition = place % partitions if key is None else partition_of(key, partitions)
            shares.setdefault(partition, []).append(place)
        if known is not None:
            await self._try_again(topic, shares)
            return
        await _together(
            [self._share(topic, partition, share) for partition, share in shares.items()]
        )

    async def _try_again(self, topic: str, shares: dict[int, list[int]]) -> None:
        """Send one record after another until one shows that the topic still takes nothing."""
        for partition, share in shares.items():
            refused = self.topics.refused.get((topic, None))
            if refused is not None and _now() < refused.again_at:
                self._miss(share, refused)
            else:
                await self._one_by_one(topic, partition, share)

    async def _share(self, topic: str, partition: int, places: Sequence[int]) -> None:
        """Send the records of one partition; after a refusal, what is left one by one."""
        if any(self._size(place) > RECORD_BYTES_MAX for place in places):
            await self._one_by_one(topic, partition, places)
            return
        waiting = list(places)
        for _ in range(PRODUCERS_MAX):
            producer = await self.producers.shared()
            try:
                if not await self._is_led(producer, topic, partition, waiting):
                    return
                while waiting:
                    waiting = await self._batch(producer, topic, partition, waiting)
            except PRODUCER_ERRORS:
                self.producers.retire(producer)
            except BrokerResponseError:
                # The batch may hold what others sent: each alone shows which it is.
                self.producers.retire(producer)
                await self._one_by_one(topic, partition, waiting)
                return
            else:
                return
        raise UnavailableError(f"{PRODUCERS_MAX} producers ended one after another")

    async def _batch(
        self, producer: AIOKafkaProducer, topic: str, partition: int, waiting: list[int]
    ) -> list[int]:
        """Send what one batch holds and return the rest.

        Several records go as a batch of our own making: one by one, each would cost a future
        and a look at the metadata. A single one joins what others have waiting.
        """
        if len(waiting) == 1:
            await self._one(producer, topic, partition, waiting[0])
            return []
        batch = producer.create_batch()
        count = 0
        for place in waiting:
            _, key, value, headers = self.records[place]
            fields = {"timestamp": None, "key": key, "value": value, "headers": [*headers]}
            if batch.append(**fields) is None:
                break
            count += 1
        sent = await handed(producer.send_batch, batch, topic, partition=partition)
        self.topics.acknowledged(await _acknowledged(producer, sent), further=count - 1)
        self._taken.update(waiting[:count])
        return waiting[count:]

    async def _one(
        self, producer: AIOKafkaProducer, topic: str, partition: int, place: int
    ) -> None:
        _, key, value, headers = self.records[place]
        sent = await handed(producer.send, topic, value, key, partition, headers=[*headers])
        self.topics.acknowledged(await _acknowledged(producer, sent))
        self._taken.add(place)

    async def _one_by_one(self, topic: str, partition: int, places: Sequence[int]) -> None:
        """Send each alone; what follows a refused record of its key is not sent."""
        producer = await self.producers.single()
        if not await self._is_led(producer, topic, partition, places):
            return
        stopped: dict[bytes, Missed] = {}
        for at, place in enumerate(places):
            key = self.records[place][1]
            if key is not None and key in stopped:
                self.missed[place] = replace(stopped[key], follows=True)
                continue
            try:
                await self._one(producer, topic, partition, place)
            except PRODUCER_ERRORS as error:
                raise UnavailableError("the producer was ended") from error
            except BrokerResponseError as error:
                if scope_of(error) is Scope.TOPIC:
                    self._miss_topic(error, topic, None, places[at:])
                    return
                missed = self._miss_record(error, topic, place)
                if key is not None:
                    stopped[key] = missed

    async def _is_led(
        self, producer: AIOKafkaProducer, topic: str, partition: int, places: Sequence[int]
    ) -> bool:
        """Return whether the partition has a leader; without one its records are missed."""
        known = self.topics.refused.get((topic, partition))
        if known is not None and _now() < known.again_at:
            self._miss(places, known)
            return False
        if known is None and leader_of(producer, topic, partition) is not None:
            return True
        ask_for(producer, topic)
        answers = ANSWERS_AGAIN if known else ANSWERS_MAX
        leader = await found(producer, lambda: leader_of(producer, topic, partition), answers)
        if leader is None:
            self._miss_topic(LeaderNotAvailableError(), topic, partition, places)
            return False
        self.topics.refused.pop((topic, partition), None)
        return True

    def _miss_record(self, error: KafkaError, topic: str, place: int) -> Missed:
        sentence = remedy(error, topic, self._size(place))
        missed = Missed(type(error).__name__, Scope.RECORD, sentence)
        self.missed[place] = missed
        self.topics.log_record(topic, missed.error, self.names[place], sentence)
        return missed

    def _miss_topic(
        self, error: KafkaError, topic: str, partition: int | None, places: Sequence[int]
    ) -> None:
        left = self._left(places)
        if left:
            self._miss(left, self.topics.refuse(topic, partition, error, self.names[left[0]]))

    def _left(self, places: Sequence[int]) -> list[int]:
        """Return those that were neither taken nor missed."""
        return [one for one in places if one not in self._taken and one not in self.missed]

    def _miss(self, places: Sequence[int], refused: RefusedTopic) -> None:
        missed = Missed(refused.error, Scope.TOPIC, refused.sentence)
        self.missed |= dict.fromkeys(places, missed)

    def _size(self, place: int) -> int:
        _, key, value, headers = self.records[place]
        return len(key or b"") + len(value or b"") + sum(len(n) + len(v) for n, v in headers)


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _acknowledged(producer: AIOKafkaProducer, sent: asyncio.Future[Any]) -> Any:  # noqa: ANN401 - untyped.
    """Return where a batch was written; raise when the producer was ended meanwhile."""
    sending = sender_task(producer)
    ends: set[asyncio.Future[Any]] = {sent} if sending is None else {sent, sending}
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if not sent.done():
            raise ProducerClosed
        return await sent
    finally:
        sent.cancel()  # Nobody asks any more; what is done stays done.


async def _together(works: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Do these side by side; the first failure ends the others."""
    if len(works) == 1:
        await works[0]
        return
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        await _cancelled(tasks)


async def _cancelled(
    tasks: "Sequence[asyncio.Task[None]] | dict[asyncio.Task[None], str]",
) -> None:
    """Cancel what is not done, and wait for the end of all."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
