"""A subscription in FastStream, which fetches, groups and hands over.

Several of its defaults lose records (decision 0002); what is set here, and why, is written
beside each option.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.message import StreamMessage

from shared.kafka.cluster import READ_COMMITTED
from shared.kafka.consumer import ConsumerOptions, Consumption, RawBatch

Message = StreamMessage[RawBatch]


def subscribe(
    broker: KafkaBroker,
    consumption: Consumption,
    options: ConsumerOptions,
    *,
    topics: Sequence[str] = (),
    pattern: str | None = None,
) -> None:
    """Subscribe `consumption` to topics, or to every topic that matches a pattern."""
    subscriber = broker.subscriber(
        *topics,
        pattern=pattern,
        batch=True,
        group_id=consumption.group,
        listener=consumption,
        max_records=options.records_max,
        fetch_max_wait_ms=options.fetch_wait_ms,
        max_partition_fetch_bytes=options.partition_bytes_max,
        session_timeout_ms=options.session_ms,
        heartbeat_interval_ms=options.session_ms // 4,
        rebalance_timeout_ms=60_000,
        max_poll_interval_ms=options.poll_interval_ms_max,
        partition_assignment_strategy=(RangePartitionAssignor,),
        auto_offset_reset="none",  # Where to begin is our decision (`Beginnings`), each time.
        isolation_level=READ_COMMITTED,
        ack_policy=AckPolicy.MANUAL,  # We commit: FastStream would commit the live positions.
        no_reply=True,  # Else a record's `reply_to` header makes us publish where it says.
        parser=_parse_without_headers,
        decoder=_leave_undecoded,
    )
    consumption.subscriber = subscriber

    async def next_batch(consumer: AIOKafkaConsumer) -> tuple[ConsumerRecord, ...]:
        return await consumption.next_batch(
            consumer, wait_ms=options.poll_wait_ms, records_max=options.records_max
        )

    # FastStream's own sleeps after each empty poll, whatever comes in meanwhile.
    subscriber.get_msg = next_batch  # type: ignore[method-assign]

    @subscriber
    async def on_batch(batch: RawBatch) -> None:
        await consumption.on_batch(batch)


async def _parse_without_headers(
    batch: RawBatch, parse: Callable[[RawBatch], Awaitable[Message]]
) -> Message:
    """Parse a batch whose headers may hold anything.

    FastStream decodes each header as UTF-8; where that fails it never calls us. So it parses
    but the first record, without them, and is given the others as they are: the inbound topics'
    binary mode needs their headers.
    """
    message = await parse((replace(batch[0], headers=()),))
    message.raw_message = batch
    message.body = [record.value or b"" for record in batch]
    message.batch_headers = [{} for _ in batch]
    return message


def _leave_undecoded(message: Message) -> RawBatch:
    """Hand the records on as they are; one bad record then cannot fail its neighbours."""
    return message.raw_message
