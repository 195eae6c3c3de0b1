"""Ownership of outbox entries: which process publishes what an outbox holds."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Protocol

from shared.subjects.errors import UnavailableError

BEAT_S: Final = 1.0
"""How long a process pauses between two renewals of its row."""

TAKEOVER_LOOKS: Final = 8
"""How many looks in a row must find a row unchanged before another process takes over.

Looks are counted, not seconds: a slow store delays renewals and looks alike. With a store that
answers at once, the entries of a process that died go out about `TAKEOVER_LOOKS * BEAT_S`
seconds later, and one sweep.
"""

SURE_S: Final = 5.0
"""How long after a renewal a process need not ask whether it is still the owner."""

SET_BACK: Final = "the store was set back while this process ran: it must be started anew"

DOUBT_S: Final = 120.0
"""How long after a loss everything in hand is compared with the store before it goes out."""


@dataclass(frozen=True, slots=True)
class OwnerRow:
    """One process that saves outbox entries, or did.

    Attributes:
        owner: Its name, unique to one life of one process.
        beats: How often it renewed the row.
        ended: Whether it stopped in good order.
        heir: Who publishes what it left; None while nobody does.
    """

    owner: str
    beats: int = 0
    ended: bool = False
    heir: str | None = None


class Owners(Protocol):
    """The rows of all processes that share one store.

    Every method raises `UnavailableError` when the store does not answer.
    """

    async def enter(self, owner: str, *, at: datetime) -> None:
        """Add a row; entries that this process saves from now on bear its name."""
        ...

    async def renew(self, owner: str) -> bool:
        """Add a beat; return False if the row has an heir, or is gone."""
        ...

    async def end(self, owner: str) -> None:
        """Write that the process has stopped."""
        ...

    async def inherit(self, row: OwnerRow, *, heir: str, at: datetime) -> bool:
        """Make `heir` the heir of a row that is still as read; return whether it is now.

        A row that the store does not have is added, with its heir.
        """
        ...

    async def rows(self) -> Sequence[OwnerRow]:
        """Read all rows."""
        ...


class Ownership(Protocol):
    """What the relay asks before it publishes an entry."""

    async def confirm(self) -> bool:
        """Return whether this process certainly owns what it saved lately.

        Raises:
            UnavailableError: it had to ask, and the store does not answer.
        """
        ...

    def is_ours(self, owner: str) -> bool:
        """Return whether this process publishes the entries that bear this name."""
        ...

    def others(self) -> frozenset[str]:
        """Return the names whose entries another process publishes, as far as known."""
        ...


class SoleOwner:
    """Ownership of a process that shares its store with no other one."""

    async def confirm(self) -> bool:
        """Return True."""
        return True

    def is_ours(self, owner: str) -> bool:
        """Return True, whoever saved the entry: a process that is gone did."""
        return isinstance(owner, str)

    def others(self) -> frozenset[str]:
        """Return nothing."""
        return frozenset()


@dataclass(slots=True)
class SharedOwnership:
    """Ownership among processes that share one store.

    An entry belongs to the process that saved it, by the write that saved it, for as long as
    that process renews its row. Nothing is written per entry or batch. When a row stands still,
    one other process becomes its heir by compare-and-set. A process that finds an heir in its
    own row goes on under a new name.

    Attributes:
        taken_over: How many rows this process became the heir of.
        lost: How often another process became the heir of this one while it lived.
        set_back: Whether the store came back older while this process lived: its row is gone,
            or was renewed more often before than it shows now. Nothing may be published then.
    """

    owners: Owners
    new_name: Callable[[], str]
    wall_now: Callable[[], datetime]
    seconds: Callable[[], float]
    taken_over: int = 0
    lost: int = 0
    set_back: bool = False
    _beats: int = 0
    _name: str | None = None
    _sure_until: float = 0.0
    _doubt_until: float = 0.0
    _rows: dict[str, OwnerRow] = field(default_factory=dict)
    _others: frozenset[str] = frozenset()
    _looks: dict[str, tuple[int, int]] = field(default_factory=dict)
    _unknown: set[str] = field(default_factory=set)
    _beating: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def has_begun(self) -> bool:
        """Whether this process has a row, which is to be renewed."""
        return self._name is not None

    async def begin(self) -> None:
        """Enter this process; call it before anything is saved.

        Raises:
            UnavailableError: the store does not answer; begin again.
        """
        if self._name is None:
            await self.beat()

    async def beat(self) -> None:
        """Renew this process's row, and look at those of the others.

        Raises:
            UnavailableError: the store does not answer.
        """
        async with self._beating:
            await self._beat()

    async def leave(self) -> None:
        """Release what is left to whoever looks next.

        Raises:
            UnavailableError: the store does not answer; the others find out by themselves.
        """
        if self._name is not None:
            await self.owners.end(self._name)

    async def confirm(self) -> bool:
        """Return whether this process certainly owns what it saved lately."""
        if self.set_back:
            raise UnavailableError(SET_BACK)
        if self.seconds() >= self._sure_until:
            async with self._beating:
                if self.seconds() >= self._sure_until:
                    await self._beat()
        return self.seconds() >= self._doubt_until

    def is_ours(self, owner: str) -> bool:
        """Return whether this process publishes the entries that bear this name."""
        if owner != self._name and owner not in self._rows:
            self._unknown.add(owner)  # The next look tells a newcomer from one without a row.
            return False
        return _holder(owner, self._rows) == self._name

    def others(self) -> frozenset[str]:
        """Return the names whose entries another process publishes, as far as known."""
        return self._others

    async def _enter(self) -> None:
        started = self.seconds()
        self._beats = 0
        name = self.new_name()
        await self.owners.enter(name, at=self.wall_now())
        self._name = name
        self._sure_until = started + SURE_S

    async def _beat(self) -> None:
        started = self.seconds()
        if self._name is None:
            await self._enter()
        elif await self.owners.renew(self._name):
            self._sure_until = started + SURE_S
        elif await self._is_set_back():
            return
        else:
            self.lost += 1
            self._doubt_until = self.seconds() + DOUBT_S
            await self._enter()
        await self._look()

    async def _is_set_back(self) -> bool:
        """Return whether this process's row is gone, which no other process ever removes."""
        names = {row.owner for row in await self.owners.rows()}
        self.set_back = self.set_back or self._name not in names
        return self.set_back

    async def _look(self) -> None:
        assert self._name is not None, "entered before"
        rows = {row.owner: row for row in await self.owners.rows()}
        beats = rows[self._name].beats if self._name in rows else -1
        if beats < self._beats:
            self.set_back = True
            return
        self._beats = beats
        looks: dict[str, tuple[int, int]] = {}
        for row in [*rows.values()]:
            if row.owner == self._name or row.heir is not None:
                continue
            beats, unchanged = self._looks.get(row.owner, (row.beats, 0))
            looks[row.owner] = (row.beats, unchanged + 1 if beats == row.beats else 0)
            if row.ended or looks[row.owner][1] > TAKEOVER_LOOKS:
                await self._inherit(row, rows)
        for owner in self._unknown - rows.keys():
            await self._inherit(OwnerRow(owner), rows)
        self._unknown.clear()
        self._looks, self._rows = looks, rows
        self._others = frozenset(one for one in rows if _holder(one, rows) != self._name)

    async def _inherit(self, row: OwnerRow, rows: dict[str, OwnerRow]) -> None:
        assert self._name is not None, "entered before"
        if await self.owners.inherit(row, heir=self._name, at=self.wall_now()):
            rows[row.owner] = replace(row, heir=self._name)
            self.taken_over += 1


def _holder(owner: str, rows: Mapping[str, OwnerRow]) -> str:
    """Return the last heir in the line that begins with `owner`."""
    for _ in rows:  # An heir has no heir yet when it becomes one, so the line has an end.
        row = rows.get(owner)
        if row is None or row.heir is None:
            return owner
        owner = row.heir
    return owner
