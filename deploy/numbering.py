"""Asking intake who may number dossiers for whom, and changing it."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from deploy.errors import SettingError
from deploy.http import ask
from deploy.installation import Installation
from shared.events.numbering import is_grant

ROUTE: Final = "/v1/numbering"
LIKE: Final = "write a unit (06112), an electronic id (H37.117), or all below one (H37.*)"


def checked(numbers_for: Sequence[str]) -> tuple[str, ...]:
    """Return what was asked for, each once, in order.

    Raises:
        SettingError: one is neither a unit nor a prefix.
    """
    for one in numbers_for:
        if not is_grant(one):
            raise SettingError(f"{one!r} is no unit and no prefix: {LIKE}")
    return tuple(dict.fromkeys(numbers_for))


def read(installation: Installation) -> dict[str, Any]:
    """Return the installation's pattern and every right, as intake's route gives them.

    Raises:
        AnswerError: intake refused.
        UnavailableError: intake does not answer.
    """
    answer: dict[str, Any] = ask("GET", _url(installation), installation.operator_key)
    return answer


def add(installation: Installation, publisher: str, numbers_for: str) -> bool:
    """Register what a publisher numbers for; return whether that is new.

    Raises:
        AnswerError: intake refused, for example because there is no such unit.
        UnavailableError: intake does not answer.
    """
    answer = ask("PUT", _url(installation, publisher, numbers_for), installation.operator_key)
    return bool(answer["added"])


def remove(installation: Installation, publisher: str, numbers_for: str | None = None) -> int:
    """Remove one right of a publisher, or all; return how many there were.

    Raises:
        AnswerError: intake refused.
        UnavailableError: intake does not answer.
    """
    parts = (publisher,) if numbers_for is None else (publisher, numbers_for)
    answer = ask("DELETE", _url(installation, *parts), installation.operator_key)
    return int(answer["removed"])


def _url(installation: Installation, *parts: str) -> str:
    path = "".join(f"/{quote(part, safe='')}" for part in parts)
    return f"{installation.http('intake')}{ROUTE}{path}"
