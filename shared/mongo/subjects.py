"""Subjects' documents in MongoDB: one conditional update each, in one unordered bulk."""

from collections.abc import Collection as AnyCollection
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypeVar

from shared.events.envelope import from_document, to_document
from shared.mongo.client import Mongo
from shared.mongo.collection import Collection, GuardedUpdate, Order
from shared.subjects.document import Document, Outgoing, Refusal
from shared.subjects.own_events import Emitted, stored_as
from shared.subjects.ports import StateCodec
from shared.subjects.refused import Waiting

StateT = TypeVar("StateT")

REFUSED: Final[Mapping[str, Any]] = {"refused.at": {"$gt": datetime(1970, 1, 1, tzinfo=UTC)}}
"""Finds the documents with a refusal by their sparse index."""

LOAD_MAX = 500
"""How many subjects one `$in` names."""

CLEAR_IDS = 200
"""How many published entries one statement takes out: each entry that is stored is compared
with all of them, so one statement for a whole batch costs the square of it."""


class MongoSubjects(Generic[StateT]):
    """The collection of one kind of subject.

    Stored fields: `_id`, `version`, `sequences` and `emitted` (pairs, since a field name cannot
    hold a topic's dots everywhere), `held`, `outbox`, `pending_at` (only while the outbox is
    full; a sparse index finds it), `refused` (only while the broker refuses the first entry; a
    sparse index on its time finds it), `state`, and whatever the codec's `index` gives.
    """

    def __init__(
        self,
        mongo: Mongo,
        name: str,
        codec: StateCodec[StateT],
        *,
        indexes: Sequence[Order] = (),
    ) -> None:
        self._mongo = mongo
        self._collection = mongo.collection(name)
        self._codec = codec
        self._indexes = indexes

    @property
    def collection(self) -> Collection:
        """Return the collection, for a service's own queries by index fields."""
        return self._collection

    async def prepare(self) -> None:
        """Create the indexes; call it at every start, before data comes."""
        await self._collection.create_index([("pending_at", 1)], sparse=True)
        await self._collection.create_index([("refused.at", 1)], sparse=True)
        if await self._mongo.is_embedded():
            # This engine scans for `{_id, version}` without an index of just that.
            await self._collection.create_index([("_id", 1), ("version", 1)])
        for keys in self._indexes:
            await self._collection.create_index(keys)

    async def load(self, ids: AnyCollection[str]) -> dict[str, Document[StateT]]:
        """Read the documents that exist."""
        wanted = list(ids)
        found: dict[str, Document[StateT]] = {}
        for start in range(0, len(wanted), LOAD_MAX):
            rows = await self._collection.find(
                {"_id": {"$in": wanted[start : start + LOAD_MAX]}}
            )
            found.update((str(row["_id"]), self.read(row)) for row in rows)
        return found

    async def emitted(self, ids: AnyCollection[str]) -> Mapping[str, Emitted]:
        """Read the numbers that documents gave out, without their states."""
        wanted = list(ids)
        found: dict[str, Emitted] = {}
        for start in range(0, len(wanted), LOAD_MAX):
            rows = await self._collection.find(
                {"_id": {"$in": wanted[start : start + LOAD_MAX]}},
                projection={"emitted": 1, "outbox.id": 1},
            )
            found.update((str(row["_id"]), stored_as(row)) for row in rows)
        return found

    async def save(
        self, documents: Sequence[Document[StateT]], *, pending_at: datetime
    ) -> frozenset[str]:
        """Write each document if nobody changed it meanwhile; name those that lost."""
        updates = [self._update(document, pending_at) for document in documents]
        losers = await self._collection.compare_and_set(updates)
        for index, document in enumerate(documents):
            document.saved_at = None if index in losers else pending_at
        return frozenset(documents[index].id for index in losers)

    async def left_behind(
        self, *, before: datetime, limit: int, others: AnyCollection[str] = ()
    ) -> Sequence[Document[StateT]]:
        """Read documents whose outbox has waited since `before`, oldest first.

        Those whose first entry bears a name of `others` are passed over, and those with a
        refusal until a moment after `before`.
        """
        query: dict[str, Any] = {
            "pending_at": {"$lte": before},
            "$or": [{"refused": {"$exists": False}}, {"refused.until": {"$lte": before}}],
        }
        if others:
            query["outbox.0.owner"] = {"$nin": list(others)}
        rows = await self._collection.find(query, sort=[("pending_at", 1)], limit=limit)
        return [self.read(row) for row in rows]

    async def clear(self, published: Mapping[str, Sequence[str]]) -> None:
        """Take published entries out, and refusals; an entry added meanwhile keeps its mark."""
        for part in _parts(published):
            ids = [out for subject in part for out in published[subject]]
            rest = {
                "$filter": {
                    "input": "$outbox",
                    "cond": {"$not": [{"$in": ["$$this.id", ids]}]},
                }
            }
            await self._collection.update_many(
                {"_id": {"$in": part}},
                [
                    {"$set": {"outbox": rest, "refused": "$$REMOVE"}},
                    {
                        "$set": {
                            "pending_at": {
                                "$cond": [{"$eq": ["$outbox", []]}, "$$REMOVE", "$pending_at"]
                            }
                        }
                    },
                ],
            )

    async def defer(self, refusals: Mapping[str, Refusal]) -> None:
        """Write the refusals of outboxes that still hold the refused entry."""
        await self._collection.compare_and_set(
            [
                GuardedUpdate(
                    {"_id": subject, "outbox.id": refusal.id},
                    {"$set": {"refused": asdict(refusal)}},
                    upsert=False,
                )
                for subject, refusal in refusals.items()
            ]
        )

    async def refused(
        self, *, limit: int, ids: AnyCollection[str] | None = None
    ) -> Sequence[Document[StateT]]:
        """Read the documents with a refusal, the newest first; only those of `ids` if given."""
        query = REFUSED if ids is None else {**REFUSED, "_id": {"$in": list(ids)}}
        rows = await self._collection.find(query, sort=[("refused.at", -1)], limit=limit)
        return [self.read(row) for row in rows]

    async def count_refused(self) -> Sequence[Waiting]:
        """Count the documents with a refusal, by topic, error and scope."""
        names = ("topic", "error", "scope")
        rows = await self._collection.aggregate(
            [
                {"$match": REFUSED},
                {
                    "$group": {
                        "_id": {name: f"$refused.{name}" for name in names},
                        "subjects": {"$sum": 1},
                    }
                },
            ]
        )
        return [Waiting(**row["_id"], subjects=int(row["subjects"])) for row in rows]

    def read(self, row: Mapping[str, Any]) -> Document[StateT]:
        """Return the working copy of a stored document."""
        held: dict[str, dict[int, Any]] = {}
        for stream, stored in row.get("held", ()):
            event = from_document(stored)
            held.setdefault(stream, {})[event.sequence or 0] = event
        state = row.get("state")
        return Document(
            id=str(row["_id"]),
            version=int(row["version"]),
            sequences=_numbers(row.get("sequences", ())),
            held=held,
            emitted=_numbers(row.get("emitted", ())),
            outbox=[Outgoing(**entry) for entry in row.get("outbox", ())],
            state=None if state is None else self._codec.from_document(state),
            refused=Refusal(**row["refused"]) if row.get("refused") else None,
        )

    def _update(self, document: Document[StateT], pending_at: datetime) -> GuardedUpdate:
        fields: dict[str, Any] = {
            "version": document.version + 1,
            "sequences": [list(pair) for pair in document.sequences.items()],
            "emitted": [list(pair) for pair in document.emitted.items()],
            "held": [
                [stream, to_document(event)]
                for stream, waiting in document.held.items()
                for event in waiting.values()
            ],
        }
        gone: dict[str, Any] = {}
        if document.state is not None:
            fields["state"] = self._codec.to_document(document.state)
            for name, value in self._codec.index(document.state).items():
                if value is None:
                    gone[name] = ""
                else:
                    fields[name] = value
        update: dict[str, Any] = {"$set": fields}
        if gone:
            update["$unset"] = gone
        if document.added:
            fields["pending_at"] = pending_at
            owner = self._mongo.outbox_owner
            entries = [
                {
                    "id": out.id,
                    "topic": out.topic,
                    "key": out.key,
                    "value": out.value,
                    "owner": owner,
                }
                for out in document.added
            ]
            update["$push"] = {"outbox": {"$each": entries}}
        elif document.version == 0:
            fields["outbox"] = []
        return GuardedUpdate({"_id": document.id, "version": document.version}, update)


def _parts(published: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """Divide subjects so that each part has about `CLEAR_IDS` published entries."""
    part: list[str] = []
    count = 0
    for subject, ids in published.items():
        part.append(subject)
        count += len(ids)
        if count >= CLEAR_IDS:
            yield part
            part, count = [], 0
    if part:
        yield part


def _numbers(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    return {name: int(number) for name, number in pairs}
