"""What reporting counts about itself, for Prometheus and for its own account."""

from datetime import timedelta

from services.reporting.adapters.desk import Desk
from services.reporting.core.clocks import local_day
from services.reporting.core.figures import NotReconciledError, Period
from shared.events.envelope import Event
from shared.kafka.consumer import Consumption
from shared.ops.clock import wall_now
from shared.ops.metrics import Metrics
from shared.subjects.apply import Applied


class Counting:
    """The counters of one process."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._applied = 0
        self._repeated = 0
        self._parked = 0

    def applied(self, found: Applied) -> None:
        """Count what became of a batch."""
        self._applied += len(found.events)
        self._repeated += found.duplicates
        self._parked += found.parked
        wall = wall_now()
        for event in found.events:
            self._metrics.events_applied.labels(event.topic.name, "applied").inc()
            self._observe(event, wall.timestamp())
        if found.duplicates:
            self._metrics.events_applied.labels("all", "repeated").inc(found.duplicates)

    def _observe(self, event: Event, now: float) -> None:
        recorded = event.recordedtime
        if recorded is not None and not event.backfill:
            seconds = max(0.0, now - recorded.timestamp())
            self._metrics.end_to_end_seconds.labels(event.topic.name).observe(seconds)

    def account(self) -> dict[str, int]:
        """Give the counters."""
        return {
            "applied": self._applied,
            "repeated": self._repeated,
            "parked": self._parked,
        }

    async def measure(self, desk: Desk, consumption: Consumption, group: str) -> None:
        """Measure lag, completeness and whether the figures add up."""
        for (topic, partition), behind in (await consumption.lag()).items():
            self._metrics.consumer_lag.labels(group, topic, str(partition)).set(behind)
        now = desk.now
        month = local_day(now).replace(day=1)
        try:
            found = await desk.overview(None, Period(month, None), now)
        except NotReconciledError:
            self._metrics.figures_reconcile.set(0)
            return
        self._metrics.figures_reconcile.set(1)
        self._metrics.dossiers_without_deadline.set(found.total.open.pending_without_deadline)
        since = now - timedelta(days=1)
        silent = sum(
            found.heard.last.get(unit, since - timedelta(days=1)) < since
            for unit in found.heard.of
        )
        self._metrics.units_silent.set(silent)
