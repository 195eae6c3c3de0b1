"""Which shards this instance holds, as the consumer group has it."""

from services.workflow.ports import Ends
from shared.events.topics import CENTRES, DOSSIERS
from shared.kafka.consumer import Consumption

TOPICS = (DOSSIERS.name, CENTRES.name)


class ConsumedShards:
    """Implements `Holding`: a shard is one partition of each of the two topics."""

    def __init__(self, consumption: Consumption) -> None:
        self._consumption = consumption

    def shards(self) -> frozenset[int]:
        """Return the shards of which we hold both partitions."""
        held = set(self._consumption.next_offsets)
        numbers = {number for _, number in held}
        return frozenset(
            number for number in numbers if all((topic, number) in held for topic in TOPICS)
        )

    async def ends(self) -> Ends:
        """Return where the partitions held end, as the broker tells now.

        Raises:
            UnavailableError: the broker did not say.
        """
        return await self._consumption.end_offsets()

    def passed(self, ends: Ends) -> frozenset[int]:
        """Return the shards of ours that have been read to these ends."""
        at = self._consumption.next_offsets
        behind = {place[1] for place, end in ends.items() if at.get(place, -1) < end}
        told = {number for _, number in ends}
        return frozenset(
            shard for shard in self.shards() if shard in told and shard not in behind
        )
