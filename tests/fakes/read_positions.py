"""Stored positions in memory, with the behaviour of the store's."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from shared.subjects.errors import UnavailableError
from shared.subjects.read_positions import Loss, Place, StoredPosition


@dataclass
class MemoryReadPositions:
    """Implements `ReadPositions`; several members may share one.

    Attributes:
        older: Whether it has subjects and no positions yet.
        kept: The positions.
        away: Whether the store does not answer.
        saves: How often positions were written.
    """

    older: bool = False
    kept: dict[Place, StoredPosition] = field(default_factory=dict)
    losses: dict[Place, Loss] = field(default_factory=dict)
    holders: dict[Place, str] = field(default_factory=dict)
    away: bool = False
    saves: int = 0
    _believes: bool | None = None

    async def prepare(self) -> None:
        """Note once whether it is older than stored positions."""
        self._ask()
        if self._believes is None:
            self._believes = self.older

    async def claim(
        self, places: Collection[Place], *, holder: str
    ) -> Mapping[Place, StoredPosition]:
        """Become the holder; return what is kept."""
        self._ask()
        self.holders |= dict.fromkeys(places, holder)
        return {place: self.kept[place] for place in places if place in self.kept}

    async def believes_committed(self) -> bool:
        """Return what `prepare` noted."""
        self._ask()
        return bool(self._believes)

    async def save(self, positions: Mapping[Place, StoredPosition], *, holder: str) -> None:
        """Keep positions of partitions that are still the holder's."""
        self._ask()
        self.saves += 1
        for place, one in positions.items():
            if self.holders.get(place) == holder:
                self.kept[place] = one
                self.losses.pop(place, None)

    async def halt(self, losses: Sequence[Loss], *, holder: str) -> None:
        """Keep what was lost, of partitions that are still the holder's."""
        self._ask()
        for loss in losses:
            if self.holders.get(loss.place) == holder:
                before = self.kept.get(loss.place)
                last = None if before is None else before.last
                self.kept[loss.place] = StoredPosition(loss.first_offset, last)
                self.losses[loss.place] = loss

    async def halted(self) -> Sequence[Loss]:
        """Return what is halted, in the order of topics and partitions."""
        self._ask()
        return [self.losses[place] for place in sorted(self.losses)]

    async def pass_over(self, loss: Loss) -> bool:
        """Set the position behind a loss that is still as given."""
        self._ask()
        kept = self.losses.get(loss.place)
        if kept is None or (kept.first_offset, kept.end_offset) != (
            loss.first_offset,
            loss.end_offset,
        ):
            return False
        del self.losses[loss.place]
        self.kept[loss.place] = StoredPosition(loss.end_offset)
        return True

    def _ask(self) -> None:
        if self.away:
            raise UnavailableError("the store does not answer")
