"""What the brokers refuse of one service: on readiness, in a metric, and for operators."""

from collections.abc import Callable
from dataclasses import dataclass, field

from shared.kafka.publisher import KafkaPublisher
from shared.ops.health import Health
from shared.ops.metrics import Metrics
from shared.subjects.decide_refused import DecideRefused


def _every_topic(_topic: str) -> bool:
    return True


@dataclass(slots=True)
class Refusals:
    """Names topics that take nothing and records that are refused, while all else goes on.

    Attributes:
        publisher: Knows the topics that take nothing now.
        decider: Knows the subjects that wait.
        is_prepared: Whether the store may be asked yet.
        watches: Which topics are named here; others have a check of their own.
    """

    publisher: KafkaPublisher
    decider: DecideRefused
    metrics: Metrics
    is_prepared: Callable[[], bool]
    watches: Callable[[str], bool] = _every_topic
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def watch(self, health: Health) -> None:
        """Add the checks."""
        health.watch("refused topics", self._topics)
        health.watch("refused records", self._records)

    async def measure(self) -> None:
        """Set the gauge of subjects that wait, by topic and error; what is over reads 0.

        Raises:
            UnavailableError: the store does not answer.
        """
        found: dict[tuple[str, str], int] = {}
        for one in await self.decider.count():
            kind = (one.topic, one.error)
            found[kind] = found.get(kind, 0) + one.subjects
        self._seen |= found.keys()
        for kind in self._seen:
            self.metrics.refused_subjects.labels(*kind).set(found.get(kind, 0))

    async def _topics(self) -> str | None:
        refusing = self.publisher.refusing()
        sentences = [refusing[topic] for topic in sorted(refusing) if self.watches(topic)]
        return "; ".join(sentences) or None

    async def _records(self) -> str | None:
        return await self.decider.impaired() if self.is_prepared() else None
