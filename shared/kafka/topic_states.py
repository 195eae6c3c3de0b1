"""What a publisher knows of the topics that it writes: when they moved, and which refuse."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from aiokafka.errors import KafkaError

from shared.kafka.refusal import remedy

TOPIC_RETRY_S: Final = 5.0
"""How long a topic that takes nothing is not tried again, so that it delays nobody."""

OnAcknowledged = Callable[[str, int, int], None]
"""Called with topic, partition and offset of the last record of what was acknowledged."""

_log = structlog.stdlib.get_logger(__name__)


@dataclass(slots=True)
class RefusedTopic:
    """A topic that takes nothing, or one partition of it.

    Attributes:
        error: The error's name as the Kafka client spells it.
        sentence: What is wrong and what to do about it.
        event_id: The first event that it did not take.
        again_at: From when on it is tried again, by the loop's clock.
    """

    error: str
    sentence: str
    event_id: str
    again_at: float = 0.0


def ignore(_topic: str, _partition: int, _offset: int) -> None:
    """Do nothing with an acknowledgement."""


@dataclass(slots=True)
class TopicStates:
    """The memory of one publisher.

    Attributes:
        on_acknowledged: Called for each batch that the broker acknowledges.
        acknowledged_at: When each topic last acknowledged something, by the loop's clock.
        refused: The topics that take nothing, and partitions (else None) without a leader.
        is_known: Asks the current metadata whether a topic is there.
    """

    on_acknowledged: OnAcknowledged = ignore
    is_known: Callable[[str], bool] = lambda _topic: True
    acknowledged_at: dict[str, float] = field(default_factory=dict)
    refused: dict[tuple[str, int | None], RefusedTopic] = field(default_factory=dict)
    _absent_since: dict[str, float] = field(default_factory=dict)

    def acknowledged(self, written: Any, further: int = 0) -> None:  # noqa: ANN401 - untyped.
        """Note a batch: where its first record was written, and how many follow it."""
        topic: str = written.topic
        self.acknowledged_at[topic] = asyncio.get_running_loop().time()
        if self.refused.pop((topic, None), None) is not None:
            _log.info("topic_takes_records_again", topic=topic)
        if written.offset >= 0:
            self.on_acknowledged(topic, written.partition, written.offset + further)

    def refuse(
        self, topic: str, partition: int | None, error: KafkaError, event_id: str
    ) -> RefusedTopic:
        """Remember that a topic or a partition takes nothing; log it when that is new."""
        name, sentence = type(error).__name__, remedy(error, topic)
        known = self.refused.get((topic, partition))
        if known is not None and known.error == name:
            return self.renew(known)
        made = self.renew(RefusedTopic(name, sentence, event_id))
        self.refused[topic, partition] = made
        _log.error(
            "topic_refused",
            topic=topic,
            partition=partition,
            error=name,
            event_id=event_id,
            remedy=sentence,
        )
        return made

    def renew(self, refused: RefusedTopic) -> RefusedTopic:
        """Leave a topic alone for a while from now on."""
        refused.again_at = asyncio.get_running_loop().time() + TOPIC_RETRY_S
        return refused

    def log_record(self, topic: str, error: str, event_id: str, sentence: str) -> None:
        """Log a refused record."""
        _log.error(
            "record_refused", topic=topic, error=error, event_id=event_id, remedy=sentence
        )

    def absent_for(self, topic: str, now: float) -> float:
        """Return for how many seconds in a row the metadata has lacked a topic."""
        if self.is_known(topic):
            self._absent_since.pop(topic, None)
            return 0.0
        return now - self._absent_since.setdefault(topic, now)
