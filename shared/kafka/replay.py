"""A group's replay topic, read to its end before the live topics."""

from collections.abc import Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.events.topics import replay
from shared.kafka.cluster import Cluster
from shared.kafka.consumer import Handle, cluster_of, to_record
from shared.kafka.positions import positions_of
from shared.subjects.errors import UnavailableError

BATCH_MAX: Final = 500


async def drain_replay(
    where: Cluster | Sequence[str], group: str, handle: Handle, *, client_id: str
) -> int:
    """Hand over everything unread on the group's replay topic; return how many records.

    The positions are committed after each batch, so a crash repeats work whose effect is there
    already. Members that start together each read it all, which is only work done twice.

    Raises:
        UnavailableError: the broker went away, or the handler's own.
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
        await consumer.start()
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
                await handle(records)
                handled += len(records)
            moved = {tp: noted.get((tp.topic, tp.partition), at) for tp, at in passed.items()}
            if moved != passed:
                await consumer.commit(moved)
                passed = moved
    except (KafkaError, OSError) as error:
        raise UnavailableError("the broker went away during the replay") from error
    finally:
        await consumer.stop()
    return handled
