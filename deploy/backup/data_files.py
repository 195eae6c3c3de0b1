"""The files of a data folder, beside the engines' data, that a backup keeps."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from deploy.engines.embedded import PORTS_FILE
from deploy.publishers import FILE as PUBLISHERS
from deploy.settings_file import SETTINGS_FILE
from deploy.supervisor.first_start import FIRST_KEYS
from deploy.supervisor.supervisor import REFERENCE_MARK

SECRET: Final = "secret"  # noqa: S105 -- The name of its file.
KEYS: Final = "keys.json"
OPERATOR_KEY: Final = "operator.key"
STATE: Final = "state.json"
PORTS: Final = f"engines/{PORTS_FILE}"
NAMED: Final = "named"
NAMED_BYTES_MAX: Final = 1024 * 1024
"""Channels, certificates and passwords are small; a larger file is something else."""

#: Variables that end so name a file. Of these the folder has its own copy, or nothing to keep.
FILE_SUFFIX: Final = "_FILE"
NOT_NAMED: Final = frozenset(
    {"MOTCUA_KEYS_FILE", "MOTCUA_SECRET_FILE", "MOTCUA_CLOCK_FILE", "MOTCUA_MONGO_URL_FILE"}
)


def secret_file(data: Path, settings: Mapping[str, str]) -> Path:
    """Return the installation's secret, which a setting may have moved."""
    return Path(settings.get("MOTCUA_SECRET_FILE") or data / SECRET)


def keys_file(data: Path, settings: Mapping[str, str]) -> Path:
    """Return the file of hashed keys, which a setting may have moved."""
    return Path(settings.get("MOTCUA_KEYS_FILE") or data / KEYS)


def key_files(data: Path, settings: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    """Yield secret and keys: each file's name in a backup, and its place here.

    They belong together: hashed keys, and the keys that commands on this machine use.
    """
    yield SECRET, secret_file(data, settings)
    yield KEYS, keys_file(data, settings)
    yield OPERATOR_KEY, data / OPERATOR_KEY
    yield FIRST_KEYS, data / FIRST_KEYS
    for path in sorted((data / "keys").glob("*.key")):
        yield f"keys/{path.name}", path


def place_of_key(data: Path, settings: Mapping[str, str], name: str) -> Path | None:
    """Return where a file of `key_files` belongs, by its name in a backup; None: it is none."""
    if name == SECRET:
        return secret_file(data, settings)
    if name == KEYS:
        return keys_file(data, settings)
    folder, _, key = name.rpartition("/")
    if name in (OPERATOR_KEY, FIRST_KEYS) or (folder == "keys" and key.endswith(".key")):
        return data / name
    return None


def other_files(data: Path) -> Iterator[tuple[str, Path]]:
    """Yield what else is kept: ports, settings, publishers, what was loaded once."""
    for name in (STATE, SETTINGS_FILE, PUBLISHERS, REFERENCE_MARK, PORTS):
        yield name, data / name


def named_files(settings: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    """Yield the files that settings name: channels, certificates, passwords."""
    for name, value in settings.items():
        if name.endswith(FILE_SUFFIX) and name not in NOT_NAMED:
            yield f"{NAMED}/{name}", Path(value)


def unusable(path: Path) -> str | None:
    """Return why a file that a setting names cannot be copied; None: it can."""
    if not path.is_file():
        return "it is no file, or not there"
    if path.stat().st_size > NAMED_BYTES_MAX:
        return f"it has more than {NAMED_BYTES_MAX} bytes"
    return None if os.access(path, os.R_OK) else "it may not be read"
