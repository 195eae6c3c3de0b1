"""Ids of what we emit, derived from the id of its cause: a repeat repeats them."""

import uuid
from typing import Final

_NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "urn:motcua:events")
_SEPARATOR: Final = "\x1f"


def derived_id(cause: str, *parts: str) -> str:
    """Derive an id from a cause and what distinguishes this effect of it.

    The same arguments give the same id everywhere and for ever; `("a", "b")` and `("ab",)`
    differ.
    """
    return str(uuid.uuid5(_NAMESPACE, _SEPARATOR.join((cause, *parts))))
