"""How far a writer's own topics go by its own record, and where a topic ends before that.

A *written end* is the offset after the last record that the broker acknowledged. A topic that
ends before it has lost records: its disk was replaced, the topic was made anew, or the address
is another cluster's. A topic that lost records and grew past its written end again looks whole
by its end alone; what was found is therefore kept until the topic is restored.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

Place: TypeAlias = tuple[str, int]
"""A topic and the number of a partition."""

ABSENT: Final = -1
"""Where a partition ends that is not there."""

SHOWN_MAX: Final = 3


@dataclass(frozen=True, slots=True)
class WrittenEnd:
    """What is recorded of one partition.

    Attributes:
        next: The offset after the last record that was acknowledged.
        log: How often the partition was restored; a record of an earlier log is void.
        found: Where the partition was found to end before `next`; `ABSENT` if it was not
            there; None while nothing is missing.
    """

    next: int
    log: int = 0
    found: int | None = None


@dataclass(slots=True)
class WrittenEnds:
    """The written ends that one process knows, and what of them is not stored yet."""

    rows: dict[Place, WrittenEnd] = field(default_factory=dict)
    unsaved: set[Place] = field(default_factory=set)
    _floor: dict[Place, int] = field(default_factory=dict)

    def begin(self, stored: Mapping[Place, WrittenEnd]) -> None:
        """Take over what is stored, before this process publishes anything."""
        self.refresh(stored)
        self._floor = {place: row.next for place, row in self.rows.items()}

    def acknowledged(self, topic: str, partition: int, offset: int) -> None:
        """Note the offset of the last record that the broker has acknowledged.

        One below what this process knew before it sent the record proves a loss. Other
        replicas' records are no proof: they may have come between.
        """
        place = (topic, partition)
        row = self.rows.get(place, WrittenEnd(0))
        if offset < self._floor.get(place, 0):
            self._find(place, row, offset)
            return
        self._floor[place] = offset + 1
        if row.found is None and offset >= row.next:
            self.rows[place] = replace(row, next=offset + 1)
            self.unsaved.add(place)

    def refresh(self, stored: Mapping[Place, WrittenEnd]) -> None:
        """Take over what other replicas have recorded, or a restore."""
        for place, theirs in stored.items():
            ours = self.rows.get(place)
            if ours is None or theirs.log > ours.log:
                if ours is not None:
                    self._floor[place] = theirs.next
                self.rows[place] = theirs
                self.unsaved.discard(place)
            elif theirs.log == ours.log:
                found = ours.found if theirs.found is None else theirs.found
                self.rows[place] = replace(ours, next=max(ours.next, theirs.next), found=found)

    def compare(self, ends: Mapping[Place, int]) -> None:
        """Compare with where the partitions end; a place that is left out is not there.

        The rows must have been refreshed before the ends were asked for.
        """
        for place, row in list(self.rows.items()):
            end = ends.get(place, ABSENT)
            if end < row.next and (row.found is None or end < row.found):
                self._find(place, row, end)

    def short(self) -> dict[Place, WrittenEnd]:
        """Return the partitions that lack records, and what is known of each."""
        return {place: row for place, row in sorted(self.rows.items()) if row.found is not None}

    def _find(self, place: Place, row: WrittenEnd, end: int) -> None:
        if row.found is None or end < row.found:
            self.rows[place] = replace(row, found=end)
            self.unsaved.add(place)


def sentence_of(short: Mapping[Place, WrittenEnd]) -> str | None:
    """Say which partitions lack records, and the command; None where none does."""
    if not short:
        return None
    shown = [_said(place, row) for place, row in list(short.items())[:SHOWN_MAX]]
    more = len(short) - len(shown)
    rest = f"; {more} more partitions likewise" if more else ""
    return (
        f"{'; '.join(shown)}{rest}. The store has every event: publish what is missing with "
        "`motcua restore topics`"
    )


def _said(place: Place, row: WrittenEnd) -> str:
    topic, partition = place
    if row.found == ABSENT:
        return f"{topic}/{partition} is missing, and {row.next} records were acknowledged"
    return f"{topic}/{partition} ended at {row.found}, and {row.next} were acknowledged"
