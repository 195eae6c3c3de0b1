"""Files of a backup: written with their size and digest, compressed where they are BSON."""

import gzip
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from deploy.backup.errors import BackupDamagedError
from deploy.backup.manifest import FileEntry, description_path, documents_path, sha256_of
from deploy.installation import PRIVATE, PRIVATE_FOLDER
from shared.mongo.snapshot import Index, StoreSnapshot, indexes_from_json, indexes_to_json

COMPRESSION: Final = 1
"""The fastest: events shrink to a fifth of their size already."""

LENGTH_BYTES: Final = 4
DOCUMENT_BYTES_MIN: Final = 5
DOCUMENT_BYTES_MAX: Final = 16 * 1024 * 1024 + 16 * 1024
"""What a server stores at most, and what it allows itself beside."""


@dataclass(slots=True)
class BackupFolder:
    """A backup that is being written: only its owner can read it.

    Attributes:
        files: What was written so far, as the manifest will list it.
        store_bytes: How much BSON was written, before it was compressed.
    """

    folder: Path
    store_bytes: int = 0
    files: dict[str, FileEntry] = field(default_factory=dict)

    def copy(self, name: str, source: Path) -> None:
        """Copy a file of the installation.

        Raises:
            OSError: it cannot be read, or there is no room.
        """
        with source.open("rb") as read, _created(self.folder / name) as written:
            shutil.copyfileobj(read, written)
        self._list(name, None)

    async def dump(self, snapshot: StoreSnapshot, database: str, collection: str) -> None:
        """Write the documents of a collection and its indexes.

        Raises:
            OSError: there is no room.
            UnavailableError: the store does not answer, or gave the moment up.
        """
        described = indexes_to_json(collection, await snapshot.indexes(database, collection))
        name = description_path(database, collection)
        with _created(self.folder / name) as file, _compressed(file) as packed:
            packed.write(described.encode())
        self._list(name, None)
        name = documents_path(database, collection)
        count = 0
        with _created(self.folder / name) as file, _compressed(file) as packed:
            async with aclosing(snapshot.documents(database, collection)) as documents:
                async for document in documents:
                    packed.write(document)
                    self.store_bytes += len(document)
                    count += 1
        self._list(name, count)

    def write(self, name: str, text: str) -> None:
        """Write a file that the manifest does not list: the manifest itself."""
        with _created(self.folder / name) as file:
            file.write(text.encode())

    def _list(self, name: str, documents: int | None) -> None:
        path = self.folder / name
        self.files[name] = FileEntry(path.stat().st_size, sha256_of(path), documents)


def read_documents(folder: Path, database: str, collection: str) -> Iterator[bytes]:
    """Yield the documents of a collection, one at a time.

    Raises:
        BackupDamagedError: the file is not one of documents.
    """
    path = folder / documents_path(database, collection)
    try:
        with gzip.open(path, "rb") as file:
            while head := file.read(LENGTH_BYTES):
                size = int.from_bytes(head, "little")
                if not DOCUMENT_BYTES_MIN <= size <= DOCUMENT_BYTES_MAX:
                    raise BackupDamagedError(f"{path} holds no documents: take another copy")
                rest = file.read(size - LENGTH_BYTES)
                if len(rest) != size - LENGTH_BYTES:
                    raise BackupDamagedError(f"{path} ends in a document: take another copy")
                yield head + rest
    except (EOFError, gzip.BadGzipFile) as error:
        raise BackupDamagedError(
            f"{path} cannot be read ({error}): take another copy"
        ) from error


def read_indexes(folder: Path, database: str, collection: str) -> Sequence[Index]:
    """Return the indexes of a collection.

    Raises:
        BackupDamagedError: the file describes none.
    """
    path = folder / description_path(database, collection)
    try:
        return indexes_from_json(gzip.decompress(path.read_bytes()).decode())
    except (OSError, ValueError, EOFError) as error:
        raise BackupDamagedError(
            f"{path} cannot be read ({error}): take another copy"
        ) from error


def make_durable(folder: Path, *, within: bool = True) -> None:
    """Return once the names in a folder, and `within` it at any depth, are on the disk."""
    below = [one for one in folder.rglob("*") if one.is_dir()] if within else []
    for path in (folder, *below):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _created(path: Path) -> Iterator[IO[bytes]]:
    """Open a new file that its owner alone can read; it is on the disk when it is closed."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _compressed(file: IO[bytes]) -> gzip.GzipFile:
    """Compress into an open file, without its name and the time of day."""
    return gzip.GzipFile("", "wb", COMPRESSION, file, mtime=0)
