"""API keys: made once, shown once, kept as a hash, and dead at a date.

A key reads `mc_<id>_<secret>`. The secret is 192 random bits, so one SHA-256 keeps it; the
slow hashes that passwords need would add nothing.
"""

import hashlib
import hmac
import os
import re
import secrets
import tempfile
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from shared.ops.clock import wall_now
from shared.web.principal import ALL_UNITS, Principal, Role

SECRET_BYTES = 24
ID_BYTES = 5
DAYS_DEFAULT = 365
DAYS_MAX = 3_650
KEY_CHARACTERS_MAX = 128

PUBLISHER = re.compile(r"^[a-z][a-z0-9-]{1,30}$")
UNIT = re.compile(r"^[0-9]{2,5}$")
_KEY = re.compile(r"^mc_([0-9a-f]{10})_([A-Za-z0-9_-]{32})$")
_NOBODY = "0" * 64


class KeysFileError(Exception):
    """The file of keys cannot be read or written; the text says it for the operator."""


class UnknownKeyError(Exception):
    """No key has this id."""


class WrongKeyError(ValueError):
    """A key was asked for that would make no sense; the text says why."""


class KeyRecord(BaseModel):
    """What the file holds of a key; never its secret."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[0-9a-f]{10}$")
    hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    role: Role
    units: tuple[str, ...] | Literal["*"]
    publisher: str | None = Field(default=None, pattern=PUBLISHER.pattern)
    person: str | None = Field(default=None, max_length=64)
    created: AwareDatetime
    expires: AwareDatetime
    note: str = Field(default="", max_length=200)

    def principal(self) -> Principal:
        """Say who comes with this key."""
        units = None if self.units == ALL_UNITS else frozenset(self.units)
        return Principal(self.id, self.role, units, self.publisher, self.person)


class _Keys(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    keys: tuple[KeyRecord, ...] = ()


def mint(
    file: Path,
    *,
    role: Role,
    units: Collection[str] | Literal["*"] = ALL_UNITS,
    publisher: str | None = None,
    person: str | None = None,
    days: int = DAYS_DEFAULT,
    note: str = "",
) -> str:
    """Make a key, add its hash to the file and give the key, which nobody can show again.

    Raises:
        KeysFileError: the file is no file of keys or cannot be written.
        WrongKeyError: it would make no sense, for example a publisher's without a name.
    """
    _check(role, units, publisher, days)
    key_id, secret = secrets.token_hex(ID_BYTES), secrets.token_urlsafe(SECRET_BYTES)
    now = wall_now().replace(microsecond=0)
    record = KeyRecord(
        id=key_id,
        hash=_hash(secret),
        role=role,
        units="*" if units == ALL_UNITS else tuple(sorted(set(units))),
        publisher=publisher,
        person=person,
        created=now,
        expires=now + timedelta(days=days),
        note=note,
    )
    _write(file, (*read_keys(file), record))
    return f"mc_{key_id}_{secret}"


def _check(
    role: Role, units: Collection[str] | Literal["*"], publisher: str | None, days: int
) -> None:
    if not 1 <= days <= DAYS_MAX:
        raise WrongKeyError(f"A key lives from 1 to {DAYS_MAX} days.")
    if (role == "publisher") != (publisher is not None):
        raise WrongKeyError("A publisher's key names its publisher, and no other key does.")
    if publisher is not None and not PUBLISHER.fullmatch(publisher):
        raise WrongKeyError(
            "A publisher's name is 2 to 31 small letters, digits and -, a letter first."
        )
    if not units or (units != ALL_UNITS and not all(map(UNIT.fullmatch, units))):
        raise WrongKeyError("A key names units by their codes, such as 06112, or * for all.")


def revoke(file: Path, key_id: str) -> KeyRecord:
    """Take a key out of the file; it is refused from the next request on.

    Raises:
        KeysFileError: the file is no file of keys or cannot be written.
        UnknownKeyError: it holds no such key.
    """
    records = read_keys(file)
    gone = [record for record in records if record.id == key_id]
    if not gone:
        raise UnknownKeyError(f"No key has the id {key_id}: `motcua keys list` shows them.")
    _write(file, tuple(record for record in records if record.id != key_id))
    return gone[0]


def read_keys(file: Path) -> tuple[KeyRecord, ...]:
    """Read the records of a file; one that is not there holds none.

    Raises:
        KeysFileError: the file is no file of keys or cannot be read.
    """
    try:
        return _Keys.model_validate_json(file.read_bytes()).keys
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise KeysFileError(f"{file} cannot be read ({error.strerror}).") from None
    except ValidationError:
        raise KeysFileError(
            f"{file} is no file of API keys: mend it, or move it away and add keys anew."
        ) from None


class KeyRing:
    """The keys of the file, read again as soon as it changes: revoking works at once."""

    def __init__(self, file: Path) -> None:
        """Read the file.

        Raises:
            KeysFileError: it is there, but it is no file of keys.
        """
        self._file = file
        self._stamp = self._look()
        self._keys = {record.id: record for record in read_keys(file)}
        self._trouble: str | None = None

    def find(self, key: str) -> Principal | None:
        """Give who a key belongs to, or None when it is unknown, wrong or has expired."""
        match = _KEY.fullmatch(key) if len(key) <= KEY_CHARACTERS_MAX else None
        self._refresh()
        record = self._keys.get(match[1]) if match else None
        # Compared also when there is no such key, so that both take the same time.
        same = hmac.compare_digest(
            record.hash if record else _NOBODY, _hash(match[2] if match else "")
        )
        return record.principal() if record and same and _lives(record) else None

    def holder(self, key_id: str) -> Principal | None:
        """Give who holds a key that a session began with, while that key lives."""
        self._refresh()
        record = self._keys.get(key_id)
        return record.principal() if record and _lives(record) else None

    async def readiness(self) -> str | None:
        """Say what is wrong with the file, if anything is."""
        self._refresh()
        return self._trouble

    def _refresh(self) -> None:
        stamp = self._look()
        if stamp == self._stamp:
            return
        try:
            self._keys = {record.id: record for record in read_keys(self._file)}
        except KeysFileError as error:
            self._trouble = str(error)  # The keys read before stay in force.
        else:
            self._trouble = None
        self._stamp = stamp

    def _look(self) -> tuple[int, int, int]:
        try:
            status = self._file.stat()
        except OSError:
            return (0, 0, 0)
        return (status.st_mtime_ns, status.st_size, status.st_ino)


def _lives(record: KeyRecord, now: datetime | None = None) -> bool:
    return (now or wall_now()) < record.expires


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _write(file: Path, records: tuple[KeyRecord, ...]) -> None:
    text = _Keys(keys=records).model_dump_json(indent=2, exclude_defaults=True)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=".keys-")
        with os.fdopen(handle, "w", encoding="utf-8") as temporary:
            temporary.write(text + "\n")
            temporary.flush()
            os.fsync(temporary.fileno())
        if file.exists():
            Path(name).chmod(file.stat().st_mode & 0o777)
        Path(name).replace(file)
    except OSError as error:
        raise KeysFileError(f"{file} cannot be written ({error.strerror}).") from None
