"""What operators see of a consumer: how far behind it is, and what became of each batch."""

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from shared.events.envelope import Event
from shared.kafka.consumer import Consumption
from shared.kafka.positions import Offsets
from shared.kafka.watchdog import Look, Watchdog
from shared.ops.clock import wall_now
from shared.ops.log import batch_line, logger
from shared.ops.metrics import Metrics
from shared.subjects.apply import Applied
from shared.subjects.errors import UnavailableError
from shared.subjects.read_positions import Place
from shared.subjects.records import Record

LOG = logger(__name__)


@dataclass(slots=True)
class LagMeter:
    """Measures what waits for one subscription; call it every few seconds.

    Attributes:
        watchdog: Has seen what every measurement found.
        clock_s: A clock that never goes back.
    """

    metrics: Metrics
    group: str
    watchdog: Watchdog = field(default_factory=Watchdog)
    clock_s: Callable[[], float] = time.monotonic
    _labelled: set[Place] = field(default_factory=set)
    _open: dict[Place, tuple[int, float]] = field(default_factory=dict)

    async def __call__(self, consumption: Consumption) -> None:
        """Set the gauges of what waits; those of partitions given up are removed.

        Raises:
            UnavailableError: the broker did not answer; the gauges keep what was last known.
        """
        try:
            # In this order: what is written meanwhile is no open transaction.
            written = await consumption.high_watermarks()
            ends = await consumption.end_offsets()
        except UnavailableError:
            self.watchdog.forget()
            raise
        now_s = self.clock_s()
        look = consumption.look(now_s, ends)
        self.watchdog.look(look)
        self._open_transactions(written, ends, now_s)
        self._lag(consumption, look.next_offsets, ends, now_s)
        self._halted(look)

    def _lag(
        self,
        consumption: Consumption,
        next_offsets: Mapping[Place, int],
        ends: Offsets,
        now_s: float,
    ) -> None:
        behind: dict[str, int] = {}
        held = {place: end for place, end in ends.items() if place in next_offsets}
        for (topic, partition), end in held.items():
            count = max(0, end - next_offsets[topic, partition])
            self.metrics.consumer_lag.labels(self.group, topic, str(partition)).set(count)
            behind[topic] = behind.get(topic, 0) + count
        for topic, partition in self._labelled - held.keys():
            self.metrics.consumer_lag.remove(self.group, topic, str(partition))
        self._labelled = set(held)
        for topic, count in behind.items():
            self.metrics.oldest_event_age.labels(self.group, topic).set(
                self._age_s(consumption, topic, now_s) if count else 0.0
            )

    def _halted(self, look: Look) -> None:
        counts = Counter(topic for topic, _ in look.halted)
        for topic in {topic for topic, _ in look.next_offsets}:
            self.metrics.partitions_halted.labels(self.group, topic).set(counts[topic])

    def _age_s(self, consumption: Consumption, topic: str, now_s: float) -> float:
        """Return for how long the oldest record of a topic has waited, as far as we know.

        One in hand has a time of its own, and so has the first one that is left of a halted
        partition. One that was not fetched yet has waited at least since we first saw it; a
        topic that was quiet before adds nothing.
        """
        batch = consumption.positions.in_hand
        oldest_ms = None if batch is None else batch.oldest_ms.get(topic)
        times_ms = consumption.beginnings.oldest_left_ms(topic)
        if oldest_ms is not None:
            times_ms = [*times_ms, oldest_ms]
        wall_s = wall_now().timestamp()
        ages_s = [wall_s - one_ms / 1_000 for one_ms in times_ms]
        return max(*ages_s, self.watchdog.waited_s(topic, now_s), 0.0)

    def _open_transactions(self, written: Offsets, ends: Offsets, now_s: float) -> None:
        """Set for how long an open transaction has been seen at the same last stable offset."""
        gauge = self.metrics.open_transaction_age
        found: dict[Place, tuple[int, float]] = {}
        for place, end in ends.items():
            if written.get(place, end) <= end:
                continue
            before = self._open.get(place)
            found[place] = before if before is not None and before[0] == end else (end, now_s)
            topic, partition = place
            gauge.labels(self.group, topic, str(partition)).set(now_s - found[place][1])
        for topic, partition in self._open.keys() - found.keys():
            gauge.remove(self.group, topic, str(partition))
        self._open = found


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
        self._apply = apply
        self.measure = LagMeter(metrics, group)
        self.applied = 0
        self.repeated = 0

    async def handle(self, records: Sequence[Record]) -> None:
        """Apply a batch; count and log what became of it."""
        started = time.monotonic()
        applied = await self._apply(records)
        self._tell(records, applied, time.monotonic() - started)

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
