"""The Kafka door: inbound records to the use case, refusals back to their publisher."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from services.intake.adapters.counting import CountEvents
from services.intake.core.arrivals import Sender
from services.intake.ports import Positions
from services.intake.usecases.answers import Answer
from services.intake.usecases.receive import Candidate, ReceiveEvents
from services.intake.usecases.relaying import RelayOutboxes
from shared.events.model import instant_text
from shared.events.rejections import Rejection, fault_rows, rejection_document, value_hash
from shared.events.topics import publisher_of_topic, rejected
from shared.kafka.consumer import Consumption
from shared.subjects.document import Outgoing
from shared.subjects.ports import Clock, Publisher
from shared.subjects.records import Record

DOOR: Final = "kafka"
GROUP: Final = "intake"
INBOUND_PATTERN: Final = r"^motcua\.inbound\.[a-z][a-z0-9-]{1,30}\.v1$"


@dataclass(frozen=True, slots=True)
class KafkaDoor:
    """Hands each publisher's records to the use case; the right to write was the identity."""

    receive: ReceiveEvents
    relay: RelayOutboxes
    publisher: Publisher
    clock: Clock
    counting: CountEvents

    async def __call__(self, records: Sequence[Record]) -> None:
        """Receive a batch; when this returns, its position may be committed.

        Raises:
            UnavailableError: store or broker does not answer; the batch comes again.
        """
        for topic, part in _by_topic(records).items():
            name = publisher_of_topic(topic)
            assert name is not None, "the subscription's pattern asks for a publisher"
            candidates = [Candidate(record.value, record.headers) for record in part]
            settled = await self.receive(Sender(name), candidates)
            self.counting(DOOR, settled.answers, settled.ignored)
            rejections = [
                self._rejection(name, record, answer)
                for record, answer in zip(part, settled.answers, strict=True)
                if not answer.is_applied
            ]
            await self.publisher.publish(rejections)
            await self.relay.now(settled)

    def _rejection(self, publisher: str, record: Record, answer: Answer) -> Outgoing:
        rejection = Rejection(
            event_id=answer.event_id,
            publisher=publisher,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            hash=value_hash(record.value),
            at=self.clock.now(),
            faults=fault_rows(answer.faults),
        )
        return Outgoing(
            id=f"{record.place}@{instant_text(rejection.at)}",
            topic=rejected(publisher).name,
            key=rejection.key,
            value=rejection_document(rejection),
        )


@dataclass(frozen=True, slots=True)
class InboundPositions(Positions):
    """Implements `Positions` on this replica's subscription."""

    consumption: Consumption

    @override
    async def high_watermarks(self) -> dict[tuple[str, int], int]:
        return await self.consumption.high_watermarks()

    @override
    async def next_offsets(self) -> dict[tuple[str, int], int]:
        return dict(self.consumption.next_offsets)


def _by_topic(records: Sequence[Record]) -> Mapping[str, list[Record]]:
    """Split a batch by topic; a partition's records keep their order."""
    parts: dict[str, list[Record]] = {}
    for record in records:
        parts.setdefault(record.topic, []).append(record)
    return parts
