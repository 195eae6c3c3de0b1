"""Our own ports, in memory: the same behaviour as the real adapters, without their engines.

`tests/contract/subjects` runs one suite on these and on the real ones.
"""

import copy
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from shared.events.envelope import from_document, to_document
from shared.reference.view import Reference
from shared.subjects.document import Document, Outgoing, Refusal
from shared.subjects.errors import UnavailableError
from shared.subjects.own_events import Emitted, stored_as
from shared.subjects.ownership import OwnerRow
from shared.subjects.parking import Parked
from shared.subjects.ports import StateCodec
from shared.subjects.refused import RefusedRecord, Scope, Waiting
from shared.subjects.written_ends import Place, WrittenEnd

StateT = TypeVar("StateT")


class MemorySubjects(Generic[StateT]):
    """Documents in a dict, stored in the same form as in MongoDB."""

    def __init__(
        self,
        codec: StateCodec[StateT],
        rows: dict[str, dict[str, Any]] | None = None,
        owner: Callable[[], str] = lambda: "",
    ) -> None:
        """Make a store; several may share `rows`, as processes do, each with its `owner`."""
        self._codec = codec
        self._owner = owner
        self.rows: dict[str, dict[str, Any]] = {} if rows is None else rows
        self.before_save: Callable[[], None] = lambda: None
        """Called before each save, so that a test can change a document behind our back."""

    async def load(self, ids: Collection[str]) -> dict[str, Document[StateT]]:
        """Read copies of the documents that exist."""
        return {one: self._read(self.rows[one]) for one in ids if one in self.rows}

    async def emitted(self, ids: Collection[str]) -> Mapping[str, Emitted]:
        """Read the numbers that documents gave out."""
        return {one: stored_as(self.rows[one]) for one in ids if one in self.rows}

    async def save(
        self, documents: Sequence[Document[StateT]], *, pending_at: datetime
    ) -> frozenset[str]:
        """Write each whose version is still the one read."""
        self.before_save()
        losers = set()
        for document in documents:
            row = self.rows.get(document.id)
            if (row["version"] if row else 0) != document.version:
                losers.add(document.id)
                continue
            self.rows[document.id] = self._written(document, row, pending_at)
            document.saved_at = pending_at
        return frozenset(losers)

    async def left_behind(
        self, *, before: datetime, limit: int, others: Collection[str] = ()
    ) -> Sequence[Document[StateT]]:
        """Read documents whose outbox has waited since `before`, oldest first."""
        waiting = [
            row
            for row in self.rows.values()
            if row["pending_at"] and row["pending_at"] <= before
            if row["outbox"][0]["owner"] not in others
            if row.get("refused") is None or row["refused"].until <= before
        ]
        waiting.sort(key=lambda row: row["pending_at"])
        return [self._read(row) for row in waiting[:limit]]

    async def clear(self, published: Mapping[str, Sequence[str]]) -> None:
        """Take published entries out of the outboxes."""
        for subject, ids in published.items():
            row = self.rows.get(subject)
            if row is None:
                continue
            row["outbox"] = [entry for entry in row["outbox"] if entry["id"] not in ids]
            row["refused"] = None
            if not row["outbox"]:
                row["pending_at"] = None

    async def defer(self, refusals: Mapping[str, Refusal]) -> None:
        """Write the refusals of outboxes that still hold the refused entry."""
        for subject, refusal in refusals.items():
            row = self.rows.get(subject)
            if row is not None and refusal.id in {entry["id"] for entry in row["outbox"]}:
                row["refused"] = refusal

    async def refused(
        self, *, limit: int, ids: Collection[str] | None = None
    ) -> Sequence[Document[StateT]]:
        """Read the documents with a refusal, the newest first; only those of `ids` if given."""
        rows = [
            row
            for row in self.rows.values()
            if row.get("refused") is not None and (ids is None or row["_id"] in ids)
        ]
        rows.sort(key=lambda row: row["refused"].at, reverse=True)
        return [self._read(row) for row in rows[:limit]]

    async def count_refused(self) -> Sequence[Waiting]:
        """Count the documents with a refusal, by topic, error and scope."""
        found = Counter(
            (row["refused"].topic, row["refused"].error, row["refused"].scope)
            for row in self.rows.values()
            if row.get("refused") is not None
        )
        return [Waiting(*kind, subjects) for kind, subjects in found.items()]

    def _written(
        self, document: Document[StateT], row: dict[str, Any] | None, pending_at: datetime
    ) -> dict[str, Any]:
        owner = self._owner()
        added = [
            {
                "id": out.id,
                "topic": out.topic,
                "key": out.key,
                "value": out.value,
                "owner": owner,
            }
            for out in document.added
        ]
        state = document.state
        return {
            "_id": document.id,
            "version": document.version + 1,
            "sequences": dict(document.sequences),
            "emitted": dict(document.emitted),
            "held": [
                (stream, to_document(event))
                for stream, waiting in document.held.items()
                for event in waiting.values()
            ],
            "outbox": [*(row["outbox"] if row else []), *copy.deepcopy(added)],
            "pending_at": pending_at if added else (row["pending_at"] if row else None),
            "refused": row.get("refused") if row else None,
            "state": None if state is None else copy.deepcopy(self._codec.to_document(state)),
            **({} if state is None else self._codec.index(state)),
        }

    def _read(self, row: Mapping[str, Any]) -> Document[StateT]:
        held: dict[str, dict[int, Any]] = {}
        for stream, stored in row["held"]:
            event = from_document(stored)
            held.setdefault(stream, {})[event.sequence or 0] = event
        state = copy.deepcopy(row["state"])
        return Document(
            id=row["_id"],
            version=row["version"],
            sequences=dict(row["sequences"]),
            held=held,
            emitted=dict(row["emitted"]),
            outbox=[Outgoing(**entry) for entry in copy.deepcopy(row["outbox"])],
            state=None if state is None else self._codec.from_document(state),
            refused=row.get("refused"),
        )


@dataclass
class MemoryOwners:
    """The rows of processes, in a dict that several may share; `name` signs our entries."""

    table: dict[str, OwnerRow] = field(default_factory=dict)
    name: str = ""

    async def enter(self, owner: str, *, at: datetime) -> None:
        """Add a row, and sign with it."""
        assert at.tzinfo is not None, "an instant is aware"
        self.table[owner] = OwnerRow(owner)
        self.name = owner

    async def renew(self, owner: str) -> bool:
        """Add a beat unless the row has an heir or is gone."""
        row = self.table.get(owner)
        if row is None or row.heir is not None:
            return False
        self.table[owner] = replace(row, beats=row.beats + 1)
        return True

    async def end(self, owner: str) -> None:
        """Write that the process has stopped."""
        if owner in self.table:
            self.table[owner] = replace(self.table[owner], ended=True)

    async def inherit(self, row: OwnerRow, *, heir: str, at: datetime) -> bool:
        """Write the heir into a row that is still as read, or into a new one."""
        assert at.tzinfo is not None, "an instant is aware"
        now = self.table.setdefault(row.owner, replace(row, ended=True))
        if now.heir is None and now.beats == row.beats:
            self.table[row.owner] = replace(now, heir=heir)
        return self.table[row.owner].heir == heir

    async def rows(self) -> Sequence[OwnerRow]:
        """Return all rows."""
        return [*self.table.values()]


@dataclass
class MemoryPublisher:
    """Keeps what was published.

    `away` makes it fail as a broker that is gone, `missing` names topics that take nothing and
    `too_large` ids of records that are refused for good.
    """

    published: list[Outgoing] = field(default_factory=list)
    away: bool = False
    missing: set[str] = field(default_factory=set)
    too_large: set[str] = field(default_factory=set)

    async def publish(self, outgoing: Sequence[Outgoing]) -> Sequence[RefusedRecord]:
        """Keep these, in order; return what is refused, with what follows it."""
        if self.away:
            raise UnavailableError("no Kafka broker answers")
        refused: list[RefusedRecord] = []
        stopped: dict[tuple[str, str], RefusedRecord] = {}
        for out in outgoing:
            before = stopped.get((out.topic, out.key))
            if before is not None:
                refused.append(replace(before, outgoing=out, follows=True))
            elif out.topic in self.missing:
                refused.append(
                    RefusedRecord(
                        out,
                        "UnknownTopicOrPartitionError",
                        Scope.TOPIC,
                        f"{out.topic}: missing",
                    )
                )
            elif out.id in self.too_large:
                made = RefusedRecord(
                    out, "MessageSizeTooLargeError", Scope.RECORD, f"{out.id}: too large"
                )
                stopped[out.topic, out.key] = made
                refused.append(made)
            else:
                self.published.append(out)
        return refused

    def ids(self, topic: str | None = None) -> list[str]:
        """Return the ids published, repeats included."""
        return [out.id for out in self.published if topic in (None, out.topic)]


@dataclass
class MemoryArchive:
    """Keeps what was published, once."""

    kept: dict[tuple[str, str], Outgoing] = field(default_factory=dict)

    async def insert(self, outgoing: Sequence[Outgoing]) -> None:
        """Keep these; one kept before stays as it is."""
        for out in outgoing:
            self.kept.setdefault((out.topic, out.id), out)

    async def known(self, topic: str, event_ids: Collection[str]) -> frozenset[str]:
        """Return which of these were published."""
        return frozenset(one for one in event_ids if (topic, one) in self.kept)


@dataclass
class MemoryParking:
    """Keeps what is parked."""

    parked: dict[str, Parked] = field(default_factory=dict)

    async def park(self, parked: Sequence[Parked]) -> None:
        """Keep these; one that is parked already stays as it is."""
        for one in parked:
            self.parked.setdefault(one.id, one)

    async def count(self) -> int:
        """Return how many are parked."""
        return len(self.parked)

    async def resolve(self, ids: Collection[str]) -> None:
        """Forget these."""
        for one in ids:
            self.parked.pop(one, None)


@dataclass
class MemoryWrittenEnds:
    """Keeps written ends in a dict; several processes may share one."""

    rows: dict[Place, WrittenEnd] = field(default_factory=dict)

    async def load(self) -> dict[Place, WrittenEnd]:
        """Return what is recorded."""
        return dict(self.rows)

    async def save(self, rows: Mapping[Place, WrittenEnd]) -> None:
        """Raise the ends of partitions that were not restored meanwhile."""
        for place, row in rows.items():
            kept = self.rows.get(place)
            if kept is None:
                if row.log == 0:
                    self.rows[place] = row
            elif kept.log == row.log:
                found = [one for one in (kept.found, row.found) if one is not None]
                self.rows[place] = WrittenEnd(
                    max(kept.next, row.next), kept.log, min(found, default=None)
                )

    async def restored(self, ends: Mapping[Place, int]) -> None:
        """Record where restored partitions end."""
        for place, end in ends.items():
            log = self.rows[place].log + 1 if place in self.rows else 1
            self.rows[place] = WrittenEnd(end, log)


@dataclass
class MemoryReferenceVersions:
    """Keeps the newest version."""

    version: int = 0

    async def last(self) -> int:
        """Return it."""
        return self.version

    async def note(self, version: int) -> None:
        """Keep it, unless a newer one is kept."""
        self.version = max(self.version, version)


@dataclass
class FixedReference:
    """A reference view that is there."""

    reference: Reference

    def current(self) -> Reference:
        """Return the view."""
        return self.reference

    async def at_least(self, version: int) -> Reference:
        """Return the view, or refuse as one that never catches up."""
        if self.reference.version < version:
            raise UnavailableError(f"the reference data has not reached version {version}")
        return self.reference
