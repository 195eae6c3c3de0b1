"""Every database of a server as it was at one moment, and what another server takes from it.

Both sides speak BSON as the driver reads and writes it: a document passes byte for byte.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias

from bson import json_util
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import OperationFailure
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from shared.mongo.errors import translated
from shared.subjects.errors import UnavailableError

PAGE_MAX: Final = 500
"""How many documents one question names by their `_id`."""

BATCH_BYTES_MAX: Final = 4 * 1024 * 1024
"""How much one insert carries, unless a single document is larger."""

IDS_BATCH: Final = 10_000
NO_SUCH_TRANSACTION: Final = 251
RAW: Final = CodecOptions(document_class=RawBSONDocument)
SERVER_DATABASES: Final = frozenset({"admin", "config", "local"})

Index: TypeAlias = Mapping[str, Any]


class SnapshotLostError(UnavailableError):
    """The server no longer keeps the moment that the snapshot is of."""


class StoreSnapshot:
    """One moment of a server. Made by `snapshot_of`; every read belongs to one transaction."""

    def __init__(
        self, client: AsyncMongoClient[Mapping[str, Any]], session: AsyncClientSession
    ) -> None:
        self._client = client
        self._session = session

    async def collections(self, database: str) -> Sequence[str]:
        """Return the names of a database's collections, in alphabetical order.

        One that was created after the moment is among them, and is empty here.
        """
        async with translated():
            names = await self._client[database].list_collection_names()
        return sorted(names)

    async def indexes(self, database: str, collection: str) -> Sequence[Index]:
        """Return the indexes of a collection as the server describes them."""
        async with translated():
            cursor = await self._client[database][collection].list_indexes()
            return [dict(index) async for index in cursor]

    async def documents(self, database: str, collection: str) -> AsyncGenerator[bytes, None]:
        """Yield all documents, as BSON, in no certain order.

        The embedded engine builds the whole answer to a question before it sends the first
        document. So only the ids are asked for as a whole, and the documents by `PAGE_MAX` ids.

        Raises:
            SnapshotLostError: the server gave the moment up; what was yielded is void.
            UnavailableError: the server does not answer.
        """
        raw = self._client[database].get_collection(collection, codec_options=RAW)
        async with _of_this_moment():
            ids = raw.find({}, {"_id": 1}, session=self._session, batch_size=IDS_BATCH)
            page: list[Any] = []
            async for row in ids:
                page.append(row["_id"])
                if len(page) == PAGE_MAX:
                    async for document in self._page(raw, page):
                        yield document
                    page = []
            async for document in self._page(raw, page):
                yield document

    async def _page(
        self,
        collection: Any,  # noqa: ANN401 -- The driver's own generic class.
        ids: Sequence[Any],
    ) -> AsyncGenerator[bytes, None]:
        """Yield the documents with these ids, all of them or an error."""
        count = 0
        async for document in collection.find({"_id": {"$in": ids}}, session=self._session):
            yield bytes(document.raw)
            count += 1
        if count != len(ids):
            raise SnapshotLostError(
                f"the store gave {count} of {len(ids)} documents of {collection.name} that it "
                "had named: make the backup again"
            )


@asynccontextmanager
async def snapshot_of(url: str) -> AsyncIterator[StoreSnapshot]:
    """Take the moment of now, of every database of a server, and keep it within the context.

    Writers go on meanwhile. The embedded engine ends a transaction that asks nothing for 60 s.

    Raises:
        UnavailableError: the server does not answer.
    """
    client: AsyncMongoClient[Mapping[str, Any]] = _client(url)
    try:
        async with translated(), client.start_session() as session:
            await session.start_transaction(read_concern=ReadConcern("snapshot"))
            # The moment is that of the first read, whatever it reads; so one comes at once.
            await client["motcua_backup"]["moment"].find_one({}, session=session)
            yield StoreSnapshot(client, session)
    finally:
        await client.close()


async def databases_of(url: str, prefix: str) -> Sequence[str]:
    """Return the databases of a server whose names begin with `prefix`.

    Raises:
        UnavailableError: the server does not answer.
    """
    client: AsyncMongoClient[Mapping[str, Any]] = _client(url)
    try:
        async with translated():
            names = await client.list_database_names()
    finally:
        await client.close()
    return sorted(name for name in names if name.startswith(prefix))


async def fill_collection(
    url: str,
    place: tuple[str, str],
    *,
    indexes: Sequence[Index],
    documents: Iterable[bytes],
) -> int:
    """Create a collection with its indexes and insert documents; return how many.

    Args:
        url: The server.
        place: Database and collection, which must not be there.
        indexes: As `StoreSnapshot.indexes` returned them.
        documents: One BSON document each.

    Raises:
        UnavailableError: the server does not answer.
    """
    database, collection = place
    client: AsyncMongoClient[Mapping[str, Any]] = _client(url)
    count = 0
    try:
        async with translated():
            await client[database].create_collection(collection)
            # Before the documents, as a service creates them before data come.
            if own := [one for one in indexes if list(one["key"]) != ["_id"]]:
                await client[database].command("createIndexes", collection, indexes=own)
            target = client[database].get_collection(
                collection, codec_options=RAW, write_concern=WriteConcern(w="majority", j=True)
            )
            for batch in _batches(documents):
                await target.insert_many(batch, ordered=False)
                count += len(batch)
    finally:
        await client.close()
    return count


async def count_documents(url: str, database: str, collection: str) -> int:
    """Return how many documents a collection has.

    Raises:
        UnavailableError: the server does not answer.
    """
    client: AsyncMongoClient[Mapping[str, Any]] = _client(url)
    try:
        async with translated():
            return int(await client[database][collection].count_documents({}))
    finally:
        await client.close()


def indexes_to_json(collection: str, indexes: Sequence[Index]) -> str:
    """Return the description of a collection in the form of mongodump's `metadata.json`."""
    described = [
        {name: value for name, value in one.items() if name != "ns"} for one in indexes
    ]
    return json_util.dumps(
        {"options": {}, "indexes": described, "collectionName": collection},
        json_options=json_util.CANONICAL_JSON_OPTIONS,
    )


def indexes_from_json(text: str) -> Sequence[Index]:
    """Return the indexes of such a description.

    Raises:
        ValueError: it is none.
    """
    try:
        found: list[dict[str, Any]] = json_util.loads(text)["indexes"]
        return [{name: value for name, value in one.items() if name != "v"} for one in found]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no description of a collection: {error}") from error


def _client(url: str) -> AsyncMongoClient[Mapping[str, Any]]:
    return AsyncMongoClient(
        url,
        tz_aware=True,
        serverSelectionTimeoutMS=3_000,
        connectTimeoutMS=3_000,
        socketTimeoutMS=60_000,
        appname="motcua-backup",
    )


def _batches(documents: Iterable[bytes]) -> Iterable[list[RawBSONDocument]]:
    batch: list[RawBSONDocument] = []
    size = 0
    for document in documents:
        if batch and (len(batch) == PAGE_MAX or size + len(document) > BATCH_BYTES_MAX):
            yield batch
            batch, size = [], 0
        batch.append(RawBSONDocument(document))
        size += len(document)
    if batch:
        yield batch


@asynccontextmanager
async def _of_this_moment() -> AsyncIterator[None]:
    async with translated():
        try:
            yield
        except OperationFailure as error:
            if error.code == NO_SUCH_TRANSACTION:
                raise SnapshotLostError(
                    "the store gave up the moment that the backup is of: make the backup "
                    "again, at a time when the machine has less to do"
                ) from error
            raise
