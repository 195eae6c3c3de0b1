"""Counting what comes to the doors."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.intake.core.opening import TAKEN
from services.intake.usecases.answers import Answer
from shared.ops import log
from shared.ops.metrics import Metrics

_log = log.logger(__name__)


@dataclass(slots=True)
class CountEvents:
    """Counts answers, for the metrics and for the service's own account."""

    metrics: Metrics
    totals: dict[str, int] = field(
        default_factory=lambda: {"accepted": 0, "repeated": 0, "waiting": 0, "refused": 0}
    )

    def __call__(self, door: str, answers: Sequence[Answer], ignored: int = 0) -> None:
        """Count the answers that a door gave, and the attributes of others that it ignored."""
        self.metrics.attributes_ignored.labels(door).inc(ignored)
        for answer in answers:
            if answer.is_waiting:
                outcome = "waiting"
            elif not answer.is_applied:
                outcome = "refused"
                for fault in answer.faults:
                    self.metrics.refusals.labels(fault.rule).inc()
            else:
                outcome = "repeated" if answer.repeated else "accepted"
            self.totals[outcome] += 1
            self.metrics.inbound.labels(door, outcome).inc()

    def code_taken(self, code: str) -> None:
        """Count a code that a counter drew and somebody else had opened a dossier under."""
        self.metrics.refusals.labels(TAKEN).inc()
        _log.warning("code_taken", subject=code, action="the next number is drawn")

    def ended(self, outcome: str, count: int) -> None:
        """Count events that waited and do no longer: `applied`, or `expired`."""
        self.metrics.waiting_ended.labels(outcome).inc(count)

    def off_partition(self, publisher: str, count: int) -> None:
        """Count records of a publisher that are not on the partition of their subject."""
        if count:
            self.metrics.off_partition.labels(publisher).inc(count)
