"""What intake needs from the outside, besides what shared.subjects.ports names."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from services.intake.core.receipts import Receipt
from shared.events.envelope import Event
from shared.subjects.document import Outgoing
from shared.subjects.read_positions import Loss


class ReceiptStore(Protocol):
    """The receipts. Every method raises `UnavailableError` when the store does not answer."""

    async def open(self, receipts: Sequence[Receipt]) -> list[Receipt | None]:
        """Insert each under its key; where one stands already, return that one, else None."""
        ...

    async def take_over(self, receipts: Sequence[Receipt]) -> frozenset[str]:
        """Open those not applied again, with these fingerprints; name those we hold."""
        ...

    async def close(self, receipts: Sequence[Receipt]) -> None:
        """Write what became of each event; a receipt that is applied stays as it is."""
        ...

    async def find(self, keys: Collection[str]) -> dict[str, Receipt]:
        """Read the receipts that stand under these keys."""
        ...

    async def move(self, receipt: Receipt, code: str) -> Receipt:
        """Give a receipt another code, if it is not applied and still has the one read.

        Returns the receipt that stands afterwards, whoever moved it.
        """
        ...


class HeldEvents(Protocol):
    """Finds the subjects that hold events; raises `UnavailableError` as every store does."""

    async def over(self, now: datetime, limit: int) -> list[str]:
        """Return subjects of which an event has waited long enough, the oldest first."""
        ...


class CodeCounter(Protocol):
    """Counts dossiers per prefix and local date; it never gives a number twice.

    Every method raises `UnavailableError` when the store does not answer.
    """

    async def next(self, prefix: str, day: date) -> int:
        """Return the next number, from 1."""
        ...

    async def skip(self, prefix: str, day: date, through: int) -> None:
        """Give no number up to `through` from now on; one given before stays given."""
        ...


@dataclass(frozen=True, slots=True)
class Grant:
    """A publisher's right to number dossiers, and who registered it.

    `numbers_for` is a unit's code (06112), an electronic id (H37.117) or all below one (H37.*).
    """

    publisher: str
    numbers_for: str
    by: str
    at: datetime


class Grants(Protocol):
    """The register of who numbers for whom.

    Every method raises `UnavailableError` when the store does not answer.
    """

    async def read(self) -> list[Grant]:
        """Read them all, by publisher and what they number for."""
        ...

    async def add(self, grant: Grant) -> bool:
        """Register one; return False where it stands already, as it was."""
        ...

    async def remove(self, publisher: str, numbers_for: str | None) -> int:
        """Remove one grant of a publisher, or all of them; return how many there were."""
        ...


class ReferenceHistory(Protocol):
    """The reference events that intake has published."""

    async def after(self, version: int) -> list[Event]:
        """Read those with a greater sequence, in order, as far as they are archived."""
        ...

    async def published(self, ids: Collection[str]) -> frozenset[str]:
        """Return which of these outbox ids were published."""
        ...


@dataclass(frozen=True, slots=True)
class Presence:
    """When a connection was last heard of, and since when it counts as lost."""

    subject: str
    last_seen: datetime
    lost_at: datetime | None = None


class Presences(Protocol):
    """The connections that send heartbeats."""

    async def beat(self, subject: str, now: datetime) -> Presence | None:
        """Note the moment; return what was known before."""
        ...

    async def known(self, subjects: Collection[str]) -> frozenset[str]:
        """Return which of these have ever sent a heartbeat."""
        ...

    async def silent(self, since: datetime, limit: int) -> list[Presence]:
        """Read those last heard of before `since` that are not known as lost."""
        ...

    async def lost(self, subject: str, last_seen: datetime) -> None:
        """Mark a connection as lost, unless it was heard of meanwhile."""
        ...

    async def found(self, subject: str, lost_at: datetime) -> None:
        """Take the mark away again."""
        ...

    async def adopt(self, subject: str, *, lost_at: datetime | None, now: datetime) -> None:
        """Note what the topics say of a connection: lost since a moment, or not lost."""
        ...

    async def seen_again(self, now: datetime) -> None:
        """Count the silence of every connection that is not lost from now."""
        ...


@dataclass(frozen=True, slots=True)
class AcceptedLoss:
    """Records of an inbound partition that are gone, and who accepted that.

    Attributes:
        loss: What was lost.
        by: The person who decided it.
        why: The person's reason, in free words; it stays in the store.
        key_id: The key under which it was asked.
        at: When, by the service's clock.
    """

    loss: Loss
    by: str
    why: str
    key_id: str
    at: datetime


class Losses(Protocol):
    """What operators have accepted; rows stay for the audit."""

    async def keep(self, accepted: AcceptedLoss) -> AcceptedLoss:
        """Keep this; return what is kept, which is the earlier one if there was one."""
        ...

    async def newest(self, *, limit: int) -> Sequence[AcceptedLoss]:
        """Read the newest, the last one first."""
        ...


class RejectionStore(Protocol):
    """Rejections whose topic took nothing, until they are published.

    Every method raises `UnavailableError` when the store does not answer.
    """

    async def keep(self, rejections: Sequence[Outgoing], *, at: datetime) -> None:
        """Keep these behind what is kept of their topic; one kept before stays as it is."""
        ...

    async def waiting(self) -> Mapping[str, int]:
        """Count them by topic."""
        ...

    async def oldest(self, topic: str, limit: int) -> Sequence[Outgoing]:
        """Read the first ones of a topic, in order."""
        ...

    async def remove(self, ids: Collection[str]) -> None:
        """Forget these: they are published."""
        ...


class Positions(Protocol):
    """Where this replica stands in the inbound partitions that it holds."""

    async def high_watermarks(self) -> dict[tuple[str, int], int]:
        """Ask up to where each is written, open transactions included.

        Raises:
            UnavailableError: the broker does not answer.
        """
        ...

    async def next_offsets(self) -> dict[tuple[str, int], int]:
        """Return the offset before which everything is on the canonical topics."""
        ...
