"""What Prometheus learns of the figures: do they add up, who is silent, what is undated."""

from datetime import timedelta
from typing import Final

from services.reporting.adapters.desk import Desk
from services.reporting.core.clocks import local_day
from services.reporting.core.figures import NotReconciledError, Period
from shared.ops.metrics import Metrics

SILENT_AFTER: Final = timedelta(days=1)


async def measure(desk: Desk, metrics: Metrics) -> None:
    """Set the gauges of this month's figures."""
    now = desk.now
    try:
        found = await desk.overview(None, Period(local_day(now).replace(day=1), None), now)
    except NotReconciledError:
        metrics.figures_reconcile.set(0)
        return
    metrics.figures_reconcile.set(1)
    metrics.dossiers_without_deadline.set(found.total.open.pending_without_deadline)
    last = found.heard.last
    metrics.units_silent.set(
        sum(unit not in last or now - last[unit] > SILENT_AFTER for unit in found.heard.of)
    )
