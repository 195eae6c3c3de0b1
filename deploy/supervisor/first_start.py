"""What an installation gets at its first start and keeps from then on: secret and keys."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.cli.keys import operator_key
from deploy.installation import local_key_file
from deploy.private_file import write_private
from shared.web.keys import mint
from shared.web.principal import Role

SECRET_BYTES: Final = 48
FIRST_KEYS: Final = "first-keys.txt"
#: Whom the commands on this machine publish as; each key stays in a file of its owner's.
LOCAL_PUBLISHERS: Final = ("province", "counter", "import", "demo")


@dataclass(frozen=True, slots=True)
class FirstKey:
    """A key that a person gets at the first start."""

    role: Role
    says: str
    publisher: str | None = None


FOR_PEOPLE: Final = (
    FirstKey("operator", "runs the installation: status, metrics, parked events"),
    FirstKey("province", "the provincial centre: every commune's figures"),
    FirstKey("clerk", "a counter: receives dossiers, in every commune"),
    FirstKey("publisher", "other software, as publisher `counter`", "counter"),
)


def prepare_secrets(data: Path) -> Sequence[str]:
    """Make what is missing of secret and keys; return the lines to show, once."""
    _make_secret(data / "secret")
    operator_key(data)
    for publisher in LOCAL_PUBLISHERS:
        path = local_key_file(data, f"publisher-{publisher}")
        if not path.exists():
            key = mint(
                data / "keys.json",
                role="publisher",
                publisher=publisher,
                note=f"commands on this machine, as {publisher}",
            )
            write_private(path, f"{key}\n".encode())
    if (data / FIRST_KEYS).exists():
        return ()
    lines = []
    for first in FOR_PEOPLE:
        key = mint(
            data / "keys.json", role=first.role, publisher=first.publisher, note=first.says
        )
        lines.append(f"{key}  {first.role}: {first.says}")
    write_private(data / FIRST_KEYS, ("\n".join(lines) + "\n").encode())
    return lines


def _make_secret(path: Path) -> None:
    if not path.exists():
        write_private(path, secrets.token_urlsafe(SECRET_BYTES).encode())
