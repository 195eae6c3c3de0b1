"""What a consumer tells operators: how far behind it is, and what became of each batch."""

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from shared.events.envelope import Event
from shared.kafka.consumer import Consumption
from shared.ops.clock import wall_now
from shared.ops.log import batch_line, logger
from shared.ops.metrics import Metrics
from shared.subjects.apply import Applied
from shared.subjects.records import Record

LOG = logger(__name__)


class BatchMeter:
    """Times and counts each batch, and measures what still waits.

    Use `handle` as the consumption's handler, and call `measure` every few seconds.
    """

    def __init__(
        self,
        metrics: Metrics,
        group: str,
        apply: Callable[[Sequence[Record]], Awaitable[Applied]],
    ) -> None:
        self._metrics = metrics
        self._group = group
        self._apply = apply
        self._oldest: dict[str, datetime] = {}
        self._labelled: set[tuple[str, int]] = set()
        self.applied = 0
        self.repeated = 0

    async def handle(self, records: Sequence[Record]) -> None:
        """Apply a batch and tell what became of it."""
        started = time.monotonic()
        for topic in {record.topic for record in records}:
            oldest = min(one.timestamp_ms for one in records if one.topic == topic)
            self._oldest[topic] = datetime.fromtimestamp(oldest / 1000, UTC)
        applied = await self._apply(records)
        seconds = time.monotonic() - started
        self._oldest.clear()
        self._tell(records, applied, seconds)

    async def measure(self, consumption: Consumption) -> None:
        """Set the gauges of what is behind; those of partitions given up are removed."""
        lag = await consumption.lag()
        behind: dict[str, int] = {}
        for (topic, partition), count in lag.items():
            self._metrics.consumer_lag.labels(self._group, topic, str(partition)).set(count)
            behind[topic] = behind.get(topic, 0) + count
        for topic, partition in self._labelled - lag.keys():
            self._metrics.consumer_lag.remove(self._group, topic, str(partition))
        self._labelled = set(lag)
        for topic, count in behind.items():
            self._metrics.oldest_event_age.labels(self._group, topic).set(
                self._age(consumption, topic) if count else 0.0
            )

    def _age(self, consumption: Consumption, topic: str) -> float:
        """Return for how long the oldest record of a topic has waited, as far as we know.

        What is in the handler tells by its own time; what has not been fetched yet is at least
        as old as our silence.
        """
        oldest = self._oldest.get(topic)
        if oldest is not None:
            return max(0.0, (wall_now() - oldest).total_seconds())
        return max(0.0, time.monotonic() - consumption.polled_at)

    def _tell(self, records: Sequence[Record], applied: Applied, seconds: float) -> None:
        self.applied += len(applied.events)
        self.repeated += applied.duplicates
        by_topic: dict[str, list[Event]] = {}
        for event in applied.events:
            by_topic.setdefault(event.topic.name, []).append(event)
        for topic, events in by_topic.items():
            self._metrics.events_applied.labels(topic, "applied").inc(len(events))
            observe = self._metrics.end_to_end_seconds.labels(topic).observe
            for event in events:
                if event.recordedtime is not None and applied.at is not None:
                    waited = (applied.at - event.recordedtime).total_seconds()
                    observe(max(0.0, waited))
        first = records[0].topic
        if applied.duplicates:
            self._metrics.events_applied.labels(first, "repeated").inc(applied.duplicates)
        if applied.parked:
            self._metrics.events_applied.labels(first, "parked").inc(applied.parked)
        self._metrics.batch_seconds.labels(first).observe(seconds)
        batch_line(
            LOG,
            topic=first,
            event_ids=[event.id for event in applied.events],
            seconds=seconds,
            repeated=applied.duplicates,
            parked=applied.parked,
            published=applied.published,
        )
