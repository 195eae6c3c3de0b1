"""One collection, in the subset of operations that Motor and PyMongo's async client share.

Services write their adapters on this; only this package knows the driver.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from pymongo import ReturnDocument, UpdateOne
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DuplicateKeyError,
    OperationFailure,
)

from shared.mongo.errors import DUPLICATE_KEY, INDEX_DIFFERS, repeatable, translated

StoredDocument: TypeAlias = dict[str, Any]
Filter: TypeAlias = Mapping[str, Any]
Order: TypeAlias = Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class GuardedUpdate:
    """An update of one document that must still match `filter`; inserted if `upsert`."""

    filter: Filter
    update: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    upsert: bool = True


class Collection:
    """A collection of either driver; its methods raise `UnavailableError` when unreachable."""

    def __init__(self, raw: Any, *, max_time_ms: int = 30_000) -> None:  # noqa: ANN401 - of either driver.
        self._raw = raw
        self._max_time_ms = max_time_ms

    @property
    def name(self) -> str:
        """Return the collection's name."""
        return str(self._raw.name)

    async def create_index(
        self, keys: Order, *, unique: bool = False, sparse: bool = False
    ) -> None:
        """Create an index unless it is there; call it before data comes.

        One that is there with other options is made anew. The embedded store forgets `sparse`
        when it recovers from a crash that came before its first checkpoint.
        """
        async with translated():
            try:
                await self._raw.create_index(list(keys), unique=unique, sparse=sparse)
            except OperationFailure as error:
                if error.code != INDEX_DIFFERS:
                    raise
                await self._raw.drop_index(list(keys))
                await self._raw.create_index(list(keys), unique=unique, sparse=sparse)

    async def find_one(
        self, query: Filter, *, projection: Mapping[str, Any] | None = None
    ) -> StoredDocument | None:
        """Return the first match, or None."""
        async with translated():
            found: StoredDocument | None = await repeatable()(
                self._raw.find_one, query, projection, max_time_ms=self._max_time_ms
            )
        return found

    async def find(
        self,
        query: Filter,
        *,
        sort: Order = (),
        limit: int = 0,
        skip: int = 0,
        projection: Mapping[str, Any] | None = None,
    ) -> list[StoredDocument]:
        """Return the matches as a list; give a limit wherever there could be many."""

        async def fetch() -> list[StoredDocument]:
            cursor = self._raw.find(query, projection, max_time_ms=self._max_time_ms)
            if sort:
                cursor = cursor.sort(list(sort))
            if skip:
                cursor = cursor.skip(skip)
            if limit:
                cursor = cursor.limit(limit)
            found: list[StoredDocument] = await cursor.to_list(None)
            return found

        async with translated():
            return await repeatable()(fetch)

    async def stream(
        self,
        query: Filter,
        *,
        sort: Order = (),
        batch_size: int = 500,
        projection: Mapping[str, Any] | None = None,
    ) -> AsyncGenerator[StoredDocument, None]:
        """Yield the matches in bounded memory; not retried once the first was yielded."""
        async with translated():
            cursor = self._raw.find(query, projection, batch_size=batch_size)
            if sort:
                cursor = cursor.sort(list(sort))
            async for document in cursor:
                yield document

    async def count(self, query: Filter) -> int:
        """Return how many documents match; scans the index, so keep the match small."""
        async with translated():
            return int(await self._raw.count_documents(query, maxTimeMS=self._max_time_ms))

    async def insert(self, document: StoredDocument) -> bool:
        """Insert one document; return False if its key is taken."""
        async with translated():
            try:
                await repeatable()(self._raw.insert_one, document)
            except DuplicateKeyError:
                return False
        return True

    async def insert_new(self, documents: Sequence[StoredDocument]) -> frozenset[int]:
        """Insert those whose key is free; return the indexes of those whose key is taken."""
        if not documents:
            return frozenset()
        async with translated():
            try:
                await repeatable()(self._raw.insert_many, list(documents), ordered=False)
            except BulkWriteError as error:
                return _losers(error)
        return frozenset()

    async def update_one(
        self,
        query: Filter,
        update: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        upsert: bool = False,
    ) -> int:
        """Update the first match; return how many matched or were inserted (0 or 1)."""
        async with translated():
            result = await repeatable()(self._raw.update_one, query, update, upsert=upsert)
        return int(result.matched_count or result.upserted_id is not None)

    async def update_many(
        self, query: Filter, update: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    ) -> int:
        """Update every match in one statement; keep it to one batch of documents."""
        async with translated():
            result = await repeatable()(self._raw.update_many, query, update)
        return int(result.matched_count)

    async def find_one_and_update(
        self, query: Filter, update: Mapping[str, Any], *, upsert: bool = False
    ) -> StoredDocument | None:
        """Update the first match and return it as it is afterwards; never repeated by us."""
        async with translated():
            found: StoredDocument | None = await self._raw.find_one_and_update(
                query, update, upsert=upsert, return_document=ReturnDocument.AFTER
            )
        return found

    async def replace(self, document: StoredDocument) -> None:
        """Write a document whole under its `_id`, whatever stood there."""
        async with translated():
            await repeatable()(
                self._raw.replace_one, {"_id": document["_id"]}, document, upsert=True
            )

    async def delete_many(self, query: Filter) -> int:
        """Delete every match; return how many."""
        async with translated():
            result = await repeatable()(self._raw.delete_many, query)
        return int(result.deleted_count)

    async def compare_and_set(self, updates: Sequence[GuardedUpdate]) -> frozenset[int]:
        """Apply guarded updates in one unordered bulk; return the indexes of the losers.

        An update whose result is unknown, because the connection broke, counts as lost: the
        caller reads again, and what was applied shows.
        """
        if not updates:
            return frozenset()
        operations = [UpdateOne(one.filter, one.update, upsert=one.upsert) for one in updates]
        async with translated():
            try:
                await self._raw.bulk_write(operations, ordered=False)
            except BulkWriteError as error:
                return _losers(error)
            except ConnectionFailure:
                return frozenset(range(len(updates)))
        return frozenset()

    async def aggregate(self, pipeline: Sequence[Mapping[str, Any]]) -> list[StoredDocument]:
        """Return what a pipeline yields; for bounded results only."""
        async with translated():
            cursor = self._raw.aggregate(list(pipeline), maxTimeMS=self._max_time_ms)
            if hasattr(cursor, "__await__"):  # PyMongo's is awaited, Motor's is not.
                cursor = await cursor
            found: list[StoredDocument] = await cursor.to_list(None)
        return found

    async def drop(self) -> None:
        """Remove the collection with its documents and indexes."""
        async with translated():
            await self._raw.drop()


def _losers(error: BulkWriteError) -> frozenset[int]:
    """Return the indexes refused for their key; any other refusal is raised again."""
    refused = error.details.get("writeErrors", [])
    if any(one.get("code") != DUPLICATE_KEY for one in refused):
        raise error
    return frozenset(int(one["index"]) for one in refused)
