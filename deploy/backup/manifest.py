"""A backup's list of contents: what it is of, and the size and SHA-256 of each of its files.

    DIR/manifest.json
    DIR/files/…                         secret, keys, settings and the like
    DIR/store/<database>/<collection>.bson.gz, .metadata.json.gz

The store's part has the layout of `mongodump --gzip`.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final

from deploy.backup.errors import BackupDamagedError, BackupTooNewError

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
FILES: Final = "files"
STORE: Final = "store"
DOCUMENTS: Final = ".bson.gz"
DESCRIPTION: Final = ".metadata.json.gz"
READ_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file: its size in bytes, its SHA-256 in hex, and how many documents it holds."""

    size_bytes: int
    sha256: str
    documents: int | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds.

    Attributes:
        made_at: When its moment was, by the machine's clock.
        motcua: The version that made it.
        engines: The versions of the embedded engines.
        running: Whether the installation ran meanwhile.
        cluster_id: The embedded broker's; None where the broker is somebody else's.
        topics: Where each partition of our topics ended just before that moment; None where
            no broker answered.
        store_bytes: How much BSON the store's part is.
        files: By path within the backup, with `/` between its parts.
        left_out: Files that settings name and that could not be read.
    """

    made_at: datetime
    motcua: str
    engines: Mapping[str, str]
    running: bool
    cluster_id: str | None
    topics: Mapping[str, Sequence[int]] | None
    store_bytes: int
    files: Mapping[str, FileEntry]
    left_out: Sequence[str] = field(default=())

    @property
    def documents(self) -> int:
        """How many documents of the store it holds."""
        return sum(entry.documents or 0 for entry in self.files.values())

    @property
    def size_bytes(self) -> int:
        """How large its files are together."""
        return sum(entry.size_bytes for entry in self.files.values())

    @property
    def collections(self) -> Sequence[tuple[str, str]]:
        """Database and name of each collection that it holds."""
        return [
            (parts[1], parts[2].removesuffix(DOCUMENTS))
            for path in self.files
            if (parts := PurePosixPath(path).parts)[0] == STORE and path.endswith(DOCUMENTS)
        ]

    def to_json(self) -> str:
        """Return the manifest as it is written, with a digest of itself."""
        body = asdict(self) | {
            "format": FORMAT,
            "made_at": self.made_at.isoformat(timespec="seconds"),
        }
        return json.dumps(body | {"digest": _digest(body)}, indent=1, ensure_ascii=False) + "\n"


def documents_path(database: str, collection: str) -> str:
    """Name the file of a collection's documents."""
    return f"{STORE}/{database}/{collection}{DOCUMENTS}"


def description_path(database: str, collection: str) -> str:
    """Name the file of a collection's indexes."""
    return f"{STORE}/{database}/{collection}{DESCRIPTION}"


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a backup.

    Raises:
        BackupDamagedError: the folder is no backup, or its manifest was changed.
        BackupTooNewError: a later version made it.
    """
    path = folder / MANIFEST
    try:
        body: dict[str, Any] = json.loads(path.read_bytes())
        format_ = int(body["format"])
    except FileNotFoundError:
        raise BackupDamagedError(
            f"{folder} is no backup of motcua: it has no {MANIFEST}"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupDamagedError(
            f"{path} cannot be read ({error}): take another copy"
        ) from None
    if format_ > FORMAT:
        raise BackupTooNewError(
            f"the backup in {folder} has format {format_} of motcua {body.get('motcua')}, and "
            f"this version knows formats up to {FORMAT}: install that version and run it again"
        )
    if body.pop("digest", None) != _digest(body):
        raise BackupDamagedError(f"{path} was changed after the backup: take another copy")
    return _manifest(body)


def verify(folder: Path) -> Manifest:
    """Read a whole backup and compare it with its manifest, which is returned.

    Raises:
        BackupDamagedError: a file is missing, or not as it was.
        BackupTooNewError: a later version made it.
    """
    manifest = read_manifest(folder)
    for name, entry in manifest.files.items():
        path = _within(folder, name)
        if not path.is_file() or path.is_symlink():
            raise BackupDamagedError(f"{path} is missing: take another copy of the backup")
        found = path.stat().st_size
        if found != entry.size_bytes:
            raise BackupDamagedError(
                f"{path} has {found} bytes instead of {entry.size_bytes}: take another copy of "
                "the backup"
            )
        if sha256_of(path) != entry.sha256:
            raise BackupDamagedError(
                f"{path} was changed after the backup: take another copy of it"
            )
    return manifest


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _manifest(body: Mapping[str, Any]) -> Manifest:
    return Manifest(
        made_at=datetime.fromisoformat(body["made_at"]),
        motcua=body["motcua"],
        engines=body["engines"],
        running=body["running"],
        cluster_id=body["cluster_id"],
        topics=body["topics"],
        store_bytes=body["store_bytes"],
        files={name: FileEntry(**entry) for name, entry in body["files"].items()},
        left_out=tuple(body["left_out"]),
    )


def _within(folder: Path, name: str) -> Path:
    """Return the path of a file of a backup; a name that leads out of it is refused."""
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts:
        raise BackupDamagedError(f"{folder / MANIFEST} names {name}, which is not within it")
    return folder.joinpath(*relative.parts)


def _digest(body: Mapping[str, Any]) -> str:
    text = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
