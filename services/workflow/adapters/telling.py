"""What workflow says of itself: metrics and the account for operators."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from services.workflow.core.ladder import UPWARD
from services.workflow.core.model import UNREACHABLE, Subject
from services.workflow.core.reach import ON_LEAVE, VACANT
from services.workflow.usecases.sweep import Swept
from shared.events.obligations import ObligationRungReached
from shared.ops.metrics import Metrics
from shared.subjects.fold import Emission

REASONS: Final = (VACANT, ON_LEAVE, UNREACHABLE)
"""Why nobody hears a role."""


class Telling:
    """Counts what happens, for metrics and for whoever waits until we are at rest."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self.totals: Counter[str] = Counter()
        self.last_swept: Swept = Swept()
        self.swept_to: datetime | None = None

    def swept(self, swept: Swept, now: datetime) -> None:
        """Count a sweep."""
        self.last_swept = swept
        if swept.complete:
            self.swept_to = swept.upto
        self.totals["swept"] += swept.subjects
        self.totals["recounted"] += swept.recounted
        self.totals["emitted"] += len(swept.emissions)
        self._metrics.data_incomplete.set(swept.incomplete_since is not None)
        self._reached(swept.emissions, now)

    def opened(self, count: int) -> None:
        """Count what the calendar opened."""
        self.totals["opened"] += count

    def _reached(self, emissions: Sequence[Emission], now: datetime) -> None:
        for emission in emissions:
            data = emission.data
            match emission.name:
                case ObligationRungReached.NAME:
                    self.totals["reached"] += 1
                    self._metrics.escalations.labels(data["kind"], data["rung"]).inc()
                    at = datetime.fromisoformat(data["rung_at"])
                    late = max(0.0, (now - at).total_seconds())
                    self._metrics.timer_lateness_seconds.labels(data["kind"]).observe(late)

    def covered(self, ladders: Iterable[Subject]) -> None:
        """Measure how many roles nobody hears, by what the matters of units' ladders say."""
        gaps = Counter(
            (gap.role, gap.why) for ladder in ladders for gap in ladder.gaps.values()
        )
        for role in UPWARD:
            for why in REASONS:
                self._metrics.coverage_gaps.labels(role, why).set(gaps[role, why])

    def account(self) -> dict[str, int]:
        """Return the counters that stand still when nothing happens."""
        return dict(self.totals)


def iso(moment: datetime | None) -> Any:  # noqa: ANN401 - a JSON value.
    """Write an instant as the account has it."""
    return None if moment is None else moment.isoformat()
