"""Watch over intake's subscription: what waits, and a client that fetches nothing any more."""

import signal
from dataclasses import dataclass

from shared.kafka.consumer import Consumption
from shared.kafka.measure import LagMeter
from shared.ops.log import logger
from shared.subjects.errors import UnavailableError

LOG = logger(__name__)


@dataclass(frozen=True, slots=True)
class WatchConsumer:
    """Measures what waits, and ends this process once its client is stuck."""

    lag: LagMeter
    consumption: Consumption

    async def __call__(self) -> None:
        """Look once; the supervisor or the orchestrator starts a new process."""
        try:
            await self.lag(self.consumption)
        except UnavailableError:
            return  # Nothing is known of what waits; readiness names the broker.
        stuck = self.lag.watchdog.stuck()
        if stuck is not None and self.consumption.failure is None:
            topic, partition = stuck
            LOG.error(
                "consumer_stuck",
                group=self.consumption.group,
                topic=topic,
                partition=partition,
                seconds=self.lag.watchdog.limit_s,
            )
            signal.raise_signal(signal.SIGTERM)
