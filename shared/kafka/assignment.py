"""What a service asks when it is given partitions, repeated until the brokers answer.

aiokafka logs an exception of a rebalance listener and goes on. A partition without a leader at
that moment would then be read, while the service counts it as not held: nobody would sweep
its subjects, and its progress mark would stand, until the next rebalance.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from shared.ops.log import logger
from shared.subjects.errors import UnavailableError

LOG = logger(__name__)

TRIES_MAX: Final = 120
PAUSE_S: Final = 1.0


class Assigned(Protocol):
    """A subscription as its listener knows it; `stop_for` refuses to go on, for a reason."""

    group: str
    stopping: bool

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Finish what is in hand of partitions that go to somebody else."""

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Ask where the partitions begin, and count them as held."""

    def stop_for(self, reason: str) -> None:
        """Refuse to go on."""


class PersistentListener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types.
    """Passes rebalances on to a subscription, and does not give up on brokers that are away."""

    def __init__(self, subscription: Assigned, *, pause_s: float = PAUSE_S) -> None:
        self._subscription = subscription
        self._pause_s = pause_s

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Pass it on."""
        await self._subscription.on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Pass it on, again and again while brokers do not answer and nobody stops us.

        Raises:
            KafkaError: they never did; the subscription then refuses to go on.
        """
        for tries_left in reversed(range(TRIES_MAX)):
            try:
                await self._subscription.on_partitions_assigned(assigned)
            except (KafkaError, UnavailableError) as error:
                if self._subscription.stopping:
                    return
                if not tries_left:
                    self._subscription.stop_for(
                        f"the brokers did not say where the partitions of "
                        f"{self._subscription.group} begin; see the log, and start it again"
                    )
                    raise
                LOG.warning(
                    "assignment waits for brokers",
                    group=self._subscription.group,
                    reason=type(error).__name__,
                )
                await asyncio.sleep(self._pause_s)
            else:
                return
