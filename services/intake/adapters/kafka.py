"""The Kafka door: inbound records to the use case, refusals back to their publisher."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from services.intake.adapters.counting import CountEvents
from services.intake.core.arrivals import Origin, Sender
from services.intake.core.rejection import rejection
from services.intake.ports import Positions
from services.intake.usecases.answers import Answer
from services.intake.usecases.entries import Candidate
from services.intake.usecases.receive import ReceiveEvents
from services.intake.usecases.relaying import RelayOutboxes
from shared.events.topics import publisher_of_topic
from shared.kafka.consumer import Consumption
from shared.subjects.ports import Clock, Publisher
from shared.subjects.records import Record

DOOR: Final = "kafka"
GROUP: Final = "intake"
INBOUND_PATTERN: Final = r"^motcua\.inbound\.[a-z][a-z0-9-]{1,30}\.v1$"


async def _all(records: Sequence[Record]) -> Sequence[Record]:
    return records


@dataclass(frozen=True, slots=True)
class KafkaDoor:
    """Hands each publisher's records to the use case; the right to write was the identity.

    Its publisher keeps the rejections that their topic does not take.

    `to_receive` leaves out what was rejected before the store was lost.
    """

    receive: ReceiveEvents
    relay: RelayOutboxes
    publisher: Publisher
    clock: Clock
    counting: CountEvents
    to_receive: Callable[[Sequence[Record]], Awaitable[Sequence[Record]]] = _all

    async def __call__(self, records: Sequence[Record]) -> None:
        """Receive a batch; when this returns, its position may be committed.

        Raises:
            UnavailableError: store or broker does not answer; the batch comes again.
        """
        for topic, part in _by_topic(await self.to_receive(records)).items():
            name = publisher_of_topic(topic)
            assert name is not None, "the subscription's pattern asks for a publisher"
            origins = [Origin(record) for record in part]
            candidates = [
                Candidate(record.value, record.headers, origin, in_any_order=True)
                for record, origin in zip(part, origins, strict=True)
            ]
            settled = await self.receive(Sender(name), candidates)
            self.counting(DOOR, settled.answers, settled.ignored)
            self.counting.ended("applied", len(settled.released))
            self.counting.off_partition(name, _off_partition(origins, settled.answers))
            rejections = [
                rejection(name, answer.event_id, origin.place, answer.faults, self.clock.now())
                for origin, answer in zip(origins, settled.answers, strict=True)
                if answer.is_refused
            ]
            refused = await self.publisher.publish(rejections)
            assert not refused, "what a topic of rejections does not take is kept"
            await self.relay.now(settled)


def _off_partition(origins: Sequence[Origin], answers: Sequence[Answer]) -> int:
    """Count the records whose key is not their subject, or whose partition is another's."""
    return sum(
        answer.subject is not None and not origin.is_keyed_by(answer.subject)
        for origin, answer in zip(origins, answers, strict=True)
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
