"""Which shards this instance holds, as the consumer group has it."""

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

    async def current(self) -> frozenset[int]:
        """Return the shards read to the ends that the broker tells now.

        Raises:
            UnavailableError: the broker did not say.
        """
        ends = await self._consumption.end_offsets()
        at = self._consumption.next_offsets
        behind = {place[1] for place, end in ends.items() if at.get(place, -1) < end}
        told = {number for _, number in ends}
        return frozenset(
            shard for shard in self.shards() if shard in told and shard not in behind
        )
