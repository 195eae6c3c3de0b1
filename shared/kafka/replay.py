"""A group's replay topic, read to its end before the live topics."""

from collections.abc import Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.events.topics import replay
from shared.kafka.cluster import Cluster
from shared.kafka.connect import connect
from shared.kafka.consumer import Handle, cluster_of, to_record
from shared.kafka.disconnect import disconnect
from shared.kafka.positions import positions_of
from shared.subjects.errors import UnavailableError
from shared.subjects.records import Record

BATCH_MAX: Final = 500


class HandlerUnavailableError(UnavailableError):
    """What the handler needs is not there; the broker is, and no position was committed."""


async def drain_replay(
    where: Cluster | Sequence[str], group: str, handle: Handle, *, client_id: str
) -> int:
    """Hand over everything unread on the group's replay topic; return how many records.

    The positions are committed after each batch, so a crash repeats work whose effect is there
    already. Members that start together each read it all, which is only work done twice.

    Raises:
        HandlerUnavailableError: what the handler needs is not there; it says what.
        UnavailableError: the broker went away.
    """
    topic = replay(group).name
    consumer = AIOKafkaConsumer(
        **Cluster.at(where).reader_options(),
        group_id=f"{group}.replay",
        client_id=client_id,
        auto_offset_reset="earliest",
    )
    handled = 0
    try:
        await connect(consumer)
        numbers = (await cluster_of(consumer)).partitions_for_topic(topic) or set()
        held = [TopicPartition(topic, number) for number in sorted(numbers)]
        if not held:
            return 0
        consumer.assign(held)
        ends = await consumer.end_offsets(held)
        passed = {tp: await consumer.position(tp) for tp in held}
        while any(passed[tp] < end for tp, end in ends.items()):
            fetched = await consumer.getmany(timeout_ms=200, max_records=BATCH_MAX)
            noted = positions_of(consumer)
            records = [to_record(record) for part in fetched.values() for record in part]
            if records:
                await _hand_over(handle, records)
                handled += len(records)
            moved = {tp: noted.get((tp.topic, tp.partition), at) for tp, at in passed.items()}
            if moved != passed:
                await consumer.commit(moved)
                passed = moved
    except (KafkaError, OSError) as error:
        raise UnavailableError(
            f"the broker went away during the replay of {group} ({type(error).__name__})"
        ) from error
    finally:
        await disconnect(consumer)
    return handled


async def _hand_over(handle: Handle, records: Sequence[Record]) -> None:
    try:
        await handle(records)
    except UnavailableError as error:
        raise HandlerUnavailableError(str(error)) from error
