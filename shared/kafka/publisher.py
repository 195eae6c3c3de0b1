"""Kafka out: records acknowledged by all replicas, in order within each key."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson
from aiokafka.errors import KafkaError

from shared.kafka.cluster import Cluster
from shared.kafka.delivery import Delivery, Missed, RawRecord
from shared.kafka.producers import Producers
from shared.kafka.topic_states import OnAcknowledged, TopicStates
from shared.subjects.document import Outgoing
from shared.subjects.errors import RefusedRecordError, UnavailableError
from shared.subjects.refused import RefusedRecord

CONTENT_TYPE: Final = (("content-type", b"application/cloudevents+json"),)


class KafkaPublisher:
    """Publishes by an idempotent producer, and by another what a broker might refuse.

    A producer that failed sends nothing more: what it still holds would come behind the back of
    its successor, whenever the broker is there again. What a broker refuses for good is
    returned, and everything else goes on (decision 0034).
    """

    def __init__(
        self,
        where: Cluster | Sequence[str],
        *,
        client_id: str,
        encode: Callable[[dict[str, Any]], bytes] = orjson.dumps,
        producers: Producers | None = None,
    ) -> None:
        self.producers = producers or Producers(Cluster.at(where), client_id)
        self._topics = TopicStates(is_known=self.producers.knows)
        self._encode = encode

    @property
    def alive(self) -> bool:
        """Return whether the producer is connected."""
        return self.producers.alive

    @property
    def on_acknowledged(self) -> OnAcknowledged:
        """Return what is called for each batch that the broker acknowledges.

        It gets topic, partition and offset of the batch's last record, but not where the broker
        no longer knows the offset of a batch that it has. It must not raise or block.
        """
        return self._topics.on_acknowledged

    @on_acknowledged.setter
    def on_acknowledged(self, call: OnAcknowledged) -> None:
        self._topics.on_acknowledged = call

    def refusing(self) -> dict[str, str]:
        """Return a sentence for each topic that takes nothing: error, event and remedy."""
        return {
            topic: f"{one.error} (event {one.event_id or 'without an id'}): {one.sentence}"
            for (topic, _), one in self._topics.refused.items()
        }

    async def start(self) -> None:
        """Connect.

        Raises:
            UnavailableError: no broker answers.
        """
        self.producers.open()
        await self.producers.shared()

    async def publish(self, outgoing: Sequence[Outgoing]) -> Sequence[RefusedRecord]:
        """Return when the broker has acknowledged all that it takes, with what it refuses.

        Raises:
            UnavailableError: the brokers are away; some may have been written.
        """
        records = [
            (
                out.topic,
                out.key.encode(),
                None if out.value is None else self._encode(out.value),
                list(CONTENT_TYPE) if out.value is not None else [],
            )
            for out in outgoing
        ]
        missed = await self._deliver(records, [out.id for out in outgoing])
        return [
            RefusedRecord(outgoing[place], one.error, one.scope, one.sentence, one.follows)
            for place, one in sorted(missed.items())
        ]

    async def publish_raw(self, records: Sequence[RawRecord]) -> None:
        """Publish (topic, key, value, headers) and return when all are acknowledged.

        Raises:
            RefusedRecordError: the broker refuses some of them; the others were written.
            UnavailableError: the brokers are away; some may have been written.
        """
        missed = await self._deliver(records, [""] * len(records))
        if missed:
            first = missed[min(missed)]
            raise RefusedRecordError(len(missed), f"{first.error}: {first.sentence}")

    async def stop(self) -> None:
        """Flush and disconnect."""
        await self.producers.stop()

    async def _deliver(
        self, records: Sequence[RawRecord], names: Sequence[str]
    ) -> dict[int, Missed]:
        if not records:
            return {}
        delivery = Delivery(records, names, self.producers, self._topics)
        try:
            await delivery.run()
        except (KafkaError, TimeoutError) as error:
            await self.producers.abandon_all()
            raise UnavailableError(
                f"the broker did not acknowledge: {type(error).__name__}"
            ) from error
        return delivery.missed
