"""What every subscription has besides its handler: kept positions, and a look at its group."""

from typing import Final

from shared.kafka.broker import ServiceBroker
from shared.kafka.members import GroupMembers
from shared.ops.health import Health
from shared.ops.log import logger
from shared.ops.metrics import Metrics
from shared.ops.supervise import Supervisor
from shared.subjects.errors import UnavailableError

LOG = logger(__name__)

STORE_S: Final = 1.0
"""How often the store is given how far we have read: what a kill makes us read again."""

MEMBERS_S: Final = 10.0


class GroupWatch:
    """Keeps the positions of a service's subscriptions, and names who else is in its group."""

    def __init__(self, broker: ServiceBroker, members: GroupMembers, metrics: Metrics) -> None:
        self._broker = broker
        self._members = members
        self._gauge = metrics.foreign_members.labels(members.group)

    def add_to(self, supervisor: Supervisor, health: Health) -> None:
        """Add the tasks, and the parts that may work only in part."""
        supervisor.every(STORE_S, "read positions", self._broker.store_positions)
        supervisor.every(MEMBERS_S, "group members", self.look)
        health.watch("partitions", self._partitions)
        health.watch("group", self._group)

    async def look(self) -> None:
        """Look who is in the group; whoever is new and not ours is logged."""
        if not self._broker.connected:
            return
        before = set(self._members.strange)
        try:
            strange = await self._members.look()
        except UnavailableError:
            return  # Readiness names the broker.
        self._gauge.set(len(strange))
        for member in set(strange) - before:
            LOG.error(
                "foreign_group_member",
                group=self._members.group,
                client_id=member.client_id,
                host=member.host,
            )

    async def stop(self) -> None:
        """Disconnect."""
        await self._members.stop()

    async def _partitions(self) -> str | None:
        return "; ".join(self._broker.impaired()) or None

    async def _group(self) -> str | None:
        return self._members.sentence()
