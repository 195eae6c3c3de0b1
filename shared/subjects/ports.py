"""What the machinery needs from the outside; shared.mongo and shared.kafka provide it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from shared.reference.view import Reference
from shared.subjects.document import Document, Outgoing, Refusal
from shared.subjects.parking import Decided, Parked
from shared.subjects.refused import RefusedRecord, Waiting
from shared.subjects.written_ends import Place, WrittenEnd

StateT = TypeVar("StateT")


class SubjectStore(Protocol[StateT]):
    """The documents of one service's subjects.

    Every method raises `UnavailableError` when the store does not answer.
    """

    async def load(self, ids: Collection[str]) -> dict[str, Document[StateT]]:
        """Read the documents that exist; a subject never seen is absent from the answer."""
        ...

    async def save(
        self, documents: Sequence[Document[StateT]], *, pending_at: datetime
    ) -> frozenset[str]:
        """Write each document if its version is still the one read; name those that lost.

        A write whose result is unknown counts as lost: reading again tells the truth.
        `pending_at` is the wall time from which an unpublished outbox counts as left behind;
        a copy that won keeps it as `saved_at`. Each entry added is stored with its owner.
        """
        ...

    async def left_behind(
        self, *, before: datetime, limit: int, others: Collection[str] = ()
    ) -> Sequence[Document[StateT]]:
        """Read documents whose outbox has waited since `before`, oldest first.

        Those whose first entry bears a name of `others` are passed over, and those with a
        refusal until a moment after `before`.
        """
        ...

    async def clear(self, published: Mapping[str, Sequence[str]]) -> None:
        """Take published ids (by subject) out of the outboxes, and the subjects' refusals."""
        ...

    async def defer(self, refusals: Mapping[str, Refusal]) -> None:
        """Write the refusals (by subject) of outboxes that still hold the refused entry."""
        ...

    async def refused(
        self, *, limit: int, ids: Collection[str] | None = None
    ) -> Sequence[Document[StateT]]:
        """Read the documents with a refusal, the newest first; only those of `ids` if given."""
        ...

    async def count_refused(self) -> Sequence[Waiting]:
        """Count the documents with a refusal, by topic, error and scope."""
        ...


class StateCodec(Protocol[StateT]):
    """The named pair between a service's state and what the store keeps."""

    def to_document(self, state: StateT) -> dict[str, Any]: ...

    def from_document(self, document: Mapping[str, Any]) -> StateT: ...

    def index(self, state: StateT) -> dict[str, Any]:
        """Return top-level fields to query by; a None removes the field."""
        ...


class Publisher(Protocol):
    """Puts records on topics."""

    async def publish(self, outgoing: Sequence[Outgoing]) -> Sequence[RefusedRecord]:
        """Return when the broker has acknowledged all that it takes, in order within each key.

        What it refuses is returned, in the order given, with whatever follows a refused record
        of the same topic and key: that is not sent. One topic in a bad state delays no other.

        Raises:
            UnavailableError: the brokers are away; some may have been written.
        """
        ...


class Archive(Protocol):
    """Keeps everything a service published, for replay."""

    async def insert(self, outgoing: Sequence[Outgoing]) -> None:
        """Keep these; an id kept before stays as it is."""
        ...


class Parking(Protocol):
    """Keeps the records that could not be applied, with the reason."""

    async def park(self, parked: Sequence[Parked]) -> None:
        """Keep these until an operator decides; parking the same one again changes nothing."""
        ...

    async def count(self) -> int:
        """Return how many are parked now."""
        ...

    async def resolve(self, ids: Collection[str]) -> None:
        """Close the entries whose event has been applied after all."""
        ...


class ParkingDesk(Parking, Protocol):
    """What an operator works on: the parked records, and who decided what about them."""

    async def list(self, *, limit: int) -> Sequence[Parked]: ...

    async def get(self, parked_id: str) -> Parked | None: ...

    async def record_decision(
        self, parked: Parked, *, decision: str, who: str, why: str, at: datetime
    ) -> None: ...

    async def decided(self, *, limit: int) -> Sequence[Decided]:
        """Return the newest decisions, the last one first."""
        ...


class WrittenEndStore(Protocol):
    """Keeps the written ends of a service's own topics.

    Every method raises `UnavailableError` when the store does not answer.
    """

    async def load(self) -> dict[Place, WrittenEnd]: ...

    async def save(self, rows: Mapping[Place, WrittenEnd]) -> None:
        """Raise the ends of partitions whose `log` is still the one given; lower none."""
        ...

    async def restored(self, ends: Mapping[Place, int]) -> None:
        """Record where restored partitions end now; what was found of them is over."""
        ...


class ReferenceVersions(Protocol):
    """Keeps the newest version of the reference data that a service has applied.

    Both methods raise `UnavailableError` when the store does not answer.
    """

    async def last(self) -> int:
        """Return the version; 0 where none was ever applied."""
        ...

    async def note(self, version: int) -> None:
        """Keep this version, unless a newer one is kept."""
        ...


class ReferenceSource(Protocol):
    """The reference data as far as this replica has read it."""

    def current(self) -> Reference: ...

    async def at_least(self, version: int) -> Reference:
        """Wait until the view has reached `version`, then return it.

        Raises:
            UnavailableError: the version did not come in time.
        """
        ...


class Clock(Protocol):
    """Tells the time by which the law runs."""

    def now(self) -> datetime: ...
